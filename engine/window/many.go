package window

import (
	"github.com/asofdb/asof/engine/history"
	"github.com/asofdb/asof/sql/types"
)

// EvalMany calls yield with the row of the entity at each of times, which ascend: what Eval returns for times[i], nil where the entity has no row. The
// row is good until yield returns, and what its values point to until EvalMany does. An error of an evaluation, and one that yield returns, end it.
//
// One entity's log is read once for any number of moments, unless it is quicker to read for each the part that it needs.
func (ev *Evaluator) EvalMany(key []types.Value, log Log, times []int64, yield func(i int, row []types.Value) error) error {
	if log.Root == nil {
		log.Root = ev.empty
	}
	ev = ev.idle()
	ev.busy = true
	defer ev.done()
	switch {
	case len(times) == 0:
		return nil
	case ev.worthOnePass(key, &log, times):
		return ev.onePass(key, &log, times, yield)
	}
	return ev.evalEach(key, &log, times, 0, yield)
}

// done ends a method that has called back.
func (ev *Evaluator) done() { ev.busy = false }

// onePass is EvalMany by one pass over the log.
func (ev *Evaluator) onePass(key []types.Value, log *Log, times []int64, yield func(i int, row []types.Value) error) error {
	if ev.f.Attribute {
		return ev.manyVersions(key, log, times, yield)
	}
	done, err := ev.sweepMany(key, log, times, yield)
	if err != nil || done == len(times) {
		return err
	}
	return ev.evalEach(key, log, times, done, yield)
}

// evalEach is EvalMany by an evaluation for each moment from the i-th on.
func (ev *Evaluator) evalEach(key []types.Value, log *Log, times []int64, i int, yield func(i int, row []types.Value) error) error {
	for ; i < len(times); i++ {
		row, err := ev.eval(key, log, times[i])
		if err == nil {
			err = yield(i, row)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// sweepMany is EvalMany by a sweep, as far as it goes: it returns for how many moments it has called yield.
func (ev *Evaluator) sweepMany(key []types.Value, log *Log, times []int64, yield func(i int, row []types.Value) error) (done int, err error) {
	s := ev.sweeper()
	defer ev.shed()
	if s.load(key, log, times[0], times[len(times)-1]) != nil {
		return 0, nil
	}
	for i, t := range times {
		if s.advance(t) != nil {
			return i, nil
		}
		row, err := s.row()
		if err == nil {
			err = yield(i, row)
		}
		if err != nil {
			return i, err
		}
	}
	return len(times), nil
}

// maxKept is the most entries of which a sweep keeps the room for the next entity: some megabytes.
const maxKept = 1 << 16

// shed lets go of a sweep that a big entity has made big.
func (ev *Evaluator) shed() {
	if cap(ev.sweep.entries.c) > maxKept {
		ev.sweep = nil
	}
}

// sweeper returns the evaluator's sweep.
func (ev *Evaluator) sweeper() *sweep {
	if ev.sweep == nil {
		ev.sweep = newSweep(ev)
	}
	return ev.sweep
}

// An entry costs a sweep as much as sweepCost evaluations of it: it is sorted, ranked, put in and taken out. Measured for twelve values over three windows.
const sweepCost = 2

// worthOnePass reports whether one pass over the log is likely to be quicker than an evaluation for each moment. The pass reads what lies
// within any window between the first and the last moment; an evaluation what lies within one at its moment, or for the live version of an attribute feature
// about a chunk.
func (ev *Evaluator) worthOnePass(key []types.Value, log *Log, times []int64) bool {
	if len(times) == 1 {
		return false
	}
	first, last := times[0], times[len(times)-1]
	pending := int64(len(log.More))
	for _, p := range log.Pending {
		pending += int64(p.Count())
	}
	if ev.f.Attribute {
		return log.Root.Estimate(history.All(last)) <= int64(len(times))*history.ChunkEntries
	}
	ev.rows.begin(key, first)
	w, any, err := ev.sweeper().window(first, last)
	if err != nil || !any {
		return false
	}
	pass := sweepCost * (pending + log.Root.Estimate(w))
	if pass <= sweepCost*history.ChunkEntries { // not worth estimating more
		return len(times) > sweepCost
	}
	each := int64(0)
	sample := [...]int{0, len(times) / 2, len(times) - 1}
	for _, i := range sample {
		ev.rows.env.Now = times[i]
		if ev.moveFilters() != nil {
			return false
		}
		if w, any := ev.scanWindow(times[i]); any {
			each += pending + log.Root.Estimate(w)
		}
	}
	return pass <= each*int64(len(times))/int64(len(sample))
}
