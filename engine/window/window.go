// Package window evaluates one feature over one entity log at one moment: value(f, k, t).
//
// It is pure, as package history is. The scan of the log is the specification; every faster path must equal it.
package window

import (
	"github.com/asofdb/asof/engine/history"
	"github.com/asofdb/asof/sql/plan"
	"github.com/asofdb/asof/sql/types"
)

// Truncation is one TRUNCATE of the source: at t >= C, entries with a position below Pos are ignored.
type Truncation struct{ C, Pos int64 }

// Evaluator evaluates a feature over logs of one layout. It reuses its buffers: one goroutine at a time.
type Evaluator struct {
	f *plan.Feature
}

// Log is what an evaluation reads: a root, the entries not flushed into it yet, and the way to sealed chunks.
type Log struct {
	Root        *history.Root // nil: no root stored
	More        []history.Entry
	Fetch       history.Fetch
	Truncations []Truncation
}

// New prepares f for logs of layout l, whose column i is the source's column cols[i].
func New(f *plan.Feature, l *history.Layout, cols []int) (*Evaluator, error) { panic("todo") }

// Eval returns the feature's output row for the entity with the given key values at t, or nil where the entity has no row at t.
// The row is the caller's to keep.
func (ev *Evaluator) Eval(key []types.Value, log Log, t int64) ([]types.Value, error) { panic("todo") }
