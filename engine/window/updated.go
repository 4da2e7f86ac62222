package window

import (
	"slices"

	"github.com/asofdb/asof/engine/history"
	"github.com/asofdb/asof/sql/expr"
	"github.com/asofdb/asof/sql/types"
)

// aSecond is in microseconds.
const aSecond = 1_000_000

// UpdatedAt returns when the tuple of output values that holds at t began to hold: the From of t's Period in a history that begins at from. known
// is false where the entity has had no row until t.
//
// It looks for the last change back from t, over a reach that grows: the newest entry mostly has made one.
func (ev *Evaluator) UpdatedAt(key []types.Value, log Log, from, t int64) (at int64, known bool, err error) {
	if log.Root == nil {
		log.Root = ev.empty
	}
	ev = ev.idle()
	newest, any, err := ev.newestCommit(&log, t)
	if err != nil {
		return 0, false, err
	}
	const growth, farthest = 32, 1 << 57
	reach := int64(farthest)
	if any {
		reach = max(t-newest+1, aSecond)
	}
	for ; ; reach *= growth {
		begin := from
		if reach < farthest {
			begin = max(from, t-reach)
		}
		err = ev.Changes(key, log, begin, t, func(change int64, _ []types.Value) error {
			// A row at begin need not have begun there.
			if change > begin || begin == from {
				at, known = change, true
			}
			return nil
		})
		if err != nil || known || begin == from {
			return at, known, err
		}
	}
}

// LastChange returns when row, which is the entity's at t, began to hold, if that is found by one more evaluation at most, and else known = false. It is UpdatedAt for a
// history that begins at at or before; in one that begins later, the row has held since its begin.
//
// Of all moments until t at which a row may become another the newest is found in one pass over the log; mostly the row was another just before it, and mostly a
// count among its columns says so (recounts). Otherwise the row before it is evaluated.
func (ev *Evaluator) LastChange(key []types.Value, log Log, row []types.Value, t int64) (at int64, known bool, err error) {
	if log.Root == nil {
		log.Root = ev.empty
	}
	ev = ev.idle()
	find := ev.lastMoment
	ev.moved = ev.moved[:0]
	if log.Root.Count() > manyEntries && ev.steady(t) {
		find = ev.lastMomentNear
	}
	at, any, err := find(key, &log, t)
	if err != nil || !any {
		return 0, false, err
	}
	if changed, err := ev.recounts(key, &log, at); err != nil || changed {
		return at, changed && err == nil, nil
	}
	before, err := ev.eval(key, &log, at-1)
	if err != nil {
		return 0, false, nil // what fails in the past need not matter now: UpdatedAt knows
	}
	same := (before != nil) == (row != nil) && slices.EqualFunc(before, row, types.Identical)
	return at, !same, nil
}

// lastMoment returns the newest moment until t at which the entity's row may have become another; any is false where there is none.
func (ev *Evaluator) lastMoment(key []types.Value, log *Log, t int64) (last int64, any bool, err error) {
	see := func(at int64) bool {
		if at > t || any && at < last {
			return false
		}
		if !any || at > last {
			last, any, ev.moved = at, true, ev.moved[:0]
		}
		return true
	}
	for _, x := range log.Truncations {
		see(x.C)
	}
	ev.rows.begin(key, t)
	ev.cursor.Open(log.Root, log.More, history.All(t), log.Fetch, log.Pending...)
	for e := ev.cursor.Next(); e != nil; e = ev.cursor.Next() {
		moves := see(e.C)
		if ev.turns, err = ev.appendTurns(ev.turns[:0], e, e.C, t); err != nil {
			return 0, false, err
		}
		for _, at := range ev.turns {
			moves = see(at) || moves
		}
		if moves && len(ev.counts) > 0 {
			ev.keepMoved(e)
		}
	}
	return last, any, ev.cursor.Err()
}

// countColumns returns the filters of the counts of rows among the outputs, each once; none where time changes more than the bounds.
func (ev *Evaluator) countColumns() (filters []int) {
	if ev.f.Attribute || len(ev.edges) > 0 {
		return nil
	}
	for i := range ev.f.Outputs {
		c, ok := ev.f.Outputs[i].X.(*expr.Column)
		if !ok || c.Index < len(ev.f.Keys) {
			continue
		}
		a := c.Index - len(ev.f.Keys)
		if f := ev.filterOf[a]; ev.argOf[a] < 0 && !slices.Contains(filters, f) {
			filters = append(filters, f)
		}
	}
	return filters
}

