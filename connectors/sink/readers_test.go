package sink

import (
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/asofdb/asof/engine"
	"github.com/asofdb/asof/sql/types"
)

// libraries are the readers whose word counts.
var libraries = []string{"pandas", "polars", "duckdb"}

// testColumn is a column with its edge values, as PostgreSQL's text, and what each library takes it for.
type testColumn struct {
	name   string
	typ    string
	values []string
	scale  int // of a DECIMAL in the file
	want   [3]string
}

var testColumns = []testColumn{
	{"b", "boolean", []string{"t", "f"}, 0, [3]string{"bool", "Boolean", "BOOLEAN"}},
	{"i2", "smallint", []string{"-32768", "32767", "0"}, 0, [3]string{"int16", "Int16", "SMALLINT"}},
	{"i4", "integer", []string{"-2147483648", "2147483647", "0"}, 0, [3]string{"int32", "Int32", "INTEGER"}},
	{"i8", "bigint", []string{"-9223372036854775808", "9223372036854775807", "9007199254740993"}, 0, [3]string{"int64", "Int64", "BIGINT"}},
	{"f4", "real", []string{"0", "-0", "1.17549435e-38", "3.4028235e38", "NaN", "-Infinity", "0.1"}, 0, [3]string{"float", "Float32", "FLOAT"}},
	{"f8", "double precision", []string{"0", "-0", "5e-324", "1.7976931348623157e308", "NaN", "Infinity", "0.1"}, 0, [3]string{"double", "Float64", "DOUBLE"}},
	{"n5_2", "numeric(5,2)", []string{"-999.99", "999.99", "0.00", "0.01"}, 2, [3]string{"decimal(5, 2)", "Decimal(5, 2)", "DECIMAL(5,2)"}},
	{"n12_2", "numeric(12,2)", []string{"-9999999999.99", "9999999999.99", "0.01"}, 2, [3]string{"decimal(12, 2)", "Decimal(12, 2)", "DECIMAL(12,2)"}},
	{"n18_0", "numeric(18)", []string{"-999999999999999999", "999999999999999999"}, 0, [3]string{"decimal(18, 0)", "Decimal(18, 0)", "DECIMAL(18,0)"}},
	{"n19_19", "numeric(19,19)", []string{"-0.9999999999999999999", "0.0000000000000000001"}, 19, [3]string{"decimal(19, 19)", "Decimal(19, 19)", "DECIMAL(19,19)"}},
	{"n38_10", "numeric(38,10)", []string{"-9999999999999999999999999999.9999999999", "9999999999999999999999999999.9999999999", "0.0000000001"}, 10, [3]string{"decimal(38, 10)", "Decimal(38, 10)", "DECIMAL(38,10)"}},
	{"n3_m2", "numeric(3,-2)", []string{"-99900", "99900", "100"}, 0, [3]string{"decimal(5, 0)", "Decimal(5, 0)", "DECIMAL(5,0)"}},
	{"n3_5", "numeric(3,5)", []string{"-0.00999", "0.00001"}, 5, [3]string{"decimal(5, 5)", "Decimal(5, 5)", "DECIMAL(5,5)"}},
	{"n", "numeric", []string{"1", "-2.50", "6.2500000000000000", "123456789012345678901.5", "0.000000000000001"}, 16, [3]string{"decimal(38, 16)", "Decimal(38, 16)", "DECIMAL(38,16)"}},
	{"n50_5", "numeric(50,5)", []string{"123456789012345678901234567890123456789012345.12345", "NaN"}, -1, [3]string{"string", "String", "VARCHAR"}},
	{"t", "text", []string{"", "NULL", "é€𝄞", "a,\"b\"\n\\", strings.Repeat("long ", 2000)}, 0, [3]string{"string", "String", "VARCHAR"}},
	{"v", "varchar(5)", []string{"", "abcde"}, 0, [3]string{"string", "String", "VARCHAR"}},
	{"c", "char(4)", []string{"a", "abcd"}, 0, [3]string{"string", "String", "VARCHAR"}},
	{"d", "date", []string{"0001-01-01", "9999-12-31", "1970-01-01", "1969-12-31", "2024-02-29"}, 0, [3]string{"date32[day]", "Date", "DATE"}},
	{"tm", "time", []string{"00:00:00", "23:59:59.999999", "12:34:56.000001"}, 0, [3]string{"time64[us]", "Time", "TIME"}},
	{"ts", "timestamp", []string{"0001-01-01 00:00:00", "1969-12-31 23:59:59.999999", "2025-05-20 14:30:00.123456", "20000-01-01"}, 0, [3]string{"datetime64[us]", "Datetime(time_unit='us', time_zone=None)", "TIMESTAMP"}},
	{"tstz", "timestamptz", []string{"0001-01-01 00:00:00+00", "1969-12-31 23:59:59.999999+00", "2025-05-20 14:30:00.123456+02", "20000-01-01+00"}, 0, [3]string{"datetime64[us, UTC]", "Datetime(time_unit='us', time_zone='UTC')", "TIMESTAMP WITH TIME ZONE"}},
	{"iv", "interval", []string{"1 year 2 mons 3 days 04:05:06.789", "-00:00:00.000001"}, 0, [3]string{"string", "String", "VARCHAR"}},
	{"u", "uuid", []string{"00000000-0000-0000-0000-000000000000", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"}, 0, [3]string{"string", "String", "VARCHAR"}},
	{"by", "bytea", []string{`\x`, `\x00ff10`}, 0, [3]string{"binary", "Binary", "BLOB"}},
	{"j", "json", []string{`{"a": [1, 2.50]}`, "null"}, 0, [3]string{"string", "String", "VARCHAR"}},
	{"ai", "integer[]", []string{"{}", "{1}", "{NULL}", "{1,NULL,-2147483648}"}, 0, [3]string{"list<element: int32>", "List(Int32)", "INTEGER[]"}},
	{"at", "text[]", []string{"{}", `{"","NULL",NULL,é}`}, 0, [3]string{"list<element: string>", "List(String)", "VARCHAR[]"}},
	{"an", "numeric[]", []string{"{}", "{1.5,NULL,-0.001}"}, 3, [3]string{"list<element: decimal(38, 3)>", "List(Decimal(38, 3))", "DECIMAL(38,3)[]"}},
	{"atz", "timestamptz[]", []string{"{}", `{"2025-05-20 14:30:00.123456+00",NULL}`}, 0, [3]string{"list<element: timestamp[us, tz=UTC]>", "List(Datetime(time_unit='us', time_zone='UTC'))", "TIMESTAMP WITH TIME ZONE[]"}},
	{"ab", "boolean[]", []string{"{}", "{t,NULL,f}"}, 0, [3]string{"list<element: bool>", "List(Boolean)", "BOOLEAN[]"}},
}

func parse(t testing.TB, typ types.Type, text string) types.Value {
	t.Helper()
	v, err := types.Parse(typ, text)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func parseType(t testing.TB, name string) types.Type {
	t.Helper()
	typ, err := types.ParseType(name)
	if err != nil {
		t.Fatal(err)
	}
	return typ
}

// testRows returns n rows: first each column's edge values and a NULL, then all of them at random.
func testRows(t testing.TB, columns []testColumn, n int) (types.Schema, [][]types.Value) {
	r := rand.New(rand.NewPCG(1, 2))
	schema := make(types.Schema, len(columns))
	rows := make([][]types.Value, n)
	for i := range rows {
		rows[i] = make([]types.Value, len(columns))
	}
	for i, c := range columns {
		typ := parseType(t, c.typ)
		schema[i] = types.Column{Name: c.name, Type: typ}
		values := []types.Value{{}}
		for _, text := range c.values {
			values = append(values, parse(t, typ, text))
		}
		for j := range rows {
			k := j
			if j >= len(values) {
				k = r.IntN(len(values))
			}
			if k < len(values) {
				rows[j][i] = values[k]
			}
		}
	}
	return schema, rows
}

// batches cuts rows into batches of any length, some of which are parts of larger ones, as a filter or a limit hands them on.
func batches(schema types.Schema, rows [][]types.Value) []*types.Batch {
	r := rand.New(rand.NewPCG(3, 4))
	var out []*types.Batch
	for len(rows) > 0 {
		n := min(len(rows), 1+r.IntN(700))
		b := types.NewBuilder(schema)
		extra := r.IntN(3)
		for range extra {
			b.Append(rows[0])
		}
		for _, row := range rows[:n] {
			b.Append(row)
		}
		whole := b.Batch()
		out = append(out, &types.Batch{Schema: schema, Record: whole.Record.NewSlice(int64(extra), int64(extra+n))})
		whole.Release()
		b.Release()
		rows = rows[n:]
	}
	return out
}

// writeParquet writes rows with small row groups.
func writeParquet(t testing.TB, schema types.Schema, rows [][]types.Value, groupRows int) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "out.parquet")
	s, err := createParquet(path, engine.SinkSpec{Columns: schema})
	if err != nil {
		t.Fatal(err)
	}
	s.(*parquetSink).limits.rows = groupRows
	writeAll(t, s, schema, rows)
	return path
}

func writeAll(t testing.TB, s engine.Sink, schema types.Schema, rows [][]types.Value) {
	t.Helper()
	defer s.Close()
	for _, b := range batches(schema, rows) {
		if err := s.Write(b); err != nil {
			t.Fatal(err)
		}
		b.Release()
	}
	if err := s.Commit(); err != nil {
		t.Fatal(err)
	}
}

// read is what read.py prints.
type read struct {
	Types []string
	Rows  [][]any
}

// python returns the interpreter that has the libraries.
func python(t testing.TB) string {
	t.Helper()
	path := os.Getenv("ASOF_TEST_PYTHON")
	switch {
	case path != "":
	case os.Getenv("CI") == "true":
		t.Fatal("ASOF_TEST_PYTHON is not set: ASOF_TEST_PYTHON=$(.ci/services/python.sh)")
	default:
		t.Skip("needs pandas, polars and DuckDB: ASOF_TEST_PYTHON=$(.ci/services/python.sh)")
	}
	return path
}

func readWith(t *testing.T, library, path string) read {
	t.Helper()
	cmd := exec.Command(python(t), "testdata/read.py", library, path)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s cannot read the file: %v\n%s", library, err, stderr.String())
	}
	var r read
	if err := json.Unmarshal(out, &r); err != nil {
		t.Fatal(err)
	}
	return r
}

