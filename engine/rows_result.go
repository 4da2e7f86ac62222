package engine

import (
	"context"
	"fmt"
	"time"

	"github.com/asofdb/asof/sql/exec"
	"github.com/asofdb/asof/sql/types"
)

// Rows is a statement's result.
type Rows struct {
	ctx     context.Context
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
func (r *Rows) Next() bool {
	if r.err != nil {
		return false
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
		if r.batch, r.err = r.op.Next(r.ctx); r.err != nil || r.batch == nil {
			r.close()
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
func (r *Rows) Err() error { return r.err }

// Close frees what the rows hold. It is idempotent.
func (r *Rows) Close() error {
	r.close()
	return nil
}

func (r *Rows) close() {
	if r.op != nil {
		if err := r.op.Close(); err != nil && r.err == nil {
			r.err = err
		}
	}
	r.op, r.batch, r.at, r.fixed = nil, nil, 0, nil
}

// Tag is what psql prints for the statement: "CREATE SOURCE", "SELECT 3" (after the last row).
func (r *Rows) Tag() string {
	if r.tag == "" && r.columns != nil {
		return fmt.Sprintf("SELECT %d", r.count)
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
