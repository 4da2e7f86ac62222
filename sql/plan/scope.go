package plan

import (
	"slices"
	"time"

	"github.com/asofdb/asof/sql/expr"
	"github.com/asofdb/asof/sql/syntax"
	"github.com/asofdb/asof/sql/types"
)

// table is a relation of FROM under the names that the statement gives it.
type table struct {
	name   string
	place  syntax.Span
	hidden string // the relation's own name, where an alias hides it
	rel    *Relation
	names  []string // of Relation.Columns, after the alias's list
	offset int      // index of its first column in the row of FROM
}

// width is the number of columns the table has in the row of FROM, system columns included.
func (t *table) width() int { return len(t.rel.Columns) + len(t.rel.System) }

// scope gives the names of one SELECT their meaning. While binding, a column is addressed by its index in the row
// of FROM; an aggregate is a column too, from grouping.width on.
type scope struct {
	b      *binder
	tables []*table
	group  *grouping
	// places remembers where each column reference or aggregate call stood, for errors that are found later.
	places map[*expr.Column]syntax.Span
	// clause names the clause being bound where aggregates may not stand; "" where they may.
	clause string
	// constant is set where no column may stand: LIMIT, AS OF.
	constant bool
	// nested is set inside an aggregate's arguments.
	nested bool
}

// in returns the same scope for another clause.
func (s *scope) in(clause string) *scope {
	c := *s
	c.clause = clause
	return &c
}

// constantIn returns the scope for a clause that is evaluated once per statement.
func (s *scope) constantIn(clause string) *scope {
	c := s.in(clause)
	c.constant = true
	return c
}

// Column resolves a column reference.
func (s *scope) Column(ref *syntax.ColumnRef) (expr.Expr, error) {
	tables, err := s.named(ref)
	if err != nil {
		return nil, err
	}
	found, err := s.find(ref, tables)
	if err != nil {
		return nil, err
	}
	if s.constant {
		return nil, errorAt(ref.Span, types.CodeInvalidColumnRef, "argument of %s must not contain variables", s.clause)
	}
	s.places[found] = ref.Span
	return found, nil
}

// named returns the tables that a reference may speak of.
func (s *scope) named(ref *syntax.ColumnRef) ([]*table, error) {
	if ref.Table == "" {
		return s.tables, nil
	}
	for _, t := range s.tables {
		if t.name == ref.Table {
			return []*table{t}, nil
		}
	}
	return nil, s.unknownTable(ref.Span, ref.Table)
}

// unknownTable is the error for a qualifier that FROM does not have.
func (s *scope) unknownTable(place syntax.Span, name string) error {
	for _, t := range s.tables {
		if t.hidden == name {
			return errorAt(place, types.CodeUndefinedTable, "invalid reference to FROM-clause entry for table %q", name).
				WithHint("the statement calls it %q", t.name)
		}
	}
	err := errorAt(place, types.CodeUndefinedTable, "missing FROM-clause entry for table %q", name)
	names := make([]string, len(s.tables))
	for i, t := range s.tables {
		names[i] = t.name
	}
	if near := Nearest(name, names); near != "" {
		err = err.WithHint("did you mean %q?", near)
	}
	return err
}

// find looks for the column in tables: the user's columns first, then the system columns.
func (s *scope) find(ref *syntax.ColumnRef, tables []*table) (*expr.Column, error) {
	var found *expr.Column
	for _, system := range []bool{false, true} {
		for _, t := range tables {
			for _, i := range t.indexes(ref.Name, system) {
				if found != nil {
					return nil, errorAt(ref.Span, types.CodeAmbiguousColumn, "column reference %q is ambiguous", ref.Name)
				}
				c := t.rel.Column(i)
				found = &expr.Column{Index: t.offset + i, Name: c.Name, T: c.Type}
			}
		}
		if found != nil {
			return found, nil
		}
	}
	return nil, s.unknownColumn(ref, tables)
}

// indexes returns the positions of the columns called name among the user's columns, or the system's.
func (t *table) indexes(name string, system bool) []int {
	var out []int
	if system {
		if i := t.rel.System.Index(name); i >= 0 {
			out = append(out, len(t.rel.Columns)+i)
		}
		return out
	}
	for i, n := range t.names {
		if n == name {
			out = append(out, i)
		}
	}
	return out
}

