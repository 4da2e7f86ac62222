package expr

import (
	"errors"
	"time"

	"github.com/asofdb/asof/sql/syntax"
	"github.com/asofdb/asof/sql/types"
)

// Bind resolves x in scope s and types it as PostgreSQL would: operators and functions resolved over their operands,
// untyped literals and parameters taking the type of what stands beside them, implicit casts made explicit, constants folded (never NOW()).
// Errors are *types.Error with the place in the user's text.
func Bind(x syntax.Expr, s Scope) (Expr, error) {
	b := newBinder(s)
	e, err := b.bind(x)
	if err != nil {
		return nil, err
	}
	return b.settle(operandOf(e, x))
}

// BindOpen is Bind for where a later step decides the types (VALUES, a branch of UNION): a bare literal or NULL stays of type
// types.Unknown. CommonType and Convert take it from there.
func BindOpen(x syntax.Expr, s Scope) (Expr, error) { return newBinder(s).bind(x) }

// BindAs binds x and converts it to type t as an assignment would; where names what is being bound, for the error.
func BindAs(x syntax.Expr, s Scope, t types.Type, where string) (Expr, error) {
	e, err := newBinder(s).bind(x)
	if err != nil {
		return nil, err
	}
	return Assign(e, x, s, t, where)
}

// Assign converts x, bound from the text at place (nil where there is none), to type t as an assignment would; where names what is assigned to.
func Assign(x Expr, place syntax.Expr, s Scope, t types.Type, where string) (Expr, error) {
	from := x.Type()
	if !types.CanCoerce(from, t) {
		return nil, at(place, types.Errorf(types.CodeDatatypeMismatch, "%s is of type %s but expression is of type %s", where, typeName(t), typeName(from)).
			WithHint("You will need to rewrite or cast the expression."))
	}
	return newBinder(s).convert(operandOf(x, place), t, true)
}

// BindBool binds a condition; where is "WHERE", "HAVING", "FILTER" for the error.
func BindBool(x syntax.Expr, s Scope, where string) (Expr, error) {
	return newBinder(s).boolean(x, where)
}

// CommonType is the type that UNION, VALUES and the like give to columns of these types; where names the construct for the error.
func CommonType(where string, ts ...types.Type) (types.Type, error) { return commonType(where, ts) }

// Convert converts x, bound from the text at place (nil where there is none), to t as an operand is converted; what has no
// implicit cast to t is an error.
func Convert(x Expr, place syntax.Expr, s Scope, t types.Type) (Expr, error) {
	if !implicitly(x.Type(), t) {
		return nil, at(place, types.Errorf(types.CodeCannotCoerce, "cannot convert type %s to %s", typeName(x.Type()), typeName(t)))
	}
	return newBinder(s).convert(operandOf(x, place), t, false)
}

// binder carries what binding needs besides the tree.
type binder struct {
	scope Scope
	zone  *time.Location // in which literals are read
}

func newBinder(s Scope) *binder {
	b := &binder{scope: s, zone: time.UTC}
	if z, ok := s.(Zoned); ok && z.Zone() != nil {
		b.zone = z.Zone()
	}
	return b
}

// bound is an expression together with the syntax it came from, which errors point at.
type bound struct {
	Expr
	src syntax.Expr
}

func operandOf(e Expr, src syntax.Expr) bound { return bound{Expr: e, src: src} }

// at gives err the place of x unless it has one.
func at(x syntax.Expr, err error) error {
	var e *types.Error
	if x == nil || !errors.As(err, &e) {
		return err
	}
	place := x.Place()
	e.At(int(place.Pos), int(place.End-place.Pos))
	return err
}

// operand binds x and remembers its place.
func (b *binder) operand(x syntax.Expr) (bound, error) {
	e, err := b.bind(x)
	return operandOf(e, x), err
}

