package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/asofdb/asof/bench/exact/random"
)

// options are what a run is told. All that it draws follows from the seed.
type options struct {
	kills  int
	seed   uint64
	live   bool   // frontier = 'clock', and late transactions
	kafka  bool   // the input is a broker's topic, in partitions of which one is silent and one late; commit times follow the clock, and none is late
	power  bool   // cut the power of the disk instead of killing
	parent string // of the data directories
	tell   func(format string, args ...any)
}

// report is what a run did.
type report struct {
	seed     uint64
	kills    map[string]int // by kind
	cuts     int            // of the kills, those that were power cuts
	torn     int            // of the cuts, those that left some of what was not synced, in pieces
	copies   int
	txs      int
	answers  int // different questions answered
	checked  int // answers given again
	compared int // values held against the naive model
}

func (r report) String() string {
	var kinds []string
	for _, k := range slices.Sorted(maps.Keys(r.kills)) {
		kinds = append(kinds, fmt.Sprintf("%s %d", k, r.kills[k]))
	}
	what := fmt.Sprintf("%d kills", r.killed())
	if r.cuts > 0 {
		what = fmt.Sprintf("%d power cuts, %d torn", r.cuts, r.torn)
	}
	return fmt.Sprintf("seed %d: %s (%s), %d copies, %d transactions; %d answers kept, %d given again, %d values compared with the naive model",
		r.seed, what, strings.Join(kinds, ", "), r.copies, r.txs, r.answers, r.checked, r.compared)
}

// killed is the number of kills.
func (r report) killed() (n int) {
	for _, k := range r.kills {
		n += k
	}
	return n
}

// The kinds of kills.
const (
	duringLoad     = "load"     // at any moment after the answers were checked
	duringRecovery = "recovery" // at any moment after the start
	duringBackfill = "backfill" // while a feature over existing data is created
	duringReplace  = "replace"  // while a feature is dropped and created again
	duringClose    = "close"    // while the child closes, or after it has
)

// run is one data directory and what is known of it.
type run struct {
	options
	dir         string
	rng         *rand.Rand
	definitions []random.Definition
	declared    int // of the definitions, those that a child was told of
	ledger      *ledger
	feed        *feed
	disk        *disk // nil unless its power is cut
	report      report
}

// play kills as often as it is told and judges what is left.
func play(o options) (rep report, err error) {
	dir, err := os.MkdirTemp(o.parent, fmt.Sprintf("asof-faults-%d-", o.seed))
	if err != nil {
		return rep, err
	}
	if o.tell == nil {
		o.tell = func(string, ...any) {}
	}
	r := &run{options: o, dir: dir, rng: rand.New(rand.NewPCG(o.seed, 3)), ledger: newLedger(), declared: 2}
	r.report = report{seed: o.seed, kills: map[string]int{}}
	r.live = r.live || r.kafka
	if feedRng := rand.New(rand.NewPCG(o.seed, 5)); r.kafka {
		r.feed, err = newBrokerFeed(feedRng)
	} else {
		r.feed, err = newFeed(filepath.Join(dir, "t.ndjson"), feedRng, r.live)
	}
	if err != nil {
		return rep, err
	}
	defer func() { err = errors.Join(err, r.feed.close()) }()
	for i := range 12 {
		r.definitions = append(r.definitions, random.NewDefinition(r.rng, fmt.Sprintf("f%d", i), random.Windows(r.feed.gen.Step())))
	}
	if r.power {
		if r.disk, err = newDisk(dir); err != nil {
			return rep, fmt.Errorf("a disk whose power can be cut: %w", err)
		}
	}
	if err := r.unplug(r.all()); err != nil {
		return rep, fmt.Errorf("seed %d, after %d kills: %w\n(the directory is kept: %s)", o.seed, r.report.killed(), err, dir)
	}
	r.report.txs, r.report.answers, r.report.checked = len(r.feed.written.Txs), len(r.ledger.questions), r.ledger.checked
	return r.report, os.RemoveAll(dir)
}

// input is the file, or the broker.
func (r *run) input() string {
	if r.feed != nil && r.feed.broker != nil {
		return brokerInput + r.feed.broker.address()
	}
	return filepath.Join(r.dir, "t.ndjson")
}

// brokerInput begins the name of an input that is a broker.
const brokerInput = "kafka:"

