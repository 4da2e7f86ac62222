package file

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/asofdb/asof/engine"
	"github.com/asofdb/asof/sql/types"
)

func write(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "in.ndjson")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func add(t *testing.T, path, content string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString(content); err != nil {
		t.Fatal(err)
	}
}

func open(t *testing.T, from engine.Position, with ...string) engine.Reader {
	t.Helper()
	r, err := Connector().Open(t.Context(), optionMap(with), engine.Positions{"": from})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

func optionMap(with []string) map[string]string {
	m := map[string]string{}
	for i := 0; i < len(with); i += 2 {
		m[with[i]] = with[i+1]
	}
	return m
}

// seen is a record that has been copied out of the reader's buffer.
type seen struct {
	value string
	line  int64
	next  engine.Position
}

// readAll reads to the (first) end of the input, at most limit records at a time.
func readAll(t *testing.T, r engine.Reader, limit int) (all []seen, last engine.Poll) {
	t.Helper()
	for {
		p, err := r.Read(t.Context(), limit)
		if err != nil {
			t.Fatal(err)
		}
		if len(p.Records) > limit {
			t.Fatalf("%d records instead of at most %d", len(p.Records), limit)
		}
		for _, rec := range p.Records {
			all = append(all, seen{string(rec.Value), rec.Line, rec.Next})
		}
		if p.AtEnd {
			return all, p
		}
	}
}

func values(all []seen) string {
	var b strings.Builder
	for _, s := range all {
		fmt.Fprintf(&b, "%d:%q ", s.line, s.value)
	}
	return strings.TrimSpace(b.String())
}

func TestLines(t *testing.T) {
	for _, c := range []struct{ name, content, want string }{
		{"empty file", "", ``},
		{"no line break at the end", "a\nb", `1:"a" 2:"b"`},
		{"line break at the end", "a\nb\n", `1:"a" 2:"b"`},
		{"empty lines are counted", "a\n\n\nb\n", `1:"a" 2:"" 3:"" 4:"b"`},
		{"CRLF", "a\r\nb\r\n", `1:"a" 2:"b"`},
		{"only a line break", "\n", `1:""`},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, limit := range []int{1, 2, 100} {
				all, last := readAll(t, open(t, engine.Position{}, "path", write(t, c.content)), limit)
				if got := values(all); got != c.want {
					t.Errorf("limit %d: got %s, want %s", limit, got, c.want)
				}
				if !last.Complete || last.Size != int64(len(c.content)) {
					t.Errorf("limit %d: complete %v, size %d", limit, last.Complete, last.Size)
				}
			}
		})
	}
}

