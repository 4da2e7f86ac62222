package decode

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/asofdb/asof/engine"
	"github.com/asofdb/asof/sql/types"
)

// envelope returns a change of a table with one key column id and whatever columns stand in the images.
func envelope(op, before, after string) string {
	return fmt.Sprintf(`{"before":%s,"after":%s,"source":{"connector":"postgresql","name":"s","ts_ms":1000,"snapshot":"false","db":"d","schema":"public","table":"t","txId":7,"lsn":70,`+
		`"sequence":"[\"60\",\"70\"]","ts_us":1000000,"ts_ns":1000000999},"transaction":{"id":"7:70","total_order":3,"data_collection_order":1},"op":"%s","ts_ms":1}`, before, after, op)
}

func decodeOne(t *testing.T, d engine.Decoder, value string) (engine.Event, error) {
	t.Helper()
	var ev engine.Event
	err := d.Decode(engine.Record{Value: []byte(value), Line: 1}, &ev)
	return ev, err
}

var small = declared{DDL: "id bigint NOT NULL, name text, n integer NOT NULL", Key: []string{"id"}}

func TestChange(t *testing.T) {
	d := newDecoder(t, Debezium(), small.Spec(t, nil))
	ev, err := decodeOne(t, d, envelope("u", `{"id":1,"name":"a\u00e9","n":2}`, `{"n":3,"id":1,"more":[1,{"x":"}"}],"name":null}`))
	if err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprintf("%d %d %v %v table %s commit %d tx %d lsn %d %v %v %v order %d", ev.Kind, ev.Op, ev.Before, ev.After, ev.Table, ev.Commit,
		ev.Tx, ev.LSN, ev.Seq, ev.HasSeq, ev.HasID, ev.Order)
	want := fmt.Sprintf("%d %d [1 aé 2] [1 NULL 3] table public.t commit 1000000 tx 7 lsn 70 [60 70] true true order 3", engine.ChangeEvent, engine.UpdateOp)
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// An image stays as it is when the next record is decoded.
func TestImagesStay(t *testing.T) {
	d := newDecoder(t, Debezium(), small.Spec(t, nil))
	var rows [][]types.Value
	for i := range 1000 {
		ev, err := decodeOne(t, d, envelope("c", "null", fmt.Sprintf(`{"id":%d,"name":"n\u0061me %d","n":%d}`, i, i, i*2)))
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, ev.After)
	}
	for i, row := range rows {
		if want := fmt.Sprintf("[%d name %d %d]", i, i, i*2); fmt.Sprint(row) != want {
			t.Fatalf("row %d is %v", i, row)
		}
	}
}

func TestKinds(t *testing.T) {
	for _, c := range []struct {
		name, value string
		kind        engine.EventKind
		commit      int64
	}{
		{"empty line", "", engine.SkipEvent, engine.NoTime},
		{"blanks", " \t ", engine.SkipEvent, engine.NoTime},
		{"tombstone", "null", engine.SkipEvent, engine.NoTime},
		{"wrapped tombstone", `{"schema":null,"payload":null}`, engine.SkipEvent, engine.NoTime},
		{"heartbeat", `{"ts_ms":5}`, engine.HeartbeatEvent, engine.NoTime},
		{"wrapped heartbeat", `{"schema":{"type":"struct","fields":[]},"payload":{"ts_ms":5}}`, engine.HeartbeatEvent, engine.NoTime},
		{"BEGIN", `{"status":"BEGIN","id":"7:1","event_count":null,"data_collections":null,"ts_ms":5}`, engine.BeginEvent, engine.NoTime},
		{"END", `{"status":"END","id":"7:9","event_count":2,"data_collections":[],"ts_ms":5}`, engine.EndEvent, 5000},
		{"DDL", `{"source":{"ts_us":9},"ts_ms":5,"databaseName":"d","schemaName":null,"ddl":"CREATE TABLE t","tableChanges":[]}`, engine.SkipEvent, engine.NoTime},
		{"message", `{"op":"m","ts_ms":5,"source":{"ts_us":9,"table":"","schema":""},"message":{"prefix":"p","content":"YQ=="}}`, engine.SkipEvent, 9},
		{"truncate", envelope("t", "null", "null"), engine.TruncateEvent, 1000000},
		{"insert", envelope("c", "null", `{"id":1,"n":1}`), engine.ChangeEvent, 1000000},
		{"payload before schema", `{"payload":` + envelope("c", "null", `{"id":1,"n":1}`) + `,"schema":{"type":"struct"}}`, engine.ChangeEvent, 1000000},
		{"payload without schema", `{"payload":` + envelope("c", "null", `{"id":1,"n":1}`) + `}`, engine.ChangeEvent, 1000000},
	} {
		t.Run(c.name, func(t *testing.T) {
			ev, err := decodeOne(t, newDecoder(t, Debezium(), small.Spec(t, nil)), c.value)
			if err != nil || ev.Kind != c.kind || ev.Commit != c.commit {
				t.Errorf("kind %d, commit %d, error %v", ev.Kind, ev.Commit, err)
			}
			if ev.Kind == engine.HeartbeatEvent && ev.Clock != 5000 || ev.Kind == engine.EndEvent && (ev.Count != 2 || ev.Tx != 7) {
				t.Errorf("clock %d, count %d, tx %d", ev.Clock, ev.Count, ev.Tx)
			}
		})
	}
}

