package exec

import (
	"context"
	"errors"

	"github.com/asofdb/asof/sql/plan"
	"github.com/asofdb/asof/sql/types"
)

// store keeps all rows of a query: batches as they come, and in a file what does not fit.
type store struct {
	schema  types.Schema
	batches []*types.Batch
	mem     account
	file    *rowFile // nil while everything fits
}

// fill reads op to its end and closes it.
func (s *store) fill(ctx context.Context, op Operator, c *Context) (err error) {
	defer func() { err = errors.Join(err, op.Close()) }()
	for {
		b, err := pull(ctx, op)
		if err != nil {
			return err
		}
		if b == nil {
			break
		}
		if err := s.add(b, c); err != nil {
			return err
		}
	}
	if s.file != nil {
		return s.file.finish()
	}
	return nil
}

// add takes a batch over.
func (s *store) add(b *types.Batch, c *Context) error {
	if s.file == nil {
		full, err := s.mem.full(batchSize(b))
		if err != nil {
			b.Release()
			return err
		}
		if !full {
			s.batches = append(s.batches, b)
			return nil
		}
		if s.file, err = newRowFile(&c.state.temp, typesOf(s.schema), c.limit()); err != nil {
			b.Release()
			return err
		}
	}
	defer b.Release()
	row := make([]types.Value, len(s.schema))
	for i := range b.Rows() {
		b.Row(i, row)
		if err := s.file.append(row); err != nil {
			return err
		}
	}
	return nil
}

func (s *store) release() {
	for _, b := range s.batches {
		b.Release()
	}
	s.batches = nil
}

// spool hands out the rows that a store keeps; the first to ask fills the store.
type spool struct {
	node *plan.Spool
	c    *Context
	from *store
	next int
	file *fileScan
}

func newSpool(n *plan.Spool, c *Context) *spool { return &spool{node: n, c: c} }

func (s *spool) Next(ctx context.Context) (*types.Batch, error) {
	if s.from == nil {
		if err := s.open(ctx); err != nil {
			return nil, err
		}
	}
	if s.next < len(s.from.batches) {
		b := s.from.batches[s.next]
		s.next++
		b.Record.Retain()
		return b, nil
	}
	if s.from.file == nil {
		return nil, nil
	}
	if s.file == nil {
		s.file = newFileScan(s.from.file, s.from.schema)
	}
	return s.file.Next(ctx)
}

// open finds the store or fills it. What depends on outer values is kept for one run of the subquery.
func (s *spool) open(ctx context.Context) error {
	stores := s.c.state.spools
	if s.node.Outer {
		stores = s.c.local
	}
	if st := stores[s.node]; st != nil {
		s.from = st
		return nil
	}
	op, err := build(s.node.In, s.c, 0)
	if err != nil {
		return err
	}
	st := &store{schema: s.node.Schema(), mem: newAccount("WITH", s.c)}
	if err := st.fill(ctx, op, s.c); err != nil {
		st.release()
		return err
	}
	stores[s.node], s.from = st, st
	return nil
}

// Close leaves the store to the others who read it.
func (s *spool) Close() error { return nil }
