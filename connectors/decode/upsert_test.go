package decode

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/asofdb/asof/engine"
	"github.com/asofdb/asof/sql/types"
)

func upsertOne(d engine.Decoder, key, value string) (string, error) {
	var ev engine.Event
	rec := engine.Record{Key: []byte(key), Value: []byte(value)}
	if err := d.Decode(rec, &ev); err != nil {
		return "", err
	}
	op := map[engine.ChangeOp]string{engine.CreateOp: "row", engine.DeleteOp: "end"}[ev.Op]
	if ev.Kind != engine.ChangeEvent || ev.Commit != engine.NoTime {
		op = "?"
	}
	return fmt.Sprint(op, " ", ev.After, " ", ev.KeyOnly), nil
}

func TestUpsertKeys(t *testing.T) {
	one := declared{DDL: "id bigint, v text", Key: []string{"id"}}
	named := declared{DDL: "name text, v text", Key: []string{"name"}}
	two := declared{DDL: "a integer, b text, v text", Key: []string{"a", "b"}}
	wrapped := declared{DDL: "schema text, payload text, v text", Key: []string{"schema"}}
	for _, c := range []struct {
		table      declared
		key, value string
		want       string // or what the error says
	}{
		{one, `1`, `{"v":"x"}`, "row [1 x] []"},
		{one, `{"id":1}`, `{"v":"x","other":[1]}`, "row [1 x] []"},
		{one, `{"id":1}`, `{"id":1,"v":"x"}`, "row [1 x] []"},
		{one, ``, `{"id":1,"v":"x"}`, "row [1 x] []"},
		{one, `null`, `{"id":1}`, "row [1 NULL] []"},
		{one, `{"schema":{"type":"struct","fields":[{"type":"int64","field":"id"}]},"payload":{"id":7}}`, `{"schema":null,"payload":{"v":"x"}}`, "row [7 x] []"},
		{one, `{"schema":{"type":"int64"},"payload":7}`, `{"v":"x"}`, "row [7 x] []"},
		{one, `1`, ``, "end [] [1]"},
		{one, `{"id":1}`, `null`, "end [] [1]"},
		{one, `{"id":1}`, `{"schema":{"fields":[]},"payload":null}`, "end [] [1]"},
		{named, `ann`, `{"v":"x"}`, "row [ann x] []"},
		{named, `"ann"`, `{"v":"x"}`, "row [ann x] []"},
		{named, `12`, `{"v":"x"}`, "row [12 x] []"},
		{named, `{"name":"{"}`, ``, "end [] [{]"},
		{two, `{"a":1,"b":"y"}`, `{"v":"x"}`, "row [1 y x] []"},
		{two, `{"a":1}`, `{"b":"y","v":"x"}`, "row [1 y x] []"},
		{two, `{"a":1,"b":"y"}`, ``, "end [] [1 y]"},
		{wrapped, `k`, `{"schema":"k","payload":"p","v":"x"}`, "row [k p x] []"},
		{wrapped, `k`, `{"schema":"k","payload":"p"}`, "row [k p NULL] []"},
		{one, `2`, `{"id":1}`, `column "id" is 2 in the record's key, and 1 in its value`},
		{one, ``, `{"v":"x"}`, `column "id" is NULL or missing`},
		{one, ``, ``, `its key has no "id"`},
		{one, `{"v":"x"}`, ``, `its key has no "id"`},
		{one, `abc`, `{"v":"x"}`, `column "id"`},
		{one, "\xff", `{"v":"x"}`, "not valid UTF-8"},
		{one, `1`, `[]`, "not a JSON object"},
		{one, `1`, `{"v":"x"`, "cut off"},
		{one, `1`, `{"v":"x"}}`, "more text behind"},
		{two, `1`, `{"v":"x"}`, "the primary key has 2 columns"},
	} {
		got, err := upsertOne(newDecoder(t, UpsertJSON(), c.table.Spec(t, nil)), c.key, c.value)
		var said *types.Error
		switch {
		case err == nil && got != c.want:
			t.Errorf("%s → %s: %s instead of %s", c.key, c.value, got, c.want)
		case err != nil && (!errors.As(err, &said) || !strings.Contains(said.Message, c.want)):
			t.Errorf("%s → %s: %v", c.key, c.value, err)
		}
	}
}

// FuzzUpsert feeds keys and values to decoders; whatever comes there is an event or an error, and the decoder is as good as before.
func FuzzUpsert(f *testing.F) {
	f.Add([]byte(`{"a":1,"b":"y"}`), []byte(`{"v":"x","at":"2026-01-01T00:00:00Z"}`))
	f.Add([]byte(`y`), []byte(`{"schema":{"fields":[{"field":"v","type":"bytes"}]},"payload":{"v":"AQ=="}}`))
	f.Add([]byte(`null`), []byte(`{"payload":{"a":1},"schema":null}`))
	table := declared{DDL: "a integer, b text, v text, at timestamptz, n numeric(12,2)", Key: []string{"a", "b"}}
	f.Fuzz(func(t *testing.T, key, value []byte) {
		d := newDecoder(t, UpsertJSON(), table.Spec(t, nil))
		if got, err := upsertOne(d, string(key), string(value)); err == nil {
			if strings.TrimSpace(string(value)) != "" && !json.Valid(value) {
				t.Fatalf("decoded what is not JSON: %q", value)
			}
			if strings.HasPrefix(got, "?") {
				t.Fatalf("no change: %s", got)
			}
		}
		if got, err := upsertOne(d, `{"a":1,"b":"y"}`, `{"v":"x"}`); err != nil || got != "row [1 y x NULL NULL] []" {
			t.Fatalf("afterwards: %s, %v", got, err)
		}
	})
}
