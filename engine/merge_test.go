package engine

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// delivery is a source's log on its way through partitions: every transaction has rows in some of them, and each partition delivers its records in order, each some time after
// the commit, as a connector and a broker do.
type delivery struct {
	rng       *rand.Rand
	parts     []Partition
	queues    [][]sent // by partition
	at        []int    // how far each has been read
	told      bool
	old       int64           // how long after their commits all records are sent, as when a topic is filled anew
	due       map[int64]int64 // by transaction, the newest commit time by the order of the log: an inverted one is due later than it was committed
	longest   int64           // the longest time from a commit to its arrival, of records that are not the transactions'
	committed int64           // the newest commit
	rows      int
}

// sent is a record with the time at which it comes to be in its partition.
type sent struct {
	item    item
	arrives int64
}

func newDelivery(rng *rand.Rand, partitions, count int, told bool, old int64) *delivery {
	d := &delivery{rng: rng, told: told, old: old, due: map[int64]int64{}}
	for i := range partitions {
		d.parts = append(d.parts, Partition{Name: fmt.Sprint("t/", i)})
	}
	if told {
		d.parts = append(d.parts, Partition{Name: "transaction/0", Role: TransactionPartition})
	}
	d.queues, d.at = make([][]sent, len(d.parts)), make([]int, len(d.parts))
	commit := int64(1_000_000)
	silent := rng.IntN(partitions + 1) // this one has no rows but the first
	for tx := range int64(count) {
		newest := commit
		commit += rng.Int64N(3) * rng.Int64N(40_000)
		if told && rng.IntN(3) == 0 { // it has taken its time with another one or before it, and comes behind it
			commit = newest - rng.Int64N(2)*rng.Int64N(1000)
		}
		d.due[tx+1] = max(commit, newest)
		n := 1 + rng.IntN(4)
		own := 0
		if told {
			d.send(partitions, Event{Kind: BeginEvent, Tx: tx + 1, Commit: NoTime}, commit)
			if q := d.queues[partitions]; commit <= newest && len(q) > 1 { // the connector reads both at once
				q[len(q)-1].arrives = min(q[len(q)-1].arrives, q[len(q)-2].arrives+tailWait/2)
			}
		}
		for order := range n {
			p := rng.IntN(partitions)
			if p == silent && tx > 0 {
				continue
			}
			own++
			d.rows++
			d.send(p, Event{Kind: ChangeEvent, Op: CreateOp, Tx: tx + 1, Order: int64(order + 1), Commit: commit}, commit)
		}
		if told {
			d.send(partitions, Event{Kind: EndEvent, Tx: tx + 1, Own: int64(own), Commit: commit / 1000 * 1000}, commit)
		}
		commit = max(commit, newest)
	}
	d.committed = commit
	return d
}

// send puts a record behind the others of its partition, up to 80 ms after its commit, or one of 200 after 300 more.
func (d *delivery) send(p int, ev Event, commit int64) {
	q := d.queues[p]
	arrives := d.old + commit + 1000 + d.rng.Int64N(80_000)
	if d.rng.IntN(200) == 0 {
		arrives += 300_000
	}
	if len(q) > 0 {
		arrives = max(arrives, q[len(q)-1].arrives)
	}
	if d.parts[p].Role == RowPartition {
		d.longest = max(d.longest, arrives-commit)
	}
	place := Position{Offset: int64(len(q) + 1)}
	d.queues[p] = append(q, sent{item{event: ev, part: p, place: place, line: place.Offset - 1, time: NoTime}, arrives})
}

// poll reads, at the time now, some of what is there, and says how long ago each partition was known to be at its end.
func (d *delivery) poll(now int64, held []bool) (items []*item, ends []time.Duration) {
	ends = make([]time.Duration, len(d.parts))
	for p, q := range d.queues {
		ends[p] = -1
		seen := now - d.rng.Int64N(20_000) // when the broker was asked for the end
		n := d.rng.IntN(6)
		if d.rng.IntN(4) == 0 {
			n = 0
		}
		for ; n > 0 && d.at[p] < len(q) && q[d.at[p]].arrives <= now && (p >= len(held) || !held[p]); n-- {
			it := q[d.at[p]].item
			items = append(items, &it)
			d.at[p]++
		}
		if d.at[p] == len(q) || q[d.at[p]].arrives > seen {
			ends[p] = time.Duration(now-seen) * time.Microsecond
		}
	}
	return items, ends
}

