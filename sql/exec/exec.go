// Package exec runs logical plans: one operator per file, Arrow batches between them, one switch that builds operators from nodes.
package exec

import (
	"context"

	"github.com/asofdb/asof/sql/plan"
	"github.com/asofdb/asof/sql/types"
)

// Tables opens relations for reading. The engine implements it for one statement: it has already decided each scan's moment.
type Tables interface {
	// Open starts a scan. keys is nil for a full scan, else the distinct key tuples (in the order of Relation.Key) whose rows are wanted.
	Open(ctx context.Context, s *plan.Scan, keys [][]types.Value) (Rows, error)
}

// Rows is a stream of rows. Next returns nil at the end; the row is valid until the next call. Close is idempotent.
type Rows interface {
	Next(ctx context.Context) ([]types.Value, error)
	Close() error
}

// Operator produces batches. Next returns nil at the end; a batch is the caller's until the next call. Close is idempotent
// and closes what is below.
type Operator interface {
	Next(ctx context.Context) (*types.Batch, error)
	Close() error
}

// Context is what a statement runs with.
type Context struct {
	Tables Tables
	Params []types.Value
	Now    int64 // NOW() of the statement, µs
	// MemoryLimit bounds what one sort, aggregation or distinct keeps, in bytes; 0 means 256 MiB. Past it the statement
	// stops with 53200 and a hint that names the setting.
	MemoryLimit int64
	// Session as the planner saw it.
	Session plan.Session
}
