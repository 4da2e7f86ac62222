package engine

import (
	"slices"
	"time"
)

// merge brings the partitions of an input into one order, that of their commit times, and says up to which moment all of them have been read.
//
// A record goes on once no other partition can bring an older one: each either has a newer one waiting here, or a bound that is not below it. A partition's bound
// moves on evidence alone (see boundOf), so a partition that is late holds back the others, and one that is silent does so by idle_lag.
//
// It belongs to the gathering goroutine, knows no clock of its own, and nothing of what records mean but their times and transactions.
type merge struct {
	parts []*partition
	// clock is set where bounds follow the clock at the input's end, at a distance of lag; else they stay at the newest commit.
	clock      bool
	closeAfter int64 // µs
	// newest is the newest commit time read from any partition.
	newest int64
	// alive is the newest moment at which the connector is known to have lived, by its clock; NoTime where it sends no heartbeats. Without it a connector that is dead cannot be told from a
	// database that is quiet.
	alive int64
	// late are the records that were written long after their commits, in the order of their arrival: what a connector makes up for, or a topic that is filled anew. Their commit times say nothing
	// of when their like in other partitions arrives.
	late         []lateMark
	transactions transactions
	// again are the places up to which partitions must be read before anything else goes on, as rows that were staged when an earlier run ended were read so far; nil otherwise.
	again Positions
	out   []*item
}

// lateMark says that what was committed after before was written at at.
type lateMark struct{ at, before int64 }

// lateMarksEvery is the distance of two marks, so that not every poll makes one.
const lateMarksEvery = 10_000 // µs

// partition is what merge knows of one partition.
type partition struct {
	Partition
	queue []*item
	bytes int
	// key is the time by which the record read last is merged: its commit, or an earlier one's that was newer.
	key int64
	// bound is the time through which the partition has been read: nothing that was committed at it or before is still expected. It never goes back.
	bound int64
	// closed is set once the newest transaction is taken to be complete.
	closed bool
	// end is when the partition was last known to be at its end, silent since when it has been there without a record; NoTime where it is not.
	end, silent int64
	// durable is, where the role is not of rows, the place behind what need not be read again.
	durable Position
	// taken is the offset behind the record that went on last.
	taken int64
}

// item is a record on its way through ingest: an event, a reject, or the bad record that stops the source.
type item struct {
	event  Event
	reject *reject
	stop   *stopped
	part   int
	key    int64
	place  Position // behind it
	line   int64
	time   int64  // of the record, NoTime where it has none
	raw    string // the record, if it may have to be kept as a reject
}

// heldBytes bounds what waits to be merged; a partition that has its share of it waiting is not read further.
const heldBytes = 256 << 20

// itemBytes is what an item costs beside its images.
const itemBytes = 400

func newMerge(set *sourceSettings, st *sourceState) *merge {
	m := &merge{clock: set.clock, closeAfter: set.closeAfter.Microseconds(), newest: st.Newest, alive: NoTime, transactions: newTransactions(st.Open, st.Whole)}
	if st.StagedWritten > 0 {
		m.again = st.StagedThrough
	}
	return m
}

// join takes up partitions that the reader has found, which are read from the given places.
func (m *merge) join(list []Partition, from []Position) {
	for i := len(m.parts); i < len(list); i++ {
		p, at := list[i], from[i]
		m.parts = append(m.parts, &partition{Partition: p, key: NoTime, bound: NoTime, end: NoTime, silent: NoTime, durable: at, taken: at.Offset})
		m.transactions.told = m.transactions.told || p.Role == TransactionPartition
	}
}

// add takes what a poll brought, at the time polled in µs. delay is told how long after its commit a record was received where that can be known.
func (m *merge) add(items []*item, ends []time.Duration, polled, lag int64, delay func(at, delay int64)) {
	for _, it := range items { // a BEGIN was sent before its rows
		if p := m.parts[it.part]; p.Role != RowPartition {
			m.control(p, it, polled, delay)
		}
	}
	for _, it := range items {
		if p := m.parts[it.part]; p.Role == RowPartition {
			m.row(p, it, polled, delay)
		}
	}
	m.transactions.endAt = endless
	for i, p := range m.parts {
		switch {
		case i >= len(ends) || ends[i] < 0:
			p.end, p.silent = NoTime, NoTime
		default:
			p.end = polled - ends[i].Microseconds()
			if p.silent == NoTime {
				p.silent = p.end
			}
			p.closed = p.closed || p.end-p.silent >= m.closeAfter
		}
		if p.Role == TransactionPartition {
			m.transactions.endAt = min(m.transactions.endAt, p.end)
		}
	}
	m.transactions.settle(func(at int64) bool { return m.allAt(at + lag) })
}

