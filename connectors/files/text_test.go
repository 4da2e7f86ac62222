package files

import (
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

func write(t testing.TB, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func open(path string, s engine.FileSpec) (*engine.File, error) {
	return Connectors()[strings.TrimPrefix(filepath.Ext(path), ".")].Open(context.Background(), path, s)
}

// table is a file as text: its columns with their types, then its rows.
func table(path string, s engine.FileSpec) (string, error) {
	f, err := open(path, s)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	all := make([]int, len(f.Columns))
	for i, c := range f.Columns {
		all[i] = i
		fmt.Fprintf(&b, "%s %s; ", c.Name, c.Type)
	}
	rows, err := readRows(f, all)
	for _, row := range rows {
		b.WriteString("\n")
		for i, v := range row {
			if i > 0 {
				b.WriteString("|")
			}
			b.WriteString(v.String())
		}
	}
	return b.String(), err
}

// readRows returns the rows of a file, cloned.
func readRows(f *engine.File, columns []int) ([][]types.Value, error) {
	ctx := context.Background()
	r, err := f.Rows(ctx, columns)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	var rows [][]types.Value
	for {
		row, err := r.Next(ctx)
		if row == nil || err != nil {
			return rows, err
		}
		kept := make([]types.Value, len(row))
		for i, v := range row {
			kept[i] = v.Clone()
		}
		rows = append(rows, kept)
	}
}

func TestCSVTables(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	declared := types.Schema{{Name: "ts", Type: types.Type{Kind: types.Timestamptz}}, {Name: "id", Type: types.Type{Kind: types.Text}}}
	for _, c := range []struct {
		name, content string
		spec          engine.FileSpec
		want          string
	}{
		{
			"the labels of the contract", "label_id,customer_id,ts\n1,a,2025-05-01 10:05:00.2+00\n6,,2025-05-01 11:00:00+00\n",
			engine.FileSpec{},
			"label_id bigint; customer_id text; ts timestamp with time zone; \n1|a|2025-05-01 10:05:00.2+00\n6|NULL|2025-05-01 11:00:00+00",
		},
		{"only a header", "a,b\n", engine.FileSpec{}, "a text; b text; "},
		{"no line break at the end", "a\n1", engine.FileSpec{}, "a bigint; \n1"},
		{"CRLF and a byte order mark", "\xef\xbb\xbfa,b\r\n1,2\r\n", engine.FileSpec{}, "a bigint; b bigint; \n1|2"},
		{"empty lines", "a,b\n\n1,2\n\n\n3,4\n\n", engine.FileSpec{}, "a bigint; b bigint; \n1|2\n3|4"},
		{"an empty line of one column is NULL", "a\n1\n\n2\n", engine.FileSpec{}, "a bigint; \n1\nNULL\n2"},
		{"the empty string is none", "a\n\"\"\n\n", engine.FileSpec{}, "a text; \n\nNULL"},
		{"quotes do not matter for the type", "a,b\n\"1\",\"2025-05-01 10:05:00Z\"\n", engine.FileSpec{}, "a bigint; b timestamp with time zone; \n1|2025-05-01 10:05:00+00"},
		{"quotes hold everything", "a,\"b,\"\"c\"\n\"x\ny\",\"1,\"\"2\"\n", engine.FileSpec{}, "a text; b,\"c text; \nx\ny|1,\"2"},
		{"a value that comes late", "a\n1\n2\nx\n", engine.FileSpec{}, "a text; \n1\n2\nx"},
		{"the index of pandas", ",a\n0,x\n", engine.FileSpec{}, "column1 bigint; a text; \n0|x"},
		{"another delimiter", "a;b\n1;2,5\n", engine.FileSpec{Options: map[string]string{"delimiter": ";"}}, "a bigint; b text; \n1|2,5"},
		{"a word for NULL", "a,b\n-,\n1,\"-\"\n", engine.FileSpec{Options: map[string]string{"null": "-"}}, "a bigint; b text; \nNULL|\n1|-"},
		{"declared columns, by name, in a zone", "x,id,ts\n9,007,2025-05-01 10:00\n", engine.FileSpec{Columns: declared, Zone: berlin}, "ts timestamp with time zone; id text; \n2025-05-01 08:00:00+00|007"},
		{"declared columns, by place", "2025-05-01 10:00,007\n", engine.FileSpec{Columns: declared, Options: map[string]string{"header": "false"}}, "ts timestamp with time zone; id text; \n2025-05-01 10:00:00+00|007"},
		{"declared columns of an empty file", "", engine.FileSpec{Columns: declared, Options: map[string]string{"header": "false"}}, "ts timestamp with time zone; id text; "},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := table(write(t, "in.csv", c.content), c.spec)
			if err != nil || got != c.want {
				t.Errorf("%v\ngot  %q\nwant %q", err, got, c.want)
			}
		})
	}
}

