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

// columnReader decodes columns into rows; it keeps its buffers from one to the next.
type columnReader struct {
	nulls  [ChunkEntries]bool
	run    [ChunkEntries]int64
	scales [ChunkEntries]int64
	words  [ChunkEntries]string
}

// read decodes the column at d into column col of rows. Strings point into the source.
func (r *columnReader) read(d *decoder, t types.Type, rows [][]types.Value, col int) error {
	nulls := r.nulls[:len(rows)]
	n := len(rows) - d.bits(nulls)
	run := r.run[:n]
	switch form := d.byte(); form {
	case formInts, formFloats:
		d.ints(run)
		if form == formFloats {
			for i := range run {
				run[i] = reverse(run[i])
			}
		}
		fill(rows, col, nulls, func(i int) types.Value { return types.Value{Kind: t.Kind, I: run[i]} })
	case formNumerics:
		scales := r.scales[:n]
		d.ints(scales)
		d.ints(run)
		fill(rows, col, nulls, func(i int) types.Value {
			return types.Value{Kind: t.Kind, Scale: int16(scales[i]) & 0x7fff, I: run[i]}
		})
	case formStrings:
		d.ints(run)
		fill(rows, col, nulls, func(i int) types.Value {
			return types.Value{Kind: t.Kind, S: view(d.bytes(uint64(run[i])))}
		})
	case formDictionary:
		words := r.dictionary(d)
		d.ints(run)
		for i := range run {
			if uint64(run[i]) >= uint64(len(words)) {
				d.fail()
				return d.err("dictionary")
			}
		}
		fill(rows, col, nulls, func(i int) types.Value { return types.Value{Kind: t.Kind, S: words[run[i]]} })
	case formValues:
		return r.values(d, t, rows, col)
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

func (r *columnReader) values(d *decoder, t types.Type, rows [][]types.Value, col int) error {
	for i := range rows {
		rows[i][col] = types.Value{}
		if r.nulls[i] {
			continue
		}
		v, rest, err := types.ReadValue(d.src, t)
		if err != nil {
			return fmt.Errorf("%w: column %d of a chunk: %w", errCorrupt, col, err)
		}
		rows[i][col], d.src = v, rest
	}
	return d.err("column")
}

// fill puts the i-th value that is not NULL into column col of its row.
func fill(rows [][]types.Value, col int, nulls []bool, value func(i int) types.Value) {
	n := 0
	for i := range rows {
		if nulls[i] {
			rows[i][col] = types.Value{}
			continue
		}
		rows[i][col] = value(n)
		n++
	}
}
