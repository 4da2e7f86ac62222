package sink

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/asofdb/asof/engine"
	"github.com/asofdb/asof/sql/types"
)

// written is what a sink writes for rows given as PostgreSQL's text, "NULL" for NULL.
func written(t *testing.T, create func(string, engine.SinkSpec) (engine.Sink, error), s engine.SinkSpec, rows ...[]string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "out")
	sink, err := create(path, s)
	if err != nil {
		t.Fatal(err)
	}
	var values [][]types.Value
	for _, texts := range rows {
		row := make([]types.Value, len(texts))
		for i, text := range texts {
			if text != "NULL" {
				row[i] = parse(t, s.Columns[i].Type, text)
			}
		}
		values = append(values, row)
	}
	writeAll(t, sink, s.Columns, values)
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(got)
}

func columns(t *testing.T, names ...string) types.Schema {
	var s types.Schema
	for i := 0; i < len(names); i += 2 {
		s = append(s, types.Column{Name: names[i], Type: parseType(t, names[i+1])})
	}
	return s
}

func TestCSV(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	all := columns(t, "a", "text", "n", "numeric", "b", "boolean", "ts", "timestamptz", `q"x`, "bytea", "arr", "text[]")
	row := []string{"x", "1.50", "t", "2025-05-20 14:30:00.5+00", `\x00`, `{a,"b c"}`}
	none := []string{"NULL", "NULL", "NULL", "NULL", "NULL", "NULL"}
	one := columns(t, "a", "text")
	for _, c := range []struct {
		name string
		spec engine.SinkSpec
		rows [][]string
		want string
	}{
		{
			"a header and PostgreSQL's text",
			engine.SinkSpec{Columns: all},
			[][]string{row, none},
			"a,n,b,ts,\"q\"\"x\",arr\nx,1.50,t,2025-05-20 14:30:00.5+00,\\x00,\"{a,\"\"b c\"\"}\"\n,,,,,\n",
		},
		{"times in the session's zone", engine.SinkSpec{Columns: all[3:4], Zone: berlin}, [][]string{row[3:4]}, "ts\n2025-05-20 16:30:00.5+02\n"},
		{"no header", engine.SinkSpec{Columns: one, Options: map[string]string{"header": "false"}}, [][]string{{"x"}}, "x\n"},
		{
			"the empty string is not NULL",
			engine.SinkSpec{Columns: one},
			[][]string{{""}, {"NULL"}, {`\.`}, {"a\nb"}, {"a,b"}, {`"`}, {"\r"}},
			"a\n\"\"\n\n\"\\.\"\n\"a\nb\"\n\"a,b\"\n\"\"\"\"\n\"\r\"\n",
		},
		{"another delimiter", engine.SinkSpec{Columns: all[:2], Options: map[string]string{"delimiter": `\t`}}, [][]string{{"a,b", "1"}, {"a\tb", "1"}}, "a\tn\na,b\t1\n\"a\tb\"\t1\n"},
		{"a word for NULL", engine.SinkSpec{Columns: one, Options: map[string]string{"null": "-"}}, [][]string{{"NULL"}, {"-"}, {""}}, "a\n-\n\"-\"\n\"\"\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := written(t, createCSV, c.spec, c.rows...); got != c.want {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
		})
	}
}

func TestCSVOptions(t *testing.T) {
	for _, o := range []map[string]string{{"header": "maybe"}, {"delimiter": ",,"}, {"delimiter": "\""}, {"delimiter": ""}, {"null": "a,b"}} {
		_, err := createCSV(filepath.Join(t.TempDir(), "out"), engine.SinkSpec{Columns: columns(t, "a", "text"), Options: o})
		var e *types.Error
		if !errors.As(err, &e) || e.Code != types.CodeInvalidParameter {
			t.Errorf("%v: %v", o, err)
		}
	}
}

func TestNDJSON(t *testing.T) {
	spec := engine.SinkSpec{Columns: columns(t, "i", "bigint", "n", "numeric", "f", "double precision", "b", "boolean", `t"x`, "text", "ts", "timestamptz", "j", "jsonb", "arr", "numeric[]")}
	got := written(t, createNDJSON, spec,
		[]string{"9223372036854775807", "12.30", "0.1", "f", "a\"\\\n\t\x01é", "2025-05-20 14:30+00", "{\"a\": [1,\n2.50]}", "{1.0,NULL}"},
		[]string{"NULL", "NaN", "-Infinity", "NULL", "NULL", "NULL", "NULL", "{NaN}"},
	)
	want := `{"i":9223372036854775807,"n":12.30,"f":0.1,"b":false,"t\"x":"a\"\\\n\t\u0001é","ts":"2025-05-20 14:30:00+00","j":{"a":[1,2.50]},"arr":[1.0,null]}
{"i":null,"n":"NaN","f":"-Infinity","b":null,"t\"x":null,"ts":null,"j":null,"arr":["NaN"]}
`
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	for line := range strings.Lines(got) {
		if !json.Valid([]byte(line)) {
			t.Errorf("not JSON: %s", line)
		}
	}
}

// FuzzJSONString holds that what encoding/json reads back is what went in, with what is not UTF-8 replaced.
func FuzzJSONString(f *testing.F) {
	for _, s := range []string{"", "a", "\"\\", "\x00\x1f\x7f", "é\u2028", "\xff\xc3", "</script>"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, s []byte) {
		var got string
		if err := json.Unmarshal(AppendJSONString(nil, s), &got); err != nil {
			t.Fatal(err)
		}
		if want := string([]rune(string(s))); got != want {
			t.Fatalf("got %q, want %q", got, want)
		}
	})
}