// unknownColumn is the error for a name that no table has.
func (s *scope) unknownColumn(ref *syntax.ColumnRef, tables []*table) error {
	if ref.Table == "" {
		for _, t := range s.tables {
			if t.name == ref.Name {
				return notYet(ref.Span, "a whole row as a value is")
			}
		}
	}
	for _, t := range tables {
		if ref.Name == "updated_at" && t.rel.Kind == FeatureRelation {
			return notYet(ref.Span, "the system column updated_at is")
		}
	}
	text := `column "` + ref.Name + `"`
	if ref.Table != "" {
		text = "column " + ref.Table + "." + ref.Name
	}
	err := errorAt(ref.Span, types.CodeUndefinedColumn, "%s does not exist", text)
	var names []string
	for _, t := range tables {
		names = append(names, t.names...)
		for _, c := range t.rel.System {
			names = append(names, c.Name)
		}
	}
	if near := Nearest(ref.Name, names); near != "" {
		err = err.WithHint("did you mean %q?", near)
	}
	return err
}

// Call takes the aggregates and refuses what only an aggregate may have.
func (s *scope) Call(call *syntax.Call) (expr.Expr, error) {
	if call.Over != nil {
		return nil, s.over(call)
	}
	if s.b.inFeature {
		if now, err := bindNow(call); now != nil || err != nil {
			return now, err
		}
	}
	if isAggregate(call.Name) {
		return s.aggregate(call)
	}
	for _, part := range []struct {
		there bool
		name  string
	}{{call.Distinct, "DISTINCT"}, {call.Filter != nil, "FILTER"}, {len(call.OrderBy) > 0, "ORDER BY"}} {
		if part.there {
			bare := &syntax.Call{Span: call.Span, Name: call.Name, NamePos: call.NamePos, Args: call.Args}
			if _, err := expr.Bind(bare, s); err != nil { // that there is no such function comes first
				return nil, err
			}
			return nil, errorAt(call.NamePos, types.CodeWrongObjectType, "%s specified, but %s is not an aggregate function", part.name, call.Name)
		}
	}
	return nil, nil
}

// over refuses OVER: for good in a feature, for now in a query.
func (s *scope) over(call *syntax.Call) error {
	if !s.b.inFeature {
		return notYet(*call.Over, "OVER is")
	}
	return errorAt(*call.Over, types.CodeWindowing, "OVER cannot stand in a feature: it returns a row per event, a feature has one value per entity and moment").
		WithHint("write the window as a condition: %s(…) FILTER (WHERE event_time > NOW() - INTERVAL '30 days') … GROUP BY the entity", call.Name)
}

// Sub refuses subqueries used as values.
func (s *scope) Sub(x syntax.Expr) (expr.Expr, error) {
	return nil, notYet(x.Place(), "subqueries are")
}

// Param gives $n a type.
func (s *scope) Param(n int, want types.Type) (types.Type, error) { return s.b.params.infer(n, want) }

// Zone is the zone in which literals are read.
func (s *scope) Zone() *time.Location { return s.b.zone }

// columnsOf returns the distinct columns that x reads, in the order of their first use.
func columnsOf(xs ...expr.Expr) []int {
	var out []int
	for _, x := range xs {
		if x == nil {
			continue
		}
		expr.Walk(x, func(y expr.Expr) bool {
			if c, ok := y.(*expr.Column); ok && !slices.Contains(out, c.Index) {
				out = append(out, c.Index)
			}
			return true
		})
	}
	return out
}

// remap returns x with its columns' indexes mapped by f.
func remap(x expr.Expr, f func(int) int) expr.Expr {
	if x == nil {
		return nil
	}
	if c, ok := x.(*expr.Column); ok {
		return &expr.Column{Index: f(c.Index), Name: c.Name, T: c.T}
	}
	return expr.Rebuild(x, func(y expr.Expr) expr.Expr { return remap(y, f) })
}

// same reports whether a and b are the same expression over the same columns. The text alone does not tell columns
// of one name apart.
func same(a, b expr.Expr) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	return a.Type() == b.Type() && a.String() == b.String() && slices.Equal(columnsOf(a), columnsOf(b))
}
