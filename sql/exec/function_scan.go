package exec

import (
	"context"
	"iter"

	"github.com/asofdb/asof/sql/expr"
	"github.com/asofdb/asof/sql/plan"
	"github.com/asofdb/asof/sql/types"
)

// functionScan hands out the rows of a function in FROM.
type functionScan struct {
	node *plan.FunctionScan
	env  expr.Env
	next func() (types.Value, bool) // nil before the first Next
	stop func()
	row  []types.Value
	n    int64 // rows so far
	out  *types.Builder
	done bool
}

func newFunctionScan(n *plan.FunctionScan, c *Context) *functionScan {
	return &functionScan{node: n, env: c.env(0), row: make([]types.Value, len(n.Out)), out: types.NewBuilder(n.Schema())}
}

func (f *functionScan) Next(ctx context.Context) (*types.Batch, error) {
	if f.next == nil && !f.done {
		rows, err := f.node.Set.Rows(&f.env)
		if err != nil {
			return nil, err
		}
		f.next, f.stop = iter.Pull(rows)
	}
	for f.out.Len() < batchRows && !f.done {
		v, ok := f.next()
		if !ok {
			f.done = true
			break
		}
		f.n++
		f.row[0] = v
		if f.node.Ordinality {
			f.row[1] = types.NewInt8(f.n)
		}
		f.out.Append(f.row)
	}
	if err := cancelled(ctx); err != nil {
		return nil, err
	}
	return finish(f.out), nil
}

func (f *functionScan) Close() error {
	f.done = true
	if f.stop != nil {
		f.stop()
		f.stop = nil
	}
	return nil
}
