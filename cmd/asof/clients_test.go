package main

import (
	"bytes"
	"context"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
)

const clientsOrders = `{"op":"c","after":{"order_id":1,"customer_id":"ann","amount":"10.00","created_at":"2025-05-01T10:00:00Z"},"source":{"ts_us":1746093600500000,"txId":1,"lsn":100}}
{"op":"c","after":{"order_id":2,"customer_id":"bob","amount":"2.50","created_at":"2025-05-01T10:05:00Z"},"source":{"ts_us":1746093900200000,"txId":2,"lsn":200}}
`

const clientsScript = `CREATE SOURCE orders (order_id BIGINT PRIMARY KEY, customer_id TEXT, amount NUMERIC(12,2), created_at TIMESTAMPTZ) WITH (connector = 'file', path = 'orders.ndjson') FORMAT DEBEZIUM ENCODE JSON;
	CREATE FEATURE spend ENTITY customer (customer_id) AS SELECT customer_id, SUM(amount) AS total, COUNT(*) FILTER (WHERE created_at > NOW() - INTERVAL '1 hour') AS n FROM orders GROUP BY customer_id;`

// clientsServer serves two customers to clients.
func clientsServer(t *testing.T) *server {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "orders.ndjson"), []byte(clientsOrders), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := outcomeOf(inDir(dir, "sql", "-c", clientsScript)); got.code != 0 {
		t.Fatal(got)
	}
	s := startServer(t, dir, nil, "--pg-addr", "127.0.0.1:0", "--resp-addr", "off")
	t.Cleanup(func() {
		if code := s.stop(t, syscall.SIGTERM); code != 0 {
			t.Errorf("status %d\n%s", code, s.log)
		}
	})
	return s
}

// installed is the path of a program that a variable names; CI has them all.
func installed(t *testing.T, variable string) string {
	t.Helper()
	path := os.Getenv(variable)
	if path == "" && os.Getenv("CI") != "" {
		t.Fatal(variable + " is not set")
	}
	if path == "" {
		t.Skip("set " + variable + ": .ci/test does")
	}
	return path
}

