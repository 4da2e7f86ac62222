package exec

import (
	"context"

	"github.com/asofdb/asof/sql/expr"
	"github.com/asofdb/asof/sql/plan"
	"github.com/asofdb/asof/sql/types"
)

// values hands out the rows of VALUES.
type values struct {
	rows [][]expr.Expr
	env  expr.Env
	row  []types.Value
	out  *types.Builder
}

func newValues(n *plan.Values, c *Context) *values {
	return &values{rows: n.Rows, env: c.env(0), row: make([]types.Value, len(n.Out)), out: types.NewBuilder(n.Schema())}
}

func (v *values) Next(context.Context) (*types.Batch, error) {
	for len(v.rows) > 0 && v.out.Len() < batchRows {
		for i, x := range v.rows[0] {
			var err error
			if v.row[i], err = x.Eval(&v.env); err != nil {
				return nil, err
			}
		}
		v.out.Append(v.row)
		v.rows = v.rows[1:]
	}
	return finish(v.out), nil
}

func (*values) Close() error { return nil }