// keepMoved keeps an entry that may begin or cease to count at the newest moment so far.
func (ev *Evaluator) keepMoved(e *history.Entry) {
	if len(ev.moved) == 0 {
		ev.movedCols = ev.movedCols[:0]
	}
	n := len(ev.movedCols)
	ev.movedCols = append(ev.movedCols, e.Cols...)
	ev.moved = append(ev.moved, *e)
	ev.moved[len(ev.moved)-1].Cols = ev.movedCols[n:len(ev.movedCols):len(ev.movedCols)]
}

// recounts reports whether a count among the entity's columns became another at a moment, the newest that lastMoment found: all that can make it another are the
// entries that it kept. False says nothing.
func (ev *Evaluator) recounts(key []types.Value, log *Log, at int64) (bool, error) {
	if len(ev.moved) == 0 || slices.ContainsFunc(log.Truncations, func(x Truncation) bool { return x.C == at }) {
		return false, nil
	}
	first := log.firstPos(at)
	ev.changed = append(ev.changed[:0], make([]int64, len(ev.counts))...)
	for _, t := range [...]int64{at - 1, at} {
		ev.rows.begin(key, t)
		if err := ev.moveFilters(); err != nil {
			return false, err
		}
		for i := range ev.moved {
			e := &ev.moved[i]
			if e.Pos < first || e.C > t || !ev.where.admits(e) {
				continue
			}
			if err := ev.recount(e, t == at); err != nil {
				return false, err
			}
		}
	}
	return slices.ContainsFunc(ev.changed, func(n int64) bool { return n != 0 }), nil
}

// recount adds to changed what an entry counts now, or takes away what it counted before.
func (ev *Evaluator) recount(e *history.Entry, now bool) error {
	n := int64(e.Sign)
	if !now {
		n = -n
	}
	ev.turn(e)
	if ok, err := ev.rests.pass(ev.where.rest, &ev.rows); !ok || err != nil {
		return err
	}
	for k, f := range ev.counts {
		if !ev.filters[f].admits(e) {
			continue
		}
		ok, err := ev.rests.pass(ev.filters[f].rest, &ev.rows)
		if err != nil {
			return err
		}
		if ok {
			ev.changed[k] += n
		}
	}
	return nil
}

// manyEntries is when a log has so many sealed chunks that leaving some out is worth a pass for each bound.
const manyEntries = 1024

// steady reports whether time changes a row by bounds at a fixed distance from NOW() alone.
func (ev *Evaluator) steady(t int64) bool {
	return len(ev.edges) == 0 && near(t) && !slices.ContainsFunc(ev.bounds, func(b bound) bool { return !b.mover.linear })
}

// lastMomentNear is lastMoment where steady: chunks whose event times no bound has passed since the newest commit are left out.
func (ev *Evaluator) lastMomentNear(_ []types.Value, log *Log, t int64) (last int64, any bool, err error) {
	if last, any, err = ev.newestCommit(log, t); err != nil || !any {
		return last, any, err
	}
	for _, x := range log.Truncations {
		if x.C <= t {
			last = max(last, x.C)
		}
	}
	for i := range ev.bounds {
		b := &ev.bounds[i]
		w := history.Window{AsOf: t, ELow: last + b.mover.shift - 2, EHigh: t + b.mover.shift}
		ev.cursor.Open(log.Root, log.More, w, log.Fetch, log.Pending...)
		for e := ev.cursor.Next(); e != nil; e = ev.cursor.Next() {
			if !e.HasE {
				continue
			}
			at, found, err := b.crossing(e.E, e.C, t)
			if err != nil {
				return 0, false, err
			}
			if found && at > last {
				last = at
			}
		}
		if err := ev.cursor.Err(); err != nil {
			return 0, false, err
		}
	}
	return last, true, nil
}

// newestCommit returns the commit time of the newest entry that is visible at t, if there is one.
func (ev *Evaluator) newestCommit(log *Log, t int64) (c int64, any bool, err error) {
	ev.cursor.OpenBlocks(log.Root, log.More, history.All(t), log.Fetch, log.Pending...)
	for !any && ev.cursor.PrevBlock() {
		for e := ev.cursor.Next(); e != nil; e = ev.cursor.Next() {
			c, any = e.C, true
		}
	}
	return c, any, ev.cursor.Err()
}

