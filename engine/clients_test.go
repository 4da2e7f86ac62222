package engine_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/asofdb/asof/engine"
	"github.com/asofdb/asof/sql/types"
)

// clientStatement is a recorded statement with the values of its parameters.
type clientStatement struct {
	client, text string
	params       []string
}

func clientStatements(t *testing.T) []clientStatement {
	b, err := os.ReadFile("testdata/clients/statements.txt")
	if err != nil {
		t.Fatal(err)
	}
	var out []clientStatement
	for line := range strings.Lines(string(b)) {
		f := strings.SplitN(strings.TrimSuffix(line, "\n"), "\t", 3)
		if len(f) < 3 || strings.HasPrefix(line, "#") {
			continue
		}
		s := clientStatement{client: f[0], text: f[2]}
		if f[1] != "" {
			s.params = strings.Split(f[1], "|")
		}
		out = append(out, s)
	}
	return out
}

// TestClientsReadCatalogs runs what clients send when they look around: every statement has an answer.
func TestClientsReadCatalogs(t *testing.T) {
	e := clientsShop(t)
	s := e.NewSessionWith(engine.SessionOptions{Database: "shop", User: "app"})
	for _, st := range clientStatements(t) {
		if !strings.Contains(st.text, "pg_") && !strings.Contains(st.text, "information_schema") {
			continue
		}
		if _, err := answer(s, st); err != nil {
			t.Errorf("%s\n%s\n%.400s", st.client, err, st.text)
		}
	}
	// Those are about indexes, constraints, policies and enums, of which there are none.
	if n := e.UnplannedCatalogQueries(); n > 25 {
		t.Errorf("%d statements could not be planned", n)
	} else {
		t.Logf("%d statements could not be planned", n)
	}
}

// TestClientsSeeRelations asks what a client does of our relations, and compares the rows.
func TestClientsSeeRelations(t *testing.T) {
	e := clientsShop(t)
	s := e.NewSessionWith(engine.SessionOptions{Database: "shop", User: "app"})
	if err := s.Exec(t.Context(), "CREATE TEMP TABLE labels (id BIGINT, ts TIMESTAMPTZ)"); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, sql, want string }{
		{
			"\\d", "SELECT n.nspname, c.relname, c.relkind, pg_catalog.pg_get_userbyid(c.relowner) FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r','p','v','m','S','f','') AND n.nspname <> 'pg_catalog' AND n.nspname !~ '^pg_toast' AND n.nspname <> 'information_schema' AND pg_catalog.pg_table_is_visible(c.oid) ORDER BY 1,2",
			"public|customers|v|app public|labels|r|app public|m_orders|v|app public|m_orders_history|v|app public|orders|v|app public|v_orders|v|app public|v_orders_history|v|app",
		},
		{"\\d v_orders", "SELECT a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), a.attnum FROM pg_catalog.pg_attribute a WHERE a.attrelid = 'v_orders'::regclass AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum", "customer_id|bigint|1 total|numeric|2"},
		{"\\sv", "SELECT pg_catalog.pg_get_viewdef('v_orders'::regclass, true)", " SELECT customer_id, SUM(amount) AS total FROM orders GROUP BY customer_id;"},
		{"comment", "SELECT obj_description('public.v_orders'::regclass, 'pg_class')", "what a customer SELECTs"},
		{
			"columns", "SELECT column_name, data_type, udt_name, numeric_precision, numeric_scale, is_nullable FROM information_schema.columns WHERE table_schema = 'public' AND table_name = 'orders' ORDER BY ordinal_position",
			"id|bigint|int8|64|0|YES customer_id|bigint|int8|64|0|YES amount|numeric|numeric|12|2|YES status|character varying|varchar|NULL|NULL|YES at|timestamp with time zone|timestamptz|NULL|NULL|YES",
		},
		{"tables", "SELECT table_name, table_type FROM information_schema.tables WHERE table_schema = 'public' ORDER BY 1", "customers|VIEW labels|LOCAL TEMPORARY m_orders|VIEW m_orders_history|VIEW orders|VIEW v_orders|VIEW v_orders_history|VIEW"},
		{"\\l", "SELECT datname, pg_encoding_to_char(encoding) FROM pg_database", "shop|UTF8"},
		{"\\du", "SELECT rolname, rolsuper FROM pg_roles", "app|t"},
		{"regclass", "SELECT 'orders'::regclass, 'orders'::regclass::oid = c.oid, c.oid::regclass::text FROM pg_class c WHERE relname = 'orders'", "orders|t|orders"},
		{"regtype", "SELECT typname, oid::regtype::text, typinput FROM pg_type WHERE oid = to_regtype('int8')", "int8|bigint|int8in"},
		{"nothing", "SELECT to_regclass('nothing'), to_regtype('hstore')", "NULL|NULL"},
		{"pgjdbc", "SELECT * FROM (SELECT a.attname, row_number() OVER (PARTITION BY a.attrelid ORDER BY a.attnum) AS attnum FROM pg_catalog.pg_class c JOIN pg_catalog.pg_attribute a ON (a.attrelid=c.oid) WHERE c.relname LIKE 'v_orders') c ORDER BY attnum", "customer_id|1 total|2"},
		{"keywords", "select string_agg(word, ',') from pg_catalog.pg_get_keywords() where word IN ('abort', 'zone')", "abort,zone"},
		{"series", "SELECT s.i, (current_schemas(false))[s.i] FROM generate_series(1, array_upper(current_schemas(false), 1)) AS s(i)", "1|public"},
		{"ordinality", "SELECT * FROM unnest(ARRAY['a','b']) WITH ORDINALITY AS u(v, n)", "a|1 b|2"},
		{"array", "SELECT ARRAY(SELECT word FROM pg_get_keywords() WHERE word LIKE 'zon%' ORDER BY 1)", "{zone}"},
		{"outlined", "WITH RECURSIVE t AS (SELECT oid FROM pg_type UNION SELECT oid FROM t) SELECT oid, 1 AS one, f(x) FROM t", ""},
	} {
		rows, err := answer(s, clientStatement{text: c.sql})
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		var lines []string
		for _, r := range rows {
			lines = append(lines, strings.Join(r, "|"))
		}
		if got := strings.Join(lines, " "); got != c.want {
			t.Errorf("%s:\n%s\nwant\n%s", c.name, got, c.want)
		}
	}
	for _, wrong := range []string{
		"SELECT 'nothing'::regclass", "SELECT * FROM pg_nothing", "SELECT * FROM pg_class WHERE", "SELECT nothing FROM pg_class, orders", "WITH RECURSIVE t AS (SELECT 1) SELECT * FROM orders",
	} {
		if _, err := answer(s, clientStatement{text: wrong}); err == nil {
			t.Errorf("%s is no error", wrong)
		}
	}
}