func TestCommitTime(t *testing.T) {
	for _, c := range []struct {
		source string
		commit int64
	}{
		{`"ts_ns":1999,"ts_us":1,"ts_ms":1`, 1},
		{`"ts_us":7,"ts_ms":1`, 7},
		{`"ts_ms":3`, 3999},
		{`"ts_ns":0,"ts_us":0,"ts_ms":3`, 3999},
		{`"ts_ns":null,"ts_us":9`, 9},
	} {
		ev, err := decodeOne(t, newDecoder(t, Debezium(), small.Spec(t, nil)), `{"source":{`+c.source+`},"op":"t"}`)
		if err != nil || ev.Commit != c.commit {
			t.Errorf("%s: %d, %v", c.source, ev.Commit, err)
		}
	}
}

func TestSnapshotMarks(t *testing.T) {
	for mark, want := range map[string]engine.SnapshotMark{
		`"true"`: engine.InSnapshot, `"first"`: engine.FirstSnapshot, `"first_in_data_collection"`: engine.FirstOfTable, `"last_in_data_collection"`: engine.LastOfTable,
		`"last"`: engine.LastSnapshot, `"incremental"`: engine.IncrementalSnapshot, `"false"`: engine.NoSnapshot, `null`: engine.NoSnapshot, `false`: engine.NoSnapshot,
		`true`: engine.InSnapshot,
	} {
		ev, err := decodeOne(t, newDecoder(t, Debezium(), small.Spec(t, nil)), `{"after":{"id":1,"n":1},"source":{"snapshot":`+mark+`,"ts_us":1,"txId":null,"lsn":null},"op":"r"}`)
		if err != nil || ev.Snapshot != want || ev.Op != engine.ReadOp || ev.HasID {
			t.Errorf("%s: mark %d, op %d, position %v, error %v", mark, ev.Snapshot, ev.Op, ev.HasID, err)
		}
	}
}

func TestSequences(t *testing.T) {
	for _, c := range []struct {
		sequence string
		seq      [2]int64
		ok       bool
	}{
		{`"[\"60\",\"70\"]"`, [2]int64{60, 70}, true},
		{`"[null,\"70\"]"`, [2]int64{}, false},
		{`"[\"60\",null]"`, [2]int64{}, false},
		{`"[\"1\",\"2\",\"3\"]"`, [2]int64{}, false},
		{`"[\"99999999999999999999\",\"2\"]"`, [2]int64{}, false},
		{`null`, [2]int64{}, false},
	} {
		ev, err := decodeOne(t, newDecoder(t, Debezium(), small.Spec(t, nil)), `{"source":{"ts_us":1,"lsn":5,"sequence":`+c.sequence+`},"op":"t"}`)
		if err != nil || ev.HasSeq != c.ok || ev.Seq != c.seq || ev.LSN != 5 || !ev.HasID {
			t.Errorf("%s: %v %v, error %v", c.sequence, ev.Seq, ev.HasSeq, err)
		}
	}
}

