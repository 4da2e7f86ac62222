package expr

import (
	"github.com/asofdb/asof/sql/syntax"
	"github.com/asofdb/asof/sql/types"
)

// between is x >= lo AND x <= hi, as PostgreSQL reads it, so that a window written this way is seen as one.
func (b *binder) between(x *syntax.Between) (Expr, error) {
	if _, ok := x.X.(*syntax.Row); ok {
		return b.betweenRows(x)
	}
	v, err := b.operand(x.X)
	if err != nil {
		return nil, err
	}
	lo, err := b.operand(x.Lo)
	if err != nil {
		return nil, err
	}
	hi, err := b.operand(x.Hi)
	if err != nil {
		return nil, err
	}
	above, below := ">=", "<="
	if x.Not {
		above, below = "<", ">"
	}
	l, err := b.operate(above, v, lo)
	if err != nil {
		return nil, err
	}
	h, err := b.operate(below, v, hi)
	if err != nil {
		return nil, err
	}
	if x.Not {
		return NewOr(l, h), nil
	}
	return NewAnd(l, h), nil
}

func (b *binder) betweenRows(x *syntax.Between) (Expr, error) {
	l, err := b.binary(&syntax.Binary{Span: x.Span, Op: ">=", L: x.X, R: x.Lo})
	if err != nil {
		return nil, err
	}
	h, err := b.binary(&syntax.Binary{Span: x.Span, Op: "<=", L: x.X, R: x.Hi})
	if err != nil {
		return nil, err
	}
	if x.Not {
		return NewNot(NewAnd(l, h)), nil
	}
	return NewAnd(l, h), nil
}

// in is a list of comparisons. As in PostgreSQL the elements that read no column get one common type with x, if there are
// several and they have one; each of the others is compared on its own, after them.
func (b *binder) in(x *syntax.In) (Expr, error) {
	if x.Sub != nil {
		return b.scope.Sub(x)
	}
	if row, ok := x.X.(*syntax.Row); ok {
		return b.rowIn(x, row)
	}
	v, err := b.operand(x.X)
	if err != nil {
		return nil, err
	}
	list, err := b.operands(x.List)
	if err != nil {
		return nil, err
	}
	var together, alone []bound
	for _, e := range list {
		if readsColumn(e.Expr) {
			alone = append(alone, e)
		} else {
			together = append(together, e)
		}
	}
	var parts []Expr
	if set, ok, err := b.inSet(v, together, x.Not); err != nil {
		return nil, err
	} else if ok {
		parts = append(parts, set)
	} else {
		alone = list
	}
	op := "="
	if x.Not {
		op = "<>"
	}
	for _, e := range alone {
		c, err := b.operate(op, v, e)
		if err != nil {
			return nil, err
		}
		parts = append(parts, c)
	}
	if x.Not {
		return NewAnd(parts...), nil
	}
	return NewOr(parts...), nil
}

func readsColumn(x Expr) bool {
	found := false
	Walk(x, func(x Expr) bool {
		_, column := x.(*Column)
		found = found || column
		return !found
	})
	return found
}

// inSet is x IN (list) over one common type; ok is false where the list is too short or has none.
func (b *binder) inSet(x bound, list []bound, not bool) (e Expr, ok bool, err error) {
	if len(list) < 2 {
		return nil, false, nil
	}
	ts := make([]types.Type, 0, len(list)+1)
	ts = append(ts, base(x.Type()))
	for _, e := range list {
		ts = append(ts, base(e.Type()))
	}
	common, err := commonType("IN", ts)
	if err != nil {
		return nil, false, nil
	}
	f, many := resolveOperator("=", x.Type(), common)
	if f == nil {
		return nil, false, missingOperator("=", sig(base(x.Type()), common), many)
	}
	want, _ := actual(f, sig(pick(base(x.Type()), common), common))
	left, err := b.operandAs(x, want[0])
	if err != nil {
		return nil, false, err
	}
	elems := make([]Expr, len(list))
	for i, e := range list {
		if elems[i], err = b.convert(e, common, false); err != nil {
			return nil, false, err
		}
		if elems[i], err = b.operandAs(operandOf(elems[i], e.src), want[1]); err != nil {
			return nil, false, err
		}
	}
	return newInList(left, elems, not), true, nil
}

func (b *binder) rowIn(x *syntax.In, row *syntax.Row) (Expr, error) {
	var alternatives []Expr
	for _, e := range x.List {
		other, ok := e.(*syntax.Row)
		if !ok {
			return nil, at(e, types.Errorf(types.CodeDatatypeMismatch, "a row is compared with something that is no row"))
		}
		c, err := b.compareRows("=", row.Elems, other.Elems)
		if err != nil {
			return nil, at(e, err)
		}
		alternatives = append(alternatives, c)
	}
	if x.Not {
		return NewNot(NewOr(alternatives...)), nil
	}
	return NewOr(alternatives...), nil
}

