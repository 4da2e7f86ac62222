package engine

import (
	"cmp"
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/asofdb/asof/sql/exec"
	"github.com/asofdb/asof/sql/types"
)

// Rows is a statement's result. One goroutine at a time.
type Rows struct {
	eng     *Engine // nil for a result that holds nothing of the store
	ctx     context.Context
	end     context.CancelFunc
	mu      sync.Mutex // guards op and what it holds against the engine's Close
	columns []types.Column
	op      exec.Operator
	batch   *types.Batch
	fixed   [][]types.Value // the rows of a statement that has them at once
	at      int             // the next row of batch or fixed
	row     []types.Value
	count   int64
	tag     string
	zone    *time.Location
	err     error
	closed  func(error) // hears once that a held result is closed; may be nil

	copying *copying                      // of a COPY with a stream
	pull    func() ([]types.Value, error) // the next row of a cursor, nil at the end
	verb    string                        // of the tag, where it is not SELECT
	binary  bool
	failed  func()   // called when an error comes, nil where nobody needs to know
	onClose []func() // called once, at the end
}

// streamedRows is the result of an operator, which reads the store until the rows are closed.
func (e *Engine) streamedRows(ctx context.Context, end context.CancelFunc, columns []types.Column, op exec.Operator, zone *time.Location) (*Rows, error) {
	r := &Rows{eng: e, ctx: ctx, end: end, columns: columns, op: op, zone: zone}
	e.results.Lock()
	e.open[r] = struct{}{}
	e.results.Unlock()
	if err := e.usable(); err != nil { // Close may have looked before
		r.abort(err)
		return nil, err
	}
	return r, nil
}

func fixedRows(tag string, columns []types.Column, rows [][]types.Value) *Rows {
	return &Rows{tag: tag, columns: columns, fixed: rows}
}

// Zone is the session's TimeZone, in which times with a zone are shown.
func (r *Rows) Zone() *time.Location {
	if r.zone == nil {
		return time.UTC
	}
	return r.zone
}

// Columns are the result's columns, nil for a statement that returns none.
func (r *Rows) Columns() []types.Column { return r.columns }

// Next advances to the next row; it returns false at the end or after an error, which Err tells.
func (r *Rows) Next() (more bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err != nil {
		return false
	}
	defer func() {
		if p := recover(); p != nil {
			more, r.err = false, r.eng.caught(p)
		}
		if r.err != nil {
			if r.failed != nil {
				r.failed()
			}
			r.closeLocked()
		}
	}()
	if r.pull != nil {
		row, err := r.pull()
		if r.err = readError(r.ctx, err); r.err != nil || row == nil {
			r.closeLocked()
			return false
		}
		r.row = row
		r.count++
		return true
	}
	if r.op == nil {
		if r.at == len(r.fixed) {
			return false
		}
		r.row = r.fixed[r.at]
		r.at++
		r.count++
		return true
	}
	for r.batch == nil || r.at == r.batch.Rows() {
		r.batch, r.err = r.op.Next(r.ctx)
		if r.err = readError(r.ctx, r.err); r.err != nil || r.batch == nil {
			r.closeLocked()
			return false
		}
		r.at = 0
	}
	if r.row == nil {
		r.row = make([]types.Value, len(r.columns))
	}
	r.batch.Row(r.at, r.row)
	r.at++
	r.count++
	return true
}

// Values is the current row, valid until the next Next.
func (r *Rows) Values() []types.Value { return r.row }

// Err is what ended the rows early, nil if nothing did.
func (r *Rows) Err() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.err
}

// Close frees what the rows hold. It is idempotent.
func (r *Rows) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closeLocked()
	return nil
}

// abort ends the rows with an error, unless they have come to their end.
func (r *Rows) abort(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.op != nil && r.err == nil {
		r.err = err
	}
	r.closeLocked()
}

func (r *Rows) closeLocked() {
	if r.op != nil {
		if err := r.op.Close(); err != nil && r.err == nil {
			r.err = err
		}
		r.end()
		r.eng.results.Lock()
		delete(r.eng.open, r)
		r.eng.results.Unlock()
		if r.closed != nil {
			r.closed(r.err)
		}
	}
	r.op, r.batch, r.at, r.fixed, r.pull = nil, nil, 0, nil, nil
	onClose := r.onClose
	r.onClose = nil
	for _, f := range onClose {
		f()
	}
}

// ending has f called when the rows hold nothing any more: at once where they hold nothing now.
func (r *Rows) ending(f func()) {
	if r.op == nil && r.pull == nil && r.copying == nil {
		f()
		return
	}
	r.onClose = append(r.onClose, f)
}

// Binary reports whether the rows are to be sent in binary form whatever the client asked for: those of a BINARY cursor.
func (r *Rows) Binary() bool { return r.binary }

// Tag is what psql prints for the statement: "CREATE SOURCE", "SELECT 3" (after the last row).
func (r *Rows) Tag() string {
	if r.tag == "" && r.columns != nil {
		return fmt.Sprintf("%s %d", cmp.Or(r.verb, "SELECT"), r.count)
	}
	return r.tag
}

func textColumn(name string) types.Column {
	return types.Column{Name: name, Type: types.Type{Kind: types.Text}}
}

func intColumn(name string) types.Column {
	return types.Column{Name: name, Type: types.Type{Kind: types.Int8}}
}

func timeColumn(name string) types.Column {
	return types.Column{Name: name, Type: types.Type{Kind: types.Timestamptz}}
}