// MariaDB has no LSN: file, position and row make one that grows along the log.
func TestBinlogPositions(t *testing.T) {
	last := int64(-1)
	for _, place := range []string{
		`"file":"binlog.000001","pos":4308,"row":0`, `"file":"binlog.000001","pos":4308,"row":1`, `"file":"binlog.000001","pos":4905,"row":0`, `"file":"binlog.000002","pos":4,"row":0`,
	} {
		ev, err := decodeOne(t, newDecoder(t, Debezium(), small.Spec(t, nil)),
			`{"source":{"ts_us":1,"gtid":"0-1-11",`+place+`},"transaction":{"id":"0-1-11","total_order":1},"op":"t"}`)
		if err != nil || ev.LSN <= last || ev.HasSeq || !ev.HasID || ev.Tx != transactionNumber([]byte("0-1-11")) {
			t.Errorf("%s: %d after %d, %v", place, ev.LSN, last, err)
		}
		last = ev.LSN
	}
}

func TestTables(t *testing.T) {
	record := func(db, schema, table string) string {
		return fmt.Sprintf(`{"after":{"id":1,"n":"of another type in other tables","name":5},"source":{"ts_us":1,"db":%q,"schema":%q,"table":%q},"op":"t"}`, db, schema, table)
	}
	for _, c := range []struct {
		option  string
		records [][3]string
		want    string // for each record: + is the source's, o another table's, ! an error
	}{
		{"", [][3]string{{"d", "public", "a"}, {"d", "public", "a"}, {"d", "public", "b"}, {"d", "public", "a"}}, "++!+"},
		{"public.b", [][3]string{{"d", "public", "a"}, {"d", "public", "b"}, {"d", "x", "b"}}, "o+o"},
		{"b", [][3]string{{"d", "public", "a"}, {"d", "public", "b"}, {"d", "x", "b"}, {"d", "public", "b"}}, "o+!+"},
		{"d.public.b", [][3]string{{"d", "public", "b"}, {"e", "public", "b"}}, "+o"},
		{"shop.orders", [][3]string{{"shop", "", "orders"}, {"other", "", "orders"}}, "+o"},
		{"public.a", [][3]string{{"d", "public", ""}}, "+"},
	} {
		spec := small.Spec(t, nil)
		spec.Table = c.option
		d := newDecoder(t, Debezium(), spec)
		got := ""
		for _, r := range c.records {
			ev, err := decodeOne(t, d, record(r[0], r[1], r[2]))
			switch {
			case err != nil:
				got += "!"
				if !strings.Contains(err.Error(), "table") || !strings.Contains(err.(*types.Error).Hint, "table = '") {
					t.Errorf("%v", err)
				}
			case ev.Kind == engine.OtherTableEvent:
				got += "o"
			case ev.Kind == engine.TruncateEvent:
				got += "+"
			}
		}
		if got != c.want {
			t.Errorf("table = %q, %v: %s instead of %s", c.option, c.records, got, c.want)
		}
	}
}

