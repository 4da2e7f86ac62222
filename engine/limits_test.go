package engine_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/asofdb/asof/engine"
	"github.com/asofdb/asof/sql/types"
)

// plainSource writes lines and makes a source of JSON objects of them, which keeps bad ones aside.
func plainSource(t *testing.T, e *engine.Engine, dir, name, columns string, lines ...string) {
	t.Helper()
	path := filepath.Join(dir, name+".ndjson")
	if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	mustExec(t, e, fmt.Sprintf("CREATE SOURCE %s (%s, at TIMESTAMPTZ) WITH (connector = 'file', path = '%s', commit_time = 'at', on_bad_record = 'reject') FORMAT PLAIN ENCODE JSON", name, columns, path))
}

func mustAsk(t *testing.T, e *engine.Engine, sql string) string {
	t.Helper()
	got, err := ask(t.Context(), e, sql)
	if err != nil {
		t.Fatalf("%.200s: %v", sql, err)
	}
	return got
}

// wantRejects compares the reasons why records of a source were kept aside.
func wantRejects(t *testing.T, e *engine.Engine, source string, reasons ...string) {
	t.Helper()
	rows, err := e.Query(t.Context(), "SHOW REJECTS FOR "+source)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	n := 0
	for ; rows.Next(); n++ {
		if got := rows.Values()[3].S; n >= len(reasons) || !strings.Contains(got, reasons[n]) {
			t.Errorf("reject %d: %.300s", n, got)
		}
		if rows.Values()[3].S == "" {
			t.Errorf("reject %d has no record", n)
		}
	}
	if n != len(reasons) {
		t.Errorf("%d rejects instead of %d", n, len(reasons))
	}
}

// noise is text that does not compress.
func noise(n int) string {
	rng := rand.New(rand.NewPCG(1, uint64(n)))
	b := make([]byte, n)
	for i := range b {
		b[i] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_"[rng.IntN(64)]
	}
	return string(b)
}

// A key that is longer than the store takes is a bad record with a reason, in a primary key and in the key of a feature; a feature over rows that have such keys is refused.
func TestKeysOfAnyLength(t *testing.T) {
	dir := t.TempDir()
	e := openEngine(t, filepath.Join(dir, "data"), engine.Options{FlushChanges: 1})
	long, fits := noise(70_000), noise(64_000)
	line := func(key string, n int) string {
		return fmt.Sprintf(`{"k":"%s","n":%d,"at":"2025-05-20T10:00:00Z"}`, key, n)
	}
	plainSource(t, e, dir, "keyed", "k TEXT PRIMARY KEY, n INTEGER", line("a", 1), line(long, 2), line(fits, 3))
	wantRejects(t, e, "keyed", "the primary key is 70003 bytes long, at most 64936 can be stored")
	if got := mustAsk(t, e, "SELECT SUM(n) FROM keyed WHERE k = '"+fits+"'"); got != "3,\n" {
		t.Errorf("the longest key: %s", got)
	}

	plainSource(t, e, dir, "free", "k TEXT, n INTEGER", line("a", 1), line(long, 2))
	err := e.Exec(t.Context(), "CREATE FEATURE f AS SELECT k, SUM(n) AS n FROM free GROUP BY k")
	if code(err) != types.CodeTooComplex || !strings.Contains(err.Error(), "entity key") {
		t.Errorf("a feature over keys that are too long: %v", err)
	}
	mustExec(t, e, "CREATE FEATURE by_n ENTITY n (n) AS SELECT n, COUNT(*) AS rows FROM free GROUP BY n")
	if got := mustAsk(t, e, "SELECT rows FROM by_n WHERE n = 2"); got != "1,\n" {
		t.Errorf("by another column: %s", got)
	}

	s := newStream(t, dir, 9)
	if _, err := fmt.Fprintln(s.file, `{"op":"c","after":{"id":1,"who":"a"},"source":{"ts_us":1747735200000000,"txId":1,"lsn":1,"table":"t"}}`); err != nil {
		t.Fatal(err)
	}
	mustExec(t, e, strings.Replace(s.create("t"), "follow", "on_bad_record = 'reject', follow", 1)+`; CREATE FEATURE g ENTITY who (who) AS SELECT who, COUNT(*) AS n FROM t GROUP BY who`)
	if _, err := fmt.Fprintf(s.file, `{"op":"c","after":{"id":2,"who":"%s"},"source":{"ts_us":1747735201000000,"txId":2,"lsn":2,"table":"t"}}
{"op":"c","after":{"id":3,"who":"a"},"source":{"ts_us":1747735202000000,"txId":3,"lsn":3,"table":"t"}}
`, long); err != nil {
		t.Fatal(err)
	}
	if got := mustAsk(t, e, "SELECT * FROM g AS OF '2025-05-20 10:00:02+00'"); got != "a,2,\n" {
		t.Errorf("beside a key that is too long: %s", got)
	}
	wantRejects(t, e, "t", "the entity key (who) of the features over the source is 70003 bytes long")
	if _, err := e.Lookup(t.Context(), "g", long); code(err) != types.CodeTooComplex {
		t.Errorf("Lookup by a key that is too long: %v", err)
	}
	if _, err := ask(t.Context(), e, "SELECT * FROM g WHERE who = '"+long+"'"); code(err) != types.CodeTooComplex {
		t.Errorf("a read by a key that is too long: %v", err)
	}
}

