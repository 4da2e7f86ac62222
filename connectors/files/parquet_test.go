package files

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/asofdb/asof/connectors/sink"
	"github.com/asofdb/asof/engine"
	"github.com/asofdb/asof/sql/types"
)

// libraryFiles lets pandas, polars, DuckDB and pyarrow write files, and returns where they are and what they hold.
func libraryFiles(t *testing.T) (dir string, files []libraryFile) {
	t.Helper()
	python := os.Getenv("ASOF_TEST_PYTHON")
	switch {
	case python != "":
	case os.Getenv("CI") == "true":
		t.Fatal("ASOF_TEST_PYTHON is not set: ASOF_TEST_PYTHON=$(.ci/services/python.sh)")
	default:
		t.Skip("needs pandas, polars and DuckDB: ASOF_TEST_PYTHON=$(.ci/services/python.sh)")
	}
	dir = t.TempDir()
	cmd := exec.Command(python, "testdata/write.py", dir)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, stderr.String())
	}
	if err := json.Unmarshal(out, &files); err != nil {
		t.Fatal(err)
	}
	return dir, files
}

type libraryFile struct {
	File  string
	Types []string
	Rows  [][]*string
}

// Files as people's libraries write them are read as what they hold.
func TestLibraryFiles(t *testing.T) {
	dir, files := libraryFiles(t)
	for _, want := range files {
		t.Run(want.File, func(t *testing.T) {
			f, err := open(filepath.Join(dir, want.File), engine.FileSpec{})
			if err != nil {
				t.Fatal(err)
			}
			all := make([]int, len(f.Columns))
			for i, c := range f.Columns {
				all[i] = i
				if i >= len(want.Types) || c.Type.String() != want.Types[i] {
					t.Errorf("column %s is %s instead of %v", c.Name, c.Type, want.Types[i:i+1])
				}
			}
			rows, err := readRows(f, all)
			if err != nil || len(rows) != len(want.Rows) {
				t.Fatalf("%d rows instead of %d: %v", len(rows), len(want.Rows), err)
			}
			for i, row := range rows {
				for j, v := range row {
					text := want.Rows[i][j]
					if v.IsNull() != (text == nil) || text != nil && v.String() != *text {
						t.Fatalf("row %d, %s %s: %s instead of %s", i+1, f.Columns[j].Name, f.Columns[j].Type, v, show(text))
					}
					if !v.IsNull() && v.Kind != f.Columns[j].Type.Kind {
						t.Fatalf("row %d, %s: a value of %s instead of %s", i+1, f.Columns[j].Name, v.Kind, f.Columns[j].Type)
					}
				}
			}
			some, err := readRows(f, []int{len(f.Columns) - 1})
			if err != nil || len(some) != len(rows) || !types.Identical(some[0][0], rows[0][len(f.Columns)-1]) {
				t.Errorf("the last column alone: %d rows, %v", len(some), err)
			}
			none, err := readRows(f, []int{})
			if err != nil || len(none) != len(rows) {
				t.Errorf("no columns: %d rows, %v", len(none), err)
			}
		})
	}
	for name, want := range map[string]string{
		"struct": `column "x" is a struct or a map`, "map": `column "x" is a struct or a map`, "nested_list": `column "x" is nested more than one list deep`,
		"list_of_struct": `column "x" is nested more than one list deep`, "half": `column "x" is of the type FIXED_LEN_BYTE_ARRAY AS FLOAT16`, "duplicate": `two columns "x"`,
	} {
		_, err := open(filepath.Join(dir, name+".parquet"), engine.FileSpec{})
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), dir) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func show(text *string) string {
	if text == nil {
		return "NULL"
	}
	return *text
}

