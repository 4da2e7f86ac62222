package exec

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
)

// generator makes random queries over one table, most of them valid. Values repeat and are often NULL, so that groups,
// ties and three-valued logic occur; no column mixes values that are equal and print differently.
type generator struct {
	*rand.Rand
	aggregates bool // an aggregate may stand in the expression being made
	varying    bool // no constant may be made: it would be folded away here before PostgreSQL's check of grouped columns sees it
}

// column kinds: what expressions are made of.
var columns = map[string][]string{
	"int":  {"i", "j", "k", "o.i", "o.j"},
	"num":  {"n", "o.n"},
	"text": {"s", "v", "o.s"},
	"bool": {"b"},
	"time": {"ts", "tz"},
	"date": {"d"},
}

const tableColumns = "k BIGINT, s TEXT%[1]s NOT NULL, i INTEGER, j SMALLINT, n NUMERIC(8,2), v VARCHAR(3)%[1]s, b BOOLEAN, d DATE, ts TIMESTAMP, tz TIMESTAMPTZ, PRIMARY KEY (k, s)"

// fill makes the table on both sides.
func (g *generator) fill(t *testing.T, conn *pgconn.PgConn, db *database) {
	mustExec(t, conn, "CREATE TEMP TABLE t ("+fmt.Sprintf(tableColumns, ` COLLATE "C"`)+")")
	mustCreate(t, db, "CREATE SOURCE t ("+fmt.Sprintf(tableColumns, "")+") WITH (connector = 'file', path = 'x') FORMAT DEBEZIUM ENCODE JSON")
	for k := range 60 {
		row := []string{
			fmt.Sprint(k / 3), string(rune('a' + k%3)), g.value("int"), g.value("int"), g.value("num"), g.value("text"), g.value("bool"),
			g.value("date"), g.value("time"), g.value("time"),
		}
		if err := db.insert("t", row); err != nil {
			t.Fatal(err)
		}
		for i, f := range row {
			if row[i] = "'" + f + "'"; f == "" {
				row[i] = "NULL"
			}
		}
		mustExec(t, conn, "INSERT INTO t VALUES ("+strings.Join(row, ", ")+")")
	}
}

// value is the text of a value, empty for NULL.
func (g *generator) value(kind string) string {
	if g.IntN(6) == 0 {
		return ""
	}
	switch kind {
	case "int":
		return fmt.Sprint(g.IntN(9) - 2)
	case "num":
		return fmt.Sprintf("%d.%d0", g.IntN(6)-1, g.IntN(2)*5)
	case "text":
		return g.pick("a", "b", "c", "ab", "Z", "aa")
	case "bool":
		return g.pick("t", "f")
	case "date":
		return fmt.Sprintf("2025-01-%02d", 1+g.IntN(5))
	}
	return fmt.Sprintf("2025-01-%02d %02d:00:00", 1+g.IntN(4), g.IntN(3)*8)
}

func (g *generator) pick(xs ...string) string { return xs[g.IntN(len(xs))] }

func (g *generator) chance(n int) bool { return g.IntN(n) == 0 }

// query returns a query, and whether its order is complete.
func (g *generator) query() (text string, ordered bool) {
	grouped := g.chance(2)
	var groups []string
	if grouped && !g.chance(4) {
		for range 1 + g.IntN(2) {
			groups = append(groups, g.groupKey())
		}
	}
	items := g.items(groups, grouped)
	var b strings.Builder
	b.WriteString("SELECT ")
	distinct := g.chance(5)
	if distinct {
		b.WriteString("DISTINCT ")
	}
	b.WriteString(strings.Join(items, ", ") + " FROM t o")
	if g.chance(2) {
		b.WriteString(" WHERE " + g.condition(2))
	}
	if len(groups) > 0 {
		b.WriteString(" GROUP BY " + strings.Join(groups, ", "))
	}
	if grouped && g.chance(3) {
		g.aggregates = true
		b.WriteString(" HAVING " + g.condition(1))
		g.aggregates = false
	}
	ordered = g.chance(2)
	if ordered {
		b.WriteString(" ORDER BY " + g.order(items, groups, grouped, distinct))
		if g.chance(2) {
			fmt.Fprintf(&b, " LIMIT %s", g.pick("0", "1", "3", "7", "NULL", "ALL", "1000"))
		}
		if g.chance(3) {
			fmt.Fprintf(&b, " OFFSET %d", g.IntN(6))
		}
	}
	return b.String(), ordered
}

