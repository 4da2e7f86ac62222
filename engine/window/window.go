// Package window evaluates one feature over one entity log at one moment: value(f, k, t).
//
// It is pure, as package history is. The scan of the log is the specification; every faster path must equal it.
//
// The value at t is a fold. Of the entries with C <= t, those count that pass WHERE, each for the aggregates whose own predicate they pass as
// well: what appears (+) is added, what ceases (-) is retracted. A row version that has ceased by t has both entries in the fold, with
// the same event time and columns, so both pass or neither does. The entity has a row where more is added than retracted; a
// feature without key always has one.
//
// There are two faster ways than to fold each aggregate by itself. For one moment, an entry is applied once for all windows over the same rows (ladder.go).
// For many moments, or all at which the row changes, a sweep reads the log once and then follows what comes and goes (sweep.go; versions.go for
// attribute features). Both rest on what package agg promises: that states are exact, so that any order, any merging and any retraction give the same bits.
//
// Invariants:
//
//  1. Bounds become one interval of event times per predicate and moment, before the scan: an entry costs two comparisons.
//  2. A predicate, a row filter or an argument that stands in several aggregates is evaluated once per entry at most.
//  3. PostgreSQL evaluates expressions for live rows only. So does an evaluation whose error would be seen: where one fails in the
//     fold, row versions that have ceased are cancelled first, and what is left decides (live.go). A sweep in which one fails gives way to
//     evaluations.
//  4. Time alone changes a row only by comparisons of the event time with NOW(): bounds, and edges (timed.go) below row filters and arguments. Each turns
//     once as NOW() grows, or twice if it is an equation, because what it is compared with never decreases.
package window

import (
	"math"

	"github.com/asofdb/asof/engine/history"
	"github.com/asofdb/asof/sql/expr"
	"github.com/asofdb/asof/sql/plan"
	"github.com/asofdb/asof/sql/types"
)

// Truncation is one TRUNCATE of the source: at t >= C, entries with a position below Pos are ignored.
type Truncation struct{ C, Pos int64 }

// Log is what an evaluation reads: a root, the entries not flushed into it yet, and the way to sealed chunks. The evaluator keeps it until it is given another.
type Log struct {
	Root *history.Root // nil: no root stored
	// Pending and then More are what is not flushed, in log order, encoded and decoded; entries that the root has are skipped.
	Pending []*history.Pending
	More    []history.Entry
	// Fetch's bytes must stay valid until the method returns that was given the log.
	Fetch       history.Fetch
	Truncations []Truncation
}

// firstPos is the position that entries must have reached to count at t.
func (l *Log) firstPos(t int64) int64 {
	first := int64(math.MinInt64)
	for _, x := range l.Truncations {
		if x.C <= t {
			first = max(first, x.Pos)
		}
	}
	return first
}

// Evaluator evaluates a feature over logs of one layout. It reuses its buffers: one goroutine at a time. While it
// calls back it may be called: another evaluator, which it keeps for that, answers.
type Evaluator struct {
	f      *plan.Feature
	layout *history.Layout
	cols   []int // the source's columns that the layout's are
	cursor *history.Cursor
	empty  *history.Root // for a log without a root
	rows   rows

	where   filter
	filters []filter
	rests   verdicts
	args    arguments
	ladders []ladder
	// bounds are those of all filters, each once, and edges the other comparisons of the event time with NOW(): what makes time alone change a value.
	bounds []bound
	edges  []edge
	// filterOf and argOf are the filter and the argument (-1 for COUNT(*)) of each aggregate of the feature.
	filterOf, argOf []int
	out             expr.Env      // of the outputs of an aggregating feature
	errs            []error       // of the aggregates
	row             []types.Value // the outputs

	sweep       *sweep          // nil until it is needed
	busy        bool            // a method calls back
	other       *Evaluator      // for calls meanwhile; nil until there is one
	live, ended []history.Entry // scratch of newest
	turns       []int64         // scratch of lastMoment

	counts    []int           // the filters of countColumns
	moved     []history.Entry // kept by lastMoment for the moment that it found
	movedCols []types.Value   // their columns
	changed   []int64         // scratch of recounts
}

// New prepares f for logs of layout l, whose column i is the source's column cols[i].
func New(f *plan.Feature, l *history.Layout, cols []int) (*Evaluator, error) {
	ev := &Evaluator{f: f, layout: l, cols: cols, empty: history.NewRoot()}
	var err error
	if ev.rows, err = newRows(f, l, cols); err != nil {
		return nil, err
	}
	ev.cursor = history.NewCursor(l, ev.rows.need)
	if err := ev.share(); err != nil {
		return nil, err
	}
	ev.climb()
	ev.counts = ev.countColumns()
	ev.errs = make([]error, len(f.Aggs))
	ev.row = make([]types.Value, len(f.Outputs))
	ev.out.Row = make([]types.Value, len(f.Keys)+len(f.Aggs))
	return ev, nil
}

// Eval returns the feature's output row for the entity with the given key values at t, or nil where the entity has no row at t.
// The row is the caller's to keep.
func (ev *Evaluator) Eval(key []types.Value, log Log, t int64) ([]types.Value, error) {
	if log.Root == nil {
		log.Root = ev.empty
	}
	return ev.idle().eval(key, &log, t)
}

// idle returns ev, or while it calls back another evaluator of the feature.
func (ev *Evaluator) idle() *Evaluator {
	if !ev.busy {
		return ev
	}
	if ev.other == nil {
		var err error
		if ev.other, err = New(ev.f, ev.layout, ev.cols); err != nil {
			panic("window: an evaluator that was made once cannot be made again: " + err.Error())
		}
	}
	return ev.other.idle()
}

// eval is Eval; the log has a root.
func (ev *Evaluator) eval(key []types.Value, log *Log, t int64) ([]types.Value, error) {
	ev.rows.begin(key, t)
	if err := ev.moveFilters(); err != nil {
		return nil, err
	}
	if ev.f.Attribute {
		return ev.attribute(log, t)
	}
	exists, err := ev.aggregate(log, t)
	if err != nil || !exists {
		return nil, err
	}
	row, err := ev.outputs(key, t)
	return ownRow(row), err
}

// outputs computes the output row from the aggregates' results. It is the evaluator's.
func (ev *Evaluator) outputs(key []types.Value, t int64) ([]types.Value, error) {
	ev.out.Now = t
	copy(ev.out.Row, key)
	return ev.evalOutputs(&ev.out)
}

// evalOutputs evaluates the outputs. The row is the evaluator's, and its values may share bytes with env.
func (ev *Evaluator) evalOutputs(env *expr.Env) ([]types.Value, error) {
	for i := range ev.f.Outputs {
		if c, ok := ev.f.Outputs[i].X.(*expr.Column); ok {
			ev.row[i] = env.Row[c.Index]
			continue
		}
		v, err := ev.f.Outputs[i].X.Eval(env)
		if err != nil {
			return nil, err
		}
		ev.row[i] = v
	}
	return ev.row, nil
}

// ownRow returns a row that shares nothing with the evaluator; nil for nil.
func ownRow(row []types.Value) []types.Value {
	if row == nil {
		return nil
	}
	own := make([]types.Value, len(row))
	copy(own, row)
	for i := range own {
		if v := &own[i]; v.S != "" || v.Kind == types.Array {
			*v = v.Clone()
		}
	}
	return own
}
