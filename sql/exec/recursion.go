package exec

import (
	"context"
	"errors"

	"github.com/asofdb/asof/sql/plan"
	"github.com/asofdb/asof/sql/types"
)

// recursion runs the query's second term again and again over the rows that came last.
type recursion struct {
	node *plan.Recursion
	c    *Context
	mem  account
	seen map[string]struct{} // keys of the rows that came; nil where one may come again
	key  []byte
}

func newRecursion(n *plan.Recursion, c *Context) Operator {
	r := &recursion{node: n, c: c, mem: newAccount("WITH RECURSIVE", c)}
	if !n.All {
		r.seen = map[string]struct{}{}
	}
	return &loop{body: r.run, closed: func() error { return nil }}
}

func (r *recursion) run(ctx context.Context, emit func(*types.Batch) error) error {
	out := newOutput(r.node.Schema(), emit)
	rows, err := r.term(ctx, r.node.Seed, nil, out)
	for err == nil && len(rows) > 0 {
		if err = cancelled(ctx); err == nil {
			rows, err = r.term(ctx, r.node.Step, rows, out)
		}
	}
	if err != nil {
		return err
	}
	return out.flush()
}

// term runs one of the terms once, hands its new rows out and returns them. last are the rows that its work table has.
func (r *recursion) term(ctx context.Context, n plan.Node, last [][]types.Value, out *output) (rows [][]types.Value, err error) {
	c := *r.c
	c.work = &workRows{r.node.Work, last, r.c.work}
	op, err := build(n, &c, 0)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, op.Close()) }()
	kept := int64(0) // of rows, which the next term forgets
	defer func() { r.mem.used -= kept }()
	err = eachRow(ctx, op, len(r.node.Work.Out), func(row []types.Value) error {
		size := rowSize(row)
		if r.seen != nil {
			r.key = appendKeys(r.key[:0], row)
			if _, ok := r.seen[string(r.key)]; ok {
				return nil
			}
			r.seen[string(r.key)] = struct{}{}
			r.mem.used += mapEntry + int64(len(r.key))
		}
		kept += size
		if full, err := r.mem.full(size); err != nil || full {
			return errors.Join(err, r.mem.tooMuch())
		}
		rows = append(rows, cloneRow(row))
		return out.row(row)
	})
	return rows, err
}

// workRows are the rows of a work table, and the work tables further out.
type workRows struct {
	table *plan.WorkTable
	rows  [][]types.Value
	outer *workRows
}

// workScan hands out the rows of a work table.
type workScan struct {
	rows [][]types.Value
	out  *types.Builder
}

func newWorkScan(n *plan.WorkTable, c *Context) *workScan {
	w := c.work
	for w.table != n {
		w = w.outer
	}
	return &workScan{rows: w.rows, out: types.NewBuilder(n.Schema())}
}

func (s *workScan) Next(context.Context) (*types.Batch, error) {
	for len(s.rows) > 0 && s.out.Len() < batchRows {
		s.out.Append(s.rows[0])
		s.rows = s.rows[1:]
	}
	return finish(s.out), nil
}

func (*workScan) Close() error { return nil }