// Whatever partitions deliver in whatever order: their records go on in the order of commit times, each once, a moment is said to be read through only when nothing at or before it
// still comes, and in the end everything has gone on and everything is said to have been read.
func TestMergeKeepsItsPromises(t *testing.T) {
	for seed := range uint64(300) {
		rng := rand.New(rand.NewPCG(seed, 7))
		set := &sourceSettings{clock: rng.IntN(3) > 0, closeAfter: 500 * time.Millisecond}
		old := int64(0)
		if !set.clock && rng.IntN(2) == 0 {
			old = 1 << 45 // the clock would have passed all of it before it comes
		}
		d := newDelivery(rng, 1+rng.IntN(4), 150, rng.IntN(2) == 0, old)
		lag := d.longest - d.old + 1
		m := newMerge(set, &sourceState{timeline: newTimeline()})
		m.join(d.parts, make([]Position, len(d.parts)))
		merged, lastKey, floor := 0, NoTime, NoTime
		seen := map[string]bool{}
		for now := d.old + 1_000_000; now < d.old+d.committed+3_000_000; now += 1 + rng.Int64N(30_000) {
			items, ends := d.poll(now, m.holds())
			m.add(items, ends, now, lag, func(_, delay int64) {
				if delay > d.longest+30_000*500 {
					t.Fatalf("seed %d: a delay of %d", seed, delay)
				}
			})
			if f := m.floor(lag); f < floor {
				t.Fatalf("seed %d: the floor went back from %d to %d", seed, floor, f)
			} else if before := floor; f > floor {
				floor = f
				if !set.clock && floor > m.newest {
					t.Fatalf("seed %d: the floor went from %d to %d, past the newest commit %d", seed, before, floor, m.newest)
				}
			}
			for _, it := range m.next() {
				id := fmt.Sprint(it.part, " ", it.place.Offset)
				switch {
				case seen[id]:
					t.Fatalf("seed %d: record %s went on twice", seed, id)
				case it.event.Commit < lastKey && d.due[it.event.Tx] == it.event.Commit:
					t.Fatalf("seed %d: %d went on after %d", seed, it.event.Commit, lastKey)
				}
				seen[id], lastKey = true, max(lastKey, it.event.Commit)
				merged++
			}
			for p, q := range d.queues { // nothing at or before the floor is still to come
				if at := d.at[p]; d.parts[p].Role == RowPartition && at < len(q) && d.due[q[at].item.event.Tx] <= floor {
					t.Fatalf("seed %d: the floor is %d, and partition %d still has a commit of %d due at %d", seed, floor, p, q[at].item.event.Commit, d.due[q[at].item.event.Tx])
				}
			}
			if waiting := slices.IndexFunc(m.parts, func(p *partition) bool { return len(p.queue) > 0 && p.queue[0].key <= floor }); waiting >= 0 {
				t.Fatalf("seed %d: something at the floor %d waits in partition %d", seed, floor, waiting)
			}
		}
		if merged != d.rows || !m.atEnd() {
			t.Fatalf("seed %d: %d of %d rows went on", seed, merged, d.rows)
		}
		if floor < m.newest {
			t.Fatalf("seed %d: in the end everything through %d is said to have been read, the newest commit is %d", seed, floor, m.newest)
		}
		if open, _ := m.transactions.state(); len(open) > 0 || d.told && len(m.transactions.ended) > 0 {
			t.Fatalf("seed %d: transactions are open in the end: %v", seed, open)
		}
	}
}

