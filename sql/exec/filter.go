package exec

import (
	"context"

	"github.com/asofdb/asof/sql/expr"
	"github.com/asofdb/asof/sql/plan"
	"github.com/asofdb/asof/sql/types"
)

// filter keeps the rows for which its condition is TRUE. One directly above a scan is the scan's own.
type filter struct {
	x    expr.Expr
	in   Operator
	env  expr.Env
	row  reader // the columns that x reads
	keep []int
	// out is made when it is needed first: of most batches all rows stay, or neighbours.
	out    *types.Builder
	schema types.Schema
}

func newFilter(n *plan.Filter, in Operator, c *Context) *filter {
	s := n.In.Schema()
	return &filter{x: n.X, in: in, env: c.env(len(s)), row: newReader(n.X), schema: s}
}

func (f *filter) Next(ctx context.Context) (*types.Batch, error) {
	for {
		b, err := pull(ctx, f.in)
		if b == nil || err != nil {
			return nil, err
		}
		if err := f.choose(b); err != nil {
			return nil, err
		}
		switch len(f.keep) {
		case 0:
			b.Release()
		default:
			return f.copy(b), nil
		}
	}
}

// choose finds the rows to keep.
func (f *filter) choose(b *types.Batch) error {
	f.keep = f.keep[:0]
	for i := range b.Rows() {
		f.row.read(b, i, f.env.Row)
		ok, err := expr.True(f.x, &f.env)
		if err != nil {
			return err
		}
		if ok {
			f.keep = append(f.keep, i)
		}
	}
	return nil
}

// copy is a batch of the rows to keep of b, which it releases.
func (f *filter) copy(b *types.Batch) *types.Batch {
	first, last := f.keep[0], f.keep[len(f.keep)-1]
	if last-first == len(f.keep)-1 { // neighbours need no copy
		return slice(b, first, last+1)
	}
	if f.out == nil {
		f.out = types.NewBuilder(f.schema)
	}
	defer b.Release()
	for _, i := range f.keep {
		b.Row(i, f.env.Row)
		f.out.Append(f.env.Row)
	}
	return f.out.Batch()
}

func (f *filter) Close() error { return f.in.Close() }
