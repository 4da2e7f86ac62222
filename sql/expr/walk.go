package expr

import "slices"

// Children returns x's direct operands. Those of a Subquery are its Args and its Left; what it is made of inside is another query's.
func Children(x Expr) []Expr {
	switch x := x.(type) {
	case *Compare:
		return []Expr{x.L, x.R}
	case *Distinct:
		return []Expr{x.L, x.R}
	case *NullIf:
		return []Expr{x.L, x.R}
	case *Arith:
		return []Expr{x.L, x.R}
	case *Quantified:
		return []Expr{x.L, x.R}
	case *Index:
		return []Expr{x.X, x.I}
	case *And:
		return x.Xs
	case *Or:
		return x.Xs
	case *Coalesce:
		return x.Xs
	case *Extreme:
		return x.Xs
	case *ArrayOf:
		return x.Xs
	case *Call:
		return x.Args
	case *InList:
		return append([]Expr{x.X}, x.List...)
	case *Not:
		return []Expr{x.X}
	case *Neg:
		return []Expr{x.X}
	case *Cast:
		return []Expr{x.X}
	case *IsNull:
		return []Expr{x.X}
	case *IsTruth:
		return []Expr{x.X}
	case *Like:
		if x.Escape != nil {
			return []Expr{x.X, x.Pattern, x.Escape}
		}
		return []Expr{x.X, x.Pattern}
	case *Case:
		return caseChildren(x)
	case *Subquery:
		return slices.Concat(x.Args, x.Left)
	}
	return nil
}

func caseChildren(c *Case) []Expr {
	var xs []Expr
	for _, w := range c.Whens {
		xs = append(xs, w.Cond, w.Then)
	}
	if c.Else != nil {
		xs = append(xs, c.Else)
	}
	return xs
}

// Rebuild returns a copy of x with operands mapped by f (f(child) for each of Children, in order). An operand's
// replacement has the operand's type. The copy is folded and simplified as if it had been bound.
func Rebuild(x Expr, f func(Expr) Expr) Expr {
	old := Children(x)
	if len(old) == 0 {
		return x
	}
	xs := make([]Expr, len(old))
	for i := range old {
		xs[i] = f(old[i])
	}
	switch x := x.(type) {
	case *Compare:
		return NewCompare(x.Op, xs[0], xs[1])
	case *Distinct:
		return newDistinct(xs[0], xs[1], x.Not)
	case *NullIf:
		return newNullIf(xs[0], xs[1])
	case *Arith:
		return fold(&Arith{Op: x.Op, L: xs[0], R: xs[1], T: x.T, f: x.f})
	case *Quantified:
		return newQuantified(x.Op, x.All, xs[0], xs[1])
	case *Index:
		return fold(&Index{X: xs[0], I: xs[1]})
	case *And:
		return NewAnd(xs...)
	case *Or:
		return NewOr(xs...)
	case *Coalesce:
		return newCoalesce(xs, x.T)
	case *Extreme:
		return newExtreme(x.Least, xs, x.T)
	case *ArrayOf:
		return fold(&ArrayOf{Xs: xs, T: x.T})
	case *Call:
		return fold(&Call{Fn: x.Fn, Args: xs, T: x.T, f: x.f})
	case *InList:
		return newInList(xs[0], xs[1:], x.Not)
	case *Not:
		return NewNot(xs[0])
	case *Neg:
		return fold(&Neg{X: xs[0], f: x.f})
	case *Cast:
		return fold(&Cast{X: xs[0], T: x.T, assign: x.assign, how: x.how})
	case *IsNull:
		return newIsNull(xs[0], x.Not)
	case *IsTruth:
		return newIsTruth(xs[0], x.What, x.Not)
	case *Like:
		var escape Expr
		if len(xs) == 3 {
			escape = xs[2]
		}
		return newLike(xs[0], xs[1], escape, x.Not, x.Fold)
	case *Case:
		return rebuildCase(x, xs)
	case *Subquery:
		q := *x
		q.Args, q.Left = xs[:len(x.Args):len(x.Args)], xs[len(x.Args):]
		return &q
	}
	return x
}

func rebuildCase(c *Case, xs []Expr) Expr {
	whens := make([]When, len(c.Whens))
	for i := range whens {
		whens[i] = When{Cond: xs[2*i], Then: xs[2*i+1]}
	}
	var other Expr
	if c.Else != nil {
		other = xs[len(xs)-1]
	}
	return NewCase(whens, other, c.T)
}

// Walk calls f for x and everything below it, parents first; f returning false skips what is below.
func Walk(x Expr, f func(Expr) bool) {
	if !f(x) {
		return
	}
	for _, c := range Children(x) {
		Walk(c, f)
	}
}
