package history

import (
	"encoding/binary"
	"fmt"
	"math/bits"

	"github.com/asofdb/asof/sql/types"
)

// A column of a chunk is the bit set of its NULLs and the other values in one of these forms, whichever the values allow and, for strings,
// is smaller.
const (
	formInts       = 1 // a run of integers
	formFloats     = 2 // a run of float bits reversed: short fractions are small integers that way
	formNumerics   = 3 // a run of scales and a run of coefficients
	formStrings    = 4 // a run of lengths and the bytes
	formDictionary = 5 // a run of indexes into the distinct strings, which come first
	formValues     = 6 // one after the other, for what is none of the above
)

// appendColumn appends column col of the entries.
func appendColumn(dst []byte, t types.Type, entries []Entry, col int) []byte {
	nulls := make([]bool, len(entries))
	values := make([]types.Value, 0, len(entries))
	for i := range entries {
		v := entries[i].Cols[col]
		nulls[i] = v.IsNull()
		if !nulls[i] {
			values = append(values, v)
		}
	}
	dst = appendBits(dst, nulls)
	switch form := formOf(t.Kind, values); form {
	case formInts, formFloats:
		run := make([]int64, len(values))
		for i := range values {
			run[i] = values[i].I
			if form == formFloats {
				run[i] = reverse(run[i])
			}
		}
		return appendInts(append(dst, form), run)
	case formNumerics:
		scales, run := make([]int64, len(values)), make([]int64, len(values))
		for i := range values {
			scales[i], run[i] = int64(values[i].Scale), values[i].I
		}
		return appendInts(appendInts(append(dst, form), scales), run)
	case formStrings:
		return appendStrings(dst, values)
	default:
		dst = append(dst, formValues)
		for i := range values {
			dst = types.AppendValue(dst, t, values[i])
		}
		return dst
	}
}

// formOf is the form of values of kind k, formStrings standing for both forms of strings.
func formOf(k types.Kind, values []types.Value) byte {
	form := byte(formValues)
	switch k {
	case types.Bool, types.Int2, types.Int4, types.Int8, types.Date, types.Time, types.Timestamp, types.Timestamptz, types.Interval:
		form = formInts
	case types.Float4, types.Float8:
		form = formFloats
	case types.Numeric:
		form = formNumerics
	case types.Text, types.Varchar, types.Char, types.JSON, types.JSONB, types.Bytea, types.UUID:
		return formStrings
	}
	for i := range values {
		if values[i].X != nil || values[i].Scale < 0 {
			return formValues
		}
	}
	return form
}

func reverse(x int64) int64 { return int64(bits.Reverse64(uint64(x))) }

// appendStrings appends strings in the smaller of their two forms.
func appendStrings(dst []byte, values []types.Value) []byte {
	from := len(dst)
	lengths := make([]int64, len(values))
	for i := range values {
		lengths[i] = int64(len(values[i].S))
	}
	dst = appendInts(append(dst, formStrings), lengths)
	for i := range values {
		dst = append(dst, values[i].S...)
	}
	dict := appendDictionary(nil, values)
	if len(dict) < len(dst)-from {
		return append(dst[:from], dict...)
	}
	return dst
}

// appendDictionary appends the distinct strings in the order of their first appearance, and where each value is among them.
func appendDictionary(dst []byte, values []types.Value) []byte {
	index := make(map[string]int64)
	var words []string
	run := make([]int64, len(values))
	for i := range values {
		n, ok := index[values[i].S]
		if !ok {
			n = int64(len(words))
			index[values[i].S] = n
			words = append(words, values[i].S)
		}
		run[i] = n
	}
	dst = binary.AppendUvarint(append(dst, formDictionary), uint64(len(words)))
	for _, w := range words {
		dst = binary.AppendUvarint(dst, uint64(len(w)))
		dst = append(dst, w...)
	}
	return appendInts(dst, run)
}

// columnReader decodes columns; it keeps its buffers from one to the next.
type columnReader struct {
	nulls  [ChunkEntries]bool
	run    [ChunkEntries]int64
	scales [ChunkEntries]int64
	words  [ChunkEntries]string
	// pointers are the columns of the layout whose places may hold values with pointers.
	pointers []bool
}

// read decodes n values of column col at d into out, every width-th place of it. Strings point into the source.
func (r *columnReader) read(d *decoder, t types.Type, out []types.Value, width, n, col int) error {
	p := places{out: out, width: width, nulls: r.nulls[:n]}
	run := r.run[:n-d.bits(p.nulls)]
	form := d.byte()
	switch form {
	case formInts, formFloats, formNumerics:
		scales := r.scales[:len(run)]
		if form == formNumerics {
			d.ints(scales)
		} else {
			clear(scales)
		}
		d.ints(run)
		if form == formFloats {
			for i := range run {
				run[i] = reverse(run[i])
			}
		}
		if r.pointers[col] {
			p.clear()
			r.pointers[col] = false
		}
		p.setPlain(t.Kind, scales, run)
		return d.err("column")
	}
	r.pointers[col] = true
	switch form {
	case formStrings:
		d.ints(run)
		words := r.words[:len(run)]
		for i := range run {
			words[i] = view(d.bytes(uint64(run[i])))
		}
		p.setStrings(t.Kind, words, nil)
	case formDictionary:
		words := r.dictionary(d)
		d.ints(run)
		for i := range run {
			if uint64(run[i]) >= uint64(len(words)) {
				d.fail()
				return d.err("dictionary")
			}
		}
		p.setStrings(t.Kind, words, run)
	case formValues:
		return p.readValues(d, t, col)
	default:
		d.fail()
	}
	return d.err("column")
}

func (r *columnReader) dictionary(d *decoder) []string {
	n := d.uvarint()
	if n > ChunkEntries {
		d.fail()
		return nil
	}
	for i := range n {
		r.words[i] = view(d.bytes(d.uvarint()))
	}
	return r.words[:n]
}

// places are where the values of a column go: every width-th of out, for each of nulls.
type places struct {
	out   []types.Value
	width int
	nulls []bool
}

// setPlain sets the values that are not NULL, which have no pointers, in places that have none.
func (p *places) setPlain(k types.Kind, scales, run []int64) {
	n := 0
	for i, null := range p.nulls {
		v := &p.out[i*p.width]
		if null {
			v.Kind, v.Scale, v.I = types.Null, 0, 0
			continue
		}
		v.Kind, v.Scale, v.I = k, int16(scales[n])&0x7fff, run[n]
		n++
	}
}

// setStrings sets the values that are not NULL: the n-th is words[index[n]], or words[n] without index.
func (p *places) setStrings(k types.Kind, words []string, index []int64) {
	n := 0
	for i, null := range p.nulls {
		v := &p.out[i*p.width]
		if null {
			*v = types.Value{}
			continue
		}
		at := n
		if index != nil {
			at = int(index[n])
		}
		*v = types.Value{Kind: k, S: words[at]}
		n++
	}
}

// readValues sets values that are encoded one by one.
func (p *places) readValues(d *decoder, t types.Type, col int) error {
	for i, null := range p.nulls {
		v := &p.out[i*p.width]
		*v = types.Value{}
		if null {
			continue
		}
		n, err := readValue(d.src, v, &t)
		if err != nil {
			return fmt.Errorf("%w: column %d of a chunk: %w", errCorrupt, col, err)
		}
		d.src = d.src[n:]
	}
	return d.err("column")
}

// clear empties all places of the column, also those beyond the ones to be set.
func (p *places) clear() {
	for i := 0; i < len(p.out); i += p.width {
		p.out[i] = types.Value{}
	}
}
