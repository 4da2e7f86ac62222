package plan

import (
	"slices"
	"strings"

	"github.com/asofdb/asof/sql/agg"
	"github.com/asofdb/asof/sql/expr"
	"github.com/asofdb/asof/sql/syntax"
	"github.com/asofdb/asof/sql/types"
)

// grouping collects what an aggregated SELECT computes per group.
type grouping struct {
	width int // columns of FROM's row; aggregate i is column width+i while binding
	keys  []Output
	aggs  []AggCall
	used  bool // GROUP BY or HAVING was written
}

// active reports whether the SELECT is aggregated.
func (g *grouping) active() bool { return g.used || len(g.aggs) > 0 }

// aggregateNames are the aggregates that the language has or will have.
var aggregateNames = append(agg.Names(), agg.Planned()...)

func isAggregate(name string) bool { return slices.Contains(aggregateNames, name) || collects(name) }

// aggregate binds an aggregate call and returns the column that will hold its result. One that reads columns of the queries around alone is the
// nearest such query's, and a value from there in this one.
func (s *scope) aggregate(call *syntax.Call) (expr.Expr, error) {
	if len(call.OrderBy) > 0 && !collects(call.Name) {
		return nil, notYet(call.OrderBy[0].X.Place(), "ORDER BY in an aggregate is")
	}
	before, read := *s.refs, s.outerRead()
	c, err := s.bindAggregate(call)
	if err != nil {
		return nil, err
	}
	switch {
	case s.refs.outer > before.outer && s.refs.own == before.own && s.outer != nil:
		s.forget(read)
		x, err := s.outer.Call(call)
		if err != nil {
			return nil, err
		}
		return &expr.Outer{Index: s.sub.index(x), Name: c.Fn.Name, T: x.Type()}, nil
	case s.nested:
		return nil, errorAt(call.NamePos, types.CodeGrouping, "aggregate function calls cannot be nested")
	case s.clause != "":
		return nil, errorAt(call.NamePos, types.CodeGrouping, "aggregate functions are not allowed in %s", s.clause)
	}
	g := s.group
	for i := range g.aggs {
		if a := &g.aggs[i]; a.Name == c.Name && same(a.Arg, c.Arg) && same(a.Filter, c.Filter) {
			return s.aggregateColumn(i, call), nil
		}
	}
	g.aggs = append(g.aggs, c)
	return s.aggregateColumn(len(g.aggs)-1, call), nil
}

// outerRead is how many values this query and each around it read of those around them.
func (s *scope) outerRead() (read []int) {
	for ; s != nil && s.sub != nil; s = s.outer {
		read = append(read, len(s.sub.args))
	}
	return read
}

// forget takes back what has been read since: it is bound again, as part of another query.
func (s *scope) forget(read []int) {
	for _, n := range read {
		s.sub.args = s.sub.args[:n]
		s = s.outer
	}
}

// aggregateColumn is the column that will hold aggregate i, for a call of it.
func (s *scope) aggregateColumn(i int, call *syntax.Call) *expr.Column {
	g := s.group
	c := &expr.Column{Index: g.width + i, Name: g.aggs[i].Name, T: g.aggs[i].Fn.Result}
	s.places[c] = call.NamePos
	return c
}

func (s *scope) bindAggregate(call *syntax.Call) (AggCall, error) {
	if collects(call.Name) && !s.b.inFeature {
		return s.bindCollect(call)
	}
	arg, star, err := s.argument(call)
	if err != nil {
		return AggCall{}, err
	}
	var t types.Type
	if arg != nil {
		t = arg.Type()
	}
	fn, _, err := agg.Resolve(call.Name, star, call.Distinct, t)
	if err != nil {
		return AggCall{}, at(err, call.NamePos)
	}
	c := AggCall{Fn: fn, Arg: arg}
	if arg != nil && untyped(t) {
		want := fn.Arg
		if untyped(want) {
			want = types.Type{Kind: types.Text}
		}
		if c.Arg, err = expr.Convert(arg, call.Args[0], s, want); err != nil {
			return AggCall{}, at(err, call.Args[0].Place())
		}
	}
	if c.Filter, err = s.filter(call); err != nil {
		return AggCall{}, err
	}
	if s.b.inFeature {
		c.filterForCase()
	}
	if c.Arg != nil {
		if c.Arg, err = castTo(c.Arg, c.Fn.Arg); err != nil {
			return AggCall{}, at(err, call.NamePos)
		}
	}
	c.Name = c.describe()
	return c, nil
}

