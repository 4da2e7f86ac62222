package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/asofdb/asof/cmd/shop"
)

// feedTick is how often live transactions are written: often enough to look continuous, seldom enough to cost nothing.
const feedTick = 20 * time.Millisecond

// feed writes the shop's transactions to one file for each table, as a connector would append them. One goroutine at a time writes; the
// counters and quiet may be used from others.
type feed struct {
	dir    string
	shop   *shop.Shop
	tables map[string]*feedTable
	// quiet makes run write nothing: the shop is open, but nobody comes.
	quiet atomic.Bool
}

// feedTable is one table's file and the lines that are not written yet.
type feedTable struct {
	file    *os.File
	pending []byte
	changes atomic.Int64
}

func newFeed(dir string, seed int64) (*feed, error) {
	f := &feed{dir: dir, shop: shop.New(seed), tables: map[string]*feedTable{}}
	for _, table := range shop.Tables {
		file, err := os.OpenFile(filepath.Join(dir, table+".ndjson"), os.O_CREATE|os.O_EXCL|os.O_WRONLY|os.O_APPEND, 0o644)
		if err != nil {
			return nil, errors.Join(err, f.close())
		}
		f.tables[table] = &feedTable{file: file}
	}
	return f, nil
}

func (f *feed) close() error {
	var all []error
	for _, t := range f.tables {
		all = append(all, t.file.Close())
	}
	return errors.Join(all...)
}

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
		if err := f.write(f.shop.Step(at), 64<<10); err != nil {
			return err
		}
	}
	return f.flush(0)
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
			if err := f.write(f.shop.Step(now), 64<<10); err != nil {
				return err
			}
		}
		if err := f.flush(0); err != nil {
			return err
		}
	}
}

// write adds a transaction and writes the files of which more than limit bytes are pending.
func (f *feed) write(tx shop.Transaction, limit int) error {
	for _, l := range tx.Lines {
		t := f.tables[l.Table]
		t.pending = append(append(t.pending, l.JSON...), '\n')
		if l.Change {
			t.changes.Add(1)
		}
	}
	return f.flush(limit)
}

func (f *feed) flush(limit int) error {
	for _, t := range f.tables {
		if len(t.pending) <= limit {
			continue
		}
		if _, err := t.file.Write(t.pending); err != nil {
			return fmt.Errorf("write the shop's changes: %w", err)
		}
		t.pending = t.pending[:0]
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

func (f *feed) size(table string) (int64, error) {
	info, err := f.tables[table].file.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}
