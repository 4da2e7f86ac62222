package golden

import (
	"strings"
	"testing"

	"github.com/asofdb/asof/engine"
	"github.com/asofdb/asof/sql/types"
)

// Declared is a table as a user would declare it.
type Declared struct {
	DDL string // "name type [NOT NULL], …"
	Key []string
}

// Spec returns what a decoder is told of the table.
func (d Declared) Spec(t testing.TB, options map[string]string) engine.SourceSpec {
	t.Helper()
	var s engine.SourceSpec
	for _, column := range splitColumns(d.DDL) {
		name, typ, _ := strings.Cut(column, " ")
		typ, notNull := strings.CutSuffix(typ, " NOT NULL")
		parsed, err := types.ParseType(typ)
		if err != nil {
			t.Fatalf("%s: %v", column, err)
		}
		s.Columns = append(s.Columns, types.Column{Name: name, Type: parsed, NotNull: notNull})
	}
	for _, name := range d.Key {
		s.Key = append(s.Key, s.Columns.Index(name))
	}
	s.Options = options
	return s
}

// splitColumns splits at commas outside parentheses.
func splitColumns(ddl string) []string {
	var columns []string
	depth, from := 0, 0
	for i, c := range ddl {
		switch {
		case c == '(':
			depth++
		case c == ')':
			depth--
		case c == ',' && depth == 0:
			columns, from = append(columns, strings.TrimSpace(ddl[from:i])), i+1
		}
	}
	return append(columns, strings.TrimSpace(ddl[from:]))
}
