package window

import (
	"slices"

	"github.com/asofdb/asof/sql/agg"
)

// measure is one accumulation, off which several aggregates are read.
type measure struct {
	arg int // among the arguments; -1 for COUNT(*)
	// fn makes the states; the aggregates' functions are read off them.
	fn   *agg.Func
	uses []use
}

// use is what aggregates over one filter read off a measure.
type use struct {
	filter int   // among the evaluator's filters
	aggs   []int // among the feature's
}

// join finds the measure off which aggregate i of the feature, fn over arg, can be read, or makes one. together says whether f can be read off what g's
// states hold.
func join(ms []measure, arg int, fn *agg.Func, filter, i int, together func(f, g *agg.Func) bool) []measure {
	for m := range ms {
		x := &ms[m]
		switch {
		case x.arg != arg:
			continue
		case together(fn, x.fn):
		case together(x.fn, fn): // COUNT(x) came first: all can be read off SUM(x)
			x.fn = fn
		default:
			continue
		}
		x.read(filter, i)
		return ms
	}
	ms = append(ms, measure{arg: arg, fn: fn})
	ms[len(ms)-1].read(filter, i)
	return ms
}

// read notes that aggregate i over filter is read off the measure.
func (x *measure) read(filter, i int) {
	at := slices.IndexFunc(x.uses, func(u use) bool { return u.filter == filter })
	if at < 0 {
		at = len(x.uses)
		x.uses = append(x.uses, use{filter: filter})
	}
	x.uses[at].aggs = append(x.uses[at].aggs, i)
}

// shareState reports whether f can be read off a state made for g.
func shareState(f, g *agg.Func) bool {
	if f.Star || g.Star {
		return f.Star && g.Star
	}
	return f.ReadsFrom(g)
}

// shareRanks is shareState for a sweep, where ranks serve MIN, MAX and COUNT(DISTINCT) alike.
func shareRanks(f, g *agg.Func) bool {
	return shareState(f, g) || f.Ranks() && g.Ranks() && f.Arg == g.Arg
}