// cell is what read.py is to print for a value.
func cell(v types.Value, scale int) any {
	switch v.Kind {
	case types.Null:
		return nil
	case types.Bool:
		return strconv.FormatBool(v.I != 0)
	case types.Float4, types.Float8:
		x := v.Float()
		if math.IsNaN(x) {
			return "nan"
		}
		return hex.EncodeToString(binary.BigEndian.AppendUint64(nil, math.Float64bits(x)))
	case types.Numeric:
		return padded(v.String(), scale)
	case types.Date, types.Time, types.Timestamp, types.Timestamptz:
		return strconv.FormatInt(v.I, 10)
	case types.Bytea:
		return "hex:" + hex.EncodeToString([]byte(v.S))
	case types.Array:
		out := []any{}
		for _, e := range v.Elems() {
			out = append(out, cell(e, scale))
		}
		return out
	}
	return v.String()
}

// padded is the text of a decimal with scale digits behind the point.
func padded(text string, scale int) string {
	whole, fraction, _ := strings.Cut(text, ".")
	if scale < 0 { // it is written as text
		return text
	}
	fraction += strings.Repeat("0", scale-len(fraction))
	if strings.Trim(whole+fraction, "-0") == "" {
		whole = strings.TrimPrefix(whole, "-")
	}
	if scale == 0 {
		return whole
	}
	return whole + "." + fraction
}

func encoded(x any) string {
	b, err := json.Marshal(x)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// Every type, its edge values and NULLs arrive in pandas, polars and DuckDB as what they are.
func TestReaders(t *testing.T) {
	python(t)
	const n = 4000
	schema, rows := testRows(t, testColumns, n)
	path := writeParquet(t, schema, rows, 900)
	for i, library := range libraries {
		t.Run(library, func(t *testing.T) {
			t.Parallel()
			got := readWith(t, library, path)
			for j, c := range testColumns {
				if got.Types[j] != c.want[i] {
					t.Errorf("%s is taken for %s instead of %s", c.name, got.Types[j], c.want[i])
				}
			}
			if len(got.Rows) != n {
				t.Fatalf("%d rows instead of %d", len(got.Rows), n)
			}
			bad := 0
			for r := range rows {
				for j, c := range testColumns {
					if a, b := encoded(got.Rows[r][j]), encoded(cell(rows[r][j], c.scale)); a != b {
						if bad++; bad > 10 {
							t.Fatal("and more")
						}
						t.Errorf("row %d, %s = %.80s is read as %.80s instead of %.80s", r, c.name, rows[r][j], a, b)
					}
				}
			}
		})
	}
}
