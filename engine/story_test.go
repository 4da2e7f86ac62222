package engine_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/datadriven"

	"github.com/asofdb/asof/connectors"
	"github.com/asofdb/asof/engine"
	"github.com/asofdb/asof/sql/types"
)

// The stories in testdata/stories say what goes into files, which statements are run, and what comes back. Each is told
// in a directory of its own and begins at noon of 20 May 2025; time passes only where a story waits. Their commands:
//
//	file NAME        writes a file of these lines
//	append NAME      adds lines to it
//	records NAME     writes Debezium's records in short; see recordWriter. With the word "append" it adds them.
//	sql [NAME]       runs statements in a session, of that name if there are several, and prints rows, notices and errors; STDIN is one line, 7 and NULL
//	as USER          runs statements, a line each, in a session of a user's who has come through a door; they go on after an error
//	counters NAME    prints what SHOW SOURCES says of a source, a column a line, without zeros
//	wait DURATION    lets time pass
//	clock TIME       sets the wall clock, as in "clock 12:30:00"
//	restart          closes the data directory and opens it again
//
// A story is told several times, with batches and checkpoints of all sizes; its text must not change.
func TestStories(t *testing.T) {
	variants := []struct {
		name string
		engine.Options
	}{
		{name: "as it comes"},
		{name: "batches of one", Options: engine.Options{BatchChanges: 1, FlushChanges: 1}},
		{name: "batches of three", Options: engine.Options{BatchChanges: 3, FlushChanges: 2}},
	}
	if f := flag.Lookup("rewrite"); f != nil && f.Value.String() == "true" || testing.Short() {
		variants = variants[:1]
	}
	datadriven.Walk(t, filepath.Join("testdata", "stories"), func(t *testing.T, path string) {
		path, err := filepath.Abs(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range variants {
			t.Run(v.name, func(t *testing.T) {
				t.Chdir(t.TempDir())
				synctest.Test(t, func(t *testing.T) { newTeller(v.Options).tell(t, path) })
			})
		}
	})
}

// storyNoon is when every story begins.
var storyNoon = time.Date(2025, 5, 20, 12, 0, 0, 0, time.UTC)

// teller tells one story. It lives in a bubble of synctest, whose time it shifts to the story's.
type teller struct {
	options  engine.Options
	eng      *engine.Engine
	sessions map[string]*engine.Session
	shift    atomic.Int64 // from the bubble's time to the story's, ns
	notices  chan engine.Notice
	records  recordWriter
}

func newTeller(o engine.Options) *teller {
	s := &teller{options: o, notices: make(chan engine.Notice, 100)}
	s.setClock(storyNoon)
	s.options.Connectors = connectors.Default()
	s.options.Clock = func() time.Time { return time.Now().Add(time.Duration(s.shift.Load())) }
	s.options.Notice = func(n engine.Notice) { s.notices <- n }
	return s
}

func (s *teller) setClock(to time.Time) { s.shift.Store(int64(time.Until(to))) }

func (s *teller) tell(t *testing.T, path string) {
	s.open(t)
	defer s.close(t)
	datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
		out, err := s.command(t, d)
		if err != nil {
			d.Fatalf(t, "%v", err)
		}
		return out
	})
}

func (s *teller) open(t *testing.T) {
	t.Helper()
	var err error
	if s.eng, err = engine.Open("data", s.options); err != nil {
		t.Fatal(err)
	}
	s.sessions = map[string]*engine.Session{}
}

func (s *teller) close(t *testing.T) {
	t.Helper()
	if err := s.eng.Close(); err != nil {
		t.Fatal(err)
	}
}

func (s *teller) command(t *testing.T, d *datadriven.TestData) (string, error) {
	arg := func(i int) string {
		if i < len(d.CmdArgs) {
			return d.CmdArgs[i].Key
		}
		return ""
	}
	switch d.Cmd {
	case "file":
		return "", writeLines(arg(0), os.O_TRUNC, d.Input)
	case "append":
		return "", writeLines(arg(0), os.O_APPEND, d.Input)
	case "records":
		lines, err := s.records.lines(d.Input)
		if err != nil {
			return "", err
		}
		mode := os.O_TRUNC
		if arg(1) == "append" {
			mode = os.O_APPEND
		}
		return "", writeLines(arg(0), mode, strings.Join(lines, "\n"))
	case "sql":
		return s.run(t.Context(), arg(0), d.Input), nil
	case "as":
		if name := "as " + arg(0); s.sessions[name] == nil {
			s.sessions[name] = s.eng.NewSessionWith(engine.SessionOptions{User: arg(0), Door: "a story"})
		}
		var out strings.Builder
		for line := range strings.SplitSeq(d.Input, "\n") {
			out.WriteString(s.run(t.Context(), "as "+arg(0), line))
		}
		return out.String(), nil
	case "counters":
		return s.counters(t.Context(), arg(0))
	case "wait":
		pause, err := time.ParseDuration(arg(0))
		if err != nil {
			return "", err
		}
		time.Sleep(pause)
		synctest.Wait()
		return "", nil
	case "clock":
		at, err := time.Parse(time.DateTime, "2025-05-20 "+arg(0))
		s.setClock(at)
		return "", err
	case "restart":
		s.close(t)
		s.open(t)
		return "", nil
	default:
		return "", fmt.Errorf("no command %q", d.Cmd)
	}
}

