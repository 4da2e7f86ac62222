package expr

import (
	"slices"
	"strings"

	"github.com/asofdb/asof/sql/syntax"
	"github.com/asofdb/asof/sql/types"
)

// call binds a function call: the scope's own first (aggregates), then what has a form of its own, then the registry.
func (b *binder) call(x *syntax.Call) (Expr, error) {
	if e, err := b.scope.Call(x); e != nil || err != nil {
		return e, err
	}
	if err := plainCall(x); err != nil {
		return nil, err
	}
	args, err := b.operands(x.Args)
	if err != nil {
		return nil, err
	}
	e, err := b.apply(x.Name, args)
	return e, atName(x, err)
}

// atName points err at the function's name.
func atName(x *syntax.Call, err error) error {
	if err == nil || x.NamePos.End <= x.NamePos.Pos {
		return err
	}
	return at(x.NamePos, err)
}

// plainCall refuses what only aggregates and window functions take.
func plainCall(x *syntax.Call) error {
	what := ""
	switch {
	case len(x.Args) == 1 && isStar(x.Args[0]):
		return at(x.Args[0], types.Errorf(types.CodeWrongObjectType, "%s(*) specified, but %s is not an aggregate function", x.Name, x.Name))
	case x.Distinct:
		what = "DISTINCT"
	case len(x.OrderBy) > 0:
		what = "ORDER BY"
	case x.Filter != nil:
		what = "FILTER"
	case x.Over != nil:
		return at(*x.Over, types.Errorf(types.CodeWrongObjectType, "OVER specified, but %s is not a window function nor an aggregate function", x.Name))
	default:
		return nil
	}
	if !known(x.Name) {
		return nil // that it does not exist is the better message
	}
	return types.Errorf(types.CodeWrongObjectType, "%s specified, but %s is not an aggregate function", what, x.Name)
}

func isStar(x syntax.Expr) bool {
	_, ok := x.(*syntax.Star)
	return ok
}

// moments are the calls, and keywords, that speak of the present: all of them are NOW(), the one source of time.
var moments = map[string]types.Type{
	"now":                   timestamptz,
	"current_timestamp":     timestamptz,
	"transaction_timestamp": timestamptz,
	"statement_timestamp":   timestamptz,
	"current_date":          date,
	"localtime":             clock,
	"localtimestamp":        timestamp,
}

// aliases are names that PostgreSQL has twice; one of them is printed.
var aliases = map[string]string{
	"ceiling": "ceil", "pow": "power", "log10": "log", "character_length": "char_length", "trim": "btrim",
}

// apply is name(args).
func (b *binder) apply(name string, args []bound) (Expr, error) {
	if t, ok := moments[name]; ok && len(args) == 0 {
		return NewCast(&Now{}, t)
	}
	switch name {
	case "coalesce":
		return b.coalesce(args)
	case "nullif":
		return b.nullIf(args)
	case "greatest", "least":
		return b.extreme(name, args)
	}
	switch {
	case name == "position" && len(args) == 2:
		name = "strpos"
	case name == "age" && len(args) == 1 && args[0].Type().Alias != types.XID: // counted from today's midnight
		today, err := NewCast(&Now{}, date)
		if err != nil {
			return nil, err
		}
		args = []bound{operandOf(today, nil), args[0]}
	}
	called := name
	if real, ok := aliases[name]; ok {
		name = real
	}
	given := typesOf(args)
	own := b.own(called)
	f, many := resolve(slices.Concat(functions[name], own), given)
	if f == nil {
		if e, ok, err := b.castCall(called, args); ok {
			return e, err
		}
		return nil, missingFunction(called, given, many)
	}
	want, result := actual(f, given)
	xs := make([]Expr, len(args))
	for i, a := range args {
		var err error
		if xs[i], err = b.convert(a, want[i], false); err != nil {
			return nil, err
		}
	}
	return fold(&Call{Fn: name, Args: xs, T: result, f: f}), nil
}

func typesOf(args []bound) []types.Type {
	ts := make([]types.Type, len(args))
	for i, a := range args {
		ts[i] = base(a.Type())
	}
	return ts
}

// castCall is a cast written as a call: text(x), float8(x).
func (b *binder) castCall(name string, args []bound) (e Expr, ok bool, err error) {
	if len(args) != 1 || strings.ContainsAny(name, " ([") {
		return nil, false, nil
	}
	t, err := types.ParseType(name)
	if err != nil {
		return nil, false, nil
	}
	if !types.CanCast(args[0].Type(), t) {
		return nil, false, nil // there is no such function, either
	}
	if t.Kind == types.Char {
		t.Len = 0
	}
	e, err = b.castTo(args[0], t)
	return e, true, err
}

// missingFunction says that there is no such function: PostgreSQL's words, and what could be meant.
func missingFunction(name string, given []types.Type, many bool) error {
	call := signature(name, given)
	if many {
		return types.Errorf("42725", "function %s is not unique", call).
			WithHint("Could not choose a best candidate function. You might need to add explicit type casts.")
	}
	if hint, ok := volatileFunctions[name]; ok {
		return types.Errorf(types.CodeNotSupported, "function %s is not supported", call).WithHint("%s", hint)
	}
	if known(name) {
		return types.Errorf(types.CodeUndefinedFunction, "function %s does not exist", call).
			WithHint("No function matches the given name and argument types. You might need to add explicit type casts.")
	}
	if plannedFunctions[name] {
		return types.Errorf(types.CodeNotSupported, "function %s is not yet supported", call)
	}
	e := types.Errorf(types.CodeUndefinedFunction, "function %s does not exist", call)
	if near := nearestFunction(name); near != "" {
		return e.WithHint("Perhaps you meant %s.", near)
	}
	return e.WithHint("No function matches the given name and argument types. You might need to add explicit type casts.")
}

func known(name string) bool {
	_, alias := aliases[name]
	_, moment := moments[name]
	switch name {
	case "coalesce", "nullif", "greatest", "least", "position":
		return true
	}
	return alias || moment || functions[name] != nil
}

func (b *binder) coalesce(args []bound) (Expr, error) {
	if len(args) == 0 {
		return nil, missingFunction("coalesce", nil, false)
	}
	xs, t, err := b.alike("COALESCE", args)
	if err != nil {
		return nil, err
	}
	return newCoalesce(xs, t), nil
}

func (b *binder) extreme(name string, args []bound) (Expr, error) {
	if len(args) == 0 {
		return nil, missingFunction(name, nil, false)
	}
	xs, t, err := b.alike(strings.ToUpper(name), args)
	if err != nil {
		return nil, err
	}
	if t.Kind == types.JSON {
		return nil, types.Errorf(types.CodeUndefinedFunction, "could not identify a comparison function for type json")
	}
	return newExtreme(name == "least", xs, t), nil
}

// nullIf has the type of its first argument after the conversion that = asks for, as in PostgreSQL.
func (b *binder) nullIf(args []bound) (Expr, error) {
	if len(args) != 2 {
		return nil, missingFunction("nullif", typesOf(args), false)
	}
	f, le, re, err := b.pair("=", args[0], args[1])
	if err != nil {
		return nil, err
	}
	if f.args[0] == text {
		if le, err = b.convert(operandOf(le, args[0].src), text, false); err != nil {
			return nil, err
		}
	}
	return newNullIf(le, re), nil
}
