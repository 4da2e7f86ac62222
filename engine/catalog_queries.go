package engine

import (
	"context"
	"errors"
	"slices"

	"github.com/asofdb/asof/sql/syntax"
	"github.com/asofdb/asof/sql/types"
)

// UnplannedCatalogQueries counts the queries of the system's catalogs that were answered with no rows because they could not be planned.
func (e *Engine) UnplannedCatalogQueries() int64 { return e.unplanned.Load() }

// unplannable are the errors of a query that is more than the planner can do.
var unplannable = []string{
	types.CodeNotSupported, types.CodeUndefinedFunction, types.CodeUndefinedColumn, types.CodeDatatypeMismatch, types.CodeCannotCoerce, types.CodeIndeterminateType, "42725",
}

// outlineOf is the outline that a query of the catalogs is answered by when planning it failed with err, nil where the error stands.
func outlineOf(st *syntax.Query, err error) *syntax.Outline {
	var e *types.Error
	if st.Outline == nil || !errors.As(err, &e) || !slices.Contains(unplannable, e.Code) {
		return nil
	}
	return st.Outline
}

// outlinedColumns are the columns of a query of which nothing else is known.
func outlinedColumns(o *syntax.Outline) []types.Column {
	columns := make([]types.Column, len(o.Columns))
	for i, name := range o.Columns {
		columns[i] = textColumn(name)
	}
	return columns
}

// outlined answers a query of the catalogs that cannot be planned: its columns and no rows.
func (s *Session) outlined(o *syntax.Outline, err error) *Rows {
	s.eng.unplanned.Add(1)
	s.eng.logger.Warn("a query of the system's catalogs is answered with no rows", "reason", err)
	return fixedRows("", outlinedColumns(o), nil)
}

// query runs a SELECT.
func (s *Session) query(ctx context.Context, st *syntax.Query, in input) (*Rows, error) {
	numberAttributes(st)
	joinTexts(st)
	rows, err := s.stream(ctx, selectBinding(st.Select), in)
	if o := outlineOf(st, err); o != nil {
		return s.outlined(o, err), nil
	}
	return rows, err
}

// numberAttributes recognises how pgjdbc numbers the columns of a relation in a query of the catalogs: row_number() OVER (PARTITION BY a.attrelid ORDER BY a.attnum). No
// column is ever dropped here, so that is the column's attnum.
func numberAttributes(st *syntax.Query) {
	if st.Outline == nil {
		return
	}
	var relations func(syntax.TableExpr) []syntax.TableExpr
	relations = func(t syntax.TableExpr) []syntax.TableExpr {
		if j, ok := t.(*syntax.Join); ok {
			return append(relations(j.L), relations(j.R)...)
		}
		return []syntax.TableExpr{t}
	}
	var visit func(*syntax.Select)
	visit = func(sel *syntax.Select) {
		attributes := ""
		for _, t := range relations(sel.From) {
			switch t := t.(type) {
			case *syntax.Derived:
				visit(t.Select)
			case *syntax.Table:
				if t.Name == "pg_attribute" {
					if attributes = t.Alias; attributes == "" {
						attributes = t.Name
					}
				}
			}
		}
		for i, item := range sel.Items {
			if c, ok := item.X.(*syntax.Call); ok && c.Name == "row_number" && c.Over != nil && attributes != "" {
				sel.Items[i].X = &syntax.Cast{Span: c.Span, Type: types.Type{Kind: types.Int8}, X: &syntax.ColumnRef{Span: c.Span, Table: attributes, Name: "attnum"}}
			}
		}
	}
	visit(st.Select)
}

// joinTexts recognises SELECT string_agg(x, y) FROM … WHERE …, by which pgjdbc asks for the keywords, and makes array_to_string of it.
func joinTexts(st *syntax.Query) {
	sel := st.Select
	if st.Outline == nil || len(sel.Items) != 1 || len(sel.GroupBy) > 0 || sel.Having != nil || len(sel.With) > 0 {
		return
	}
	c, ok := sel.Items[0].X.(*syntax.Call)
	if !ok || c.Name != "string_agg" || len(c.Args) != 2 || c.Distinct || c.Filter != nil {
		return
	}
	inner := &syntax.Select{Span: sel.Span, Items: []syntax.Item{{X: c.Args[0], Span: c.Span}}, From: sel.From, Where: sel.Where, OrderBy: c.OrderBy}
	alias := sel.Items[0].Alias
	if alias == "" {
		alias = c.Name
	}
	joined := &syntax.Call{Span: c.Span, Name: "array_to_string", NamePos: c.NamePos, Args: []syntax.Expr{&syntax.Subquery{Span: c.Span, Select: inner, Array: true}, c.Args[1]}}
	sel.Items[0], sel.From, sel.Where = syntax.Item{X: joined, Alias: alias, Span: sel.Items[0].Span}, nil, nil
}

// queryShape is what a SELECT takes and returns.
func (s *Session) queryShape(ctx context.Context, st *syntax.Query, declared []types.Type) ([]types.Type, []types.Column, error) {
	numberAttributes(st)
	joinTexts(st)
	q, err := s.plan(ctx, selectBinding(st.Select), declared)
	if o := outlineOf(st, err); o != nil {
		return outlinedParams(o, declared), outlinedColumns(o), nil
	}
	if err != nil {
		return nil, nil, err
	}
	return q.Params, resultColumns(q), nil
}

// outlinedParams are the parameters of a query of which nothing else is known: what was not declared is text.
func outlinedParams(o *syntax.Outline, declared []types.Type) []types.Type {
	params := slices.Clone(declared)
	for len(params) < o.Params {
		params = append(params, types.Type{})
	}
	for i := range params {
		if params[i] == (types.Type{}) {
			params[i] = types.Type{Kind: types.Text}
		}
	}
	return params
}