// Bad records, each with what its error must name.
func TestRejects(t *testing.T) {
	good := envelope("c", "null", `{"id":1,"n":1}`)
	for _, c := range []struct{ name, value, says string }{
		{"not JSON", "hello", "not valid JSON at byte 1"},
		{"cut", good[:len(good)-1], "cut off"},
		{"cut in a string", `{"op":"c`, "cut off"},
		{"garbage behind", good + "x", "more text behind"},
		{"two records", good + good, "more text behind"},
		{"comma at the end", `{"op":"c",}`, "not valid JSON"},
		{"bad escape", `{"op":"\x"}`, "escape"},
		{"control character", "{\"op\":\"\x01\"}", "control character"},
		{"bad UTF-8", envelope("c", "null", "{\"id\":1,\"n\":1,\"name\":\"\xff\"}"), "not valid UTF-8"},
		{"bad UTF-8 in an ignored member", envelope("c", "null", "{\"id\":1,\"n\":1,\"z\":\"\xc3\"}"), "not valid UTF-8"},
		{"half a surrogate", envelope("c", "null", `{"id":1,"n":1,"name":"\ud800"}`), "surrogate"},
		{"NUL", envelope("c", "null", `{"id":1,"n":1,"name":"a\u0000"}`), "NUL"},
		{"too deep", strings.Repeat("[", 300) + strings.Repeat("]", 300), "nested more than 256"},
		{"array", "[]", "no op"},
		{"number", "1", "no op"},
		{"unknown op", envelope("x", "null", "null"), `unknown op "x"`},
		{"op is a number", `{"op":1}`, "unknown op 1"},
		{"no op", `{"after":{"id":1}}`, "no op"},
		{"flattened without op", `{"id":1,"n":1,"__deleted":"false","__source_ts_us":1}`, "has no __op"},
		{"flattened without deleted", `{"id":1,"n":1,"__op":"c","__source_ts_us":1}`, "has no __deleted"},
		{"flattened without commit time", `{"id":1,"n":1,"__op":"c","__deleted":"false","__ts_us":1}`, "no usable commit time"},
		{"flattened with another op", `{"id":1,"n":1,"__op":"t","__deleted":"false","__source_ts_us":1}`, `unknown __op "t"`},
		{"flattened without key", `{"n":1,"__op":"c","__deleted":"false","__source_ts_us":1}`, `column "id"`},
		{"flattened wrong type", `{"id":1,"n":"x","__op":"u","__deleted":"false","__source_ts_us":1}`, `column "n" (integer): "x"`},
		{"flattened delete without key", `{"n":1,"__op":"d","__deleted":"true","__source_ts_us":1}`, `key column "id"`},
		{"no commit time", `{"after":{"id":1,"n":1},"source":{"table":"t"},"op":"c","ts_us":5}`, "commit time"},
		{"c without after", envelope("c", "null", "null"), "op c without after"},
		{"u without after", `{"source":{"ts_us":1},"op":"u"}`, "op u without after"},
		{"after is no object", envelope("c", "null", `"x"`), "after is neither"},
		{"no key", envelope("c", "null", `{"n":1}`), `column "id"`},
		{"key is NULL", envelope("c", "null", `{"id":null,"n":1}`), `column "id"`},
		{"key is NULL in before", envelope("u", `{"n":1}`, `{"id":1,"n":1}`), `key column "id"`},
		{"d without key", envelope("d", `{"n":1}`, "null"), `key column "id"`},
		{"d without anything", envelope("d", "null", "null"), `key column "id"`},
		{"NOT NULL", envelope("c", "null", `{"id":1,"n":null}`), `column "n"`},
		{"NOT NULL and missing", envelope("c", "null", `{"id":1}`), `column "n"`},
		{"wrong type", envelope("c", "null", `{"id":1,"n":"x"}`), `column "n" (integer): "x"`},
		{"out of range", envelope("c", "null", `{"id":1,"n":3000000000}`), `column "n" (integer): 3000000000 is out of range`},
		{"long value", envelope("c", "null", `{"id":1,"n":"`+strings.Repeat("ä", 100)+`"}`), `column "n" (integer): "` + strings.Repeat("ä", 40) + `…"`},
		{"schema is no object", `{"schema":5,"payload":null}`, "schema"},
		{"schema is no schema", `{"schema":{"fields":5},"payload":null}`, "Kafka Connect schema"},
		{"END without count", `{"status":"END","id":"7:9","event_count":null}`, "event_count"},
		{"unknown status", `{"status":"MIDDLE","id":"7:9"}`, "MIDDLE"},
		{"heartbeat of no time", `{"ts_ms":"x"}`, "ts_ms"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := newDecoder(t, Debezium(), small.Spec(t, nil))
			_, err := decodeOne(t, d, c.value)
			var e *types.Error
			if !errors.As(err, &e) || !strings.Contains(e.Message, c.says) || len(e.Code) != 5 {
				t.Fatalf("error %v does not say %q", err, c.says)
			}
			// The decoder is as good as before.
			if ev, err := decodeOne(t, d, good); err != nil || fmt.Sprint(ev.After) != "[1 NULL 1]" {
				t.Errorf("afterwards: %v, %v", ev.After, err)
			}
		})
	}
}

