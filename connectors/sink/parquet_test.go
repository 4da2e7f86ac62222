package sink

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/parquet/file"

	"github.com/asofdb/asof/engine"
	"github.com/asofdb/asof/sql/types"
)

// numericRows are rows of an id and a NUMERIC that declares no scale.
func numericRows(t testing.TB, texts ...string) (types.Schema, [][]types.Value) {
	schema := types.Schema{{Name: "id", Type: types.Type{Kind: types.Int8}}, {Name: "n", Type: types.Type{Kind: types.Numeric}}}
	var rows [][]types.Value
	for i, text := range texts {
		v := types.Value{}
		if text != "" {
			v = parse(t, schema[1].Type, text)
		}
		rows = append(rows, []types.Value{types.NewInt8(int64(i)), v})
	}
	return schema, rows
}

// A scale that grows while the file is being written gives the file that it would have given from the start.
func TestScaleGrows(t *testing.T) {
	var texts []string
	r := rand.New(rand.NewPCG(5, 6))
	for i := range 3000 {
		scale := i / 300 * 2
		text := fmt.Sprintf("%d.%0*d", r.IntN(2_000_000)-1_000_000, scale, r.IntN(10))
		switch {
		case scale == 0:
			text, _, _ = strings.Cut(text, ".")
		case i%7 == 0:
			text = ""
		case i%5 == 0:
			text = fmt.Sprintf("-0.%0*d", scale, 1)
		}
		texts = append(texts, text)
	}
	schema, rows := numericRows(t, texts...)
	path := writeParquet(t, schema, rows, 250)
	if temps, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".asof-*")); len(temps) > 0 {
		t.Errorf("parts are left: %v", temps)
	}
	for i, library := range libraries {
		want := [3]string{"decimal(38, 18)", "Decimal(38, 18)", "DECIMAL(38,18)"}[i]
		got := readWith(t, library, path)
		if got.Types[1] != want || len(got.Rows) != len(rows) {
			t.Fatalf("%s: %s, %d rows", library, got.Types[1], len(got.Rows))
		}
		for j := range rows {
			if a, b := encoded(got.Rows[j]), encoded([]any{cell(rows[j][0], 0), cell(rows[j][1], 18)}); a != b {
				t.Fatalf("%s: row %d is %s instead of %s", library, j, a, b)
			}
		}
	}
}

// Columns of every type survive the joining of parts.
func TestJoinedPartsOfEveryType(t *testing.T) {
	python(t)
	schema, rows := testRows(t, testColumns, 1500)
	late := len(schema)
	schema = append(schema, types.Column{Name: "late", Type: types.Type{Kind: types.Numeric}})
	for i := range rows {
		rows[i] = append(rows[i], types.NewNumeric(int64(i), int16(i/400)))
	}
	path := writeParquet(t, schema, rows, 300)
	got := readWith(t, "duckdb", path)
	if len(got.Rows) != len(rows) || got.Types[late] != "DECIMAL(38,3)" {
		t.Fatalf("%d rows, %s", len(got.Rows), got.Types[late])
	}
	for r := range rows {
		for j := range schema {
			scale := 3
			if j != late {
				scale = testColumns[j].scale
			}
			if a, b := encoded(got.Rows[r][j]), encoded(cell(rows[r][j], scale)); a != b {
				t.Fatalf("row %d, %s is %.80s instead of %.80s", r, schema[j].Name, a, b)
			}
		}
	}
}

