package decode

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/asofdb/asof/connectors/decode/golden"
	"github.com/asofdb/asof/engine"
	"github.com/asofdb/asof/sql/types"
)

func TestCaptures(t *testing.T) {
	for _, c := range golden.Captures() {
		t.Run(c.Name, func(t *testing.T) {
			records := golden.Records(t, c.Name)
			for table, d := range c.Tables {
				t.Run(table, func(t *testing.T) { checkTable(t, c, records, table, d) })
			}
		})
	}
	for _, l := range golden.UnusedLosses() {
		t.Errorf("no capture has the loss of %s", l)
	}
}

func checkTable(t *testing.T, c golden.Capture, records []golden.Record, table string, d declared) {
	spec := d.Spec(t, c.Options)
	dec := newDecoder(t, Debezium(), spec)
	var events []engine.Event
	rejects := map[string]bool{}
	for _, r := range records {
		if r.Table() != table || strings.Count(r.Topic, ".") != 2 {
			continue
		}
		var ev engine.Event
		if err := dec.Decode(r.Sent(), &ev); err != nil {
			rejects[strings.Trim(string(r.Key), `{"id:}`)] = true
			if len(c.LostRows(table)) == 0 {
				t.Errorf("%v\n%s", err, r.Value)
			}
			continue
		}
		events = append(events, ev)
	}
	for _, row := range c.LostRows(table) {
		if c.Schemaless() && !rejects[row] {
			t.Errorf("the record of row %s was decoded", row)
		}
	}
	if c.Name == "shop_parts3" {
		// Partitions are merged by commit time and the place in the transaction, as the engine does it; without tombstones.
		events = slices.DeleteFunc(events, func(ev engine.Event) bool { return ev.Kind == engine.SkipEvent })
		slices.SortStableFunc(events, func(a, b engine.Event) int {
			return cmp.Or(cmp.Compare(a.Commit, b.Commit), cmp.Compare(a.Order, b.Order))
		})
	}
	snapshot, last := newModel(spec), newModel(spec)
	for i := range events {
		if events[i].Op == engine.ReadOp && events[i].Kind == engine.ChangeEvent {
			snapshot.apply(t, &events[i])
		}
		last.apply(t, &events[i])
	}
	if c.Group != "incremental" && c.Group != "restart" {
		compare(t, "snapshot", c, snapshot.table(d.Key), c.Expected(t, table, true), d)
	}
	want := c.Expected(t, table, false)
	if c.Partial {
		want = want.Only(map[string]string{"types": "5"}[table])
		delete(last.rows, last.keyOf([]types.Value{types.NewInt(types.Int4, 1)}))
		if table != "types" {
			return
		}
	}
	compare(t, "after", c, last.table(d.Key), want, d)
}

// compare compares tables in the columns that both have.
func compare(t *testing.T, what string, c golden.Capture, got, want golden.Truth, d declared) {
	t.Helper()
	if c.Partial {
		want = want.Only(slices.Collect(maps.Keys(got))...)
	}
	if g, w := slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want)); !slices.Equal(g, w) {
		t.Errorf("%s: rows %q instead of %q", what, g, w)
	}
	for id, row := range want {
		for column, w := range row {
			g, ok := got[id][column]
			if got[id] != nil && ok && g != w {
				t.Errorf("%s: row %s: %s is %.300s instead of %.300s", what, id, column, g, w)
			}
		}
	}
	if len(want) > 0 && len(d.Key) > 0 && len(got) == 0 {
		t.Errorf("%s: nothing was compared", what)
	}
}

// Every streamed row carries its transaction's commit timestamp to the microsecond.
func TestCommitTimes(t *testing.T) {
	compared := 0
	for _, c := range golden.Captures() {
		commits := map[int64]int64{}
		for _, tx := range golden.Commits(c.Group) {
			commits[tx.Tx] = tx.Time
		}
		if len(commits) == 0 {
			continue
		}
		decoders := map[string]engine.Decoder{}
		for _, r := range golden.Records(t, c.Name) {
			d, ok := c.Tables[r.Table()]
			if !ok {
				continue
			}
			if decoders[r.Table()] == nil {
				decoders[r.Table()] = newDecoder(t, Debezium(), d.Spec(t, c.Options))
			}
			var ev engine.Event
			if err := decoders[r.Table()].Decode(r.Sent(), &ev); err != nil || ev.Commit == engine.NoTime {
				continue
			}
			if us, ok := commits[ev.Tx]; ok {
				compared++
				if us != ev.Commit {
					t.Errorf("%s: transaction %d has %d instead of %d", c.Name, ev.Tx, ev.Commit, us)
				}
			} else if ev.Op != engine.ReadOp && c.Group != "incremental" && c.Group != "restart" {
				t.Errorf("%s: no transaction %d in the golden.Truth", c.Name, ev.Tx)
			}
		}
	}
	if compared < 400 {
		t.Errorf("only %d commit times were compared", compared)
	}
}

