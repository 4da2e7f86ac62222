package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/asofdb/asof/bench/exact"
	"github.com/asofdb/asof/bench/exact/random"
	"github.com/asofdb/asof/engine"
	"github.com/asofdb/asof/sql/types"
)

// TestLateTransactionsChangeNoPast writes histories whose commit times go back: by less than a millisecond, as PostgreSQL's do now and then; by more; to moments that
// readers were told were final; and transactions whose rest comes after they were closed. One rule, c = max(commit, last c, F + 1), says when each
// change must become visible, and so the naive model judges all answers. Every answer given on the way is asked again, in the end and after the
// directory was opened anew.
func TestLateTransactionsChangeNoPast(t *testing.T) {
	for n := range uint64(3) {
		t.Run(fmt.Sprint("seed ", *seed+n), func(t *testing.T) {
			t.Parallel()
			playLate(t, *seed+n)
		})
	}
}

// lateRun is one such history.
type lateRun struct {
	*run
	t   *testing.T
	eng *engine.Engine

	// lines are written by silence, at once: a pause between two of them would be one, and on a busy machine it may come.
	lines []random.Record
	// seen is the history as it must be visible: every change with its c.
	seen random.Workload
	// What the rule knows: the last c given, the newest commit time, the frontier that readers were told last.
	last, newest, frontier int64
	// What must have been counted.
	shifted, worst, inverted, split int64
}

func playLate(t *testing.T, seed uint64) {
	rng := rand.New(rand.NewPCG(seed, 17))
	l := &lateRun{t: t, run: &run{dir: t.TempDir(), rng: rng, ledger: newLedger()}, last: noFrontier, newest: noFrontier, frontier: noFrontier}
	var err error
	if l.feed, err = newFeed(l.input(), rng, false); err != nil {
		t.Fatal(err)
	}
	defer l.feed.file.Close()
	for i := range 6 {
		l.definitions = append(l.definitions, random.NewDefinition(rng, fmt.Sprintf("f%d", i), random.Windows(l.feed.gen.Step())))
	}
	l.reopen()
	defer func() { l.must(l.eng.Close()) }()
	l.must(l.eng.Exec(context.Background(), createSource(l.input(), false)))
	for _, d := range l.definitions {
		l.must(l.eng.Exec(context.Background(), d.Create()))
	}
	for range 20 {
		for range 1 + rng.IntN(3) {
			l.transaction()
		}
		l.silence()
		l.ask()
		if rng.IntN(6) == 0 {
			l.reopen()
		}
	}
	l.judge()
	l.reopen()
	l.judge()
}

func (l *lateRun) must(err error) {
	l.t.Helper()
	if err != nil {
		l.t.Fatal(err)
	}
}

// reopen closes the directory and opens it with other sizes of commits and checkpoints.
func (l *lateRun) reopen() {
	if l.eng != nil {
		l.must(l.eng.Close())
	}
	var err error
	l.eng, err = open(l.data(), 1+l.rng.IntN(20), 1+l.rng.IntN(40))
	l.must(err)
	if f := frontierOf(l.eng); f != l.frontier {
		l.t.Fatalf("the frontier was %d and is %d", l.frontier, f)
	}
}

// transaction writes one whose commit time follows the newest or goes back; now and then its rest comes once it was closed.
func (l *lateRun) transaction() {
	if l.newest != noFrontier {
		back := []int64{0, 0, l.rng.Int64N(1000), l.rng.Int64N(3_600_000_000)}[l.rng.IntN(4)]
		l.feed.gen.At(l.newest - back)
	}
	x := l.feed.gen.Tx()
	lines := x.Records(false)
	head := x
	if x.Commit > l.newest && len(x.Ops) > 1 && l.rng.IntN(3) == 0 {
		head.Ops = x.Ops[:1+l.rng.IntN(len(x.Ops)-1)]
	}
	first := len(head.Records(false))
	l.write(head, lines[:first])
	if first == len(lines) {
		return
	}
	l.silence()
	l.split++
	rest := x
	rest.Ops = x.Ops[len(head.Ops):]
	shifted, worst := l.shifted, l.worst
	l.write(rest, lines[first:])
	l.shifted, l.worst = shifted, worst // they are the split transaction's
}

// write adds a transaction's lines to what silence will write, and notes when it must become visible.
func (l *lateRun) write(x random.Tx, lines []random.Record) {
	l.lines = append(l.lines, lines...)
	l.feed.records += int64(len(lines))
	l.newest = max(l.newest, x.Commit)
	c := max(x.Commit, l.last)
	if l.frontier != noFrontier {
		c = max(c, l.frontier+1)
	}
	n := int64(len(x.Ops))
	switch {
	case c == x.Commit:
	case l.frontier != noFrontier && x.Commit <= l.frontier: // readers had been told that all of its time had come
		l.shifted, l.worst = l.shifted+n, max(l.worst, c-x.Commit)
	default:
		l.inverted += n
	}
	x.Commit, l.last = c, c
	l.seen.Txs = append(l.seen.Txs, x)
}

// silence writes, and waits until all has been read and the newest transaction was closed: the frontier is then at the last c.
func (l *lateRun) silence() {
	l.t.Helper()
	l.must(l.feed.write(l.lines))
	l.lines = nil
	for began := time.Now(); ; time.Sleep(5 * time.Millisecond) {
		s := shown(l.eng)
		if f := frontierOf(l.eng); s["records"].I == l.feed.records && f == l.last {
			l.frontier = f
			return
		}
		if f := frontierOf(l.eng); f > l.last || time.Since(began) > hanging {
			l.t.Fatalf("%d of %d records were read and the frontier is at %s instead of %s", s["records"].I, l.feed.records, s["frontier"], types.NewTimestamptz(l.last))
		}
	}
}

// ask keeps answers about moments near the frontier and anywhere in the past.
func (l *lateRun) ask() {
	l.t.Helper()
	first := l.seen.Txs[0].Commit
	for range 4 {
		t := max(first, l.frontier-l.rng.Int64N(2000))
		if l.rng.IntN(2) == 0 {
			t = first + l.rng.Int64N(l.frontier-first+1)
		}
		name := "t"
		if i := l.rng.IntN(len(l.definitions) + 1); i < len(l.definitions) {
			name = l.definitions[i].Name
		}
		q := question(name, "", t)
		rows, err := query(l.eng, q)
		l.must(err)
		l.must(l.ledger.answer(q, answerText(texts(rows))))
	}
}

// judge asks everything again, and compares with the naive model and the counters.
func (l *lateRun) judge() {
	l.t.Helper()
	for _, q := range slices.Clone(l.ledger.questions) {
		rows, err := query(l.eng, q)
		l.must(err)
		l.must(l.ledger.answer(q, answerText(texts(rows))))
	}
	table := l.seen.Table()
	for _, at := range l.seen.Moments(l.rng, random.Windows(l.feed.gen.Step()), 40) {
		if at > l.frontier {
			continue
		}
		for _, d := range l.definitions {
			got, err := exact.Ask(l.eng, d, question(d.Name, "", at))
			l.must(err)
			_, err = exact.Compare(d, at, got, d.Value(table, at))
			l.must(err)
		}
	}
	s := shown(l.eng)
	for name, want := range map[string]int64{
		"shifted_changes": l.shifted, "inverted_commits": l.inverted, "split_transactions": l.split, "worst_shift": l.worst, "repeated": 0, "unknown_rows": 0,
	} {
		if got := s[name].I; got != want {
			l.t.Errorf("SHOW SOURCES: %s is %d, want %d", name, got, want)
		}
	}
}
