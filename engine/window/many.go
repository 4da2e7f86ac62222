package window

import "github.com/asofdb/asof/sql/types"

// EvalMany calls yield with the row of the entity at each of times, which ascend: what Eval returns for times[i], nil where the entity has no row. The
// row is good until yield returns, and what its values point to until EvalMany does. An error of an evaluation, and one that yield returns, end it.
//
// One entity's log is read once for any number of moments, unless it is quicker to read for each the part that it needs.
func (ev *Evaluator) EvalMany(key []types.Value, log Log, times []int64, yield func(i int, row []types.Value) error) error {
	if log.Root == nil {
		log.Root = ev.empty
	}
	done, err := 0, error(nil)
	switch {
	case len(times) == 0:
		return nil
	case ev.f.Attribute:
		return ev.manyVersions(key, &log, times, yield)
	case ev.worthSweeping(key, &log, times):
		done, err = ev.sweepMany(key, &log, times, yield)
	}
	if err != nil {
		return err
	}
	for i := done; i < len(times); i++ {
		row, err := ev.Eval(key, log, times[i])
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

// sweeper returns the evaluator's sweep.
func (ev *Evaluator) sweeper() *sweep {
	if ev.sweep == nil {
		ev.sweep = newSweep(ev)
	}
	return ev.sweep
}

func (ev *Evaluator) worthSweeping(key []types.Value, log *Log, times []int64) bool {
	return len(times) > 0
}
