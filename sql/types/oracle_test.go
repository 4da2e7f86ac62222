package types

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// oracle answers SQL expressions with what real PostgreSQL prints for them.
type oracle struct{ conn *pgx.Conn }

// askExpression is a function of the session that evaluates one expression and prints it, or the error it ends in.
const askExpression = `
CREATE OR REPLACE FUNCTION pg_temp.ask(q text) RETURNS text LANGUAGE plpgsql AS $f$
DECLARE r text;
BEGIN
	EXECUTE 'SELECT CASE WHEN x IS NULL THEN ''NULL'' ELSE format(''%s'', x) END FROM (SELECT (' || q || ') AS x) s' INTO r;
	RETURN r;
EXCEPTION WHEN OTHERS THEN
	RETURN 'ERROR ' || SQLSTATE || ': ' || SQLERRM;
END $f$`

// openOracle connects to the PostgreSQL server that ASOF_TEST_POSTGRES names.
func openOracle(t *testing.T) *oracle {
	t.Helper()
	url := os.Getenv("ASOF_TEST_POSTGRES")
	if url == "" {
		if os.Getenv("CI") == "true" {
			t.Fatal("ASOF_TEST_POSTGRES is not set: CI compares with a real PostgreSQL")
		}
		t.Skip("set ASOF_TEST_POSTGRES to the URL of a PostgreSQL 15 to compare with it")
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	for _, setting := range []string{
		"SET TimeZone = 'UTC'", "SET DateStyle = 'ISO, MDY'", "SET IntervalStyle = postgres", "SET extra_float_digits = 1",
		"SET bytea_output = hex", "SET lc_messages = 'C'", askExpression,
	} {
		if _, err := conn.Exec(ctx, setting); err != nil {
			t.Fatal(err)
		}
	}
	return &oracle{conn: conn}
}

// answers evaluates all expressions in one round trip.
func (o *oracle) answers(t *testing.T, expressions []string) []string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	rows, err := o.conn.Query(ctx, "SELECT pg_temp.ask(q) FROM unnest($1::text[]) WITH ORDINALITY AS u (q, n) ORDER BY n", expressions)
	if err != nil {
		t.Fatal(err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// comparison collects expressions with our answers until check asks PostgreSQL.
type comparison struct {
	t           *testing.T
	oracle      *oracle
	expressions []string
	ours        []string
}

func newComparison(t *testing.T) *comparison { return &comparison{t: t, oracle: openOracle(t)} }

// add notes that we answer expression with v or err.
func (c *comparison) add(expression string, v Value, err error) {
	c.expressions = append(c.expressions, expression)
	c.ours = append(c.ours, printed(v, err))
}

// addText is add for an answer that is no Value.
func (c *comparison) addText(expression, ours string) {
	c.expressions = append(c.expressions, expression)
	c.ours = append(c.ours, ours)
}

func printed(v Value, err error) string {
	if err == nil {
		return v.String()
	}
	e, ok := err.(*Error)
	if !ok {
		return "ERROR: " + err.Error()
	}
	return "ERROR " + e.Code + ": " + e.Message
}

// check compares everything; known maps expressions to the answer we give on purpose where PostgreSQL differs.
func (c *comparison) check(known map[string]string) {
	c.t.Helper()
	wrong := 0
	for i, theirs := range c.oracle.answers(c.t, c.expressions) {
		want := theirs
		if ours, ok := known[c.expressions[i]]; ok {
			want = ours
		}
		if c.ours[i] == want {
			continue
		}
		if wrong++; wrong <= 40 {
			c.t.Errorf("%.200s\n\t  ours: %.200s\n\ttheirs: %.200s", c.expressions[i], c.ours[i], theirs)
		}
	}
	if wrong > 40 {
		c.t.Errorf("and %d more of %d", wrong-40, len(c.expressions))
	}
}

// quote returns s as an SQL string literal.
func quote(s string) string {
	if strings.Contains(s, `\`) {
		return "E'" + strings.ReplaceAll(strings.ReplaceAll(s, `\`, `\\`), "'", "''") + "'"
	}
	return "'" + strings.ReplaceAll(s, "'", "''") + "'"
}

// literal returns v as a typed SQL literal.
func literal(t Type, v Value) string {
	if v.IsNull() {
		return "NULL::" + t.String()
	}
	return quote(v.String()) + "::" + t.String()
}
