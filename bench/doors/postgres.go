package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/asofdb/asof/bench/training"
)

// values are the feature's columns beside the customer, as a list.
func values() string { return strings.Join(training.Columns(), ", ") }

// pgClient reads by a prepared statement, in binary: one customer a statement, several statements of a pipeline at once.
type pgClient struct {
	*pgx.Conn
	sql string
}

func dialPostgres(table string) func(string) (client, error) {
	return func(url string) (client, error) {
		c, err := pgx.Connect(context.Background(), url)
		if err != nil {
			return nil, err
		}
		return &pgClient{c, fmt.Sprintf("SELECT %s FROM %s WHERE customer_id = $1", values(), table)}, nil
	}
}

func (c *pgClient) read(customers []string) error {
	ctx := context.Background()
	if len(customers) == 1 {
		return c.one(c.Query(ctx, c.sql, customers[0]))
	}
	batch := &pgx.Batch{}
	for _, name := range customers {
		batch.Queue(c.sql, name)
	}
	results := c.SendBatch(ctx, batch)
	for range customers {
		if err := c.one(results.Query()); err != nil {
			return errors.Join(err, results.Close())
		}
	}
	return results.Close()
}

// one reads the row of a customer, whose values it does not look at.
func (c *pgClient) one(rows pgx.Rows, err error) error {
	if err != nil {
		return err
	}
	n := 0
	for rows.Next() {
		n += len(rows.RawValues())
	}
	if n == 0 && rows.Err() == nil {
		return errors.New("a customer has no values")
	}
	return rows.Err()
}

func (c *pgClient) Close() error { return c.Conn.Close(context.Background()) }

// manyClient reads all customers of a request in one statement.
type manyClient struct{ *pgClient }

func dialMany(table string) func(string) (client, error) {
	return func(url string) (client, error) {
		c, err := dialPostgres(table)(url)
		if err != nil {
			return nil, err
		}
		many := &manyClient{c.(*pgClient)}
		many.sql = fmt.Sprintf("SELECT customer_id, %s FROM %s WHERE customer_id = ANY($1)", values(), table)
		return many, nil
	}
}

func (c *manyClient) read(customers []string) error {
	return c.one(c.Query(context.Background(), c.sql, customers))
}

// fill brings to PostgreSQL what asof answers for every customer, as a batch job would, in a table with the customer as its key.
func fill(ctx context.Context, asof, postgres string) (err error) {
	from, err := pgx.Connect(ctx, asof)
	if err != nil {
		return err
	}
	defer from.Close(ctx)
	to, err := pgx.Connect(ctx, postgres)
	if err != nil {
		return err
	}
	defer to.Close(ctx)
	columns := []string{"customer_id text PRIMARY KEY"}
	rows, err := from.Query(ctx, "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = 'spend' AND column_name <> 'customer_id' ORDER BY ordinal_position")
	if err != nil {
		return err
	}
	var name, kind string
	if _, err := pgx.ForEachRow(rows, []any{&name, &kind}, func() error {
		columns = append(columns, name+" "+kind)
		return nil
	}); err != nil {
		return err
	}
	if _, err := to.Exec(ctx, "DROP TABLE IF EXISTS spend; CREATE TABLE spend ("+strings.Join(columns, ", ")+")"); err != nil {
		return err
	}
	r, w := io.Pipe()
	go func() {
		_, err := from.PgConn().CopyTo(ctx, w, "COPY (SELECT * FROM spend) TO STDOUT (FORMAT binary)")
		w.CloseWithError(err)
	}()
	if _, err := to.PgConn().CopyFrom(ctx, r, "COPY spend FROM STDIN (FORMAT binary)"); err != nil {
		return errors.Join(err, r.Close())
	}
	_, err = to.Exec(ctx, "VACUUM ANALYZE spend")
	return err
}

// copiedRows is how many rows COPY is measured with, at least.
const copiedRows = 1_000_000

// copies measures COPY of the whole feature, which has some rows, out of both, in text and in binary: as often in one statement as it takes to make a million, each row evaluated.
func copies(ctx context.Context, doors []door, rows int) error {
	fmt.Printf("\n| COPY (…) TO STDOUT | rows | rows /s | MB/s | of PostgreSQL's rate |\n|---|---|---|---|---|\n")
	query := strings.TrimSuffix(strings.Repeat("SELECT * FROM spend UNION ALL ", (copiedRows+rows-1)/rows), " UNION ALL ")
	for _, format := range []string{"text", "binary"} {
		base := 0.0
		for _, d := range doors {
			c, err := pgx.Connect(ctx, d.addr)
			if err != nil {
				return err
			}
			var size counter
			begin := time.Now()
			tag, err := c.PgConn().CopyTo(ctx, &size, "COPY ("+query+") TO STDOUT (FORMAT "+format+")")
			took := time.Since(begin).Seconds()
			if err = errors.Join(err, c.Close(ctx)); err != nil {
				return fmt.Errorf("%s: %w", d.name, err)
			}
			rate := float64(tag.RowsAffected()) / took
			if base == 0 {
				base = rate
			}
			fmt.Printf("| %s, %s | %d | %.0f | %.0f | %.2f |\n", d.name, format, tag.RowsAffected(), rate, float64(size)/took/1e6, rate/base)
		}
	}
	return nil
}

// counter counts what is written.
type counter int64

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}

// measurePostgres measures the Postgres door beside PostgreSQL.
func measurePostgres(asof, postgres string, known []string, length time.Duration) error {
	ctx := context.Background()
	if err := fill(ctx, asof, postgres); err != nil {
		return err
	}
	fmt.Printf("\n| customers | connections | pipeline | door | rate /s | p50 µs | p99 µs | of PostgreSQL's rate |\n|---|---|---|---|---|---|---|---|\n")
	doors := []door{{"PostgreSQL", postgres, dialPostgres("spend")}, {"asof", asof, dialPostgres("spend")}}
	for _, law := range []string{"even", "Zipf"} {
		for _, connections := range []int{1, 8, 50} {
			for _, pipeline := range []int{1, 16} {
				if err := compare(doors, run{law, connections, pipeline, length, known}); err != nil {
					return err
				}
			}
		}
	}
	fmt.Printf("\n100 customers in one statement:\n\n| customers | connections | in a statement | door | rate /s | p50 µs | p99 µs | of PostgreSQL's rate |\n|---|---|---|---|---|---|---|---|\n")
	many := []door{{"PostgreSQL", postgres, dialMany("spend")}, {"asof", asof, dialMany("spend")}}
	for _, connections := range []int{1, 8} {
		if err := compare(many, run{"even", connections, 100, length, known}); err != nil {
			return err
		}
	}
	return copies(ctx, doors, len(known))
}