func writeLines(name string, mode int, text string) error {
	if text != "" {
		text += "\n"
	}
	f, err := os.OpenFile(name, os.O_CREATE|os.O_WRONLY|mode, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}

// run runs statements one after the other, to the first error.
func (s *teller) run(ctx context.Context, session, script string) string {
	if s.sessions[session] == nil {
		s.sessions[session] = s.eng.NewSession()
	}
	var b strings.Builder
	for _, statement := range splitStatements(script) {
		rows, err := s.sessions[session].Query(ctx, statement)
		s.appendNotices(&b)
		switch {
		case err != nil:
		case rows.Copy() != nil && rows.Copy().In:
			err = rows.CopyIn(strings.NewReader("7\t\\N\n"))
			b.WriteString(rows.Tag() + "\n")
		case rows.Copy() != nil:
			err = rows.CopyOut(&b)
		default:
			err = appendRows(&b, rows)
		}
		if err != nil {
			b.WriteString(errorText(statement, err))
			break
		}
	}
	return b.String()
}

// appendNotices prints what has been noticed since it was last called.
func (s *teller) appendNotices(b *strings.Builder) {
	for len(s.notices) > 0 {
		n := <-s.notices
		b.WriteString("NOTICE: " + n.Message + "\n")
		if n.Hint != "" {
			b.WriteString("HINT: " + n.Hint + "\n")
		}
	}
}

// counters prints one row of SHOW SOURCES.
func (s *teller) counters(ctx context.Context, source string) (string, error) {
	rows, err := s.eng.Query(ctx, "SHOW SOURCES")
	if err != nil {
		return "", err
	}
	defer rows.Close()
	var b strings.Builder
	for rows.Next() {
		if rows.Values()[0].S != source {
			continue
		}
		for i, v := range rows.Values() {
			if text := csvField(v); text != "" && text != "0" {
				b.WriteString(rows.Columns()[i].Name + ": " + text + "\n")
			}
		}
	}
	return b.String(), rows.Err()
}

// splitStatements splits at semicolons that end a line.
func splitStatements(script string) []string {
	var all []string
	for part := range strings.SplitSeq(script, ";\n") {
		if part = strings.TrimSpace(part); part != "" {
			all = append(all, strings.TrimSuffix(part, ";"))
		}
	}
	return all
}

// appendRows prints rows as CSV under their names, and a statement without rows by its tag.
func appendRows(b *strings.Builder, rows *engine.Rows) error {
	defer rows.Close()
	if rows.Columns() == nil {
		b.WriteString(rows.Tag() + "\n")
		return nil
	}
	var names []string
	for _, c := range rows.Columns() {
		names = append(names, c.Name)
	}
	b.WriteString(strings.Join(names, ",") + "\n")
	for rows.Next() {
		var fields []string
		for _, v := range rows.Values() {
			fields = append(fields, csvField(v))
		}
		b.WriteString(strings.Join(fields, ",") + "\n")
	}
	return rows.Err()
}

// csvField is a value as the shell's csv has it: NULL is empty, the empty string is "".
func csvField(v types.Value) string {
	if v.IsNull() {
		return ""
	}
	text := string(types.AppendText(nil, v))
	if text == "" || strings.ContainsAny(text, ",\"\n") {
		return `"` + strings.ReplaceAll(text, `"`, `""`) + `"`
	}
	return text
}

// errorText shows an error as the shell does: SQLSTATE, message, the line with a caret below, detail and hint.
func errorText(statement string, err error) string {
	var e *types.Error
	if !errors.As(err, &e) {
		return "ERROR without SQLSTATE: " + err.Error() + "\n"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "ERROR %s: %s\n", e.Code, err)
	if e.Pos > 0 && e.Pos <= len(statement)+1 {
		before := statement[:e.Pos-1]
		line := strings.Count(before, "\n") + 1
		from := strings.LastIndexByte(before, '\n') + 1
		text, _, _ := strings.Cut(statement[from:], "\n")
		prefix := fmt.Sprintf("LINE %d: ", line)
		caret := strings.Repeat("^", max(1, min(e.Len, len(text)-(e.Pos-1-from))))
		fmt.Fprintf(&b, "%s%s\n%s%s\n", prefix, text, strings.Repeat(" ", len(prefix)+e.Pos-1-from), caret)
	}
	if e.Detail != "" {
		b.WriteString("DETAIL: " + e.Detail + "\n")
	}
	if e.Hint != "" {
		b.WriteString("HINT: " + e.Hint + "\n")
	}
	// A path of this run's own directory is of no interest.
	if dir, err := os.Getwd(); err == nil {
		return strings.ReplaceAll(b.String(), dir, "DIR")
	}
	return b.String()
}
