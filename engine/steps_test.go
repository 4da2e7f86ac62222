package engine_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/asofdb/asof/connectors"
	"github.com/asofdb/asof/engine"
	"github.com/asofdb/asof/sql/types"
)

// childVariable holds the orders of a child that ends itself, as JSON; a process that finds it set is one.
const childVariable = "ASOF_ENGINE_TEST_CHILD"

// stepOrders are where a child reads and what it ends at: the step, once it has been passed so often.
type stepOrders struct {
	Dir, Path, Step string
	Times           int
	Rebuild         bool // the directory, instead of reading into it
}

func (o stepOrders) create() string {
	return "CREATE SOURCE IF NOT EXISTS t (id BIGINT PRIMARY KEY, who TEXT, n INTEGER) WITH (connector = 'file', path = '" + o.Path + "', follow = 'true') FORMAT DEBEZIUM ENCODE JSON;" +
		"CREATE FEATURE IF NOT EXISTS f AS SELECT who, COUNT(*) AS rows, SUM(n) AS total FROM t GROUP BY who"
}

func (o stepOrders) open() (*engine.Engine, error) {
	return engine.Open(o.Dir, o.options())
}

func (o stepOrders) options() engine.Options {
	return engine.Options{Connectors: connectors.Default(), BatchChanges: 3, FlushChanges: 6}
}

// runStepChild reads until it ends itself, and says each frontier that readers were told.
func runStepChild() {
	var o stepOrders
	if err := json.Unmarshal([]byte(os.Getenv(childVariable)), &o); err != nil {
		panic(err)
	}
	var mu sync.Mutex // steps of a commit and of a checkpoint are passed by different goroutines
	var eng *engine.Engine
	left := o.Times
	engine.OnStep(func(step string) {
		mu.Lock()
		defer mu.Unlock()
		if step == "published" && eng != nil {
			fmt.Println(sourceFrontier(eng))
		}
		if step == o.Step {
			if left--; left == 0 {
				_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
				select {}
			}
		}
	})
	if o.Rebuild {
		_, err := engine.Rebuild(context.Background(), o.Dir, o.options())
		fmt.Println("error: the rebuild ended:", err)
		os.Exit(1)
	}
	e, err := o.open()
	if err == nil {
		mu.Lock()
		eng = e
		fmt.Println(sourceFrontier(e))
		mu.Unlock()
		err = e.Exec(context.Background(), o.create())
	}
	if err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
	select {}
}

// sourceFrontier is the frontier of t in µs, NoTime where there is none.
func sourceFrontier(e *engine.Engine) int64 {
	rows, err := e.Query(context.Background(), "SHOW SOURCES")
	if err != nil {
		return engine.NoTime
	}
	defer rows.Close()
	for rows.Next() {
		for i, c := range rows.Columns() {
			if v := rows.Values()[i]; c.Name == "frontier" && !v.IsNull() {
				return v.I
			}
		}
	}
	return engine.NoTime
}

// TestF01KillsBetweenTheStepsOfACommit ends the process at every step of the way of a change, and of a checkpoint: what readers were told stays, and in the end each transaction counts
// once, at its moment, as in a directory whose process was never ended.
func TestF01KillsBetweenTheStepsOfACommit(t *testing.T) {
	dir := t.TempDir()
	o := stepOrders{Dir: filepath.Join(dir, "killed"), Path: filepath.Join(dir, "t.ndjson")}
	w := &stepWriter{path: o.Path, rng: rand.New(rand.NewPCG(1, 1)), rows: map[int]bool{}}
	told := engine.NoTime
	for _, times := range []int{1, 2, 5} {
		for _, step := range engine.Steps() {
			w.transactions(t, 12)
			o.Step, o.Times = step, times
			told = killAtStep(t, o, told)
		}
	}
	e, err := o.open()
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	if f := sourceFrontier(e); f < told {
		t.Errorf("the frontier is %d after readers were told %d", f, told)
	}
	control := o
	control.Dir = filepath.Join(dir, "never killed")
	c, err := control.open()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	mustExec(t, e, o.create())
	mustExec(t, c, o.create())
	mustExec(t, e, "SELECT * FROM t AS OF '"+types.NewTimestamptz(w.now.UnixMicro()).String()+"'")
	mustExec(t, c, "SELECT * FROM t AS OF '"+types.NewTimestamptz(w.now.UnixMicro()).String()+"'")
	for _, at := range w.commits {
		for _, q := range []string{"SELECT * FROM f", "SELECT * FROM t"} {
			q += " AS OF '" + types.NewTimestamptz(at.UnixMicro()).String() + "'"
			got, err := ask(t.Context(), e, q)
			want, err2 := ask(t.Context(), c, q)
			if err := errors.Join(err, err2); err != nil || got != want {
				t.Fatalf("%s: %q instead of %q, %v", q, got, want, err)
			}
		}
	}
	counters := func(e *engine.Engine) string { // of the source, without what a clock says
		before, _, _ := strings.Cut(mustAsk(t, e, "SHOW SOURCES"), o.Path)
		return before
	}
	if got, want := counters(e), counters(c); got != want {
		t.Errorf("SHOW SOURCES: %s instead of %s", got, want)
	}
}

// killAtStep runs a child to its end and returns the largest frontier that it or one before it has said.
func killAtStep(t *testing.T, o stepOrders, told int64) int64 {
	t.Helper()
	orders, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0], "-test.run=^$")
	cmd.Env, cmd.Stderr = append(os.Environ(), childVariable+"="+string(orders)), os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGQUIT) }
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for in := bufio.NewScanner(out); in.Scan(); {
		var f int64
		if _, err := fmt.Sscan(in.Text(), &f); err != nil {
			t.Fatalf("the child said %q", in.Text())
		}
		if f < told {
			t.Fatalf("%s, %d times: the frontier went back from %d to %d", o.Step, o.Times, told, f)
		}
		told = f
	}
	var exit *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		t.Fatalf("%s: the child ended with %v before it had passed %d times", o.Step, err, o.Times)
	}
	return told
}

// stepWriter appends transactions, each a millisecond after the one before.
type stepWriter struct {
	path    string
	rng     *rand.Rand
	lines   recordWriter
	now     time.Time
	rows    map[int]bool
	commits []time.Time
}

func (w *stepWriter) transactions(t *testing.T, n int) {
	t.Helper()
	if w.now.IsZero() {
		w.now = storyNoon.Add(-time.Hour)
	}
	var out []string
	for range n {
		w.now = w.now.Add(time.Millisecond)
		w.commits = append(w.commits, w.now)
		at := w.now.Format("15:04:05.000000")
		for range 1 + w.rng.IntN(3) {
			id := w.rng.IntN(15)
			image := fmt.Sprintf(`{"id":%d,"who":"%c","n":%d}`, id, 'a'+w.rng.IntN(4), w.rng.IntN(100))
			switch {
			case !w.rows[id]:
				out = append(out, at+" c "+image)
			case w.rng.IntN(3) == 0:
				out = append(out, fmt.Sprintf(`%s d {"id":%d}`, at, id))
			default:
				out = append(out, at+" u "+image)
				continue
			}
			w.rows[id] = !w.rows[id]
		}
	}
	lines, err := w.lines.lines(strings.Join(out, "\n"))
	if err == nil {
		err = writeLines(w.path, os.O_APPEND, strings.Join(lines, "\n"))
	}
	if err != nil {
		t.Fatal(err)
	}
}
