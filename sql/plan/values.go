package plan

import (
	"strconv"

	"github.com/asofdb/asof/sql/expr"
	"github.com/asofdb/asof/sql/syntax"
	"github.com/asofdb/asof/sql/types"
)

// valuesQuery binds VALUES … [ORDER BY …] [LIMIT …], which is a SELECT * from it.
func (b *binder) valuesQuery(sel *syntax.Select, a around) (Node, error) {
	node, err := b.values(sel, a)
	if err != nil {
		return nil, err
	}
	if len(sel.OrderBy) == 0 && sel.Limit == nil && sel.Offset == nil {
		return node, nil
	}
	t, err := newTable(sel.Span, "*VALUES*", "", nil, derivedRelation("*VALUES*", node), 0)
	if err != nil {
		return nil, err
	}
	q := b.selectAll(t.input(node), a)
	if err := q.clauses(sel); err != nil {
		return nil, err
	}
	if err := q.group(); err != nil {
		return nil, err
	}
	return q.arrange(), nil
}

// selectAll is SELECT * FROM in, to which the clauses of sel that follow can be bound.
func (b *binder) selectAll(in input, a around) *selection {
	s := b.newScope(a)
	s.tables, s.columns, s.group.width = in.tables, in.columns, in.width
	q := &selection{scope: s, from: in.node}
	for _, c := range in.columns {
		q.targets = append(q.targets, target{name: c.name, x: c.x, place: in.tables[0].place})
	}
	return q
}

// values binds the rows. Each column has the common type of its cells.
func (b *binder) values(sel *syntax.Select, a around) (Node, error) {
	s := b.newScope(a).in("VALUES")
	n := &Values{Rows: make([][]expr.Expr, len(sel.Values))}
	for i, cells := range sel.Values {
		for _, cell := range cells {
			x, err := expr.BindOpen(cell, s)
			if err != nil {
				return nil, at(err, cell.Place())
			}
			n.Rows[i] = append(n.Rows[i], x)
		}
	}
	for c := range sel.Values[0] {
		t, err := s.valuesType(sel.Values, n.Rows, c)
		if err != nil {
			return nil, err
		}
		n.Out = append(n.Out, types.Column{Name: "column" + strconv.Itoa(c+1), Type: t})
	}
	return n, nil
}

// valuesType converts column c to the common type of its cells.
func (s *scope) valuesType(cells [][]syntax.Expr, rows [][]expr.Expr, c int) (types.Type, error) {
	var ts []types.Type
	for i := range rows {
		ts = append(ts, rows[i][c].Type())
		if _, err := expr.CommonType("VALUES", ts...); err != nil {
			return types.Type{}, at(err, cells[i][c].Place())
		}
	}
	t, err := expr.CommonType("VALUES", ts...)
	if err != nil {
		return t, err
	}
	for i := range rows {
		if rows[i][c], err = expr.Convert(rows[i][c], cells[i][c], s, t); err != nil {
			return t, at(err, cells[i][c].Place())
		}
	}
	return t, nil
}
