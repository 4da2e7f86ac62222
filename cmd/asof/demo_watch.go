package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/asofdb/asof/sql/types"
)

// watch shows one customer's values again and again: while changes arrive, then while nothing arrives and only time passes, and so on
// until ctx ends.
func (d *demo) watch(ctx context.Context) error {
	feeding, stop := context.WithCancel(ctx)
	failed := make(chan error, 1)
	go func() { failed <- d.feed.run(feeding, d.rate) }()
	defer func() { stop(); <-failed }()

	busy := d.window * 3 / 2
	if end, ok := ctx.Deadline(); ok {
		busy = min(busy, time.Until(end)/3) // leave time to see the window empty
	}
	every := min(max(d.window/5, 250*time.Millisecond), time.Second)
	view := &view{d: d, changes: d.feed.total()}
	for {
		d.heading(fmt.Sprintf("The shop is open: %d transactions a second", d.rate))
		d.feed.quiet.Store(false)
		if err := view.during(ctx, busy, every, failed); err != nil {
			return err
		}
		d.heading("The shop is quiet: no change comes, and the window empties all the same")
		d.feed.quiet.Store(true)
		if err := view.during(ctx, d.window+2*time.Second, every, failed); err != nil {
			return err
		}
	}
}

// view prints a line of values each time it looks.
type view struct {
	d       *demo
	changes int64    // when it looked last
	last    []string // what it saw then
}

// during looks every so often for as long as it is told to.
func (v *view) during(ctx context.Context, long, every time.Duration, failed <-chan error) error {
	v.d.print("%s\n", v.d.terminal.dim(fmt.Sprintf("%-12s %8s %9s %10s %10s %11s %10s",
		"as of", "changes", fmt.Sprintf("last_%ds", int(v.d.window.Seconds())), "orders_1h", "orders_7d", "spent_30d", "balance")))
	tick := time.NewTicker(every)
	defer tick.Stop()
	for end := time.Now().Add(long); time.Now().Before(end); {
		if err := v.look(ctx); err != nil {
			return err
		}
		select {
		case <-tick.C:
		case err := <-failed:
			return errors.Join(errors.New("the shop has stopped"), err)
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
	v.d.seen = values[0]
	account, err := v.d.row(ctx, fmt.Sprintf("SELECT balance FROM account AS OF '%s' WHERE account_id = %d", v.d.seen, demoAccount))
	if err != nil {
		return err
	}
	values = append(values, account...)
	changes := v.d.feed.total()
	v.print(values, changes-v.changes)
	v.changes, v.last = changes, values
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
