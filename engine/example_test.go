package engine_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/asofdb/asof/connectors"
	"github.com/asofdb/asof/engine"
)

// orders are three changes of a table as Debezium writes them: two orders of one customer, the first of which is changed later.
const orders = `{"op":"c","after":{"order_id":1,"customer_id":"c1","amount":"12.50","created_at":"2025-05-20T10:00:00Z"},"source":{"ts_us":1747735200000000,"txId":701,"lsn":9001}}
{"op":"c","after":{"order_id":2,"customer_id":"c1","amount":"7.50","created_at":"2025-05-20T10:30:00Z"},"source":{"ts_us":1747737000000000,"txId":702,"lsn":9002}}
{"op":"u","after":{"order_id":1,"customer_id":"c1","amount":"10.00","created_at":"2025-05-20T10:00:00Z"},"source":{"ts_us":1747738740000000,"txId":703,"lsn":9003}}
`

// shop opens an engine in a directory of its own, with a source over orders and a feature over the source.
func shop() (*engine.Engine, func()) {
	dir, err := os.MkdirTemp("", "asof-example")
	if err != nil {
		log.Fatal(err)
	}
	path := filepath.Join(dir, "orders.ndjson")
	if err := os.WriteFile(path, []byte(orders), 0o600); err != nil {
		log.Fatal(err)
	}
	db, err := engine.Open(filepath.Join(dir, "data"), engine.Options{Connectors: connectors.Default()})
	if err != nil {
		log.Fatal(err)
	}
	err = db.Exec(context.Background(), `
		CREATE SOURCE orders (order_id BIGINT PRIMARY KEY, customer_id TEXT, amount NUMERIC(12,2), created_at TIMESTAMPTZ NOT NULL)
			WITH (connector = 'file', path = '`+path+`', decimal_handling_mode = 'string') FORMAT DEBEZIUM ENCODE JSON;
		CREATE FEATURE customer_orders AS
			SELECT customer_id, COUNT(*) AS orders_1h, SUM(amount) AS spend_1h
			FROM orders WHERE created_at > NOW() - INTERVAL '1 hour' GROUP BY customer_id`)
	if err != nil {
		log.Fatal(err)
	}
	return db, func() {
		if err := db.Close(); err != nil {
			log.Fatal(err)
		}
		os.RemoveAll(dir)
	}
}

// printRows prints a query's rows, or its error.
func printRows(rows *engine.Rows, err error) {
	if err != nil {
		fmt.Println(err)
		return
	}
	defer rows.Close()
	for rows.Next() {
		fmt.Println(rows.Values())
	}
	if err := rows.Err(); err != nil {
		fmt.Println(err)
	}
}

// An engine lives in a directory and in the program that opens it: there is no server.
func ExampleOpen() {
	dir, err := os.MkdirTemp("", "asof-example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "visits.csv")
	if err := os.WriteFile(path, []byte("who,at\nann,2025-05-20 10:00+00\nbob,2025-05-20 10:30+00\nann,2025-05-20 10:45+00\n"), 0o600); err != nil {
		log.Fatal(err)
	}

	db, err := engine.Open(filepath.Join(dir, "data"), engine.Options{Connectors: connectors.Default()})
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	ctx := context.Background()
	err = db.Exec(ctx, `
		CREATE SOURCE visits (who TEXT, at TIMESTAMPTZ) WITH (connector = 'file', path = '`+path+`', commit_time = 'at') FORMAT PLAIN ENCODE CSV;
		CREATE FEATURE recent_visits AS
			SELECT who, COUNT(*) FILTER (WHERE at > NOW() - INTERVAL '30 minutes') AS visits FROM visits GROUP BY who`)
	if err != nil {
		log.Fatal(err)
	}
	rows, err := db.Query(ctx, "SELECT * FROM recent_visits ORDER BY who")
	if err != nil {
		log.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		v := rows.Values()
		fmt.Printf("%s: %d\n", v[0].S, v[1].I)
	}
	if err := rows.Err(); err != nil {
		log.Fatal(err)
	}
	// Output:
	// ann: 1
	// bob: 1
}

// Lookup is the fast way to one entity's values, as of the frontier.
func ExampleEngine_Lookup() {
	db, done := shop()
	defer done()
	row, err := db.Lookup(context.Background(), "customer_orders", "c1")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(row)
	row, err = db.Lookup(context.Background(), "customer_orders", "nobody")
	fmt.Println(row == nil, err)
	// Output:
	// [c1 2 17.50]
	// true <nil>
}

// A session keeps settings: here the moment that all its statements read.
func ExampleSession() {
	db, done := shop()
	defer done()
	ctx := context.Background()
	s := db.NewSession()
	if err := s.Exec(ctx, "SET as_of = '2025-05-20 10:30+00'"); err != nil {
		log.Fatal(err)
	}
	printRows(s.Query(ctx, "SELECT * FROM customer_orders WHERE customer_id = $1", "c1"))
	printRows(s.Query(ctx, "SELECT amount FROM orders WHERE order_id = $1", 1))
	// What a statement says of itself comes before what the session says.
	printRows(s.Query(ctx, "SELECT * FROM customer_orders AS OF '2025-05-20 11:00+00'"))
	printRows(s.Query(ctx, "SELECT * FROM customer_orders AS OF '2025-05-20 09:00+00'"))
	// Output:
	// [c1 2 20.00]
	// [12.50]
	// [c1 1 7.50]
	// AS OF 2025-05-20 09:00:00+00 is before the history of source "orders" begins, at 2025-05-20 10:00:00+00
}