// A transaction is complete when its END and all of its rows were read, in whatever order, and however often a connector that begins anew sends some again.
func TestTransactionsAreWhole(t *testing.T) {
	var o openTransaction
	var text []string
	for _, n := range []int64{3, 1, 1, 5, 4, 3, 2, 7} {
		o.add(n)
		text = append(text, fmt.Sprint(o.Rows, "=", o.count()))
	}
	want := "[{3 3}]=1 [{1 1} {3 3}]=2 [{1 1} {3 3}]=2 [{1 1} {3 3} {5 5}]=3 [{1 1} {3 5}]=4 [{1 1} {3 5}]=4 [{1 5}]=5 [{1 5} {7 7}]=6"
	if got := strings.Join(text, " "); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}

	m := newMerge(&sourceSettings{closeAfter: time.Hour}, &sourceState{timeline: newTimeline()})
	m.join([]Partition{{Name: "a"}, {Name: "b"}, {Name: "x", Role: TransactionPartition}}, make([]Position, 3))
	offset := int64(0)
	read := func(now int64, part int, ev Event) int64 {
		t.Helper()
		var items []*item
		if ev.Kind != SkipEvent {
			offset++
			items = []*item{{event: ev, part: part, place: Position{Offset: offset}, time: NoTime}}
		}
		m.add(items, []time.Duration{0, 0, 0}, now, 1000, func(int64, int64) {})
		return max(0, m.floor(1<<40)) // as if the clock told nothing
	}
	for i, step := range []struct {
		now   int64
		part  int
		ev    Event
		floor int64
	}{
		{10, 2, Event{Kind: BeginEvent, Tx: 7}, 0},
		{11, 2, Event{Kind: EndEvent, Tx: 7, Own: 2, Commit: 5}, 0},
		{12, 0, Event{Kind: ChangeEvent, Tx: 7, Order: 1, Commit: 5}, 0}, // the other partition may have its second row
		{13, 0, Event{Kind: ChangeEvent, Tx: 7, Order: 1, Commit: 5}, 0}, // again
		{14, 1, Event{Kind: ChangeEvent, Tx: 7, Order: 2, Commit: 5}, 4}, // in both partitions at once
		{15, 2, Event{Kind: BeginEvent, Tx: 8}, 4},
		{16, 1, Event{Kind: ChangeEvent, Tx: 8, Order: 1, Commit: 20}, 4},
		{999, 0, Event{}, 4}, // silence proves nothing: END is still to come
		{1000, 2, Event{Kind: EndEvent, Tx: 8, Own: 1, Commit: 20}, 19},
		{999 + tailWait, 0, Event{}, 19}, // another one of the same time may come
		{1000 + tailWait, 0, Event{}, 20},
		{20_001, 2, Event{Kind: EndEvent, Tx: 9, Own: 0, Commit: 30}, 29},
		{20_002, 2, Event{Kind: EndEvent, Tx: 10, Own: 3, Commit: 40}, 29},
		{20_500, 0, Event{}, 29},
		{21_003, 0, Event{}, 29}, // rows that do not come are given up, and say nothing
		{21_004, 2, Event{Kind: BeginEvent, Tx: 11}, 29},
		{21_005, 0, Event{Kind: ChangeEvent, Tx: 11, Order: 1, Commit: 50}, 29},
		{21_006, 2, Event{Kind: EndEvent, Tx: 11, Own: 1, Commit: 50}, 49},
		{21_007, 2, Event{Kind: BeginEvent, Tx: 12}, 49},
		{50_000, 1, Event{Kind: ChangeEvent, Tx: 12, Order: 1, Commit: 50}, 49}, // it does, and has more rows
		{70_000, 1, Event{}, 49},
		{70_001, 2, Event{Kind: EndEvent, Tx: 12, Own: 1, Commit: 50}, 49},
		{80_001, 1, Event{}, 50},
		{80_002, 0, Event{Kind: ChangeEvent, Tx: 11, Order: 1, Commit: 50}, 50}, // again, without its END
		{80_003, 0, Event{Kind: ChangeEvent, Tx: 13, Order: 1, Commit: 60}, 50},
		{80_004, 2, Event{Kind: BeginEvent, Tx: 13}, 50},
		{80_005, 2, Event{Kind: EndEvent, Tx: 13, Own: 1, Commit: 60}, 59},
		{90_005, 0, Event{}, 60},
		{90_006, 0, Event{Kind: ChangeEvent, Tx: 14, Order: 1, Commit: 60}, 60}, // before its BEGIN
		{90_007, 2, Event{Kind: BeginEvent, Tx: 14}, 60},
		{90_008, 2, Event{Kind: EndEvent, Tx: 14, Own: 1, Commit: 60}, 60},
		{90_009, 2, Event{Kind: BeginEvent, Tx: 15}, 60},
		{90_010, 0, Event{Kind: ChangeEvent, Tx: 15, Order: 1, Commit: 70}, 60},
		{90_011, 2, Event{Kind: EndEvent, Tx: 15, Own: 1, Commit: 70}, 69}, // it does not wait for what is before it
	} {
		if f := read(step.now, step.part, step.ev); f != step.floor {
			t.Errorf("step %d: the floor is %d instead of %d", i, f, step.floor)
		}
	}
	if p := m.parts[2].durable.Offset; p != offset {
		t.Errorf("transactions need not be read again from %d, of %d", p, offset)
	}
}

// rowAt is a row committed at commit and written at written.
func rowAt(commit, written int64) *item {
	return &item{event: Event{Kind: ChangeEvent, Op: CreateOp, Commit: commit}, part: 0, key: NoTime, time: written}
}

