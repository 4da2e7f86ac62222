package agg

import (
	"slices"
	"strings"

	"github.com/asofdb/asof/sql/types"
)

// resolvers finds the function of an aggregate for an argument type; nil where there is none for that type. Arg is set where the
// argument must be cast, otherwise it stays.
var resolvers = map[string]func(arg types.Type) *Func{
	"avg":      resolveAvg,
	"bool_and": resolveBoolAnd,
	"bool_or":  resolveBoolOr,
	"count":    resolveCount,
	"every":    resolveBoolAnd,
	"max":      resolveMax,
	"min":      resolveMin,
	"sum":      resolveSum,
}

// planned are the aggregates that the language will have.
var planned = []string{
	"arg_max", "arg_min", "array_agg", "corr", "covar_pop", "covar_samp", "decayed_avg", "decayed_count", "decayed_sum", "entropy",
	"first", "first_n", "kurtosis", "last", "last_n", "max_n", "median", "min_n", "mode", "percentile_cont", "percentile_disc",
	"skewness", "stddev", "stddev_pop", "stddev_samp", "time_since_first", "time_since_last", "top_k", "var_pop", "var_samp", "variance",
}

// Names lists the aggregates there are, in order.
func Names() []string {
	names := make([]string, 0, len(resolvers))
	for name := range resolvers {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Planned lists the aggregates that the language will have and does not have yet.
func Planned() []string { return slices.Clone(planned) }

// Resolve finds the aggregate name over an argument of type arg (ignored with star). ok is false where name is no aggregate at all;
// the error (42883, or 0A000 with "not yet") says why an aggregate cannot be had. The returned Func.Arg is the type
// the argument must be cast to first.
func Resolve(name string, star, distinct bool, arg types.Type) (f *Func, ok bool, err error) {
	if slices.Contains(planned, name) {
		return nil, true, types.Errorf(types.CodeNotSupported, "aggregate %s is not yet supported", strings.ToUpper(name)).
			WithHint("The aggregates so far are %s.", strings.ToUpper(strings.Join(Names(), ", ")))
	}
	resolve, ok := resolvers[name]
	if !ok {
		return nil, false, nil
	}
	if star {
		f, err = resolveStar(name, distinct)
		return f, true, err
	}
	f, err = resolveArg(name, resolve, distinct, arg)
	return f, true, err
}

func resolveStar(name string, distinct bool) (*Func, error) {
	switch {
	case name != "count":
		return nil, types.Errorf(types.CodeUndefinedFunction, "function %s() does not exist", name).
			WithHint("Only COUNT takes *; give %s a column or an expression.", strings.ToUpper(name))
	case distinct:
		return nil, types.Errorf(types.CodeSyntax, "DISTINCT does not go with *").
			WithHint("Write COUNT(DISTINCT column).")
	}
	return &Func{Name: name, Star: true, Result: bigint, New: newCountRows, NewAddOnly: newCountRows}, nil
}

func resolveArg(name string, resolve func(types.Type) *Func, distinct bool, arg types.Type) (*Func, error) {
	arg = bare(arg)
	f := resolve(arg)
	if f == nil {
		return nil, unresolved(name, arg)
	}
	f.Name = name
	if f.Arg == (types.Type{}) {
		f.Arg = arg
	}
	if f.NewAddOnly == nil {
		f.NewAddOnly = f.New
	}
	if distinct {
		return resolveDistinct(f)
	}
	return f, nil
}

// unresolved is PostgreSQL's error for an aggregate that does not take an argument of type arg.
func unresolved(name string, arg types.Type) error {
	if arg.Kind == types.Unknown {
		return types.Errorf("42725", "function %s(unknown) is not unique", name).
			WithHint("Could not choose a best candidate function. You might need to add explicit type casts.")
	}
	return types.Errorf(types.CodeUndefinedFunction, "function %s(%s) does not exist", name, arg).
		WithHint("No function matches the given name and argument types. You might need to add explicit type casts.")
}

// bare is t without what a declaration adds to it: PostgreSQL's functions do not see lengths and precisions. A NULL
// without a type is a literal of unknown type.
func bare(t types.Type) types.Type {
	if t.Kind == types.Null {
		return types.Type{Kind: types.Unknown}
	}
	return types.Type{Kind: t.Kind, Elem: t.Elem}
}

var (
	bigint  = types.Type{Kind: types.Int8}
	boolean = types.Type{Kind: types.Bool}
	numeric = types.Type{Kind: types.Numeric}
	text    = types.Type{Kind: types.Text}
)

// null is the result of an aggregate over no value.
var null = types.Value{}
