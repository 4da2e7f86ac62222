package expr

import (
	"time"

	"github.com/asofdb/asof/sql/syntax"
	"github.com/asofdb/asof/sql/types"
)

// conversion is how a Cast converts, chosen once from the two types.
type conversion uint8

const (
	converted conversion = iota // types.CastIn or, for an assignment, types.Coerce
	relabeled                   // only the kind changes
	asNumeric                   // an integer becomes a numeric
)

func conversionFor(from, to types.Type) conversion {
	switch {
	case isInt(from.Kind) && isInt(to.Kind) && types.CanImplicit(from, to),
		isText(from.Kind) && isText(to.Kind) && to.Len == 0 && to.Alias == types.NoAlias,
		isFloat(from.Kind) && to.Kind == types.Float8:
		return relabeled
	case isInt(from.Kind) && to == numeric:
		return asNumeric
	}
	return converted
}

// zonedCast reports whether a cast looks at the session's zone.
func zonedCast(from, to types.Type) bool {
	f, t := from.Kind, to.Kind
	if f == types.Array {
		f = from.Elem
	}
	if t == types.Array {
		t = to.Elem
	}
	switch {
	case f == types.Timestamptz:
		return t != types.Timestamptz
	case t == types.Timestamptz:
		return true
	}
	return false
}

func newCast(x Expr, t types.Type, assign bool) Expr {
	return fold(&Cast{X: x, T: t, assign: assign, how: conversionFor(x.Type(), t)})
}

// NewCast converts x to t by PostgreSQL's explicit cast, or fails with 42846.
func NewCast(x Expr, t types.Type) (Expr, error) { return newBinder(nil).castTo(operandOf(x, nil), t) }

func (c *Cast) Type() types.Type { return c.T }

func (c *Cast) Eval(env *Env) (types.Value, error) {
	v, err := c.X.Eval(env)
	if err != nil || v.IsNull() {
		return v, err
	}
	switch c.how {
	case relabeled:
		v.Kind = c.T.Kind
		return v, nil
	case asNumeric:
		return types.IntNumeric(v.I), nil
	}
	if c.assign {
		return types.CoerceIn(v, c.T, zoneOf(env))
	}
	return types.CastIn(v, c.T, zoneOf(env))
}

func (c *Cast) String() string { return "(" + c.X.String() + ")::" + c.T.String() }

func zoneOf(env *Env) *time.Location {
	if env.Zone == nil {
		return time.UTC
	}
	return env.Zone
}

// cast is x::t.
func (b *binder) cast(x *syntax.Cast) (Expr, error) {
	// ARRAY[] has no type of its own, so that the cast must give it one.
	if a, ok := x.X.(*syntax.ArrayLit); ok && len(a.Elems) == 0 && x.Type.Kind == types.Array {
		return &Const{V: types.NewArray(nil), T: x.Type}, nil
	}
	o, err := b.operand(x.X)
	if err != nil {
		return nil, err
	}
	return b.castTo(o, x.Type)
}

// castTo is the explicit cast.
func (b *binder) castTo(o bound, t types.Type) (Expr, error) {
	from := o.Type()
	switch {
	case t.Kind != types.Array && t.Alias.Reg() && (from.Kind == types.Unknown || isString(from.Kind)):
		return b.toReg(o, t)
	case from.Kind != types.Array && from.Alias.Reg() && isString(t.Kind):
		return b.fromReg(o, t)
	}
	if !types.CanCast(from, t) {
		return nil, types.Errorf(types.CodeCannotCoerce, "cannot cast type %s to %s", typeName(from), typeName(t))
	}
	if from == t {
		return o.Expr, nil
	}
	if from.Kind == types.Unknown { // the modifiers come after: an explicit cast cuts what is too long
		e, err := b.typed(o, unmodified(t))
		if err != nil || e.Type() == t {
			return e, err
		}
		return newCast(e, t, false), nil
	}
	return newCast(o.Expr, t, false), nil
}

// convert makes o a t where the context wants one; that it may be one has been checked.
func (b *binder) convert(o bound, t types.Type, assign bool) (Expr, error) {
	switch {
	case o.Type() == t, base(o.Type()) == t: // dropping the modifiers changes no value
		return o.Expr, nil
	case o.Type().Kind == types.Unknown:
		return b.typed(o, t)
	}
	return newCast(o.Expr, t, assign), nil
}

// typed gives an untyped literal, NULL or parameter the type t.
func (b *binder) typed(o bound, t types.Type) (Expr, error) {
	switch x := o.Expr.(type) {
	case *Const:
		if x.V.IsNull() {
			return &Const{T: t}, nil
		}
		e, err := b.read(x.V.S, t)
		return e, at(o.src, err)
	case *Param:
		if b.scope == nil {
			return &Param{N: x.N, T: t}, nil
		}
		p, err := b.param(x.N, unmodified(t))
		if err != nil {
			return nil, at(o.src, err)
		}
		if p.Type() == t {
			return p, nil
		}
		if !types.CanCast(p.Type(), t) {
			return nil, at(o.src, types.Errorf("42P08", "inconsistent types deduced for parameter $%d", x.N).
				WithHint("It is %s elsewhere and %s here: write $%d::%s.", typeName(p.Type()), typeName(t), x.N, typeName(p.Type())))
		}
		return newCast(p, t, false), nil
	}
	return newCast(o.Expr, t, false), nil
}
