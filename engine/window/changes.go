package window

import (
	"slices"

	"github.com/asofdb/asof/engine/history"
	"github.com/asofdb/asof/sql/types"
)

// Changes calls yield for every moment in (from, to] at which the tuple of output values becomes another to the byte, in order: at is the first
// microsecond at which it is row, nil where the entity has no row. Before these it calls yield with from, if the entity has a row then. The row,
// and what its strings point to, are good until yield returns. An error of an evaluation, and one that yield returns, end it.
//
// With to before from there is nothing. from is a moment at which the feature can be read: the begin of its history or later.
func (ev *Evaluator) Changes(key []types.Value, log Log, from, to int64, yield func(at int64, row []types.Value) error) error {
	if log.Root == nil {
		log.Root = ev.empty
	}
	if to < from {
		return nil
	}
	moments, err := ev.moments(key, &log, from, to)
	if err != nil {
		return err
	}
	var last []types.Value
	for _, t := range append([]int64{from}, moments...) {
		row, err := ev.Eval(key, log, t)
		if err != nil {
			return err
		}
		if sameRow(row, last) {
			continue
		}
		last = row
		if err := yield(t, row); err != nil {
			return err
		}
	}
	return nil
}

// sameRow reports whether two rows are the same to the byte; nil is no row.
func sameRow(a, b []types.Value) bool {
	return (a == nil) == (b == nil) && slices.EqualFunc(a, b, types.Identical)
}

// moments lists the moments in (from, to] at which the entity's row may become another, and others: those at which an entry becomes visible or its event
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
		if found {
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
