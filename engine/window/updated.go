package window

import (
	"slices"

	"github.com/asofdb/asof/engine/history"
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

// LastChange returns when row, which is the entity's at t, began to hold, if that is found by one more evaluation, and else known = false. It is UpdatedAt for a
// history that begins at at or before; in one that begins later, the row has held since its begin.
//
// Of all moments until t at which a row may become another the newest is found in one pass over the log; mostly the row was another just before it.
func (ev *Evaluator) LastChange(key []types.Value, log Log, row []types.Value, t int64) (at int64, known bool, err error) {
	if log.Root == nil {
		log.Root = ev.empty
	}
	ev = ev.idle()
	find := ev.lastMoment
	if log.Root.Count() > manyEntries && ev.steady(t) {
		find = ev.lastMomentNear
	}
	at, any, err := find(key, &log, t)
	if err != nil || !any {
		return 0, false, err
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
	see := func(at int64) {
		if at <= t && (!any || at > last) {
			last, any = at, true
		}
	}
	for _, x := range log.Truncations {
		see(x.C)
	}
	ev.rows.begin(key, t)
	ev.cursor.Open(log.Root, log.More, history.All(t), log.Fetch, log.Pending...)
	for e := ev.cursor.Next(); e != nil; e = ev.cursor.Next() {
		see(e.C)
		if ev.turns, err = ev.appendTurns(ev.turns[:0], e, e.C, t); err != nil {
			return 0, false, err
		}
		for _, at := range ev.turns {
			see(at)
		}
	}
	return last, any, ev.cursor.Err()
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
