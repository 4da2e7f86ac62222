package window

import (
	"encoding/binary"
	"math"
	"slices"

	"github.com/asofdb/asof/engine/history"
	"github.com/asofdb/asof/sql/expr"
	"github.com/asofdb/asof/sql/types"
)

// Contributor is a row version behind a value.
type Contributor struct {
	// Entry is what made it visible: commit and event time, position in the source's log, and all columns of the layout. It is the caller's to keep.
	Entry history.Entry
	// Aggs are the feature's aggregates that count it, among those that the output reads, ascending.
	Aggs []int
}

// Contributors returns the row versions that are live at t and counted by an aggregate that the output (an index of the feature's Outputs) reads, in
// log order. A row whose argument is NULL is counted by no aggregate but COUNT(*). For an output without aggregates they are all that make
// the entity have a row, and in an attribute feature the one row version that is the value.
//
// An end in the log names its row version by its values. Of several live versions that agree in all columns of the layout and the event time, it ends the newest.
func (ev *Evaluator) Contributors(key []types.Value, log Log, t int64, output int) ([]Contributor, error) {
	if log.Root == nil {
		log.Root = ev.empty
	}
	ev = ev.idle()
	ev.rows.begin(key, t)
	if err := ev.moveFilters(); err != nil {
		return nil, err
	}
	w := history.All(t)
	if !ev.f.Attribute { // both entries of a version have one event time: they are read or left out together
		if ev.where.empty() {
			return nil, nil
		}
		w = history.Window{AsOf: t, ELow: math.MaxInt64, EHigh: math.MinInt64}
		widen(&w, ev.where.lo, ev.where.hi)
	}
	live, err := ev.liveVersions(&log, w)
	if err != nil {
		return nil, err
	}
	if n := len(live); ev.f.Attribute && n > 1 {
		live = live[n-1:]
	}
	aggs := ev.aggregatesOf(output)
	var out []Contributor
	for i := range live {
		counted, by, err := ev.countedBy(&live[i], aggs)
		if err != nil {
			return nil, err
		}
		if counted && (len(aggs) == 0 || len(by) > 0) {
			out = append(out, Contributor{Entry: live[i], Aggs: by})
		}
	}
	return out, nil
}

// aggregatesOf lists the aggregates that an output reads.
func (ev *Evaluator) aggregatesOf(output int) []int {
	var aggs []int
	if ev.f.Attribute {
		return nil
	}
	expr.Walk(ev.f.Outputs[output].X, func(x expr.Expr) bool {
		if c, ok := x.(*expr.Column); ok && c.Index >= len(ev.f.Keys) {
			aggs = append(aggs, c.Index-len(ev.f.Keys))
		}
		return true
	})
	slices.Sort(aggs)
	return slices.Compact(aggs)
}

// liveVersions returns the entries of the row versions that are live at w's moment, in log order, with columns of their own.
func (ev *Evaluator) liveVersions(log *Log, w history.Window) ([]history.Entry, error) {
	first := log.firstPos(w.AsOf)
	var versions []history.Entry
	var ended []bool
	open := map[string][]int{} // the live versions of one identity, the newest last
	var id []byte
	cursor := history.NewCursor(ev.layout, nil)
	cursor.Open(log.Root, log.More, w, log.Fetch, log.Pending...)
	for e := cursor.Next(); e != nil; e = cursor.Next() {
		if e.Pos < first {
			continue
		}
		id = AppendVersion(id[:0], ev.layout, e)
		same := open[string(id)]
		if e.Sign > 0 {
			open[string(id)] = append(same, len(versions))
			versions, ended = append(versions, ownEntry(e)), append(ended, false)
		} else if n := len(same); n > 0 {
			ended[same[n-1]] = true
			open[string(id)] = same[:n-1]
		}
	}
	live := versions[:0]
	for i := range versions {
		if !ended[i] {
			live = append(live, versions[i])
		}
	}
	return live, cursor.Err()
}

// AppendVersion appends bytes that are equal for entries with the same event time and columns.
func AppendVersion(dst []byte, l *history.Layout, e *history.Entry) []byte {
	if e.HasE {
		dst = binary.LittleEndian.AppendUint64(append(dst, 1), uint64(e.E))
	} else {
		dst = append(dst, 0)
	}
	for i, t := range l.Types {
		dst = types.AppendValue(dst, t, e.Cols[i])
	}
	return dst
}

func ownEntry(e *history.Entry) history.Entry {
	own := *e
	own.Cols = make([]types.Value, len(e.Cols))
	for i, v := range e.Cols {
		own.Cols[i] = v.Clone()
	}
	return own
}

// countedBy reports whether e passes WHERE, and which of the aggregates count it.
func (ev *Evaluator) countedBy(e *history.Entry, aggs []int) (passes bool, by []int, err error) {
	if !ev.where.admits(e) {
		return false, nil, nil
	}
	ev.turn(e)
	if ok, err := ev.rests.pass(ev.where.rest, &ev.rows); !ok || err != nil {
		return false, nil, err
	}
	for _, a := range aggs {
		f := &ev.filters[ev.filterOf[a]]
		if !f.admits(e) {
			continue
		}
		if ok, err := ev.rests.pass(f.rest, &ev.rows); err != nil {
			return false, nil, err
		} else if !ok {
			continue
		}
		if arg := ev.argOf[a]; arg >= 0 {
			if v, err := ev.args.value(arg, &ev.rows); err != nil {
				return false, nil, err
			} else if v.IsNull() {
				continue
			}
		}
		by = append(by, a)
	}
	return true, by, nil
}
