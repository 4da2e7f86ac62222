package exec

import (
	"context"
	"errors"

	"github.com/asofdb/asof/sql/expr"
	"github.com/asofdb/asof/sql/plan"
	"github.com/asofdb/asof/sql/types"
)

// lateral runs a query for each row below and pairs the row with its rows, in the order of both. What the query reads that is the same for all rows is
// kept (plan's spool_rule); nothing else is.
type lateral struct {
	node *plan.Lateral
	c    *Context
	in   Operator
	sub  *subplan
	w    int // of a row below
	left expr.Env
	on   expr.Env // over both rows
}

func newLateral(n *plan.Lateral, in Operator, c *Context) Operator {
	l := &lateral{node: n, c: c, in: in, w: len(n.In.Schema())}
	l.sub = &subplan{plan: n.Sub.(*expr.Subquery).Query.(*plan.Subplan), c: c}
	l.left, l.on = c.env(l.w), c.env(0)
	return &loop{body: l.run, closed: in.Close}
}

func (l *lateral) run(ctx context.Context, emit func(*types.Batch) error) error {
	out := newOutput(l.node.Schema(), emit)
	pair := make([]types.Value, len(l.node.Schema()))
	l.on.Row = pair
	err := eachRow(ctx, l.in, l.w, func(row []types.Value) error {
		copy(pair, row)
		l.left.Row = row
		found, err := l.pairs(ctx, pair, out)
		if err != nil || found || l.node.Kind != plan.LeftJoin {
			return err
		}
		clear(pair[l.w:])
		return out.row(pair)
	})
	if err != nil {
		return err
	}
	return out.flush()
}

// pairs hands out the pairs of the row that pair begins with, and reports whether there was one.
func (l *lateral) pairs(ctx context.Context, pair []types.Value, out *output) (found bool, err error) {
	outer, err := l.sub.outer(l.node.Sub.(*expr.Subquery), &l.left)
	if err != nil {
		return false, err
	}
	op, err := l.sub.open(outer, 0)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, op.Close()) }()
	err = eachRow(ctx, op, len(pair)-l.w, func(row []types.Value) error {
		copy(pair[l.w:], row)
		if l.node.On != nil {
			if ok, err := expr.True(l.node.On, &l.on); err != nil || !ok {
				return err
			}
		}
		found = true
		return out.row(pair)
	})
	return found, err
}
