package decode

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

func TestMembers(t *testing.T) {
	r := NewObjectReader()
	for _, c := range []struct{ record, want string }{
		{`{}`, ``},
		{` { "a" : 1 , "b":null,"c":true,"d":"x\ny","e":[1, {"f": "a b"}],"a":-2.50e3 } `, `a:2:1 b:0: c:1:true d:3:x` + "\n" + `y e:4:[1,{"f":"a b"}] a:2:-2.50e3`},
		{`{"\u00e9":""}`, `é:3:`},
		{`[1]`, `error: the record is not a JSON object`},
		{`{"a":1`, `error: not valid JSON at byte 7: the record is cut off`},
		{`{"a":1}}`, `error: not valid JSON at byte 8: there is more text behind the record`},
		{`{"a":"\ud800"}`, `error: member "a" has half of a surrogate pair`},
		{`{"a":"\u0000"}`, `error: member "a" has a NUL character`},
		{"{\"a\":\"\xff\"}", `error: not valid UTF-8 at byte 7`},
		{``, `error: not valid JSON at byte 1: the record is cut off`},
	} {
		members, err := r.Members([]byte(c.record))
		var parts []string
		for _, m := range members {
			parts = append(parts, fmt.Sprintf("%s:%d:%s", m.Name, m.Kind, m.Text))
		}
		got := strings.Join(parts, " ")
		if err != nil {
			got = "error: " + err.Error()
		}
		if got != c.want && (err == nil || !strings.HasPrefix(got, c.want)) {
			t.Errorf("%s\ngot  %s\nwant %s", c.record, got, c.want)
		}
	}
}

func TestElements(t *testing.T) {
	r := NewObjectReader()
	members, err := r.Members([]byte(`{"a": [1, null, "x\"", {"b": [2]}, [ ], true]}`))
	if err != nil {
		t.Fatal(err)
	}
	elements, err := r.Elements(members[0].Text)
	want := `[{ 2 1} { 0 } { 3 x"} { 4 {"b":[2]}} { 4 []} { 1 true}]`
	if got := fmt.Sprint(elements); err != nil || got != want {
		t.Errorf("%s, %v; want %s", got, err, want)
	}
}

// FuzzMembers compares what is read with encoding/json.
func FuzzMembers(f *testing.F) {
	f.Add([]byte(`{"a":1,"b":"x\u00e9","c":[1,2.50],"d":{"e":null},"f":true}`))
	f.Add([]byte(`{"a":1,"a":2}`))
	f.Add([]byte(`{"a":"\ud83d\ude00"}`))
	f.Fuzz(func(t *testing.T, record []byte) {
		members, err := NewObjectReader().Members(record)
		var want map[string]json.RawMessage
		wantErr := json.Unmarshal(record, &want)
		if err != nil {
			return // encoding/json takes more: invalid UTF-8, halves of pairs
		}
		if wantErr != nil || want == nil {
			t.Fatalf("%q is read as %v, encoding/json says %v", record, members, wantErr)
		}
		got := map[string]Member{}
		for _, m := range members {
			got[m.Name] = m
		}
		if len(got) != len(want) {
			t.Fatalf("%q: %d members instead of %d", record, len(got), len(want))
		}
		for name, raw := range want {
			m, ok := got[name]
			if !ok {
				t.Fatalf("%q: %q is missing", record, name)
			}
			var s string
			if m.Kind == JSONString {
				if err := json.Unmarshal(raw, &s); err != nil || s != m.Text {
					t.Fatalf("%q: %q instead of %q", record, m.Text, s)
				}
				continue
			}
			text := m.Text
			if m.Kind == JSONNull {
				text = "null"
			}
			var a, b any
			if json.Unmarshal([]byte(text), &a) != nil || json.Unmarshal(raw, &b) != nil || fmt.Sprint(a) != fmt.Sprint(b) {
				t.Fatalf("%q: %s instead of %s", record, text, raw)
			}
		}
	})
}
