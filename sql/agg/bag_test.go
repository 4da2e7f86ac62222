package agg

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/asofdb/asof/sql/types"
)

// TestBagAgainstAMap counts hundreds of values, some of them below zero for a while, over several uses of one bag.
func TestBagAgainstAMap(t *testing.T) {
	for _, typ := range []types.Type{bigint, text, numeric} {
		r := rand.New(rand.NewPCG(1, 1))
		b := newBag(typ)
		for round := range 30 {
			b.reset()
			fresh := newBag(typ)
			counts := map[string]int64{}
			values := map[string]types.Value{}
			for range r.IntN(3000) {
				i := r.Int64N(1 + int64(round)*20)
				v := types.NewInt8(i)
				switch typ.Kind {
				case types.Text:
					v = types.NewText(fmt.Sprint(i))
				case types.Numeric:
					v = types.NewNumeric(i*10, int16(i%3))
				}
				n := int64(1)
				if r.IntN(2) == 0 {
					n = -1
				}
				b.add(v, n, false)
				key := v.String()
				counts[key] += n
				values[key] = v
			}
			present := 0
			for key, n := range counts {
				fresh.add(values[key], n, false)
				if n > 0 && typ.Kind != types.Numeric {
					present++
				}
			}
			if !bytes.Equal(b.appendTo(nil), fresh.appendTo(nil)) {
				t.Fatalf("%v, round %d: counts differ", typ, round)
			}
			got := 0
			b.distinct(func(types.Value) { got++ })
			if typ.Kind != types.Numeric && got != present {
				t.Fatalf("%v, round %d: %d distinct, want %d", typ, round, got, present)
			}
		}
	}
}

// TestFormOfEqualValues says which of several equal values stands for them, in any order.
func TestFormOfEqualValues(t *testing.T) {
	for _, c := range []struct {
		call, typ string
		rows      []string
		want      string
	}{
		{"min", "numeric", []string{"1.0", "1.000", "1.00", "2"}, "1.000"},
		{"max", "numeric", []string{"1.0", "1.000", "1.00", "0.5"}, "1.000"},
		{"max", "double precision", []string{"-0", "0", "-1"}, "0"},
		{"min", "real", []string{"-0", "0", "1"}, "0"},
		{"min", "real", []string{"-0", "-0"}, "-0"},
		{"min", "interval", []string{"30 days", "1 mon", "720:00:00"}, "1 mon"},
		{"max", "interval", []string{"720:00:00", "30 days"}, "30 days"},
		{"max", "numeric[]", []string{"{1.0,2}", "{1.00,2}", "{1,2.000}"}, "{1.00,2}"},
		{"sum distinct", "numeric", []string{"1.0", "1.00", "2"}, "3.00"},
		{"avg distinct", "numeric", []string{"1.0", "1.00", "2"}, "1.5000000000000000"},
		{"count distinct", "numeric", []string{"1.0", "1.00", "2"}, "2"},
		{"count distinct", "double precision", []string{"0", "-0", "NaN", "NaN"}, "2"},
		{"count distinct", "interval", []string{"30 days", "1 mon", "1 day"}, "2"},
		{"sum", "double precision", []string{"-0", "-0"}, "-0"},
		{"sum", "double precision", []string{"-0", "0"}, "0"},
		{"avg", "double precision", []string{"-0", "-0"}, "0"},
	} {
		var name string
		distinct := false
		if _, err := fmt.Sscanf(c.call, "%s", &name); err != nil {
			t.Fatal(err)
		}
		distinct = name != c.call
		fn, _, err := Resolve(name, false, distinct, mustType(t, c.typ))
		if err != nil {
			t.Fatal(err)
		}
		for shift := range c.rows {
			states := []State{fn.New(), fn.NewAddOnly()}
			for i := range c.rows {
				v, err := types.Parse(fn.Arg, c.rows[(i+shift)%len(c.rows)])
				if err != nil {
					t.Fatal(err)
				}
				for _, s := range states {
					s.Add(v)
				}
			}
			for _, s := range states {
				if v, err := s.Result(); err != nil || v.String() != c.want {
					t.Errorf("%s of %s %v from the %d-th on: %v, %v; want %s", c.call, c.typ, c.rows, shift, v, err, c.want)
				}
			}
		}
	}
}