// BEGIN, END and the rows of a transaction have one Tx, and END's count is the number of its events, logical messages included.
func TestTransactionTopic(t *testing.T) {
	for _, name := range []string{"shop_json", "shop_schema", "shop_parts3", "mariadb_json", "mariadb_schema"} {
		t.Run(name, func(t *testing.T) {
			begun, ended, events := map[int64]bool{}, map[int64]int64{}, map[int64]int64{}
			heartbeats, messages := 0, 0
			for _, r := range golden.Records(t, name) {
				dec := newDecoder(t, Debezium(), declared{DDL: "nothing text"}.Spec(t, nil))
				var ev engine.Event
				if err := dec.Decode(r.Sent(), &ev); err != nil {
					t.Fatalf("%v\n%s", err, r.Value)
				}
				switch {
				case ev.Kind == engine.BeginEvent:
					begun[ev.Tx] = true
				case ev.Kind == engine.EndEvent:
					ended[ev.Tx] = ev.Count
				case ev.Kind == engine.HeartbeatEvent:
					heartbeats++
				case ev.Order > 0:
					events[ev.Tx]++
					if ev.Kind == engine.SkipEvent {
						messages++
					}
				}
			}
			for tx, n := range ended {
				if !begun[tx] || events[tx] != n {
					t.Errorf("transaction %d: begun %v, %d events of %d", tx, begun[tx], events[tx], n)
				}
			}
			if len(ended) < 8 {
				t.Errorf("only %d transactions", len(ended))
			}
			if strings.HasPrefix(name, "shop") && messages != 1 || name == "shop_json" && heartbeats < 20 {
				t.Errorf("%d logical messages, %d heartbeats", messages, heartbeats)
			}
		})
	}
}

// END counts the events of the source's own table, which is known by the topic before the first row and by the rows after it.
func TestTransactionsOfOneTable(t *testing.T) {
	for _, name := range []string{"shop_json", "shop_schema", "shop_parts3", "mariadb_json"} {
		records := golden.Records(t, name)
		topics := map[string]bool{}
		for _, r := range records {
			if strings.Count(r.Topic, ".") == 2 {
				topics[r.Topic] = true
			}
		}
		own := int64(0)
		for topic := range topics {
			dec := newDecoder(t, Debezium(), declared{DDL: "nothing text"}.Spec(t, map[string]string{"topic": topic}))
			before := newDecoder(t, Debezium(), declared{DDL: "nothing text"}.Spec(t, map[string]string{"topic": topic}))
			rows, ended := map[int64]map[int64]bool{}, map[int64]int64{}
			var ev engine.Event
			decode := func(d engine.Decoder, r golden.Record) {
				if err := d.Decode(r.Sent(), &ev); err != nil {
					t.Fatalf("%v\n%s", err, r.Value)
				}
			}
			for _, r := range records {
				if r.Topic != topic {
					continue
				}
				if decode(dec, r); ev.Order > 0 {
					if rows[ev.Tx] == nil {
						rows[ev.Tx] = map[int64]bool{}
					}
					rows[ev.Tx][ev.Order] = true
				}
			}
			for _, r := range records {
				if r.Table() != "transaction" {
					continue
				}
				if decode(before, r); ev.Kind != engine.EndEvent {
					continue
				}
				first := ev.Own
				if decode(dec, r); ev.Own != first {
					t.Errorf("%s: transaction %d has %d events before the first row, and %d after it", topic, ev.Tx, first, ev.Own)
				}
				ended[ev.Tx] = ev.Own
				own += ev.Own
			}
			for tx, n := range ended {
				if int64(len(rows[tx])) != n {
					t.Errorf("%s: transaction %d has %d rows, and %d by its END", topic, tx, len(rows[tx]), n)
				}
			}
		}
		if own < 8 {
			t.Errorf("%s: only %d events are counted", name, own)
		}
	}
}

// What comes a second time after a restart of the connector is known by the same transaction, position and order.
func TestRepeatsAfterRestart(t *testing.T) {
	type place struct {
		tx, lsn, order int64
		seq            [2]int64
		hasSeq         bool
		commit         int64
		op             engine.ChangeOp
		row            string
	}
	times := map[place]int{}
	dec := newDecoder(t, Debezium(), golden.Table("restart", "payments").Spec(t, nil))
	for _, r := range golden.Records(t, "restart") {
		var ev engine.Event
		if r.Table() != "payments" {
			continue
		}
		if err := dec.Decode(r.Sent(), &ev); err != nil {
			t.Fatal(err)
		}
		if ev.Kind == engine.ChangeEvent && ev.Op != engine.ReadOp {
			if !ev.HasID {
				t.Errorf("no position: %s", r.Value)
			}
			times[place{ev.Tx, ev.LSN, ev.Order, ev.Seq, ev.HasSeq, ev.Commit, ev.Op, fmt.Sprint(ev.After)}]++
		}
	}
	repeated := 0
	for _, n := range times {
		if n == 2 {
			repeated++
		}
	}
	if len(times) != 8 || repeated != 7 {
		t.Errorf("%d different changes, %d of them twice: %v", len(times), repeated, times)
	}
}