func (r *run) data() string {
	if r.disk != nil {
		return filepath.Join(r.disk.mounted, "data")
	}
	return filepath.Join(r.dir, "data")
}

// unplug closes the disk, if there is one, and keeps what is on it after a failure.
func (r *run) unplug(failure error) error {
	if r.disk == nil {
		return failure
	}
	r.report.cuts, r.report.torn = r.disk.cuts, r.disk.torn
	if failure != nil {
		failure = errors.Join(failure, r.disk.keep(filepath.Join(r.dir, "image")))
	}
	return errors.Join(failure, r.disk.close())
}

// all feeds and kills, and then judges.
func (r *run) all() error {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	fed := make(chan error, 1)
	go func() { fed <- r.feed.run(ctx, 100+40*r.kills) }()
	for r.report.killed() < r.kills {
		if err := r.round(); err != nil {
			return err
		}
		if r.rng.IntN(8) == 0 {
			if err := r.copies(); err != nil {
				return fmt.Errorf("a copy of the directory: %w", err)
			}
		}
	}
	stop()
	if err := <-fed; err != nil {
		return err
	}
	return r.judge()
}

// round is one kill, or, of a recovery, several.
func (r *run) round() error {
	kinds := []string{duringLoad, duringLoad, duringLoad, duringRecovery, duringReplace, duringClose}
	if r.declared < len(r.definitions) {
		kinds = append(kinds, duringBackfill, duringBackfill)
	}
	kind := kinds[r.rng.IntN(len(kinds))]
	times := 1
	if kind == duringRecovery {
		times = min(1+r.rng.IntN(5), r.kills-r.report.killed())
	}
	for range times {
		if err := r.kill(kind); err != nil {
			return fmt.Errorf("%s: %w", kind, err)
		}
	}
	return nil
}

// kill runs a child from its start to its end.
func (r *run) kill(kind string) error {
	o := orders{
		Dir: r.data(), Input: r.input(), Clock: r.live, Seed: r.rng.Uint64(),
		Batch: []int{1, 3, 7, 50}[r.rng.IntN(4)], Flush: []int{1, 5, 40, 300}[r.rng.IntN(4)],
	}
	if kind == duringBackfill {
		r.declared++
	}
	for _, d := range r.definitions[:r.declared] {
		o.Features = append(o.Features, featureOf(d))
	}
	if kind == duringReplace {
		o.Replace = o.Features[r.rng.IntN(len(o.Features))].Name
	}
	p, err := start(r.dir, o)
	if err != nil {
		return err
	}
	c := &conversation{r: r, p: p}
	err = c.until(kind, o)
	switch {
	case errors.Is(err, errHangs):
		p.explain()
	case kind == duringClose && err == nil:
		err = c.close()
	default:
		err = errors.Join(err, r.end(p))
	}
	r.report.kills[kind]++
	ending := c.drain()
	if r.disk != nil && err == nil {
		err = r.disk.restore()
	}
	r.tell("kill %d, %s: %d answers kept, %d given again", r.report.killed(), kind, len(r.ledger.questions), r.ledger.checked)
	return errors.Join(err, ending)
}

// end ends a child at once.
func (r *run) end(p *process) error {
	if r.disk != nil {
		return r.disk.cut(p, r.rng)
	}
	p.kill()
	return nil
}

// until talks to the child up to the moment at which it is to end.
func (c *conversation) until(kind string, o orders) error {
	r := c.r
	if kind == duringRecovery {
		return c.listen(time.Duration(r.rng.Int64N(int64(300 * time.Millisecond))))
	}
	if err := c.await(func(e event) bool { return e.Is == "open" }); err != nil {
		return err
	}
	most := 500 * time.Millisecond
	if r.kafka { // its frontier is idleLag behind the clock
		most *= 6
	}
	switch kind {
	case duringBackfill:
		name := o.Features[len(o.Features)-1].Name
		if err := c.await(func(e event) bool { return e.Is == "creating" && e.What == name }); err != nil {
			return err
		}
		most /= 4
	case duringReplace:
		if _, err := c.ask(); err != nil {
			return err
		}
		if err := c.await(func(e event) bool { return e.Is == "replacing" }); err != nil {
			return err
		}
		most /= 4
	default:
		if err := c.check(); err != nil {
			return err
		}
	}
	return c.listen(time.Duration(r.rng.Int64N(int64(most))))
}
