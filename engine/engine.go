package engine

import (
	"context"
	"log/slog"
	"time"

	"github.com/asofdb/asof/sql/types"
)

// Options configure an engine. The zero value works, but reads no source.
type Options struct {
	// Connectors are what CREATE SOURCE can name; connectors.Default() has all there are.
	Connectors Connectors
	// Notice, Progress and Logger may be nil. Notice and Progress are called from any goroutine.
	Notice   func(Notice)
	Progress func(Progress)
	Logger   *slog.Logger
	// Clock is the wall clock; nil means time.Now.
	Clock func() time.Time
	// MemoryLimit bounds, in bytes, what one statement keeps in memory; 0 means 256 MiB.
	MemoryLimit int64
	// FlushChanges is how many applied changes make a checkpoint start; 0 means 1.5 million.
	FlushChanges int
	// BatchChanges is the largest number of changes in one durable commit; 0 means 8,192.
	BatchChanges int
}

// Notice is a message for the person who runs a statement.
type Notice struct{ Message, Hint string }

// Progress tells how far something is that takes long. Done and Total are in Unit ("bytes", "changes"); Total 0 means not known.
// A last call has Finished set.
type Progress struct {
	What        string
	Unit        string
	Done, Total int64
	Finished    bool
}

// Engine is an open data directory. It is safe for concurrent use.
type Engine struct{}

// Open opens or creates the data directory and resumes every source that follows its input.
func Open(dir string, o Options) (*Engine, error) { panic("todo") }

// Close stops the sources, waits for what runs and closes the directory. It is idempotent.
func (e *Engine) Close() error { panic("todo") }

// Session holds the settings that SET changes: as_of, timezone, as_of_wait. One goroutine at a time.
type Session struct{}

// NewSession returns a session with the default settings.
func (e *Engine) NewSession() *Session { panic("todo") }

// Query runs one statement, with or without a semicolon. The caller closes the Rows. args are Go values or types.Value.
func (s *Session) Query(ctx context.Context, sql string, args ...any) (*Rows, error) { panic("todo") }

// Exec runs a script of statements and discards their rows; it stops at the first error.
func (s *Session) Exec(ctx context.Context, sql string, args ...any) error { panic("todo") }

// Query and Exec run in a session of their own.
func (e *Engine) Query(ctx context.Context, sql string, args ...any) (*Rows, error) { panic("todo") }
func (e *Engine) Exec(ctx context.Context, sql string, args ...any) error           { panic("todo") }

// Rows is a statement's result.
type Rows struct{}

// Columns are the result's columns, nil for a statement that returns none.
func (r *Rows) Columns() []types.Column { panic("todo") }

// Next advances to the next row; Values is that row, valid until the next Next.
func (r *Rows) Next() bool            { panic("todo") }
func (r *Rows) Values() []types.Value { panic("todo") }

// Err is what ended the rows early, nil if nothing did.
func (r *Rows) Err() error   { panic("todo") }
func (r *Rows) Close() error { panic("todo") }

// Tag is what psql prints for the statement: "CREATE SOURCE", "SELECT 3" (after the last row).
func (r *Rows) Tag() string { panic("todo") }