func TestNDJSONTables(t *testing.T) {
	declared := types.Schema{
		{Name: "n", Type: types.Type{Kind: types.Numeric, Precision: 5, Scale: 2}},
		{Name: "j", Type: types.Type{Kind: types.JSONB}},
		{Name: "a", Type: types.Type{Kind: types.Array, Elem: types.Int4}},
		{Name: "missing", Type: types.Type{Kind: types.Bool}},
	}
	for _, c := range []struct {
		name, content string
		spec          engine.FileSpec
		want          string
	}{
		{
			"kinds", `{"i": 1, "n": 1.50, "b": true, "t": "x", "ts": "2025-05-01T10:00:00Z", "j": {"a": [1, 2]}, "z": null, "d": "12"}`,
			engine.FileSpec{},
			"i bigint; n numeric; b boolean; t text; ts timestamp with time zone; j json; z text; d text; \n1|1.50|t|x|2025-05-01 10:00:00+00|{\"a\":[1,2]}|NULL|12",
		},
		{"members that come late, twice, or not", "{\"a\":1}\n\n{\"b\":\"x\",\"b\":\"y\"}\n{}\n", engine.FileSpec{}, "a bigint; b text; \n1|NULL\nNULL|y\nNULL|NULL"},
		{"several kinds are text", "{\"a\":1.50}\n{\"a\":\"x\"}\n{\"a\":false}\n{\"a\":[1, \"b\"]}\n{\"a\":null}", engine.FileSpec{}, "a text; \n1.50\nx\nf\n[1,\"b\"]\nNULL"},
		{"numbers keep their digits", "{\"a\":9223372036854775808}\n{\"a\":0.10}\n{\"a\":1e2}", engine.FileSpec{}, "a numeric; \n9223372036854775808\n0.10\n100"},
		{
			"declared columns", `{"n": 1.5, "j": "x\n\"", "a": [1, null], "other": 5}`,
			engine.FileSpec{Columns: declared},
			"n numeric(5,2); j jsonb; a integer[]; missing boolean; \n1.50|\"x\\n\\\"\"|{1,NULL}|NULL",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			want := strings.ReplaceAll(c.want, "\nf\n", "\nfalse\n")
			got, err := table(write(t, "in.ndjson", c.content), c.spec)
			if err != nil || got != want {
				t.Errorf("%v\ngot  %q\nwant %q", err, got, want)
			}
		})
	}
}

