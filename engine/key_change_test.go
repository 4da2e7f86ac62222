package engine_test

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/asofdb/asof/engine"
)

// A row's key changes under REPLICA IDENTITY DEFAULT, and a long value of it does not: the connector sends a delete and a create that leaves the value out, in partitions of their own, and says in a header which key
// the row had. The value is the old row's, whichever of the two is read first, and if the program ends between them.
func TestAKeyChangesAndALongValueDoesNot(t *testing.T) {
	const long = "__debezium_unavailable_value"
	record := func(partition int32, op string, at time.Time, id, lsn int, body, oldKey string) *kgo.Record {
		image := fmt.Sprintf(`"before":null,"after":{"id":%d,"body":"%s"}`, id, body)
		if op == "d" {
			image = fmt.Sprintf(`"before":{"id":%d,"body":null},"after":null`, id)
		}
		r := &kgo.Record{Topic: "docs", Partition: partition, Key: fmt.Appendf(nil, `{"id":%d}`, id), Value: fmt.Appendf(nil,
			`{"op":"%s",%s,"source":{"connector":"postgresql","schema":"public","table":"docs","ts_us":%d,"txId":%d,"lsn":%d,"snapshot":"false"}}`, op, image, at.UnixMicro(), at.Unix(), lsn)}
		if oldKey != "" {
			r.Headers = []kgo.RecordHeader{{Key: "__debezium.context.taskId", Value: []byte("0")}, {Key: "__debezium.oldkey", Value: []byte(oldKey)}}
		}
		return r
	}
	for _, c := range []struct {
		name          string
		first, second int32 // the partitions of the delete and of the create
		restart       bool
	}{{"in one partition", 0, 0, false}, {"the delete first", 0, 1, false}, {"the create first", 1, 0, false}, {"ended between them", 0, 0, true}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := newBroker(t, map[string]int{"docs": 2})
			begun := time.Now().Add(-time.Hour).Truncate(time.Second)
			moved := begun.Add(time.Second)
			dir := filepath.Join(t.TempDir(), "data")
			options := engine.Options{BatchChanges: 1}
			b.produce(t, record(0, "c", begun, 1, 10, "a long text", ""), record(1, "c", begun, 2, 11, "another", ""))
			e := openEngine(t, dir, options)
			mustExec(t, e, "CREATE SOURCE docs (id BIGINT PRIMARY KEY, body TEXT) WITH (connector = 'kafka', brokers = '"+b.address+"', topic = 'docs', history = 'from_empty', frontier = 'commit', idle_lag = '200 ms') FORMAT DEBEZIUM ENCODE JSON")
			awaitSource(t, e, "docs", func(row sourceRow) bool { return row["records"].I == 2 })
			b.produce(t, record(c.first, "d", moved, 1, 20, "", ""))
			if c.restart {
				awaitSource(t, e, "docs", func(row sourceRow) bool { return row["records"].I == 3 })
				if err := e.Close(); err != nil {
					t.Fatal(err)
				}
				e = openEngine(t, dir, options)
			}
			b.produce(t, record(c.second, "c", moved, 3, 20, long, `{"id":1}`), record(0, "c", moved.Add(time.Second), 4, 30, "x", ""), record(1, "c", moved.Add(time.Second), 5, 31, "y", ""))
			end := moved.Add(time.Second).UnixMicro()
			row := awaitSource(t, e, "docs", func(row sourceRow) bool { return row["records"].I == 6 && row["frontier"].I >= end })
			if got := mustAsk(t, e, "SELECT id, body FROM docs ORDER BY id"); got != "2,another,\n3,a long text,\n4,x,\n5,y,\n" {
				t.Errorf("%q; %v", got, row)
			}
		})
	}
}