func (b *binder) is(x *syntax.Is) (Expr, error) {
	if x.What != "NULL" {
		e, err := b.boolean(x.X, isWhat(x))
		if err != nil {
			return nil, err
		}
		return newIsTruth(e, x.What, x.Not), nil
	}
	xs := []syntax.Expr{x.X}
	if row, ok := x.X.(*syntax.Row); ok { // IS NULL and IS NOT NULL of a row both speak of all its elements
		xs = row.Elems
	}
	tests := make([]Expr, len(xs))
	for i, s := range xs {
		o, err := b.operand(s)
		if err != nil {
			return nil, err
		}
		e, err := b.settle(o)
		if err != nil {
			return nil, err
		}
		tests[i] = newIsNull(e, x.Not)
	}
	return NewAnd(tests...), nil
}

func isWhat(x *syntax.Is) string {
	if x.Not {
		return "IS NOT " + x.What
	}
	return "IS " + x.What
}

func (b *binder) isDistinct(x *syntax.IsDistinct) (Expr, error) {
	ls, rs, ok := rows(x.L, x.R)
	if !ok {
		ls, rs = []syntax.Expr{x.L}, []syntax.Expr{x.R}
	}
	if len(ls) != len(rs) {
		return nil, types.Errorf(types.CodeSyntax, "unequal number of entries in row expressions")
	}
	tests := make([]Expr, len(ls))
	for i := range ls {
		l, err := b.operand(ls[i])
		if err != nil {
			return nil, err
		}
		r, err := b.operand(rs[i])
		if err != nil {
			return nil, err
		}
		_, le, re, err := b.pair("=", l, r)
		if err != nil {
			return nil, err
		}
		tests[i] = newDistinct(le, re, x.Not)
	}
	if x.Not {
		return NewAnd(tests...), nil
	}
	return NewOr(tests...), nil
}

// like binds its operands by PostgreSQL's operator ~~, which it has for text and bytea.
func (b *binder) like(x *syntax.Like) (Expr, error) {
	l, err := b.operand(x.X)
	if err != nil {
		return nil, err
	}
	p, err := b.operand(x.Pattern)
	if err != nil {
		return nil, err
	}
	op := "~~"
	if x.Fold {
		op = "~~*"
	}
	_, le, pe, err := b.pair(op, l, p)
	if err != nil {
		return nil, err
	}
	var escape Expr
	if x.Escape != nil {
		o, err := b.operand(x.Escape)
		if err != nil {
			return nil, err
		}
		if !implicitly(o.Type(), text) {
			return nil, at(x.Escape, types.Errorf(types.CodeUndefinedFunction, "function %s does not exist", signature("like_escape", sig(text, o.Type()))))
		}
		if escape, err = b.convert(o, text, false); err != nil {
			return nil, err
		}
	}
	return newLike(le, pe, escape, x.Not, x.Fold), nil
}

func (b *binder) quantified(x *syntax.Quantified) (Expr, error) {
	if isSubquery(x.R) {
		return b.scope.Sub(x)
	}
	l, err := b.operand(x.L)
	if err != nil {
		return nil, err
	}
	r, err := b.operand(x.R)
	if err != nil {
		return nil, err
	}
	op := x.Op
	if op == "!=" {
		op = "<>"
	}
	if hitsOf[op] == 0 {
		return nil, types.Errorf(types.CodeNotSupported, "%s ANY or ALL is not yet supported", op).WithHint("Use one of = <> < <= > >=.")
	}
	elem := untyped
	if r.Type().Kind == types.Array {
		elem = base(r.Type()).ElemType()
	} else if r.Type().Kind != types.Unknown {
		return nil, types.Errorf(types.CodeWrongObjectType, "op ANY/ALL (array) requires array on right side")
	}
	f, many := resolveOperator(op, l.Type(), elem)
	if f == nil {
		return nil, missingOperator(op, sig(base(l.Type()), elem), many)
	}
	want, _ := actual(f, sig(pick(base(l.Type()), elem), pick(elem, base(l.Type()))))
	le, err := b.operandAs(l, want[0])
	if err != nil {
		return nil, err
	}
	re, err := b.arrayOperand(r, elem, want[1])
	if err != nil {
		return nil, err
	}
	return newQuantified(op, x.All, le, re), nil
}

// arrayOperand converts an array of elem to one of want, but lets VARCHAR stand for TEXT.
func (b *binder) arrayOperand(r bound, elem, want types.Type) (Expr, error) {
	if elem.Kind == types.Varchar && want.Kind == types.Text {
		return r.Expr, nil
	}
	if want.Kind == types.Array || want.Kind == types.Unknown {
		return nil, at(r.src, types.Errorf(types.CodeUndefinedObject, "could not find array type for data type %s", typeName(want)))
	}
	return b.convert(r, types.ArrayOf(want), false)
}