// Rows up to two mebibytes are kept, also where features carry them and entities have many; larger ones are bad records.
func TestRowsOfAnySize(t *testing.T) {
	dir := t.TempDir()
	e := openEngine(t, filepath.Join(dir, "data"), engine.Options{FlushChanges: 3})
	at := func(second int) string { return fmt.Sprintf("2025-05-20T10:00:%02dZ", second) }
	var lines []string
	for i, size := range []int{1, 3 << 20, 2_000_000, 1_900_000, 30 << 20, 1_800_000, 5} {
		lines = append(lines, fmt.Sprintf(`{"id":1,"body":"%s","at":"%s"}`, noise(size), at(i)))
	}
	plainSource(t, e, dir, "docs", "id BIGINT PRIMARY KEY, body TEXT", lines...)
	wantRejects(t, e, "docs", "the row takes 3145752 bytes, at most 2097152 can be stored", "the row takes 31457304 bytes")
	mustExec(t, e, "CREATE FEATURE doc ENTITY doc (id) AS SELECT id, body FROM docs")
	for second, size := range map[int]string{0: "1", 1: "1", 2: "2000000", 3: "1900000", 4: "1900000", 5: "1800000", 6: "5"} {
		for _, relation := range []string{"docs", "doc"} {
			if got := mustAsk(t, e, fmt.Sprintf("SELECT length(body) FROM %s AS OF '2025-05-20 10:00:%02d+00' WHERE id = 1", relation, second)); got != size+",\n" {
				t.Errorf("%s at second %d: %s instead of %s", relation, second, got, size)
			}
		}
	}

	lines = nil
	body := noise(100_000)
	for i := range 60 { // twelve megabytes in the log of one entity: an update is two entries
		lines = append(lines, fmt.Sprintf(`{"id":1,"body":"%d%s","at":"%s"}`, i, body, at(i)))
	}
	plainSource(t, e, dir, "versions", "id BIGINT PRIMARY KEY, body TEXT", lines...)
	mustExec(t, e, "CREATE FEATURE version ENTITY version (id) AS SELECT id, body FROM versions")
	before := mustAsk(t, e, "SELECT body FROM version")
	if err := e.Close(); err != nil { // with a checkpoint
		t.Fatal(err)
	}
	e = openEngine(t, filepath.Join(dir, "data"), engine.Options{})
	if mustAsk(t, e, "SELECT body FROM version") != before {
		t.Error("the entity is another after a restart")
	}
}

// Thousands of long bad records in a row are kept, each with its reason.
func TestManyRejects(t *testing.T) {
	dir := t.TempDir()
	e := openEngine(t, filepath.Join(dir, "data"), engine.Options{})
	var lines, reasons []string
	long := noise(100_000)
	for range 300 { // twenty megabytes of what is kept of them
		lines = append(lines, `{"n":"`+long+`"}`)
		reasons = append(reasons, `column "n"`)
	}
	plainSource(t, e, dir, "bad", "n INTEGER", append(lines, `{"n":1,"at":"2025-05-20T10:00:00Z"}`)...)
	wantRejects(t, e, "bad", reasons...)
	if got := mustAsk(t, e, "SELECT n FROM bad"); got != "1,\n" {
		t.Errorf("the good one: %s", got)
	}
}

