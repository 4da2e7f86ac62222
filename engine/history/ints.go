package history

import (
	"encoding/binary"
	"math/bits"
)

// A run of integers is stored as their distances from a base, each in the same number of bits; the few that need more have the bits
// above in a list of exceptions. Either the integers are taken so, or the differences between neighbours, whichever is smaller.
// All arithmetic wraps around, so any int64 has its place.
//
//	byte      width in bits, 0..64; 128 is added for differences
//	varint    first integer (differences only)
//	varint    base
//	uvarint   number of exceptions
//	packed    distances mod 2^width, from the lowest bit on
//	per exception: byte index, uvarint distance >> width

const (
	intsDifferences = 0x80
	// maxInts is the most integers of a run: an exception's index is a byte.
	maxInts = ChunkEntries
)

// intsPlan is how a run is packed.
type intsPlan struct {
	base       int64
	width      int
	exceptions int
	size       int // bytes, without the first integer
}

// appendInts appends a run. At most maxInts.
func appendInts(dst []byte, v []int64) []byte {
	if len(v) == 0 {
		return dst
	}
	var buf [maxInts]int64
	diffs := buf[:len(v)-1]
	for i := range diffs {
		diffs[i] = v[i+1] - v[i]
	}
	plain, byDiffs := planInts(v), planInts(diffs)
	if byDiffs.size+varintLen(v[0]) < plain.size {
		dst = append(dst, intsDifferences|byte(byDiffs.width))
		dst = binary.AppendVarint(dst, v[0])
		return appendPacked(dst, diffs, byDiffs)
	}
	dst = append(dst, byte(plain.width))
	return appendPacked(dst, v, plain)
}

func appendPacked(dst []byte, v []int64, p intsPlan) []byte {
	dst = binary.AppendVarint(dst, p.base)
	dst = binary.AppendUvarint(dst, uint64(p.exceptions))
	at := len(dst)
	dst = append(dst, make([]byte, packedLen(len(v), p.width))...)
	mask := widthMask(p.width)
	for i, x := range v {
		put(dst[at:], i*p.width, uint64(x-p.base)&mask, p.width)
	}
	if p.exceptions > 0 {
		for i, x := range v {
			if above := uint64(x-p.base) &^ mask; above != 0 {
				dst = append(dst, byte(i))
				dst = binary.AppendUvarint(dst, above>>p.width)
			}
		}
	}
	return dst
}

// put ors the width bits of x into b at bit position bit.
func put(b []byte, bit int, x uint64, width int) {
	for width > 0 {
		shift := bit & 7
		b[bit>>3] |= byte(x << shift)
		n := 8 - shift
		x >>= n
		bit += n
		width -= n
	}
}

func packedLen(n, width int) int { return (n*width + 7) / 8 }

func widthMask(width int) uint64 { return 1<<uint(width) - 1 }

func varintLen(x int64) int { return uvarintLen(uint64(x)<<1 ^ uint64(x>>63)) }

func uvarintLen(x uint64) int { return (bits.Len64(x|1) + 6) / 7 }

// planInts finds the smallest packing among a few bases: the minimum, and small values a few places above it, for a run
// with outliers below. It is deterministic, which invariant 2 needs.
func planInts(v []int64) intsPlan {
	if len(v) == 0 {
		return intsPlan{size: 3}
	}
	low := lowest(v)
	best := planFrom(v, low[0])
	for _, i := range [...]int{1, 2, 4, 8} {
		if i < len(low) && low[i] != low[i-1] {
			if p := planFrom(v, low[i]); p.size < best.size {
				best = p
			}
		}
	}
	return best
}

// lowest returns the nine smallest integers of v in order, fewer if there are fewer.
func lowest(v []int64) []int64 {
	const keep = 9
	low := make([]int64, 0, keep)
	for _, x := range v {
		if len(low) == keep {
			if x >= low[keep-1] {
				continue
			}
			low = low[:keep-1]
		}
		i := len(low)
		low = append(low, x)
		for ; i > 0 && low[i-1] > x; i-- {
			low[i] = low[i-1]
		}
		low[i] = x
	}
	return low
}

// planFrom finds the best width for distances from base.
func planFrom(v []int64, base int64) intsPlan {
	var lengths [65]int
	for _, x := range v {
		lengths[bits.Len64(uint64(x-base))]++
	}
	best := intsPlan{base: base, size: -1}
	above := 0
	for w := 64; w >= 0; w-- {
		if lengths[w] > 0 || w == 0 {
			size := 1 + varintLen(base) + uvarintLen(uint64(above)) + packedLen(len(v), w)
			for l := w + 1; l <= 64; l++ {
				size += lengths[l] * (1 + (l-w+6)/7)
			}
			if best.size < 0 || size < best.size {
				best.width, best.exceptions, best.size = w, above, size
			}
		}
		above += lengths[w]
	}
	return best
}

// ints reads a run of len(out) integers into out.
func (d *decoder) ints(out []int64) {
	if len(out) == 0 {
		return
	}
	head := d.byte()
	width := int(head &^ intsDifferences)
	if width > 64 {
		d.fail()
		return
	}
	if head&intsDifferences == 0 {
		d.packed(out, width)
		return
	}
	out[0] = d.varint()
	d.packed(out[1:], width)
	for i := 1; i < len(out); i++ {
		out[i] += out[i-1]
	}
}

func (d *decoder) packed(out []int64, width int) {
	base := d.varint()
	exceptions := d.uvarint()
	packed := d.bytes(uint64(packedLen(len(out), width)))
	if d.failed || exceptions > uint64(len(out)) {
		d.fail()
		return
	}
	if width == 0 {
		for i := range out {
			out[i] = base
		}
	} else {
		unpack(out, packed, width, base)
	}
	for range exceptions {
		i, above := int(d.byte()), d.uvarint()
		if i >= len(out) {
			d.fail()
			return
		}
		out[i] += int64(above << uint(width))
	}
}

// unpack reads len(out) distances of width bits.
func unpack(out []int64, packed []byte, width int, base int64) {
	mask := widthMask(width)
	bit := 0
	for i := range out {
		at, shift := bit>>3, uint(bit&7)
		x := load(packed, at) >> shift
		if int(shift)+width > 64 {
			x |= uint64(packed[at+8]) << (64 - shift)
		}
		out[i] = base + int64(x&mask)
		bit += width
	}
}

// load returns the eight bytes from b[at] on, zeros where b ends before.
func load(b []byte, at int) uint64 {
	if at+8 <= len(b) {
		return binary.LittleEndian.Uint64(b[at:])
	}
	var end [8]byte
	copy(end[:], b[at:])
	return binary.LittleEndian.Uint64(end[:])
}
