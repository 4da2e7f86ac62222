package engine

import (
	"context"
	"errors"
	"fmt"

	"github.com/asofdb/asof/sql/syntax"
	"github.com/asofdb/asof/sql/types"
)

// createTableAs runs CREATE TEMP TABLE … AS: a table of a query's columns that holds its rows, or with WITH NO DATA none. It is there when all its rows
// are, or not at all.
func (s *Session) createTableAs(ctx context.Context, st *syntax.CreateTable, in input) (*Rows, error) {
	there, err := s.tableThere(ctx, st)
	if there || err != nil {
		return tagged("CREATE TABLE AS", err)
	}
	if st.NoData {
		q, err := s.plan(ctx, selectBinding(st.Query), in.types)
		if err != nil {
			return nil, err
		}
		columns, err := namedColumns(resultColumns(q), st.Names, st.NamePos, st.NamesPos)
		if err != nil {
			return nil, err
		}
		s.keepTable(newTempTable(st.Name, columns))
		return &Rows{tag: "CREATE TABLE AS"}, nil
	}
	rows, err := s.stream(ctx, selectBinding(st.Query), in)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	columns, err := namedColumns(rows.Columns(), st.Names, st.NamePos, st.NamesPos)
	if err != nil {
		return nil, err
	}
	t := newTempTable(st.Name, columns)
	count, err := t.take(rows, s)
	if err != nil {
		return nil, errors.Join(err, t.close())
	}
	s.keepTable(t)
	return &Rows{tag: fmt.Sprintf("SELECT %d", count)}, nil
}

// take appends all rows to the table, or none.
func (t *tempTable) take(rows *Rows, s *Session) (count int64, err error) {
	a := t.append(s)
	for rows.Next() {
		if err := a.add(rows.Values()); err != nil {
			return 0, errors.Join(err, a.abandon())
		}
	}
	if err := rows.Err(); err != nil {
		return 0, errors.Join(err, a.abandon())
	}
	return a.count, a.commit()
}

// namedColumns are the columns of a query under the names that a statement gives the first of them, at namesPos; name is where it names what it creates.
func namedColumns(of []types.Column, names []string, name, namesPos syntax.Span) (types.Schema, error) {
	at := name
	if names != nil {
		at = namesPos
	}
	place := func(e *types.Error) error { return e.At(int(at.Pos), int(at.End-at.Pos)) }
	if len(names) > len(of) {
		return nil, place(types.Errorf(types.CodeSyntax, "too many column names were specified").WithHint("the query has %d", len(of)))
	}
	columns := make(types.Schema, len(of))
	for i, c := range of {
		columns[i] = types.Column{Name: c.Name, Type: c.Type}
		if i < len(names) {
			columns[i].Name = names[i]
		}
		if columns.Index(columns[i].Name) < i {
			return nil, place(types.Errorf(types.CodeDuplicateColumn, "column %q specified more than once", columns[i].Name).
				WithHint("give it another name: AS other, or the names in parentheses before AS"))
		}
	}
	return columns, nil
}
