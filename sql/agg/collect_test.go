package agg

import (
	"testing"

	"github.com/asofdb/asof/sql/types"
)

// Rows that were written and read back, in parts that were merged, are collected as the rows themselves; damaged bytes are refused.
func TestCollectedRowsAreReadBack(t *testing.T) {
	null := types.Value{}
	word, number := types.NewText, func(n int64) types.Value { return types.NewInt(types.Int4, n) }
	of := []types.Type{{Kind: types.Text}, {Kind: types.Text}, {Kind: types.Int4}, {Kind: types.Int4}}
	rows := [][]types.Value{
		{word("a"), word(","), number(2), number(1)},
		{null, word(";"), number(1), null},
		{word("c"), null, null, number(2)},
		{word("d"), word("-"), number(2), null},
		{word("e"), word("+"), number(2), number(1)},
	}
	for _, c := range []struct {
		of   Collect
		want string
	}{
		{Collect{Types: of, Order: []Direction{{Desc: true, NullsFirst: true}, {}}}, "{c,a,e,d,NULL}"},
		{Collect{Types: of, Order: []Direction{{}, {Desc: true, NullsFirst: true}}}, "{NULL,d,a,e,c}"},
		{Collect{Types: of, Order: []Direction{{NullsFirst: true}, {NullsFirst: true}}}, "{c,NULL,d,a,e}"},
		{Collect{Types: of, Texts: true, Order: []Direction{{Desc: true, NullsFirst: true}, {}}}, "c,a+e-d"},
	} {
		f := NewCollect(c.of)
		whole, parts := f.New(), f.New()
		for i, row := range rows {
			whole.Add(types.NewArray(row))
			if i%2 == 0 && i > 0 {
				continue
			}
			part := f.New()
			part.Add(types.NewArray(row))
			if i > 0 && i+1 < len(rows) {
				part.Add(types.NewArray(rows[i+1]))
			}
			encoded := part.AppendTo(nil)
			read := f.New()
			if rest, err := read.ReadFrom(append(encoded, 7)); err != nil || len(rest) != 1 {
				t.Fatal(rest, err)
			}
			parts.Merge(read)
			if _, err := f.New().ReadFrom(encoded[:len(encoded)-1]); err == nil {
				t.Error("a row without its end was read")
			}
		}
		for name, s := range map[string]State{"whole": whole, "parts": parts} {
			if v, err := s.Result(); err != nil || v.String() != c.want {
				t.Errorf("%s of %v: %s, %v, want %s", name, c.of.Order, v, err, c.want)
			}
		}
		whole.Reset()
		if v, err := whole.Result(); err != nil || !v.IsNull() {
			t.Errorf("of no rows: %s, %v", v, err)
		}
	}
}
