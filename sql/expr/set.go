package expr

import (
	"iter"

	"github.com/asofdb/asof/sql/syntax"
	"github.com/asofdb/asof/sql/types"
)

// Set is a call of a function in FROM, bound: it gives rows of one column. A scalar function gives one row.
type Set struct {
	Name string
	Args []Expr
	T    types.Type // of the column
	rows func(args []types.Value) (iter.Seq[types.Value], error)
}

// Rows are the values for the arguments at hand, which are evaluated in env. Of NULLs there are no rows.
func (s *Set) Rows(env *Env) (iter.Seq[types.Value], error) {
	args := make([]types.Value, len(s.Args))
	for i, x := range s.Args {
		v, err := x.Eval(env)
		if err != nil {
			return nil, err
		}
		if args[i] = v; v.IsNull() && s.rows != nil {
			return func(func(types.Value) bool) {}, nil
		}
	}
	if s.rows == nil {
		return func(yield func(types.Value) bool) { yield(args[0]) }, nil
	}
	return s.rows(args)
}

// String is the call, canonically.
func (s *Set) String() string {
	if s.rows == nil {
		return s.Args[0].String()
	}
	return joined(s.Name+"(", s.Args, ", ", ")")
}

// setFunctions are the functions that return sets. A result of anyarray stands for its element.
var setFunctions = index([]function{
	{name: "generate_series", args: sig(int4, int4), result: int4},
	{name: "generate_series", args: sig(int4, int4, int4), result: int4},
	{name: "generate_series", args: sig(int8, int8), result: int8},
	{name: "generate_series", args: sig(int8, int8, int8), result: int8},
	{name: "unnest", args: sig(anyArray), result: anyArray},
	{name: "generate_subscripts", args: sig(anyArray, int4), result: int4},
})

// ReturnsSet reports whether the function called name gives rows rather than one value.
func ReturnsSet(name string) bool { return setFunctions[name] != nil }

// BindSet binds a call of a function in FROM, or of one that ReturnsSet anywhere.
func BindSet(x *syntax.Call, s Scope) (*Set, error) {
	b := newBinder(s)
	candidates := setFunctions[x.Name]
	if candidates == nil {
		e, err := Bind(x, s)
		if err != nil {
			return nil, err
		}
		return &Set{Name: x.Name, Args: []Expr{e}, T: e.Type()}, nil
	}
	args, err := b.operands(x.Args)
	if err != nil {
		return nil, err
	}
	given := typesOf(args)
	f, many := resolve(candidates, given)
	if f == nil {
		return nil, atName(x, missingFunction(x.Name, given, many))
	}
	want, result := actual(f, given)
	set := &Set{Name: x.Name, T: result, Args: make([]Expr, len(args))}
	for i, a := range args {
		if set.Args[i], err = b.convert(a, want[i], false); err != nil {
			return nil, err
		}
	}
	switch x.Name {
	case "unnest":
		set.T = set.Args[0].Type().ElemType()
		set.rows = unnested
	case "generate_subscripts":
		set.rows = subscripts
	default:
		set.rows = series
	}
	return set, nil
}

func unnested(args []types.Value) (iter.Seq[types.Value], error) {
	return func(yield func(types.Value) bool) {
		for _, v := range elements(args[0]) {
			if !yield(v) {
				return
			}
		}
	}, nil
}

// subscripts are those of the first dimension, the only one there is.
func subscripts(args []types.Value) (iter.Seq[types.Value], error) {
	n := int64(len(elements(args[0])))
	if args[1].I != 1 {
		n = 0
	}
	return series([]types.Value{types.NewInt(types.Int4, 1), types.NewInt(types.Int4, n)})
}

func series(args []types.Value) (iter.Seq[types.Value], error) {
	from, to, step := args[0], args[1].I, int64(1)
	if len(args) == 3 {
		step = args[2].I
	}
	if step == 0 {
		return nil, types.Errorf(types.CodeInvalidParameter, "step size cannot equal zero")
	}
	return func(yield func(types.Value) bool) {
		for i := from.I; step > 0 && i <= to || step < 0 && i >= to; {
			if !yield(types.NewInt(from.Kind, i)) {
				return
			}
			next := i + step
			if (next > i) != (step > 0) { // beyond the largest
				return
			}
			i = next
		}
	}, nil
}
