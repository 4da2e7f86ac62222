package expr

import (
	"strconv"
	"strings"

	"github.com/asofdb/asof/sql/syntax"
	"github.com/asofdb/asof/sql/types"
)

// number is a numeric literal: the narrowest of integer, bigint and numeric that holds it.
func number(s string) (Expr, error) {
	if !strings.ContainsAny(s, ".eE") {
		if i, err := strconv.ParseInt(s, 10, 64); err == nil {
			if int64(int32(i)) == i {
				return &Const{V: types.NewInt(types.Int4, i), T: int4}, nil
			}
			return &Const{V: types.NewInt8(i), T: int8}, nil
		}
	}
	v, err := types.Parse(numeric, s)
	if err != nil {
		return nil, err
	}
	return &Const{V: v, T: numeric}, nil
}

func (b *binder) unary(x *syntax.Unary) (Expr, error) {
	if x.Op == "NOT" {
		e, err := b.boolean(x.X, "NOT")
		if err != nil {
			return nil, err
		}
		return NewNot(e), nil
	}
	if n, negative, ok := signed(x); ok {
		if negative {
			return number("-" + n.Text)
		}
		return number(n.Text)
	}
	o, err := b.operand(x.X)
	if err != nil {
		return nil, err
	}
	f, many := resolve(withArity(operators[x.Op], 1), sig(base(o.Type())))
	if f == nil {
		return nil, noOperator(many, x.Op+" "+typeName(o.Type()))
	}
	e, err := b.convert(o, f.args[0], false)
	if err != nil || x.Op == "+" {
		return e, err
	}
	return fold(&Neg{X: e, f: f}), nil
}

// signed looks through minuses for a number: they are part of it, or the smallest integers could not be written.
func signed(x *syntax.Unary) (n *syntax.Number, negative, ok bool) {
	for x.Op == "-" {
		negative = !negative
		switch inner := x.X.(type) {
		case *syntax.Number:
			return inner, negative, true
		case *syntax.Unary:
			x = inner
			continue
		}
		break
	}
	return nil, false, false
}

