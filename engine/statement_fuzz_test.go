package engine_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"github.com/asofdb/asof/connectors"
	"github.com/asofdb/asof/engine"
	"github.com/asofdb/asof/sql/types"
)

// storyStatements are the statements of all stories.
func storyStatements(t testing.TB) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("testdata", "stories", "*"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no stories: %v", err)
	}
	var all []string
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		datadriven.RunTestFromStringAny(t, string(text), func(_ testing.TB, d *datadriven.TestData) string {
			if d.Cmd == "sql" {
				all = append(all, splitStatements(d.Input)...)
			}
			return d.Expected
		})
	}
	return all
}

// target is an engine with a source, features and little memory, that statements of any kind are thrown at.
type target struct{ *engine.Engine }

func newTarget(t testing.TB) target {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "t.ndjson")
	lines, err := (&recordWriter{}).lines(`10:00:00 c {"id":1,"who":"a","n":1,"price":"1.50","day":20228,"at":"2025-05-20T10:00:00Z"}
10:01:00 c {"id":2,"who":"b","n":2147483647,"price":null,"day":null,"at":"2025-05-20T10:01:00Z"}
10:02:00 u {"id":1,"who":null,"n":-5,"price":"-0.01","day":20228,"at":null}`)
	if err == nil {
		err = os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	e, err := engine.Open(filepath.Join(dir, "data"), engine.Options{Connectors: connectors.Default(), MemoryLimit: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	mustExec(t, e, `CREATE SOURCE t (id BIGINT PRIMARY KEY, who TEXT, n INTEGER, price NUMERIC, day DATE, at TIMESTAMPTZ) WITH (connector = 'file', path = '`+path+`', decimal_handling_mode = 'string') FORMAT DEBEZIUM ENCODE JSON;
		CREATE FEATURE f AS SELECT who, COUNT(*) AS rows, SUM(n) AS total FROM t GROUP BY who;
		CREATE FEATURE latest ENTITY t (id) AS SELECT id, who, n FROM t`)
	return target{e}
}

// run runs a statement and reports what must not happen: a panic, or an error that does not say what it is.
func (e target) run(t testing.TB, sql string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	s := e.NewSession()
	if err := s.Exec(ctx, "SET as_of_wait = '0'"); err != nil {
		t.Fatal(err)
	}
	rows, err := s.Query(ctx, sql)
	for i := 0; err == nil && i < 10_000 && rows.Next(); i++ {
		for _, v := range rows.Values() {
			csvField(v)
		}
	}
	if err == nil {
		err = errors.Join(rows.Err(), rows.Close())
	}
	var said *types.Error
	switch {
	case err == nil:
	case !errors.As(err, &said):
		t.Errorf("%s\nan error without SQLSTATE: %v", sql, err)
	case said.Code == types.CodeInternal || said.Message == "":
		t.Errorf("%s\n%s", sql, errorText(sql, err))
	case said.Pos > len(sql)+1:
		t.Errorf("%s\nthe error is at byte %d of %d", sql, said.Pos, len(sql))
	}
}

var sqlToken = regexp.MustCompile(`'[^']*'|"[^"]*"|[A-Za-z_][A-Za-z_0-9]*|[0-9.]+|[^\sA-Za-z_0-9]`)

// Statements put together from the pieces of others are run or refused, and nothing else.
func TestShuffledStatements(t *testing.T) {
	rounds := 6000
	if testing.Short() {
		rounds = 600
	}
	statements := storyStatements(t)
	e := newTarget(t)
	rng := rand.New(rand.NewPCG(7, 7))
	for range rounds {
		e.run(t, shuffle(rng, statements))
		if t.Failed() {
			return
		}
	}
}

// shuffle replaces, drops and repeats some tokens of one statement by some of another.
func shuffle(rng *rand.Rand, statements []string) string {
	own := sqlToken.FindAllString(statements[rng.IntN(len(statements))], -1)
	for range 1 + rng.IntN(3) {
		other := sqlToken.FindAllString(statements[rng.IntN(len(statements))], -1)
		if len(own) == 0 || len(other) == 0 {
			break
		}
		at, from := rng.IntN(len(own)), rng.IntN(len(other))
		n := min(rng.IntN(3), len(own)-at)
		piece := other[from:min(len(other), from+rng.IntN(5))]
		own = append(append(append([]string{}, own[:at]...), piece...), own[at+n:]...)
	}
	return strings.Join(own, " ")
}

func FuzzStatement(f *testing.F) {
	for _, s := range storyStatements(f) {
		f.Add(s)
	}
	e := newTarget(f)
	f.Fuzz(func(t *testing.T, sql string) { e.run(t, sql) })
}
