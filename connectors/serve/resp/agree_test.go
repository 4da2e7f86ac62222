package resp_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/asofdb/asof/connectors"
	"github.com/asofdb/asof/connectors/serve/resp"
	"github.com/asofdb/asof/engine"
	"github.com/asofdb/asof/sql/types"
)

// A value is the same bytes through the engine's Lookup, through SQL, and through this door; now, and AS OF any moment.
func TestSameBytesThroughAllDoors(t *testing.T) {
	eng := openShop(t)
	addr, _ := serve(t, eng, resp.Options{})
	c := dial(t, addr)
	row, err := eng.Lookup(t.Context(), "spend", "cust_123")
	if err != nil {
		t.Fatal(err)
	}
	columns := []string{"orders_1h", "spend_1h", "note", "mean"}
	for i, name := range columns {
		if got, want := c.do("HGET", "features:customer:cust_123", "spend."+name), string(types.AppendText(nil, row[i+1])); got != want {
			t.Errorf("%s: %q, Lookup has %q", name, got, want)
		}
	}
	for _, at := range []string{"2025-05-20 10:00:00.000001+00", "2025-05-20 10:29:59+00", "2025-05-20 10:59:00.123455+00", "2025-05-20 10:59:00.123456+00", "2025-05-20 11:00:00+00", "2025-06-01 00:00:00+00"} {
		for _, key := range []string{"cust_123", "{b%:}", "nobody"} {
			rows, err := eng.Query(t.Context(), "SELECT "+strings.Join(columns, ", ")+", as_of, updated_at FROM spend WHERE customer_id = $1 AS OF '"+at+"'", key)
			if err != nil {
				t.Fatal(err)
			}
			want := make([]string, 6)
			for i := range want {
				want[i] = "<nil>"
			}
			for rows.Next() {
				for i, v := range rows.Values() {
					if !v.IsNull() {
						want[i] = string(types.AppendText(nil, v))
					}
				}
			}
			if err := rows.Err(); err != nil {
				t.Fatal(err)
			}
			rows.Close()
			hash := "features:customer:" + key
			if key[0] == '{' {
				hash = "features:customer:{" + key + "}"
			}
			got := c.do("ASOF.AT", at, "HMGET", hash, "orders_1h", "spend_1h", "spend.note", "mean")
			if sql := "[" + strings.Join(want[:4], " ") + "]"; got != sql {
				t.Errorf("%s at %s: %s, SQL has %s", key, at, got, sql)
			}
		}
	}
}

// While rows come in, what MULTI reads is of one moment: a transfer is seen whole, and again as it was by ASOF.AT.
func TestTransactionIsOneSnapshotWhileRowsComeIn(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "accounts.ndjson")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	begin := time.Now().Add(-time.Hour).UnixMicro()
	// transfer sets the balances of both accounts in one transaction; their sum is always 1000.
	transfer := func(n int) {
		c := begin + int64(n)*1000
		op := "u"
		if n == 0 {
			op = "c"
		}
		var lines []byte // written at once: a pause inside a transaction would close it
		for id, balance := range []int{n % 1000, 1000 - n%1000} {
			lines = fmt.Appendf(lines, `{"op":"%s","after":{"id":%d,"balance":%d},"source":{"ts_us":%d,"txId":%d,"lsn":%d}}`+"\n", op, id, balance, c, n+1, 2*n+id)
		}
		if _, err := file.Write(lines); err != nil {
			t.Error(err)
		}
	}
	transfer(0)
	transfer(1)
	eng, err := engine.Open(filepath.Join(dir, "data"), engine.Options{Connectors: connectors.Default()})
	if err != nil {
		t.Fatal(err)
	}
	defer eng.Close()
	if err := eng.Exec(t.Context(), `CREATE SOURCE accounts (id BIGINT PRIMARY KEY, balance INTEGER) WITH (connector = 'file', path = '`+path+`', follow = 'true', close_after = '20 ms') FORMAT DEBEZIUM ENCODE JSON;
		CREATE FEATURE account ENTITY account (id) AS SELECT id, balance FROM accounts`); err != nil {
		t.Fatal(err)
	}
	addr, _ := serve(t, eng, resp.Options{})
	stop := make(chan struct{})
	written := make(chan struct{})
	go func() {
		defer close(written)
		for n := 2; ; n++ {
			select {
			case <-stop:
				return
			case <-time.After(300 * time.Microsecond):
				transfer(n)
			}
		}
	}()
	defer func() { close(stop); <-written }()
	c := dial(t, addr)
	moments := map[string]bool{}
	for range 300 {
		c.send(request("MULTI") + request("HMGET", "features:account:0", "balance", "as_of") + request("HMGET", "features:account:1", "balance", "as_of") + request("EXEC"))
		for range 3 {
			c.reply()
		}
		got := c.reply()
		var a, b int
		var day, clock, day2, clock2 string
		if _, err := fmt.Sscanf(strings.NewReplacer("[", "", "]", "").Replace(got), "%d %s %s %d %s %s", &a, &day, &clock, &b, &day2, &clock2); err != nil {
			t.Fatalf("%s: %v", got, err)
		}
		at := day + " " + clock
		if a+b != 1000 || at != day2+" "+clock2 {
			t.Fatalf("not one moment: %s", got)
		}
		if then := c.do("ASOF.AT", at, "HMGET", "features:account:0", "balance", "as_of"); then != fmt.Sprintf("[%d %s]", a, at) {
			t.Fatalf("ASOF.AT %s: %s, was %s", at, then, got)
		}
		moments[at] = true
		time.Sleep(time.Millisecond)
	}
	if len(moments) < 3 {
		t.Errorf("the frontier stood still: %d moments", len(moments))
	}
}
