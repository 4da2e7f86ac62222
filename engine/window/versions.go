package window

import (
	"math"
	"slices"

	"github.com/asofdb/asof/engine/history"
	"github.com/asofdb/asof/sql/types"
)

// versions carries the live row version of an attribute feature's entity through time, in one pass over the log. It is newest, from the other end.
type versions struct {
	ev   *Evaluator
	log  *Log
	next *history.Entry // the first entry that is not visible yet, nil at the end
	// The live versions stand in ev.live. changed says that the newest may be another than when turns were found.
	changed bool
	first   int64   // entries must have reached this position
	turns   []int64 // what is still to come of the moments at which the newest version may begin or cease to pass WHERE
}

// follow begins before all time; entries later than last are not read.
func (ev *Evaluator) follow(key []types.Value, log *Log, last int64) *versions {
	v := &versions{ev: ev, log: log, first: math.MinInt64, changed: true}
	ev.rows.begin(key, last)
	ev.live = ev.live[:0]
	ev.cursor.Open(log.Root, log.More, history.All(last), log.Fetch, log.Pending...)
	v.next = ev.cursor.Next()
	return v
}

// advance leads to t, which is not before the moment at which v is.
func (v *versions) advance(t int64) error {
	ev := v.ev
	if first := v.log.firstPos(t); first > v.first {
		v.first, v.changed = first, true
		for len(ev.live) > 0 && ev.live[0].Pos < first {
			ev.live = drop(ev.live, 0)
		}
	}
	for ; v.next != nil && v.next.C <= t; v.next = ev.cursor.Next() {
		switch e := v.next; {
		case e.Pos < v.first:
		case e.Sign > 0:
			ev.live = push(ev.live, e)
			v.changed = true
		case ev.end(e):
			v.changed = true
		}
	}
	return ev.cursor.Err()
}

// row evaluates the feature at t, which v is at.
func (v *versions) row(t int64) ([]types.Value, error) {
	ev := v.ev
	ev.rows.env.Now = t
	if err := ev.moveFilters(); err != nil {
		return nil, err
	}
	n := len(ev.live)
	if n == 0 {
		return nil, nil
	}
	return ev.attributesOf(&ev.live[n-1])
}

// manyVersions is EvalMany for an attribute feature.
func (ev *Evaluator) manyVersions(key []types.Value, log *Log, times []int64, yield func(i int, row []types.Value) error) error {
	v := ev.follow(key, log, times[len(times)-1])
	for i, t := range times {
		err := v.advance(t)
		if err != nil {
			return err
		}
		row, err := v.row(t)
		if err == nil {
			err = yield(i, row)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// changesOfVersions is Changes for an attribute feature.
func (ev *Evaluator) changesOfVersions(key []types.Value, log *Log, from, to int64, w *changeWatch) error {
	v := ev.follow(key, log, to)
	for t, found := from, true; found; t, found = v.nextMoment(t, to) {
		if err := v.advance(t); err != nil {
			return err
		}
		row, err := v.row(t)
		if err == nil {
			err = w.see(t, row)
		}
		if err == nil && v.changed {
			err = v.findTurns(t, to)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// findTurns lists the moments after t at which time alone may change the row.
func (v *versions) findTurns(t, to int64) (err error) {
	v.changed, v.turns = false, v.turns[:0]
	if n := len(v.ev.live); n > 0 {
		v.turns, err = v.ev.appendTurns(v.turns, &v.ev.live[n-1], t, to)
		slices.Sort(v.turns)
	}
	return err
}

// nextMoment returns the first moment after t, up to last, at which the row may become another.
func (v *versions) nextMoment(t, last int64) (at int64, found bool) {
	at = math.MaxInt64
	earliest := func(x int64) {
		if t < x && x <= last && (!found || x < at) {
			at, found = x, true
		}
	}
	if v.next != nil {
		earliest(v.next.C)
	}
	for _, x := range v.log.Truncations {
		earliest(x.C)
	}
	for len(v.turns) > 0 && v.turns[0] <= t {
		v.turns = v.turns[1:]
	}
	if len(v.turns) > 0 {
		earliest(v.turns[0])
	}
	return at, found
}