// roundTripColumns are every type with its edge values.
var roundTripColumns = [][]string{
	{"boolean", "t", "f"},
	{"smallint", "-32768", "32767"},
	{"integer", "-2147483648", "2147483647"},
	{"bigint", "-9223372036854775808", "9223372036854775807"},
	{"real", "0", "-0", "3.4028235e+38", "NaN", "Infinity"},
	{"double precision", "-0", "5e-324", "1.7976931348623157e+308", "NaN", "-Infinity"},
	{"numeric(5,2)", "-999.99", "0.01"},
	{"numeric(15,3)", "-999999999999.999", "0.000"},
	{"numeric(38,10)", "-9999999999999999999999999999.9999999999", "0.0000000001"},
	{"numeric(50,5)", "123456789012345678901234567890123456789012345.12345"},
	{"numeric", "1.50", "0.01", "-1234567890123456789012345678901234.56"},
	{"text", "", "NULL", "é€𝄞", "a,\"b\"\n\\", "\r", "1", "{}"},
	{"varchar(5)", "", "abcde"},
	{"char(4)", "a   ", "abcd"},
	{"date", "0001-01-01", "9999-12-31", "4714-11-24 BC", "5874897-12-31"},
	{"time", "00:00:00", "23:59:59.999999"},
	{"timestamp", "4714-11-24 00:00:00 BC", "1969-12-31 23:59:59.999999", "294247-01-10 04:00:54.775806"},
	{"timestamptz", "4714-11-24 00:00:00+00 BC", "1969-12-31 23:59:59.999999+00", "294247-01-10 04:00:54.775806+00"},
	{"interval", "1 year 2 mons 3 days 04:05:06.789", "-00:00:00.000001"},
	{"uuid", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"},
	{"bytea", `\x`, `\x00ff10`},
	{"json", `{"a":[1,2.50]}`, "null", `"x"`, "1"},
	{"jsonb", `{"a":[1,2.50]}`},
	{"integer[]", "{}", "{NULL}", "{1,NULL,-2147483648}"},
	{"text[]", "{}", `{"","NULL",NULL,é,"a,b"}`},
	{"numeric(5,2)[]", "{}", "{1.50,NULL}"},
	{"timestamptz[]", `{"2025-05-20 14:30:00.123456+00",NULL}`},
	{"boolean[]", "{t,NULL,f}"},
}

// What a sink writes is read back as the value it was, of every type, NULLs and edges included.
func TestRoundTrip(t *testing.T) {
	schema := make(types.Schema, len(roundTripColumns))
	const n = 3000
	rows := make([][]types.Value, n)
	for i := range rows {
		rows[i] = make([]types.Value, len(schema))
	}
	for c, column := range roundTripColumns {
		typ, err := types.ParseType(column[0])
		if err != nil {
			t.Fatal(err)
		}
		schema[c] = types.Column{Name: fmt.Sprintf("c%d %s", c, column[0]), Type: typ}
		for i := range rows {
			if k := i % len(column); k > 0 {
				if rows[i][c], err = types.Parse(typ, column[k]); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	for format, connector := range sink.Connectors() {
		t.Run(format, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "out."+format)
			writeFile(t, connector, path, schema, rows)
			f, err := open(path, engine.FileSpec{Columns: schema})
			if err != nil {
				t.Fatal(err)
			}
			all := make([]int, len(schema))
			for i := range all {
				all[i] = i
			}
			got, err := readRows(f, all)
			if err != nil || len(got) != n {
				t.Fatalf("%d rows: %v", len(got), err)
			}
			for i := range rows {
				for c := range schema {
					want := rows[i][c]
					if format == "parquet" && schema[c].Type.Kind == types.Numeric && schema[c].Type.Precision == 0 && !want.IsNull() {
						want, _ = types.Parse(types.Type{Kind: types.Numeric, Precision: 38, Scale: 2}, want.String()) // the file has one scale
					}
					if format == "ndjson" && want.Kind == types.JSON && want.S == "null" {
						want = types.Value{} // JSON has one null
					}
					if !types.Identical(got[i][c], want) {
						t.Fatalf("row %d, %s: %s instead of %s", i+1, schema[c].Name, got[i][c], want)
					}
				}
			}
		})
	}
}

func writeFile(t testing.TB, connector engine.SinkConnector, path string, schema types.Schema, rows [][]types.Value) {
	t.Helper()
	s, err := connector.Create(path, engine.SinkSpec{Columns: schema})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	b := types.NewBuilder(schema)
	for i, row := range rows {
		b.Append(row)
		if b.Len() == 1000 || i == len(rows)-1 {
			if err := s.Write(b.Batch()); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := s.Commit(); err != nil {
		t.Fatal(err)
	}
}

// A Parquet file read for declared columns is converted, by name, as an assignment does; text is read as the type's.
func TestParquetConversion(t *testing.T) {
	schema := types.Schema{{Name: "n", Type: types.Type{Kind: types.Int8}}, {Name: "ts", Type: types.Type{Kind: types.Text}}, {Name: "by", Type: types.Type{Kind: types.Bytea}}}
	path := filepath.Join(t.TempDir(), "in.parquet")
	writeFile(t, sink.Connectors()["parquet"], path, schema, [][]types.Value{{types.NewInt8(70000), types.NewText("2025-05-01 10:05:00.1234569+00"), types.NewBytea("x")}})
	for _, c := range []struct {
		column, typ, want string
	}{
		{"n", "numeric(10,2)", "n numeric(10,2); \n70000.00"},
		{"n", "text", "n text; \n70000"},
		{"ts", "timestamptz", "ts timestamp with time zone; \n2025-05-01 10:05:00.123456+00"},
		{"n", "smallint", `file PATH, row 1: column "n": `},
		{"by", "bigint", `file PATH, row 1: column "by": `},
		{"ts", "date[]", `file PATH, row 1: column "ts": malformed array literal`},
		{"other", "text", `file PATH, schema: there is no column "other": the file has n, ts, by`},
	} {
		typ, err := types.ParseType(c.typ)
		if err != nil {
			t.Fatal(err)
		}
		got, err := table(path, engine.FileSpec{Columns: types.Schema{{Name: c.column, Type: typ}}})
		if err != nil {
			got = err.Error()
		}
		if want := strings.ReplaceAll(c.want, "PATH", path); !strings.HasPrefix(got, want) {
			t.Errorf("%s as %s: %s", c.column, c.typ, got)
		}
	}
}

// smallParquet is a real file of every shape of column.
func smallParquet(t testing.TB) []byte {
	schema := types.Schema{
		{Name: "i", Type: types.Type{Kind: types.Int4}},
		{Name: "t", Type: types.Type{Kind: types.Text}},
		{Name: "l", Type: types.Type{Kind: types.Array, Elem: types.Int8}},
		{Name: "n", Type: types.Type{Kind: types.Numeric, Precision: 20, Scale: 2}},
		{Name: "ts", Type: types.Type{Kind: types.Timestamptz}},
		{Name: "b", Type: types.Type{Kind: types.Bool}},
	}
	path := filepath.Join(t.TempDir(), "in.parquet")
	writeFile(t, sink.Connectors()["parquet"], path, schema, [][]types.Value{
		{types.NewInt(types.Int4, 1), types.NewText("x"), types.NewArray([]types.Value{types.NewInt8(1), {}}), types.NewNumeric(150, 2), types.NewTimestamptz(5), types.NewBool(true)},
		{{}, {}, {}, {}, {}, {}},
	})
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return whole
}

// checkBroken reads a file that may hold anything: it is a table, or an error of ours that names it.
func checkBroken(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := open(path, engine.FileSpec{})
	if err == nil {
		all := make([]int, len(file.Columns))
		for i := range all {
			all[i] = i
		}
		_, err = readRows(file, all)
	}
	var e *types.Error
	if err != nil && (!errors.As(err, &e) || !strings.Contains(e.Message, path)) {
		t.Fatalf("no error of ours: %v", err)
	}
}

// Whichever byte of a file is wrong, reading it ends.
func TestEveryByteBroken(t *testing.T) {
	whole := smallParquet(t)
	path := filepath.Join(t.TempDir(), "in.parquet")
	flips := []byte{0xff, 0x7f, 0x10}
	if testing.Short() {
		flips = flips[:1]
	}
	for i := range whole {
		for _, flip := range flips {
			content := append([]byte(nil), whole...)
			content[i] ^= flip
			checkBroken(t, path, content)
		}
		checkBroken(t, path, whole[:i])
	}
}

func FuzzParquetFile(f *testing.F) {
	f.Add(smallParquet(f))
	f.Fuzz(func(t *testing.T, content []byte) {
		checkBroken(t, filepath.Join(t.TempDir(), "in.parquet"), content)
	})
}
