package engine_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/asofdb/asof/connectors"
	"github.com/asofdb/asof/engine"
	"github.com/asofdb/asof/sql/types"
)

// stream is a file of changes that grows: rows of six users are inserted, changed, moved and deleted, a transaction every few milliseconds of database time.
type stream struct {
	rng    *rand.Rand
	file   *os.File
	path   string
	lines  recordWriter
	now    time.Time
	rows   map[int]string // id -> who
	nextID int
	last   atomic.Int64 // commit time of the last transaction written, µs
}

func newStream(t testing.TB, dir string, seed uint64) *stream {
	t.Helper()
	s := &stream{rng: rand.New(rand.NewPCG(seed, 3)), path: filepath.Join(dir, fmt.Sprintf("t%d.ndjson", seed)), now: storyNoon, rows: map[int]string{}}
	var err error
	if s.file, err = os.Create(s.path); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.file.Close() })
	return s
}

// transactions appends n transactions.
func (s *stream) transactions(t testing.TB, n int) {
	t.Helper()
	var out []string
	for range n {
		s.now = s.now.Add(time.Duration(s.rng.IntN(4)) * 1500 * time.Microsecond)
		at := s.now.Format("15:04:05.000000")
		for range 1 + s.rng.IntN(3) {
			out = append(out, s.change(at))
		}
	}
	lines, err := s.lines.lines(strings.Join(out, "\n"))
	if err == nil {
		_, err = s.file.WriteString(strings.Join(lines, "\n") + "\n")
	}
	if err != nil {
		t.Error(err)
	}
	s.last.Store(s.now.UnixMicro())
}

func (s *stream) change(at string) string {
	who := string(rune('a' + s.rng.IntN(6)))
	event := s.now.Add(time.Duration(s.rng.IntN(40)-30) * time.Millisecond).Format("2006-01-02T15:04:05.000000Z07:00")
	image := func(id int) string {
		return fmt.Sprintf(`{"id":%d,"who":"%s","n":%d,"kind":"k%d","at":"%s"}`, id, who, s.rng.IntN(100), s.rng.IntN(3), event)
	}
	for id := range s.rows {
		switch s.rng.IntN(10) {
		case 0:
			delete(s.rows, id)
			return fmt.Sprintf(`%s d {"id":%d}`, at, id)
		case 1, 2, 3:
			s.rows[id] = who
			return fmt.Sprintf(`%s u %s`, at, image(id))
		}
		break
	}
	s.nextID++
	s.rows[s.nextID] = who
	return fmt.Sprintf(`%s c %s`, at, image(s.nextID))
}

func (s *stream) create(name string) string {
	return fmt.Sprintf(`CREATE SOURCE %s (id BIGINT PRIMARY KEY, who TEXT, n INTEGER, kind TEXT, at TIMESTAMPTZ)
		WITH (connector = 'file', path = '%s', follow = 'true', close_after = '20 ms') FORMAT DEBEZIUM ENCODE JSON`, name, s.path)
}

// answers are questions with the answers that were given, each of which must stay what it was.
type answers struct {
	mu  sync.Mutex
	all map[string]string
}

func (a *answers) note(t testing.TB, question, answer string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if before, ok := a.all[question]; ok && before != answer {
		t.Errorf("%s\nwas %s\nis  %s", question, before, answer)
	}
	a.all[question] = answer
}

func (a *answers) count() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.all)
}

// ask runs a query and returns its rows as text.
func ask(ctx context.Context, e *engine.Engine, sql string) (string, error) {
	rows, err := e.Query(ctx, sql)
	if err != nil {
		return "", err
	}
	defer rows.Close()
	var b strings.Builder
	for rows.Next() {
		for _, v := range rows.Values() {
			b.WriteString(csvField(v) + ",")
		}
		b.WriteByte('\n')
	}
	return b.String(), rows.Err()
}

const spendFeature = `CREATE FEATURE spend AS SELECT who, COUNT(*) AS rows, SUM(n) AS total,
	COUNT(*) FILTER (WHERE at > NOW() - INTERVAL '50 milliseconds') AS recent FROM t GROUP BY who`

// Readers ask while changes arrive, checkpoints run after every few of them, features are replaced, made and dropped, and the source is paused, changed and resumed.
// Every answer is asked for again, at once, at the end and after a restart: the past does not change.
func TestAnswersStayWhileEverythingChanges(t *testing.T) {
	enough := 1500
	if testing.Short() {
		enough = 200
	}
	dir := t.TempDir()
	s := newStream(t, dir, 1)
	s.transactions(t, 20)
	options := engine.Options{BatchChanges: 7, FlushChanges: 20}
	e := openEngine(t, filepath.Join(dir, "data"), options)
	mustExec(t, e, s.create("t")+";"+spendFeature)
	given := &answers{all: map[string]string{}}

	writing, done := context.WithCancel(t.Context())
	var work sync.WaitGroup
	work.Go(func() {
		defer done()
		for begun := time.Now(); given.count() < enough && time.Since(begun) < time.Minute; {
			s.transactions(t, 10)
			time.Sleep(10 * time.Millisecond) // lets the reader keep up
		}
	})
	for i := range 3 {
		work.Go(func() { readAnswers(t, writing, e, given, uint64(i)) })
	}
	work.Go(func() { defineFeatures(t, writing, e) })
	work.Go(func() { alterSource(t, writing, e) })
	work.Wait()
	if n := given.count(); n < enough {
		t.Errorf("only %d answers were given", n)
	}
	again := func(e *engine.Engine) {
		for question, answer := range given.all {
			got, err := ask(t.Context(), e, question)
			if err != nil {
				t.Fatalf("%s: %v", question, err)
			}
			if got != answer {
				t.Fatalf("%s\nwas %s\nis  %s", question, answer, got)
			}
		}
	}
	again(e)
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	again(openEngine(t, filepath.Join(dir, "data"), options))
}

