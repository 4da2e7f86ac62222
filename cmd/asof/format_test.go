package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/asofdb/asof/sql/types"
)

// aResult is a result by hand.
type aResult struct {
	cols []types.Column
	rows [][]types.Value
	tag  string
}

func column(name string, kind types.Kind) types.Column {
	return types.Column{Name: name, Type: types.Type{Kind: kind}}
}

func float(f float64) types.Value {
	return types.Value{Kind: types.Float8, I: int64(math.Float64bits(f))}
}

func array(elem types.Kind, values ...types.Value) (types.Column, types.Value) {
	return types.Column{Name: "a", Type: types.Type{Kind: types.Array, Elem: elem}}, types.Value{Kind: types.Array, X: values}
}

// draw renders a result as a table.
func draw(t *testing.T, l look, r aResult) string {
	t.Helper()
	var b strings.Builder
	w := bufio.NewWriter(&b)
	f := &tableFormat{w: w, look: l}
	err := f.begin(r.cols, time.UTC)
	for _, row := range r.rows {
		err = errors.Join(err, f.row(row))
	}
	if err = errors.Join(err, f.end(r.tag, 0), w.Flush()); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// render writes results in one format, one after another.
func render(t *testing.T, name string, on terminal, results ...aResult) string {
	t.Helper()
	var b strings.Builder
	w := bufio.NewWriter(&b)
	f := formats[name](w, look{terminal: on})
	took := time.Duration(0)
	if on.interactive {
		took = 1500 * time.Microsecond
	}
	for _, r := range results {
		if err := f.begin(r.cols, time.UTC); err != nil {
			t.Fatal(err)
		}
		for _, row := range r.rows {
			if err := f.row(row); err != nil {
				t.Fatal(err)
			}
		}
		if err := f.end(r.tag, took); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

var orders = aResult{
	cols: []types.Column{column("id", types.Int8), column("who", types.Text), column("amount", types.Numeric), column("paid", types.Bool), column("at", types.Timestamptz)},
	rows: [][]types.Value{
		{types.NewInt8(9007199254740993), types.NewText("Zoë"), types.NewNumeric(1230, 2), types.NewBool(true), types.NewTimestamptz(1747751400123456)},
		{types.NewInt8(-1), {}, {}, types.NewBool(false), {}},
		{{}, types.NewText(""), types.NewNumeric(-5, 2), {}, types.NewTimestamptz(1747751400000000)},
	},
	tag: "SELECT 3",
}

var empty = aResult{cols: []types.Column{column("n", types.Int8)}, tag: "SELECT 0"}

var command = aResult{tag: "CREATE SOURCE"}

func TestFormats(t *testing.T) {
	for name, want := range map[string]string{
		"csv": `id,who,amount,paid,at
9007199254740993,Zoë,12.30,t,2025-05-20 14:30:00.123456+00
-1,,,f,
,"",-0.05,,2025-05-20 14:30:00+00
n
`,
		"tsv": "id\twho\tamount\tpaid\tat\n" +
			"9007199254740993\tZoë\t12.30\tt\t2025-05-20 14:30:00.123456+00\n" +
			"-1\t\\N\t\\N\tf\t\\N\n" +
			"\\N\t\t-0.05\t\\N\t2025-05-20 14:30:00+00\n" +
			"n\n",
		"ndjson": `{"id":9007199254740993,"who":"Zoë","amount":12.30,"paid":true,"at":"2025-05-20 14:30:00.123456+00"}
{"id":-1,"who":null,"amount":null,"paid":false,"at":null}
{"id":null,"who":"","amount":-0.05,"paid":null,"at":"2025-05-20 14:30:00+00"}
`,
		"json": `[
{"id":9007199254740993,"who":"Zoë","amount":12.30,"paid":true,"at":"2025-05-20 14:30:00.123456+00"},
{"id":-1,"who":null,"amount":null,"paid":false,"at":null},
{"id":null,"who":"","amount":-0.05,"paid":null,"at":"2025-05-20 14:30:00+00"}
]
[]
`,
		"table": `CREATE SOURCE
┌──────────────────┬──────┬────────┬──────┬───────────────────────────────┐
│ id               │ who  │ amount │ paid │ at                            │
├──────────────────┼──────┼────────┼──────┼───────────────────────────────┤
│ 9007199254740993 │ Zoë  │  12.30 │ t    │ 2025-05-20 14:30:00.123456+00 │
│               -1 │ NULL │   NULL │ f    │ NULL                          │
│             NULL │      │  -0.05 │ NULL │ 2025-05-20 14:30:00+00        │
└──────────────────┴──────┴────────┴──────┴───────────────────────────────┘
3 rows
┌───┐
│ n │
├───┤
└───┘
0 rows
`,
	} {
		if got := render(t, name, terminal{}, command, orders, empty); got != want {
			t.Errorf("%s:\n%s\nwant:\n%s", name, got, want)
		}
	}
}

func TestTableOnATerminal(t *testing.T) {
	one := aResult{cols: []types.Column{column("n", types.Int8)}, rows: [][]types.Value{{{}}}, tag: "SELECT 1"}
	got := render(t, "table", terminal{interactive: true, colour: true}, command, one)
	want := "CREATE SOURCE\x1b[2m, 1.5 ms\x1b[0m\n┌──────┐\n│ n    │\n├──────┤\n│ \x1b[2mNULL\x1b[0m │\n└──────┘\n1 row\x1b[2m, 1.5 ms\x1b[0m\n"
	if got != want {
		t.Errorf("got\n%q\nwant\n%q", got, want)
	}
}

// TestTableValuesCannotDraw holds that no value reaches the cursor of a terminal.
func TestTableValuesCannotDraw(t *testing.T) {
	nasty := aResult{cols: []types.Column{column("日本", types.Text)}, rows: [][]types.Value{
		{types.NewText("a\nb\tc\x1b[31m\r\u009b")}, {types.NewText("日本語")}, {types.NewText("é👩‍👩‍👧")},
	}}
	want := `┌────────────────────┐
│ 日本               │
├────────────────────┤
│ a                 ↵│
│ b\tc\x1b[31m\r\x9b │
│ 日本語             │
│ é👩‍👩‍👧                │
└────────────────────┘
3 rows
`
	if got := render(t, "table", terminal{}, nasty); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestTableAsRecords holds that what does not fit a terminal is shown a column a line.
func TestTableAsRecords(t *testing.T) {
	narrow := terminal{size: func() (int, int) { return 40, 24 }}
	wide := aResult{cols: []types.Column{column("source", types.Text), column("statement", types.Text), column("n", types.Int8)}, rows: [][]types.Value{
		{types.NewText("orders"), types.NewText("CREATE SOURCE\n  orders (…)"), types.NewInt8(1)},
		{types.NewText("accounts, a name that is long"), {}, types.NewInt8(22)},
	}}
	want := `─[ 1 ]────┬────────────────────
source    │ orders
statement │ CREATE SOURCE
          │   orders (…)
n         │ 1
─[ 2 ]────┬────────────────────
source    │ accounts, a name that is long
statement │ NULL
n         │ 22
2 rows
┌───┐
│ n │
├───┤
└───┘
0 rows
`
	if got := render(t, "table", narrow, wide, empty); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got := draw(t, look{terminal: narrow, expanded: "off"}, wide); !strings.HasPrefix(got, "┌") {
		t.Errorf("with records off:\n%s", got)
	}
	if got, want := draw(t, look{expanded: "on"}, wide), want[:strings.Index(want, "┌")]; got != want {
		t.Errorf("with records on, where there is no screen:\n%s\nwant\n%s", got, want)
	}
	fits := terminal{size: func() (int, int) { return 58, 24 }}
	if got := render(t, "table", fits, wide); !strings.HasPrefix(got, "┌") {
		t.Errorf("a table that fits is drawn as\n%s", got)
	}
}

// TestTableHoldsBackABoundedNumber holds that a table begins to print after its lookahead, and that wide rows after it are whole.
func TestTableHoldsBackABoundedNumber(t *testing.T) {
	var b strings.Builder
	w := bufio.NewWriter(&b)
	f := formats["table"](w, look{})
	_ = f.begin([]types.Column{column("s", types.Text), column("n", types.Int8)}, time.UTC)
	for i := range tableLookahead {
		if b.Len()+w.Buffered() > 0 {
			t.Fatalf("printed after %d rows", i)
		}
		_ = f.row([]types.Value{types.NewText("x"), types.NewInt8(int64(i))})
	}
	if b.Len()+w.Buffered() == 0 {
		t.Fatal("nothing printed after the lookahead")
	}
	_ = f.row([]types.Value{types.NewText("wider than all before"), types.NewInt8(7)})
	_ = f.end("", 0)
	_ = w.Flush()
	if !strings.Contains(b.String(), "│ wider than all before │   7 │\n") || !strings.HasSuffix(b.String(), "1001 rows\n") {
		t.Errorf("the end is %q", b.String()[b.Len()-200:])
	}
}

func TestCSVQuotesAsCopyDoes(t *testing.T) {
	for text, want := range map[string]string{
		"plain": "plain", "a,b": `"a,b"`, `say "x"`: `"say ""x"""`, "two\nlines": "\"two\nlines\"", "cr\r": "\"cr\r\"", "": `""`,
		" blank ": " blank ", `\.`: `"\."`, "'": "'", "\t": "\t", `"`: `""""`,
	} {
		got := render(t, "csv", terminal{}, aResult{cols: []types.Column{column("c", types.Text)}, rows: [][]types.Value{{types.NewText(text)}}})
		if want = "c\n" + want + "\n"; got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
	two := aResult{cols: []types.Column{column("a,b", types.Text), column("c", types.Text)}, rows: [][]types.Value{{types.NewText(`\.`), {}}}}
	if got, want := render(t, "csv", terminal{}, two), "\"a,b\",c\n\\.,\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestTSVEscapesAsCopyDoes(t *testing.T) {
	r := aResult{cols: []types.Column{column("c", types.Text)}, rows: [][]types.Value{{types.NewText("a\tb\nc\\d\r\b\f\v\x01é")}, {types.NewText(`\N`)}}}
	if got, want := render(t, "tsv", terminal{}, r), "c\na\\tb\\nc\\\\d\\r\\b\\f\\v\x01é\n\\\\N\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestJSONValues(t *testing.T) {
	intsCol, ints := array(types.Int4, types.NewInt(types.Int4, 1), types.Value{}, types.NewInt(types.Int4, 3))
	timesCol, times := array(types.Timestamptz, types.NewTimestamptz(1735689600000000))
	nan := types.Value{Kind: types.Numeric, Scale: types.ScaleNaN}
	for _, c := range []struct {
		col  types.Column
		v    types.Value
		want string
	}{
		{column("f", types.Float8), float(0.1), `0.1`},
		{column("f", types.Float8), float(1e20), `1e+20`},
		{column("f", types.Float8), float(1e-7), `1e-07`},
		{column("f", types.Float8), float(math.NaN()), `"NaN"`},
		{column("f", types.Float8), float(math.Inf(-1)), `"-Infinity"`},
		{column("n", types.Numeric), nan, `"NaN"`},
		{column("n", types.Numeric), types.NewNumeric(1230, 2), `12.30`},
		{column("t", types.Text), types.NewText("<a href=\"x\">\\\n\x00\x7f\u2028é</a>"), `"<a href=\"x\">\\\n\u0000\u007f` + "\u2028" + `é</a>"`},
		{column("t", types.Text), types.NewText("12"), `"12"`},
		{column("j", types.JSONB), types.Value{Kind: types.JSONB, S: "{\"a\": [1,\n 2]}"}, `{"a":[1,2]}`},
		{column("j", types.JSON), types.Value{Kind: types.JSON, S: "not json"}, `"not json"`},
		{column("b", types.Bytea), types.Value{Kind: types.Bytea, S: "\x00\xff"}, `"\\x00ff"`},
		{intsCol, ints, `[1,null,3]`},
		{timesCol, times, `["2025-01-01 00:00:00+00"]`},
	} {
		got := render(t, "ndjson", terminal{}, aResult{cols: []types.Column{c.col}, rows: [][]types.Value{{c.v}}})
		if want := `{"` + c.col.Name + `":` + c.want + "}\n"; got != want {
			t.Errorf("got %s want %s", got, want)
		}
		var any map[string]any
		if err := json.Unmarshal([]byte(got), &any); err != nil {
			t.Errorf("%s is not JSON: %v", got, err)
		}
	}
}

// failing is an output that nobody reads.
type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestFormatsReportWriteErrors(t *testing.T) {
	for name, newFormat := range formats {
		f := newFormat(bufio.NewWriterSize(failing{}, 16), look{})
		err := f.begin(orders.cols, time.UTC)
		for i := 0; err == nil && i < 2*tableLookahead; i++ {
			err = f.row(orders.rows[0])
		}
		if !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("%s goes on: %v", name, err)
		}
	}
}
