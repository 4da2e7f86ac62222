package engine_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/asofdb/asof/engine"
	"github.com/asofdb/asof/sql/types"
)

// A backup that is taken while changes come in is restored elsewhere: every feature is at every moment what it was, and reading goes on where it was, with nothing lost and nothing twice.
func TestF18ARestoredBackupIsTheDatabase(t *testing.T) {
	dir := t.TempDir()
	s := newStream(t, dir, 11)
	s.transactions(t, 300)
	options := engine.Options{BatchChanges: 7, FlushChanges: 40}
	e := openEngine(t, filepath.Join(dir, "data"), options)
	mustExec(t, e, "CREATE SOURCE t (id BIGINT PRIMARY KEY, who TEXT, n BIGINT, kind TEXT, at TIMESTAMPTZ) WITH (connector = 'file', path = '"+s.path+"', follow = 'true') FORMAT DEBEZIUM ENCODE JSON;"+
		"CREATE FEATURE f AS SELECT who, COUNT(*) AS c, SUM(n) FILTER (WHERE at > NOW() - INTERVAL '200 milliseconds') AS recent, COUNT(DISTINCT kind) AS kinds FROM t GROUP BY who")
	to := filepath.Join(dir, "backup")
	ask := func(e *engine.Engine, at int64) string {
		t.Helper()
		q := e.NewSession()
		defer q.Close()
		rows, err := q.Query(t.Context(), fmt.Sprintf("SELECT * FROM f AS OF '%s' ORDER BY who", types.NewTimestamptz(at)))
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		var b strings.Builder
		for rows.Next() {
			fmt.Fprintln(&b, rows.Values())
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	wait := func(e *engine.Engine, at int64) {
		t.Helper()
		mustExec(t, e, fmt.Sprintf("SET as_of_wait = '60s'; SELECT COUNT(*) FROM t AS OF '%s'", types.NewTimestamptz(at)))
	}
	wait(e, s.last.Load())
	begun, middle := s.last.Load()-400_000, s.last.Load()
	fed := make(chan struct{})
	go func() {
		defer close(fed)
		for range 40 {
			s.transactions(t, 5)
		}
	}()
	mustExec(t, e, "BACKUP TO '"+to+"'")
	<-fed
	if err := e.Exec(t.Context(), "BACKUP TO '"+to+"'"); err == nil || !strings.Contains(err.Error(), "there is something") {
		t.Errorf("a second backup to the same directory: %v", err)
	}
	if _, err := os.Stat(to + ".partial"); err == nil {
		t.Error("something partial is left")
	}
	wait(e, s.last.Load())

	restored := filepath.Join(dir, "restored")
	if _, err := engine.Restore(t.Context(), to, restored); err != nil {
		t.Fatal(err)
	}
	if _, err := engine.Restore(t.Context(), to, restored); err == nil || !strings.Contains(err.Error(), "not empty") {
		t.Errorf("restored over a database: %v", err)
	}
	again := openEngine(t, restored, options)
	wait(again, s.last.Load())
	for at := begun; at <= s.last.Load(); at += 17_321 {
		if got, want := ask(again, at), ask(e, at); got != want {
			t.Errorf("at %d (the backup was taken behind %d) the restored one says\n%s\nthe other\n%s", at, middle, got, want)
		}
	}
	ours, theirs := showSources(t, again)["t"], showSources(t, e)["t"]
	for _, counter := range []string{"changes", "records", "repeated", "shifted_changes", "unknown_rows"} {
		if ours[counter].I != theirs[counter].I {
			t.Errorf("%s is %d, and %d in the other", counter, ours[counter].I, theirs[counter].I)
		}
	}
	mustExec(t, again, "VERIFY FEATURE f")
}
