package plan

import (
	"github.com/asofdb/asof/sql/expr"
)

// existsToJoin makes semi joins of the EXISTS and anti joins of the NOT EXISTS among a filter's conditions, where the query reads outer values in
// its WHERE alone. What it selects, and in which order, does not matter to EXISTS.
func existsToJoin(f *Filter) Node {
	n := f.In
	var rest []expr.Expr
	for _, c := range conjuncts(f.X) {
		if j := existsJoin(n, c); j != nil {
			n = j
		} else {
			rest = append(rest, c)
		}
	}
	return filtered(n, rest)
}

func existsJoin(l Node, c expr.Expr) *Join {
	kind := SemiJoin
	if not, ok := c.(*expr.Not); ok {
		kind, c = AntiJoin, not.X
	}
	q, ok := c.(*expr.Subquery)
	if !ok || q.Form != expr.Exists {
		return nil
	}
	root := q.Query.(*Subplan).Root
	for {
		switch n := root.(type) {
		case *Project:
			root = n.In
			continue
		case *Sort:
			root = n.In
			continue
		case *Distinct:
			root = n.In
			continue
		}
		break
	}
	r, correlated, ok := liftCorrelated(root)
	if !ok || len(correlated) == 0 {
		return nil
	}
	w := width(l)
	for i := range correlated {
		correlated[i] = joined(correlated[i], q.Args, w)
	}
	return &Join{L: l, R: r, Kind: kind, On: allOf(correlated)}
}

// liftCorrelated takes the conditions that read outer values off the top of a query; ok is false where outer values are read elsewhere.
func liftCorrelated(n Node) (rest Node, correlated []expr.Expr, ok bool) {
	rest = n
	if f, is := n.(*Filter); is {
		var own []expr.Expr
		correlated, own = split(conjuncts(f.X), func(x expr.Expr) bool { return len(outersIn(x)) > 0 })
		rest = filtered(f.In, own)
	}
	return rest, correlated, !readsOuter(rest)
}

// joined turns an expression over a subquery's row and outer values into one over the row of a join, whose left row has w columns and gives
// the outer values.
func joined(x expr.Expr, args []expr.Expr, w int) expr.Expr {
	switch x := x.(type) {
	case *expr.Column:
		return &expr.Column{Index: x.Index + w, Name: x.Name, T: x.T, Table: x.Table}
	case *expr.Outer:
		return args[x.Index]
	}
	return expr.Rebuild(x, func(y expr.Expr) expr.Expr { return joined(y, args, w) })
}
