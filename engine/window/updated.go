package window

import (
	"github.com/asofdb/asof/engine/history"
	"github.com/asofdb/asof/sql/types"
)

// UpdatedAt returns when the tuple of output values that holds at t began to hold: the From of t's Period in a history that begins at from. known
// is false where the entity has had no row until t.
//
// It looks for the last change back from t, over a reach that grows: the newest entry mostly has made one.
func (ev *Evaluator) UpdatedAt(key []types.Value, log Log, from, t int64) (at int64, known bool, err error) {
	if log.Root == nil {
		log.Root = ev.empty
	}
	ev = ev.idle()
	newest, any, err := ev.newestCommit(&log, t)
	if err != nil {
		return 0, false, err
	}
	const second, growth, farthest = 1_000_000, 32, 1 << 57
	reach := int64(farthest)
	if any {
		reach = max(t-newest+1, second)
	}
	for ; ; reach *= growth {
		begin := from
		if reach < farthest {
			begin = max(from, t-reach)
		}
		err = ev.Changes(key, log, begin, t, func(change int64, _ []types.Value) error {
			// A row at begin need not have begun there.
			if change > begin || begin == from {
				at, known = change, true
			}
			return nil
		})
		if err != nil || known || begin == from {
			return at, known, err
		}
	}
}

// newestCommit returns the commit time of the newest entry that is visible at t, if there is one.
func (ev *Evaluator) newestCommit(log *Log, t int64) (c int64, any bool, err error) {
	ev.cursor.OpenBlocks(log.Root, log.More, history.All(t), log.Fetch, log.Pending...)
	for !any && ev.cursor.PrevBlock() {
		for e := ev.cursor.Next(); e != nil; e = ev.cursor.Next() {
			c, any = e.C, true
		}
	}
	return c, any, ev.cursor.Err()
}
