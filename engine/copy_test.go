package engine_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/asofdb/asof/connectors"
	"github.com/asofdb/asof/engine"
	"github.com/asofdb/asof/sql/types"
)

// openWithFiles opens an engine in a directory of its own, which becomes the working directory.
func openWithFiles(t *testing.T) *engine.Engine {
	t.Helper()
	t.Chdir(t.TempDir())
	e, err := engine.Open("data", engine.Options{Connectors: connectors.Default()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return e
}

func execIn(t *testing.T, s *engine.Session, script string) {
	t.Helper()
	if err := s.Exec(t.Context(), script); err != nil {
		t.Fatalf("%s: %v", script, err)
	}
}

// queryText is a query's rows as text.
func queryText(t *testing.T, s *engine.Session, sql string) string {
	t.Helper()
	rows, err := s.Query(t.Context(), sql)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	defer rows.Close()
	var b strings.Builder
	for rows.Next() {
		for i, v := range rows.Values() {
			if i > 0 {
				b.WriteByte('|')
			}
			b.WriteString(v.String())
		}
		b.WriteByte('\n')
	}
	if err := rows.Err(); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return b.String()
}

// numbers writes a file of n rows.
func numbers(t *testing.T, name string, n int) {
	t.Helper()
	var b strings.Builder
	b.WriteString("id,text,amount,ts\n")
	at := time.Date(2025, 5, 1, 0, 0, 0, 0, time.UTC)
	for i := range n {
		fmt.Fprintf(&b, "%d,value %d,%d.%02d,%s\n", i, i%97, i%1000-500, i%100, at.Add(time.Duration(i)*time.Second).Format("2006-01-02 15:04:05+00"))
	}
	if err := os.WriteFile(name, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
}

const numbersTable = "CREATE TEMP TABLE t (id BIGINT, text TEXT, amount NUMERIC(10,2), ts TIMESTAMPTZ)"

const numbersSummary = "SELECT COUNT(*), COUNT(DISTINCT id), SUM(id), SUM(amount), MIN(ts), MAX(ts), COUNT(DISTINCT text) FROM "

// A table larger than memory_limit goes to disk and is the same table; with the table the disk is given back.
func TestTempTableOnDisk(t *testing.T) {
	e := openWithFiles(t)
	numbers(t, "in.csv", 40_000)
	s := e.NewSession()
	execIn(t, s, numbersTable+"; COPY t FROM 'in.csv'")
	want := queryText(t, s, numbersSummary+"t")
	if want != queryText(t, s, numbersSummary+"'in.csv'") {
		t.Fatalf("the table in memory: %s", want)
	}
	small := e.NewSession()
	execIn(t, small, "SET memory_limit = '1MB'; "+numbersTable+"; COPY t FROM 'in.csv'; RESET memory_limit")
	if got := queryText(t, small, numbersSummary+"t"); got != want {
		t.Fatalf("the table on disk: %s instead of %s", got, want)
	}
	execIn(t, small, "SET memory_limit = '1MB'; INSERT INTO t SELECT id + 40000, text, amount, ts FROM t; RESET memory_limit")
	if got := queryText(t, small, "SELECT COUNT(*), COUNT(DISTINCT id), MAX(id) FROM t"); got != "80000|80000|79999\n" {
		t.Fatalf("inserted into itself: %s", got)
	}
	before := queryText(t, small, "SELECT id, text, amount, ts FROM t")
	if err := small.Exec(t.Context(), "INSERT INTO t SELECT id / (79999 - id), text, amount, ts FROM t"); err == nil {
		t.Fatal("no error")
	}
	execIn(t, small, "INSERT INTO t VALUES (-1)")
	if got := queryText(t, small, "SELECT id, text, amount, ts FROM t"); got != before+"-1|NULL|NULL|NULL\n" {
		t.Fatal("rows that were taken back are in the table")
	}
	rows, err := small.Query(t.Context(), "SELECT id FROM t")
	if err != nil || !rows.Next() {
		t.Fatal(err)
	}
	execIn(t, small, "DROP TABLE t")
	n := 1
	for rows.Next() {
		n++
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil || n != 80_001 {
		t.Fatalf("rows of a table that was dropped meanwhile: %d, %v", n, err)
	}
	if left, _ := filepath.Glob("data/tmp/*"); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
	if err := errors.Join(small.Close(), small.Close(), s.Close()); err != nil {
		t.Error(err)
	}
}

// The set of keys is bounded, too.
func TestTempTableKeyMemory(t *testing.T) {
	e := openWithFiles(t)
	numbers(t, "in.csv", 20_000)
	s := e.NewSession()
	defer s.Close()
	execIn(t, s, "SET memory_limit = '1MB'; CREATE TEMP TABLE t (id BIGINT PRIMARY KEY, text TEXT)")
	err := s.Exec(t.Context(), "COPY t FROM 'in.csv'")
	var te *types.Error
	if !errors.As(err, &te) || te.Code != types.CodeOutOfMemory || !strings.Contains(te.Hint, "memory_limit") {
		t.Fatalf("%v", err)
	}
	if got := queryText(t, s, "SELECT COUNT(*) FROM t"); got != "0\n" {
		t.Errorf("%s rows", got)
	}
}

// Many small INSERTs are as good as a large one.
func TestManyInserts(t *testing.T) {
	e := openWithFiles(t)
	s := e.NewSession()
	defer s.Close()
	execIn(t, s, "CREATE TEMP TABLE t (id BIGINT PRIMARY KEY, x TEXT)")
	for i := range 3000 {
		if err := s.Exec(t.Context(), "INSERT INTO t VALUES ($1, $2)", i, fmt.Sprint("x", i)); err != nil {
			t.Fatal(err)
		}
	}
	if got := queryText(t, s, "SELECT COUNT(*), SUM(id), MAX(x) FROM t"); got != "3000|4498500|x999\n" {
		t.Error(got)
	}
}

// What a query has is what its file has, in every format.
func TestCopyRoundTrip(t *testing.T) {
	e := openWithFiles(t)
	numbers(t, "in.csv", 5_000)
	s := e.NewSession()
	defer s.Close()
	const sel = "SELECT id, text, amount, ts, amount / 7 AS ratio, id % 2 = 0 AS even FROM 'in.csv'"
	want := queryText(t, s, sel+" ORDER BY id")
	for _, format := range []string{"parquet", "csv", "ndjson"} {
		execIn(t, s, fmt.Sprintf("COPY (%s) TO 'out.%s'", sel, format))
		execIn(t, s, "CREATE TEMP TABLE t (id BIGINT, text TEXT, amount NUMERIC, ts TIMESTAMPTZ, ratio NUMERIC, even BOOLEAN)")
		execIn(t, s, fmt.Sprintf("COPY t FROM 'out.%s'", format))
		same := fmt.Sprintf("SELECT COUNT(*) FROM t JOIN (%s) q USING (id) WHERE t.text = q.text AND t.amount = q.amount AND t.ts = q.ts AND t.ratio = q.ratio AND t.even = q.even", sel)
		if got := queryText(t, s, same); got != "5000\n" {
			t.Errorf("%s: %s rows are the same", format, got)
		}
		if format == "csv" {
			if got := queryText(t, s, "SELECT * FROM t ORDER BY id"); got != want {
				t.Errorf("%s is not the same", format)
			}
		}
		execIn(t, s, "DROP TABLE t")
	}
}

// A statement that is cancelled leaves nothing: no file, no part of one, no rows.
func TestCancelledCopy(t *testing.T) {
	e := openWithFiles(t)
	numbers(t, "in.csv", 5_000)
	s := e.NewSession()
	defer s.Close()
	execIn(t, s, numbersTable)
	if err := os.WriteFile("out.csv", []byte("before"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{
		"COPY (SELECT a.id FROM 'in.csv' a, 'in.csv' b) TO 'out.csv'",
		"COPY (SELECT a.id FROM 'in.csv' a, 'in.csv' b) TO 'out.parquet'",
		"INSERT INTO t SELECT a.id, a.text, a.amount, a.ts FROM 'in.csv' a, 'in.csv' b",
	} {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(300*time.Millisecond, cancel)
		err := s.Exec(ctx, statement)
		cancel()
		var te *types.Error
		if !errors.As(err, &te) || te.Code != types.CodeCanceled {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	if got, _ := os.ReadFile("out.csv"); string(got) != "before" {
		t.Errorf("out.csv is %.20q", got)
	}
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if name := entry.Name(); name != "data" && name != "in.csv" && name != "out.csv" {
			t.Errorf("%s is left", name)
		}
	}
	if got := queryText(t, s, "SELECT COUNT(*) FROM t"); got != "0\n" {
		t.Errorf("%s rows", got)
	}
}

// A connector that fails at any point leaves nothing open and nothing behind.
func TestFailingSink(t *testing.T) {
	t.Chdir(t.TempDir())
	c := connectors.Default()
	closed := 0
	c.Sinks = map[string]engine.SinkConnector{"bad": {Create: func(string, engine.SinkSpec) (engine.Sink, error) { return &badSink{closed: &closed}, nil }}}
	e, err := engine.Open("data", engine.Options{Connectors: c})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	if err := e.Exec(t.Context(), "COPY (VALUES (1), (2)) TO 'x' (FORMAT bad)"); err == nil || err.Error() != "no room" {
		t.Errorf("%v", err)
	}
	if closed != 1 {
		t.Errorf("closed %d times", closed)
	}
}

type badSink struct{ closed *int }

func (*badSink) Write(*types.Batch) error { return nil }
func (*badSink) Commit() error            { return errors.New("no room") }
func (b *badSink) Close() error           { *b.closed++; return nil }