// What the file says of its chunks (smallest, largest, number of NULLs) makes no reader skip a row.
func TestStatisticsSkipNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("some thousand queries")
	}
	schema, rows := testRows(t, testColumns, 4000)
	path := writeParquet(t, schema, rows, 500)
	script := `
import duckdb, sys
path = sys.argv[1]
con = duckdb.connect()
con.execute("CREATE TABLE t AS SELECT * FROM read_parquet(?)", [path])
for name, kind, *_ in con.execute("DESCRIBE t").fetchall():
    if kind.endswith("[]"):
        continue
    for (v,) in con.execute(f'SELECT DISTINCT CAST("{name}" AS VARCHAR) FROM t WHERE "{name}" IS NOT NULL').fetchall():
        for op in ("=", "<", ">", "<=", ">="):
            where = f'"{name}" {op} CAST(? AS {kind})'
            a = con.execute(f"SELECT count(*) FROM t WHERE {where}", [v]).fetchone()
            b = con.execute(f"SELECT count(*) FROM read_parquet('{path}') WHERE {where}", [v]).fetchone()
            if a != b:
                print(name, op, v, a, b)
    a = con.execute(f'SELECT count(*) FROM t WHERE "{name}" IS NULL').fetchone()
    b = con.execute(f"SELECT count(*) FROM read_parquet('{path}') WHERE \"{name}\" IS NULL").fetchone()
    if a != b:
        print(name, "IS NULL", a, b)
print("done")
`
	out, err := exec.Command(python(t), "-c", script, path).CombinedOutput()
	if err != nil || string(out) != "done\n" {
		t.Fatalf("%v\n%s", err, out)
	}
}

func TestRowGroups(t *testing.T) {
	schema, rows := testRows(t, testColumns[:4], 2500)
	path := writeParquet(t, schema, rows, 700)
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := file.NewParquetReader(f)
	if err != nil {
		t.Fatal(err)
	}
	if r.NumRows() != 2500 || r.NumRowGroups() != 3 {
		t.Errorf("%d rows in %d row groups", r.NumRows(), r.NumRowGroups())
	}
}

func TestNoRows(t *testing.T) {
	schema, _ := testRows(t, testColumns, 0)
	path := writeParquet(t, schema, nil, 100)
	for i, library := range libraries {
		got := readWith(t, library, path)
		for j, c := range testColumns {
			want := c.want[i]
			if parseType(t, c.typ).Precision == 0 { // without rows the scale is 0
				want = strings.Replace(strings.Replace(want, fmt.Sprintf("38, %d)", c.scale), "38, 0)", 1), fmt.Sprintf("38,%d)", c.scale), "38,0)", 1)
			}
			if got.Types[j] != want {
				t.Errorf("%s: %s is taken for %s instead of %s", library, c.name, got.Types[j], want)
			}
		}
	}
}

// What Parquet cannot hold is refused by name, and leaves no file.
func TestRefusedValues(t *testing.T) {
	for _, c := range []struct{ typ, value, message, hint string }{
		{"numeric", "NaN", `column "x", row 3: NaN has no place in a Parquet DECIMAL`, "::float8"},
		{"numeric", "-Infinity", `column "x", row 3: -Infinity has no place in a Parquet DECIMAL`, "::float8"},
		{"numeric(10,2)", "NaN", `column "x", row 3: NaN has no place in a Parquet DECIMAL`, "::float8"},
		{"numeric[]", "{1,NaN}", `column "x", row 3: NaN has no place in a Parquet DECIMAL`, "::float8"},
		{"numeric", "123456789012345678901234567890123456789", `column "x", row 3: 123456789012345678901234567890123456789 makes the column need 39 digits before the point and 0 behind it`, "::numeric(38,10)"},
		{"numeric", "0.000000000000000000000000000000000000001", "0 digits before the point and 39 behind it", "::numeric(38,10)"},
		{"timestamptz", "infinity", `column "x", row 3: infinity has no place in a Parquet TIMESTAMP`, "NULLIF"},
		{"timestamp", "-infinity", `-infinity has no place in a Parquet TIMESTAMP`, "NULLIF"},
		{"date", "infinity", `infinity has no place in a Parquet DATE`, "NULLIF"},
		{"time", "24:00:00", `24:00:00 has no place in a Parquet TIME`, "::text"},
	} {
		typ := parseType(t, c.typ)
		schema := types.Schema{{Name: "x", Type: typ}}
		rows := [][]types.Value{{{}}, {{}}, {parse(t, typ, c.value)}}
		dir := t.TempDir()
		s, err := createParquet(filepath.Join(dir, "out.parquet"), engine.SinkSpec{Columns: schema})
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range batches(schema, rows) {
			if err := s.Write(b); err != nil {
				t.Fatal(err)
			}
		}
		err = s.Commit()
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		var e *types.Error
		if !errors.As(err, &e) || !strings.Contains(e.Message, c.message) || !strings.Contains(e.Hint, c.hint) {
			t.Errorf("%s of %s: %v", c.value, c.typ, err)
		}
		if left, _ := os.ReadDir(dir); len(left) > 0 {
			t.Errorf("%s of %s leaves %v", c.value, c.typ, left)
		}
	}
}

