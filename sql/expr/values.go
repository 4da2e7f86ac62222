package expr

import (
	"github.com/asofdb/asof/sql/syntax"
	"github.com/asofdb/asof/sql/types"
)

// caseWhen binds both forms; CASE x WHEN y becomes WHEN x = y.
func (b *binder) caseWhen(x *syntax.Case) (Expr, error) {
	var operand bound
	if x.Operand != nil {
		o, err := b.operand(x.Operand)
		if err != nil {
			return nil, err
		}
		e, err := b.settle(o)
		if err != nil {
			return nil, err
		}
		operand = operandOf(e, x.Operand)
	}
	conds := make([]Expr, len(x.Whens))
	// PostgreSQL looks at ELSE first when it looks for the common type.
	results := make([]bound, 1, len(x.Whens)+1)
	results[0] = operandOf(&Const{T: untyped}, x)
	for i, w := range x.Whens {
		var err error
		if conds[i], err = b.whenCondition(operand, w.Cond); err != nil {
			return nil, err
		}
		then, err := b.operand(w.Then)
		if err != nil {
			return nil, err
		}
		results = append(results, then)
	}
	if x.Else != nil {
		var err error
		if results[0], err = b.operand(x.Else); err != nil {
			return nil, err
		}
	}
	values, t, err := b.alike("CASE", results)
	if err != nil {
		return nil, err
	}
	whens := make([]When, len(conds))
	for i := range whens {
		whens[i] = When{Cond: conds[i], Then: values[i+1]}
	}
	var other Expr
	if x.Else != nil {
		other = values[0]
	}
	return NewCase(whens, other, t), nil
}

func (b *binder) whenCondition(operand bound, cond syntax.Expr) (Expr, error) {
	if operand.Expr == nil {
		return b.boolean(cond, "CASE/WHEN")
	}
	o, err := b.operand(cond)
	if err != nil {
		return nil, err
	}
	e, err := b.operate("=", operand, o)
	return e, at(cond, err)
}

// alike converts all of xs to their common type.
func (b *binder) alike(where string, xs []bound) ([]Expr, types.Type, error) {
	ts := make([]types.Type, len(xs))
	for i, x := range xs {
		ts[i] = x.Type()
	}
	t, err := commonType(where, ts)
	if err != nil {
		for i := range xs { // the first that does not fit is the one to point at
			if _, err := commonType(where, ts[:i+1]); err != nil {
				return nil, t, at(xs[i].src, err)
			}
		}
		return nil, t, err
	}
	out := make([]Expr, len(xs))
	for i, x := range xs {
		if !implicitly(x.Type(), t) {
			return nil, t, at(x.src, types.Errorf(types.CodeCannotCoerce, "%s could not convert type %s to %s", where, typeName(x.Type()), typeName(t)))
		}
		if out[i], err = b.convert(x, t, false); err != nil {
			return nil, t, err
		}
	}
	return out, t, nil
}

// arrayLit is ARRAY[…] of one common type.
func (b *binder) arrayLit(x *syntax.ArrayLit) (Expr, error) {
	if len(x.Elems) == 0 {
		return nil, types.Errorf(types.CodeIndeterminateType, "cannot determine type of empty array").
			WithHint("Explicitly cast to the desired type, for example ARRAY[]::integer[].")
	}
	xs, err := b.operands(x.Elems)
	if err != nil {
		return nil, err
	}
	elems, t, err := b.alike("ARRAY", xs)
	if err != nil {
		return nil, err
	}
	if t.Kind == types.Array {
		return nil, types.Errorf(types.CodeNotSupported, "arrays of arrays are not yet supported")
	}
	return fold(&ArrayOf{Xs: elems, T: types.ArrayOf(types.Type{Kind: t.Kind, Alias: t.Alias})}), nil
}

func (b *binder) index(x *syntax.Index) (Expr, error) {
	a, err := b.operand(x.X)
	if err != nil {
		return nil, err
	}
	if a.Type().Kind != types.Array {
		return nil, at(x.X, types.Errorf(types.CodeDatatypeMismatch, "cannot subscript type %s because it does not support subscripting", typeName(a.Type())))
	}
	i, err := b.operand(x.I)
	if err != nil {
		return nil, err
	}
	if !types.CanCoerce(i.Type(), int4) || isString(i.Type().Kind) {
		return nil, at(x.I, types.Errorf(types.CodeDatatypeMismatch, "array subscript must have type integer"))
	}
	n, err := b.convert(i, int4, true)
	if err != nil {
		return nil, err
	}
	return fold(&Index{X: a.Expr, I: n}), nil
}
