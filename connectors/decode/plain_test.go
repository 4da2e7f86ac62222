package decode

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/asofdb/asof/engine"
	"github.com/asofdb/asof/sql/types"
)

var visits = declared{DDL: "id bigint NOT NULL, name text, amount numeric(8,2), tags text[], doc json, seen timestamptz, day date", Key: []string{"id"}}

func TestPlainJSON(t *testing.T) {
	for _, c := range []struct{ value, want string }{
		{`{"id":1}`, "[1 NULL NULL NULL NULL NULL NULL]"},
		{`{"seen":"2026-01-02 03:04:05+02","id":"1","name":null,"other":{"a":[]}}`, "[1 NULL NULL NULL NULL 2026-01-02 01:04:05+00 NULL]"},
		{`{"id":1.0,"name":5,"amount":"1.5","tags":["a",null,"b c"],"doc":{"a": [1]},"day":"2026-01-02"}`, `[1 5 1.50 {a,NULL,"b c"} {"a":[1]} NULL 2026-01-02]`},
		{`{"id":1,"name":{"a": true},"doc":"x\u00e9"}`, `[1 {"a":true} NULL NULL "x\u00e9" NULL NULL]`},
		{`{"id":1,"name":true,"doc":false,"amount":2}`, `[1 true 2.00 NULL false NULL NULL]`},
		{`{"id":1,"id":2}`, "[2 NULL NULL NULL NULL NULL NULL]"},
		{"\xef\xbb\xbf{\"id\":1}", "[1 NULL NULL NULL NULL NULL NULL]"},
		{"", "skip"},
		{" ", "skip"},
		{"null", "skip"},
		{`{"name":"x"}`, `!column "id"`},
		{`{"id":null}`, `!column "id"`},
		{`{"id":1,"seen":1775037600000}`, "!does not say what it counts"},
		{`{"id":1,"seen":"soon"}`, `!column "seen"`},
		{`{"id":1,"amount":1.005}`, "!more digits"},
		{`{"id":1,"amount":1000000}`, "!out of range"},
		{`{"id":1,"tags":5}`, `!column "tags"`},
		{`{"id":[1]}`, "!not a value"},
		{`{"id":1,"name":"\ud800"}`, "!surrogate"},
		{`[1]`, "!not a JSON object"},
		{`{"id":1}{`, "!more text"},
		{`{"id":1`, "!cut off"},
		{`{"id":`, "!cut off"},
		{"{\"id\":1,\"z\":\"\xff\"}", "!not valid UTF-8"},
	} {
		checkPlain(t, newDecoder(t, PlainJSON(), visits.Spec(t, nil)), c.value, c.want)
	}
}

// checkPlain decodes one record: want is its row, skip, or with a leading ! what its reject says.
func checkPlain(t *testing.T, d engine.Decoder, value, want string) {
	t.Helper()
	ev, err := decodeOne(t, d, value)
	says, rejected := strings.CutPrefix(want, "!")
	switch {
	case rejected:
		var e *types.Error
		if !errors.As(err, &e) || !strings.Contains(e.Message, says) {
			t.Errorf("%s: %v, error %v", value, ev.After, err)
		}
	case err != nil:
		t.Errorf("%s: %v", value, err)
	case want == "skip":
		if ev.Kind != engine.SkipEvent {
			t.Errorf("%s: kind %d", value, ev.Kind)
		}
	case ev.Kind != engine.ChangeEvent || ev.Op != engine.CreateOp || fmt.Sprint(ev.After) != want:
		t.Errorf("%s: %v instead of %s", value, ev.After, want)
	}
}

