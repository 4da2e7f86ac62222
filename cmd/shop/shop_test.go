package shop

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"time"
)

var start = time.Date(2026, 5, 1, 8, 0, 0, 0, time.UTC)

func run(seed int64, steps int, visit func(Transaction)) {
	s := New(seed)
	for i := range steps {
		visit(s.Step(start.Add(time.Duration(i) * time.Second)))
	}
}

func text(t Transaction) string {
	var b strings.Builder
	for _, l := range t.Lines {
		b.WriteString(l.Table + " " + string(l.JSON) + "\n")
	}
	return b.String()
}

func TestSameSeedSameBytes(t *testing.T) {
	var first, again, other strings.Builder
	run(1, 2000, func(tx Transaction) { first.WriteString(text(tx)) })
	run(1, 2000, func(tx Transaction) { again.WriteString(text(tx)) })
	run(2, 2000, func(tx Transaction) { other.WriteString(text(tx)) })
	if first.String() != again.String() {
		t.Error("the same seed gave different bytes")
	}
	if first.String() == other.String() {
		t.Error("another seed gave the same bytes")
	}
}

// record is what the tests look at.
type record struct {
	Before, After map[string]any
	Op            string
	TsUs          int64 `json:"ts_us"`
	Source        struct {
		TsMs  int64 `json:"ts_ms"`
		TsUs  int64 `json:"ts_us"`
		TsNs  int64 `json:"ts_ns"`
		Table string
		TxID  int64 `json:"txId"`
		LSN   int64 `json:"lsn"`
	}
}

var keyOf = map[string]string{"customers": "customer_id", "accounts": "account_id", "orders": "order_id", "chargebacks": "chargeback_id"}

// TestStreamIsConsistent replays the stream as a database would and checks every invariant of the package.
func TestStreamIsConsistent(t *testing.T) {
	live := map[string]map[any]map[string]any{}
	for _, table := range Tables {
		live[table] = map[any]map[string]any{}
	}
	lastCommit := time.Time{}
	lastTx, lastLSN := int64(0), int64(0)
	seen := map[string]int{}
	run(7, 8_000, func(tx Transaction) {
		if !tx.Commit.After(lastCommit) {
			t.Fatalf("commit %s after %s", tx.Commit, lastCommit)
		}
		lastCommit = tx.Commit
		if len(tx.Lines) == 0 {
			t.Fatal("a transaction without a change")
		}
		var inTx int64
		tables := map[string]bool{}
		for i, l := range tx.Lines {
			if string(l.JSON) == "null" {
				if l.Change || i == 0 || !bytes.Contains(tx.Lines[i-1].JSON, []byte(`"op":"d"`)) || tx.Lines[i-1].Table != l.Table {
					t.Fatalf("a tombstone out of place in %s", text(tx))
				}
				seen["tombstone"]++
				continue
			}
			var r record
			if err := json.Unmarshal(l.JSON, &r); err != nil {
				t.Fatalf("%v: %s", err, l.JSON)
			}
			if !l.Change || r.Source.Table != l.Table {
				t.Fatalf("line of %s: %s", l.Table, l.JSON)
			}
			us := tx.Commit.UnixMicro()
			if r.Source.TsUs != us || r.Source.TsNs != us*1000 || r.Source.TsMs != us/1000 || r.TsUs <= us {
				t.Fatalf("times of %s, committed at %d", l.JSON, us)
			}
			if inTx == 0 {
				if inTx = r.Source.TxID; inTx <= lastTx {
					t.Fatalf("transaction %d after %d", inTx, lastTx)
				}
				lastTx = inTx
			}
			if r.Source.TxID != inTx || r.Source.LSN < lastLSN {
				t.Fatalf("position of %s in transaction %d after %d", l.JSON, inTx, lastLSN)
			}
			if r.Source.LSN == lastLSN {
				seen["key change"]++
			}
			lastLSN = r.Source.LSN
			tables[l.Table] = true
			apply(t, live[l.Table], keyOf[l.Table], r)
			seen[l.Table+" "+r.Op]++
			if l.Table == "orders" && r.Op == "c" {
				seen[dated(t, r, tx.Commit)]++
			}
		}
		if len(tables) > 1 {
			seen["several tables"]++
		}
	})
	for _, what := range []string{
		"tombstone", "key change", "several tables", "late", "future", "customers c", "customers u", "accounts c",
		"accounts u", "orders c", "orders u", "orders d", "chargebacks c", "chargebacks d",
	} {
		if seen[what] < 20 {
			t.Errorf("only %d of %q in %v", seen[what], what, seen)
		}
	}
}

