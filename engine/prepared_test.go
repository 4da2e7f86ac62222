package engine_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/asofdb/asof/engine"
	"github.com/asofdb/asof/sql/types"
)

// A prepared statement knows its parameters and columns before it runs.
func TestPrepare(t *testing.T) {
	dir := t.TempDir()
	e := openEngine(t, filepath.Join(dir, "data"), engine.Options{})
	plainSource(t, e, dir, "t", "id BIGINT, who VARCHAR(20), price NUMERIC(12,2)",
		`{"id":1,"who":"a","price":"1.5","at":"2025-05-20T10:00:00Z"}`,
		`{"id":2,"who":"b","price":"2.5","at":"2025-05-20T11:00:00Z"}`)
	s := e.NewSession()
	for _, c := range []struct {
		sql             string
		params, columns string
		values          []types.Value
		want            string
	}{
		{"SELECT id, who, price FROM t WHERE who = $1", "text", "bigint character varying(20) numeric(12,2)", []types.Value{types.NewText("b")}, "2|b|2.50"},
		{"SELECT price FROM t WHERE id = ANY($1) ORDER BY 1", "bigint[]", "numeric(12,2)", []types.Value{types.NewText("{1,2}")}, "1.50,2.50"},
		{"SELECT COUNT(*) FROM t AS OF $1", "timestamp with time zone", "bigint", []types.Value{types.NewText("2025-05-20 10:30+00")}, "1"},
		{"SHOW timezone", "", "text", nil, "UTC"},
		{"SET timezone = 'UTC'", "", "", nil, ""},
	} {
		statements, err := s.Split(c.sql)
		if err != nil || len(statements) != 1 {
			t.Fatal(c.sql, statements, err)
		}
		p, err := s.Prepare(t.Context(), statements[0], nil)
		if err != nil {
			t.Error(c.sql, err)
			continue
		}
		var params, columns []string
		for _, x := range p.Params() {
			params = append(params, x.String())
		}
		for _, x := range p.Columns() {
			columns = append(columns, x.Type.String())
		}
		if strings.Join(params, " ") != c.params || strings.Join(columns, " ") != c.columns {
			t.Errorf("%s: %q, %q", c.sql, params, columns)
		}
		for range 2 {
			rows, err := p.Query(t.Context(), c.values)
			if err != nil {
				t.Error(c.sql, err)
				continue
			}
			if got := strings.Join(drain(t, rows), ","); got != c.want {
				t.Errorf("%s: %q instead of %q", c.sql, got, c.want)
			}
		}
	}
}

// A script is split into statements that know where they stood.
func TestSplit(t *testing.T) {
	e := openEngine(t, filepath.Join(t.TempDir(), "data"), engine.Options{})
	script := "SELECT 1; /* ; */ SELECT ';' ;; SELECT 'ä', oops"
	statements, err := e.NewSession().Split(script)
	if err != nil || len(statements) != 3 {
		t.Fatal(statements, err)
	}
	var got []string
	for _, st := range statements {
		got = append(got, st.Text)
		if !strings.HasPrefix(script[st.Offset:], st.Text) {
			t.Error(st.Offset, st.Text)
		}
	}
	rows, err := e.NewSession().Run(t.Context(), statements[1])
	if err != nil {
		t.Fatal(err)
	}
	if got := drain(t, rows); !slices.Equal(got, []string{";"}) {
		t.Errorf("ran: %q", got)
	}
	if want := []string{"SELECT 1", "SELECT ';'", "SELECT 'ä', oops"}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

// drain reads rows to their end, the values of each joined by a bar.
func drain(t *testing.T, rows *engine.Rows) []string {
	t.Helper()
	defer rows.Close()
	var got []string
	for rows.Next() {
		var row []string
		for _, v := range rows.Values() {
			text := "NULL"
			if !v.IsNull() {
				text = v.String()
			}
			row = append(row, text)
		}
		got = append(got, strings.Join(row, "|"))
	}
	if err := rows.Err(); err != nil {
		t.Error(err)
	}
	return got
}
