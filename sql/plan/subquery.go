package plan

import (
	"github.com/asofdb/asof/sql/expr"
	"github.com/asofdb/asof/sql/syntax"
	"github.com/asofdb/asof/sql/types"
)

// Sub binds a query that stands in an expression.
func (s *scope) Sub(x syntax.Expr) (expr.Expr, error) {
	if s.b.inFeature {
		return nil, notYet(x.Place(), "a subquery in a feature is")
	}
	switch x := x.(type) {
	case *syntax.Subquery:
		q, columns, err := s.subquery(x.Select)
		if err != nil {
			return nil, err
		}
		if len(columns) != 1 {
			return nil, errorAt(x.Span, types.CodeSyntax, "subquery must return only one column")
		}
		s.b.subNames[x] = columns[0].Name
		q.Form, q.T = expr.Scalar, columns[0].Type
		if x.Array {
			if q.T.Kind == types.Array {
				return nil, notYet(x.Span, "an array of arrays is")
			}
			q.Form, q.T = expr.List, types.ArrayOf(q.T)
		}
		return q, nil
	case *syntax.Exists:
		q, _, err := s.subquery(x.Select)
		if err != nil {
			return nil, err
		}
		q.Form = expr.Exists
		return q, nil
	case *syntax.In:
		if x.Not {
			return s.compared(expr.All, "<>", x.X, x.Sub, x)
		}
		return s.compared(expr.Any, "=", x.X, x.Sub, x)
	case *syntax.Quantified:
		form := expr.Any
		if x.All {
			form = expr.All
		}
		if !expr.IsComparison(x.Op) {
			return nil, notYet(x.Span, x.Op+" ANY or ALL over a subquery is").WithHint("use one of = <> < <= > >=")
		}
		return s.compared(form, x.Op, x.L, x.R.(*syntax.Subquery).Select, x)
	case *syntax.Binary:
		if !expr.IsComparison(x.Op) {
			return nil, errorAt(x.Span, types.CodeNotSupported, "operator %s over rows is not supported", x.Op)
		}
		return s.compared(expr.OneRow, x.Op, x.L, x.R.(*syntax.Subquery).Select, x)
	}
	return nil, notYet(x.Place(), "this subquery is")
}

// subquery binds a query in an expression of this scope.
func (s *scope) subquery(sel *syntax.Select) (*expr.Subquery, types.Schema, error) {
	a := around{outer: s, sub: &outerValues{}, ctes: s.ctes}
	node, err := s.b.nested(sel, a)
	if err != nil {
		return nil, nil, err
	}
	q := &expr.Subquery{Args: a.sub.args, Query: &Subplan{Root: node}, Text: syntax.PrintSelect(sel)}
	return q, node.Schema(), nil
}

// compared binds left op query, where left is a row or a single value. The query then gives the values as op compares them.
func (s *scope) compared(form expr.Form, op string, left syntax.Expr, sel *syntax.Select, x syntax.Expr) (expr.Expr, error) {
	q, columns, err := s.subquery(sel)
	if err != nil {
		return nil, err
	}
	if op == "!=" {
		op = "<>"
	}
	operands := []syntax.Expr{left}
	if row, ok := left.(*syntax.Row); ok {
		operands = row.Elems
	}
	switch {
	case len(columns) > len(operands):
		return nil, errorAt(x.Place(), types.CodeSyntax, "subquery has too many columns")
	case len(columns) < len(operands):
		return nil, errorAt(x.Place(), types.CodeSyntax, "subquery has too few columns")
	}
	cells := make([]expr.Expr, len(columns))
	for i, c := range columns {
		cells[i] = &expr.Column{Index: i, Name: c.Name, T: c.Type}
	}
	var rights []expr.Expr
	if q.Left, rights, err = expr.BindTest(op, operands, cells, x, s); err != nil {
		return nil, err
	}
	outputs := make([]Output, len(rights))
	for i, r := range rights {
		outputs[i] = Output{Name: columns[i].Name, X: r, T: r.Type()}
		q.Right = append(q.Right, r.Type())
	}
	p := q.Query.(*Subplan)
	if n := (&Project{In: p.Root, Exprs: outputs}); !n.idle() {
		p.Root = n
	}
	q.Form, q.Op = form, op
	return q, nil
}
