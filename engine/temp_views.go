package engine

import (
	"context"

	"github.com/asofdb/asof/sql/syntax"
	"github.com/asofdb/asof/sql/types"
)

// createView runs CREATE TEMP VIEW: it names a query, which is planned with each statement that reads the view, at that statement's moment. It is dropped, rolled back and listed as a table is.
func (s *Session) createView(ctx context.Context, st *syntax.CreateView) error {
	old := s.tables[st.Name]
	switch {
	case old != nil && !st.Replace:
		return placed(types.Errorf(types.CodeDuplicateTable, "relation %q already exists", st.Name), st.NamePos)
	case old != nil && old.view == nil:
		return placed(types.Errorf(types.CodeWrongObjectType, "%q is not a view", st.Name), st.NamePos)
	}
	q, err := s.plan(ctx, selectBinding(st.Query), nil)
	if err != nil {
		return err
	}
	if len(q.Params) > 0 {
		return placed(types.Errorf("42P02", "there is no parameter $1").WithHint("a view's query is planned again with each statement: write the value itself"), st.Query.Span)
	}
	columns, err := namedColumns(resultColumns(q), st.Names, st.NamePos, st.NamesPos)
	if err != nil {
		return err
	}
	if old != nil {
		if err := old.mayBecome(columns); err != nil {
			return placed(err.WithHint("DROP VIEW %s first", syntax.QuoteIdent(st.Name)), st.NamePos)
		}
		if err := s.forgetTable(st.Name); err != nil {
			return err
		}
	}
	t := newTempTable(st.Name, columns)
	t.view = &syntax.CTE{Name: st.Name, NamePos: st.NamePos, Columns: st.Names, Select: st.Query}
	s.keepTable(t)
	return nil
}

// mayBecome refuses to replace a view by one that lacks a column of it: who reads it counts on them.
func (t *tempTable) mayBecome(columns types.Schema) *types.Error {
	old := t.relation.Columns
	if len(columns) < len(old) {
		return types.Errorf(types.CodeInvalidTableDef, "cannot drop columns from view")
	}
	for i, c := range old {
		switch n := columns[i]; {
		case n.Name != c.Name:
			return types.Errorf(types.CodeInvalidTableDef, "cannot change name of view column %q to %q", c.Name, n.Name)
		case n.Type != c.Type:
			return types.Errorf(types.CodeInvalidTableDef, "cannot change data type of view column %q from %s to %s", c.Name, c.Type, n.Type)
		}
	}
	return nil
}

// kind is "table" or "view".
func (t *tempTable) kind() string {
	if t.view != nil {
		return "view"
	}
	return "table"
}