// psycopg 3 and 2, asyncpg, pg8000, SQLAlchemy with its inspector, pandas, polars with connectorx and ADBC, pgcli and ibis read features, join labels, copy and recover from
// errors.
func TestPythonClients(t *testing.T) {
	t.Parallel()
	python := installed(t, "ASOF_TEST_PYTHON")
	s := clientsServer(t)
	if out, err := exec.Command(python, "testdata/clients/postgres.py", s.urls["pg"]).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// node-postgres and postgres.js do likewise.
func TestNodeClients(t *testing.T) {
	t.Parallel()
	modules := installed(t, "ASOF_TEST_NODE")
	s := clientsServer(t)
	cmd := exec.Command("node", "testdata/clients/postgres.js", strings.Replace(s.urls["pg"], "//", "//ana@", 1))
	cmd.Env = append(os.Environ(), "NODE_PATH="+filepath.Join(modules, "node_modules"))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// The JDBC driver does in each of its query modes, with metadata, portions, batches and COPY. What does not speak of features it does on PostgreSQL too.
func TestJDBC(t *testing.T) {
	t.Parallel()
	jar := installed(t, "ASOF_TEST_JDBC")
	truth, err := url.Parse(installed(t, "ASOF_TEST_POSTGRES"))
	if err != nil {
		t.Fatal(err)
	}
	s := clientsServer(t)
	jdbc := func(u string) string { return "jdbc:" + strings.Replace(u, "postgres://", "postgresql://", 1) }
	cmd := exec.Command("java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx256m", "-cp", jar, "testdata/clients/Jdbc.java",
		jdbc(s.urls["pg"]), jdbc("postgres://"+truth.Host+truth.Path), truth.User.Username())
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// lib/pq does, with text and with binary parameters; what does not speak of features is what PostgreSQL answers it. It is no dependency: its program is a module of its own.
func TestLibPQ(t *testing.T) {
	t.Parallel()
	truth := installed(t, "ASOF_TEST_POSTGRES")
	s := clientsServer(t)
	cmd := exec.Command("go", "run", ".", strings.Replace(s.urls["pg"], "//", "//ana@", 1), truth)
	cmd.Dir = "testdata/clients/libpq"
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// pgbench runs scripts in each of its query modes, with variables that become parameters.
func TestPgbench(t *testing.T) {
	t.Parallel()
	installed(t, "ASOF_TEST_POSTGRES") // which brought pgbench along
	s := clientsServer(t)
	script := filepath.Join(t.TempDir(), "script.sql")
	err := os.WriteFile(script, []byte(`\set id random(1, 3)
SELECT customer_id, amount FROM orders WHERE order_id = :id;
BEGIN;
SELECT total, n FROM spend AS OF '2025-05-01 10:01:00+00' WHERE customer_id = 'ann' \gset
\if :n <> 1
SELECT 1/0;
\endif
SELECT COUNT(*) FROM spend WHERE total > :id::numeric / 2;
END;
`), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	for _, mode := range []string{"simple", "extended", "prepared"} {
		out, err := exec.Command("pgbench", "-n", "-M", mode, "-c", "3", "-j", "2", "-t", "40", "-f", script, s.urls["pg"]).CombinedOutput()
		if err != nil || !strings.Contains(string(out), "actually processed: 120/120") || !strings.Contains(string(out), "failed transactions: 0 ") {
			t.Errorf("%s: %v\n%s", mode, err, out)
		}
	}
}

// DuckDB's scanner, which is an extension that cannot be had everywhere, sends these statements: several in one message, and the rows by COPY in binary, byte for byte as
// PostgreSQL writes them.
func TestDuckDBStatements(t *testing.T) {
	t.Parallel()
	connect := func(url string) *pgconn.PgConn {
		c, err := pgconn.Connect(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close(context.Background()) })
		return c
	}
	truth := connect(installed(t, "ASOF_TEST_POSTGRES"))
	duck := connect(clientsServer(t).urls["pg"])
	script := func(sql string) []*pgconn.Result {
		t.Helper()
		r, err := duck.Exec(t.Context(), sql).ReadAll()
		if err != nil {
			t.Fatalf("%v\n%s", err, sql)
		}
		return r
	}
	text := func(r *pgconn.Result) string {
		var rows []string
		for _, row := range r.Rows {
			rows = append(rows, string(bytes.Join(row, []byte("|"))))
		}
		return strings.Join(rows, " ")
	}
	const begin = "BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"
	looks := script(begin + `; SELECT oid, nspname FROM pg_namespace ORDER BY oid;
		SELECT relname, attname, pg_type.typname type_name, atttypmod type_modifier, attnum, pg_attribute.attnotnull AS notnull FROM pg_class JOIN pg_namespace ON relnamespace = pg_namespace.oid
		JOIN pg_attribute ON pg_class.oid=pg_attribute.attrelid JOIN pg_type ON atttypid=pg_type.oid WHERE attnum > 0 AND relkind IN ('r', 'v', 'm', 'f', 'p') AND nspname = 'public' AND relname = 'spend'
		UNION ALL SELECT relname, NULL attname, contype::text, NULL, conkey[1], NULL FROM pg_class JOIN pg_namespace ON relnamespace = pg_namespace.oid JOIN pg_constraint ON (pg_class.oid=pg_constraint.conrelid)
		WHERE relkind IN ('r', 'v', 'm', 'f', 'p') AND contype IN ('p', 'u') AND relname = 'spend' ORDER BY attnum;
		SELECT pg_namespace.oid, tablename, indexname FROM pg_indexes JOIN pg_namespace ON (schemaname=nspname) ORDER BY pg_namespace.oid, 2`)
	for i, want := range map[int]string{
		1: "11|pg_catalog 2200|public 13207|information_schema",
		2: "spend|customer_id|text|-1|1|f spend||p||1| spend|total|numeric|-1|2|f spend|n|int8|-1|3|f",
		3: "2200|orders|orders_pkey 2200|spend|spend_pkey",
	} {
		if got := text(looks[i]); got != want {
			t.Errorf("%d: %s", i, got)
		}
	}
	script("COMMIT")
	script("SELECT 1")
	script("DISCARD ALL")
	for sql, equal := range map[string]string{
		`SELECT "customer_id", "order_id", "amount", "created_at" FROM "public"."orders" WHERE "customer_id" = 'ann'`: "SELECT 'ann'::text, 1::bigint, 10.00::numeric(12,2), '2025-05-01 10:00:00+00'::timestamptz",
		`SELECT "customer_id", "total", "n" FROM "public"."spend" `:                                                   "VALUES ('ann', 10.00, 1::bigint), ('bob', 2.50, 1)",
		`SELECT NULL FROM "public"."orders" `:                                                                         "SELECT NULL FROM generate_series(1, 2)",
		`SELECT "order_id" FROM (SELECT order_id FROM orders) AS __unnamed_subquery `:                                 "VALUES (1::bigint), (2)",
	} {
		script(begin)
		var got, want bytes.Buffer
		if _, err := duck.CopyTo(t.Context(), &got, "COPY ("+sql+`) TO STDOUT (FORMAT "binary");`); err != nil {
			t.Fatalf("%v\n%s", err, sql)
		}
		if _, err := truth.CopyTo(t.Context(), &want, "COPY ("+equal+`) TO STDOUT (FORMAT "binary");`); err != nil {
			t.Fatalf("%v\n%s", err, equal)
		}
		if !bytes.Equal(got.Bytes(), want.Bytes()) {
			t.Errorf("%s\n%x\nPostgreSQL\n%x", sql, got.Bytes(), want.Bytes())
		}
		script("COMMIT")
	}
}

// Every backslash command that psql has for looking around ends without an error.
func TestPsql(t *testing.T) {
	t.Parallel()
	installed(t, "ASOF_TEST_POSTGRES") // which brought psql along
	s := clientsServer(t)
	script := `
\set ON_ERROR_STOP 1
\d
\d spend
\d+ spend
\d orders
\dt
\dv
\l
\dn
\dn+
\df
\du
\dp
\di
\ds
\dT
\dx
\db
\dC
\do
\dRp
\da
\dc
\dD
\det
\dm
\sv spend
\conninfo
\encoding
\x
SELECT *, as_of FROM spend WHERE customer_id = 'ann';
\x
SELECT total FROM spend \gdesc
\copy (SELECT customer_id, total FROM spend ORDER BY 1) to 'out.csv' csv
CREATE TEMP TABLE l (k TEXT, total NUMERIC);
\copy l from 'out.csv' csv
SELECT k, total FROM l ORDER BY k;
BEGIN;
DECLARE c CURSOR FOR SELECT customer_id FROM spend ORDER BY 1;
FETCH 1 FROM c;
COMMIT;
`
	cmd := exec.Command("psql", "-X", "-At", s.urls["pg"])
	cmd.Stdin, cmd.Dir = strings.NewReader(script), t.TempDir()
	out, err := cmd.CombinedOutput()
	for _, want := range []string{"public|spend|view|", "customer_id|text", "CREATE OR REPLACE VIEW public.spend AS", "as_of|2025-05-01 10:05:00.2+00", "total|numeric", "COPY 2", "ann|10.00\nbob|2.50\n", "DECLARE CURSOR\nann\nCOMMIT"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("no %q", want)
		}
	}
	if err != nil || t.Failed() {
		t.Errorf("%v\n%s", err, out)
	}
}
