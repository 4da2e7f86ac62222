package window

import "github.com/asofdb/asof/sql/types"

// UpdatedAt returns when the tuple of output values that holds at t began to hold: the From of t's Period in a history that begins at from. known
// is false where the entity has had no row until t.
func (ev *Evaluator) UpdatedAt(key []types.Value, log Log, from, t int64) (at int64, known bool, err error) {
	err = ev.Changes(key, log, from, t, func(change int64, _ []types.Value) error {
		at, known = change, true
		return nil
	})
	return at, known, err
}
