package agg

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/asofdb/asof/sql/types"
)

// row is a value that was added or retracted.
type row struct {
	v    types.Value
	sign int8
}

// randomRows adds values of the pool and retracts some of those that are there. The values of a column mostly have one form.
func randomRows(r *rand.Rand, pool []types.Value, n int) []row {
	var rows []row
	var live []types.Value
	for range n {
		if i := r.IntN(len(live) + 1); i < len(live) && r.IntN(3) == 0 {
			rows = append(rows, row{live[i], -1})
			live = slices.Delete(live, i, i+1)
			continue
		}
		v := pool[r.IntN(len(pool))]
		live = append(live, v)
		rows = append(rows, row{v, 1})
	}
	return rows
}

func fold(fn *Func, rows []row) State {
	s := fn.New()
	for _, x := range rows {
		if x.sign > 0 {
			s.Add(x.v)
		} else {
			s.Retract(x.v)
		}
	}
	return s
}

// pools are what a column may hold: all the samples, and many values alike.
func pools(t *testing.T, fn *Func, typeName string) [][]types.Value {
	all := values(t, typeName, fn.Arg)
	pools := [][]types.Value{all}
	switch typeName {
	case "integer", "bigint", "date", "timestamptz":
		many := []types.Value{{}}
		for i := range 300 {
			many = append(many, types.Value{Kind: fn.Arg.Kind, I: int64(i*i) - 1000})
		}
		pools = append(pools, many)
	case "numeric", "numeric(12,2)":
		many, forms := []types.Value{{}}, []types.Value{{}}
		for i := range int64(300) {
			many = append(many, types.NewNumeric(i*7-500, 2))
			forms = append(forms, types.NewNumeric(i, 0), types.NewNumeric(i*10, 1), types.NewNumeric(i*100, 2))
		}
		pools = append(pools, many, forms)
	case "text":
		many := []types.Value{{}}
		for i := range 300 {
			many = append(many, types.NewText(fmt.Sprint("w", i)))
		}
		pools = append(pools, many)
	}
	return pools
}

// TestTopIsTheAggregateOrSaysThatItDoesNotKnow, however rows are spread over several.
func TestTopIsTheAggregateOrSaysThatItDoesNotKnow(t *testing.T) {
	known, unknown := 0, 0
	eachFunc(t, func(t *testing.T, fn *Func, typeName string) {
		r := rand.New(rand.NewPCG(2, uint64(len(typeName))))
		if fn.NewTop() == nil {
			if fn.Name == "min" || fn.Name == "max" {
				t.Fatal("has none")
			}
			return
		}
		for round := range 200 {
			all := pools(t, fn, typeName)
			rows := randomRows(r, all[round%len(all)], r.IntN(200))
			if round%5 == 0 { // retract the best, one after the other
				for len(rows) > 0 {
					best, err := fold(fn, rows).Result()
					if err != nil || best.IsNull() || r.IntN(12) == 0 {
						break
					}
					rows = append(rows, row{best, -1})
				}
			}
			want := outcome(fold(fn, rows))
			parts := []*Top{fn.NewTop(), fn.NewTop(), fn.NewTop()}
			for _, x := range rows {
				part := parts[r.IntN(1+round%3)]
				v := x.v
				buf := []byte(v.S)
				if len(buf) > 0 {
					v.S = borrowed(buf)
				}
				part.Add(&v, int64(x.sign))
				clear(buf)
			}
			parts[1].Merge(parts[0])
			parts[1].Merge(parts[2])
			v, ok := parts[1].Result()
			if !ok {
				unknown++
				continue
			}
			known++
			if got := fmt.Sprintf("%s/%d/%d", v, v.Kind, v.Scale); got != want {
				t.Fatalf("%s, want %s of %v", got, want, rows)
			}
			parts[1].Reset()
			if v, ok := parts[1].Result(); !ok || !v.IsNull() {
				t.Fatalf("%v is left after Reset", v)
			}
		}
	})
	t.Logf("%d known, %d not", known, unknown)
	if unknown == 0 || unknown > known/4 {
		t.Errorf("of %d results %d were not known", known+unknown, unknown)
	}
}

// TestRankedIsTheAggregate after every row, also when rows are retracted before they are added.
func TestRankedIsTheAggregate(t *testing.T) {
	seen := 0
	eachFunc(t, func(t *testing.T, fn *Func, typeName string) {
		if !fn.Ranks() {
			return
		}
		r := rand.New(rand.NewPCG(3, uint64(len(typeName))))
		var ranking Ranking
		var got, other Ranked
		for _, pool := range pools(t, fn, typeName) {
			column := make([]types.Value, r.IntN(900))
			for i := range column {
				column[i] = pool[r.IntN(len(pool))]
			}
			ranking.Rank(fn.Arg, len(column), func(i int) types.Value { return column[i] })
			got.Begin(&ranking)
			other.Begin(&ranking)
			want := fn.New()
			for range 3 * len(column) {
				i, sign := r.IntN(len(column)), int8(1)
				if r.IntN(2) == 0 {
					sign = -1
				}
				got.Add(i, sign)
				other.Add(r.IntN(len(column)), 1)
				if sign > 0 {
					want.Add(column[i])
				} else {
					want.Retract(column[i])
				}
				v := got.Result(fn)
				seen++
				if text := fmt.Sprintf("%s/%d/%d", v, v.Kind, v.Scale); text != outcome(want) {
					t.Fatalf("%s, want %s", text, outcome(want))
				}
			}
			got.Begin(&ranking)
			if v := got.Result(fn); v.String() != outcomeOfNone(fn) {
				t.Fatalf("%s is there in the beginning", v)
			}
		}
	})
	if seen < 100_000 {
		t.Errorf("only %d results were compared", seen)
	}
}

func outcomeOfNone(fn *Func) string {
	v, _ := fn.New().Result()
	return v.String()
}

// TestFunctionsShareAState: what ReadsFrom promises, Read keeps.
func TestFunctionsShareAState(t *testing.T) {
	shared := map[string]bool{}
	eachFunc(t, func(t *testing.T, fn *Func, typeName string) {
		r := rand.New(rand.NewPCG(4, uint64(len(typeName))))
		for _, name := range Names() {
			for _, distinct := range []bool{false, true} {
				other, _, err := Resolve(name, false, distinct, mustType(t, typeName))
				if err != nil || !fn.ReadsFrom(other) {
					continue
				}
				shared[fmt.Sprintf("%s %v from %s %v", fn.Name, fn.Distinct, name, distinct)] = true
				for range 20 {
					rows := randomRows(r, values(t, typeName, fn.Arg), r.IntN(20))
					v, err := fn.Read(fold(other, rows))
					got := fmt.Sprintf("%s/%d/%d", v, v.Kind, v.Scale)
					if e, ok := err.(*types.Error); ok {
						got = "error " + e.Code
					}
					if want := outcome(fold(fn, rows)); got != want {
						t.Fatalf("off %s: %s, want %s for %v", name, got, want, rows)
					}
				}
			}
		}
	})
	for _, want := range []string{
		"sum false from avg false", "avg false from sum false", "count false from sum false", "bool_or false from bool_and false",
		"count true from count true", "sum true from sum true",
	} {
		if !shared[want] {
			t.Errorf("%s is not shared", want)
		}
	}
	for _, never := range []string{"sum true from sum false", "sum false from count false", "count true from sum false", "max false from min false"} {
		if shared[never] {
			t.Errorf("%s is shared", never)
		}
	}
}