func TestCSV(t *testing.T) {
	for _, c := range []struct{ options, header, value, want string }{
		{"", "id,name,amount,tags,doc,seen,day", `1,,,,,,`, "[1 NULL NULL NULL NULL NULL NULL]"},
		{"", "id,name,amount,tags,doc,seen,day", `1,"",,,,,`, "[1  NULL NULL NULL NULL NULL]"},
		{
			"", "day,other,seen,doc,tags,amount,\"name\",id", "2026-01-02,x,2026-01-02T03:04:05Z,\"{\"\"a\"\": 1}\",\"{a,b}\",-1.5,\"a\n\"\"b\"\"\",7",
			"[7 a\n\"b\" -1.50 {a,b} {\"a\": 1} 2026-01-02 03:04:05+00 2026-01-02]",
		},
		{"delimiter=;", "id;name;amount;tags;doc;seen;day", `1;a,b;;;;;`, "[1 a,b NULL NULL NULL NULL NULL]"},
		{`delimiter=\t`, "id\tname\tamount\ttags\tdoc\tseen\tday", "1\ta\t\t\t\t\t", "[1 a NULL NULL NULL NULL NULL]"},
		{`null=\N`, "id,name,amount,tags,doc,seen,day", `1,,\N,\N,\N,\N,\N`, "[1  NULL NULL NULL NULL NULL]"},
		{`null=\N`, "id,name,amount,tags,doc,seen,day", `1,"\N",\N,\N,\N,\N,\N`, `[1 \N NULL NULL NULL NULL NULL]`},
		{"", "\xef\xbb\xbfid,name,amount,tags,doc,seen,day", `1,,,,,,`, "[1 NULL NULL NULL NULL NULL NULL]"},
		{"header=false", "", `1,x,,,,,`, "[1 x NULL NULL NULL NULL NULL]"},
		{"header=false", "", ``, "skip"},
		{"header=false", "", `1,x`, "!2 fields instead of 7"},
		{"header=false", "", `1,x,,,,,,`, "!8 fields instead of 7"},
		{"header=false", "", `,x,,,,,`, `!column "id"`},
		{"header=false", "", `1,5" disk,,,,,`, "!a quote at byte 4"},
		{"header=false", "", `1,"x"y,,,,,`, "!behind the closing quote"},
		{"header=false", "", `1,"x,,,,,`, "!is not closed"},
		{"header=false", "", "1,\xff,,,,,", "!not valid UTF-8"},
		{"header=false", "", "1,a\x00,,,,,", "!NUL"},
		{"header=false", "", `1,x,1.005,,,,`, "!more digits"},
		{"header=false", "", `x,,,,,,`, `!column "id"`},
	} {
		options := map[string]string{}
		if name, setting, ok := strings.Cut(c.options, "="); ok {
			options[name] = setting
		}
		d := newDecoder(t, PlainCSV(), visits.Spec(t, options))
		if h, ok := d.(engine.Header); ok != (c.header != "") {
			t.Errorf("%s: reads a header: %v", c.options, ok)
		} else if ok {
			if err := h.ReadHeader(engine.Record{Value: []byte(c.header), Line: 1}); err != nil {
				t.Errorf("%s: %v", c.header, err)
			}
		}
		checkPlain(t, d, c.value, c.want)
	}
}

func TestCSVHeaders(t *testing.T) {
	for header, says := range map[string]string{
		"id,name":                                 `does not name column "amount"`,
		"id,name,amount,tags,doc,seen,day,id":     `column "id" twice`,
		"id,name,amount,tags,doc,seen,\"day":      "not closed",
		"id;name;amount;tags;doc;seen;day":        `does not name column "id"`,
		"id,name,amount,tags,doc,seen,day,\xff\n": "not valid UTF-8",
	} {
		err := newDecoder(t, PlainCSV(), visits.Spec(t, nil)).(engine.Header).ReadHeader(engine.Record{Value: []byte(header)})
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", header, err)
		}
	}
}

func TestCommitTimeColumn(t *testing.T) {
	for _, c := range []struct {
		column, value string
		commit        int64
		says          string
	}{
		{"seen", `{"id":1,"seen":"1970-01-01 00:00:01+00"}`, 1e6, ""},
		{"day", `{"id":1,"day":"1970-01-03"}`, 2 * 86400e6, ""},
		{"seen", `{"id":1}`, 0, "commit time"},
		{"seen", `{"id":1,"seen":"infinity"}`, 0, "no commit time"},
		{"day", `{"id":1,"day":"-infinity"}`, 0, "no commit time"},
		{"day", `{"id":1,"day":"5874897-12-31"}`, 0, "no commit time"},
	} {
		d := newDecoder(t, PlainJSON(), visits.Spec(t, map[string]string{"commit_time": c.column}))
		ev, err := decodeOne(t, d, c.value)
		if c.says == "" && (err != nil || ev.Commit != c.commit) || c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)) {
			t.Errorf("%s: %d, %v", c.value, ev.Commit, err)
		}
	}
	if ev, err := decodeOne(t, newDecoder(t, PlainJSON(), visits.Spec(t, nil)), `{"id":1}`); err != nil || ev.Commit != engine.NoTime {
		t.Errorf("without the option: %d, %v", ev.Commit, err)
	}
	for _, column := range []string{"none", "name"} {
		for _, f := range []engine.FormatConnector{PlainJSON(), PlainCSV()} {
			if _, err := f.New(visits.Spec(t, map[string]string{"commit_time": column})); err == nil || !strings.Contains(err.Error(), column) {
				t.Errorf("commit_time = %s: %v", column, err)
			}
		}
	}
	for _, option := range []string{"header=maybe", "delimiter=ab", "delimiter=\"", "null=a,b"} {
		name, setting, _ := strings.Cut(option, "=")
		if _, err := PlainCSV().New(visits.Spec(t, map[string]string{name: setting})); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", option, err)
		}
	}
}
