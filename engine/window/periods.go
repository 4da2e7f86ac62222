package window

import "github.com/asofdb/asof/sql/types"

// Period is a row of the feature's history: an entity has the tuple of values Row from From on, until Until.
type Period struct {
	From int64
	// Until is the first moment at which the tuple is another; Open says that there is none so far.
	Until int64
	Open  bool
	// Row has the feature's columns. Where the entity has no row, Gone is set and all of them but those of the key are NULL.
	Row  []types.Value
	Gone bool
}

// Periods calls yield for each period of the entity's history between from and to, in order: the first is the first in which the entity has a row, the
// last is open. Together they have no gap. As with Changes, from is a moment at which the feature can be read, and a period's row is good until yield returns.
func (ev *Evaluator) Periods(key []types.Value, log Log, from, to int64, yield func(p *Period) error) error {
	var p Period
	begun := false
	err := ev.Changes(key, log, from, to, func(at int64, row []types.Value) error {
		if begun {
			p.Until = at
			if err := yield(&p); err != nil {
				return err
			}
		}
		begun = true
		p.From, p.Gone = at, row == nil
		if p.Gone {
			row = ev.keyRow(key)
		}
		p.Row = append(p.Row[:0], row...)
		return nil
	})
	if err != nil || !begun {
		return err
	}
	p.Until, p.Open = 0, true
	return yield(&p)
}

// keyRow is the feature's columns with those of the key set and all others NULL.
func (ev *Evaluator) keyRow(key []types.Value) []types.Value {
	row := make([]types.Value, len(ev.f.Outputs))
	for i, o := range ev.f.KeyOutputs() {
		row[o] = key[i]
	}
	return row
}
