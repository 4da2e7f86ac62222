package record

import (
	"encoding/binary"
	"strconv"
	"strings"

	"github.com/asofdb/asof/sql/types"
)

// Strings are written plain (their lengths as a stream, then their bytes), as a dictionary (the distinct strings plain, in
// order of appearance, then a stream of indexes), or numbered: a prefix that all share and the rest of each as an integer, as "cust_123"
// has it, where that gives back the same text.
const (
	textPlain byte = iota
	textDictionary
	textNumbered
)

// maxDigits is how many digits always fit an int64.
const maxDigits = 18

func appendText(dst []byte, vs []*types.Value) []byte {
	if prefix, numbers, ok := numbered(vs); ok {
		dst = append(dst, textNumbered)
		dst = binary.AppendUvarint(dst, uint64(len(prefix)))
		dst = append(dst, prefix...)
		return appendInts(dst, numbers, nil)
	}
	if distinct, indexes, ok := dictionary(vs); ok {
		dst = append(dst, textDictionary)
		dst = binary.AppendUvarint(dst, uint64(len(distinct)))
		dst = appendPlain(dst, len(distinct), func(i int) string { return distinct[i] })
		return appendInts(dst, indexes, nil)
	}
	return appendPlain(append(dst, textPlain), len(vs), func(i int) string { return vs[i].S })
}

func appendPlain(dst []byte, n int, at func(i int) string) []byte {
	lengths := make([]int64, n)
	for i := range lengths {
		lengths[i] = int64(len(at(i)))
	}
	dst = appendInts(dst, lengths, nil)
	for i := range n {
		dst = append(dst, at(i)...)
	}
	return dst
}

// numbered splits strings into a common prefix and numbers.
func numbered(vs []*types.Value) (prefix string, numbers []int64, ok bool) {
	first := vs[0].S
	prefix = first[:len(strings.TrimRight(first, "0123456789"))]
	numbers = make([]int64, len(vs))
	for i := range vs {
		digits, found := strings.CutPrefix(vs[i].S, prefix)
		if !found {
			return "", nil, false
		}
		if numbers[i], ok = canonical(digits); !ok {
			return "", nil, false
		}
	}
	return prefix, numbers, true
}

// canonical parses digits that strconv would print.
func canonical(digits string) (n int64, ok bool) {
	if len(digits) == 0 || len(digits) > maxDigits || digits[0] == '0' && len(digits) > 1 {
		return 0, false
	}
	for i := range len(digits) {
		d := digits[i] - '0'
		if d > 9 {
			return 0, false
		}
		n = n*10 + int64(d)
	}
	return n, true
}

// dictionary numbers the distinct strings, and gives up where they are not few.
func dictionary(vs []*types.Value) (distinct []string, indexes []int64, ok bool) {
	const probe = 256
	of := make(map[string]int64, min(len(vs), probe))
	indexes = make([]int64, len(vs))
	for i := range vs {
		n, known := of[vs[i].S]
		if !known {
			n = int64(len(distinct))
			of[vs[i].S] = n
			distinct = append(distinct, vs[i].S)
			if len(distinct) > len(vs)/2 || i < probe && len(distinct) > probe*3/4 {
				return nil, nil, false
			}
		}
		indexes[i] = n
	}
	return distinct, indexes, true
}

// text reads the values of formText.
func (d *decoder) text(r *reader, kind types.Kind, into []*types.Value) {
	switch r.byte() {
	case textPlain:
		for i, s := range d.plain(r, len(into)) {
			*into[i] = types.Value{Kind: kind, S: s}
		}
	case textDictionary:
		distinct := d.plain(r, r.count(len(into)))
		d.ints = r.ints(d.ints, len(into), nil)
		for i, n := range d.ints {
			if n < 0 || n >= int64(len(distinct)) {
				r.fail("string %d of a dictionary of %d", n, len(distinct))
				return
			}
			*into[i] = types.Value{Kind: kind, S: distinct[n]}
		}
	case textNumbered:
		d.numbered(r, kind, into)
	default:
		r.fail("strings of no known form")
	}
}

func (d *decoder) plain(r *reader, n int) []string {
	d.ints = r.ints(d.ints, n, nil)
	total := 0
	for _, size := range d.ints {
		if size < 0 || size > int64(len(r.b)-total) {
			r.fail("a string of %d bytes", size)
			return nil
		}
		total += int(size)
	}
	all := string(r.bytes(total))
	out := make([]string, 0, len(d.ints))
	for _, size := range d.ints {
		out = append(out, all[:size])
		all = all[size:]
	}
	return out
}

func (d *decoder) numbered(r *reader, kind types.Kind, into []*types.Value) {
	prefix := r.bytes(r.count(len(r.b)))
	d.ints = r.ints(d.ints, len(into), nil)
	if r.err != nil {
		return
	}
	if len(prefix) > maxSection/len(into) {
		r.fail("%d strings with a prefix of %d bytes", len(into), len(prefix))
		return
	}
	var all strings.Builder
	all.Grow(len(into) * (len(prefix) + 8))
	buf := make([]byte, 0, len(prefix)+maxDigits+2)
	ends := make([]int, len(into))
	for i, n := range d.ints {
		buf = strconv.AppendInt(append(buf[:0], prefix...), n, 10)
		all.Write(buf)
		ends[i] = all.Len()
	}
	text, from := all.String(), 0
	for i, end := range ends {
		*into[i] = types.Value{Kind: kind, S: text[from:end]}
		from = end
	}
}
