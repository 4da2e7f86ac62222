package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
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

// psycopg 3 and 2, asyncpg, pg8000, SQLAlchemy with its inspector, pandas, and polars with connectorx and ADBC read features, join labels, copy and recover from errors.
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
