package window

import (
	"github.com/asofdb/asof/engine/history"
	"github.com/asofdb/asof/sql/types"
)

// attribute returns the outputs over the row version that is live at t, or nil where there is none or it does not pass WHERE. The row is the caller's.
func (ev *Evaluator) attribute(log *Log, t int64) ([]types.Value, error) {
	e, err := ev.newest(log, t)
	if e == nil || err != nil {
		return nil, err
	}
	row, err := ev.attributesOf(e)
	return ownRow(row), err
}

// attributesOf returns the outputs over a row version, or nil where it does not pass WHERE. The row is the evaluator's.
func (ev *Evaluator) attributesOf(e *history.Entry) ([]types.Value, error) {
	if !ev.where.admits(e) {
		return nil, nil
	}
	ev.turn(e)
	if ok, err := ev.rests.pass(ev.where.rest, &ev.rows); !ok || err != nil {
		return nil, err
	}
	return ev.evalOutputs(ev.rows.at())
}

// newest returns the entry of the newest row version that is live at t: the last to appear that has not ceased. An entity of an attribute
// feature is one row of the source, so there is one live version at most; should there be more, each entry that ceases ends
// the newest of its like.
//
// The log is read block by block from its end, so that an entity with a long history costs what its last block costs. Entries
// that cease what appeared in an older block wait for that block among the ended.
func (ev *Evaluator) newest(log *Log, t int64) (*history.Entry, error) {
	first := log.firstPos(t)
	ev.ended = ev.ended[:0]
	ev.cursor.OpenBlocks(log.Root, log.More, history.All(t), log.Fetch, log.Pending...)
	for ev.cursor.PrevBlock() {
		older := len(ev.ended)
		ev.live = ev.live[:0]
		for e := ev.cursor.Next(); e != nil; e = ev.cursor.Next() {
			switch {
			case e.Pos < first:
			case e.Sign > 0:
				ev.live = push(ev.live, e)
			case !ev.end(e):
				ev.ended = push(ev.ended, e)
			}
		}
		ev.settle(older)
		if len(ev.live) > 0 && ev.cursor.Err() == nil {
			return &ev.live[len(ev.live)-1], nil
		}
	}
	return nil, ev.cursor.Err()
}

// push appends a copy of e. Its columns take the place of those of an entry that was dropped.
func push(list []history.Entry, e *history.Entry) []history.Entry {
	var cols []types.Value
	if n := len(list); n < cap(list) {
		cols = list[:n+1][n].Cols[:0]
	}
	list = append(list, *e)
	list[len(list)-1].Cols = append(cols, e.Cols...)
	return list
}

// drop takes entry i out of list and keeps it behind the end, for push.
func drop(list []history.Entry, i int) []history.Entry {
	dropped := list[i]
	last := i + copy(list[i:], list[i+1:])
	list[last] = dropped
	return list[:last]
}

// end takes the newest live version that e ends out of the block's, if there is one.
func (ev *Evaluator) end(e *history.Entry) bool {
	for i := len(ev.live) - 1; i >= 0; i-- {
		if ev.rows.same(&ev.live[i], e) {
			ev.live = drop(ev.live, i)
			return true
		}
	}
	return false
}

// settle ends versions of the block by the first n of the ended, which stand in newer blocks.
func (ev *Evaluator) settle(n int) {
	for i := n - 1; i >= 0; i-- {
		if ev.end(&ev.ended[i]) {
			ev.ended = drop(ev.ended, i)
		}
	}
}

// same reports whether two entries are of the same row version, as far as the feature sees.
func (r *rows) same(a, b *history.Entry) bool {
	if a.HasE != b.HasE || (a.HasE && a.E != b.E) {
		return false
	}
	for _, p := range r.fill {
		if !types.Identical(a.Cols[p.from], b.Cols[p.from]) {
			return false
		}
	}
	return true
}