// EvalManyUpdated is EvalMany with, for each row, when its tuple of values began to hold: what UpdatedAt says for a history that begins at from. Where
// there is no row, the moment means nothing.
func (ev *Evaluator) EvalManyUpdated(key []types.Value, log Log, from int64, times []int64, yield func(i int, row []types.Value, since int64) error) error {
	if log.Root == nil {
		log.Root = ev.empty
	}
	ev = ev.idle()
	ev.busy = true
	defer ev.done()
	together := len(times)
	if !ev.worthOnePass(key, &log, times) {
		together = 1
	}
	for i := 0; i < len(times); {
		n, err := ev.updatedMany(key, &log, from, times[i:min(i+together, len(times))], func(n int, row []types.Value, since int64) error {
			return yield(i+n, row, since)
		})
		if err != nil {
			return err
		}
		i += n
	}
	return nil
}

// updatedMany is EvalManyUpdated as far as a sweep goes, and for one moment at least: it returns for how many it has called yield.
func (ev *Evaluator) updatedMany(key []types.Value, log *Log, from int64, times []int64, yield func(i int, row []types.Value, since int64) error) (done int, err error) {
	if !ev.f.Attribute {
		if done, err = ev.sweepUpdated(key, log, from, times, yield); done > 0 || err != nil {
			return done, err
		}
	}
	row, err := ev.eval(key, log, times[0])
	if err != nil {
		return 0, err
	}
	since, _, err := ev.UpdatedAt(key, *log, from, times[0])
	if err != nil {
		return 0, err
	}
	return 1, yield(0, row, since)
}

// sweepUpdated is updatedMany by a sweep. It need not see every change: of those between one moment and the next it looks at the last few, before which it
// takes a row to compare with. Should they leave the row as it was, it asks UpdatedAt, and looks at more from then on.
func (ev *Evaluator) sweepUpdated(key []types.Value, log *Log, from int64, times []int64, yield func(i int, row []types.Value, since int64) error) (done int, err error) {
	begin, err := ev.shortlyBefore(log, from, times[0])
	if err != nil || begin > times[0] {
		return 0, err
	}
	s := ev.sweeper()
	defer ev.shed()
	if s.load(key, log, begin, times[len(times)-1]) != nil {
		return 0, nil
	}
	u := update{sweep: s, from: from, few: 2}
	if u.skip(begin) != nil {
		return 0, nil
	}
	for i, t := range times {
		row, steady, err := u.row(t)
		if err != nil || !steady {
			return i, err
		}
		if row != nil && !u.known {
			u.few *= 4
			if u.since, u.known, err = ev.UpdatedAt(key, *log, from, t); err != nil {
				return i, err
			}
		}
		if err := yield(i, row, u.since); err != nil {
			return i, err
		}
	}
	return len(times), nil
}

// shortlyBefore returns a moment before t from which on there probably was a change.
func (ev *Evaluator) shortlyBefore(log *Log, from, t int64) (int64, error) {
	newest, any, err := ev.newestCommit(log, t)
	if err != nil || !any {
		return from, err
	}
	return max(from, min(newest-1, t-aSecond)), nil
}

// update follows when the row of a sweep became what it is.
type update struct {
	*sweep
	from  int64 // when the history begins
	since int64
	known bool
	last  []types.Value
	has   bool // last is a row
	few   int
}

// skip leads to t without looking at the changes on the way.
func (u *update) skip(t int64) error {
	if err := u.advance(t); err != nil {
		return err
	}
	row, err := u.sweep.row()
	if err != nil {
		return err
	}
	u.keep(row)
	u.since, u.known = t, t == u.from
	return nil
}

func (u *update) keep(row []types.Value) {
	u.has = row != nil
	u.last = append(u.last[:0], row...)
}

// row leads to t and returns the row there; steady is false where the sweep cannot go on.
func (u *update) row(t int64) (row []types.Value, steady bool, err error) {
	m, any, err := u.recent(t, u.few)
	if err != nil {
		return nil, false, nil
	}
	if any && m > u.t {
		if u.skip(m) != nil {
			return nil, false, nil
		}
	}
	for any {
		at, found, err := u.next(t)
		if err != nil {
			return nil, false, nil
		}
		if !found {
			break
		}
		if u.advance(at) != nil {
			return nil, false, nil
		}
		if !u.stale {
			continue
		}
		row, err := u.sweep.row()
		if err != nil {
			return nil, true, err
		}
		if (row != nil) != u.has || !slices.EqualFunc(row, u.last[:len(row)], types.Identical) {
			u.keep(row)
			u.since, u.known = at, true
		}
	}
	if u.advance(t) != nil {
		return nil, false, nil
	}
	row, err = u.sweep.row()
	return row, true, err
}