func (b *binder) binary(x *syntax.Binary) (Expr, error) {
	switch x.Op {
	case "AND", "OR":
		return b.logic(x)
	}
	if l, r, ok := rows(x.L, x.R); ok {
		return b.compareRows(x.Op, l, r)
	}
	if _, row := x.L.(*syntax.Row); row && isSubquery(x.R) {
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
	return b.operate(x.Op, l, r)
}

func isSubquery(x syntax.Expr) bool {
	q, ok := x.(*syntax.Subquery)
	return ok && !q.Array
}

// logic gathers a chain of one connective first, so that a long one neither nests nor copies.
func (b *binder) logic(x *syntax.Binary) (Expr, error) {
	var xs []Expr
	for _, s := range chain(x.Op, x) {
		e, err := b.boolean(s, x.Op)
		if err != nil {
			return nil, err
		}
		xs = append(xs, e)
	}
	if x.Op == "AND" {
		return NewAnd(xs...), nil
	}
	return NewOr(xs...), nil
}

// chain lists the operands of a left-deep chain of one connective.
func chain(op string, x syntax.Expr) []syntax.Expr {
	var reversed []syntax.Expr
	for {
		bin, ok := x.(*syntax.Binary)
		if !ok || bin.Op != op {
			break
		}
		reversed = append(reversed, bin.R)
		x = bin.L
	}
	out := make([]syntax.Expr, 0, len(reversed)+1)
	out = append(out, x)
	for i := len(reversed) - 1; i >= 0; i-- {
		out = append(out, reversed[i])
	}
	return out
}

// operate is l op r.
func (b *binder) operate(op string, l, r bound) (Expr, error) {
	if op == "!=" {
		op = "<>"
	}
	f, le, re, err := b.pair(op, l, r)
	if err != nil {
		return nil, err
	}
	if hitsOf[op] != 0 {
		return NewCompare(op, le, re), nil
	}
	_, result := actual(f, sig(base(l.Type()), base(r.Type())))
	return fold(&Arith{Op: op, L: le, R: re, T: result, f: f}), nil
}

// pair resolves op over l and r and converts both to what it takes.
func (b *binder) pair(op string, l, r bound) (f *function, le, re Expr, err error) {
	given := sig(base(l.Type()), base(r.Type()))
	f, many := resolveOperator(op, given[0], given[1])
	if f == nil {
		return nil, nil, nil, missingOperator(op, given, many)
	}
	if assumed := given; f.args[0].Kind == kindAnyArray { // an untyped side is an array of the other's type
		assumed = sig(pick(given[0], given[1]), pick(given[1], given[0]))
		given = assumed
	}
	want, _ := actual(f, given)
	if le, err = b.operandAs(l, want[0]); err != nil {
		return nil, nil, nil, err
	}
	re, err = b.operandAs(r, want[1])
	return f, le, re, err
}

func pick(t, other types.Type) types.Type {
	if t.Kind == types.Unknown {
		return other
	}
	return t
}

// operandAs converts o to t, but lets VARCHAR stand for TEXT (invariant 3).
func (b *binder) operandAs(o bound, t types.Type) (Expr, error) {
	if t.Kind == types.Text && o.Type().Kind == types.Varchar {
		return o.Expr, nil
	}
	return b.convert(o, t, false)
}

func missingOperator(op string, given []types.Type, many bool) error {
	if op == "->" || op == "->>" {
		return types.Errorf(types.CodeNotSupported, "operator %s is not yet supported", op).WithHint("Declare the field as a column of the source.")
	}
	return noOperator(many, typeName(given[0])+" "+op+" "+typeName(given[1]))
}

func noOperator(many bool, what string) error {
	if many {
		return types.Errorf("42725", "operator is not unique: %s", what).
			WithHint("Could not choose a best candidate operator. You might need to add explicit type casts.")
	}
	return types.Errorf(types.CodeUndefinedFunction, "operator does not exist: %s", what).
		WithHint("No operator matches the given name and argument types. You might need to add explicit type casts.")
}

// NewArith returns l op r, converting the operands as PostgreSQL would.
func NewArith(op string, l, r Expr) (Expr, error) {
	return newBinder(nil).operate(op, operandOf(l, nil), operandOf(r, nil))
}

// rows returns the elements of two row constructors.
func rows(l, r syntax.Expr) (ls, rs []syntax.Expr, ok bool) {
	lr, okL := l.(*syntax.Row)
	rr, okR := r.(*syntax.Row)
	if !okL || !okR {
		return nil, nil, false
	}
	return lr.Elems, rr.Elems, true
}

// compareRows spells a comparison of rows out in comparisons of their elements: equal (unequal) where all (any) are, ordered by the
// first that differ: a < c OR a = c AND b < d. NULLs come out as PostgreSQL's row comparison has them.
func (b *binder) compareRows(op string, l, r []syntax.Expr) (Expr, error) {
	if op == "!=" {
		op = "<>"
	}
	if hitsOf[op] == 0 {
		return nil, types.Errorf(types.CodeNotSupported, "operator %s over rows is not supported", op)
	}
	if len(l) != len(r) {
		return nil, types.Errorf(types.CodeSyntax, "unequal number of entries in row expressions")
	}
	ls, err := b.operands(l)
	if err != nil {
		return nil, err
	}
	rs, err := b.operands(r)
	if err != nil {
		return nil, err
	}
	return b.compareElements(op, ls, rs)
}

func (b *binder) compareElements(op string, ls, rs []bound) (Expr, error) {
	if op == "=" || op == "<>" {
		xs := make([]Expr, len(ls))
		for i := range ls {
			var err error
			if xs[i], err = b.operate(op, ls[i], rs[i]); err != nil {
				return nil, err
			}
		}
		if op == "=" {
			return NewAnd(xs...), nil
		}
		return NewOr(xs...), nil
	}
	if len(ls) == 1 {
		return b.operate(op, ls[0], rs[0])
	}
	strict, err := b.operate(op[:1], ls[0], rs[0])
	if err != nil {
		return nil, err
	}
	tie, err := b.operate("=", ls[0], rs[0])
	if err != nil {
		return nil, err
	}
	rest, err := b.compareElements(op, ls[1:], rs[1:])
	if err != nil {
		return nil, err
	}
	return NewOr(strict, NewAnd(tie, rest)), nil
}