// filter binds an aggregate's FILTER; nil where there is none.
func (s *scope) filter(call *syntax.Call) (expr.Expr, error) {
	if call.Filter == nil {
		return nil, nil
	}
	x, err := expr.BindBool(call.Filter, s.in("FILTER"), "FILTER")
	return x, at(err, call.Filter.Place())
}

// argument binds an aggregate's argument, a bare literal or parameter without a type; nil with star for COUNT(*).
func (s *scope) argument(call *syntax.Call) (x expr.Expr, star bool, err error) {
	inner := *s
	inner.nested = true
	var bound []expr.Expr
	for _, a := range call.Args {
		if st, ok := a.(*syntax.Star); ok {
			switch {
			case st.Table != "":
				return nil, false, notYet(st.Span, "a whole row as a value is")
			case call.Distinct:
				return nil, false, errorAt(st.Span, types.CodeSyntax, "DISTINCT cannot be applied to *")
			}
			return nil, true, nil
		}
		x, err := expr.BindOpen(a, &inner)
		if err != nil {
			return nil, false, at(err, a.Place())
		}
		bound = append(bound, x)
	}
	switch len(bound) {
	case 0:
		return nil, false, errorAt(call.NamePos, types.CodeWrongObjectType, "%s(*) must be used to call a parameterless aggregate function", call.Name)
	case 1:
		return bound[0], false, nil
	}
	names := make([]string, len(bound))
	for i, x := range bound {
		names[i] = plain(x.Type()).String()
	}
	return nil, false, errorAt(call.NamePos, types.CodeUndefinedFunction, "function %s(%s) does not exist", call.Name, strings.Join(names, ", "))
}

// describe prints the call; equal calls over equal columns print equally.
func (c AggCall) describe() string {
	arg := "*"
	switch {
	case c.Fn.Collects != nil:
		arg = describeCollected(c.Fn.Collects, c.Arg.(*expr.ArrayOf).Xs)
	case c.Arg != nil:
		arg = c.Arg.String()
	}
	if c.Fn.Distinct {
		arg = "DISTINCT " + arg
	}
	text := c.Fn.Name + "(" + arg + ")"
	if c.Filter != nil {
		text += " FILTER (WHERE " + c.Filter.String() + ")"
	}
	return text
}

// groupBy binds GROUP BY: a column of FROM, else an output's name, an output's number, or an expression.
func (s *scope) groupBy(items []syntax.Expr, targets []target) error {
	for _, item := range flatten(items) {
		x, err := s.groupKey(item, targets)
		if err != nil {
			return err
		}
		if err := groupable(item.Place(), x.Type()); err != nil {
			return err
		}
		s.group.addKey(x)
	}
	return nil
}

// flatten opens the parentheses of GROUP BY (a, b).
func flatten(items []syntax.Expr) []syntax.Expr {
	var out []syntax.Expr
	for _, x := range items {
		if row, ok := x.(*syntax.Row); ok {
			out = append(out, flatten(row.Elems)...)
		} else {
			out = append(out, x)
		}
	}
	return out
}

func (s *scope) groupKey(item syntax.Expr, targets []target) (expr.Expr, error) {
	s = s.in("GROUP BY")
	if ref, ok := item.(*syntax.ColumnRef); ok && ref.Table == "" && !s.has(ref.Name) {
		i, err := byName(ref, targets, "GROUP BY")
		if err != nil {
			return nil, err
		}
		if i >= 0 {
			return s.targetKey(targets[i])
		}
	}
	i, err := byNumber(item, targets, "GROUP BY")
	if err != nil {
		return nil, err
	}
	if i >= 0 {
		return s.targetKey(targets[i])
	}
	return s.b.value(item, s)
}

// has reports whether some table has a column called name.
func (s *scope) has(name string) bool {
	return len(s.find(&syntax.ColumnRef{Name: name}, s.tables)) > 0
}

// targetKey is an output used as a key: it may not be an aggregate.
func (s *scope) targetKey(t target) (expr.Expr, error) {
	var err error
	expr.Walk(t.x, func(x expr.Expr) bool {
		if c, ok := x.(*expr.Column); ok && c.Index >= s.group.width && err == nil {
			err = errorAt(s.places[c], types.CodeGrouping, "aggregate functions are not allowed in GROUP BY")
		}
		return err == nil
	})
	return t.x, err
}

// addKey adds a key unless it is there already.
func (g *grouping) addKey(x expr.Expr) {
	if g.keyOf(x) >= 0 {
		return
	}
	name := "?column?"
	if c, ok := x.(*expr.Column); ok {
		name = c.Name
	}
	g.keys = append(g.keys, Output{Name: name, X: x, T: x.Type()})
}

