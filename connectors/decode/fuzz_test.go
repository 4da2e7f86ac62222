package decode

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/asofdb/asof/connectors/decode/golden"
	"github.com/asofdb/asof/engine"
	"github.com/asofdb/asof/sql/types"
)

// uglyJSON are texts on the edges of the grammar.
var uglyJSON = []string{
	``, ` `, `null`, `nul`, `-`, `-0`, `01`, `1.`, `.5`, `1e`, `1e+`, `1E-05`, `-1.0e5 `, `"`, `"\`, `"\u12"`, `"\ud83d\udc0e"`, `"\ud83d"`, "\"\x1f\"", "\"\x7f\"", "\"\xff\"", "\"é\"",
	`[]`, `[,]`, `[1,]`, `[1 2]`, `[[[]]]`, `{}`, `{,}`, `{"a"}`, `{"a":}`, `{"a":1,}`, `{"a":1 "b":2}`, `{"a" : {"b" : [true, false, null]}}`, `{"a":1}x`, `"12345678"`, `"1234567\\"`,
	"\xef\xbb\xbf1", "\t1\r\n", "\f1", `{"a":"12345678901234567890"}`, `12345678901234567890123`,
}

// FuzzScanner compares what the scanner takes for JSON with encoding/json, which is lenient only in UTF-8.
func FuzzScanner(f *testing.F) {
	for _, s := range uglyJSON {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		s := scanner{b: b}
		ok := s.skip() && s.end()
		err := s.err()
		want := json.Valid(b) && utf8.Valid(b)
		if got := ok && err == nil; got != want && !strings.Contains(s.problem, "nested") {
			t.Fatalf("%q: %v (%v), encoding/json says %v", b, got, err, want)
		}
		if !ok && err == nil {
			t.Fatalf("%q: no error", b)
		}
	})
}

// FuzzImage compares the values of an image with those that encoding/json finds, by columns in whatever order and
// after whatever records came before.
func FuzzImage(f *testing.F) {
	f.Add([]byte(`{"a":"x","b":1,"c":true,"d":null}`), []byte(`{"b":-5,"x":{"y":[1,2]},"a":"q\"\u00e9\n","c":false}`))
	f.Add([]byte(`{"a":"","z":"constant","y":1,"b":7}`), []byte(`{"a":"","z":"constant","y":2,"b":7}`))
	f.Add([]byte(`{"é":1,"a":"é"}`), []byte(`{"\u0061":"e","a":"f"}`))
	f.Add([]byte(`{ "a" : "x" , "b" : 1 }`), []byte(`{ "a" : "x" , "b" : 1 , "a" : "y"}`))
	f.Add([]byte(`{"z":1,"z":1,"z":1}`), []byte(`{"z":1,"z":1,"b":1,"z":1}`))
	f.Fuzz(func(t *testing.T, first, second []byte) {
		d := newDecoder(t, PlainJSON(), declared{DDL: "a text, b bigint, c boolean, d json"}.Spec(t, nil))
		for _, b := range [][]byte{first, second, first, second, second, second} {
			var ev engine.Event
			err := d.Decode(engine.Record{Value: b, Line: 2}, &ev)
			want, ok := expectImage(b)
			switch {
			case err == nil && ev.Kind == engine.SkipEvent:
			case (err == nil) != ok:
				t.Fatalf("%q: error %v, encoding/json reads %v", b, err, ok)
			case ok:
				if got := fmt.Sprintf("%q", ev.After); got != want {
					t.Fatalf("%q: %s instead of %s", b, got, want)
				}
			}
		}
	})
}

// expectImage reads the columns of FuzzImage by encoding/json; false where some value is bad.
func expectImage(b []byte) (string, bool) {
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.UseNumber()
	if !json.Valid(b) || !utf8.Valid(b) {
		return "", false
	}
	var members map[string]json.RawMessage
	if dec.Decode(&members) != nil || members == nil || loneSurrogate(members) {
		return "", false
	}
	row := make([]types.Value, 4)
	for i, name := range []string{"a", "b", "c", "d"} {
		raw := members[name]
		if raw == nil || string(raw) == "null" {
			continue
		}
		var s string
		isString := json.Unmarshal(raw, &s) == nil
		switch {
		case i == 3:
			var out bytes.Buffer
			if json.Compact(&out, raw) != nil {
				return "", false
			}
			row[i] = types.Value{Kind: types.JSON, S: out.String()}
		case i == 0 && isString:
			row[i] = types.NewText(s)
			if strings.ContainsRune(s, 0) {
				return "", false
			}
		case i == 0:
			var out bytes.Buffer
			if json.Compact(&out, raw) != nil {
				return "", false
			}
			row[i] = types.NewText(out.String())
		case i == 1 && !isString:
			r, ok := new(big.Rat).SetString(string(raw))
			if !ok || len(raw) > 100 || !r.IsInt() || !r.Num().IsInt64() {
				return "", false
			}
			row[i] = types.NewInt8(r.Num().Int64())
		case i == 1:
			v, err := types.Parse(types.Type{Kind: types.Int8}, s)
			if err != nil {
				return "", false
			}
			row[i] = v
		default:
			if !isString {
				s = string(raw)
			}
			v, err := types.Parse(types.Type{Kind: types.Bool}, s)
			if err != nil {
				return "", false
			}
			row[i] = v
		}
	}
	return fmt.Sprintf("%q", row), true
}

// loneSurrogate reports whether a column's string has half of a pair, which encoding/json replaces.
func loneSurrogate(members map[string]json.RawMessage) bool {
	for _, name := range []string{"a", "b", "c", "d"} {
		raw := members[name]
		if len(raw) > 0 && raw[0] == '"' {
			if _, ok := unescape(nil, raw[1:len(raw)-1]); !ok {
				return true
			}
		}
	}
	return false
}

// FuzzDebezium feeds records to decoders of every type; whatever comes, there is an event or an error, and the
// decoder is as good as before.
func FuzzDebezium(f *testing.F) {
	all := golden.Table("types_precise", "types")
	for _, name := range []string{"types_precise", "types_string", "types_isostring", "types_connect_schema"} {
		for i, r := range golden.Records(f, name) {
			if i%7 == 0 {
				f.Add([]byte(r.Value))
			}
		}
	}
	f.Add([]byte(`{"before":null,"after":{"id":1,"c_default":1,"c_num":1e99999},"source":{"ts_us":1},"op":"c"}`))
	f.Add([]byte(`{"payload":{"op":"t","source":{"ts_ms":9223372036854775807}},"schema":{"fields":[{"field":"after","fields":[{"field":"id","items":{"type":"x"}}]}]}}`))
	f.Add([]byte(`{"id":1,"c_default":1,"c_text":"x","__op":"c","__deleted":"false","__source_ts_us":1,"__table":"types"}`))
	f.Add([]byte(`{"schema":{"fields":[{"field":"id","type":"int32"}]},"payload":{"__op":"d","__deleted":"true","__source_ts_ms":1,"id":1}}`))
	good := []byte(envelope("c", "null", `{"id":1,"c_default":2,"c_text":"x"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		d := newDecoder(t, Debezium(), all.Spec(t, nil))
		var ev engine.Event
		for range 2 {
			if err := d.Decode(engine.Record{Value: b, Key: b}, &ev); err == nil && ev.Kind == engine.ChangeEvent {
				if !json.Valid(b) || !utf8.Valid(b) {
					t.Fatalf("decoded what is not JSON: %q", b)
				}
				if ev.After == nil && ev.Before == nil && ev.KeyOnly == nil {
					t.Fatalf("a change of nothing: %q", b)
				}
			}
		}
		ev = engine.Event{}
		if err := d.Decode(engine.Record{Value: good}, &ev); err == nil && ev.Kind == engine.ChangeEvent {
			if ev.After[0].I != 1 || ev.After[11].S != "x" {
				t.Fatalf("afterwards: %v", ev.After)
			}
		} else if err != nil && !strings.Contains(err.Error(), "the source has begun with records of") {
			t.Fatal(err)
		}
	})
}