func (b *binder) operands(xs []syntax.Expr) ([]bound, error) {
	out := make([]bound, len(xs))
	for i, x := range xs {
		var err error
		if out[i], err = b.operand(x); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// bind binds x; a bare literal, NULL or parameter may come back with the type Unknown.
func (b *binder) bind(x syntax.Expr) (Expr, error) {
	e, err := b.dispatch(x)
	return e, at(x, err)
}

func (b *binder) dispatch(x syntax.Expr) (Expr, error) {
	switch x := x.(type) {
	case *syntax.Null:
		return &Const{T: untyped}, nil
	case *syntax.Bool:
		return boolConst(truthIf(x.V)), nil
	case *syntax.Number:
		return number(x.Text)
	case *syntax.String:
		return &Const{V: types.NewText(x.V), T: untyped}, nil
	case *syntax.TypedLit:
		return b.read(x.Text, x.Type)
	case *syntax.Param:
		return b.param(x.N, types.Type{})
	case *syntax.ColumnRef:
		return b.scope.Column(x)
	case *syntax.Unary:
		return b.unary(x)
	case *syntax.Binary:
		return b.binary(x)
	case *syntax.Call:
		return b.call(x)
	case *syntax.Cast:
		return b.cast(x)
	case *syntax.Case:
		return b.caseWhen(x)
	case *syntax.In:
		return b.in(x)
	case *syntax.Between:
		return b.between(x)
	case *syntax.Like:
		return b.like(x)
	case *syntax.Is:
		return b.is(x)
	case *syntax.IsDistinct:
		return b.isDistinct(x)
	case *syntax.Quantified:
		return b.quantified(x)
	case *syntax.ArrayLit:
		return b.arrayLit(x)
	case *syntax.Index:
		return b.index(x)
	case *syntax.Field:
		return nil, at(x.NamePos, types.Errorf(types.CodeNotSupported, "fields of a row are not yet supported"))
	case *syntax.Subquery, *syntax.Exists:
		return b.scope.Sub(x)
	case *syntax.Row:
		return nil, types.Errorf(types.CodeNotSupported, "a row as a value is not yet supported").
			WithHint("Rows can be compared: (a, b) = (c, d), (a, b) IN ((1, 2), (3, 4)).")
	case *syntax.Star:
		return nil, types.Errorf(types.CodeSyntax, "* is not an expression").WithHint("Name the column.")
	}
	return nil, types.Errorf(types.CodeNotSupported, "this expression is not yet supported")
}

// param is $n where type want is wanted; Null for none.
func (b *binder) param(n int, want types.Type) (Expr, error) {
	t, err := b.scope.Param(n, want)
	if err != nil {
		return nil, err
	}
	if t.Kind == types.Null {
		t = untyped
	}
	return &Param{N: n, T: t}, nil
}

// read is a literal of a declared type. A zone is looked at only where the text has none.
func (b *binder) read(s string, t types.Type) (Expr, error) {
	v, err := types.ParseIn(t, s, b.zone)
	if err != nil {
		return nil, err
	}
	return &Const{V: v, T: t}, nil
}

// boolean binds a condition; where is what takes it, for the error.
func (b *binder) boolean(x syntax.Expr, where string) (Expr, error) {
	o, err := b.operand(x)
	if err != nil {
		return nil, err
	}
	return b.truthValue(o, where)
}

func (b *binder) truthValue(o bound, where string) (Expr, error) {
	if !implicitly(o.Type(), boolean) {
		return nil, at(o.src, types.Errorf(types.CodeDatatypeMismatch, "argument of %s must be type boolean, not type %s", where, typeName(o.Type())))
	}
	return b.convert(o, boolean, false)
}

// settle gives what is still untyped the type text.
func (b *binder) settle(o bound) (Expr, error) {
	if o.Type().Kind != types.Unknown {
		return o.Expr, nil
	}
	return b.convert(o, text, false)
}

// typeName is t as PostgreSQL's messages name it, without modifiers.
func typeName(t types.Type) string {
	if t.Kind == types.Array {
		return t.Elem.String() + "[]"
	}
	return base(t).Kind.String()
}
