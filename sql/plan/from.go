package plan

import (
	"slices"
	"strings"

	"github.com/asofdb/asof/sql/syntax"
	"github.com/asofdb/asof/sql/types"
)

// input is one relation of FROM, or several that are joined.
type input struct {
	node    Node
	tables  []*table
	columns []column
	width   int // of the node's row
}

// from binds FROM: the node that produces its rows, and the scope in which everything else is bound.
func (b *binder) from(x syntax.TableExpr, a around) (Node, *scope, error) {
	s := b.newScope(a)
	if x == nil {
		return &One{}, s, nil
	}
	in, err := b.input(x, s, 0)
	if err != nil {
		return nil, nil, err
	}
	s.tables, s.columns, s.group.width = in.tables, in.columns, in.width
	return in.node, s, nil
}

// input binds a part of FROM whose row begins at column offset of the whole row.
func (b *binder) input(x syntax.TableExpr, s *scope, offset int) (input, error) {
	switch x := x.(type) {
	case *syntax.Table:
		c, err := b.standsFor(x, s)
		switch {
		case err != nil:
			return input{}, err
		case c != nil:
			return b.reference(c, x, s, offset)
		}
		return b.scan(x, s, offset)
	case *syntax.Derived:
		return b.derived(x, s, offset)
	case *syntax.TableFunc:
		return b.tableFunc(x, s, offset)
	case *syntax.Join:
		return b.join(x, s, offset)
	}
	return input{}, notYet(x.Place(), "this in FROM is")
}

// scan binds one relation of FROM, read at one moment.
func (b *binder) scan(x *syntax.Table, s *scope, offset int) (input, error) {
	in, scan, err := b.relationInput(x, offset)
	if err != nil {
		return input{}, err
	}
	scan.AsOf, err = b.asOf(x.AsOf, s)
	return in, err
}

// relationInput binds one relation of FROM but for its moment.
func (b *binder) relationInput(x *syntax.Table, offset int) (input, *Scan, error) {
	rel, err := b.relation(x)
	if err != nil {
		return input{}, nil, err
	}
	t, err := newTable(x.Span, x.Name, x.Alias, x.Columns, rel, offset)
	if err != nil {
		return input{}, nil, err
	}
	if x.File && x.Alias == "" { // a path is no name to put before a column
		t.hidden = ""
	}
	scan := &Scan{Relation: rel}
	for i := range t.width() {
		scan.Columns = append(scan.Columns, i)
	}
	return t.input(scan), scan, nil
}

// input is the table alone, whose rows node has.
func (t *table) input(node Node) input {
	in := input{node: node, tables: []*table{t}, width: t.width()}
	for i, n := range t.names {
		in.columns = append(in.columns, column{n, t.column(i)})
	}
	return in
}

// historySuffix makes the name of a feature's relation of change points.
const historySuffix = "_history"

func (b *binder) relation(x *syntax.Table) (*Relation, error) {
	if x.File {
		return b.file(x)
	}
	if x.Schema != "" {
		return b.schemaRelation(x)
	}
	rel, err := b.cat.Relation(x.Name)
	if err == nil {
		return rel, nil
	}
	if name, ok := strings.CutSuffix(x.Name, historySuffix); ok {
		if r, e := b.cat.Relation(name); e == nil && r.Kind == FeatureRelation {
			return nil, notYet(x.Span, "the history of a feature ("+x.Name+") is")
		}
	}
	return nil, at(err, x.NamePos)
}

// schemaRelation is a relation of another schema than public.
func (b *binder) schemaRelation(x *syntax.Table) (*Relation, error) {
	if c, ok := b.cat.(SchemaCatalog); ok {
		rel, err := c.SchemaRelation(x.Schema, x.Name)
		return rel, at(err, x.NamePos)
	}
	return nil, errorAt(x.NamePos, types.CodeUndefinedTable, "relation \"%s.%s\" does not exist", x.Schema, x.Name)
}

// file asks for a file's columns.
func (b *binder) file(x *syntax.Table) (*Relation, error) {
	files, ok := b.cat.(FileCatalog)
	if !ok {
		return nil, notYet(x.Span, "a file in FROM is")
	}
	if x.AsOf != nil {
		return nil, errorAt(x.AsOf.Span, types.CodeWrongObjectType, "a file has no past: it is read as it is").
			WithHint("leave AS OF away, or make a source of the file: CREATE SOURCE … WITH (connector = 'file', commit_time = '…')")
	}
	rel, err := files.File(x.Name)
	return rel, at(err, x.NamePos)
}

