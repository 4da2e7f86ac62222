// Package exec runs logical plans: one operator per file, Arrow batches between them, one switch that builds operators from nodes.
//
// A tree of operators belongs to one statement and one goroutine; only the answers of a sweep come from several (asof_join.go). Rows are pulled: Next of the root asks below. Invariants:
//
//  1. A batch has at most batchRows rows and at least one; the end is nil, and stays nil.
//  2. A batch belongs to whoever pulled it, who hands it on or releases it; nobody below writes into it, for builders give
//     their memory away. Values read from it are good until then: what an operator keeps for longer, it clones.
//  3. The context is checked before every batch that is pulled.
//  4. What an operator keeps grows only through its account. Past the memory limit it goes to files (rowfile.go, partition.go), or the statement stops
//     where it cannot. Files are gone when the root is closed, whatever happened.
//  5. A query in an expression runs when the expression asks for it and once for each combination of outer values (subquery.go).
//
// An operator that has to read all of something before its first row is written as a loop (loop.go) and reads straight down.
package exec

import (
	"context"
	"errors"

	"github.com/asofdb/asof/sql/expr"
	"github.com/asofdb/asof/sql/plan"
	"github.com/asofdb/asof/sql/types"
)

// Tables opens relations for reading. The engine implements it for one statement: it has already decided each scan's moment.
type Tables interface {
	// Open starts a scan whose rows have the scan's Columns. keys is nil for a full scan, else the distinct key tuples (in the order
	// of Relation.Key, of exactly the columns' types, none of them NULL) whose rows are wanted; it is never empty.
	Open(ctx context.Context, s *plan.Scan, keys [][]types.Value) (Rows, error)
	// Sweep answers many questions about one relation: its row for a key at a moment, with the scan's Columns. Each question i in 0..qs.Len()-1 is answered once, in any
	// order, through one of answers, of which there is one at least: Sweep may use as many goroutines as there are, each of which has one of them for itself, and
	// all of which have ended when it returns. The row of a history (plan.FeatureHistory) at a moment is the last one whose event_time is not after it.
	// An error of an answer ends the sweep and is returned; questions whose answers took too much memory are then asked again, fewer at a time.
	Sweep(ctx context.Context, s *plan.Scan, qs *Questions, answers []Answer) error
}

// Answer takes the answer to question i: a row, which is valid only during the call, nil where there is none.
type Answer func(i int, row []types.Value) error

// Rows is a stream of rows. Next returns nil at the end; the row is valid until the next call. Close is idempotent.
type Rows interface {
	Next(ctx context.Context) ([]types.Value, error)
	Close() error
}

// Operator produces batches. Next returns nil at the end; a batch is the caller's, who releases it. Close is idempotent
// and closes what is below. After an error, or Close, Next must not be called.
type Operator interface {
	Next(ctx context.Context) (*types.Batch, error)
	Close() error
}

// Context is what a statement runs with.
type Context struct {
	Tables Tables
	Params []types.Value
	Now    int64 // NOW() of the statement, µs
	// MemoryLimit bounds what one operator (a sort, a join's table, an aggregation, …) keeps, in bytes; 0 means 256 MiB. Past it the operator
	// writes files into TempDir; where that is empty the statement stops with 53200 and a hint that names the setting.
	MemoryLimit int64
	// TempDir is where temporary files go. They are deleted when the root is closed; what a crash leaves there is its owner's to delete.
	TempDir string
	// Session as the planner saw it.
	Session plan.Session
	// Asker is whom functions such as current_user speak of; nil: nobody in particular.
	Asker expr.Session
	// Instrument, where set, counts what each node of the plan does, for EXPLAIN ANALYZE.
	Instrument *Instrument

	state *state        // shared by all operators of the statement
	outer []types.Value // what the queries around hand in
	local map[*plan.Spool]*store
	work  *workRows // of the recursive queries around
}

// env is a fresh environment for expressions over rows of n columns.
func (c *Context) env(n int) expr.Env {
	return expr.Env{Row: make([]types.Value, n), Now: c.Now, Params: c.Params, Zone: c.Session.Zone, Outer: c.outer, Run: c.state.run, Session: c.Asker}
}

// batchRows is how many rows a batch has at most. At a hundred bytes a row a batch stays in the second-level cache.
const batchRows = 1024

// pull asks op for a batch unless the statement was cancelled.
func pull(ctx context.Context, op Operator) (*types.Batch, error) {
	if err := cancelled(ctx); err != nil {
		return nil, err
	}
	return op.Next(ctx)
}

func cancelled(ctx context.Context) error {
	if ctx.Err() == nil {
		return nil
	}
	var said *types.Error
	if errors.As(context.Cause(ctx), &said) {
		return said
	}
	return &types.Error{Code: types.CodeCanceled, Message: "canceling statement due to user request", Err: context.Cause(ctx)}
}
