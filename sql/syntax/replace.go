package syntax

// Replace puts f(x) in the place of every expression x of a query, of those in FROM, in WITH and in expressions too; what stands in x has been replaced before.
func Replace(s *Select, f func(Expr) Expr) {
	r := replacer(f)
	r.query(s)
}

type replacer func(Expr) Expr

func (r replacer) query(s *Select) {
	if s == nil {
		return
	}
	for i := range s.With {
		r.query(s.With[i].Select)
	}
	if s.Set != nil {
		r.query(s.Set.L)
		r.query(s.Set.R)
	}
	for i := range s.Items {
		r.at(&s.Items[i].X)
	}
	for _, row := range s.Values {
		r.all(row)
	}
	r.from(s.From)
	r.all(s.GroupBy)
	r.order(s.OrderBy)
	r.at(&s.Where, &s.Having, &s.Limit, &s.Offset)
	r.moment(s.AsOf)
}

func (r replacer) from(x TableExpr) {
	switch x := x.(type) {
	case *Table:
		r.moment(x.AsOf)
	case *Derived:
		r.query(x.Select)
		r.moment(x.AsOf)
	case *TableFunc:
		r.at(&x.Call)
	case *Join:
		r.from(x.L)
		r.from(x.R)
		r.at(&x.On)
	}
}

func (r replacer) moment(a *AsOf) {
	if a != nil {
		r.at(&a.X)
	}
}

func (r replacer) order(items []OrderItem) {
	for i := range items {
		r.at(&items[i].X)
	}
}

func (r replacer) all(xs []Expr) {
	for i := range xs {
		r.at(&xs[i])
	}
}

// at replaces expressions, of which some may be nil.
func (r replacer) at(places ...*Expr) {
	for _, x := range places {
		if *x != nil {
			r.inside(*x)
			*x = r(*x)
		}
	}
}

func (r replacer) inside(x Expr) {
	switch x := x.(type) {
	case *Unary:
		r.at(&x.X)
	case *Binary:
		r.at(&x.L, &x.R)
	case *Call:
		r.all(x.Args)
		r.order(x.OrderBy)
		r.at(&x.Filter)
	case *Cast:
		r.at(&x.X)
	case *Case:
		for i := range x.Whens {
			r.at(&x.Whens[i].Cond, &x.Whens[i].Then)
		}
		r.at(&x.Operand, &x.Else)
	case *In:
		r.at(&x.X)
		r.all(x.List)
		r.query(x.Sub)
	case *Between:
		r.at(&x.X, &x.Lo, &x.Hi)
	case *Like:
		r.at(&x.X, &x.Pattern, &x.Escape)
	case *Is:
		r.at(&x.X)
	case *IsDistinct:
		r.at(&x.L, &x.R)
	case *Quantified:
		r.at(&x.L, &x.R)
	case *ArrayLit:
		r.all(x.Elems)
	case *Row:
		r.all(x.Elems)
	case *Index:
		r.at(&x.X, &x.I)
	case *Field:
		r.at(&x.X)
	case *Subquery:
		r.query(x.Select)
	case *Exists:
		r.query(x.Select)
	}
}