// newTable names the columns of rel as the statement does.
func newTable(place syntax.Span, name, alias string, columns []string, rel *Relation, offset int) (*table, error) {
	t := &table{name: name, place: place, rel: rel, offset: offset}
	if alias != "" && alias != name {
		t.name, t.hidden = alias, name
	}
	if len(columns) > len(rel.Columns) {
		return nil, errorAt(place, types.CodeInvalidColumnRef, "table %q has %d columns available but %d columns specified", t.name, len(rel.Columns), len(columns))
	}
	for _, c := range rel.Columns {
		t.names = append(t.names, c.Name)
	}
	copy(t.names, columns)
	return t, nil
}

// asOf binds a moment that is constant over the statement.
func (b *binder) asOf(x *syntax.AsOf, s *scope) (AsOf, error) {
	if x == nil {
		return AsOf{}, nil
	}
	if ref := firstColumn(x.X); ref != nil {
		return AsOf{}, errorAt(ref.Span, types.CodeInvalidColumnRef, "AS OF a column needs a join with the relation that has it").
			WithHint("write … LEFT JOIN the relation AS OF %s ON …, behind the relation with the column", syntax.PrintExpr(x.X))
	}
	bound, err := constantAs(x.X, s.constantIn(asOfClause(x)), types.Type{Kind: types.Timestamptz})
	if err != nil {
		return AsOf{}, err
	}
	if hasSubquery(bound) {
		return AsOf{}, notYet(x.X.Place(), "a subquery in AS OF is")
	}
	return AsOf{X: bound, Before: x.Before, Served: x.Served}, nil
}

// asOfClause names the clause for errors.
func asOfClause(x *syntax.AsOf) string {
	switch {
	case x.Before:
		return "BEFORE"
	case x.Served:
		return "AS OF SERVED"
	}
	return "AS OF"
}

// firstColumn returns the first column reference below x, nil where there is none.
func firstColumn(x syntax.Expr) *syntax.ColumnRef {
	var found *syntax.ColumnRef
	visit(x, func(y syntax.Expr) bool {
		if ref, ok := y.(*syntax.ColumnRef); ok && found == nil {
			found = ref
		}
		return found == nil
	})
	return found
}

// visit calls f for x and everything below it, parents first; f returning false skips what is below.
func visit(x syntax.Expr, f func(syntax.Expr) bool) {
	if x == nil || !f(x) {
		return
	}
	for _, child := range parts(x) {
		visit(child, f)
	}
}

// parts returns the direct operands of x, in the order they are written. Subqueries have scopes of their own and are left out.
func parts(x syntax.Expr) []syntax.Expr {
	switch x := x.(type) {
	case *syntax.Unary:
		return []syntax.Expr{x.X}
	case *syntax.Binary:
		return []syntax.Expr{x.L, x.R}
	case *syntax.Call:
		out := slices.Clone(x.Args)
		for _, o := range x.OrderBy {
			out = append(out, o.X)
		}
		return append(out, x.Filter)
	case *syntax.Cast:
		return []syntax.Expr{x.X}
	case *syntax.Case:
		out := []syntax.Expr{x.Operand}
		for _, w := range x.Whens {
			out = append(out, w.Cond, w.Then)
		}
		return append(out, x.Else)
	case *syntax.In:
		return append([]syntax.Expr{x.X}, x.List...)
	case *syntax.Between:
		return []syntax.Expr{x.X, x.Lo, x.Hi}
	case *syntax.Like:
		return []syntax.Expr{x.X, x.Pattern, x.Escape}
	case *syntax.Is:
		return []syntax.Expr{x.X}
	case *syntax.IsDistinct:
		return []syntax.Expr{x.L, x.R}
	case *syntax.Quantified:
		return []syntax.Expr{x.L, x.R}
	case *syntax.ArrayLit:
		return x.Elems
	case *syntax.Row:
		return x.Elems
	case *syntax.Index:
		return []syntax.Expr{x.X, x.I}
	case *syntax.Field:
		return []syntax.Expr{x.X}
	}
	return nil
}
