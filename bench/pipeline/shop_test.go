package pipeline

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"golang.org/x/sync/errgroup"
)

// schema makes the tables. Orders and customers send no before images, payments do; a long note is kept out of line, and not sent by an update that leaves it as it is.
const schema = `
CREATE TABLE customers (customer_id bigint PRIMARY KEY, segment text NOT NULL, credit numeric(12,2));
CREATE TABLE orders (order_id bigint PRIMARY KEY, customer_id bigint, amount numeric(12,2), status text NOT NULL, note text, created_at timestamptz NOT NULL);
CREATE TABLE payments (order_id bigint, line integer, method text, amount numeric(12,2) NOT NULL, refunded boolean, paid_at timestamptz, PRIMARY KEY (order_id, line));
ALTER TABLE orders ALTER note SET STORAGE EXTERNAL;
ALTER TABLE payments REPLICA IDENTITY FULL;`

// Keys are few, so that rows are met again, by another writer too, and come back after they were deleted.
const customers, orders = 12, 160

// someOrders, one for each customer and some payments, are there when the connector takes its snapshot.
const someOrders = `
INSERT INTO customers SELECT n, 'new', n * 10 FROM generate_series(1, 12) n;
INSERT INTO orders SELECT n, n % 12 + 1, n, 'paid', repeat('n', 3000), clock_timestamp() - n * INTERVAL '1 second' FROM generate_series(1, 40) n;
INSERT INTO payments SELECT n, 1, 'card', n, false, clock_timestamp() FROM generate_series(1, 20) n;`

// everywhere is the last transaction. It has a row in each table, so that nothing has to be waited for to know that there is none.
const everywhere = `
BEGIN;
INSERT INTO customers VALUES (1000, 'last', 1);
INSERT INTO orders VALUES (1000, 1000, 1, 'paid', 'last', clock_timestamp());
INSERT INTO payments VALUES (1000, 1, 'cash', 1, false, clock_timestamp());
COMMIT`

// marker is a transaction that is sure to change something.
const marker = `INSERT INTO customers VALUES (1001, 'mark', 1) ON CONFLICT (customer_id) DO UPDATE SET credit = customers.credit + 1`

// transaction draws a transaction's statements.
func transaction(rng *rand.Rand) string {
	statements := []string{"BEGIN"}
	for range 1 + rng.IntN(5) {
		s := statement(rng)
		if rng.IntN(12) == 0 {
			s = "SAVEPOINT here; " + s + "; ROLLBACK TO here"
		}
		statements = append(statements, s)
	}
	end := "COMMIT"
	if rng.IntN(10) == 0 {
		end = "ROLLBACK"
	}
	return strings.Join(append(statements, end), ";\n")
}

func statement(rng *rand.Rand) string {
	order, customer := 1+rng.IntN(orders), 1+rng.IntN(customers)
	amount := fmt.Sprintf("%d.%02d", rng.IntN(1000)-100, rng.IntN(100))
	switch n := rng.IntN(100); {
	case n < 28:
		return fmt.Sprintf("INSERT INTO orders VALUES (%d, %s, %s, '%s', %s, %s) ON CONFLICT (order_id) DO UPDATE SET customer_id = excluded.customer_id, amount = excluded.amount, created_at = excluded.created_at",
			order, orNull(rng, fmt.Sprint(customer)), orNull(rng, amount), status(rng), note(rng), moment(rng))
	case n < 42:
		return fmt.Sprintf("UPDATE orders SET status = '%s', amount = amount + %s WHERE order_id = %d", status(rng), amount, order)
	case n < 46:
		return fmt.Sprintf("UPDATE orders SET note = %s WHERE order_id = %d", note(rng), order)
	case n < 50: // rows change entity
		return fmt.Sprintf("UPDATE orders SET customer_id = %d WHERE order_id BETWEEN %d AND %d", customer, order, order+4)
	case n < 54: // a key changes, to one that is free; a note kept out of line would be left out of the row that comes under the new key
		to := 1 + rng.IntN(2*orders)
		return fmt.Sprintf("UPDATE orders SET order_id = %d, note = NULL WHERE order_id = %d AND NOT EXISTS (SELECT 1 FROM orders WHERE order_id = %d)", to, order, to)
	case n < 62:
		return fmt.Sprintf("DELETE FROM orders WHERE order_id = %d", order)
	case n < 64: // more rows than one poll of the connector brings
		return fmt.Sprintf("INSERT INTO orders SELECT n, n %% %d, n, 'open', NULL, clock_timestamp() FROM generate_series(%d, %d) n ON CONFLICT DO NOTHING", customers, order, order+60)
	case n < 76:
		return fmt.Sprintf("INSERT INTO payments VALUES (%d, %d, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
			order, 1+rng.IntN(3), orNull(rng, "'"+[]string{"card", "cash", "wire"}[rng.IntN(3)]+"'"), amount, orNull(rng, "false"), orNull(rng, moment(rng)))
	case n < 81:
		return fmt.Sprintf("UPDATE payments SET refunded = NOT refunded, amount = amount - 1 WHERE order_id = %d", order)
	case n < 84:
		return fmt.Sprintf("UPDATE payments SET line = line + 10 WHERE order_id = %d AND line < 10 AND NOT EXISTS (SELECT 1 FROM payments p WHERE p.order_id = %[1]d AND p.line >= 10)", order)
	case n < 88:
		return fmt.Sprintf("DELETE FROM payments WHERE order_id = %d", order)
	case n < 92:
		return fmt.Sprintf("INSERT INTO customers VALUES (%d, 'back', %s) ON CONFLICT (customer_id) DO UPDATE SET credit = excluded.credit", customer, orNull(rng, amount))
	case n < 98:
		return fmt.Sprintf("UPDATE customers SET segment = '%s' WHERE customer_id = %d", []string{"new", "gold", "lost"}[rng.IntN(3)], customer)
	default:
		return fmt.Sprintf("DELETE FROM customers WHERE customer_id = %d", customer)
	}
}

