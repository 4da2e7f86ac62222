package exec

import (
	"context"

	"github.com/asofdb/asof/sql/plan"
	"github.com/asofdb/asof/sql/types"
)

// scan reads a relation, all of it or by its key.
type scan struct {
	node *plan.Scan
	c    *Context
	rows Rows // nil before the first Next and after the end
	out  *types.Builder
	done bool
}

func newScan(n *plan.Scan, c *Context) *scan {
	return &scan{node: n, c: c, out: types.NewBuilder(n.Schema())}
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
	for s.out.Len() < batchRows {
		row, err := s.rows.Next(ctx)
		if err != nil {
			return nil, err
		}
		if row == nil {
			s.done = true
			if err := s.Close(); err != nil {
				return nil, err
			}
			break
		}
		s.out.Append(row)
	}
	return finish(s.out), nil
}

// open starts the scan; keys that no row can have end it at once.
func (s *scan) open(ctx context.Context) (err error) {
	keys, all, err := lookupKeys(s.node, s.c)
	if err != nil {
		return err
	}
	if !all && len(keys) == 0 {
		s.done = true
		return nil
	}
	s.rows, err = s.c.Tables.Open(ctx, s.node, keys)
	return err
}

func (s *scan) Close() error {
	if s.rows == nil {
		return nil
	}
	rows := s.rows
	s.rows, s.done = nil, true
	return rows.Close()
}
