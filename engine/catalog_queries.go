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

// plannedColumns are the columns of a query that cannot be planned as a whole: each that can be planned alone is of its type, the others are text.
func (s *Session) plannedColumns(ctx context.Context, st *syntax.Query, declared []types.Type) []types.Column {
	sel := st.Select
	for sel.Set != nil {
		sel = sel.Set.L
	}
	if len(sel.Items) != len(st.Outline.Columns) {
		return outlinedColumns(st.Outline)
	}
	var columns []types.Column
	for i, item := range sel.Items {
		alone := &syntax.Select{Span: sel.Span, With: sel.With, Items: []syntax.Item{item}, From: sel.From}
		q, err := s.plan(ctx, selectBinding(alone), declared)
		if err != nil {
			columns = append(columns, textColumn(st.Outline.Columns[i]))
			continue
		}
		columns = append(columns, resultColumns(q)...)
	}
	return columns
}

// outlined answers a query of the catalogs that cannot be planned: its columns and no rows.
func (s *Session) outlined(columns []types.Column, err error) *Rows {
	s.eng.unplanned.Add(1)
	s.eng.logger.Warn("a query of the system's catalogs is answered with no rows", "reason", err)
	return fixedRows("", columns, nil)
}

// query runs a SELECT.
func (s *Session) query(ctx context.Context, st *syntax.Query, in input) (*Rows, error) {
	if in.point != nil {
		if rows := in.point.read(s, in); rows != nil {
			return rows, nil
		}
	}
	recognise(st)
	rows, err := s.stream(ctx, selectBinding(st.Select), in)
	if o := outlineOf(st, err); o != nil {
		return s.outlined(s.plannedColumns(ctx, st, in.types), err), nil
	}
	return rows, err
}

// recognise makes of a query of the catalogs what the planner can do where clients write it in forms that it cannot.
func recognise(st *syntax.Query) {
	if st.Outline != nil {
		numberAttributes(st.Select)
		expandArrays(st.Select)
	}
}

// numberAttributes recognises how pgjdbc numbers the columns of a relation in a query of the catalogs: row_number() OVER (PARTITION BY a.attrelid ORDER BY a.attnum). No
// column is ever dropped here, so that is the column's attnum.
func numberAttributes(sel *syntax.Select) {
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
	visit(sel)
}

// expandArrays recognises information_schema._pg_expandarray(a), of which pgjdbc takes the elements x and their numbers n, in the select list itself or outside of the
// query that has the call in its select list: what stands outside without a field is x.
func expandArrays(sel *syntax.Select) {
	expands := func(x syntax.Expr) (*syntax.Call, bool) {
		c, ok := x.(*syntax.Call)
		return c, ok && c.Name == "_pg_expandarray" && len(c.Args) == 1
	}
	found := false
	elements := func(c *syntax.Call) *syntax.Call {
		return &syntax.Call{Span: c.Span, Name: "unnest", NamePos: c.NamePos, Args: c.Args}
	}
	syntax.Replace(sel, func(x syntax.Expr) syntax.Expr {
		f, ok := x.(*syntax.Field)
		if !ok {
			return x
		}
		c, ok := expands(f.X)
		switch {
		case ok && f.Name == "x":
			found = true
			return elements(c)
		case ok && f.Name == "n":
			found = true
			first := &syntax.Number{Span: c.Span, Text: "1"}
			return &syntax.Call{Span: c.Span, Name: "generate_subscripts", NamePos: c.NamePos, Args: []syntax.Expr{c.Args[0], first}}
		}
		return x
	})
	syntax.Replace(sel, func(x syntax.Expr) syntax.Expr {
		if c, ok := expands(x); ok {
			found = true
			return elements(c)
		}
		return x
	})
	if !found {
		return
	}
	syntax.Replace(sel, func(x syntax.Expr) syntax.Expr {
		if f, ok := x.(*syntax.Field); ok && f.Name == "x" {
			if ref, ok := f.X.(*syntax.ColumnRef); ok {
				return ref
			}
		}
		return x
	})
}

// queryShape is what a SELECT takes and returns.
func (s *Session) queryShape(ctx context.Context, st *syntax.Query, declared []types.Type) ([]types.Type, []types.Column, error) {
	recognise(st)
	q, err := s.plan(ctx, selectBinding(st.Select), declared)
	if o := outlineOf(st, err); o != nil {
		return outlinedParams(o, declared), s.plannedColumns(ctx, st, declared), nil
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
