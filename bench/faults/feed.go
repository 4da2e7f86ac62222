package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"time"

	"github.com/asofdb/asof/bench/exact/random"
)

// feed appends transactions to the input, as a connector does: whole ones in one write, some of them again, now and then one whose first line is
// finished later, and lines that are no records at all. It remembers exactly what it has written.
type feed struct {
	file *os.File
	rng  *rand.Rand
	gen  *random.Generator
	next *random.Tx    // drawn, not yet written
	live bool          // commit times follow the wall clock, and some transactions are late
	back time.Duration // how late the next one to be drawn is on top of that

	written random.Workload
	// What the source's counters must come to.
	records, rejected, repeated, changes int64
}

func newFeed(path string, rng *rand.Rand, live bool) (*feed, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	return &feed{file: f, rng: rng, gen: random.NewGenerator(rng), live: live}, err
}

// run writes until ctx ends, and at most so many transactions: what is compared in the end grows with them.
func (f *feed) run(ctx context.Context, most int) error {
	for len(f.written.Txs) < most && ctx.Err() == nil {
		if err := f.step(); err != nil {
			return err
		}
		pause := time.Duration(f.rng.IntN(16)) * time.Millisecond
		if f.rng.IntN(50) == 0 {
			pause = closeAfter * 3 / 2 // long enough for the newest transaction to be closed by silence
		}
		time.Sleep(pause)
	}
	return nil
}

// step writes once, or, for a torn line, twice.
func (f *feed) step() error {
	switch f.rng.IntN(20) {
	case 0:
		return f.redeliver()
	case 1:
		f.records++
		f.rejected++
		return f.write([]string{`{"op":"c","after":{"id":` + strings.Repeat("x", f.rng.IntN(40)) + `}}`})
	case 2:
		return f.torn()
	default:
		return f.write(f.transactions())
	}
}

// transactions draws some, all of one commit time among them: parted by a pause, the later of them would find it closed.
func (f *feed) transactions() []string {
	var lines []string
	for range 1 + f.rng.IntN(4) {
		lines = append(lines, f.transaction()...)
	}
	for !f.live && f.next.Commit == f.written.Last() {
		lines = append(lines, f.transaction()...)
	}
	return lines
}

func (f *feed) transaction() []string {
	if f.next == nil {
		f.draw()
	}
	x := *f.next
	f.draw()
	f.written.Txs = append(f.written.Txs, x)
	lines := x.Lines()
	f.records += int64(len(lines))
	f.changes += int64(len(x.Ops))
	return lines
}

// latest is how late a transaction of a live feed may be.
const latest = 3 * time.Second

func (f *feed) draw() {
	if f.live {
		now := time.Now()
		if f.rng.IntN(3) == 0 {
			now = now.Add(-time.Duration(f.rng.Int64N(int64(latest))))
		}
		f.gen.At(now.Add(-f.back).UnixMicro())
	}
	t := f.gen.Tx()
	f.next = &t
}

// late writes a transaction that was committed a while ago.
func (f *feed) late(by time.Duration) error {
	f.back = by
	lines := f.transaction() // the one that had been drawn, which may be what the late one follows
	f.back = 0
	return f.write(append(lines, f.transaction()...))
}

// redelivery is how many of the last transactions may be sent again.
const redelivery = 30

// redeliver writes all again from the first row of a transaction on.
func (f *feed) redeliver() error {
	n := len(f.written.Txs)
	if n == 0 {
		return nil
	}
	var lines []string
	for _, x := range f.written.Txs[n-1-f.rng.IntN(min(n, redelivery)):] {
		lines = append(lines, x.Lines()...)
		f.repeated += int64(len(x.Ops))
	}
	f.records += int64(len(lines))
	return f.write(lines)
}

// torn leaves the first line of a transaction unfinished for a while. No other line can be: a pause amid a transaction closes it.
func (f *feed) torn() error {
	text := strings.Join(f.transactions(), "\n") + "\n"
	cut := 1 + f.rng.IntN(strings.IndexByte(text, '\n'))
	if err := f.put(text[:cut]); err != nil {
		return err
	}
	time.Sleep(time.Duration(f.rng.Int64N(int64(closeAfter * 3 / 2))))
	return f.put(text[cut:])
}

func (f *feed) write(lines []string) error { return f.put(strings.Join(lines, "\n") + "\n") }

func (f *feed) put(text string) error {
	if _, err := f.file.WriteString(text); err != nil {
		return fmt.Errorf("append to the input: %w", err)
	}
	return nil
}