// clientsShop is a database with the relations that the statements ask about.
func clientsShop(t *testing.T) *engine.Engine {
	dir := t.TempDir()
	e := openEngine(t, filepath.Join(dir, "data"), engine.Options{})
	plainSource(t, e, dir, "customers", "id BIGINT, name TEXT, vip BOOLEAN, score DOUBLE PRECISION", `{"id":1,"name":"a","vip":true,"score":1.5,"at":"2025-05-20T10:00:00Z"}`)
	plainSource(t, e, dir, "orders", "id BIGINT, customer_id BIGINT, amount NUMERIC(12,2), status VARCHAR(20)",
		`{"id":1,"customer_id":1,"amount":"1.5","status":"paid","at":"2025-05-20T10:00:00Z"}`)
	for _, name := range []string{"v_orders", "m_orders"} {
		err := e.Exec(t.Context(), "CREATE FEATURE "+name+" WITH (description = 'what a customer SELECTs') AS SELECT customer_id, SUM(amount) AS total FROM orders GROUP BY customer_id")
		if err != nil {
			t.Fatal(err)
		}
	}
	return e
}

// answer runs a statement as a client's extended protocol does.
func answer(s *engine.Session, st clientStatement) (rows [][]string, err error) {
	ctx := context.Background()
	statements, err := s.Split(st.text)
	if err != nil {
		return nil, err
	}
	p, err := s.Prepare(ctx, statements[0], nil)
	if err != nil {
		return nil, err
	}
	params := make([]types.Value, len(p.Params()))
	for i := range params {
		if i < len(st.params) {
			params[i] = types.NewText(st.params[i])
		}
	}
	r, err := p.Query(ctx, params)
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Close() }()
	for r.Next() {
		var row []string
		for _, v := range r.Values() {
			row = append(row, v.String())
		}
		rows = append(rows, row)
	}
	return rows, r.Err()
}