// readAnswers asks for one entity, for all and for the table, now and at random moments.
func readAnswers(t *testing.T, ctx context.Context, e *engine.Engine, given *answers, seed uint64) {
	rng := rand.New(rand.NewPCG(seed, 5))
	for ctx.Err() == nil {
		who := string(rune('a' + rng.IntN(6)))
		if _, err := e.Lookup(t.Context(), "spend", who); err != nil {
			t.Errorf("Lookup: %v", err)
			return
		}
		now, err := ask(t.Context(), e, "SELECT MAX(as_of) FROM spend")
		if err != nil {
			t.Errorf("now: %v", err)
			return
		}
		at := strings.Trim(now, ",\n")
		frontier, err := types.Parse(types.Type{Kind: types.Timestamptz}, at)
		if first := storyNoon.Add(20 * time.Millisecond).UnixMicro(); err == nil && frontier.I > first && rng.IntN(2) == 0 {
			at = types.NewTimestamptz(first + rng.Int64N(frontier.I-first)).String()
		}
		for _, question := range []string{
			fmt.Sprintf("SELECT *, as_of FROM spend AS OF '%s' WHERE who = '%s'", at, who),
			fmt.Sprintf("SELECT * FROM spend AS OF '%s' ORDER BY who", at),
			fmt.Sprintf("SELECT who, COUNT(*), SUM(n) FROM t AS OF '%s' GROUP BY who ORDER BY who", at),
		} {
			answer, err := ask(t.Context(), e, question)
			if code(err) == types.CodeNotReady { // later than the frontier while the source is paused, or the feature was rebuilt
				continue
			}
			if err != nil {
				t.Errorf("%s: %v", question, err)
				return
			}
			given.note(t, question, answer)
		}
	}
}

