package record

import (
	"encoding/binary"
	"math/bits"
	"slices"
)

// A stream of n integers is
//
//	transform | width | smallest (varint) | width planes of n bytes
//
// The transform makes the numbers small or alike; what is above the smallest one is then written byte plane by byte plane, the lowest first: zstd
// finds the planes of zeros and the skewed ones, and neither side branches per number as varints would have it. All arithmetic wraps.
type transform byte

const (
	asIs       transform = iota
	toPrevious           // difference to the number before: sequences
	toHighest            // difference to the highest so far: new ids among old ones
	toRef                // difference to the change's c: its own times
	transforms
)

// apply replaces xs by their transformation.
func (t transform) apply(xs, refs []int64) {
	switch t {
	case toPrevious:
		prev := int64(0)
		for i, x := range xs {
			xs[i], prev = x-prev, x
		}
	case toHighest:
		highest := int64(0)
		for i, x := range xs {
			xs[i] = x - highest
			if i == 0 || x > highest {
				highest = x
			}
		}
	case toRef:
		for i := range xs {
			xs[i] -= refs[i]
		}
	}
}

// undo is the inverse of apply.
func (t transform) undo(xs, refs []int64) {
	switch t {
	case toPrevious:
		prev := int64(0)
		for i, x := range xs {
			prev += x
			xs[i] = prev
		}
	case toHighest:
		highest := int64(0)
		for i, x := range xs {
			x += highest
			xs[i] = x
			if i == 0 || x > highest {
				highest = x
			}
		}
	case toRef:
		for i := range xs {
			xs[i] += refs[i]
		}
	}
}

// sample is how many numbers choose a transform.
const sample = 256

// choose returns the transform under which a stretch of the numbers has the fewest significant bits.
func choose(xs, refs []int64) transform {
	from := max(0, len(xs)/2-sample/2)
	to := min(len(xs), from+sample)
	var buf [sample]int64
	best, least := asIs, 1<<62
	for t := asIs; t < transforms; t++ {
		if t == toRef && refs == nil {
			break
		}
		ys := buf[:copy(buf[:], xs[from:to])]
		var rs []int64
		if refs != nil {
			rs = refs[from:to]
		}
		t.apply(ys, rs)
		if cost := significant(ys, t); cost < least {
			best, least = t, cost
		}
	}
	return best
}

// significant sums the bits of what is left of the numbers when the smallest is taken off, for differences the bits around zero.
func significant(ys []int64, t transform) (sum int) {
	if t == toPrevious || t == toHighest {
		if len(ys) > 0 {
			ys = ys[1:] // the first is a difference to nothing
		}
		for _, y := range ys {
			sum += bits.Len64(uint64(y<<1 ^ y>>63))
		}
		return sum
	}
	low := slices.Min(append(ys, 1<<63-1))
	for _, y := range ys {
		sum += bits.Len64(uint64(y - low))
	}
	return sum
}

// appendInts appends a stream. It leaves its own values in xs. refs is nil, or as long as xs.
func appendInts(dst []byte, xs, refs []int64) []byte {
	if len(xs) == 0 {
		return dst
	}
	t := choose(xs, refs)
	first := int64(0)
	if t == toPrevious || t == toHighest {
		// The first number would widen all planes.
		first = xs[0]
		for i := range xs {
			xs[i] -= first
		}
	}
	t.apply(xs, refs)
	low, high := slices.Min(xs), slices.Max(xs)
	width := (bits.Len64(uint64(high-low)) + 7) / 8
	dst = append(dst, byte(t), byte(width))
	dst = binary.AppendVarint(dst, first)
	dst = binary.AppendVarint(dst, low)
	at := len(dst)
	dst = append(dst, make([]byte, width*len(xs))...)
	for p := range width {
		plane := dst[at+p*len(xs):][:len(xs)]
		shift := 8 * p
		for i, x := range xs {
			plane[i] = byte(uint64(x-low) >> shift)
		}
	}
	return dst
}

// ints reads a stream of n numbers into dst, which it may replace.
func (r *reader) ints(dst []int64, n int, refs []int64) []int64 {
	dst = dst[:0]
	if n == 0 {
		return dst
	}
	t, width := transform(r.byte()), int(r.byte())
	first, low := r.varint(), r.varint()
	if t >= transforms || t == toRef && len(refs) != n || width > 8 {
		r.fail("a stream of numbers is of no known form")
	}
	planes := r.bytes(width * n)
	if r.err != nil {
		return dst
	}
	dst = slices.Grow(dst, n)[:n]
	for i := range dst {
		dst[i] = low
	}
	for p := range width {
		shift := 8 * p
		for i, b := range planes[p*n:][:n] {
			dst[i] += int64(uint64(b) << shift)
		}
	}
	t.undo(dst, refs)
	if first != 0 {
		for i := range dst {
			dst[i] += first
		}
	}
	return dst
}
