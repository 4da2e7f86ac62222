package agg

import (
	"cmp"
	"encoding/binary"
	"slices"

	"github.com/asofdb/asof/sql/types"
)

// Collect is ARRAY_AGG or STRING_AGG over rows that are only ever added. Unlike the other aggregates its result depends on the order of the rows: that of its own ORDER BY,
// and among equal ones that in which they came. A row is an array of the value, of STRING_AGG the separator, and the values to sort by.
type Collect struct {
	// Types are those of a row's values.
	Types []types.Type
	// Texts is set for STRING_AGG.
	Texts bool
	// Order is how rows are sorted, by the last values of each.
	Order []Direction
}

// Direction is the order of one value.
type Direction struct{ Desc, NullsFirst bool }

// NewCollect is the function of a Collect.
func NewCollect(c Collect) *Func {
	f := &Func{Name: "array_agg", Arg: types.ArrayOf(text), Result: types.ArrayOf(types.Type{Kind: c.Types[0].Kind, Alias: c.Types[0].Alias}), Collects: &c}
	if c.Texts {
		f.Name, f.Result = "string_agg", text
	}
	f.New = func() State { return &collected{of: c} }
	f.NewAddOnly = f.New
	return f
}

// collected are the rows.
type collected struct {
	of   Collect
	rows [][]types.Value
}

func (s *collected) Add(v types.Value) {
	row := v.Clone().Elems()
	if s.of.Texts && row[0].IsNull() {
		return
	}
	s.rows = append(s.rows, row)
}

// Retract is never called.
func (*collected) Retract(types.Value) { panic("agg: a row of ARRAY_AGG cannot be retracted") }

func (s *collected) Merge(other State) { s.rows = append(s.rows, other.(*collected).rows...) }
func (s *collected) Reset()            { s.rows = nil }

// Result is NULL of no rows.
func (s *collected) Result() (types.Value, error) {
	if len(s.rows) == 0 {
		return null, nil
	}
	rows := slices.Clone(s.rows)
	slices.SortStableFunc(rows, s.of.compare)
	if s.of.Texts {
		var b []byte
		for i, row := range rows {
			if i > 0 && !row[1].IsNull() {
				b = append(b, row[1].S...)
			}
			b = append(b, row[0].S...)
		}
		return types.NewText(string(b)), nil
	}
	values := make([]types.Value, len(rows))
	for i, row := range rows {
		values[i] = row[0]
	}
	return types.NewArray(values), nil
}

func (c *Collect) compare(a, b []types.Value) int {
	first := len(c.Types) - len(c.Order)
	for i, d := range c.Order {
		x, y := a[first+i], b[first+i]
		switch {
		case x.IsNull() && y.IsNull():
			continue
		case x.IsNull() || y.IsNull():
			n := cmp.Compare(boolInt(y.IsNull()), boolInt(x.IsNull()))
			if !d.NullsFirst {
				n = -n
			}
			return n
		}
		if n := types.Compare(x, y); n != 0 {
			if d.Desc {
				n = -n
			}
			return n
		}
	}
	return 0
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (s *collected) AppendTo(dst []byte) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(s.rows)))
	for _, row := range s.rows {
		for i, v := range row {
			dst = types.AppendValue(dst, s.of.Types[i], v)
		}
	}
	return dst
}

func (s *collected) ReadFrom(src []byte) ([]byte, error) {
	s.Reset()
	r := reader{src: src}
	for n := r.uvarint(); n > 0 && !r.failed; n-- {
		row := make([]types.Value, len(s.of.Types))
		for i, t := range s.of.Types {
			v, rest, err := types.ReadValue(r.src, t)
			if err != nil {
				r.fail()
				break
			}
			r.src, row[i] = rest, v.Clone()
		}
		s.rows = append(s.rows, row)
	}
	return r.end()
}