func (g *generator) items(groups []string, grouped bool) []string {
	var items []string
	for range 1 + g.IntN(3) {
		var x string
		switch {
		case grouped && len(groups) > 0 && g.chance(2):
			x = groups[g.IntN(len(groups))]
			if strings.Trim(x, "0123456789") == "" {
				x = "COUNT(*)"
			}
		case grouped:
			g.aggregates = true
			x = g.expression(1)
			g.aggregates = false
		default:
			x = g.expression(2)
		}
		if g.chance(4) {
			x += " AS " + g.pick("x", "y", "i", "s")
		}
		items = append(items, x)
	}
	if !grouped && g.chance(6) {
		items = append(items, g.pick("*", "o.*"))
	}
	return items
}

func (g *generator) groupKey() string {
	switch g.IntN(8) {
	case 0:
		return g.pick("1", "1", "2", "x")
	case 1:
		return g.expression(1)
	}
	return g.pick("i", "j", "n", "s", "v", "b", "d", "k", "ts", "tz")
}

// order is some keys, then every output by its number, so that rows that tie are equal.
func (g *generator) order(items, groups []string, grouped, distinct bool) string {
	var keys []string
	for range g.IntN(3) {
		var x string
		switch {
		case g.chance(5):
			x = g.pick("1", "1", "1", "x", "y")
		case distinct:
			x, _, _ = strings.Cut(items[0], " AS ")
		case grouped && len(groups) > 0 && g.chance(2):
			x = groups[g.IntN(len(groups))]
		case grouped:
			g.aggregates = true
			x = g.expression(1)
			g.aggregates = false
		default:
			x = g.expression(1)
		}
		keys = append(keys, x+g.pick("", " DESC", " ASC", " NULLS FIRST", " DESC NULLS LAST"))
	}
	width := len(items)
	if strings.HasSuffix(items[len(items)-1], "*") {
		width += 9
	}
	for i := range width {
		keys = append(keys, fmt.Sprint(i+1))
	}
	return strings.Join(keys, ", ")
}

func (g *generator) expression(depth int) string {
	return g.of(g.pick("int", "int", "num", "text", "bool", "time", "date"), depth)
}

// of is an expression of a kind.
func (g *generator) of(kind string, depth int) string {
	if g.aggregates && (depth == 0 && !g.chance(9) || g.chance(2)) {
		if x := g.aggregate(kind); x != "" {
			return x
		}
	}
	if depth == 0 || g.chance(3) {
		if !g.varying && g.chance(4) {
			return g.literal(kind)
		}
		return g.pick(columns[kind]...)
	}
	a, b := g.vary(kind, depth-1), g.of(kind, depth-1)
	switch kind {
	case "int":
		return g.pick("("+a+" + "+b+")", "("+a+" - 1)", a+" * 2", "NULLIF("+a+", "+b+")", "COALESCE("+a+", "+b+")", a+"::int8", "("+a+" % 3)",
			"CASE WHEN "+g.condition(depth-1)+" THEN "+a+" ELSE "+b+" END")
	case "num":
		return g.pick("("+a+" + "+b+")", a+" * 2", "("+a+" - "+g.of("int", depth-1)+")", "COALESCE("+a+", 7.00)", "GREATEST("+a+", "+b+")")
	case "text":
		return g.pick(a+" || "+b, "upper("+a+")", "COALESCE("+a+", 'none')", "CASE WHEN "+g.condition(depth-1)+" THEN "+a+" END", a+"::text", "left("+a+", 1)")
	case "bool":
		return g.condition(depth)
	case "time":
		return g.pick("date_trunc('day', "+a+")", a+" + INTERVAL '1 day'", "COALESCE("+a+", "+a+")")
	}
	return g.pick(a, "("+a+" + 1)", "LEAST("+a+", "+b+")")
}

