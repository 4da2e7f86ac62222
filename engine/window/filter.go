package window

import (
	"fmt"
	"math"

	"github.com/asofdb/asof/engine/history"
	"github.com/asofdb/asof/sql/expr"
	"github.com/asofdb/asof/sql/plan"
)

// filter is a predicate: an interval of event times that moves with t, and a condition on the row.
type filter struct {
	bounds []plan.Bound
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
	for _, b := range f.bounds {
		v, err := b.At.Eval(env)
		if err != nil {
			return err
		}
		at, ok := history.EventTime(v)
		if !ok { // a comparison with NULL is not true
			f.lo, f.hi = math.MaxInt64, math.MinInt64
			return nil
		}
		if err := f.narrow(b.Op, at); err != nil {
			return err
		}
	}
	return nil
}

// narrow intersects the interval with {e : e op at}.
func (f *filter) narrow(op string, at int64) error {
	switch op {
	case ">=":
		f.lo = max(f.lo, at)
	case "<=":
		f.hi = min(f.hi, at)
	case "=":
		f.lo, f.hi = max(f.lo, at), min(f.hi, at)
	case ">":
		if at == math.MaxInt64 {
			f.lo, f.hi = math.MaxInt64, math.MinInt64
		} else {
			f.lo = max(f.lo, at+1)
		}
	case "<":
		if at == math.MinInt64 {
			f.lo, f.hi = math.MaxInt64, math.MinInt64
		} else {
			f.hi = min(f.hi, at-1)
		}
	default:
		return fmt.Errorf("window: a bound with the operator %q", op)
	}
	return nil
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