func TestCSVRecordsSpanLines(t *testing.T) {
	content := "id,t\r\n1,\"a\nb\"\"\n,\"\n2,5\" disk\n\n3,\"x\"\n4,\"open\nend"
	all, _ := readAll(t, open(t, engine.Position{}, "path", write(t, content), "__record", "csv"), 3)
	want := `1:"id,t" 2:"1,\"a\nb\"\"\n,\"" 5:"2,5\" disk" 6:"" 7:"3,\"x\"" 8:"4,\"open\nend"`
	if got := values(all); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// A reader that is opened again at any position returns exactly the records that come after it.
func TestResume(t *testing.T) {
	var content bytes.Buffer
	for i := range 4000 {
		fmt.Fprintf(&content, "%d %s\n", i, strings.Repeat("x", i*i%1500))
	}
	content.WriteString("the last one")
	path := write(t, content.String())
	all, _ := readAll(t, open(t, engine.Position{}, "path", path), 1000)
	if len(all) != 4001 {
		t.Fatalf("%d records", len(all))
	}
	for i := 0; i < len(all); i += 1 + i/3 {
		rest, last := readAll(t, open(t, all[i].next, "path", path), 700)
		if len(rest) != len(all)-i-1 || !last.Complete {
			t.Fatalf("resumed behind record %d: %d records, complete %v", i, len(rest), last.Complete)
		}
		for j := range rest {
			if rest[j] != all[i+1+j] {
				t.Fatalf("resumed behind record %d: record %d is %v instead of %v", i, j, rest[j].next, all[i+1+j].next)
			}
		}
	}
}

func TestRecordsOfAnyLength(t *testing.T) {
	long := strings.Repeat("long", 3<<20/4)
	all, _ := readAll(t, open(t, engine.Position{}, "path", write(t, "a\n"+long+"\nb\n"+long)), 10)
	if len(all) != 4 || all[1].value != long || all[3].value != long || all[2].value != "b" {
		t.Fatalf("%d records", len(all))
	}
	for _, content := range []string{"a\n123456789\nb\n", "a\n123456789", "a\n" + long + "\n"} {
		r := open(t, engine.Position{}, "path", write(t, content), "max_record_bytes", "8")
		p, err := r.Read(t.Context(), 10)
		if err != nil || len(p.Records) != 1 {
			t.Fatalf("%v, %v", p, err)
		}
		_, err = r.Read(t.Context(), 10)
		wantError(t, err, types.CodeInvalidSource, "line 2", "max_record_bytes = 8")
	}
}

func wantError(t *testing.T, err error, code string, parts ...string) {
	t.Helper()
	var e *types.Error
	if !errors.As(err, &e) || e.Code != code {
		t.Fatalf("error %v instead of one with code %s", err, code)
	}
	for _, part := range parts {
		if !strings.Contains(e.Message, part) {
			t.Errorf("the error does not say %q: %s", part, e.Message)
		}
	}
	if e.Hint == "" && e.Err == nil {
		t.Errorf("the error has no hint: %s", e.Message)
	}
}

func TestFollow(t *testing.T) {
	path := write(t, "a\nb")
	r := open(t, engine.Position{}, "path", path, "follow", "true")
	all, last := readAll(t, r, 10)
	if values(all) != `1:"a"` || last.Complete {
		t.Fatalf("got %s, complete %v", values(all), last.Complete)
	}
	add(t, path, "b\nc\n")
	all = next(t, r)
	if values(all) != `2:"bb" 3:"c"` {
		t.Fatalf("got %s", values(all))
	}
	// Nothing comes: an empty poll at the end, after a while.
	if p, err := r.Read(t.Context(), 10); err != nil || !p.AtEnd || p.Complete || len(p.Records) != 0 || p.Size != 7 {
		t.Fatalf("%+v, %v", p, err)
	}
	add(t, path, "d\n")
	if all := next(t, r); values(all) != `4:"d"` {
		t.Fatalf("got %s", values(all))
	}
}

// next reads until there are records.
func next(t *testing.T, r engine.Reader) []seen {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for time.Now().Before(deadline) {
		p, err := r.Read(t.Context(), 10)
		if err != nil {
			t.Fatal(err)
		}
		if len(p.Records) > 0 {
			var all []seen
			for _, rec := range p.Records {
				all = append(all, seen{string(rec.Value), rec.Line, rec.Next})
			}
			return all
		}
	}
	t.Fatal("no record in a minute")
	return nil
}

// What is done to a followed file besides appending to it is an error, at once or when the reader is opened again.
func TestChangedFiles(t *testing.T) {
	const content = "first line\nsecond line\n"
	for _, c := range []struct {
		name   string
		change func(path string) error
		code   string
		says   string
	}{
		{"truncated", func(p string) error { return os.Truncate(p, 3) }, types.CodeInvalidSource, "truncated or replaced"},
		{"replaced", func(p string) error {
			if err := os.WriteFile(p+".new", []byte("other line\nsecond line\nthird\n"), 0o600); err != nil {
				return err
			}
			return os.Rename(p+".new", p)
		}, types.CodeInvalidSource, "truncated or replaced"},
		{"rewritten in place and longer", func(p string) error {
			return os.WriteFile(p, []byte("another one\nand so on, for longer than before\n"), 0o600)
		}, types.CodeInvalidSource, "truncated or replaced"},
		{"removed", os.Remove, types.CodeBadFile, "there is no file"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := write(t, content)
			r := open(t, engine.Position{}, "path", path, "follow", "true")
			all, _ := readAll(t, r, 10)
			if err := c.change(path); err != nil {
				t.Fatal(err)
			}
			_, err := r.Read(t.Context(), 10)
			for i := 0; err == nil && i < 100; i++ {
				_, err = r.Read(t.Context(), 10)
			}
			wantError(t, err, c.code, c.says, path)
			_, err = Connector().Open(t.Context(), map[string]string{"path": path}, engine.Positions{"": all[1].next})
			wantError(t, err, c.code, c.says, path)
		})
	}
}