func TestFileErrors(t *testing.T) {
	id := types.Schema{{Name: "id", Type: types.Type{Kind: types.Int8}}}
	for _, c := range []struct {
		name, content string
		spec          engine.FileSpec
		code, want    string
	}{
		{"in.csv", "a,b\n1,2\n3\n", engine.FileSpec{}, types.CodeInvalidSource, "file PATH, line 3: the record has 1 field instead of 2"},
		{"in.csv", "a,b\n\"x\ny\",2\n1,2,3\n", engine.FileSpec{}, types.CodeInvalidSource, "file PATH, line 4: the record has 3 fields instead of 2"},
		{"in.csv", "", engine.FileSpec{}, types.CodeInvalidSource, "file PATH has no header line"},
		{"in.csv", "a,a\n", engine.FileSpec{}, types.CodeDuplicateColumn, `file PATH, line 1: the header names column "a" twice`},
		{"in.csv", "a\nx\"\n", engine.FileSpec{}, types.CodeInvalidText, "file PATH, line 2: a quote at byte 2, inside a field that does not begin with one"},
		{"in.csv", "a\n\"x\n", engine.FileSpec{}, types.CodeInvalidText, "file PATH, line 2: the quote at byte 1 is not closed"},
		{"in.csv", "a\n\xff\n", engine.FileSpec{}, types.CodeBadUTF8, "file PATH, line 2: not valid UTF-8 at byte 1"},
		{"in.csv", "a\n1\n", engine.FileSpec{Columns: id}, types.CodeUndefinedColumn, `the header of file PATH does not name column "id": it has a`},
		{"in.csv", "id\n1\nx\n", engine.FileSpec{Columns: id}, types.CodeInvalidText, `file PATH, line 3: column "id": invalid input syntax for type bigint: "x"`},
		{"in.csv", "a\n", engine.FileSpec{Options: map[string]string{"header": "x"}}, types.CodeInvalidParameter, `header = "x" is neither true nor false`},
		{"in.csv", "a\n", engine.FileSpec{Options: map[string]string{"delimiter": ",,"}}, types.CodeInvalidParameter, `delimiter = ",," is not a single character`},
		{"in.csv", "a\n", engine.FileSpec{Options: map[string]string{"null": "a,b"}}, types.CodeInvalidParameter, `null = "a,b" has the delimiter`},
		{"in.ndjson", "{\"a\":1}\n{\"a\":}\n", engine.FileSpec{}, types.CodeInvalidText, `file PATH, line 2: not valid JSON at byte 6: unexpected "}"`},
		{"in.ndjson", "[1]\n", engine.FileSpec{}, types.CodeInvalidSource, "file PATH, line 1: the record is not a JSON object: "},
		{"in.ndjson", "\n", engine.FileSpec{}, types.CodeInvalidSource, "file PATH has no objects, so its columns are not known"},
		{"in.ndjson", `{"id":1.5}`, engine.FileSpec{Columns: id}, types.CodeInvalidText, `file PATH, line 1: column "id": invalid input syntax for type bigint: "1.5"`},
		{"in.ndjson", `{"ts":5}`, engine.FileSpec{Columns: types.Schema{{Name: "ts", Type: types.Type{Kind: types.Timestamptz}}}}, types.CodeDatatypeMismatch, `file PATH, line 1: column "ts": 5 is a number, which does not say what it counts`},
		{"in.parquet", "PAR1", engine.FileSpec{}, types.CodeInvalidSource, "file PATH is not a Parquet file: "},
		{"in.parquet", "", engine.FileSpec{}, types.CodeInvalidSource, "file PATH is not a Parquet file: "},
		{"in.parquet", "a,b\n1,2\n1,2\n1,2\n1,2\n", engine.FileSpec{}, types.CodeInvalidSource, "file PATH is not a Parquet file: "},
	} {
		path := write(t, c.name, c.content)
		_, err := table(path, c.spec)
		var e *types.Error
		if !errors.As(err, &e) || e.Code != c.code || !strings.HasPrefix(e.Message, strings.ReplaceAll(c.want, "PATH", path)) {
			t.Errorf("%s %q: %v", c.name, c.content, err)
		}
	}
}

