package resp_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/asofdb/asof/connectors"
	"github.com/asofdb/asof/connectors/serve/resp"
	"github.com/asofdb/asof/engine"
	"github.com/asofdb/asof/sql/types"
)

// What each command replies, in the protocol's words.
func TestReads(t *testing.T) {
	addr, _ := serve(t, openShop(t), resp.Options{})
	c := dial(t, addr)
	const key = "features:customer:cust_123"
	const all = "[orders_1h 2 spend_1h 17.50 note a:b mean 8.7500000000000000 orders 2 ever.note 10.00 ever.updated_at 2025-05-20 10:00:00+00" +
		" as_of 2025-05-20 10:59:00.123456+00 updated_at 1747738740123]"
	for _, s := range []struct{ words, reply string }{
		{"HGETALL " + key, all},
		{"hgetall features:customer:{cust_123}", all},
		{"HGETALL features:customer:nobody", "[]"},
		{"HGETALL features:custmer:cust_123", "[]"},
		{"HGETALL something", "[]"},
		{"HGET " + key + " spend_1h", "17.50"},
		{"HGET " + key + " spend.spend_1h", "17.50"},
		{"HGET " + key + " note", "a:b"},
		{"HGET " + key + " ever.note", "10.00"},
		{"HGET " + key + " customer_id", "<nil>"},
		{"HGET features:customer:nobody spend_1h", "<nil>"},
		{"HMGET " + key + " spend_1h nothing spend_1h as_of updated_at", "[17.50 <nil> 17.50 2025-05-20 10:59:00.123456+00 1747738740123]"},
		{"HMGET features:customer:nobody a as_of", "[<nil> <nil>]"},
		{"HLEN " + key, "9"},
		{"HLEN features:customer:nobody", "0"},
		{"HKEYS features:customer_merchant:cust_123:7", "[n as_of updated_at]"},
		{"HVALS features:an_order:2", "[7.50 a:b 2025-05-20 10:59:00.123456+00 1747737000000]"},
		{"HEXISTS " + key + " note", "1"},
		{"HEXISTS " + key + " nothing", "0"},
		{"HSTRLEN " + key + " note", "3"},
		{"HSCAN features:totals 0", "[0 [n 3 total 18.50 as_of 2025-05-20 10:59:00.123456+00 updated_at 1747738740123]]"},
		{"HSCAN features:totals 0 MATCH to* COUNT 5", "[0 [total 18.50]]"},
		{"HSCAN features:totals 0 NOVALUES MATCH [n-o]", "[0 [n]]"},
		{"EXISTS " + key + " " + key + " features:totals features:customer:x", "3"},
		{"TYPE " + key, "hash"},
		{"TYPE features:customer:x", "none"},
		{"TTL " + key, "-1"},
		{"TTL features:customer:x", "-2"},
		{"DBSIZE", "9"},
		{"HGETALL features:customer:{{b%:}}", "[orders_1h 1 spend_1h 1.00 note x mean 1.00000000000000000000 orders 1 ever.note 1.00 ever.updated_at 2025-05-20 10:40:00+00" +
			" as_of 2025-05-20 10:59:00.123456+00 updated_at 1747737600000]"},
		{"HGET features:customer_merchant:%7Bb%25%3A%7D:7 n", "1"},
		{"HGET features:customer_merchant:{cust_123}:7 n", "1"},
		{"KEYS features:customer:*", "[features:customer:cust_123 features:customer:{{b%:}}]"},
		{"KEYS features:customer_merchant:*", "[features:customer_merchant:%7Bb%25%3A%7D:7 features:customer_merchant:cust_123:7 features:customer_merchant:cust_123:8]"},
		{"KEYS *tot?ls", "[features:totals]"},
		{"KEYS " + key, "[" + key + "]"},
		{"KEYS nothing*", "[]"},
		{"SCAN 0 MATCH features:t* COUNT 1000 TYPE hash", "[32768 [features:totals]]"},
		{"SCAN 0 TYPE string", "[0 []]"},
		{"ASOF.AT 2025-05-20T10:30:00Z HGET " + key + " spend_1h", "12.50"},
		{"ASOF.AT 1747735200000001 HGETALL " + key, "[orders_1h 1 spend_1h 12.50 mean 12.5000000000000000 orders 1 ever.note 12.50 ever.updated_at 2025-05-20 10:00:00+00" +
			" as_of 2025-05-20 10:00:00.000001+00 updated_at 1747735200000]"},
		{"ASOF.AT 2025-05-21 HGET " + key + " spend_1h", "<nil>"},
		{"ASOF.AT 2025-05-21 KEYS features:customer:*", "[features:customer:cust_123 features:customer:{{b%:}}]"},
		// Mistakes.
		{"HGETALL features:an_order:x", `(error) ERR key column "id": invalid input syntax for type bigint: "x"`},
		{"HGETALL features:customer_merchant:1", `(error) ERR the key of entity "customer_merchant" has 2 parts, not 1: they are: customer_id, merchant`},
		{"HGETALL features:customer_merchant:%zz:1", `(error) ERR key "features:customer_merchant:%zz:1": % is not followed by two hexadecimal digits; write % as %25`},
		{"ASOF.AT yesterdy HGETALL " + key, `(error) ERR invalid input syntax for type timestamp with time zone: "yesterdy"`},
		{"ASOF.AT 2025-05-20 PING", "(error) ERR ASOF.AT is followed by a command that reads entities, such as HGETALL; 'ping' is none"},
		{"ASOF.AT 2025-05-20 HGET x", "(error) ERR wrong number of arguments for 'hget' command"},
		{"SET a b", "(error) READONLY 'set' writes, and nothing is written here: features are computed from their sources; CREATE FEATURE defines them"},
		{"GET a", "(error) ERR 'get' is not supported: an entity is a hash; read it with HGETALL, HGET or HMGET"},
		{"CLIENT TRACKING ON", "(error) ERR CLIENT TRACKING is not supported: values change as time passes, so that a client's copy is never known to be current"},
	} {
		got := c.do(strings.Fields(s.words)...)
		if strings.HasPrefix(s.words, "KEYS") || strings.Contains(s.words, " KEYS") {
			got = sortList(got)
		}
		if got != s.reply {
			t.Errorf("%s\ngot  %s\nwant %s", s.words, got, s.reply)
		}
	}
	c.do("HELLO", "3")
	if got, want := c.do("HGETALL", "features:an_order:2"), "{amount: 7.50, note: a:b, as_of: 2025-05-20 10:59:00.123456+00, updated_at: 1747737000000}"; got != want {
		t.Errorf("RESP3: %s, want %s", got, want)
	}
}

