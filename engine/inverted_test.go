package engine_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/asofdb/asof/connectors"
	"github.com/asofdb/asof/engine"
)

// PostgreSQL takes a transaction's time before its place in the log. One that has the time of another counts from it, in spite of the END between them; one that comes too long behind a later one is
// shifted, and still is seen whole.
func TestTransactionsBehindLaterOnes(t *testing.T) {
	b := newBroker(t, map[string]int{"shop.public.t": 2, "shop.transaction": 1})
	e, err := engine.Open(t.TempDir(), engine.Options{Connectors: connectors.Default()})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	begun := time.Now().Add(-time.Hour).Truncate(time.Second)
	at := func(us int) time.Time { return begun.Add(time.Duration(us) * time.Microsecond) }
	row := func(partition int32, tx, order, id, commit int) *kgo.Record {
		return &kgo.Record{Topic: "shop.public.t", Partition: partition, Key: fmt.Appendf(nil, `{"id":%d}`, id), Value: fmt.Appendf(nil,
			`{"op":"c","source":{"connector":"postgresql","schema":"public","table":"t","ts_us":%d,"txId":%d,"lsn":%d},"transaction":{"id":"%[2]d:1","total_order":%[4]d,"data_collection_order":%[4]d},"before":null,"after":{"id":%[5]d}}`,
			at(commit).UnixMicro(), tx, 10*id, order, id)}
	}
	begin := func(tx int) *kgo.Record {
		return &kgo.Record{Topic: "shop.transaction", Value: fmt.Appendf(nil, `{"status":"BEGIN","id":"%d:1","event_count":null,"data_collections":null,"ts_ms":%d}`, tx, begun.UnixMilli())}
	}
	end := func(tx, rows int) *kgo.Record {
		return &kgo.Record{Topic: "shop.transaction", Value: fmt.Appendf(nil, `{"status":"END","id":"%d:1","event_count":%d,"data_collections":[{"data_collection":"public.t","event_count":%[2]d}],"ts_ms":%d}`, tx, rows, begun.UnixMilli())}
	}
	want := func(moment int, ids string) {
		t.Helper()
		got, err := ask(t.Context(), e, fmt.Sprintf("SELECT id FROM t AS OF '%s' ORDER BY 1", at(moment).UTC().Format("2006-01-02 15:04:05.000000Z07:00")))
		if got = strings.Join(strings.Fields(got), ""); err != nil || got != ids {
			t.Errorf("%d µs: %q, %v; want %q", moment, got, err, ids)
		}
	}
	b.produce(t, begin(1), row(0, 1, 1, 1, 100), end(1, 1), begin(2), row(1, 2, 1, 2, 100), end(2, 1))
	mustExec(t, e, "CREATE SOURCE t (id BIGINT PRIMARY KEY) WITH (connector = 'kafka', brokers = '"+b.address+"', topic = 'shop.public.t', frontier = 'commit', close_after = '500ms') FORMAT DEBEZIUM ENCODE JSON")
	through := func(records int64, moment int) func(sourceRow) bool {
		return func(r sourceRow) bool { return r["records"].I == records && r["frontier"].I == at(moment).UnixMicro() }
	}
	awaitSource(t, e, "t", through(2, 100))
	want(100, "1,2,")

	b.produce(t, begin(3), row(0, 3, 1, 3, 90))
	awaitSource(t, e, "t", func(r sourceRow) bool { return r["records"].I == 3 })
	for range 35 { // it has been silent for long, and is not over
		want(100, "1,2,")
		if f := showSources(t, e)["t"]["frontier"].I - begun.UnixMicro(); f != 100 {
			t.Fatalf("the frontier is %d µs with half of a transaction at 101", f)
		}
		time.Sleep(20 * time.Millisecond)
	}
	b.produce(t, row(1, 3, 2, 4, 90), end(3, 2))
	r := awaitSource(t, e, "t", through(4, 101))
	want(100, "1,2,")
	want(101, "1,2,3,4,")
	if r["shifted_changes"].I != 2 || r["split_transactions"].I != 0 || r["inverted_commits"].I != 0 {
		t.Errorf("SHOW SOURCES: %v", r)
	}
}
