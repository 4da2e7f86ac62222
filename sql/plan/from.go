package plan

import (
	"slices"
	"strings"

	"github.com/asofdb/asof/sql/expr"
	"github.com/asofdb/asof/sql/syntax"
	"github.com/asofdb/asof/sql/types"
)

// from binds FROM: the node that produces its rows, and the scope in which everything else is bound.
func (b *binder) from(x syntax.TableExpr) (Node, *scope, error) {
	s := &scope{b: b, places: map[*expr.Column]syntax.Span{}, group: &grouping{}}
	var node Node
	switch x := x.(type) {
	case nil:
		node = &One{}
	case *syntax.Table:
		scan, t, err := b.scan(x, s)
		if err != nil {
			return nil, nil, err
		}
		s.tables, s.group.width, node = []*table{t}, t.width(), scan
	case *syntax.Join:
		return nil, nil, notYet(x.Span, "JOIN is")
	case *syntax.Derived:
		if x.Select != nil && x.Select.Values != nil {
			return nil, nil, notYet(x.Span, "VALUES in FROM is")
		}
		return nil, nil, notYet(x.Span, "a subquery in FROM is")
	default:
		return nil, nil, notYet(x.Place(), "this in FROM is")
	}
	return node, s, nil
}

// scan binds one relation of FROM.
func (b *binder) scan(x *syntax.Table, s *scope) (*Scan, *table, error) {
	if x.File {
		return nil, nil, notYet(x.Span, "a file in FROM is")
	}
	rel, err := b.relation(x)
	if err != nil {
		return nil, nil, err
	}
	t, err := newTable(x, rel)
	if err != nil {
		return nil, nil, err
	}
	asOf, err := b.asOf(x.AsOf, s)
	if err != nil {
		return nil, nil, err
	}
	scan := &Scan{Relation: rel, AsOf: asOf}
	for i := range t.width() {
		scan.Columns = append(scan.Columns, i)
	}
	return scan, t, nil
}

// historySuffix makes the name of a feature's relation of change points.
const historySuffix = "_history"

func (b *binder) relation(x *syntax.Table) (*Relation, error) {
	rel, err := b.cat.Relation(x.Name)
	if err == nil {
		return rel, nil
	}
	if name, ok := strings.CutSuffix(x.Name, historySuffix); ok {
		if r, e := b.cat.Relation(name); e == nil && r.Kind == FeatureRelation {
			return nil, notYet(x.Span, "the history of a feature ("+x.Name+") is")
		}
	}
	return nil, at(err, x.Span)
}

// newTable names the columns of rel as the statement does.
func newTable(x *syntax.Table, rel *Relation) (*table, error) {
	t := &table{name: x.Name, place: x.Span, rel: rel}
	if x.Alias != "" && x.Alias != x.Name {
		t.name, t.hidden = x.Alias, x.Name
	}
	if len(x.Columns) > len(rel.Columns) {
		return nil, errorAt(x.Span, types.CodeInvalidColumnRef, "table %q has %d columns available but %d columns specified", t.name, len(rel.Columns), len(x.Columns))
	}
	for _, c := range rel.Columns {
		t.names = append(t.names, c.Name)
	}
	copy(t.names, x.Columns)
	return t, nil
}

// asOf binds a moment. It is constant over the statement: a column of another relation needs a join.
func (b *binder) asOf(x *syntax.AsOf, s *scope) (AsOf, error) {
	if x == nil {
		return AsOf{}, nil
	}
	if x.Served {
		return AsOf{}, notYet(x.Span, "AS OF SERVED is")
	}
	if ref := firstColumn(x.X); ref != nil {
		return AsOf{}, notYet(ref.Span, "AS OF a column is a join with the relation that has it, and joins are")
	}
	clause := "AS OF"
	if x.Before {
		clause = "BEFORE"
	}
	bound, err := constantAs(x.X, s.constantIn(clause), types.Type{Kind: types.Timestamptz})
	if err != nil {
		return AsOf{}, err
	}
	return AsOf{X: bound, Before: x.Before}, nil
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
	}
	return nil
}