// row takes a record of a partition that carries rows.
func (m *merge) row(p *partition, it *item, polled int64, delay func(at, delay int64)) {
	ev := &it.event
	if c := ev.Commit; c != NoTime && ev.Snapshot != IncrementalSnapshot { // the time of such a row is the connector's clock
		if c > p.key {
			p.key, p.closed = c, false
		}
		if c > m.newest {
			m.wrote(c, it.time, polled)
			m.newest = c
		}
		if ev.Kind == ChangeEvent && ev.Op != ReadOp {
			m.transactions.row(ev.Tx, ev.Order, c)
			if p.end != NoTime {
				delay(polled, polled-c)
			}
			if it.time != NoTime {
				delay(it.time, it.time-c)
			}
		}
	}
	if m.alive != NoTime {
		m.alive = max(m.alive, it.time)
	}
	p.silent = NoTime
	it.key = p.key
	p.queue = append(p.queue, it)
	p.bytes += itemBytes + len(it.raw) + rowBytes(ev.Before) + rowBytes(ev.After)
}

// wrote notes when a commit newer than all others was written, where that is long after it.
func (m *merge) wrote(commit, at, polled int64) {
	if at == NoTime || at > polled {
		at = polled
	}
	if at-commit <= maxIdleLag.Microseconds() {
		return
	}
	if n := len(m.late); n > 0 && at-m.late[n-1].at < lateMarksEvery {
		m.late[n-1].at = max(m.late[n-1].at, at)
		return
	}
	m.late = append(m.late, lateMark{at, m.newest})
}

// settled is the newest commit time of those that were written before at, endless where that is all of them.
func (m *merge) settled(at int64) int64 {
	for _, l := range m.late {
		if l.at > at {
			return l.before
		}
	}
	return endless
}

// control takes a record that bounds a transaction or tells the connector's clock. How late an END is written tells of the transactions of all tables, whether or not one of them has rows here: a
// connector that makes up for the time it was away sends them, and heartbeats among them, before the first row of this table.
func (m *merge) control(p *partition, it *item, polled int64, delay func(at, delay int64)) {
	switch ev := &it.event; ev.Kind {
	case BeginEvent:
		m.transactions.begin(ev.Tx)
	case EndEvent:
		if it.time != NoTime {
			delay(it.time, it.time-ev.Commit)
		}
		if ev.Commit > m.newest {
			m.wrote(ev.Commit, it.time, polled)
			m.newest = ev.Commit
		}
		m.transactions.end(endOf{tx: ev.Tx, count: ev.Own, commit: ev.Commit, at: polled, part: p, place: it.place})
	case HeartbeatEvent:
		if m.alive != NoTime && it.time != NoTime { // whether it was away since its last sign of life, and has that to make up for, is still to be seen
			delay(it.time, it.time-m.alive)
			m.wrote(m.alive, it.time, polled)
		}
		m.alive = max(m.alive, ev.Clock)
		p.durable = Position{Offset: it.place.Offset - 1, Mark: it.place.Mark, Epoch: it.place.Epoch} // the last one is read again, that a restart knows of it
	}
}

// allAt reports whether every partition of rows was at its end at the time at or later.
func (m *merge) allAt(at int64) bool {
	return !slices.ContainsFunc(m.parts, func(p *partition) bool { return p.Role == RowPartition && p.end < at })
}

func (m *merge) rowPartitions() (n int) {
	for _, p := range m.parts {
		if p.Role == RowPartition {
			n++
		}
	}
	return n
}

// atEnd reports whether everything that was written has been read and has gone on.
func (m *merge) atEnd() bool {
	return len(m.parts) > 0 && !slices.ContainsFunc(m.parts, func(p *partition) bool { return p.Role == RowPartition && (p.end == NoTime || len(p.queue) > 0) })
}