// A complete file may be removed while its last records are still being handled.
func TestRemovedAfterItsEnd(t *testing.T) {
	path := write(t, "a\nb\n")
	r := open(t, engine.Position{}, "path", path)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	all, last := readAll(t, r, 1)
	if len(all) != 2 || !last.Complete {
		t.Fatalf("%d records, complete %v", len(all), last.Complete)
	}
	if p, err := r.Read(t.Context(), 1); err != nil || !p.Complete || len(p.Records) != 0 {
		t.Fatalf("%+v, %v", p, err)
	}
}

func TestWaitingEnds(t *testing.T) {
	r := open(t, engine.Position{}, "path", write(t, ""), "follow", "true")
	readAll(t, r, 1)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.Read(ctx, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Read(t.Context(), 1); !errors.Is(err, os.ErrClosed) {
		t.Errorf("error %v", err)
	}
}

func TestCheck(t *testing.T) {
	dir := t.TempDir()
	good := write(t, "a\n")
	for _, c := range []struct {
		name string
		with []string
		code string
		says string
	}{
		{"no path", nil, types.CodeInvalidParameter, "path"},
		{"no file", []string{"path", dir + "/none.ndjson"}, types.CodeBadFile, dir + "/none.ndjson"},
		{"directory", []string{"path", dir}, types.CodeBadFile, "is a directory"},
		{"device", []string{"path", os.DevNull}, types.CodeBadFile, "not a regular file"},
		{"follow", []string{"path", good, "follow", "maybe"}, types.CodeInvalidParameter, "follow"},
		{"limit", []string{"path", good, "max_record_bytes", "0"}, types.CodeInvalidParameter, "max_record_bytes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := Connector().Check(optionMap(c.with))
			var e *types.Error
			if !errors.As(err, &e) || e.Code != c.code || !strings.Contains(e.Message, c.says) {
				t.Errorf("error %v", err)
			}
		})
	}
	if err := Connector().Check(map[string]string{"path": good}); err != nil {
		t.Error(err)
	}
}

// FuzzSplit compares records and positions with the simplest reading of the same bytes, whatever the limits.
func FuzzSplit(f *testing.F) {
	f.Add([]byte("a\nb\r\n\n\"c\nd\""), uint8(1), false)
	f.Add([]byte("a,\"b\"\"\n\"\nc"), uint8(3), true)
	f.Fuzz(func(t *testing.T, content []byte, limit uint8, asCSV bool) {
		path := filepath.Join(t.TempDir(), "f")
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		with := []string{"path", path}
		if asCSV {
			with = append(with, "__record", "csv")
		}
		all, _ := readAll(t, open(t, engine.Position{}, with...), int(limit)+1)
		var joined []byte
		from, line := int64(0), int64(1)
		for _, s := range all {
			if s.line != line {
				t.Fatalf("line %d instead of %d", s.line, line)
			}
			part := content[from:s.next.Offset]
			if !bytes.HasPrefix(part, []byte(s.value)) {
				t.Fatalf("record %q is not at %d", s.value, from)
			}
			if end := string(part[len(s.value):]); end != "\n" && end != "\r\n" && s.next.Offset != int64(len(content)) {
				t.Fatalf("record %q ends with %q", s.value, end)
			}
			joined = append(joined, part...)
			from, line = s.next.Offset, s.next.Line+1
		}
		if !bytes.Equal(joined, content) {
			t.Fatal("the records are not the file")
		}
		if n := bytes.Count(content, []byte("\n")); !asCSV && len(all) != n && len(all) != n+1 {
			t.Fatalf("%d records in %d lines", len(all), n)
		}
	})
}

func BenchmarkRead(b *testing.B) {
	line := strings.Repeat("x", 674) + "\n"
	path := filepath.Join(b.TempDir(), "in")
	if err := os.WriteFile(path, bytes.Repeat([]byte(line), 100000), 0o600); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(line)) * 100000)
	for b.Loop() {
		r, err := Connector().Open(b.Context(), map[string]string{"path": path}, nil)
		if err != nil {
			b.Fatal(err)
		}
		n := 0
		for complete := false; !complete; {
			p, err := r.Read(b.Context(), 5000)
			if err != nil {
				b.Fatal(err)
			}
			n, complete = n+len(p.Records), p.Complete
		}
		if n != 100000 {
			b.Fatal(n)
		}
		r.Close()
	}
}
