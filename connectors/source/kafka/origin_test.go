package kafka_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
)

// change is a change of a table of the shop in a transaction whose commit time is that of the last row.
func (w *world) change(table string, tx, order int64, id, n int64) *kgo.Record {
	w.lsn += 8
	value := fmt.Sprintf(`{"before":null,"after":{"id":%d,"n":%d},"source":{"ts_us":%d,"txId":%d,"lsn":%d,"schema":"public","table":"%s"},"transaction":{"id":"%d:%d","total_order":%d,"data_collection_order":1},"op":"c"}`,
		id, n, w.commit, tx, w.lsn, table, tx, w.lsn, order)
	return &kgo.Record{Topic: "shop.public." + table, Key: fmt.Appendf(nil, `{"id":%d}`, id), Value: []byte(value)}
}

func (w *world) boundary(status string, tx int64, counts ...string) *kgo.Record {
	value := fmt.Sprintf(`{"status":"%s","id":"%d:%d","event_count":null,"data_collections":null,"ts_ms":%d}`, status, tx, w.lsn, w.commit/1000)
	if status == "END" {
		var list []string
		for _, table := range counts {
			list = append(list, `{"data_collection":"public.`+table+`","event_count":1}`)
		}
		value = fmt.Sprintf(`{"status":"END","id":"%d:%d","event_count":%d,"data_collections":[%s],"ts_ms":%d}`, tx, w.lsn, len(list), strings.Join(list, ","), w.commit/1000)
	}
	return &kgo.Record{Topic: "shop.transaction", Value: []byte(value)}
}

// An origin is a connection that several tables share. Its transactions are whole in all of them, it is paused and resumed as one, and nothing of a table that nobody has declared is read.
func TestOriginOfSeveralTables(t *testing.T) {
	w := newWorld(t, 1, kfake.SeedTopics(2, "shop.public.orders"), kfake.SeedTopics(1, "shop.public.items", "shop.transaction", "other.public.items"))
	origin := fmt.Sprintf("CREATE SOURCE shop WITH (connector = 'kafka', brokers = '%s', topics = 'shop.public.*') FORMAT DEBEZIUM ENCODE JSON", w.address())
	w.exec(origin)
	w.refused(origin, "origin", "already exists")
	w.refused(strings.NewReplacer("SOURCE shop", "SOURCE none", "shop.public.*", "nothing.*").Replace(origin), "no topic fits", "shop.public.orders")
	w.refused("SELECT * FROM shop", "is an origin", "CREATE SOURCE")
	w.refused("CREATE SOURCE x (id BIGINT PRIMARY KEY) FROM shp TABLE public.orders", "no origin", "shop")
	w.refused("CREATE SOURCE x (id BIGINT PRIMARY KEY) FROM shop TABLE public.nothing", "public.nothing", "shop.public.orders")
	w.refused("CREATE SOURCE x (id BIGINT PRIMARY KEY) FROM shop TABLE public.orders WITH (brokers = 'elsewhere:1')", "brokers")
	w.exec("CREATE SOURCE orders (id BIGINT PRIMARY KEY, n BIGINT) FROM shop TABLE public.orders WITH (idle_lag = '100 ms')")
	w.exec("CREATE SOURCE items (id BIGINT PRIMARY KEY, n BIGINT) FROM shop TABLE public.items WITH (idle_lag = '100 ms')")
	w.refused("DROP SOURCE shop", "read from it")

	const both = "SELECT o.n, i.n FROM orders o JOIN items i ON o.id = i.id ORDER BY o.id"
	w.row(0, 0, 0) // its commit time is the first transaction's
	w.send(w.boundary("BEGIN", 1), w.change("orders", 1, 1, 1, 10))
	for range 20 { // however long its END is away
		if got, err := w.query("SELECT COUNT(*) FROM orders"); err == nil && got != "0" {
			t.Fatalf("half a transaction is seen: %s", got)
		}
		time.Sleep(10 * time.Millisecond)
	}
	w.send(w.change("items", 1, 2, 1, 11), w.boundary("END", 1, "orders", "items"))
	w.await(both, "10,11")

	w.exec("ALTER SOURCE items PAUSE")
	for _, table := range []string{"orders", "items"} {
		w.awaitColumnOf(table, "state", "paused")
	}
	w.row(0, 0, 0)
	w.send(w.boundary("BEGIN", 2), w.change("orders", 2, 1, 2, 20), w.change("items", 2, 2, 2, 21), w.boundary("END", 2, "orders", "items"))
	w.exec("ALTER SOURCE shop RESUME")
	w.await(both, "10,11 20,21")
	w.close()
	w.open()
	w.row(0, 0, 0)
	w.send(w.boundary("BEGIN", 3), w.change("items", 3, 1, 3, 31), w.change("orders", 3, 2, 3, 30), w.boundary("END", 3, "orders", "items"))
	w.await(both, "10,11 20,21 30,31")
	for _, table := range []string{"orders", "items"} {
		w.awaitColumnOf(table, "shifted_changes", "0")
	}
	w.exec("DROP SOURCE orders; DROP SOURCE items; DROP SOURCE shop")
	w.await("SHOW SOURCES", "")
}

// awaitColumnOf waits until a column of SHOW SOURCES begins like this for a source.
func (w *world) awaitColumnOf(source, column, want string) {
	w.Helper()
	w.until("SHOW SOURCES", func(string) bool {
		rows, err := w.eng.Query(w.Context(), "SHOW SOURCES")
		if err != nil {
			w.Fatal(err)
		}
		defer rows.Close()
		for rows.Next() {
			if rows.Values()[0].S != source {
				continue
			}
			for i, c := range rows.Columns() {
				if c.Name == column {
					return strings.HasPrefix(rows.Values()[i].String(), want)
				}
			}
		}
		return false
	})
}
