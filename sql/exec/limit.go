package exec

import (
	"context"
	"math"

	"github.com/asofdb/asof/sql/expr"
	"github.com/asofdb/asof/sql/plan"
	"github.com/asofdb/asof/sql/types"
)

// limit drops the first skip rows, then hands on take rows.
type limit struct {
	in         Operator
	skip, take int64
}

// buildLimit evaluates the limits, which are constant over the statement, before what is below is built: a sort
// below needs to keep no more rows than are taken.
func buildLimit(n *plan.Limit, c *Context) (Operator, error) {
	take, err := count(n.Limit, c, math.MaxInt64, "2201W", "LIMIT")
	if err != nil {
		return nil, err
	}
	skip, err := count(n.Offset, c, 0, "2201X", "OFFSET")
	if err != nil {
		return nil, err
	}
	atMost := int64(0)
	if take <= math.MaxInt32 && skip <= math.MaxInt32 {
		atMost = max(1, take+skip)
	}
	in, err := build(n.In, c, atMost)
	if err != nil {
		return nil, err
	}
	return &limit{in: in, skip: skip, take: take}, nil
}

// count evaluates the argument of LIMIT or OFFSET; NULL means none.
func count(x expr.Expr, c *Context, none int64, code, clause string) (int64, error) {
	if x == nil {
		return none, nil
	}
	env := c.env(0)
	v, err := x.Eval(&env)
	switch {
	case err != nil:
		return 0, err
	case v.IsNull():
		return none, nil
	case v.I < 0:
		return 0, types.Errorf(code, "%s must not be negative", clause)
	}
	return v.I, nil
}

func (l *limit) Next(ctx context.Context) (*types.Batch, error) {
	for l.take > 0 {
		b, err := pull(ctx, l.in)
		if b == nil || err != nil {
			return nil, err
		}
		n := int64(b.Rows())
		if l.skip >= n {
			l.skip -= n
			b.Release()
			continue
		}
		from, to := l.skip, min(n, l.skip+min(l.take, n))
		l.skip, l.take = 0, l.take-(to-from)
		return slice(b, int(from), int(to)), nil
	}
	return nil, nil
}

func (l *limit) Close() error { return l.in.Close() }