// A flattened record is one whatever its columns are called, with or without a schema around it; what is not the connector's is the row's.
func TestFlattenedRecords(t *testing.T) {
	table := declared{DDL: "id bigint, op text, status text, payload text, source text, before text, __lsn_of bigint", Key: []string{"id"}}
	row := `"id":1,"op":"x","status":"BEGIN","payload":"p","source":"s","before":"b","__lsn_of":3`
	meta := `"__deleted":"false","__op":"u","__lsn":900,"__txId":7,"__table":"t","__source_ts_us":1000,"__source_snapshot":null`
	for _, value := range []string{
		"{" + row + "," + meta + "}",
		"{" + meta + "," + row + "}",
		`{"schema":{"type":"struct","fields":[{"type":"int64","field":"id"}]},"payload":{` + row + "," + meta + "}}",
		`{"payload":{` + meta + "," + row + `},"schema":null}`,
	} {
		spec := table.Spec(t, nil)
		spec.Table = "public.t"
		ev, err := decodeOne(t, newDecoder(t, Debezium(), spec), value)
		if err != nil || fmt.Sprint(ev.After) != "[1 x BEGIN p s b 3]" || ev.Op != engine.UpdateOp || ev.Commit != 1000 || ev.LSN != 900 || ev.Tx != 7 || ev.Table != "t" || ev.Snapshot != engine.NoSnapshot {
			t.Errorf("%s: %+v, %v", value, ev, err)
		}
	}
	d := newDecoder(t, Debezium(), small.Spec(t, nil))
	ev, err := decodeOne(t, d, `{"id":1,"n":null,"name":"","__deleted":"true","__op":"d","__source_ts_ms":5}`)
	if err != nil || ev.Op != engine.DeleteOp || ev.Before[0].I != 1 || ev.Commit != 5999 {
		t.Errorf("deleted: %+v, %v", ev, err)
	}
	ev, err = decodeOne(t, d, `{"id":1,"n":2,"__deleted":"false","__op":"r","__source_ts_us":5}`)
	if err != nil || ev.Op != engine.ReadOp || ev.Snapshot != engine.InSnapshot {
		t.Errorf("read without its mark: %+v, %v", ev, err)
	}
	spec := small.Spec(t, nil)
	spec.Table = "public.u"
	if ev, err := decodeOne(t, newDecoder(t, Debezium(), spec), `{"id":1,"n":2,"__table":"t","__deleted":"false","__op":"c","__source_ts_us":5}`); err != nil || ev.Kind != engine.OtherTableEvent {
		t.Errorf("of another table: %+v, %v", ev, err)
	}
}

// Connectors invent what they do not know of the old row; only with before images that are said to be complete is that an error.
func TestInventedBefore(t *testing.T) {
	table := declared{DDL: "id bigint NOT NULL, u uuid NOT NULL, n integer NOT NULL", Key: []string{"id"}}
	record := envelope("d", `{"id":1,"u":"","n":null}`, "null")
	ev, err := decodeOne(t, newDecoder(t, Debezium(), table.Spec(t, nil)), record)
	if err != nil || ev.Op != engine.DeleteOp || ev.Before[1].Kind != types.Unavailable || !ev.Before[2].IsNull() {
		t.Errorf("%v, %v", ev.Before, err)
	}
	_, err = decodeOne(t, newDecoder(t, Debezium(), table.Spec(t, map[string]string{"missing_before": "error"})), record)
	if err == nil || !strings.Contains(err.Error(), `column "u"`) {
		t.Errorf("error %v", err)
	}
}

func TestKeyOfDelete(t *testing.T) {
	table := declared{DDL: "name text, b bigint NOT NULL, a text NOT NULL", Key: []string{"a", "b"}}
	for _, key := range []string{`{"a":"x","b":2}`, `{"schema":{"type":"struct","fields":[{"field":"a","type":"string"},{"field":"b","type":"int64"}]},"payload":{"a":"x","b":2}}`} {
		d := newDecoder(t, Debezium(), table.Spec(t, nil))
		var ev engine.Event
		if err := d.Decode(engine.Record{Key: []byte(key), Value: []byte(envelope("d", "null", "null"))}, &ev); err != nil || fmt.Sprint(ev.KeyOnly) != "[x 2]" {
			t.Errorf("%s: %v, %v", key, ev.KeyOnly, err)
		}
	}
	d := newDecoder(t, Debezium(), table.Spec(t, nil))
	var ev engine.Event
	for _, key := range []string{`{"a":"x"}`, `{"a":"x","b":`, "5"} {
		if err := d.Decode(engine.Record{Key: []byte(key), Value: []byte(envelope("d", "null", "null"))}, &ev); err == nil {
			t.Errorf("key %s: %v", key, ev.KeyOnly)
		}
	}
}

func TestOptions(t *testing.T) {
	for name, value := range map[string]string{
		"decimal_handling_mode": "exact", "binary_handling_mode": "utf8", "time_precision": "seconds", "unavailable_value_placeholder": "hex:zz",
	} {
		_, err := Debezium().New(small.Spec(t, map[string]string{name: value}))
		var e *types.Error
		if !errors.As(err, &e) || e.Code != types.CodeInvalidParameter || !strings.Contains(e.Message, name) {
			t.Errorf("%s = %s: %v", name, value, err)
		}
	}
}
