package plan

import (
	"slices"

	"github.com/asofdb/asof/sql/agg"
	"github.com/asofdb/asof/sql/expr"
	"github.com/asofdb/asof/sql/types"
)

// ignoresNull are the aggregates to which a row with a NULL argument is no row at all.
var ignoresNull = []string{"count", "sum", "avg", "min", "max", "bool_and", "bool_or", "every", "stddev", "stddev_pop", "stddev_samp", "variance", "var_pop", "var_samp"}

// filterForCase rewrites agg(CASE WHEN p THEN x END) to agg(x) FILTER (WHERE p), and then the count of a constant to COUNT(*). Both are
// exact: where p is not TRUE the argument is NULL, which these aggregates ignore, and where it is TRUE it is x. With an
// ELSE, or several WHENs, the argument stays as it is.
func (c *AggCall) filterForCase() {
	k, ok := c.Arg.(*expr.Case)
	if !ok || len(k.Whens) != 1 || k.Else != nil && !isNull(k.Else) || !slices.Contains(ignoresNull, c.Fn.Name) {
		return
	}
	c.Arg = k.Whens[0].Then
	c.Filter = conjunction(c.Filter, k.Whens[0].Cond)
	if v, ok := c.Arg.(*expr.Const); ok && !v.V.IsNull() && c.Fn.Name == "count" && !c.Fn.Distinct {
		if rows, ok, err := agg.Resolve("count", true, false, types.Type{}); ok && err == nil {
			c.Fn, c.Arg = rows, nil
		}
	}
}

func isNull(x expr.Expr) bool {
	c, ok := x.(*expr.Const)
	return ok && c.V.IsNull()
}

func conjunction(a, b expr.Expr) expr.Expr {
	if a == nil {
		return b
	}
	return expr.NewAnd(a, b)
}