// keyOf returns the key that x is, or -1.
func (g *grouping) keyOf(x expr.Expr) int {
	return slices.IndexFunc(g.keys, func(k Output) bool { return same(k.X, x) })
}

// check finds columns of FROM that x reads outside of keys and aggregates. Where the keys hold a table's whole primary key
// they are the same throughout a group and become keys themselves, as in PostgreSQL.
func (s *scope) check(x expr.Expr) error {
	var err error
	expr.Walk(x, func(y expr.Expr) bool {
		if err != nil || s.group.keyOf(y) >= 0 {
			return false
		}
		switch y := y.(type) {
		case *expr.Subquery:
			for _, a := range slices.Concat(y.Left, y.Args) {
				if err != nil {
					break
				}
				err = s.check(a)
				if c, ok := a.(*expr.Column); ok && err != nil && slices.Contains(y.Args, a) {
					err = s.ungroupedInside(c)
				}
			}
			return false
		case *expr.Column:
			if y.Index >= s.group.width {
				return false
			}
			if t := s.tableOf(y.Index); s.determined(t) {
				s.group.addKey(y)
			} else {
				err = s.ungrouped(y, t)
			}
			return false
		}
		return true
	})
	return err
}

// ungroupedInside is the error for a column that a subquery reads of this query.
func (s *scope) ungroupedInside(c *expr.Column) error {
	return errorAt(s.places[c], types.CodeGrouping, "subquery uses ungrouped column %q from outer query", s.tableOf(c.Index).name+"."+c.Name)
}

// tableOf returns the table that column index of FROM's row belongs to.
func (s *scope) tableOf(index int) *table {
	for _, t := range s.tables {
		if index < t.offset+t.width() {
			return t
		}
	}
	return s.tables[len(s.tables)-1]
}

// determined reports whether the keys hold t's whole primary key.
func (s *scope) determined(t *table) bool {
	if s.b.inFeature || t.rel.Kind != SourceRelation || len(t.rel.Key) == 0 {
		return false
	}
	for _, k := range t.rel.Key {
		index := t.offset + k
		if !slices.ContainsFunc(s.group.keys, func(o Output) bool {
			c, ok := o.X.(*expr.Column)
			return ok && c.Index == index
		}) {
			return false
		}
	}
	return true
}

func (s *scope) ungrouped(c *expr.Column, t *table) error {
	err := errorAt(s.places[c], types.CodeGrouping, "column %q must appear in the GROUP BY clause or be used in an aggregate function", t.name+"."+c.Name)
	if s.b.inFeature && len(s.group.aggs) == 0 {
		return err.WithHint("without GROUP BY, and with the source's primary key as its entity, a feature is the row itself")
	}
	return err
}

// grouped rewrites x, bound over FROM's row, to the row of an Aggregation: the keys, then the aggregates.
func (g *grouping) grouped(x expr.Expr) expr.Expr {
	if i := g.keyOf(x); i >= 0 {
		return &expr.Column{Index: i, Name: g.keys[i].Name, T: g.keys[i].T}
	}
	if c, ok := x.(*expr.Column); ok {
		return &expr.Column{Index: len(g.keys) + c.Index - g.width, Name: c.Name, T: c.T}
	}
	return expr.Rebuild(x, g.grouped)
}

// groupable refuses types whose values have no equality.
func groupable(place syntax.Span, t types.Type) error {
	switch t.Kind {
	case types.JSON:
		return errorAt(place, types.CodeUndefinedFunction, "could not identify an equality operator for type json")
	case types.JSONB:
		return notYet(place, "comparing values of type jsonb is")
	}
	return nil
}

// sortable refuses types whose values have no order.
func sortable(place syntax.Span, t types.Type) error {
	if t.Kind == types.JSON {
		return errorAt(place, types.CodeUndefinedFunction, "could not identify an ordering operator for type json")
	}
	return groupable(place, t)
}

// plain is t without what a declaration adds to it, as messages about functions name it.
func plain(t types.Type) types.Type { return types.Type{Kind: t.Kind, Elem: t.Elem} }

// castTo is x converted to t, x itself where it has that type or t only leaves its modifiers open.
func castTo(x expr.Expr, t types.Type) (expr.Expr, error) {
	if from := x.Type(); from == t || t == plain(from) {
		return x, nil
	}
	return expr.NewCast(x, t)
}
