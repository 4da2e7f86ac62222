package sink

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/asofdb/asof/engine"
	"github.com/asofdb/asof/sql/types"
)

var sinks = map[string]func(string, engine.SinkSpec) (engine.Sink, error){
	"parquet": createParquet, "csv": createCSV, "ndjson": createNDJSON,
}

func names(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return strings.Join(all, " ")
}

// Until Commit the name holds what it held; Close without Commit leaves nothing else.
func TestWholeOrNotAtAll(t *testing.T) {
	schema, rows := testRows(t, testColumns[:6], 1000)
	for format, create := range sinks {
		t.Run(format, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "out")
			if err := os.WriteFile(path, []byte("before"), 0o640); err != nil {
				t.Fatal(err)
			}
			s, err := create(path, engine.SinkSpec{Columns: schema})
			if err != nil {
				t.Fatal(err)
			}
			for _, b := range batches(schema, rows) {
				if err := s.Write(b); err != nil {
					t.Fatal(err)
				}
			}
			if got, _ := os.ReadFile(path); string(got) != "before" {
				t.Fatalf("the file is %q before Commit", got)
			}
			for range 2 {
				if err := s.Close(); err != nil {
					t.Fatal(err)
				}
			}
			if got, _ := os.ReadFile(path); string(got) != "before" || names(t, dir) != "out" {
				t.Fatalf("after Close: %q, %s", got, names(t, dir))
			}
			if s, err = create(path, engine.SinkSpec{Columns: schema}); err != nil {
				t.Fatal(err)
			}
			writeAll(t, s, schema, rows)
			if got, _ := os.ReadFile(path); string(got) == "before" || names(t, dir) != "out" {
				t.Fatalf("after Commit: %d bytes, %s", len(got), names(t, dir))
			}
		})
	}
}

func TestASymbolicLinkStays(t *testing.T) {
	dir := t.TempDir()
	link, real := filepath.Join(dir, "link"), filepath.Join(t.TempDir(), "real")
	if err := os.WriteFile(real, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(real, link); err != nil {
		t.Fatal(err)
	}
	schema, rows := testRows(t, testColumns[:1], 3)
	s, err := createCSV(link, engine.SinkSpec{Columns: schema})
	if err != nil {
		t.Fatal(err)
	}
	writeAll(t, s, schema, rows)
	if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link is gone: %v", err)
	}
	if got, _ := os.ReadFile(real); string(got) != "b\n\nt\nf\n" {
		t.Errorf("the file is %q", got)
	}
}

func TestPlacesWithoutFiles(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct{ path, message string }{
		{filepath.Join(dir, "no", "out.csv"), "there is no directory " + filepath.Join(dir, "no") + " to write out.csv in"},
		{dir, dir + " is a directory"},
		{os.DevNull, "is not a regular file"},
	} {
		for format, create := range sinks {
			_, err := create(c.path, engine.SinkSpec{Columns: types.Schema{{Name: "x", Type: types.Type{Kind: types.Int8}}}})
			var e *types.Error
			if !errors.As(err, &e) || e.Code != types.CodeBadFile || !strings.Contains(e.Message, c.message) || e.Hint == "" {
				t.Errorf("%s: %v", format, err)
			}
		}
	}
	if names(t, dir) != "" {
		t.Errorf("left: %s", names(t, dir))
	}
}

// A disk that is full is an error of every format, with the path and a code of its own, although the Parquet library keeps some to itself.
func TestDiskFull(t *testing.T) {
	schema, rows := testRows(t, testColumns, 2000)
	for format, create := range sinks {
		path := filepath.Join(t.TempDir(), "out")
		s, err := create(path, engine.SinkSpec{Columns: schema})
		if err != nil {
			t.Fatal(err)
		}
		var w *whole
		switch s := s.(type) {
		case *parquetSink:
			w = s.parts[0].file
			s.limits.rows = 500
		case *csvSink:
			w = s.file
		case *ndjsonSink:
			w = s.file
		}
		full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
		if err != nil {
			t.Skip("needs /dev/full")
		}
		w.f.Close()
		w.f = full
		w.w.Reset(full)
		err = nil
		for _, b := range batches(schema, rows) {
			if err = s.Write(b); err != nil {
				break
			}
		}
		if err == nil {
			err = s.Commit()
		}
		var e *types.Error
		if !errors.As(err, &e) || e.Code != types.CodeDiskFull || !strings.Contains(e.Message, path) {
			t.Errorf("%s: %v", format, err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(path); err == nil {
			t.Errorf("%s is there", path)
		}
	}
}
