package plan

import (
	"strings"

	"github.com/asofdb/asof/sql/agg"
	"github.com/asofdb/asof/sql/expr"
	"github.com/asofdb/asof/sql/syntax"
	"github.com/asofdb/asof/sql/types"
)

// collects reports whether name is an aggregate that keeps its rows. Queries have them; a feature, whose rows are retracted, does not yet.
func collects(name string) bool { return name == "array_agg" || name == "string_agg" }

// bindCollect binds ARRAY_AGG(x [ORDER BY …]) and STRING_AGG(x, separator [ORDER BY …]).
func (s *scope) bindCollect(call *syntax.Call) (AggCall, error) {
	texts := call.Name == "string_agg"
	if call.Distinct {
		return AggCall{}, notYet(call.NamePos, strings.ToUpper(call.Name)+"(DISTINCT …) is").WithHint("aggregate a SELECT DISTINCT in FROM")
	}
	inner := *s
	inner.nested = true
	row := &expr.ArrayOf{T: types.ArrayOf(types.Type{Kind: types.Text})}
	of := agg.Collect{Texts: texts}
	add := func(x syntax.Expr) error {
		bound, err := s.b.value(x, &inner)
		if err != nil {
			return err
		}
		row.Xs = append(row.Xs, bound)
		of.Types = append(of.Types, bound.Type())
		return nil
	}
	for _, x := range call.Args {
		if star, ok := x.(*syntax.Star); ok {
			return AggCall{}, errorAt(star.Span, types.CodeUndefinedFunction, "function %s() does not exist", call.Name)
		}
		if err := add(x); err != nil {
			return AggCall{}, err
		}
	}
	if err := s.collectable(call, of.Types, texts); err != nil {
		return AggCall{}, err
	}
	for _, o := range call.OrderBy {
		if err := add(o.X); err != nil {
			return AggCall{}, err
		}
		if err := sortable(o.X.Place(), of.Types[len(of.Types)-1]); err != nil {
			return AggCall{}, err
		}
		d := agg.Direction{Desc: o.Desc, NullsFirst: o.Desc}
		if o.NullsFirst != nil {
			d.NullsFirst = *o.NullsFirst
		}
		of.Order = append(of.Order, d)
	}
	c := AggCall{Fn: agg.NewCollect(of), Arg: row}
	var err error
	if c.Filter, err = s.filter(call); err != nil {
		return AggCall{}, err
	}
	c.Name = c.describe()
	return c, nil
}

// collectable refuses what the functions do not take.
func (s *scope) collectable(call *syntax.Call, of []types.Type, texts bool) error {
	isText := func(t types.Type) bool {
		return t.Kind == types.Text || t.Kind == types.Varchar || t.Kind == types.Char
	}
	switch {
	case !texts && len(of) == 1 && of[0].Kind == types.Array:
		return notYet(call.NamePos, "an array of arrays is")
	case !texts && len(of) == 1, texts && len(of) == 2 && isText(of[0]) && isText(of[1]):
		return nil
	}
	names := make([]string, len(of))
	for i, t := range of {
		names[i] = plain(t).String()
	}
	return errorAt(call.NamePos, types.CodeUndefinedFunction, "function %s(%s) does not exist", call.Name, strings.Join(names, ", ")).
		WithHint("No function matches the given name and argument types. You might need to add explicit type casts.")
}

// describeCollected prints the values that are kept of a row, as the call had them.
func describeCollected(of *agg.Collect, xs []expr.Expr) string {
	var b strings.Builder
	first := len(xs) - len(of.Order)
	for i, x := range xs {
		switch {
		case i == 0:
		case i == first:
			b.WriteString(" ORDER BY ")
		default:
			b.WriteString(", ")
		}
		if i < first {
			b.WriteString(x.String())
			continue
		}
		d := of.Order[i-first]
		b.WriteString(SortKey{X: x, Desc: d.Desc, NullsFirst: d.NullsFirst}.describe())
	}
	return b.String()
}