// apply applies one change to the live rows of a table.
func apply(t *testing.T, rows map[any]map[string]any, key string, r record) {
	t.Helper()
	switch r.Op {
	case "c", "u":
		if r.Before != nil {
			t.Fatalf("a before image in %v", r)
		}
		k := r.After[key]
		if (rows[k] != nil) != (r.Op == "u") {
			t.Fatalf("%s of row %v, which lives: %t", r.Op, k, rows[k] != nil)
		}
		rows[k] = r.After
	case "d":
		k := r.Before[key]
		if rows[k] == nil || r.After != nil {
			t.Fatalf("delete %v of row %v", r, k)
		}
		if r.Before["created_at"] != noTime {
			t.Fatalf("a before image that can be believed: %v", r.Before)
		}
		delete(rows, k)
	default:
		t.Fatalf("op %q", r.Op)
	}
}

func dated(t *testing.T, r record, commit time.Time) string {
	t.Helper()
	at, err := time.Parse(time.RFC3339Nano, r.After["created_at"].(string))
	if err != nil {
		t.Fatal(err)
	}
	switch ago := commit.Sub(at); {
	case ago < 0:
		return "future"
	case ago > time.Second:
		return "late"
	}
	return "prompt"
}

// TestShape holds one line of each kind to the connector's order of fields.
func TestShape(t *testing.T) {
	s := New(3)
	first := s.Step(start)
	want := `{"before":null,"after":{"customer_id":"cust_0001","email":"user1@example.com","tier":"basic","created_at":"2026-05-01T08:00:00.000000Z"},` +
		`"source":{"version":"3.7.0.Final","connector":"postgresql","name":"shop","ts_ms":1777622400000,"snapshot":"false","db":"shop",` +
		`"sequence":"[null,\"26500152\"]","ts_us":1777622400000000,"ts_ns":1777622400000000000,"schema":"public","table":"customers","txId":741,` +
		`"lsn":26500152,"xmin":null,"origin":null,"origin_lsn":null},"transaction":null,"op":"c","ts_ms":1777622400003,"ts_us":1777622400003127,` +
		`"ts_ns":1777622400003127000}`
	if got := string(first.Lines[0].JSON); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	for {
		for _, l := range s.Step(start).Lines {
			if !bytes.Contains(l.JSON, []byte(`"op":"d"`)) || l.Table != "orders" {
				continue
			}
			if !regexp.MustCompile(`^{"before":{"order_id":\d+,"customer_id":"","merchant_id":null,"amount":null,"status":null,` +
				`"created_at":"1970-01-01T00:00:00Z"},"after":null,"source":.*"sequence":"\[\\"\d+\\",\\"\d+\\"\]"`).Match(l.JSON) {
				t.Errorf("delete: %s", l.JSON)
			}
			return
		}
	}
}

func TestClockThatStandsStill(t *testing.T) {
	s := New(3)
	first := s.Step(start)
	for i := range 10 {
		tx := s.Step(start.Add(-time.Hour))
		if want := first.Commit.Add(time.Duration(i+1) * time.Microsecond); !tx.Commit.Equal(want) {
			t.Fatalf("commit %d is %s, want %s", i, tx.Commit, want)
		}
	}
}

func TestMoney(t *testing.T) {
	for cents, want := range map[int64]string{0: "0.00", 5: "0.05", 199: "1.99", -5: "-0.05", -12345: "-123.45", 100: "1.00"} {
		if got := *money(cents); got != want {
			t.Errorf("money(%d) = %s, want %s", cents, got, want)
		}
	}
}

func BenchmarkStep(b *testing.B) {
	s := New(1)
	for i := 0; b.Loop(); i++ {
		s.Step(start.Add(time.Duration(i) * time.Millisecond))
	}
}
