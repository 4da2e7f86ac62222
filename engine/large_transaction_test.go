package engine_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/asofdb/asof/engine"
)

// TestF13ATransactionLargerThanACommit reads a transaction that takes hundreds of commits, through restarts in its middle: readers see nothing of it, and then all of it.
func TestF13ATransactionLargerThanACommit(t *testing.T) {
	const rows, pieces = 20_000, 8
	dir := t.TempDir()
	path := filepath.Join(dir, "t.ndjson")
	w := &recordWriter{}
	write := func(lines ...string) {
		t.Helper()
		text, err := w.lines(strings.Join(lines, "\n"))
		if err == nil {
			err = writeLines(path, os.O_APPEND, strings.Join(text, "\n"))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	write("10:00:00 begin tx=1", `10:00:00 c tx=1 {"id":0,"k":"a"}`, "10:00:00 end tx=1 count=1")
	options := engine.Options{BatchChanges: 100, FlushChanges: 700}
	e := openEngine(t, filepath.Join(dir, "data"), options)
	mustExec(t, e, "CREATE SOURCE t (id BIGINT PRIMARY KEY, k TEXT) WITH (connector = 'file', path = '"+path+"', follow = 'true') FORMAT DEBEZIUM ENCODE JSON;"+
		"CREATE FEATURE f ENTITY k (k) AS SELECT k, COUNT(*) AS n FROM t GROUP BY k")
	check := func(want int) {
		t.Helper()
		for _, q := range []string{"SELECT n FROM f WHERE k = 'a'", "SELECT COUNT(*) FROM t"} {
			if got := mustAsk(t, e, q); got != fmt.Sprintf("%d,\n", want) {
				t.Fatalf("%s: %q, and should be %d", q, got, want)
			}
		}
	}
	records := int64(3)
	for piece := range pieces {
		var lines []string
		if piece == 0 {
			lines = append(lines, "10:00:01 begin tx=2")
		}
		for id := 1 + piece*rows/pieces; id <= (piece+1)*rows/pieces; id++ {
			lines = append(lines, fmt.Sprintf(`10:00:01 c tx=2 {"id":%d,"k":"a"}`, id))
		}
		write(lines...)
		records += int64(len(lines))
		awaitSource(t, e, "t", func(row sourceRow) bool { return row["records"].I == records })
		check(1)
		if piece%3 == 1 {
			if err := e.Close(); err != nil {
				t.Fatal(err)
			}
			e = openEngine(t, filepath.Join(dir, "data"), options)
			check(1)
		}
	}
	write(fmt.Sprintf("10:00:01 end tx=2 count=%d", rows))
	end := time.Date(2025, 5, 20, 10, 0, 1, 0, time.UTC).UnixMicro()
	awaitSource(t, e, "t", func(row sourceRow) bool { return row["records"].I == records+1 && row["frontier"].I >= end })
	check(1 + rows)
	mustExec(t, e, "VERIFY FEATURE f")
}
