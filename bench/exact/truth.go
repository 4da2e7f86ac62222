package exact

import (
	"math/rand/v2"
	"slices"

	"github.com/asofdb/asof/bench/exact/naive"
	"github.com/asofdb/asof/bench/exact/random"
)

// truth is what the naive model says of a scenario. Each question is put to it once.
type truth struct {
	table *naive.Table
	known map[string]map[int64]map[string][]string
}

func newTruth(t *naive.Table) *truth {
	return &truth{t, map[string]map[int64]map[string][]string{}}
}

// at is the feature's value for all entities at t.
func (x *truth) at(d random.Definition, t int64) map[string][]string {
	of := x.known[d.Name]
	if of == nil {
		of = map[int64]map[string][]string{}
		x.known[d.Name] = of
	}
	v, ok := of[t]
	if !ok {
		v = d.Value(x.table, t)
		of[t] = v
	}
	return v
}

// followed says that the source is known up to its last commit only; else it is complete, and known for ever.
func (s scenario) followed() bool { return s.run.segments > 1 || s.run.partitions > 0 }

// askable are the moments up to which the source is known.
func (r *session) askable() []int64 {
	return slices.DeleteFunc(slices.Clone(r.s.times), func(t int64) bool { return t > r.s.w.Last() && r.s.followed() })
}

// readable reports whether the source has a state at t that can be read.
func (s scenario) readable(t int64) bool {
	return (s.run.fromEmpty || t >= s.w.Txs[0].Commit) && (!s.followed() || t <= s.w.Last())
}

// sourceRows is the table itself as a relation: the row as it was, by its key.
var sourceRows = func() random.Definition {
	d := random.Definition{Name: "t"}
	d.Attribute, d.Keys = true, []string{"id"}
	d.Columns = []string{"cust", "grp", "amount", "free", "qty", "score", "status", "flag"}
	d.SQL = "SELECT id, cust, grp, amount, free, qty, score, status, flag FROM t"
	return d
}()

// outputs are the names of a feature's columns besides its key.
func outputs(d random.Definition) []string {
	names := slices.Clone(d.Columns)
	for _, a := range d.Aggs {
		names = append(names, a.Name)
	}
	return names
}

func nulls(n int) []string { return slices.Repeat([]string{naive.Null}, n) }

// oneIn is true once in n times.
func oneIn(rng *rand.Rand, n int) bool { return rng.IntN(n) == 0 }

func choose[T any](rng *rand.Rand, xs ...T) T { return xs[rng.IntN(len(xs))] }
