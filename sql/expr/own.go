package expr

import "github.com/asofdb/asof/sql/types"

// Function is a scalar function that whoever binds a statement supplies: what only a session or its catalog can answer. It is resolved by its arguments as
// the others are. Eval is called with values of the types of Args, from one goroutine at a time, as long as the statement runs.
type Function struct {
	Args []types.Type
	// Optional is how many arguments at the end may be left out.
	Optional int
	// Variadic says that the last argument may be repeated.
	Variadic bool
	Result   types.Type
	// Lax says that Eval takes NULLs; otherwise a NULL argument makes the result NULL.
	Lax  bool
	Eval func(args []types.Value) (types.Value, error)
}

// FunctionScope is a Scope that has functions of its own, by names in lower case.
type FunctionScope interface {
	Functions(name string) []Function
}

// Anything is the type of an argument that takes everything.
var Anything = anything

// own are the scope's functions called name.
func (b *binder) own(name string) []*function {
	s, ok := b.scope.(FunctionScope)
	if !ok {
		return nil
	}
	var out []*function
	for _, f := range s.Functions(name) {
		out = append(out, &function{
			name: name, args: f.Args, optional: f.Optional, variadic: f.Variadic, result: f.Result, lax: f.Lax,
			many: func(_ *Env, args []types.Value) (types.Value, error) { return f.Eval(args) },
		})
	}
	return out
}

// The functions behind casts to and from the types whose values are OIDs that print as names: regclassin and the like, which a FunctionScope has.

// toReg casts a name to an alias that Reg reports true for.
func (b *binder) toReg(o bound, t types.Type) (Expr, error) {
	e, err := b.settle(o)
	if err != nil {
		return nil, err
	}
	e, err = b.apply(t.Alias.String()+"in", []bound{operandOf(e, o.src)})
	return e, at(o.src, err)
}

// fromReg casts an OID that prints as a name to a string.
func (b *binder) fromReg(o bound, t types.Type) (Expr, error) {
	e, err := b.apply(o.Type().Alias.String()+"out", []bound{o})
	if err != nil || t.Kind == types.Text {
		return e, err
	}
	return newCast(e, t, false), nil
}

// Printed is what a client is sent of x: the name where x is an OID that prints as one.
func Printed(x Expr, s Scope) (Expr, error) {
	if t := x.Type(); t.Kind == types.Array || !t.Alias.Reg() {
		return x, nil
	}
	return newBinder(s).fromReg(operandOf(x, nil), text)
}
