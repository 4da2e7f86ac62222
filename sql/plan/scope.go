package plan

import (
	"errors"
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

// column is a name that stands for a value of FROM's row without a table before it.
type column struct {
	name string
	x    expr.Expr
}

// around is what a query sees of the queries around it.
type around struct {
	// outer is the scope of the query that this one stands in as an expression, nil at the top; sub collects what is read of it.
	outer *scope
	sub   *outerValues
	ctes  *ctes
}

// outerValues are the values that a subquery reads of the queries around it: expr.Subquery.Args.
type outerValues struct{ args []expr.Expr }

// index returns the place of x among the values, adding it where it is new.
func (o *outerValues) index(x expr.Expr) int {
	if i := slices.IndexFunc(o.args, func(a expr.Expr) bool { return same(a, x) }); i >= 0 {
		return i
	}
	o.args = append(o.args, x)
	return len(o.args) - 1
}

// scope gives the names of one SELECT their meaning. While binding, a column is addressed by its index in the row
// of FROM; an aggregate is a column too, from grouping.width on.
type scope struct {
	around
	b      *binder
	tables []*table
	// columns are what * stands for and what names without a table before them mean: the tables' columns, those of USING once.
	columns []column
	group   *grouping
	// sets are the calls of functions that return sets, nil where none may stand.
	sets *setCalls
	// places remembers where each column reference or aggregate call stood, for errors that are found later.
	places map[*expr.Column]syntax.Span
	// refs counts what has been referred to so far, whether or not it is left after folding.
	refs *refs
	// clause names the clause being bound where aggregates may not stand; "" where they may.
	clause string
	// constant is set where no column may stand: LIMIT, AS OF.
	constant bool
	// nested is set inside an aggregate's arguments.
	nested bool
	// left is what LATERAL sees around it: the queries around, and what stands to the left in FROM; nil where that is nothing.
	left *scope
	// further is what stands still further to the left than the relations here, nil where nothing does: a name may mean one thing in both.
	further *scope
	// through is set where only names of queries further out have a meaning: those around the query with these outer values.
	through *outerValues
}

// refs counts references to columns: of the query itself, and of the queries around it.
type refs struct{ own, outer int }

func (b *binder) newScope(a around) *scope {
	return &scope{b: b, around: a, places: map[*expr.Column]syntax.Span{}, group: &grouping{}, refs: &refs{}}
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

// passing returns the scope as one that hands on names from around the query whose outer values are o.
func (s *scope) passing(o *outerValues) *scope {
	c := *s
	c.through = o
	return &c
}

// over returns the scope of some inputs of FROM: what ON, USING and AS OF see.
func (s *scope) over(clause string, inputs ...input) *scope {
	c := s.in(clause)
	c.tables, c.columns = nil, nil
	for _, in := range inputs {
		c.tables, c.columns = append(c.tables, in.tables...), append(c.columns, in.columns...)
	}
	return c
}

// Column resolves a column reference, here or in the queries around.
func (s *scope) Column(ref *syntax.ColumnRef) (expr.Expr, error) {
	if s.through != nil {
		return s.passed(ref)
	}
	x, missing, err := s.local(ref)
	if err == nil {
		return x, s.ambiguous(ref)
	}
	if !missing || s.outer == nil {
		return nil, err
	}
	return s.fromOuter(ref, err)
}

// ambiguous is the error for a name that means something here and further to the left as well.
func (s *scope) ambiguous(ref *syntax.ColumnRef) error {
	for f := s.further; f != nil && ref.Table == ""; f = f.further {
		if f.has(ref.Name) {
			return errorAt(ref.Span, types.CodeAmbiguousColumn, "column reference %q is ambiguous", ref.Name)
		}
	}
	return nil
}

// Functions are the catalog's own.
func (s *scope) Functions(name string) []expr.Function {
	c, ok := s.b.cat.(FunctionCatalog)
	if !ok || s.b.inFeature {
		return nil
	}
	return c.Functions(name)
}

// passed resolves a reference around the query that s.through says.
func (s *scope) passed(ref *syntax.ColumnRef) (expr.Expr, error) {
	err := errorAt(ref.Span, types.CodeUndefinedColumn, "column %q does not exist", ref.Name)
	if s.sub == s.through {
		return s.fromOuter(ref, err)
	}
	inner := *s
	inner.outer = s.outer.passing(s.through)
	return inner.fromOuter(ref, err)
}

// local resolves a reference to a column of FROM; missing is set where FROM has nothing of that name.
func (s *scope) local(ref *syntax.ColumnRef) (x expr.Expr, missing bool, err error) {
	tables := s.tables
	if ref.Table != "" {
		t := s.named(ref.Table)
		if t == nil {
			return nil, true, s.unknownTable(ref.Span, ref.Table)
		}
		tables = []*table{t}
	}
	found := s.find(ref, tables)
	switch {
	case len(found) > 1:
		return nil, false, errorAt(ref.Span, types.CodeAmbiguousColumn, "column reference %q is ambiguous", ref.Name)
	case len(found) == 0:
		return nil, ref.Table == "", s.unknownColumn(ref, tables)
	case s.constant:
		return nil, false, errorAt(ref.Span, types.CodeInvalidColumnRef, "argument of %s must not contain variables", s.clause)
	}
	s.refs.own++
	return s.placed(found[0], ref.Span), false, nil
}

// placed is a copy of x whose columns stand at place, and say whose they are where there are several tables.
func (s *scope) placed(x expr.Expr, place syntax.Span) expr.Expr {
	x = remap(x, func(i int) int { return i })
	expr.Walk(x, func(y expr.Expr) bool {
		if c, ok := y.(*expr.Column); ok {
			s.places[c] = place
			if len(s.tables) > 1 {
				c.Table = s.tableOf(c.Index).name
			}
		}
		return true
	})
	return x
}

// fromOuter resolves a reference that nothing here is called in the query around this one; err is the error where nothing there is either.
func (s *scope) fromOuter(ref *syntax.ColumnRef, err error) (expr.Expr, error) {
	x, there := s.outer.Column(ref)
	var e *types.Error
	switch {
	case errors.As(there, &e) && (e.Code == types.CodeUndefinedColumn && ref.Table == "" || e.Code == types.CodeUndefinedTable):
		return nil, err
	case there != nil:
		return nil, there
	}
	s.refs.outer++
	return &expr.Outer{Index: s.sub.index(x), Name: ref.Name, T: x.Type()}, nil
}

// named returns the table that FROM calls name, nil where there is none.
func (s *scope) named(name string) *table {
	for _, t := range s.tables {
		if t.name == name {
			return t
		}
	}
	return nil
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

// find returns what in tables is called as the reference says: the user's columns before the system columns.
func (s *scope) find(ref *syntax.ColumnRef, tables []*table) []expr.Expr {
	var found []expr.Expr
	if ref.Table == "" {
		for _, c := range s.columns {
			if c.name == ref.Name {
				found = append(found, c.x)
			}
		}
	} else {
		for i, n := range tables[0].names {
			if n == ref.Name {
				found = append(found, tables[0].column(i))
			}
		}
	}
	if len(found) > 0 {
		return found
	}
	for _, t := range tables {
		if i := t.rel.System.Index(ref.Name); i >= 0 {
			found = append(found, t.column(len(t.rel.Columns)+i))
		}
	}
	return found
}

// column is the table's column i in the row of FROM, the system columns counted after the others.
func (t *table) column(i int) *expr.Column {
	c := t.rel.Column(i)
	return &expr.Column{Index: t.offset + i, Name: c.Name, T: c.Type}
}

// unknownColumn is the error for a name that no table has.
func (s *scope) unknownColumn(ref *syntax.ColumnRef, tables []*table) error {
	if ref.Table == "" && s.named(ref.Name) != nil {
		return notYet(ref.Span, "a whole row as a value is")
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
		return nil, s.refuseOver(call)
	}
	if s.b.inFeature {
		if now, err := bindNow(call); now != nil || err != nil {
			return now, err
		}
		if expr.OfSession(call.Name) {
			return nil, errorAt(call.NamePos, types.CodeInvalidFunctionDef, "%s cannot stand in a feature: its answer depends on who asks, a feature's does not", call.Name)
		}
	}
	if isAggregate(call.Name) {
		return s.aggregate(call)
	}
	if expr.ReturnsSet(call.Name) {
		return s.setCall(call)
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

// refuseOver refuses OVER: for good in a feature, for now in a query.
func (s *scope) refuseOver(call *syntax.Call) error {
	if !s.b.inFeature {
		return notYet(*call.Over, "OVER is")
	}
	return errorAt(*call.Over, types.CodeWindowing, "OVER cannot stand in a feature: it returns a row per event, a feature has one value per entity and moment").
		WithHint("write the window as a condition: %s(…) FILTER (WHERE event_time > NOW() - INTERVAL '30 days') … GROUP BY the entity", call.Name)
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
		return &expr.Column{Index: f(c.Index), Name: c.Name, T: c.T, Table: c.Table}
	}
	return expr.Rebuild(x, func(y expr.Expr) expr.Expr { return remap(y, f) })
}

// same reports whether a and b are the same expression over the same columns and outer values. The text alone does not tell those
// of one name apart.
func same(a, b expr.Expr) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	return a.Type() == b.Type() && a.String() == b.String() && slices.Equal(columnsOf(a), columnsOf(b)) && slices.Equal(outersIn(a), outersIn(b))
}
