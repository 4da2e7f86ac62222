package plan

import (
	"slices"

	"github.com/asofdb/asof/sql/expr"
)

// pushFilters returns n kept to the rows that pass all of xs, with every condition checked as early as it can be: below projections and sorts,
// in the sides of joins, in the inputs of unions.
func pushFilters(n Node, xs []expr.Expr) Node {
	switch n := n.(type) {
	case *Filter:
		return pushFilters(n.In, slices.Concat(conjuncts(n.X), xs))
	case *Join:
		return n.pushFilters(xs)
	case *AsOfJoin:
		w := width(n.In)
		left, above := split(xs, func(x expr.Expr) bool { _, right := sides(x, w); return !right })
		n.In = pushFilters(n.In, left)
		return filtered(n, above)
	case *Lateral:
		w := width(n.In)
		left, above := split(xs, func(x expr.Expr) bool { _, right := sides(x, w); return !right })
		n.In = pushFilters(n.In, left)
		return filtered(n, above)
	case *Project:
		below, above := split(xs, n.movable)
		for i := range below {
			below[i] = substitute(below[i], n.Exprs)
		}
		n.In = pushFilters(n.In, below)
		return filtered(n, above)
	case *Aggregation:
		below, above := split(xs, func(x expr.Expr) bool { return len(n.Keys) > 0 && n.overKeys(x) })
		for i := range below {
			below[i] = substitute(below[i], n.Keys)
		}
		n.In = pushFilters(n.In, below)
		return filtered(n, above)
	case *Sort:
		n.In = pushFilters(n.In, xs)
		return n
	case *Distinct:
		n.In = pushFilters(n.In, xs)
		return n
	case *UnionAll:
		for i := range n.Ins {
			n.Ins[i] = pushFilters(n.Ins[i], slices.Clone(xs))
		}
		return n
	}
	for _, in := range inputs(n) {
		*in = pushFilters(*in, nil)
	}
	return filtered(n, xs)
}

// pushFilters sends the conditions of WHERE and ON to the sides that they speak of. A side whose rows come out even without a match keeps ON's
// conditions out, and one that may be missing WHERE's.
func (j *Join) pushFilters(xs []expr.Expr) Node {
	w := width(j.L)
	onlyLeft := func(x expr.Expr) bool { _, right := sides(x, w); return !right }
	onlyRight := func(x expr.Expr) bool { left, right := sides(x, w); return right && !left }
	on := conjuncts(j.On)
	var left, right, above []expr.Expr
	switch j.Kind {
	case InnerJoin:
		on = slices.Concat(on, xs)
		left, on = split(on, onlyLeft)
		right, on = split(on, onlyRight)
	case SemiJoin:
		left, on = split(on, onlyLeft)
		right, on = split(on, onlyRight)
		left = slices.Concat(left, xs)
	case LeftJoin:
		right, on = split(on, onlyRight)
		left, above = split(xs, onlyLeft)
	case AntiJoin:
		right, on = split(on, onlyRight)
		left = xs
	case NullAntiJoin:
		left = xs
	case RightJoin:
		left, on = split(on, onlyLeft)
		right, above = split(xs, onlyRight)
	case FullJoin:
		above = xs
	}
	for i := range right {
		right[i] = shift(right[i], -w)
	}
	j.L, j.R, j.On = pushFilters(j.L, left), pushFilters(j.R, right), allOf(on)
	return filtered(j, above)
}

// split divides xs into those for which f holds and the others.
func split(xs []expr.Expr, f func(expr.Expr) bool) (yes, no []expr.Expr) {
	for _, x := range xs {
		if f(x) {
			yes = append(yes, x)
		} else {
			no = append(no, x)
		}
	}
	return yes, no
}

// movable reports whether x can be checked below the projection: what it reads may be computed twice then, so it must be no subquery.
func (p *Project) movable(x expr.Expr) bool {
	for _, c := range columnsOf(x) {
		if hasSubquery(p.Exprs[c].X) {
			return false
		}
	}
	return true
}

// overKeys reports whether x reads only the keys that rows are grouped by.
func (a *Aggregation) overKeys(x expr.Expr) bool {
	for _, c := range columnsOf(x) {
		if c >= len(a.Keys) || hasSubquery(a.Keys[c].X) {
			return false
		}
	}
	return true
}

// substitute replaces columns by what they are computed from.
func substitute(x expr.Expr, outputs []Output) expr.Expr {
	if c, ok := x.(*expr.Column); ok {
		return outputs[c.Index].X
	}
	return expr.Rebuild(x, func(y expr.Expr) expr.Expr { return substitute(y, outputs) })
}
