package syntax

import (
	"strings"
	"testing"
)

// Every expression of a query is reached, wherever it stands.
func TestReplaceReachesEverything(t *testing.T) {
	statements, err := Parse(`WITH RECURSIVE w AS (SELECT -old UNION ALL VALUES (old + 1)) SELECT DISTINCT f(old, g(DISTINCT old ORDER BY old) FILTER (WHERE old)), old::int,
		CASE old WHEN old THEN old ELSE old END, old IN (old, 1), old IN (SELECT old), old BETWEEN old AND old, old LIKE old ESCAPE old, old IS NULL, old IS DISTINCT FROM old,
		old = ANY (old), old > ALL (SELECT old), ARRAY[old], ROW(old, old), old[old], (old).old, (SELECT old), ARRAY(SELECT old), EXISTS (SELECT old)
		FROM t AS OF TIMESTAMPTZ '2025-05-01' - old JOIN (SELECT old) d AS OF old ON old, LATERAL (SELECT old) e, unnest(old) u
		WHERE NOT old GROUP BY old HAVING old ORDER BY old LIMIT old OFFSET old AS OF old`)
	if err != nil {
		t.Fatal(err)
	}
	sel := statements[0].(*Query).Select
	Replace(sel, func(x Expr) Expr {
		if ref, ok := x.(*ColumnRef); ok {
			return &ColumnRef{Span: ref.Span, Name: "new"}
		}
		return x
	})
	got := PrintSelect(sel)
	if n := strings.Count(got, "old"); n != 1 || !strings.Contains(got, "(new).old") { // a field is no column
		t.Errorf("%d are left in\n%s", n, got)
	}
}
