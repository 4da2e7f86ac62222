package exec

import (
	"context"

	"github.com/asofdb/asof/sql/expr"
	"github.com/asofdb/asof/sql/plan"
	"github.com/asofdb/asof/sql/types"
)

// scan reads a relation, all of it or by its key. The filter directly above it, if there is one, is the scan's own: rows that do not pass
// never become columns.
type scan struct {
	node *plan.Scan
	keep expr.Expr // nil keeps all
	env  expr.Env
	c    *Context
	rows Rows // nil before the first Next and after the end
	out  *types.Builder
	done bool
}

func newScan(n *plan.Scan, keep expr.Expr, c *Context) *scan {
	return &scan{node: n, keep: keep, env: c.env(0), c: c}
}

func (s *scan) Next(ctx context.Context) (*types.Batch, error) {
	if s.done {
		return nil, nil
	}
	if s.rows == nil {
		if err := s.open(ctx); err != nil || s.done {
			return nil, err
		}
	}
	for s.out.Len() < batchRows && !s.done {
		if err := cancelled(ctx); err != nil {
			return nil, err
		}
		if err := s.read(ctx, batchRows-s.out.Len()); err != nil {
			return nil, err
		}
	}
	return finish(s.out), nil
}

// read reads up to n rows and appends those that pass.
func (s *scan) read(ctx context.Context, n int) error {
	for range n {
		row, err := s.rows.Next(ctx)
		if err != nil {
			return err
		}
		if row == nil {
			return s.Close()
		}
		if s.keep != nil {
			s.env.Row = row
			if ok, err := expr.True(s.keep, &s.env); err != nil {
				return err
			} else if !ok {
				continue
			}
		}
		s.out.Append(row)
	}
	return nil
}

// open starts the scan; keys that no row can have end it at once.
func (s *scan) open(ctx context.Context) (err error) {
	keys, all, err := Keys(s.node, s.c)
	if err != nil {
		return err
	}
	if !all && len(keys) == 0 {
		s.done = true
		return nil
	}
	s.out = types.NewBuilder(s.node.Schema())
	s.rows, err = s.c.Tables.Open(ctx, s.node, keys)
	return err
}

// Close ends the scan; the builder may still hold rows of the batch at hand.
func (s *scan) Close() error {
	s.done = true
	if s.rows == nil {
		return nil
	}
	rows := s.rows
	s.rows = nil
	return rows.Close()
}