func sortList(s string) string {
	words := strings.Fields(strings.Trim(s, "[]"))
	slices.Sort(words)
	return "[" + strings.Join(words, " ") + "]"
}

// Scanning in slices of any size finds every key once, in memory and on disk.
func TestScanFindsEveryKeyOnce(t *testing.T) {
	addr, _ := serve(t, openShop(t), resp.Options{})
	c := dial(t, addr)
	for _, count := range []string{"1", "2", "100"} {
		var all []string
		for cursor := "0"; ; {
			got := strings.TrimSuffix(strings.TrimPrefix(c.do("SCAN", cursor, "COUNT", count), "["), "]")
			next, list, _ := strings.Cut(got, " ")
			all = append(all, strings.Fields(strings.Trim(list, "[]"))...)
			if cursor = next; cursor == "0" {
				break
			}
		}
		slices.Sort(all)
		if len(all) != 9 || len(slices.Compact(all)) != 9 {
			t.Errorf("COUNT %s: %q", count, all)
		}
	}
}

// A scan gives every key that is there from its beginning to its end, whatever comes meanwhile and wherever checkpoints move keys from memory to the disk.
func TestScanWhileKeysMove(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "orders.ndjson")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	next := 0
	add := func(n int) {
		t.Helper()
		var b strings.Builder
		for range n {
			next++
			id := next * 7919 % 100003 // in no order
			fmt.Fprintf(&b, `{"op":"c","source":{"ts_us":%d},"before":null,"after":{"id":%d,"who":"w%05d"}}`+"\n", 1747735200000000+next, next, id)
		}
		if _, err := file.WriteString(b.String()); err != nil {
			t.Fatal(err)
		}
	}
	add(600)
	e, err := engine.Open(filepath.Join(dir, "data"), engine.Options{Connectors: connectors.Default(), BatchChanges: 20, FlushChanges: 50})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := e.Exec(t.Context(), "CREATE SOURCE orders (id BIGINT PRIMARY KEY, who TEXT) WITH (connector = 'file', path = '"+path+"', follow = 'true') FORMAT DEBEZIUM ENCODE JSON; CREATE FEATURE f ENTITY who (who) AS SELECT who, COUNT(*) AS n FROM orders GROUP BY who"); err != nil {
		t.Fatal(err)
	}
	addr, _ := serve(t, e, resp.Options{})
	c := dial(t, addr)
	for round := range 5 {
		if err := e.Exec(t.Context(), fmt.Sprintf("SET as_of_wait = '60s'; SELECT COUNT(*) FROM orders AS OF '%s'", types.NewTimestamptz(1747735200000000+int64(next)))); err != nil {
			t.Fatal(err)
		}
		there, seen := next, map[string]bool{}
		for cursor := "0"; ; {
			got := strings.TrimSuffix(strings.TrimPrefix(c.do("SCAN", cursor, "COUNT", "13"), "["), "]")
			following, list, _ := strings.Cut(got, " ")
			for _, key := range strings.Fields(strings.Trim(list, "[]")) {
				seen[key] = true
			}
			if cursor = following; cursor == "0" {
				break
			}
			add(9)
		}
		for n := 1; n <= there; n++ {
			if key := fmt.Sprintf("features:who:w%05d", n*7919%100003); !seen[key] {
				t.Fatalf("round %d: key %s was there all the time, and is not among the %d that the scan gave", round, key, len(seen))
			}
		}
	}
}
