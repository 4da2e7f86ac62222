package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/asofdb/asof/connectors/decode/golden"
	"github.com/asofdb/asof/engine"
)

// broker is a Kafka in this process that the records of captures are written to.
type broker struct {
	address string
	client  *kgo.Client
}

func newBroker(t testing.TB, topics map[string]int) *broker {
	t.Helper()
	opts := []kfake.Opt{kfake.NumBrokers(1)}
	for topic, partitions := range topics {
		opts = append(opts, kfake.SeedTopics(int32(partitions), topic))
	}
	c, err := kfake.NewCluster(opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	client, err := kgo.NewClient(kgo.SeedBrokers(c.ListenAddrs()...), kgo.RecordPartitioner(kgo.ManualPartitioner()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return &broker{strings.Join(c.ListenAddrs(), ","), client}
}

func (b *broker) produce(t testing.TB, records ...*kgo.Record) {
	t.Helper()
	if err := b.client.ProduceSync(t.Context(), records...).FirstErr(); err != nil {
		t.Fatal(err)
	}
}

// The captures go through Kafka, as they were sent with their transactions and heartbeats, over as many partitions as one likes: the tables are what the database printed, every
// transaction is whole at its commit, and nothing is shifted. What TRUNCATE deletes is known in one partition only: over several it is refused.
func TestCapturesThroughKafka(t *testing.T) {
	for _, c := range golden.Captures() {
		switch c.Name {
		case "shop_json", "shop_schema", "shop_flat", "shop_parts3", "restart", "incremental", "types_precise":
		default:
			continue
		}
		for _, partitions := range []int{1, 4, asCaptured} {
			if partitions != asCaptured && c.Name == "shop_parts3" { // its records are in no order across partitions
				continue
			}
			for _, batch := range slices.Compact([]int{batchSizes()[0], batchSizes()[len(batchSizes())-1]}) {
				t.Run(fmt.Sprintf("%s/%d partitions/%d", c.Name, partitions, batch), func(t *testing.T) {
					t.Parallel()
					g := openCapture(t, c, batch)
					b := g.produce(t, partitions)
					for _, table := range slices.Sorted(maps.Keys(c.Tables)) {
						g.createOverKafka(t, b, table, "DEBEZIUM")
					}
					for table := range c.Tables {
						if partitions != 1 && g.truncated(t, table) && g.partitions[table] > 1 {
							awaitSource(t, g.Engine, table, func(row sourceRow) bool { return strings.Contains(row["state"].S, "a TRUNCATE in one of ") })
							continue
						}
						g.awaitEnd(t, table)
						g.compareTables(t, table)
					}
					for name, row := range showSources(t, g.Engine) {
						for _, counter := range []string{"shifted_changes", "split_transactions"} {
							if n := row[counter].I; n != 0 {
								t.Errorf("%s: %s is %d", name, counter, n)
							}
						}
					}
				})
			}
		}
	}
}

// asCaptured stands for the partitions that a capture's records were in.
const asCaptured = 0

// produce writes the records of a capture, in the order in which they are captured, to topics of n partitions each.
func (g *goldenEngine) produce(t *testing.T, n int) *broker {
	t.Helper()
	topics := map[string]int{}
	var records []*kgo.Record
	for _, r := range golden.Records(t, g.capture.Name) {
		rows := strings.Count(r.Topic, ".") == 2
		switch {
		case n == asCaptured:
			topics[r.Topic] = max(topics[r.Topic], r.Partition+1)
		case rows:
			topics[r.Topic] = n
		default:
			topics[r.Topic] = 1
		}
		k := &kgo.Record{Topic: r.Topic, Value: r.Value, Partition: int32(r.Partition), Timestamp: time.UnixMilli(r.Timestamp)}
		if n != asCaptured {
			h := fnv.New32a()
			h.Write(r.Key)
			k.Partition = int32(h.Sum32() % uint32(topics[r.Topic]))
		}
		if string(r.Key) != "null" {
			k.Key = r.Key
		}
		if string(r.Value) == "null" {
			k.Value = nil
		}
		if rows {
			g.partitions[r.Table()] = topics[r.Topic]
		}
		records = append(records, k)
	}
	b := newBroker(t, topics)
	b.produce(t, records...)
	return b
}

func (g *goldenEngine) createOverKafka(t *testing.T, b *broker, table, format string) {
	t.Helper()
	d, topic := g.capture.Tables[table], ""
	for _, r := range golden.Records(t, g.capture.Name) {
		if strings.Count(r.Topic, ".") == 2 && r.Table() == table {
			topic = r.Topic
		}
	}
	columns := d.DDL
	if len(d.Key) > 0 {
		columns += ", PRIMARY KEY (" + strings.Join(d.Key, ", ") + ")"
	}
	with := fmt.Sprintf("connector = 'kafka', brokers = '%s', topic = '%s'", b.address, topic)
	for _, name := range slices.Sorted(maps.Keys(g.capture.Options)) {
		with += fmt.Sprintf(", %s = '%s'", name, g.capture.Options[name])
	}
	if len(g.capture.LostRows(table)) > 0 {
		with += ", on_bad_record = 'reject'"
	}
	mustExec(t, g.Engine, fmt.Sprintf("CREATE SOURCE %s (%s) WITH (%s) FORMAT %s ENCODE JSON", table, columns, with, format))
}

// awaitEnd waits until everything that was written of a table can be read.
func (g *goldenEngine) awaitEnd(t *testing.T, table string) {
	t.Helper()
	last := int64(0)
	for _, r := range g.records[table] {
		last = max(last, commitOf(t, r))
	}
	awaitSource(t, g.Engine, table, func(row sourceRow) bool {
		return row["lag_records"].I == 0 && !row["frontier"].IsNull() && row["frontier"].I >= last
	})
}

// truncated reports whether a table has a TRUNCATE in its capture.
func (g *goldenEngine) truncated(t *testing.T, table string) bool {
	t.Helper()
	return slices.ContainsFunc(g.records[table], func(r golden.Record) bool {
		var v struct {
			Op      string
			Payload struct{ Op string }
		}
		if err := json.Unmarshal(r.Value, &v); err != nil {
			t.Fatal(err)
		}
		return v.Op == "t" || v.Payload.Op == "t"
	})
}

// commitOf is when the change of a record was committed, 0 for a tombstone.
func commitOf(t *testing.T, r golden.Record) int64 {
	t.Helper()
	type change struct {
		Source struct {
			TsUs int64 `json:"ts_us"`
		}
		Flat int64 `json:"__source_ts_us"`
	}
	var v struct {
		change
		Payload change
	}
	if err := json.Unmarshal(r.Value, &v); err != nil {
		t.Fatal(err)
	}
	return max(v.Source.TsUs, v.Payload.Source.TsUs, v.Flat)
}

// awaitSource waits until cond is true of what SHOW SOURCES says.
func awaitSource(t testing.TB, e *engine.Engine, source string, cond func(sourceRow) bool) sourceRow {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for {
		row := showSources(t, e)[source]
		if cond(row) {
			return row
		}
		select {
		case <-ctx.Done():
			if errors.Is(ctx.Err(), context.DeadlineExceeded) {
				t.Fatalf("source %q is not what is waited for: %v", source, row)
			}
			t.Fatal(ctx.Err())
		case <-time.After(5 * time.Millisecond):
		}
	}
}
