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

	// value is the mover's at the moment that the bounds were moved to; null is set where it is NULL.
	value int64
	null  bool
}

// crossing returns the first moment in [after, to] at which event time e is on the other side than before all time: out of a lower bound, within an
// upper one. found is false where there is none.
func (b *bound) crossing(e, after, to int64) (at int64, found bool, err error) {
	return b.mover.reaches(e, b.upper == b.open, after, to)
}

// narrow intersects an interval, both ends inclusive, with what the bound admits.
func (b *bound) narrow(lo, hi int64) (int64, int64) {
	switch {
	case b.null, b.open && b.upper && b.value == math.MinInt64, b.open && !b.upper && b.value == math.MaxInt64:
		return math.MaxInt64, math.MinInt64 // a comparison with NULL is not true
	case b.upper && b.open:
		return lo, min(hi, b.value-1)
	case b.upper:
		return lo, min(hi, b.value)
	case b.open:
		return max(lo, b.value+1), hi
	}
	return max(lo, b.value), hi
}

// addBounds returns the places of a predicate's bounds among the evaluator's, where equal ones stand once; an equation is two.
func (ev *Evaluator) addBounds(bounds []plan.Bound) ([]int, error) {
	var places []int
	for _, b := range bounds {
		m := newMover(b.At)
		switch b.Op {
		case ">", ">=":
			places = append(places, ev.addBound(bound{mover: m, open: b.Op == ">"}))
		case "<", "<=":
			places = append(places, ev.addBound(bound{mover: m, upper: true, open: b.Op == "<"}))
		case "=":
			places = append(places, ev.addBound(bound{mover: m}), ev.addBound(bound{mover: m, upper: true}))
		default:
			return nil, fmt.Errorf("window: a bound with the operator %q", b.Op)
		}
	}
	return places, nil
}

func (ev *Evaluator) addBound(b bound) int {
	for i := range ev.bounds {
		x := &ev.bounds[i]
		if x.upper == b.upper && x.open == b.open && x.mover.text == b.mover.text {
			return i
		}
	}
	ev.bounds = append(ev.bounds, b)
	return len(ev.bounds) - 1
}

// moveBounds brings all bounds to env's moment.
func (ev *Evaluator) moveBounds(env *expr.Env) error {
	for i := range ev.bounds {
		b := &ev.bounds[i]
		value, ok, err := b.mover.at(env)
		if err != nil {
			return err
		}
		b.value, b.null = value, !ok
	}
	return nil
}

// interval is the event times that bounds admit at the moment that they were moved to, both ends inclusive; lo > hi where there are none.
func (ev *Evaluator) interval(bounds []int) (lo, hi int64) {
	lo, hi = math.MinInt64, math.MaxInt64
	for _, i := range bounds {
		lo, hi = ev.bounds[i].narrow(lo, hi)
	}
	return lo, hi
}

// filter is a predicate: an interval of event times that moves with t, and a condition on the row.
type filter struct {
	bounds []int // among the evaluator's
	// rest is the condition's place among the evaluator's verdicts, -1 where there is none.
	rest int
	// lo and hi are the interval at the moment asked for.
	lo, hi int64
}

// moveFilters brings bounds and filters to the moment of the row's environment.
func (ev *Evaluator) moveFilters() error {
	if err := ev.moveBounds(&ev.rows.env); err != nil {
		return err
	}
	ev.where.lo, ev.where.hi = ev.interval(ev.where.bounds)
	for i := range ev.filters {
		f := &ev.filters[i]
		f.lo, f.hi = ev.interval(f.bounds)
	}
	return nil
}

// admits reports whether e's event time is within the bounds. One that is NULL is within none.
func (f *filter) admits(e *history.Entry) bool {
	return len(f.bounds) == 0 || (e.HasE && f.lo <= e.E && e.E <= f.hi)
}

// empty reports whether no entry is admitted.
func (f *filter) empty() bool { return len(f.bounds) > 0 && f.lo > f.hi }

// widen grows w by the event times from lo to hi.
func widen(w *history.Window, lo, hi int64) {
	if lo > math.MinInt64 { // which stays what it is: no bound
		lo--
	}
	w.ELow, w.EHigh = min(w.ELow, lo), max(w.EHigh, hi)
}

// scanWindow returns the entries to look at for a moment, and whether there are any. An entity exists by all rows that pass WHERE;
// where it exists anyway, only those count that an aggregate admits.
func (ev *Evaluator) scanWindow(t int64) (history.Window, bool) {
	w := history.Window{AsOf: t, ELow: math.MaxInt64, EHigh: math.MinInt64}
	if ev.where.empty() {
		return w, false
	}
	if len(ev.f.Keys) > 0 {
		widen(&w, ev.where.lo, ev.where.hi)
		return w, true
	}
	any := false
	for i := range ev.filters {
		f := &ev.filters[i]
		if lo, hi := max(f.lo, ev.where.lo), min(f.hi, ev.where.hi); lo <= hi {
			widen(&w, lo, hi)
			any = true
		}
	}
	return w, any
}
