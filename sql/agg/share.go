package agg

import "github.com/asofdb/asof/sql/types"

// family is what states accumulate off which several functions can be read.
type family uint8

const (
	alone  family = iota // one function's own
	totals               // the count and the sum of the values: SUM, AVG and COUNT
	truths               // how many values are true, how many false: BOOL_AND and BOOL_OR
)

// ReadsFrom reports whether f's result can be read off a state of g over the same argument values: so SUM(x), AVG(x) and COUNT(x) share one state,
// made by SUM or AVG.
func (f *Func) ReadsFrom(g *Func) bool {
	if f.Arg != g.Arg || f.Star || g.Star {
		return false
	}
	if f.Name == g.Name && f.Distinct == g.Distinct {
		return true
	}
	if f.Name == "count" && !f.Distinct {
		return g.family == totals
	}
	return f.family != alone && f.family == g.family
}

// Read is f's result off s, a state made by New of a function that f ReadsFrom.
func (f *Func) Read(s State) (types.Value, error) {
	if f.read == nil {
		return s.Result()
	}
	return f.read(s)
}