// A connector that comes back sends heartbeats that are younger than all that it has to make up for. That it does, the ENDs of other tables' transactions tell, before a row comes here.
func TestALateEndTellsOfLateRows(t *testing.T) {
	m := newMerge(&sourceSettings{clock: true}, &sourceState{timeline: newTimeline()})
	m.join([]Partition{{Name: "t/0"}, {Name: "transaction/0", Role: TransactionPartition}}, make([]Position, 2))
	var latest int64
	end := &item{event: Event{Kind: EndEvent, Tx: 1, Commit: 1_000_000}, part: 1, key: NoTime, time: 6_000_000}
	m.add([]*item{end}, []time.Duration{0, 0}, 6_001_000, 500_000, func(_, delay int64) { latest = max(latest, delay) })
	if latest != 5_000_000 {
		t.Errorf("the largest delay is %d µs, want 5 s", latest)
	}
}

// Where a connector sends heartbeats, it is not known to live before the first of them has been read: it may have died behind the newest commit.
func TestTheFirstHeartbeatIsWaitedFor(t *testing.T) {
	m := newMerge(&sourceSettings{clock: true}, &sourceState{timeline: newTimeline()})
	m.join([]Partition{{Name: "t/0"}, {Name: "heartbeat/0", Role: HeartbeatPartition}}, make([]Position, 2))
	ends := []time.Duration{0, 0}
	m.add([]*item{rowAt(1_000_000, 1_010_000)}, ends, 1_020_000, 500_000, func(_, _ int64) {})
	m.next()
	m.add(nil, ends, 60_000_000, 500_000, func(_, _ int64) {})
	if f := m.floor(500_000); f > 1_000_000 {
		t.Errorf("read through %d µs though nothing is known of the connector after 1 s", f)
	}
	m.add([]*item{{event: Event{Kind: HeartbeatEvent, Clock: 59_000_000}, part: 1, key: NoTime, time: 59_000_000}}, ends, 60_000_000, 500_000, func(_, _ int64) {})
	if f := m.floor(500_000); f != 58_500_000 {
		t.Errorf("read through %d µs, want 58.5 s", f)
	}
}

// How late rows come is known from the first one on, which may stand in the same poll as the end of a partition that has others of its like to come.
func TestTheFirstLateRowCounts(t *testing.T) {
	set := sourceSettings{clock: true, follow: true}
	in := &ingest{src: &source{settings: set, changed: make(chan struct{})}}
	in.merge = newMerge(&set, &in.state)
	polled := time.UnixMicro(100_000_000)
	ch := &chunk{
		parts: []Partition{{Name: "t/0"}, {Name: "t/1"}}, ends: []time.Duration{0, 0}, polled: polled,
		items: []*item{rowAt(96_000_000, 99_990_000)},
	}
	in.merged(ch)
	if want := polled.UnixMicro() - 2*3_990_000; ch.floor != want {
		t.Errorf("read through %d µs, want %d: as far before the poll as twice the delay", ch.floor, want)
	}
}

// What a connector that was away has to make up for may come behind its first heartbeat.
func TestAHeartbeatAfterAnAbsenceIsNoEvidenceYet(t *testing.T) {
	const second = int64(1_000_000)
	m := newMerge(&sourceSettings{clock: true}, &sourceState{timeline: newTimeline()})
	m.join([]Partition{{Name: "t/0"}, {Name: "heartbeat/0", Role: HeartbeatPartition}}, make([]Position, 2))
	var latest int64
	poll := func(now int64, items ...*item) int64 {
		m.add(items, []time.Duration{0, 0}, now, 10*second, func(_, delay int64) { latest = max(latest, delay) })
		m.next()
		return m.floor(10 * second)
	}
	beat := func(clock int64) *item {
		return &item{event: Event{Kind: HeartbeatEvent, Clock: clock}, part: 1, key: NoTime, time: clock}
	}
	poll(10*second, rowAt(9*second, 9*second), beat(10*second))
	if f := poll(30*second, beat(30*second)); f > 9*second {
		t.Errorf("read through %d µs although what was committed after 9 s may come", f)
	}
	if latest != 20*second {
		t.Errorf("the largest delay is %d µs, want 20 s", latest)
	}
	poll(35*second, beat(35*second))
	if f := poll(41*second, beat(41*second)); f != 31*second {
		t.Errorf("read through %d µs once it has lived for a while, want 31 s", f)
	}
}
