// Command libpq is lib/pq against the Postgres door: libpq URL [URL], the second URL being a PostgreSQL's. Each step is one thing that programs do with it; it prints what
// differs and ends with status 1. It is a module of its own, so that the driver is none of asof's dependencies.
package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/lib/pq"
)

var (
	failed bool
	at     = time.Date(2025, 5, 1, 10, 1, 0, 0, time.UTC)
)

func same(what string, got, want any) {
	if g, w := fmt.Sprint(got), fmt.Sprint(want); g != w {
		failed = true
		fmt.Printf("%s: %s instead of %s\n", what, g, w)
	}
}

// must ends the program where something that cannot fail has.
func must(what string, err error) {
	if err != nil {
		fmt.Printf("%s: %v\n", what, err)
		os.Exit(1)
	}
}

type querier interface {
	QueryContext(context.Context, string, ...any) (*sql.Rows, error)
}

// rows are the rows of a query: columns joined by |, rows by a blank; an error is its SQLSTATE.
func rows(db querier, query string, args ...any) string {
	r, err := db.QueryContext(context.Background(), query, args...)
	if err != nil {
		return code(err)
	}
	defer func() { _ = r.Close() }()
	columns, err := r.Columns()
	if err != nil {
		return code(err)
	}
	var out []string
	for r.Next() {
		values, places := make([]sql.NullString, len(columns)), make([]any, len(columns))
		for i := range values {
			places[i] = &values[i]
		}
		if err := r.Scan(places...); err != nil {
			return err.Error()
		}
		cells := make([]string, len(columns))
		for i, v := range values {
			if cells[i] = v.String; !v.Valid {
				cells[i] = "NULL"
			}
		}
		out = append(out, strings.Join(cells, "|"))
	}
	if err := r.Err(); err != nil {
		return code(err)
	}
	return strings.Join(out, " ")
}

func code(err error) string {
	var e *pq.Error
	if errors.As(err, &e) {
		return string(e.Code)
	}
	return err.Error()
}

// features are read, joined with labels and copied.
func features(db *sql.DB) {
	same("a row", rows(db, "SELECT customer_id, total, n FROM spend WHERE customer_id = 'ann'"), "ann|10.00|1")
	same("parameters", rows(db, "SELECT customer_id, total FROM spend AS OF $1 WHERE customer_id = $2", at, "ann"), "ann|10.00")
	same("= ANY", rows(db, "SELECT COUNT(*) FROM spend WHERE customer_id = ANY($1)", pq.Array([]string{"ann", "bob", "eve"})), "2")
	st, err := db.Prepare("SELECT total FROM spend WHERE customer_id = $1")
	must("Prepare", err)
	for _, k := range []string{"ann", "bob"} {
		var total string
		must("a prepared statement", st.QueryRow(k).Scan(&total))
		same("a prepared statement", total, map[string]string{"ann": "10.00", "bob": "2.50"}[k])
	}
	must("Close", st.Close())
	tx, err := db.Begin()
	must("Begin", err)
	_, err = tx.Exec("CREATE TEMP TABLE labels (k TEXT, ts TIMESTAMPTZ, good BOOLEAN)")
	must("CREATE", err)
	in, err := tx.Prepare(pq.CopyIn("labels", "k", "ts", "good"))
	must("CopyIn", err)
	for _, row := range [][]any{{"ann", at, true}, {"bob", at, false}, {nil, at, nil}} {
		_, err = in.Exec(row...)
		must("a row of COPY", err)
	}
	_, err = in.Exec()
	must("the end of COPY", err)
	must("Close", in.Close())
	join := "SELECT l.k, l.good, s.total FROM labels l LEFT JOIN spend AS OF l.ts s ON s.customer_id = l.k"
	same("a training join", rows(tx, join), "ann|true|10.00 bob|false|NULL NULL|NULL|NULL")
	must("Rollback", tx.Rollback())
}

// values go in and come out as what they were, as do errors.
func values(db *sql.DB) {
	got := rows(db, "SELECT $1::bigint, $2::float8, $3::boolean, $4::text, $5::timestamptz AT TIME ZONE 'UTC', $6::bytea, $7::numeric, $8::text, $9::int[], $10::date",
		int64(-1)<<63, 0.1, true, "ä'\\", at, []byte{0, 1, 255}, "-1.50", nil, pq.Array([]int64{1, 2}), "2025-05-01")
	same("values", got, "-9223372036854775808|0.1|true|ä'\\|2025-05-01T10:01:00Z|\x00\x01\xff|-1.50|NULL|{1,2}|2025-05-01T00:00:00Z")
	same("a name", rows(db, "SELECT nothing"), "42703")
	same("a division", rows(db, "SELECT 1 / $1::int", 0), "22012")
	same("many rows", len(strings.Fields(rows(db, "SELECT i FROM generate_series(1, 5000) AS g(i)"))), 5000)
	same("several statements", rows(db, "SELECT 1; SELECT 2"), "1")
	tx, err := db.BeginTx(context.Background(), &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	must("BeginTx", err)
	same("isolation", rows(tx, "SHOW transaction_isolation"), "repeatable read")
	same("an error", rows(tx, "SELECT 1/0"), "22012")
	same("what follows", rows(tx, "SELECT 1"), "25P02")
	must("Rollback", tx.Rollback())
	ctx, cancel := context.WithCancel(context.Background())
	conn, err := db.Conn(ctx)
	must("Conn", err)
	begun := make(chan struct{})
	go func() {
		<-begun
		cancel()
	}()
	r, err := conn.QueryContext(ctx, "SELECT generate_series(1, 1000000000)")
	must("a long query", err)
	for n := 0; r.Next(); n++ {
		if n == 0 {
			close(begun)
		}
	}
	same("a cancelled query", r.Err() != nil, true)
	_ = conn.Close()
	same("afterwards", rows(db, "SELECT 1"), "1")
}

func main() {
	for _, options := range []string{"", "&binary_parameters=yes"} {
		for i, url := range os.Args[1:] {
			if !strings.Contains(url, "?") {
				url += "?sslmode=disable"
			}
			db, err := sql.Open("postgres", url+options)
			must("Open", err)
			if i == 0 {
				features(db)
			}
			values(db)
			must("Close", db.Close())
		}
	}
	if failed {
		os.Exit(1)
	}
}
