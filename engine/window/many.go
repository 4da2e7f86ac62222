package window

import "github.com/asofdb/asof/sql/types"

// EvalMany calls yield with the row of the entity at each of times, which ascend: what Eval returns for times[i], nil where the entity has no row. The
// row, and what its strings point to, are good until yield returns. An error of an evaluation, and one that yield returns, end it.
//
// One entity's log is read once for any number of moments, as far as that is quicker than to read for each the part that it needs.
func (ev *Evaluator) EvalMany(key []types.Value, log Log, times []int64, yield func(i int, row []types.Value) error) error {
	for i, t := range times {
		row, err := ev.Eval(key, log, t)
		if err == nil {
			err = yield(i, row)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
