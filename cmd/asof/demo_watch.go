package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/asofdb/asof/sql/types"
)

// atLeast is how long there is something to watch, also where the history took longer than the demo should: else it would have shown nothing.
const atLeast = 2 * time.Second

// watch shows one customer's values again and again: while changes arrive, then while nothing arrives and only time passes, and so on
// until ctx ends or the demo's time is over.
func (d *demo) watch(ctx context.Context) error {
	busy, quiet := d.window*3/2, d.window+2*time.Second
	if d.length > 0 {
		left := max(d.length-time.Since(d.begun), atLeast)
		var cancel func()
		ctx, cancel = context.WithTimeout(ctx, left)
		defer cancel()
		busy = min(busy, left/3) // leave time to see the window empty
	}
	ctx, stop := context.WithCancel(ctx)
	fed := make(chan error, 1)
	go func() {
		defer stop() // there is nothing to watch when the shop cannot write
		fed <- d.feed.run(ctx, d.rate)
	}()
	view := &view{d: d, changes: d.feed.total(), every: min(max(d.window/5, 250*time.Millisecond), time.Second)}
	var err error
	for err == nil {
		if d.feed.quiet.Load() {
			d.heading("The shop is quiet: no change comes, and the window empties all the same")
			err = view.during(ctx, quiet)
		} else {
			d.heading(fmt.Sprintf("The shop is open: %d transactions a second", d.rate))
			err = view.during(ctx, busy)
		}
		d.feed.quiet.Store(!d.feed.quiet.Load())
	}
	if ctx.Err() != nil {
		err = nil // the last look was cut off
	}
	stop()
	return errors.Join(err, <-fed)
}

// view prints a line of values each time it looks.
type view struct {
	d       *demo
	every   time.Duration
	changes int64    // when it looked last
	last    []string // what it saw then
}

// during looks again and again for as long as it is told to.
func (v *view) during(ctx context.Context, long time.Duration) error {
	v.d.print("%s\n", v.d.terminal.dim(fmt.Sprintf("%-12s %8s %9s %10s %10s %11s %10s",
		"as of", "changes", fmt.Sprintf("last_%ds", int(v.d.window.Seconds())), "orders_1h", "orders_7d", "spent_30d", "balance")))
	tick := time.NewTicker(v.every)
	defer tick.Stop()
	for end := time.Now().Add(long); time.Now().Before(end); {
		if err := v.look(ctx); err != nil {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// look asks for the values now. The account is another origin with a frontier of its own, so it is asked for the same moment.
func (v *view) look(ctx context.Context) error {
	values, err := v.d.row(ctx, fmt.Sprintf(
		"SELECT as_of, last_%ds, orders_1h, orders_7d, spent_30d FROM customer_orders WHERE customer_id = '%s'",
		int(v.d.window.Seconds()), demoCustomer,
	))
	if err != nil {
		return err
	}
	account, err := v.d.row(ctx, fmt.Sprintf("SELECT balance FROM account AS OF '%s' WHERE account_id = %d", values[0], demoAccount))
	if err != nil {
		return err
	}
	values = append(values, account...)
	changes := v.d.feed.total()
	v.print(values, changes-v.changes)
	v.changes, v.last = changes, values
	v.d.seen = values[0] // not of a look that was cut off before it was printed
	return v.d.out.Flush()
}

func (v *view) print(values []string, changes int64) {
	clock := values[0]
	if us, err := types.Parse(types.Type{Kind: types.Timestamptz}, clock); err == nil {
		clock = time.UnixMicro(us.I).Local().Format("15:04:05.000")
	}
	v.d.print("%-12s %8s", clock, fmt.Sprintf("+%d", changes))
	for i, width := range []int{9, 10, 10, 11, 10} {
		text := fmt.Sprintf(" %*s", width, values[i+1])
		if v.last != nil && v.last[i+1] != values[i+1] {
			text = v.d.terminal.bold(text)
		}
		v.d.print("%s", text)
	}
	v.d.print("\n")
}

// row is the first row of a query as text.
func (d *demo) row(ctx context.Context, sql string) ([]string, error) {
	rows, err := d.session.Query(ctx, sql)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	if !rows.Next() {
		if err := rows.Err(); err != nil {
			return nil, err
		}
		return nil, types.Errorf(types.CodeInternal, "no row for %s", sql)
	}
	var texts []string
	for _, v := range rows.Values() {
		texts = append(texts, v.String())
	}
	return texts, rows.Err()
}