// floor raises every partition's bound as far as the evidence reaches, and returns the lowest: the moment through which all have been read.
func (m *merge) floor(lag int64) int64 {
	floor, end := NoTime, endless
	for _, p := range m.parts {
		if p.Role == RowPartition {
			end = min(end, p.end)
		}
	}
	if end != NoTime && end != endless {
		m.late = slices.DeleteFunc(m.late, func(l lateMark) bool { return l.at <= end-lag })
	}
	for i, p := range m.parts {
		if p.Role != RowPartition {
			continue
		}
		p.bound = max(p.bound, m.boundOf(i, lag))
		if floor == NoTime || p.bound < floor {
			floor = p.bound
		}
		if p.bound == NoTime {
			return NoTime
		}
	}
	return floor
}

// boundOf is the time through which a partition has been read, by what is known now.
//
//   - With input at hand it is the newest commit time less a microsecond: its transaction may have more rows.
//   - The newest commit time itself once its transaction is complete: by its END, or by close_after of silence at the partition's end where the source sends no BEGIN and END.
//   - At the partition's end, all transactions through the last one that is known to be complete: at once what was committed before it, and its own time when it can be taken to be over.
//   - At the partition's end the clock (the connector's, if it sends heartbeats) less lag, but not past a transaction that has begun and not ended, and where another partition is not at its end
//     not past the newest commit time read. A commit that was written long after its time counts from when it was written.
func (m *merge) boundOf(i int, lag int64) int64 {
	p := m.parts[i]
	bound := NoTime
	if p.key != NoTime {
		bound = p.key - 1
		if p.closed && !m.transactions.isOpen(p.key) {
			bound = p.key
		}
	}
	if p.end == NoTime {
		return bound
	}
	bound = max(bound, m.transactions.completeBy(p.end))
	clock := p.end
	switch {
	case m.alive != NoTime:
		clock = min(clock, m.alive)
	case slices.ContainsFunc(m.parts, func(q *partition) bool { return q.Role == HeartbeatPartition }): // the first is still to be read
		clock = min(clock, m.newest)
	}
	clock = min(clock-lag, m.settled(p.end-lag))
	if !m.clock || slices.ContainsFunc(m.parts, func(q *partition) bool { return q.Role == RowPartition && q.end == NoTime }) {
		clock = min(clock, m.newest)
	}
	return max(bound, m.transactions.limit(clock))
}

// next returns the records whose turn it is. The slice is valid until the next call.
func (m *merge) next() []*item {
	m.out = m.out[:0]
	if m.again != nil && !m.repeat() {
		return m.out
	}
	for {
		p, limit := m.oldest()
		if p == nil || p.queue[0].key > limit {
			return m.out
		}
		n := 1
		for n < len(p.queue) && p.queue[n].key <= limit {
			n++
		}
		m.take(p, n)
	}
}

// oldest is the partition with the oldest record, nil where none has any, and the time through which its records may go on: no other partition has older ones, or can get them.
func (m *merge) oldest() (first *partition, limit int64) {
	limit = endless
	for _, p := range m.parts {
		switch {
		case p.Role != RowPartition:
		case len(p.queue) == 0:
			limit = min(limit, p.bound)
		case first == nil:
			first = p
		case p.queue[0].key < first.queue[0].key:
			first, limit = p, min(limit, first.queue[0].key)
		default:
			limit = min(limit, p.queue[0].key)
		}
	}
	return first, limit
}

func (m *merge) take(p *partition, n int) {
	if n == 0 {
		return
	}
	m.out = append(m.out, p.queue[:n]...)
	p.taken = p.queue[n-1].place.Offset
	for _, it := range p.queue[:n] {
		p.bytes -= itemBytes + len(it.raw) + rowBytes(it.event.Before) + rowBytes(it.event.After)
	}
	clear(p.queue[:n])
	if p.queue = p.queue[n:]; len(p.queue) == 0 {
		p.queue = nil
	}
}

// repeat lets go on what an earlier run had read when it ended, and reports whether that is all of it.
func (m *merge) repeat() (done bool) {
	done = true
	for _, p := range m.parts {
		through, ok := m.again[p.Name]
		if p.Role != RowPartition || !ok {
			continue
		}
		n := 0
		for n < len(p.queue) && p.queue[n].place.Offset <= through.Offset {
			n++
		}
		m.take(p, n)
		if p.queue == nil && p.taken < through.Offset && p.end == NoTime {
			done = false
		}
	}
	if done {
		m.again = nil
	}
	return done
}

// holds are the partitions that have their share of memory waiting.
func (m *merge) holds() []bool {
	hold := make([]bool, len(m.parts))
	for i, p := range m.parts {
		hold[i] = p.bytes > heldBytes/len(m.parts)
	}
	return hold
}