// A value that is longer than its declared type is refused, never cut.
func TestDeclaredScaleIsNeverRounded(t *testing.T) {
	for _, c := range []struct {
		typ   string
		value types.Value
		ok    bool
	}{
		{"numeric(5,2)", types.NewNumeric(1500, 3), true}, // 1.500 is 1.50
		{"numeric(5,2)", types.NewNumeric(1505, 3), false},
		{"numeric(5,2)", types.NewNumeric(100000, 2), false},
		{"numeric(38,2)", types.NewNumeric(15, 3), false},
		{"numeric(12,2)", types.NewNumeric(1, 0), true},
	} {
		column := newColumn(0, types.Column{Name: "x", Type: parseType(t, c.typ)})
		if _, err := column.unscaled(c.value); (err == nil) != c.ok {
			t.Errorf("%s as %s: %v", c.value, c.typ, err)
		}
	}
}

func BenchmarkParquet(b *testing.B) {
	r := rand.New(rand.NewPCG(7, 8))
	schema := types.Schema{
		{Name: "label_id", Type: types.Type{Kind: types.Int8}}, {Name: "customer_id", Type: types.Type{Kind: types.Text}}, {Name: "ts", Type: types.Type{Kind: types.Timestamptz}},
	}
	for i := range 4 {
		schema = append(schema,
			types.Column{Name: fmt.Sprint("count", i), Type: types.Type{Kind: types.Int8}},
			types.Column{Name: fmt.Sprint("sum", i), Type: types.Type{Kind: types.Numeric}},
			types.Column{Name: fmt.Sprint("avg", i), Type: types.Type{Kind: types.Numeric}},
		)
	}
	var all []*types.Batch
	builder := types.NewBuilder(schema)
	row := make([]types.Value, len(schema))
	for i := range 256 << 10 {
		row[0], row[1] = types.NewInt8(int64(i)), types.NewText(fmt.Sprint("customer_", r.IntN(100_000)))
		row[2] = types.NewTimestamptz(1_750_000_000_000_000 + r.Int64N(1e13))
		for j := 3; j < len(row); j += 3 {
			row[j], row[j+1], row[j+2] = types.NewInt8(r.Int64N(100)), types.NewNumeric(r.Int64N(1e7), 2), types.NewNumeric(r.Int64N(1e18), 16)
		}
		builder.Append(row)
		if builder.Len() == 1024 {
			all = append(all, builder.Batch())
		}
	}
	dir := b.TempDir()
	for b.Loop() {
		s, err := createParquet(filepath.Join(dir, "out.parquet"), engine.SinkSpec{Columns: schema})
		if err != nil {
			b.Fatal(err)
		}
		for _, x := range all {
			if err := s.Write(x); err != nil {
				b.Fatal(err)
			}
		}
		if err := s.Commit(); err != nil {
			b.Fatal(err)
		}
		s.Close()
	}
	b.ReportMetric(float64(b.N)*float64(len(all)*1024)/b.Elapsed().Seconds(), "rows/s")
}