func orNull(rng *rand.Rand, v string) string {
	if rng.IntN(10) == 0 {
		return "NULL"
	}
	return v
}

func status(rng *rand.Rand) string {
	return []string{"open", "paid", "paid", "cancelled"}[rng.IntN(4)]
}

func note(rng *rand.Rand) string {
	return orNull(rng, fmt.Sprintf("repeat('%c', %d)", 'a'+rng.IntN(26), 1+rng.IntN(2)*(2500+rng.IntN(2000))))
}

// moment is an event time: now, late or in the future.
func moment(rng *rand.Rand) string {
	seconds := 0.
	switch rng.IntN(8) {
	case 0:
		seconds = -20 * rng.Float64()
	case 1:
		seconds = 4 * rng.Float64()
	}
	return fmt.Sprintf("clock_timestamp() + %.6f * INTERVAL '1 second'", seconds)
}

// writers run transactions side by side.
type writers struct {
	seed  uint64
	url   string
	conns []*pgconn.PgConn
	done  uint64
	// refused counts transactions that the database ended: a deadlock, a key that another writer has taken.
	refused atomic.Int64
}

const (
	concurrent = 4
	// pace is the time from one transaction to the next, by all writers: slow enough for changes to be on all parts of their way when something is killed.
	pace = 20 * time.Millisecond
)

func newWriters(ctx context.Context, url string, seed uint64) (*writers, error) {
	w := &writers{seed: seed, url: url}
	for range concurrent {
		conn, err := pgconn.Connect(ctx, url)
		if err != nil {
			return w, err
		}
		w.conns = append(w.conns, conn)
	}
	return w, nil
}

func (w *writers) close() {
	for _, conn := range w.conns {
		conn.Close(context.Background())
	}
}

// run runs the next n transactions. What each of them says follows from the seed and its number, not from who runs it. after is called between transactions, in the writer, with the count of
// those of this run.
func (w *writers) run(ctx context.Context, n int, after func(ctx context.Context, count int) error) error {
	g, ctx := errgroup.WithContext(ctx)
	var taken atomic.Int64
	ticks := time.NewTicker(pace)
	defer ticks.Stop()
	for _, conn := range w.conns {
		g.Go(func() error {
			for {
				count := int(taken.Add(1))
				if count > n {
					return nil
				}
				select {
				case <-ctx.Done():
					return ctx.Err()
				case <-ticks.C:
				}
				script := transaction(rand.New(rand.NewPCG(w.seed, w.done+uint64(count))))
				if err := w.transact(ctx, conn, script); err != nil {
					return fmt.Errorf("%w\n%s", err, script)
				}
				if err := after(ctx, count); err != nil {
					return err
				}
			}
		})
	}
	err := g.Wait()
	w.done += uint64(n)
	return err
}

func (w *writers) transact(ctx context.Context, conn *pgconn.PgConn, script string) error {
	_, err := conn.Exec(ctx, script).ReadAll()
	var refusal *pgconn.PgError
	if errors.As(err, &refusal) && (refusal.Code == "40P01" || refusal.Code == "23505") {
		w.refused.Add(1)
		_, err = conn.Exec(ctx, "ROLLBACK").ReadAll()
	}
	return err
}
