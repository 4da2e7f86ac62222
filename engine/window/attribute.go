package window

import (
	"github.com/asofdb/asof/engine/history"
	"github.com/asofdb/asof/sql/types"
)

// attribute returns the outputs over the row version that is live at t, or nil where there is none or it does not pass WHERE.
func (ev *Evaluator) attribute(log *Log, t int64) ([]types.Value, error) {
	e, err := ev.newest(log, t)
	if e == nil || err != nil || !ev.where.admits(e) {
		return nil, err
	}
	ev.turn(e)
	if ok, err := ev.rests.pass(ev.where.rest, &ev.rows); !ok || err != nil {
		return nil, err
	}
	return evalOutputs(ev.f.Outputs, ev.rows.at())
}

// newest returns the entry of the newest row version that is live at t: the last to appear that has not ceased. An entity of an attribute
// feature is one row of the source, so there is one live version at most; should there be more, each entry that ceases ends
// the newest of its like.
func (ev *Evaluator) newest(log *Log, t int64) (*history.Entry, error) {
	first := log.firstPos(t)
	live := ev.versions[:0]
	ev.cursor.Open(log.Root, log.More, history.All(t), log.Fetch)
	for e := ev.cursor.Next(); e != nil; e = ev.cursor.Next() {
		switch {
		case e.Pos < first:
		case e.Sign > 0:
			live = push(live, e)
		default:
			live = ev.rows.end(live, e)
		}
	}
	ev.versions = live
	if err := ev.cursor.Err(); err != nil || len(live) == 0 {
		return nil, err
	}
	return &live[len(live)-1], nil
}

// push appends a copy of e. Its columns take the place of an entry's that has ended.
func push(live []history.Entry, e *history.Entry) []history.Entry {
	var cols []types.Value
	if n := len(live); n < cap(live) {
		cols = live[:n+1][n].Cols[:0]
	}
	live = append(live, *e)
	live[len(live)-1].Cols = append(cols, e.Cols...)
	return live
}

// end takes the newest version like e out of live and keeps it behind the end, for push.
func (r *rows) end(live []history.Entry, e *history.Entry) []history.Entry {
	for i := len(live) - 1; i >= 0; i-- {
		if r.same(&live[i], e) {
			ended := live[i]
			last := copy(live[i:], live[i+1:]) + i
			live[last] = ended
			return live[:last]
		}
	}
	return live
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
