package plan

import (
	"github.com/asofdb/asof/sql/expr"
)

// inToJoin makes semi joins of the IN (or = ANY) among a filter's conditions, and anti joins of the NOT IN (or <> ALL) of one column.
func inToJoin(f *Filter) Node {
	n := f.In
	var rest []expr.Expr
	for _, c := range conjuncts(f.X) {
		if j := inJoin(n, c); j != nil {
			n = j
		} else {
			rest = append(rest, c)
		}
	}
	return filtered(n, rest)
}

func inJoin(l Node, c expr.Expr) *Join {
	not := false
	if n, ok := c.(*expr.Not); ok {
		not, c = true, n.X
	}
	q, ok := c.(*expr.Subquery)
	switch {
	case !ok:
		return nil
	case !not && q.Form == expr.Any && q.Op == "=":
		return semiJoin(l, q)
	case not && q.Form == expr.Any && q.Op == "=", !not && q.Form == expr.All && q.Op == "<>":
		return nullAntiJoin(l, q)
	}
	return nil
}

// semiJoin is left IN (query). A query that reads outer values in its WHERE alone is joined by what is below its select list.
func semiJoin(l Node, q *expr.Subquery) *Join {
	r := q.Query.(*Subplan).Root
	w := width(l)
	cells := make([]expr.Expr, len(q.Left))
	for i, c := range r.Schema() {
		cells[i] = &expr.Column{Index: w + i, Name: c.Name, T: c.Type}
	}
	var on []expr.Expr
	if readsOuter(r) {
		p, ok := r.(*Project)
		if !ok {
			return nil
		}
		below, correlated, ok := liftCorrelated(p.In)
		if !ok || len(correlated) == 0 {
			return nil
		}
		r = below
		for i, o := range p.Exprs {
			cells[i] = joined(o.X, q.Args, w)
		}
		for _, c := range correlated {
			on = append(on, joined(c, q.Args, w))
		}
	}
	for i := range cells {
		on = append(on, expr.NewCompare("=", q.Left[i], cells[i]))
	}
	return &Join{L: l, R: r, Kind: SemiJoin, On: allOf(on)}
}

// nullAntiJoin is left NOT IN (query), for one column and a query that reads no outer values: a NULL among the rows then speaks to all of the left.
func nullAntiJoin(l Node, q *expr.Subquery) *Join {
	r := q.Query.(*Subplan).Root
	if len(q.Left) != 1 || readsOuter(r) || !expr.Hashable(q.Left[0].Type(), q.Right[0]) {
		return nil
	}
	return &Join{L: l, R: r, Kind: NullAntiJoin, Keys: []JoinKey{{L: q.Left[0], R: columnAt(r.Schema(), 0)}}}
}
