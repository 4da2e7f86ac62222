package syntax

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/asofdb/asof/sql/types"
)

// postgres is a connection to the server that ASOF_TEST_POSTGRES names.
func postgres(t *testing.T) *pgx.Conn {
	url := os.Getenv("ASOF_TEST_POSTGRES")
	if url == "" {
		if os.Getenv("CI") == "true" {
			t.Fatal("ASOF_TEST_POSTGRES is not set")
		}
		t.Skip("set ASOF_TEST_POSTGRES to the URL of a PostgreSQL 15 to compare with it")
	}
	conn, err := pgx.Connect(context.Background(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}

// run is what PostgreSQL says to a query: its rows as text, or its error's code and message.
func run(t *testing.T, conn *pgx.Conn, query string) (answer, code string) {
	results, err := conn.PgConn().Exec(context.Background(), query).ReadAll()
	var pgErr *pgconn.PgError
	if errors.As(err, &pgErr) {
		// SUBSTRING(x FROM y) names its function with a schema, the plain call without.
		return pgErr.Code + " " + strings.ReplaceAll(pgErr.Message, "pg_catalog.", ""), pgErr.Code
	}
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, r := range results {
		for _, row := range r.Rows {
			fmt.Fprintf(&b, "%q\n", row)
		}
	}
	return b.String(), ""
}

// agree checks that we accept exactly what PostgreSQL's grammar accepts, and that what we print, with few parentheses and with all, means to it what was written.
// It returns whether PostgreSQL ran the query.
func agree(t *testing.T, conn *pgx.Conn, query string) bool {
	t.Helper()
	stmts, err := Parse(query)
	want, code := run(t, conn, query)
	var e *types.Error
	if errors.As(err, &e); e != nil && e.Code == types.CodeNotSupported {
		return false
	}
	if e != nil && e.Code != types.CodeSyntax && e.Code == code {
		return false
	}
	if (err != nil) != (code == types.CodeSyntax) {
		t.Fatalf("%s\nPostgreSQL: %s\nus: %v", query, want, err)
	}
	if err != nil {
		return false
	}
	sel := stmts[0].(*Query).Select
	full := printer{full: true}
	full.query(sel)
	for _, printed := range []string{PrintSelect(sel), full.String()} {
		if got, _ := run(t, conn, printed); got != want {
			t.Fatalf("%s\nis to PostgreSQL %s\nprinted as\n%s\nit is %s", query, want, printed, got)
		}
	}
	return code == ""
}

// TestPrecedence writes random operators between constants without the parentheses that would say what binds tighter.
func TestPrecedence(t *testing.T) {
	conn := postgres(t)
	const n = 800
	ran := 0
	for seed := range uint64(n) {
		g := generator{rand.New(rand.NewPCG(seed, 4))}
		if agree(t, conn, "SELECT "+g.expr(1+g.IntN(4), g.pick("bool", "bool", "int", "text"))) {
			ran++
		}
	}
	if ran < n/4 {
		t.Errorf("PostgreSQL ran only %d of %d expressions: the comparison says little", ran, n)
	}
}

// generator writes expressions that are of some type if every operator has the operands that were meant for it. Where PostgreSQL groups them in another way
// they mostly still are, or are an error, which has to be the same one.
type generator struct{ *rand.Rand }

func (g generator) pick(list ...string) string { return list[g.IntN(len(list))] }

// expr is an expression of depth operators, now and then in parentheses.
func (g generator) expr(depth int, typ string) string {
	if depth <= 0 {
		return g.leaf(typ)
	}
	x := g.operator(depth-1, typ)
	if g.IntN(4) == 0 {
		return "(" + x + ")"
	}
	return x
}

func (g generator) leaf(typ string) string {
	switch typ {
	case "bool":
		return g.pick("true", "false", "NULL::boolean", "TRUE", "bool 't'")
	case "text":
		return g.pick("'a'", "'b%'", "'3'", "NULL", "text 'c'", "'-1'")
	case "time":
		return g.pick("timestamp '2025-01-01 10:00'", "TIMESTAMPTZ '2025-06-01 10:00+00'", "DATE '2025-03-01'")
	case "array":
		return g.pick("ARRAY[1, 2]", "'{3,4}'::int[]", "(SELECT ARRAY[5])", "ARRAY[[1,2],[3,4]]")
	}
	return g.pick("1", "2", "3", "0", "NULL", "-1", "2.5", ".5", "'4'::int", "int2 '5'", "1e1")
}

func (g generator) operator(depth int, typ string) string {
	x := func(typ string) string { return g.expr(depth-g.IntN(2), typ) }
	switch typ {
	case "text":
		return g.pick(x("text")+" || "+x("text"), x("int")+"::text", "CASE WHEN "+x("bool")+" THEN "+x("text")+" ELSE "+x("text")+" END",
			x("text")+"||"+x("int"), "upper("+x("text")+")", "("+x("time")+" AT TIME ZONE 'UTC')::text", x("time")+" AT TIME ZONE 'CET' || "+x("text"),
			"substring("+x("text")+" FROM "+x("int")+"::int FOR 2)", "TRIM(LEADING 'a' FROM "+x("text")+")", "overlay("+x("text")+" PLACING 'z' FROM 1)")
	case "int":
		return g.pick(x("int")+" + "+x("int"), x("int")+" - "+x("int"), x("int")+"-"+x("int"), x("int")+" * "+x("int"), x("int")+" / "+x("int"), x("int")+" % "+x("int"),
			x("int")+" ^ "+x("int"), "- "+x("int"), "+"+x("int"), x("int")+"::numeric", x("text")+"::int", x("bool")+"::int", "abs("+x("int")+")",
			"("+x("array")+")["+x("int")+"]", "(SELECT "+x("int")+")", "CASE "+x("int")+" WHEN "+x("int")+" THEN "+x("int")+" END", "coalesce("+x("int")+", "+x("int")+")",
			"CAST("+x("int")+" AS int)", "POSITION("+x("text")+" IN "+x("text")+")", "EXTRACT(year FROM "+x("time")+")")
	}
	cmp := g.pick("=", "<>", "!=", "<", "<=", ">", ">=")
	any := g.pick("int", "int", "bool", "text")
	return g.pick(x("bool")+" AND "+x("bool"), x("bool")+" OR "+x("bool"), "NOT "+x("bool"), x(any)+" "+cmp+" "+x(any), x(any)+" "+cmp+" "+x(any),
		x("int")+g.pick(" ", " NOT ")+"BETWEEN "+x("int")+" AND "+x("int"), x("int")+g.pick(" ", " NOT ")+"IN ("+x("int")+", "+x("int")+")",
		x("text")+g.pick(" ", " NOT ")+g.pick("LIKE ", "ILIKE ")+x("text"), x("text")+" LIKE "+x("text")+" ESCAPE '!'",
		x(any)+" IS "+g.pick("", "NOT ")+"NULL", x("bool")+" IS "+g.pick("", "NOT ")+g.pick("TRUE", "FALSE", "UNKNOWN"), x(any)+g.pick(" ISNULL", " NOTNULL"),
		x(any)+" IS "+g.pick("", "NOT ")+"DISTINCT FROM "+x(any), x("int")+" "+cmp+" "+g.pick("ANY", "ALL", "SOME")+" ("+x("array")+")",
		x("int")+" "+cmp+" ANY (SELECT "+x("int")+" UNION SELECT 2)", x("int")+" IN (SELECT "+x("int")+")", "EXISTS (SELECT "+x("int")+")", "(SELECT "+x("bool")+")",
		"("+x("int")+", "+x("text")+") "+cmp+" ("+x("int")+", "+x("text")+")", "("+x("int")+", "+x("int")+") IN ((1, 2), ("+x("int")+", 3))", x("bool")+"::text = "+x("text"))
}

// TestGrammar compares forms that random expressions do not have.
func TestGrammar(t *testing.T) {
	conn := postgres(t)
	ctx := context.Background()
	for _, setup := range []string{
		"CREATE TEMP TABLE t (a int, b text, c numeric, d timestamptz)",
		`CREATE TEMP TABLE "U" (a int, "B" text, value int, key int, "select" int, of int, before int)`,
		"INSERT INTO t VALUES (1, 'x', 1.5, '2025-01-01'), (2, 'y', NULL, '2025-02-01'), (NULL, 'z', 2.5, NULL), (2, 'it''s', -1, '2025-02-01')",
		`INSERT INTO "U" VALUES (1, 'q', 10, 100, 7, 8, 9), (2, 'r', 20, 200, 7, 8, 9), (3, 's', 30, 300, 7, 8, 9)`,
	} {
		if _, err := conn.Exec(ctx, setup); err != nil {
			t.Fatal(err)
		}
	}
	for _, query := range grammar {
		t.Run(query, func(t *testing.T) { agree(t, conn, query) })
	}
}

var grammar = []string{
	// Literals and names.
	`SELECT 'a\b', E'a\tb', E'\x41\101\u0041\U0001F600', $$a'b$$, $x$a$$b$x$, 'one'` + "\n" + `'two', E'a' ` + "\n" + ` '\t'`,
	"SELECT 'one' 'two'", "SELECT 1.5e3, .5, 5., 1e-2, 00012", "SELECT 1a", "SELECT 1 a", "SELECT 1.a", "SELECT 1e", "SELECT 1.5.2", "SELECT 1..2", "SELECT 0x1f",
	`SELECT a AS "A", A, "a" FROM t ORDER BY 1, 2`, `SELECT "A" FROM t`, `SELECT u."B", "U".value FROM "U" u`, `SELECT "B", value, key, "select", of, before, "U".select FROM "U" ORDER BY key`,
	"SELECT a value, a key, a end, a left, a AS select, a AS from FROM t ORDER BY b", "SELECT a year FROM t", "SELECT a from FROM t", "SELECT a filter FROM t", "SELECT a over FROM t", "SELECT a by FROM t", "SELECT a of, a before, a asof FROM t of", "SELECT a FROM t AS before", "SELECT a FROM t left", "SELECT a FROM t select", "SELECT a FROM t value ORDER BY value.b",
	"SELECT 1 + -2, 1 - -2, 2--1\n+3, 1 /* a /* b */ c */ + 2, 3*-2, 4>=-1, 5<-1, 6<>-1", "SELECT 1 ||- 2", "SELECT -1 !=-1", "SELECT 1 =-1", "SELECT 2 *-1", "SELECT - - 1, + - 1, -+1", "SELECT @ -1", "SELECT 1 != 2, 1 <> 2, 'a' || 1",
	`SELECT ""`, `SELECT "a""b"`, "SELECT 'open", "SELECT /* open", "SELECT $a$ open", "SELECT $0", "SELECT :a", "SELECT a::int, a :: text FROM t", "SELECT {1}", `SELECT \1`,
	// Calls.
	"SELECT count(*), count(a), count(DISTINCT a), sum(ALL a), count(*) FILTER (WHERE a > 1), array_agg(b ORDER BY a DESC NULLS LAST, b) FROM t", "SELECT count(DISTINCT) FROM t", "SELECT count() FROM t", "SELECT sum(a,) FROM t", "SELECT string_agg(DISTINCT b, ',' ORDER BY b) FROM t",
	"SELECT coalesce(NULL, 1), nullif(1, 1), greatest(1, 2), least(1, 2), left('abc', 1), right('abc', 1), replace('a', 'a', 'b'), mod(5, 3)", "SELECT coalesce()", "SELECT left", "SELECT \"left\"('abc', 2), \"coalesce\"",
	"SELECT extract(year FROM d), extract('month' FROM d), extract(YEAR from d) + 1 FROM t WHERE a = 1", "SELECT extract(year, d) FROM t", "SELECT position('b' IN 'abc'), position('a' || 'b' IN 'ab' || 'c')", "SELECT position('b', 'abc')",
	"SELECT substring('abcdef' FROM 2 FOR 3), substring('abcdef' FROM 2), substring('abcdef' FOR 3), substring('abcdef', 2, 3), substring('abcdef', 4)", "SELECT trim('  a '), trim(both from ' a '), trim(leading 'a' from 'aab'), trim(trailing from 'a '), trim('aab', 'a'), trim('a' from 'aba'), trim(both 'aba', 'a')", "SELECT trim()", "SELECT overlay('abcdef' PLACING 'zz' FROM 2 FOR 3), overlay('abcdef' PLACING 'zz' FROM 2), overlay('abcdef', 'z', 2)",
	"SELECT pg_catalog.upper('a'), pg_catalog.count(*) FROM t", "SELECT current_date = current_date, CURRENT_TIMESTAMP = now(), current_timestamp(0) IS NULL, localtimestamp IS NULL, current_user = user, current_schema IS NULL", "SELECT now", "SELECT current_date()", "SELECT interval(a) FROM t",
	// Types.
	"SELECT int2 '1', \"int4\" '2', float8 'NaN', double precision '1.5', numeric(4, 1) '1.26', bool 'on', time '10:00', timestamp '2025-01-01', timestamp(0) '2025-01-01 00:00:00.6', timestamptz '2025-01-01+00', timestamp with time zone '2025-01-01+00', timestamp(0) without time zone '2025-01-01', char(3) 'ab', character varying(1) 'ab', varchar 'ab', interval '1 day', interval '5' day, interval '-2' MONTH, bpchar 'a', date '2025-01-01'",
	"SELECT '1'::int, '1'::pg_catalog.int8, CAST('1' AS numeric(5, 2)), '{1}'::int[], '{1}'::int[3], '{1}'::int ARRAY, '{1}'::int array[3], '{{1}}'::int[][], '2025-01-01'::timestamp without time zone, 'a'::character varying(3), 'a'::\"char\", '1'::dec(3,1), '1'::float, '1'::float(3)", "SELECT '1'::", "SELECT 1::int::text::int", "SELECT CAST(1, int)", "SELECT -1::int, - 1 ^ 2, -2 ^ 2, (-2) ^ 2, 2 ^ 3 ^ 2, 2 ^ -1", "SELECT interval '1' day + interval '2' hour, interval '1 day' second FROM t",
	"SELECT interval 30 days", "SELECT interval '1' decade", "SELECT date 1", "SELECT x'1f'",
	// Operators that no random expression has.
	"SELECT 1 = 1 = true", "SELECT 1 < 2 < 3", "SELECT 1 IS NULL IS NULL", "SELECT 1 IN (1) IN (true)", "SELECT 1 BETWEEN 0 AND 2 IN (true)", "SELECT 1 IN (1) BETWEEN false AND true", "SELECT 'a' LIKE 'a' IN (true)", "SELECT 1 BETWEEN 1 = 1 AND 2", "SELECT true BETWEEN 1 = 1 AND true", "SELECT true BETWEEN false AND true AND false", "SELECT true BETWEEN NOT false AND true", "SELECT true BETWEEN 1 IN (1) AND true", "SELECT true BETWEEN 1 IS DISTINCT FROM 2 AND true", "SELECT true BETWEEN 1 IS NULL AND true", "SELECT true BETWEEN (1 IS NULL) AND NOT false", "SELECT 1 + NOT true", "SELECT true = NOT false", "SELECT true = NOT false = true", "SELECT true = NOT false AND false", "SELECT NOT true = false", "SELECT NOT 1 IN (2)", "SELECT NOT 1 BETWEEN 2 AND 3", "SELECT NOT true IS NULL", "SELECT 1 IS DISTINCT FROM 2 IS NULL", "SELECT 1 IS DISTINCT FROM 2 = true", "SELECT true IS NOT DISTINCT FROM 2 = 2", "SELECT 1 = ANY (ARRAY[1]) = true", "SELECT true = 1 = ANY (ARRAY[1])", "SELECT true AND 1 = ANY (ARRAY[1])", "SELECT 2 + 1 = ANY (ARRAY[3])", "SELECT 1 = SOME (SELECT 1)", "SELECT 1 = ANY (1, 2)", "SELECT 1 = ANY ((SELECT ARRAY[1]))", "SELECT 1 = ANY ((SELECT 1) UNION SELECT 2)", "SELECT 1 IN (1,)", "SELECT 1 IN ()", "SELECT 1 IN 1", "SELECT 1 IN ((SELECT 1))", "SELECT 1 IN ((SELECT 1), 2)", "SELECT 1 IN (VALUES (1), (2))", "SELECT 1 IN (((1)))", "SELECT 1 NOT NULL", "SELECT 1 NOT 2",
	`SELECT '{"a": {"b": 1}}'::json->'a'->>'b'`, `SELECT '{"a": 1}'::json->>'a' = '1'`, `SELECT '{"a": "x"}'::json->>'a' || 'y'`, "SELECT 'a' || 'b' LIKE 'ab'", "SELECT 'a' LIKE 'a' || 'b'", "SELECT 1 + 1 || 'a'", "SELECT 'a' || 1 + 1", "SELECT 'x' || -1", "SELECT timestamptz '2025-01-01+00' AT TIME ZONE 'UTC' AT TIME ZONE 'CET'", "SELECT timestamp '2025-01-01' AT TIME ZONE 'U' || 'TC'", "SELECT timestamp '2025-01-01' + interval '1 day' AT TIME ZONE 'UTC'", "SELECT '2025-01-01'::timestamp AT TIME ZONE 'UTC' = '2025-01-01+00'",
	"SELECT (ARRAY[1,2])[1], (ARRAY[[1,2],[3,4]])[2][1], ('{1,2}'::int[])[2] + 1, -(ARRAY[1])[1], (ARRAY[1])[1]::text", "SELECT ARRAY[]::int[], ARRAY[[1, 2], [3, 4]], ARRAY[ARRAY[1]]", "SELECT ARRAY[1,]", "SELECT ROW(1, 'a'), (1, 'a'), ROW(), ROW(1), ((1, 2))", "SELECT (1, 2) = (1, 2), (1, 2) < (1, 3), ROW(1, 2) IS NULL, (1, NULL) IS NOT NULL, (1, 2) IS DISTINCT FROM (1, 3)", "SELECT ()",
	"SELECT CASE WHEN true THEN 1 END, CASE 1 WHEN 1 THEN 2 ELSE 3 END, CASE WHEN false THEN 1 WHEN true THEN CASE WHEN true THEN 4 END END + 1, CASE 1 = 1 WHEN true THEN 1 END", "SELECT CASE END", "SELECT CASE 1 END", "SELECT CASE WHEN true END", "SELECT CASE WHEN true THEN 1", "SELECT CASE ELSE 1 END",
	// Clauses.
	"SELECT DISTINCT a FROM t ORDER BY a", "SELECT ALL a FROM t ORDER BY b", "SELECT DISTINCT FROM t", "SELECT a, count(*) FROM t WHERE b <> 'q' GROUP BY a HAVING count(*) > 0 ORDER BY a DESC NULLS LAST, 2 LIMIT 2 OFFSET 1", "SELECT a FROM t ORDER BY a NULLS FIRST, b DESC", "SELECT a FROM t ORDER BY a DESC, b ASC NULLS FIRST", "SELECT a FROM t ORDER BY", "SELECT a FROM t GROUP BY", "SELECT a FROM t GROUP a", "SELECT b FROM t ORDER BY b LIMIT ALL", "SELECT b FROM t ORDER BY b LIMIT NULL", "SELECT b FROM t ORDER BY b LIMIT (NULL) OFFSET 1", "SELECT b FROM t ORDER BY b OFFSET 1", "SELECT b FROM t ORDER BY b OFFSET 1 ROW", "SELECT b FROM t ORDER BY b OFFSET 1 LIMIT 1", "SELECT b FROM t ORDER BY b LIMIT 1 + 1", "SELECT b FROM t ORDER BY b FETCH FIRST 2 ROWS ONLY", "SELECT b FROM t ORDER BY b OFFSET 1 ROWS FETCH NEXT ROW ONLY", "SELECT b FROM t ORDER BY b FETCH FIRST (1 + 1) ROWS ONLY", "SELECT b FROM t ORDER BY b FETCH FIRST 1 + 1 ROWS ONLY", "SELECT b FROM t LIMIT 1, 2", "SELECT b FROM t LIMIT 1 LIMIT 2", "SELECT b FROM t LIMIT 1 ORDER BY b", "SELECT b FROM t WHERE", "SELECT 1 WHERE false", "SELECT 1 HAVING true", "SELECT count(*) HAVING false", "SELECT 1 FROM", "SELECT * FROM t WHERE a = 1 b", "SELECT a b c FROM t", "SELECT a, FROM t", "SELECT t.*, *, t.a FROM t ORDER BY b", "SELECT * a FROM t",
	// Relations.
	`SELECT * FROM t JOIN "U" u ON t.a = u.a ORDER BY t.b`, `SELECT * FROM t JOIN "U" USING (a) ORDER BY b`, `SELECT * FROM t LEFT JOIN "U" u ON t.a = u.a AND u.value > 10 ORDER BY t.b`, `SELECT t.b, u.value FROM t RIGHT OUTER JOIN "U" u ON t.a = u.a ORDER BY 2, 1`, `SELECT t.b, u.value FROM t FULL JOIN "U" u USING (a) ORDER BY 1, 2`, `SELECT count(*) FROM t CROSS JOIN "U"`, `SELECT count(*) FROM t, "U" u, t v WHERE v.a = u.a`, `SELECT count(*) FROM t JOIN "U" u ON true JOIN t v ON v.a = u.a`, `SELECT count(*) FROM t JOIN "U" u JOIN t v ON v.a = u.a ON t.b = v.b`, `SELECT count(*) FROM t LEFT JOIN ("U" u JOIN t v ON v.a = u.a) ON t.b = v.b`, `SELECT count(*) FROM (t CROSS JOIN "U" u) LEFT JOIN t v ON v.a = u.a, t w`, `SELECT count(*) FROM t JOIN "U"`, `SELECT count(*) FROM t CROSS JOIN "U" ON true`, `SELECT count(*) FROM t LEFT "U"`, `SELECT count(*) FROM t LEFT JOIN "U" u USING ()`, "SELECT count(*) FROM t v (x, y, z, w) WHERE v.x = 1", "SELECT count(*) FROM t AS v (x) WHERE x = 1", "SELECT count(*) FROM t as", "SELECT count(*) FROM t a b", "SELECT count(*) FROM ,t", "SELECT count(*) FROM t,",
	"SELECT * FROM (SELECT a FROM t ORDER BY b LIMIT 1) x", "SELECT * FROM (SELECT 1) AS x (y) WHERE y = 1", "SELECT * FROM ((SELECT 1)) x", "SELECT * FROM ((SELECT 1) UNION SELECT 2 ORDER BY 1) x", "SELECT * FROM ((SELECT 1) x CROSS JOIN (SELECT 2) y)", "SELECT * FROM (((SELECT 1)) x CROSS JOIN (SELECT 2) y)", "SELECT * FROM (VALUES (1, 'a'), (2, 'b')) v (n, s) ORDER BY n", "SELECT * FROM (VALUES (1), (2, 3)) v", "SELECT * FROM (WITH w AS (SELECT 1) SELECT * FROM w) x", "SELECT * FROM ()", "SELECT * FROM (SELECT)", "SELECT * FROM (1)",
	// Queries.
	"VALUES (1, 'a'), (2, 'b') ORDER BY 1 DESC LIMIT 1", "VALUES (1), ()", "VALUES", "SELECT 1 UNION SELECT 1", "SELECT 1 UNION ALL SELECT 1", "SELECT 1 UNION DISTINCT SELECT 1", "SELECT 1 UNION SELECT 2 INTERSECT SELECT 3", "(SELECT 1 UNION SELECT 2) INTERSECT SELECT 1", "SELECT 1 EXCEPT SELECT 2 EXCEPT SELECT 1", "SELECT 1 EXCEPT (SELECT 2 EXCEPT SELECT 1)", "SELECT 1 UNION ALL SELECT 2 ORDER BY 1 DESC LIMIT 1", "(SELECT 1 ORDER BY 1 LIMIT 1) UNION ALL (SELECT 2) ORDER BY 1 DESC", "SELECT 1 ORDER BY 1 UNION SELECT 2", "SELECT 1 LIMIT 1 UNION SELECT 2", "(SELECT 1) LIMIT 1", "((SELECT 1)) ORDER BY 1", "(SELECT 1 LIMIT 1) LIMIT 1", "(SELECT 1 ORDER BY 1) ORDER BY 1", "(SELECT 1 UNION SELECT 2) ORDER BY 1 LIMIT 1", "(SELECT 1 LIMIT 1) ORDER BY 1", "(SELECT 1", "SELECT 1)", "((SELECT 1) UNION SELECT 2) UNION SELECT 3 ORDER BY 1", "SELECT 1 UNION VALUES (2) ORDER BY 1", "SELECT 1 UNION", "UNION SELECT 1", "SELECT 1 UNION ALL ALL SELECT 1", "SELECT 1 INTERSECT ALL SELECT 1",
	"WITH w AS (SELECT 1 x), v (y) AS (SELECT x + 1 FROM w) SELECT * FROM w, v", "WITH w AS (SELECT 1 x) SELECT x FROM w UNION SELECT 2 ORDER BY 1", "WITH w AS MATERIALIZED (SELECT 1), v AS NOT MATERIALIZED (VALUES (1)) SELECT * FROM w, v", "WITH w AS (SELECT 1) (SELECT * FROM w) ORDER BY 1", "WITH w AS (SELECT 1), SELECT 1", "WITH w AS SELECT 1 SELECT 1", "WITH w (SELECT 1) SELECT 1", "WITH SELECT 1", "WITH w AS (SELECT 1) (WITH v AS (SELECT 2) SELECT * FROM v)", "WITH w AS (SELECT 1 x) SELECT (SELECT x FROM w), EXISTS (SELECT * FROM w WHERE x = 2), 1 IN (SELECT x FROM w)",
	"SELECT (SELECT 1), ((SELECT 1)), ((SELECT 1) + 2), ((SELECT 1) UNION SELECT 1), (SELECT 1) + (SELECT 2), (VALUES (3)), ((SELECT 1), 2), (((SELECT 1)), 2)", "SELECT EXISTS (SELECT 1), NOT EXISTS (SELECT 1 WHERE false), EXISTS ((SELECT 1)), EXISTS (VALUES (1))", "SELECT EXISTS 1", "SELECT (SELECT 1 ORDER BY 1 LIMIT 1), (SELECT 1 UNION SELECT 1)", "SELECT a, (SELECT count(*) FROM t u WHERE u.a = t.a) FROM t ORDER BY b", "SELECT a FROM t WHERE a = (SELECT max(a) FROM t) AND b NOT IN (SELECT b FROM t WHERE a = 1) ORDER BY b",
}
