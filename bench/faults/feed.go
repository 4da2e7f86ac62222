package main

import (
	"cmp"
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
	file   *os.File // nil where the input is a broker
	broker *broker
	rng    *rand.Rand
	gen    *random.Generator
	next   *random.Tx    // drawn, not yet written
	live   bool          // commit times follow the wall clock, and some transactions are late
	back   time.Duration // how late the next one to be drawn is on top of that

	written random.Workload
	// What the source's counters must come to.
	records, rejected, repeated, changes int64
}

func newFeed(path string, rng *rand.Rand, live bool) (*feed, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	return &feed{file: f, rng: rng, gen: random.NewGenerator(rng), live: live}, err
}

// newBrokerFeed is a feed to a broker of its own. Commit times are those of the clock, and never late.
func newBrokerFeed(rng *rand.Rand) (*feed, error) {
	b, err := newBroker(rand.New(rand.NewPCG(rng.Uint64(), 1)))
	gen := random.NewGenerator(rng)
	for gen.Step() > int64(longestStep/time.Microsecond) {
		gen = random.NewGenerator(rng)
	}
	return &feed{broker: b, rng: rng, gen: gen, live: true}, err
}

// longestStep bounds how far behind the clock the commits of a broker's feed are.
const longestStep = 10 * time.Millisecond

func (f *feed) close() error {
	if f.broker != nil {
		return f.broker.close()
	}
	return f.file.Close()
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
		return f.write([]random.Record{{ID: 1, Value: `{"op":"c","after":{"id":` + strings.Repeat("x", f.rng.IntN(40)) + `}}`}})
	case 2:
		if f.broker == nil {
			return f.torn()
		}
		return f.write(f.transactions())
	default:
		return f.write(f.transactions())
	}
}

// transactions draws some, all of one commit time among them: parted by a pause, the later of them would find it closed.
func (f *feed) transactions() []random.Record {
	var lines []random.Record
	for range 1 + f.rng.IntN(4) {
		lines = append(lines, f.transaction()...)
	}
	for !f.live && f.next.Commit == f.written.Last() {
		lines = append(lines, f.transaction()...)
	}
	return lines
}

func (f *feed) transaction() []random.Record {
	if f.next == nil {
		f.draw()
	}
	x := *f.next
	if f.next = nil; f.broker == nil { // what a broker gets is committed when it is sent: the next may be sent much later
		f.draw()
	}
	f.written.Txs = append(f.written.Txs, x)
	lines := x.Records(false)
	f.records += int64(len(lines))
	f.changes += int64(len(x.Ops))
	return lines
}

// latest is how late a transaction of a live feed may be.
const latest = 3 * time.Second

func (f *feed) draw() {
	if f.live {
		now := time.Now()
		if f.broker == nil && f.rng.IntN(3) == 0 {
			now = now.Add(-time.Duration(f.rng.Int64N(int64(latest))))
		}
		if f.broker != nil { // commits grow, and none is ahead of the clock
			now = now.Add(-longestStep)
			if len(f.written.Txs) > 0 {
				now = time.UnixMicro(max(now.UnixMicro(), f.written.Last()))
			}
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
	var lines []random.Record
	for _, x := range f.written.Txs[n-1-f.rng.IntN(min(n, redelivery)):] {
		lines = append(lines, x.Records(false)...)
		f.repeated += int64(len(x.Ops))
	}
	f.records += int64(len(lines))
	return f.write(lines)
}

// torn leaves the first line of a transaction unfinished for a while. No other line can be: a pause amid a transaction closes it.
func (f *feed) torn() error {
	text := textOf(f.transactions())
	cut := 1 + f.rng.IntN(strings.IndexByte(text, '\n'))
	if err := f.put(text[:cut]); err != nil {
		return err
	}
	time.Sleep(time.Duration(f.rng.Int64N(int64(closeAfter * 3 / 2))))
	return f.put(text[cut:])
}

func (f *feed) write(records []random.Record) error {
	if f.broker != nil {
		return f.broker.send(records)
	}
	return f.put(textOf(records))
}

// textOf is records as the lines of a file.
func textOf(records []random.Record) string {
	var b strings.Builder
	for _, r := range records {
		b.WriteString(cmp.Or(r.Value, "null") + "\n")
	}
	return b.String()
}

func (f *feed) put(text string) error {
	if _, err := f.file.WriteString(text); err != nil {
		return fmt.Errorf("append to the input: %w", err)
	}
	return nil
}