func TestMissingFiles(t *testing.T) {
	dir := t.TempDir()
	for name := range Connectors() {
		for path, want := range map[string]string{
			filepath.Join(dir, "no."+name): "there is no file " + filepath.Join(dir, "no."+name),
			dir:                            dir + " is a directory",
			os.DevNull:                     os.DevNull + " is not a regular file",
		} {
			_, err := Connectors()[name].Open(t.Context(), path, engine.FileSpec{})
			var e *types.Error
			if !errors.As(err, &e) || e.Code != types.CodeBadFile || e.Message != want || e.Hint == "" {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// Only the columns that are wanted are read as values, in the order asked for; none is a row all the same.
func TestChosenColumns(t *testing.T) {
	for name, content := range map[string]string{"in.csv": "a,b,c\n1,x,2025-05-01\n", "in.ndjson": `{"a":1,"b":"x","c":"2025-05-01"}`} {
		f, err := open(write(t, name, content), engine.FileSpec{})
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			columns []int
			want    string
		}{{[]int{2, 0}, "[[2025-05-01 1]]"}, {[]int{}, "[[]]"}} {
			rows, err := readRows(f, c.columns)
			if got := fmt.Sprint(rows); err != nil || got != c.want {
				t.Errorf("%s %v: %s, %v", name, c.columns, got, err)
			}
		}
	}
}

// A file that becomes another between its columns and its rows is an error and not half a table.
func TestChangedFiles(t *testing.T) {
	for name, content := range map[string]string{"in.csv": "a,b\n1,x\n", "in.ndjson": `{"a":1}`} {
		path := write(t, name, content)
		f, err := open(path, engine.FileSpec{})
		if err != nil {
			t.Fatal(err)
		}
		rows, err := f.Rows(t.Context(), []int{0})
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, time.Time{}, time.Unix(1e9, 0)); err != nil {
			t.Fatal(err)
		}
		for err == nil {
			var row []types.Value
			if row, err = rows.Next(t.Context()); row == nil {
				break
			}
		}
		rows.Close()
		if err == nil || !strings.Contains(err.Error(), "was changed while it was read") {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := f.Rows(t.Context(), []int{0}); err == nil || !strings.Contains(err.Error(), "was changed while it was read") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestProgress(t *testing.T) {
	content := "a\n" + strings.Repeat("12345\n", 1<<20)
	last, calls := int64(0), 0
	_, err := open(write(t, "in.csv", content), engine.FileSpec{Progress: func(done, total int64) {
		if done <= last || total != int64(len(content)) {
			t.Fatalf("%d of %d after %d", done, total, last)
		}
		last = done
		calls++
	}})
	if err != nil || last != int64(len(content)) || calls < 10 {
		t.Errorf("%v: %d of %d in %d calls", err, last, len(content), calls)
	}
}

// Whatever a file holds, it is a table, the same for its columns and for its rows, or an error.
func fuzzFile(f *testing.F, name string, seeds ...string) {
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		path := write(t, name, string(content))
		file, err := open(path, engine.FileSpec{})
		if err == nil {
			all := make([]int, len(file.Columns))
			for i := range all {
				all[i] = i
			}
			_, err = readRows(file, all)
			if err != nil && !strings.HasSuffix(name, ".parquet") {
				t.Fatalf("the columns could be read and the rows not: %v", err)
			}
		}
		var e *types.Error
		if err != nil && !errors.As(err, &e) {
			t.Fatalf("no error of ours: %v", err)
		}
	})
}

func FuzzCSVFile(f *testing.F) {
	fuzzFile(f, "in.csv", "a,b\n1,x\n", "a\n\n\"\"\n", "ts,n\n2025-05-01 10:00:00.123456789+00,1e5\n2025-05-01,NaN\n", "\xef\xbb\xbf,\n1,2", "\"a\"\"\",b\r\n\"x\ny\",\n", ",\n,\x00")
}

func FuzzNDJSONFile(f *testing.F) {
	fuzzFile(f, "in.ndjson", `{"a":1,"b":"2025-05-01"}`, "{\"a\":1e400}\n{\"a\":\"x\\u0000\"}", "{}\n{\"a\":[1,{}]}\n{\"a\":true}", "null")
}
