package window

import (
	"slices"

	"github.com/asofdb/asof/engine/history"
	"github.com/asofdb/asof/sql/types"
)

// Changes calls yield for every moment in (from, to] at which the tuple of output values becomes another to the byte, in order: at is the first
// microsecond at which it is row, nil where the entity has no row. Before these it calls yield with from, if the entity has a row then. The row
// is good until yield returns, and what its values point to until Changes does. An error of an evaluation, and one that yield returns, end it.
//
// With to before from there is nothing. from is a moment at which the feature can be read: the begin of its history or later.
func (ev *Evaluator) Changes(key []types.Value, log Log, from, to int64, yield func(at int64, row []types.Value) error) error {
	if to < from {
		return nil
	}
	if log.Root == nil {
		log.Root = ev.empty
	}
	ev = ev.idle()
	ev.busy = true
	defer ev.done()
	w := changeWatch{yield: yield, at: from}
	if ev.f.Attribute {
		return ev.changesOfVersions(key, &log, from, to, &w)
	}
	if done, err := ev.sweepChanges(key, &log, from, to, &w); done || err != nil {
		return err
	}
	return ev.changesByEval(key, &log, to, &w)
}

// changeWatch passes on the rows that differ from the row before.
type changeWatch struct {
	yield func(at int64, row []types.Value) error
	// at is the moment up to which all has been seen; begun says that its own row has.
	at    int64
	begun bool
	last  []types.Value
	has   bool // last is a row
}

func (w *changeWatch) see(at int64, row []types.Value) error {
	w.at, w.begun = at, true
	if (row != nil) == w.has && slices.EqualFunc(row, w.last[:len(row)], types.Identical) {
		return nil
	}
	w.has = row != nil
	w.last = append(w.last[:0], row...)
	if row == nil {
		return w.yield(at, nil)
	}
	return w.yield(at, w.last)
}

// sweepChanges is Changes by a sweep; done is false where it could not go on, or did not begin.
func (ev *Evaluator) sweepChanges(key []types.Value, log *Log, from, to int64, w *changeWatch) (done bool, err error) {
	s := ev.sweeper()
	defer ev.shed()
	if s.load(key, log, from, to) != nil {
		return false, nil
	}
	for at, found := from, true; found; {
		if s.advance(at) != nil {
			return false, nil
		}
		if s.stale {
			row, err := s.row()
			if err == nil {
				err = w.see(at, row)
			}
			if err != nil {
				return false, err
			}
		}
		if at, found, err = s.next(to); err != nil {
			return false, nil
		}
	}
	return true, nil
}

// changesByEval is what is left of Changes, by an evaluation at each moment at which the row may become another.
func (ev *Evaluator) changesByEval(key []types.Value, log *Log, to int64, w *changeWatch) error {
	moments, err := ev.moments(key, log, w.at, to)
	if err != nil {
		return err
	}
	if !w.begun {
		moments = append([]int64{w.at}, moments...)
	}
	for _, t := range moments {
		row, err := ev.eval(key, log, t)
		if err == nil {
			err = w.see(t, row)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// moments lists the moments in (from, to] at which the entity's row may become another: those at which an entry becomes visible or is truncated, or its event
// time comes to the other side of what it is compared with.
func (ev *Evaluator) moments(key []types.Value, log *Log, from, to int64) ([]int64, error) {
	var out []int64
	for _, x := range log.Truncations {
		if from < x.C && x.C <= to {
			out = append(out, x.C)
		}
	}
	ev.rows.begin(key, to)
	ev.cursor.Open(log.Root, log.More, history.All(to), log.Fetch, log.Pending...)
	for e := ev.cursor.Next(); e != nil; e = ev.cursor.Next() {
		if e.C > from {
			out = append(out, e.C)
		}
		var err error
		if out, err = ev.appendTurns(out, e, max(from, e.C), to); err != nil {
			return nil, err
		}
	}
	slices.Sort(out)
	return slices.Compact(out), ev.cursor.Err()
}

// appendTurns appends the moments in (after, to] at which e may begin or cease to count, or count otherwise.
func (ev *Evaluator) appendTurns(dst []int64, e *history.Entry, after, to int64) ([]int64, error) {
	if !e.HasE {
		return dst, nil
	}
	for i := range ev.bounds {
		at, found, err := ev.bounds[i].crossing(e.E, after, to)
		if err != nil {
			return dst, err
		}
		if found && at > after {
			dst = append(dst, at)
		}
	}
	for i := range ev.edges {
		var err error
		if dst, err = ev.edges[i].appendTurns(dst, &ev.rows, e, after, to); err != nil {
			return dst, err
		}
	}
	return dst, nil
}
