package syntax

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/asofdb/asof/sql/types"
)

// TestTooDeep nests whatever can nest far too deep: error 54001, and no overflow of the stack.
func TestTooDeep(t *testing.T) {
	const n = 20_000
	nested := func(open, inner, end string) string {
		return strings.Repeat(open, n) + inner + strings.Repeat(end, n)
	}
	for name, text := range map[string]string{
		"parentheses":   "SELECT " + nested("(", "1", ")"),
		"unclosed":      "SELECT " + nested("(", "", ""),
		"not":           "SELECT " + nested("NOT ", "a", ""),
		"minus":         "SELECT " + nested("- ", "a", ""),
		"calls":         "SELECT " + nested("f(", "a", ")"),
		"cases":         "SELECT " + nested("CASE WHEN ", "a", " THEN 1 END"),
		"casts":         "SELECT " + nested("CAST(", "a", " AS int)"),
		"arrays":        "SELECT ARRAY" + nested("[", "a", "]"),
		"rows":          "SELECT " + nested("ROW(", "a", ")"),
		"in":            "SELECT " + nested("a IN (", "a", ")"),
		"any":           "SELECT " + nested("a = ANY (", "a", ")"),
		"between":       "SELECT " + nested("a BETWEEN b AND (", "a", ")"),
		"exponents":     "SELECT " + nested("a[", "a", "]"),
		"right sides":   "SELECT " + nested("a = NOT ", "a", ""),
		"filters":       "SELECT " + nested("f(a) FILTER (WHERE ", "a", ")"),
		"order":         "SELECT " + nested("f(a ORDER BY ", "a", ")"),
		"subqueries":    nested("SELECT (", "SELECT 1", ")"),
		"exists":        nested("SELECT EXISTS (", "SELECT 1", ")"),
		"derived":       nested("SELECT * FROM (", "SELECT 1", ")"),
		"joins":         "SELECT * FROM " + nested("(", "a", ")"),
		"joined":        "SELECT * FROM a " + nested("JOIN a ", "", "ON b "),
		"queries":       nested("(", "SELECT 1", ")"),
		"unions":        "SELECT 1" + nested("", "", " UNION SELECT 1"),
		"intersections": "SELECT 1" + nested("", "", " UNION SELECT 1 INTERSECT SELECT 2"),
		"with":          nested("WITH a AS (", "SELECT 1", ") SELECT 1"),
		"values":        nested("VALUES ((", "SELECT 1", "))"),
		"explain":       nested("EXPLAIN ", "SELECT 1", ""),
		"plus":          "SELECT a" + nested("", "", " + a + a"),
		"indexes":       "SELECT a" + nested("", "", "[1][2]"),
		"chained casts": "SELECT a" + nested("", "", "::int::text"),
		"is":            "SELECT a" + nested("", "", " IS NULL IS TRUE"),
		"moments":       "SELECT * FROM f AS OF " + nested("(", "a", ")"),
	} {
		_, err := Parse(text)
		var e *types.Error
		if !errors.As(err, &e) || e.Code != types.CodeTooComplex || e.Pos == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestDeepEnough parses what generated queries have, and checks that nothing is lost.
func TestDeepEnough(t *testing.T) {
	for name, text := range map[string]string{
		"parentheses": "SELECT " + strings.Repeat("(", 1000) + "a" + strings.Repeat(")", 1000),
		"operators":   "SELECT " + strings.Repeat("(a + ", 1000) + "a" + strings.Repeat(" * b)", 1000),
		"calls":       "SELECT " + strings.Repeat("f(a, ", 1000) + "a" + strings.Repeat(")", 1000),
		"cases":       "SELECT " + strings.Repeat("CASE WHEN a THEN ", 1000) + "a" + strings.Repeat(" ELSE b END", 1000),
		"subqueries":  strings.Repeat("SELECT (", 500) + "SELECT 1" + strings.Repeat(" + 1)", 500),
		"ors":         "SELECT a = 0" + strings.Repeat(" OR a = 1 AND b", 10_000),
		"joins":       "SELECT * FROM a" + strings.Repeat(" LEFT JOIN b ON a = b", 1000),
		"unions":      "SELECT 1" + strings.Repeat(" UNION ALL SELECT 2", 1000),
	} {
		stmts, err := Parse(text)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		printed := PrintSelect(stmts[0].(*Query).Select)
		again, err := Parse(printed)
		if err != nil {
			t.Errorf("%s: what was printed is not read back: %v", name, err)
		} else if PrintSelect(again[0].(*Query).Select) != printed {
			t.Errorf("%s: prints again as something else", name)
		}
	}
}

// large are statements of a megabyte or so.
func large() map[string]string {
	list := func(n int, format string) string {
		var b strings.Builder
		for i := range n {
			if i > 0 {
				b.WriteString(", ")
			}
			fmt.Fprintf(&b, format, i)
		}
		return b.String()
	}
	return map[string]string{
		"IN":     "SELECT * FROM f WHERE k IN (" + list(20_000, "'customer_%d'") + ")",
		"ARRAY":  "SELECT * FROM f WHERE k = ANY (ARRAY[" + list(100_000, "%d") + "])",
		"VALUES": "SELECT * FROM (VALUES " + list(20_000, "(%d, 'a', TIMESTAMPTZ '2025-01-01')") + ") v",
		"items":  "SELECT " + list(50_000, "a + %d AS b") + " FROM t",
		"CASE":   "SELECT CASE " + strings.ReplaceAll(list(20_000, "WHEN a = %d THEN 'xxxxxxxxxx'"), ",", "") + " END FROM t",
		"OR":     "SELECT * FROM f WHERE " + strings.ReplaceAll(list(15_000, "(k = %d AND 'a long string' = b AND c)"), ",", " OR"),
		"string": "SELECT '" + strings.Repeat("a''\n", 300_000) + "'",
		"blanks": "SELECT " + strings.Repeat(" /* a */ -- b\n", 70_000) + "1",
		"rows":   strings.Repeat("SELECT a FROM t WHERE b = 1;\n", 20_000),
		"IN AND": "SELECT * FROM f WHERE k IN (" + list(20_000, "'customer_%d'") + ")" + strings.Repeat(" AND a", 10_000),
	}
}

func TestLarge(t *testing.T) {
	for name, text := range large() {
		stmts, err := Parse(text)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		switch name {
		case "IN":
			if n := len(stmts[0].(*Query).Select.Where.(*In).List); n != 20_000 {
				t.Errorf("%s: %d items", name, n)
			}
		case "rows":
			if len(stmts) != 20_000 {
				t.Errorf("%s: %d statements", name, len(stmts))
			}
		}
	}
}

func BenchmarkLarge(b *testing.B) {
	for name, text := range large() {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				if _, err := Parse(text); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkLookup is the statement that a service sends most.
func BenchmarkLookup(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse("SELECT order_count_1h, order_total_30d FROM customer_orders WHERE customer_id = $1"); err != nil {
			b.Fatal(err)
		}
	}
}