// FuzzRemembering decodes two records in turn: whatever is remembered of one, the other gives what it gives alone.
func FuzzRemembering(f *testing.F) {
	records := golden.Records(f, "types_precise_schema")
	for i := 1; i < len(records); i += 9 {
		f.Add([]byte(records[i-1].Value), []byte(records[i].Value))
	}
	f.Add([]byte(`{"z":1,"y":2,"op":"t","source":{"x":1,"ts_us":1,"w":2,"v":3}}`), []byte(`{"z":1,"y":2,"op":"t","source":{"x":1,"ts_us":2,"w":2,"v":4}}`))
	spec := golden.Table("types_precise", "types").Spec(f, nil)
	spec.Table = "types"
	decode := func(d engine.Decoder, b []byte) string {
		var ev engine.Event
		err := d.Decode(engine.Record{Value: b}, &ev)
		if err != nil {
			return err.Error()
		}
		return fmt.Sprintf("%v", ev)
	}
	f.Fuzz(func(t *testing.T, a, b []byte) {
		wantA, wantB := decode(newDecoder(t, Debezium(), spec), a), decode(newDecoder(t, Debezium(), spec), b)
		d := newDecoder(t, Debezium(), spec)
		for i := range 7 {
			if got := decode(d, a); got != wantA {
				t.Fatalf("round %d, %q: %s instead of %s", i, a, got, wantA)
			}
			if got := decode(d, b); i%3 > 0 && got != wantB {
				t.Fatalf("round %d, %q: %s instead of %s", i, b, got, wantB)
			}
		}
	})
}

// FuzzCSV compares fields with encoding/csv.
func FuzzCSV(f *testing.F) {
	f.Add([]byte(`a,"b""c",,"d,e"`))
	f.Add([]byte("\"a\nb\",c"))
	f.Add([]byte(`"a"b,c`))
	f.Add([]byte(`a"b`))
	f.Fuzz(func(t *testing.T, line []byte) {
		if len(line) == 0 || !utf8.Valid(line) || bytes.ContainsAny(line, "\r") {
			return // encoding/csv changes line breaks
		}
		r := csv.NewReader(bytes.NewReader(line))
		want, err := r.Read()
		if err == nil {
			if _, err := r.Read(); err != io.EOF {
				return // more than one record
			}
		}
		if line[0] == '\n' || line[len(line)-1] == '\n' {
			return // empty lines are skipped there, and a record ends before its line break here
		}
		d := Splitter{Delimiter: ','}
		fields, gotErr := d.Split(line)
		if (err == nil) != (gotErr == nil) {
			t.Fatalf("%q: %v, encoding/csv says %v", line, gotErr, err)
		}
		if err != nil {
			return
		}
		got := make([]string, len(fields))
		for i, f := range fields {
			got[i] = string(f.Text)
		}
		if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", want) {
			t.Fatalf("%q: %q instead of %q", line, got, want)
		}
	})
}