// vary is an expression that is no constant.
func (g *generator) vary(kind string, depth int) string {
	before := g.varying
	g.varying = true
	defer func() { g.varying = before }()
	return g.of(kind, depth)
}

func (g *generator) literal(kind string) string {
	switch kind {
	case "int":
		return fmt.Sprint(g.IntN(9) - 1)
	case "num":
		return fmt.Sprintf("%d.50", g.IntN(5))
	case "text":
		return "'" + g.pick("a", "b", "ab", "Z") + "'"
	case "bool":
		return g.pick("true", "false", "NULL::bool")
	case "time":
		return g.pick("TIMESTAMP '2025-01-02 08:00'", "TIMESTAMPTZ '2025-01-03 00:00+00'")
	}
	return fmt.Sprintf("DATE '2025-01-%02d'", 1+g.IntN(5))
}

func (g *generator) aggregate(kind string) string {
	g.aggregates = false
	defer func() { g.aggregates = true }()
	x := ""
	switch kind {
	case "int":
		x = g.pick("COUNT(*)", "COUNT("+g.expression(1)+")", "COUNT(DISTINCT "+g.expression(1)+")", "MIN("+g.of("int", 1)+")", "MAX("+g.of("int", 0)+")")
	case "num":
		x = g.pick("SUM("+g.of("num", 1)+")", "SUM("+g.of("int", 1)+")::numeric", "SUM(DISTINCT "+g.of("num", 0)+")", "MIN("+g.of("num", 1)+")")
	case "bool":
		x = g.pick("BOOL_AND", "BOOL_OR") + "(" + g.condition(1) + ")"
	default:
		x = g.pick("MIN", "MAX") + "(" + g.of(kind, 1) + ")"
	}
	if kind == "num" && g.chance(5) { // its scale differs from group to group
		return "AVG(" + g.of("num", 1) + ")::numeric(12,4)"
	}
	if g.chance(4) {
		x += " FILTER (WHERE " + g.condition(1) + ")"
	}
	return x
}

func (g *generator) condition(depth int) string {
	if depth > 0 && g.chance(2) {
		a, b := g.condition(depth-1), g.condition(depth-1)
		return g.pick("("+a+" AND "+b+")", "("+a+" OR "+b+")", "NOT ("+a+")")
	}
	kind := g.pick("int", "int", "num", "text", "time", "date")
	depth = max(depth-1, 0)
	a, b := g.vary(kind, depth), g.of(kind, depth)
	switch g.IntN(8) {
	case 0:
		return a + " IS " + g.pick("", "NOT ") + "NULL"
	case 1:
		return a + g.pick("", " NOT") + " IN (" + b + ", " + g.literal(kind) + ")"
	case 2:
		return a + " BETWEEN " + g.literal(kind) + " AND " + b
	case 3:
		return g.byKey()
	case 4:
		return a + " IS DISTINCT FROM " + b
	}
	return a + g.pick(" = ", " <> ", " < ", " <= ", " > ", " >= ") + b
}

// byKey is a condition that narrows the key, or seems to.
func (g *generator) byKey() string {
	k := fmt.Sprint(g.IntN(20))
	s := "'" + g.pick("a", "b", "c", "d") + "'"
	return g.pick(
		"k = "+k+" AND s = "+s, "(k = "+k+" AND s = "+s+")", "k IN ("+k+", 3, NULL) AND s IN ('a', 'b')", "(k, s) IN (("+k+", 'a'), (1, "+s+"))", "(k, s) = ("+k+", "+s+")",
		"k = ANY('{1,"+k+"}') AND s = "+s, "k = "+k+".0 AND s = "+s, "k = "+k+".5 AND s = "+s, "(k = "+k+" OR k = 2) AND 'a' = s", "k = "+k+" AND s::varchar(1) = 'a'",
		"k::int = "+k+" AND s || '' = 'a'", "(k = "+k+" OR s = "+s+")", "k = 1 AND k = "+k+" AND s = 'a'", "NOT (k = 1 AND s = "+s+")", "k = "+k+"::float8 AND s = 'b'")
}