func code(err error) string {
	var e *types.Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

// defineFeatures replaces a feature of spend's group by ones that read other columns, so that generations come and go, and makes and drops another.
func defineFeatures(t *testing.T, ctx context.Context, e *engine.Engine) {
	for i := 0; ctx.Err() == nil; i++ {
		column := []string{"kind", "id", "n"}[i%3]
		for _, sql := range []string{
			fmt.Sprintf("CREATE OR REPLACE FEATURE other AS SELECT who, COUNT(DISTINCT %s) AS kinds FROM t GROUP BY who", column),
			fmt.Sprintf("CREATE FEATURE by_kind ENTITY kind_%d (kind) AS SELECT kind, COUNT(*) AS n FROM t GROUP BY kind", i%2),
			"DROP FEATURE by_kind",
			"CREATE OR REPLACE FEATURE other AS SELECT who, COUNT(*) AS n FROM t GROUP BY who",
		} {
			if err := e.Exec(t.Context(), sql); err != nil {
				t.Errorf("%s: %v", sql, err)
				return
			}
		}
		if _, err := ask(t.Context(), e, "SELECT * FROM other"); err != nil && code(err) != types.CodeNotReady {
			t.Error(err)
		}
	}
}

func alterSource(t *testing.T, ctx context.Context, e *engine.Engine) {
	for i := 0; ctx.Err() == nil; i++ {
		for _, sql := range []string{"ALTER SOURCE t PAUSE", "ALTER SOURCE t RESUME", fmt.Sprintf("ALTER SOURCE t SET (close_after = '%d ms')", 10+i%20), "SHOW SOURCES", "SHOW STORAGE"} {
			if err := e.Exec(t.Context(), sql); err != nil {
				t.Errorf("%s: %v", sql, err)
				return
			}
			time.Sleep(time.Millisecond)
		}
	}
}

// Close may come at any moment: statements end with an error that says so, results that are being read end, and nothing goes on.
func TestCloseDuringEverything(t *testing.T) {
	rounds := 12
	if testing.Short() {
		rounds = 3
	}
	dir := t.TempDir()
	s := newStream(t, dir, 2)
	s.transactions(t, 400)
	for round := range rounds {
		e := openUntilClosed(t, filepath.Join(dir, "data"))
		if round == 0 {
			mustExec(t, e, s.create("t")+";"+spendFeature)
		}
		closing := closeDuringWork(t, e, s, round)
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
		closing.Wait()
		if err := e.Close(); err != nil {
			t.Fatalf("a second Close: %v", err)
		}
		if _, err := e.Query(t.Context(), "SELECT * FROM spend"); code(err) != types.CodeNotReady {
			t.Fatalf("a query after Close: %v", err)
		}
		if _, err := e.Lookup(t.Context(), "spend", "a"); code(err) != types.CodeNotReady {
			t.Fatalf("a Lookup after Close: %v", err)
		}
	}
	e := openEngine(t, filepath.Join(dir, "data"), engine.Options{})
	last := types.NewTimestamptz(s.last.Load()).String()
	got, err := ask(t.Context(), e, fmt.Sprintf("SELECT SUM(rows) FROM spend AS OF '%s'", last))
	if err != nil {
		t.Fatal(err)
	}
	if want := fmt.Sprintf("%d,\n", len(s.rows)); got != want {
		t.Errorf("%s rows instead of %s", got, want)
	}
}

func openUntilClosed(t *testing.T, dir string) *engine.Engine {
	t.Helper()
	e, err := engine.Open(dir, engine.Options{Connectors: connectors.Default(), BatchChanges: 3, FlushChanges: 9})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// closeDuringWork starts what may be going on and returns after a moment that is another in every round.
func closeDuringWork(t *testing.T, e *engine.Engine, s *stream, round int) *sync.WaitGroup {
	ctx := t.Context()
	var work sync.WaitGroup
	until := func(statements ...string) {
		work.Go(func() {
			for i := 0; ; i++ {
				err := e.Exec(ctx, statements[i%len(statements)])
				switch code(err) {
				case types.CodeUndefinedTable, types.CodeDuplicateTable: // what an interrupted statement left out
				case types.CodeNotReady, types.CodeCanceled:
					if strings.Contains(err.Error(), "the engine is closed") {
						return
					}
				default:
					if err != nil {
						t.Errorf("%s: %v", statements[i%len(statements)], err)
						return
					}
				}
			}
		})
	}
	until("SELECT * FROM spend", "SELECT * FROM spend WHERE who = 'a'", "SELECT count(*) FROM t")
	until("SELECT * FROM spend AS OF '2030-01-01 00:00+00'")
	until("CREATE OR REPLACE FEATURE other AS SELECT who, MAX(kind) AS k FROM t GROUP BY who", "CREATE OR REPLACE FEATURE other AS SELECT who, MAX(id) AS k FROM t GROUP BY who")
	until("CREATE SOURCE IF NOT EXISTS u (id BIGINT PRIMARY KEY) WITH (connector = 'file', path = '"+s.path+"') FORMAT DEBEZIUM ENCODE JSON", "DROP SOURCE u CASCADE")
	until("ALTER SOURCE t PAUSE", "ALTER SOURCE t RESUME", "ALTER SOURCE t SET (close_after = '15 ms')")
	work.Go(func() { // what one door has said is what the other says
		for e.Exec(ctx, "SHOW SOURCES") == nil {
			runtime.Gosched()
		}
		if _, err := e.Lookup(ctx, "spend", "a"); code(err) != types.CodeNotReady {
			t.Errorf("a Lookup after a statement was refused: %v", err)
		}
	})
	rows, err := e.Query(ctx, "SELECT * FROM t AS OF '2025-05-20 12:00:00.3+00'")
	if code(err) != types.CodeNotReady {
		if err != nil {
			t.Error(err)
		} else if !rows.Next() && code(rows.Err()) != types.CodeNotReady {
			t.Errorf("no row: %v", rows.Err())
		}
	}
	s.transactions(t, 50)
	time.Sleep(time.Duration(round*7%40) * time.Millisecond) // any moment will do
	return &work
}

// Results that nobody reads on or closes do not hold up Close, also where they read a feature that was replaced.
func TestCloseWithOpenResults(t *testing.T) {
	dir := t.TempDir()
	s := newStream(t, dir, 3)
	s.transactions(t, 100)
	e := openUntilClosed(t, filepath.Join(dir, "data"))
	mustExec(t, e, s.create("t")+";"+spendFeature)
	mustAsk(t, e, fmt.Sprintf("SELECT COUNT(*) FROM t AS OF '%s'", types.NewTimestamptz(s.last.Load())))
	var open []*engine.Rows
	for _, sql := range []string{"SELECT * FROM spend", "SELECT * FROM t", "SELECT * FROM spend WHERE who = 'a'", "SHOW SOURCES"} {
		rows, err := e.Query(t.Context(), sql)
		if err != nil {
			t.Fatal(err)
		}
		if !rows.Next() {
			t.Errorf("%s: no row: %v", sql, rows.Err())
		}
		open = append(open, rows)
	}
	mustExec(t, e, strings.Replace(spendFeature, "CREATE", "CREATE OR REPLACE", 1))
	mustExec(t, e, "CREATE OR REPLACE FEATURE spend AS SELECT who, MAX(kind) AS kind FROM t GROUP BY who")
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	for i, rows := range open[:3] {
		for rows.Next() {
		}
		if err := rows.Err(); err != nil && code(err) != types.CodeNotReady {
			t.Errorf("result %d: %v", i, err)
		}
		if err := rows.Close(); err != nil {
			t.Error(err)
		}
	}
}
