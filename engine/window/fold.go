package window

import (
	"github.com/asofdb/asof/engine/history"
	"github.com/asofdb/asof/sql/types"
)

// fold is the scan: every entry that is visible at t, in one pass. It returns how many rows pass WHERE. failed is the first error of an
// expression, which ends the fold; err one of reading the log.
func (ev *Evaluator) fold(log *Log, t int64) (count int64, failed, err error) {
	ev.reset()
	w, any := ev.scanWindow(t)
	if !any {
		return 0, nil, nil
	}
	first := log.firstPos(t)
	ev.cursor.Open(log.Root, log.More, w, log.Fetch, log.Pending...)
	for e := ev.cursor.Next(); e != nil; e = ev.cursor.Next() {
		if e.Pos < first {
			continue
		}
		counted, err := ev.take(e)
		if err != nil {
			return 0, err, nil
		}
		if counted {
			count += int64(e.Sign)
		}
	}
	return count, nil, ev.cursor.Err()
}

func (ev *Evaluator) reset() {
	for i := range ev.states {
		ev.states[i].Reset()
	}
}

// turn turns to an entry: nothing is known of its row.
func (ev *Evaluator) turn(e *history.Entry) {
	ev.rows.turn(e)
	clear(ev.rests.known)
	for i := range ev.args.list {
		ev.args.list[i].known = false
	}
}

// take folds one entry into the states and reports whether it passes WHERE.
func (ev *Evaluator) take(e *history.Entry) (bool, error) {
	if !ev.where.admits(e) {
		return false, nil
	}
	ev.turn(e)
	if ok, err := ev.rests.pass(ev.where.rest, &ev.rows); !ok || err != nil {
		return false, err
	}
	for i := range ev.filters {
		f := &ev.filters[i]
		if !f.admits(e) {
			continue
		}
		ok, err := ev.rests.pass(f.rest, &ev.rows)
		if err != nil {
			return false, err
		}
		if !ok {
			continue
		}
		for _, s := range f.states {
			if err := ev.apply(&ev.states[s], e.Sign); err != nil {
				return false, err
			}
		}
	}
	return true, nil
}

// apply adds or retracts the row to or from one state.
func (ev *Evaluator) apply(s *state, sign int8) error {
	var v types.Value
	if s.arg >= 0 {
		var err error
		if v, err = ev.args.value(s.arg, &ev.rows); err != nil {
			return err
		}
	}
	if sign > 0 {
		s.Add(v)
	} else {
		s.Retract(v)
	}
	return nil
}
