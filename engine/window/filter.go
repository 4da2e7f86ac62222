package window

import (
	"fmt"
	"math"

	"github.com/asofdb/asof/engine/history"
	"github.com/asofdb/asof/sql/expr"
	"github.com/asofdb/asof/sql/plan"
)

// bound is one side of an interval of event times that moves with t.
type bound struct {
	mover mover
	upper bool // e below the mover, otherwise above it
	open  bool // the mover's own value is outside
}

// newBounds makes bounds of a predicate's; an equation is two.
func newBounds(bounds []plan.Bound) ([]bound, error) {
	var out []bound
	for _, b := range bounds {
		m := newMover(b.At)
		switch b.Op {
		case ">", ">=":
			out = append(out, bound{mover: m, open: b.Op == ">"})
		case "<", "<=":
			out = append(out, bound{mover: m, upper: true, open: b.Op == "<"})
		case "=":
			out = append(out, bound{mover: m}, bound{mover: m, upper: true})
		default:
			return nil, fmt.Errorf("window: a bound with the operator %q", b.Op)
		}
	}
	return out, nil
}

// crossing returns the first moment in (after, to] at which event time e comes to the other side.
func (b *bound) crossing(e, after, to int64) (at int64, found bool, err error) {
	return b.mover.reaches(e, b.upper == b.open, after, to)
}

// filter is a predicate: an interval of event times that moves with t, and a condition on the row.
type filter struct {
	bounds []bound
	// rest is the condition's place among the evaluator's verdicts, -1 where there is none.
	rest int
	// states are those of the aggregates with this predicate.
	states []int
	// lo and hi are the bounds at the moment asked for, both inclusive; lo > hi where no event time passes.
	lo, hi int64
}

// at moves the interval to env's moment.
func (f *filter) at(env *expr.Env) error {
	f.lo, f.hi = math.MinInt64, math.MaxInt64
	for i := range f.bounds {
		b := &f.bounds[i]
		at, ok, err := b.mover.at(env)
		if err != nil {
			return err
		}
		if !ok { // a comparison with NULL is not true
			f.lo, f.hi = math.MaxInt64, math.MinInt64
			return nil
		}
		f.narrow(b, at)
	}
	return nil
}

// narrow intersects the interval with what b admits when its mover is at.
func (f *filter) narrow(b *bound, at int64) {
	switch {
	case b.open && (b.upper && at == math.MinInt64 || !b.upper && at == math.MaxInt64):
		f.lo, f.hi = math.MaxInt64, math.MinInt64
	case b.upper && b.open:
		f.hi = min(f.hi, at-1)
	case b.upper:
		f.hi = min(f.hi, at)
	case b.open:
		f.lo = max(f.lo, at+1)
	default:
		f.lo = max(f.lo, at)
	}
}

// admits reports whether e's event time is within the bounds. One that is NULL is within none.
func (f *filter) admits(e *history.Entry) bool {
	return len(f.bounds) == 0 || (e.HasE && f.lo <= e.E && e.E <= f.hi)
}

// empty reports whether no entry is admitted.
func (f *filter) empty() bool { return len(f.bounds) > 0 && f.lo > f.hi }

// widen grows w by the event times that f admits.
func (f *filter) widen(w *history.Window) {
	low := f.lo
	if low > math.MinInt64 { // which stays what it is: no bound
		low--
	}
	w.ELow, w.EHigh = min(w.ELow, low), max(w.EHigh, f.hi)
}

// scanWindow returns the entries to look at for a moment, and whether there are any. An entity exists by all rows that pass WHERE;
// where it exists anyway, only those count that an aggregate admits.
func (ev *Evaluator) scanWindow(t int64) (history.Window, bool) {
	w := history.Window{AsOf: t, ELow: math.MaxInt64, EHigh: math.MinInt64}
	if ev.where.empty() {
		return w, false
	}
	if len(ev.f.Keys) > 0 {
		ev.where.widen(&w)
		return w, true
	}
	any := false
	for i := range ev.filters {
		f := ev.filters[i]
		f.lo, f.hi = max(f.lo, ev.where.lo), min(f.hi, ev.where.hi)
		if f.lo <= f.hi {
			f.widen(&w)
			any = true
		}
	}
	return w, any
}