// A thousand columns, names of any kind, and numbers of a thousand digits.
func TestWideAndLong(t *testing.T) {
	dir := t.TempDir()
	e := openEngine(t, filepath.Join(dir, "data"), engine.Options{FlushChanges: 1})
	var columns, values, sums []string
	for i := range 1000 {
		columns = append(columns, fmt.Sprintf("c%d INTEGER", i))
		values = append(values, fmt.Sprintf(`"c%d":%d`, i, i))
		sums = append(sums, fmt.Sprintf("SUM(c%d) AS s%d", i, i))
	}
	row := "{" + strings.Join(values, ",") + `,"at":"2025-05-20T10:00:00Z"}`
	plainSource(t, e, dir, "wide", strings.Join(columns, ", "), row, row)
	mustExec(t, e, "CREATE FEATURE wide_sums AS SELECT c1, "+strings.Join(sums, ", ")+" FROM wide GROUP BY c1")
	if got := mustAsk(t, e, "SELECT s999 FROM wide_sums WHERE c1 = 1"); got != "1998,\n" {
		t.Errorf("the last of a thousand sums: %s", got)
	}

	digits := "1" + strings.Repeat("0123456789", 100)
	plainSource(t, e, dir, "digits", "k INTEGER, v NUMERIC", fmt.Sprintf(`{"k":1,"v":%s,"at":"2025-05-20T10:00:00Z"}`, digits), fmt.Sprintf(`{"k":1,"v":"-%s.5","at":"2025-05-20T10:00:00Z"}`, digits))
	mustExec(t, e, "CREATE FEATURE big AS SELECT k, SUM(v) AS total, MAX(v) AS most FROM digits GROUP BY k")
	if got := mustAsk(t, e, "SELECT total, most FROM big"); got != "-0.5,"+digits+",\n" {
		t.Errorf("a thousand digits: %.100s", got)
	}

	name := strings.Repeat("long_", 40)
	plainSource(t, e, dir, "named", fmt.Sprintf(`"select" INTEGER, "Größe ""x""" TEXT, %s INTEGER, "数" INTEGER`, name),
		fmt.Sprintf(`{"select":1,"Größe \"x\"":"ü\u2028","%s":2,"数":3,"at":"2025-05-20T10:00:00Z"}`, name))
	mustExec(t, e, fmt.Sprintf(`CREATE FEATURE "Feature Ω" ENTITY "from" ("select") AS SELECT "select", MAX("Größe ""x""") AS "Größe", SUM(%s) AS "sum", SUM("数") AS "数" FROM named GROUP BY "select"`, name))
	if got := mustAsk(t, e, `SELECT "Größe", "sum", "数" FROM "Feature Ω" WHERE "select" = 1`); got != "ü\u2028,2,3,\n" {
		t.Errorf("names: %q", got)
	}
}

// A statement that needs more memory than it may have reads its table in parts, or writes what it keeps to files.
func TestMemoryLimit(t *testing.T) {
	dir := t.TempDir()
	e := openEngine(t, filepath.Join(dir, "data"), engine.Options{})
	var lines []string
	for i := range 3000 {
		lines = append(lines, fmt.Sprintf(`{"id":%d,"body":"%d %s","at":"2025-05-20T10:00:00Z"}`, i, i, strings.Repeat("x", 200)))
	}
	plainSource(t, e, dir, "t", "id BIGINT PRIMARY KEY, body TEXT", lines...)
	mustExec(t, e, "CREATE FEATURE f AS SELECT body, COUNT(*) AS n FROM t GROUP BY body")
	s := e.NewSession()
	if err := s.Exec(t.Context(), "SET memory_limit = '200kB'"); err != nil {
		t.Fatal(err)
	}
	run := func(sql string) (n int, err error) {
		rows, err := s.Query(t.Context(), sql)
		if err != nil {
			return 0, err
		}
		defer rows.Close()
		for rows.Next() {
			n++
		}
		return n, rows.Err()
	}
	for _, sql := range []string{
		"SELECT id, body FROM t", "SELECT body FROM f", "SELECT id FROM t WHERE id = ANY('{1,2}')",
		"SELECT body FROM t ORDER BY body DESC", "SELECT DISTINCT body FROM t", "SELECT body, COUNT(*) FROM t GROUP BY body",
	} {
		n, err := run(sql)
		if err != nil || n != 3000 && n != 2 {
			t.Errorf("%s: %d rows, %v", sql, n, err)
		}
	}
	if err := s.Exec(t.Context(), "RESET memory_limit"); err != nil {
		t.Fatal(err)
	}
	if n, err := run("SELECT body, COUNT(*) FROM t GROUP BY body ORDER BY body"); n != 3000 || err != nil {
		t.Errorf("with the default: %d rows, %v", n, err)
	}
}
