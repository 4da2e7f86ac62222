package main

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/asofdb/asof/cmd/shop"
	"github.com/asofdb/asof/cmd/shop/kafka"
)

// feedTick is how often live transactions are written: often enough to look continuous, seldom enough to cost nothing.
const feedTick = 20 * time.Millisecond

// feed writes the shop's transactions to a broker, as a connector would. One goroutine at a time writes; the
// counters and quiet may be used from others.
type feed struct {
	broker *kafka.Kafka
	shop   *shop.Shop
	tables map[string]*feedTable
	failed atomic.Pointer[error] // the first record that could not be written
	// quiet makes run write nothing: the shop is open, but nobody comes.
	quiet atomic.Bool
}

// feedTable counts what a table's topic has.
type feedTable struct{ changes, bytes atomic.Int64 }

func newFeed(seed int64) (*feed, error) {
	broker, err := kafka.Start()
	if err != nil {
		return nil, err
	}
	f := &feed{broker: broker, shop: shop.New(seed), tables: map[string]*feedTable{}}
	for _, table := range shop.Tables {
		f.tables[table] = &feedTable{}
	}
	return f, nil
}

func (f *feed) close() { f.broker.Close() }

// history writes n transactions with commit times after from, the last at to: the shop's opening first, then the rest evenly.
func (f *feed) history(ctx context.Context, n int, from, to time.Time) error {
	step := to.Sub(from) / time.Duration(n)
	for i := range n {
		if err := ctx.Err(); err != nil {
			return err
		}
		at := from.Add(time.Duration(i+1) * step)
		if i < shop.Customers {
			at = from.Add(time.Duration(i) * time.Second)
		}
		f.write(ctx, f.shop.Step(at))
	}
	return f.flush(ctx)
}

// run writes rate transactions a second, committed when they are written, until ctx ends.
func (f *feed) run(ctx context.Context, rate int) error {
	tick := time.NewTicker(feedTick)
	defer tick.Stop()
	last := time.Now()
	owed := 0.0 // transactions, a fraction of one carried to the next tick
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		now := time.Now()
		owed += now.Sub(last).Seconds() * float64(rate)
		last = now
		if f.quiet.Load() {
			owed = 0
			continue
		}
		for ; owed >= 1; owed-- {
			f.write(ctx, f.shop.Step(now))
		}
		if err := f.flush(ctx); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
	}
}

// write hands a transaction over to the broker.
func (f *feed) write(ctx context.Context, tx shop.Transaction) {
	for _, l := range tx.Lines {
		t := f.tables[l.Table]
		t.bytes.Add(int64(len(l.JSON)))
		if l.Change {
			t.changes.Add(1)
		}
	}
	f.broker.Write(ctx, tx, func(err error) { f.failed.CompareAndSwap(nil, &err) })
}

// flush waits until the broker has everything.
func (f *feed) flush(ctx context.Context) error {
	if err := f.broker.Flush(ctx); err != nil {
		return err
	}
	if err := f.failed.Load(); err != nil {
		return fmt.Errorf("write the shop's changes: %w", *err)
	}
	return nil
}

// changes is how many changes of a table there are so far; total is that of all tables.
func (f *feed) changes(table string) int64 { return f.tables[table].changes.Load() }

func (f *feed) total() int64 {
	var n int64
	for _, t := range f.tables {
		n += t.changes.Load()
	}
	return n
}

func (f *feed) size(table string) int64 { return f.tables[table].bytes.Load() }
