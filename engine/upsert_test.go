package engine_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/asofdb/asof/connectors/decode/golden"
	"github.com/asofdb/asof/engine"
)

// A record of FORMAT UPSERT is the row of its key from its own time on, whatever form the key has and whichever partition it is in, until one comes without a value.
func TestUpsertIsTheTableOfItsKeys(t *testing.T) {
	for seed := range uint64(6) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			rnd := rand.New(rand.NewPCG(seed, 9))
			const partitions = 3
			b := newBroker(t, map[string]int{"rows": partitions})
			now := time.Now().Add(-time.Hour).Truncate(time.Millisecond)
			rows := map[int]int{}
			type moment struct {
				at   time.Time
				rows string
			}
			var truth []moment
			var records []*kgo.Record
			for range 120 {
				now = now.Add(time.Duration(1+rnd.IntN(40)) * time.Millisecond)
				id := rnd.IntN(9)
				r := &kgo.Record{Topic: "rows", Partition: int32(id % partitions), Timestamp: now, Key: []byte([]string{fmt.Sprint(id), fmt.Sprintf(`{"id":%d}`, id), fmt.Sprintf(`{"schema":null,"payload":{"id":%d}}`, id)}[rnd.IntN(3)])}
				if rnd.IntN(4) == 0 {
					delete(rows, id)
				} else {
					rows[id] = rnd.IntN(5)
					r.Value = fmt.Appendf(nil, []string{`{"n":%d}`, `{"schema":{"type":"struct","fields":[{"type":"int32","field":"n"}]},"payload":{"n":%d}}`}[rnd.IntN(2)], rows[id])
				}
				records = append(records, r)
				var text strings.Builder
				for _, id := range slices.Sorted(maps.Keys(rows)) {
					fmt.Fprintf(&text, "%d,%d,\n", id, rows[id])
				}
				truth = append(truth, moment{now, text.String()})
			}
			dir := filepath.Join(t.TempDir(), "data")
			options := engine.Options{BatchChanges: 1 + rnd.IntN(20)}
			e := openEngine(t, dir, options)
			b.produce(t, records...)
			mustExec(t, e, "CREATE SOURCE items (id BIGINT PRIMARY KEY, n INTEGER) WITH (connector = 'kafka', brokers = '"+b.address+"', topic = 'rows', frontier = 'commit') FORMAT UPSERT ENCODE JSON")
			for range rnd.IntN(4) {
				read := rnd.Int64N(int64(len(records)))
				awaitSource(t, e, "items", func(row sourceRow) bool { return row["records"].I >= read })
				if err := e.Close(); err != nil {
					t.Fatal(err)
				}
				e = openEngine(t, dir, options)
			}
			row := awaitSource(t, e, "items", func(row sourceRow) bool { return row["frontier"].I >= now.UnixMicro() })
			if row["shifted_changes"].I != 0 || row["unknown_rows"].I != 0 {
				t.Errorf("SHOW SOURCES: %v", row)
			}
			for i, m := range truth {
				got, err := ask(t.Context(), e, fmt.Sprintf("SELECT id, n FROM items AS OF '%s' ORDER BY id", m.at.UTC().Format("2006-01-02 15:04:05.999999+00")))
				if err != nil || got != m.rows {
					t.Errorf("moment %d: %q, %v; want %q", i, got, err, m.rows)
				}
			}
			mustExec(t, e, "CREATE FEATURE f ENTITY n (n) AS SELECT n, COUNT(*) AS c FROM items GROUP BY n; VERIFY FEATURE f")
		})
	}
}

// What a connector leaves that flattens records as it comes, without an operation and a time, can be read by its key: the tables end as the database has them.
func TestFlattenedRecordsAsUpserts(t *testing.T) {
	c := golden.Flattened()
	g := openCapture(t, c, 100)
	b := g.produce(t, asCaptured)
	for _, table := range slices.Sorted(maps.Keys(c.Tables)) {
		g.createOverKafka(t, b, table, "UPSERT")
		awaitSource(t, g.Engine, table, func(row sourceRow) bool {
			return row["lag_records"].I == 0 && row["records"].I == int64(len(g.records[table])) && row["state"].S == "following"
		})
		last := int64(0)
		for _, r := range g.records[table] {
			last = max(last, r.Timestamp*1000)
		}
		awaitSource(t, g.Engine, table, func(row sourceRow) bool { return row["frontier"].I >= last })
		want := c.Expected(t, table, false)
		compareTruth(t, table, g.rows(t, table, c.Tables[table].Key, ""), want)
	}
}

// An append-only stream without a commit time of its own has that of its records.
func TestPlainRecordsHaveTheTimeOfTheRecord(t *testing.T) {
	b := newBroker(t, map[string]int{"clicks": 2})
	begun := time.Now().Add(-time.Minute).Truncate(time.Millisecond)
	for i := range 10 {
		b.produce(t, &kgo.Record{Topic: "clicks", Partition: int32(i % 2), Timestamp: begun.Add(time.Duration(i) * time.Second), Value: fmt.Appendf(nil, `{"url":"/%d"}`, i)})
	}
	e := openEngine(t, filepath.Join(t.TempDir(), "data"), engine.Options{})
	mustExec(t, e, "CREATE SOURCE clicks (url TEXT) WITH (connector = 'kafka', brokers = '"+b.address+"', topic = 'clicks') FORMAT PLAIN ENCODE JSON")
	awaitSource(t, e, "clicks", func(row sourceRow) bool { return row["frontier"].I >= begun.Add(9*time.Second).UnixMicro() })
	for i := range 10 {
		at := begun.Add(time.Duration(i) * time.Second)
		for before, want := range map[time.Duration]int{0: i + 1, time.Microsecond: i} {
			got, err := ask(t.Context(), e, fmt.Sprintf("SELECT COUNT(*) FROM clicks AS OF '%s'", at.Add(-before).UTC().Format("2006-01-02 15:04:05.999999+00")))
			if i == 0 && before > 0 {
				if err == nil {
					t.Errorf("before anything was known: %q", got)
				}
				continue
			}
			if err != nil || got != fmt.Sprintf("%d,\n", want) {
				t.Errorf("%s before record %d: %q, %v", before, i, got, err)
			}
		}
	}
}
