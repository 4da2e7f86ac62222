package window

import (
	"fmt"
	"slices"

	"github.com/asofdb/asof/engine/history"
	"github.com/asofdb/asof/sql/expr"
	"github.com/asofdb/asof/sql/plan"
	"github.com/asofdb/asof/sql/types"
)

// rows makes the source's row out of an entry: the key, the layout's columns, the event time. Columns that the feature does not
// read stay NULL.
type rows struct {
	env expr.Env
	// keys are the source's columns of the key.
	keys []int
	// fill says which of an entry's columns go where; need is the same by layout column.
	fill []placing
	need []bool
	// types are the layout's.
	types []types.Type
	// event is the source's column that is filled from the entry's event time, -1 where none is.
	event     int
	eventKind types.Kind

	entry  *history.Entry
	filled bool
}

// placing says that column from of the layout is column to of the source.
type placing struct{ from, to int }

func newRows(f *plan.Feature, l *history.Layout, cols []int) (rows, error) {
	r := rows{keys: f.Keys, need: make([]bool, len(l.Types)), types: l.Types, event: -1}
	if len(cols) != len(l.Types) {
		return r, fmt.Errorf("feature %q: a layout of %d columns with %d names", f.Name, len(l.Types), len(cols))
	}
	for _, to := range f.Reads {
		from := slices.Index(cols, to)
		switch {
		case from >= 0:
			r.fill = append(r.fill, placing{from, to})
			r.need[from] = true
		case to == f.EventTime:
			r.event, r.eventKind = to, f.Columns[to].Type.Kind
		default:
			return r, fmt.Errorf("feature %q reads column %q, which its log does not have", f.Name, f.Columns[to].Name)
		}
	}
	r.env.Row = make([]types.Value, len(f.Columns))
	return r, nil
}

// begin turns to an entity and a moment.
func (r *rows) begin(key []types.Value, t int64) {
	r.env.Now = t
	for i, k := range r.keys {
		r.env.Row[k] = key[i]
	}
}

// turn turns to an entry, which stays the cursor's.
func (r *rows) turn(e *history.Entry) { r.entry, r.filled = e, false }

// at returns the environment of the entry turned to.
func (r *rows) at() *expr.Env {
	if !r.filled {
		r.filled = true
		for _, p := range r.fill {
			r.env.Row[p.to] = r.entry.Cols[p.from]
		}
		if r.event >= 0 {
			r.env.Row[r.event] = types.Value{}
			if r.entry.HasE {
				r.env.Row[r.event] = history.EventValue(r.eventKind, r.entry.E)
			}
		}
	}
	return &r.env
}
