package plan

import (
	"strings"

	"github.com/asofdb/asof/sql/expr"
	"github.com/asofdb/asof/sql/syntax"
	"github.com/asofdb/asof/sql/types"
)

// ProjectSet gives for each row of In as many as the longest of Sets has: In's row followed by a value of each, NULL for those that have ended.
type ProjectSet struct {
	In   Node
	Sets []*expr.Set
}

// Schema of a ProjectSet is In's columns, then one for each set.
func (p *ProjectSet) Schema() types.Schema {
	out := append(types.Schema(nil), p.In.Schema()...)
	for _, s := range p.Sets {
		out = append(out, types.Column{Name: s.Name, Type: s.T})
	}
	return out
}

// Children of a ProjectSet is what it reads.
func (p *ProjectSet) Children() []Node { return []Node{p.In} }

// Describe of a ProjectSet is the calls.
func (p *ProjectSet) Describe() string {
	calls := make([]string, len(p.Sets))
	for i, s := range p.Sets {
		calls[i] = s.String()
	}
	return "Expand " + strings.Join(calls, ", ")
}

// narrow reads less of In; the sets are all computed, for each decides how many rows there are.
func (p *ProjectSet) narrow(need []int) (Node, map[int]int) {
	w := width(p.In)
	var left []int
	for _, c := range need {
		if c < w {
			left = append(left, c)
		}
	}
	for _, s := range p.Sets {
		left = union(left, columnsOf(s.Args...))
	}
	in, lm := narrow(p.In, left)
	p.In = in
	for _, s := range p.Sets {
		for i := range s.Args {
			s.Args[i] = move(s.Args[i], lm)
		}
	}
	return p, beside(lm, w, identity(len(p.Sets)), width(in))
}

// setCalls are the calls of functions that return sets in a select list and its ORDER BY.
type setCalls struct {
	calls  []*expr.Set
	places []syntax.Span
	inside bool // the arguments of one are being bound
}

// firstSet is the index of the first set's column while binding; FROM's columns and the aggregates lie below.
const firstSet = 1 << 30

// setCall binds a call of a function that returns sets and returns the column that will hold its values.
func (s *scope) setCall(call *syntax.Call) (expr.Expr, error) {
	switch {
	case s.b.inFeature:
		return nil, errorAt(call.NamePos, types.CodeInvalidFunctionDef, "set-returning functions cannot stand in a feature: it has one row per entity")
	case s.nested:
		return nil, errorAt(call.NamePos, types.CodeNotSupported, "aggregate function calls cannot contain set-returning function calls").
			WithHint("put the function into FROM")
	case s.clause != "":
		return nil, errorAt(call.NamePos, types.CodeNotSupported, "set-returning functions are not allowed in %s", s.clause)
	case s.sets == nil:
		return nil, notYet(call.NamePos, "a set-returning function here is").WithHint("put it into FROM")
	case s.sets.inside:
		return nil, notYet(call.NamePos, "a set-returning function in the arguments of another is").WithHint("put it into FROM")
	}
	s.sets.inside = true
	set, err := expr.BindSet(call, s)
	s.sets.inside = false
	if err != nil {
		return nil, err
	}
	s.sets.calls, s.sets.places = append(s.sets.calls, set), append(s.sets.places, call.NamePos)
	c := &expr.Column{Index: firstSet + len(s.sets.calls) - 1, Name: set.Name, T: set.T}
	s.places[c] = call.NamePos
	return c, nil
}

// setsStandFree refuses calls of functions that return sets where it depends on values whether they are called.
func (s *scope) setsStandFree(x syntax.Expr) error {
	var err error
	visit(x, func(y syntax.Expr) bool {
		within := ""
		switch y := y.(type) {
		case *syntax.Case:
			within = "CASE"
		case *syntax.Call:
			if y.Name == "coalesce" {
				within = "COALESCE"
			}
		}
		if within == "" {
			return err == nil
		}
		visit(y, func(z syntax.Expr) bool {
			if call, ok := z.(*syntax.Call); ok && expr.ReturnsSet(call.Name) && err == nil {
				err = errorAt(call.NamePos, types.CodeNotSupported, "set-returning functions are not allowed in %s", within).WithHint("put the function into FROM")
			}
			return err == nil
		})
		return false
	})
	return err
}

// ungroupedSets refuses calls of functions that return sets in an aggregated SELECT.
func (s *scope) ungroupedSets() error {
	if s.sets == nil || len(s.sets.calls) == 0 || !s.group.active() {
		return nil
	}
	return notYet(s.sets.places[0], "a set-returning function in an aggregated SELECT is").WithHint("aggregate in a query in FROM")
}

// expandSets puts the sets above n and lets the targets read them there.
func (q *selection) expandSets(n Node) Node {
	sets := q.scope.sets
	if sets == nil || len(sets.calls) == 0 {
		return n
	}
	w := width(n)
	for i := range q.targets {
		q.targets[i].x = remap(q.targets[i].x, func(c int) int {
			if c >= firstSet {
				return w + c - firstSet
			}
			return c
		})
	}
	return &ProjectSet{In: n, Sets: sets.calls}
}
