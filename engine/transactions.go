package engine

import (
	"cmp"
	"slices"
)

// transactions knows which transactions of a source have been read whole, where the source says where they begin and end: in a partition of its own, which may be read before or
// after those of the rows. A transaction is whole once END was read, and as many different rows of the table as END counts.
type transactions struct {
	// told is set where the input has a partition of BEGIN and END.
	told bool
	// open are the transactions of which something has been read, and which are not settled; begun is the one whose BEGIN was read last, 0 once it has ended.
	open  map[int64]*openTransaction
	begun int64
	// early are those of which rows came that were committed with others that are whole, or before: rows that come again, or that were read before their BEGIN.
	early map[int64]*openTransaction
	// ended are those whose END was read, in its order, which is the source's. endAt is when the input was last known to have no further BEGIN or END, NoTime where it may have.
	ended []endOf
	endAt int64
	// complete is the commit time through which all transactions are whole; marks say since when which. tail is the newest commit of a whole transaction, which is complete too unless one begins
	// before tail.at that was committed with it, or a little before.
	complete int64
	marks    []completeMark
	tail     completeMark
	last     *openTransaction // of the row read last
}

// openTransaction is a transaction that has been read in part.
type openTransaction struct {
	Tx     int64
	Commit int64 // NoTime before it is known
	// Rows are the rows read, by their order in the transaction, as ranges: a connector that begins anew sends rows again.
	Rows []orderRange
}

// orderRange are the places in a transaction from From to To.
type orderRange struct{ From, To int64 }

// endOf is an END that was read at the time at.
type endOf struct {
	tx, count, commit, at int64
	part                  *partition
	place                 Position
}

type completeMark struct{ at, complete int64 }

// keptMarks bounds the marks: partitions are looked at some forty times a second.
const keptMarks = 256

// tailWait is how long nothing must begin after an END for its commit time to be over, in µs. PostgreSQL takes a transaction's time before its place in the log, so that behind it may come one of the
// same microsecond, or of up to a millisecond before, as soon as that one's commit is on the disk as well.
const tailWait = 10_000

// newTransactions goes on where a run ended that knew of open, and to which transactions through the commit time whole were so; 0 if none were.
func newTransactions(open []openTransaction, whole int64) transactions {
	t := transactions{open: map[int64]*openTransaction{}, early: map[int64]*openTransaction{}, complete: NoTime, tail: completeMark{NoTime, NoTime}}
	if whole != 0 {
		t.complete, t.tail.complete = whole-1, whole
	}
	for _, o := range open {
		o.Rows = slices.Clone(o.Rows)
		t.open[o.Tx] = &o
	}
	return t
}

// state is what must outlive a restart: of transactions whose END is still to come, rows that will not be read again, and the commit time of which ENDs will not be read again; 0 if there are none.
func (t *transactions) state() (open []openTransaction, whole int64) {
	for _, o := range t.open {
		if len(o.Rows) > 0 {
			open = append(open, openTransaction{o.Tx, o.Commit, slices.Clone(o.Rows)})
		}
	}
	slices.SortFunc(open, func(a, b openTransaction) int { return cmp.Compare(a.Tx, b.Tx) })
	if whole = t.whole(); whole == NoTime {
		whole = 0
	}
	return open, whole
}

// whole is the newest commit time of which a transaction is known to be whole.
func (t *transactions) whole() int64 { return max(t.complete, t.tail.complete) }

// inPart reports whether there are transactions of which rows were read and others are to come.
func (t *transactions) inPart() bool {
	return t.anyOpen(func(o *openTransaction) bool { return len(o.Rows) > 0 })
}

func (t *transactions) of(tx int64) *openTransaction {
	if t.last != nil && t.last.Tx == tx {
		return t.last
	}
	t.last = get(t.open, tx)
	return t.last
}

// get returns the transaction tx, a new one if it is not there.
func get(from map[int64]*openTransaction, tx int64) *openTransaction {
	o := from[tx]
	if o == nil {
		o = &openTransaction{Tx: tx, Commit: NoTime}
		from[tx] = o
	}
	return o
}

// keptEarly bounds the early ones: a BEGIN and its rows are sent at one time.
const keptEarly = 256

// row notes a row of a transaction, its place in it being order. Rows of a connector that tells no places are not waited for, nor are those that come again without a BEGIN.
func (t *transactions) row(tx, order, commit int64) {
	if !t.told || tx == 0 || order == 0 {
		return
	}
	var o *openTransaction
	if commit <= t.whole() && t.open[tx] == nil {
		if len(t.early) >= keptEarly && t.early[tx] == nil {
			clear(t.early)
		}
		o = get(t.early, tx)
	} else {
		o = t.of(tx)
	}
	o.Commit = commit
	o.add(order)
}

// add notes a place, which is most often the one behind the last.
func (o *openTransaction) add(order int64) {
	i := len(o.Rows)
	for i > 0 && o.Rows[i-1].From > order {
		i--
	}
	switch {
	case i > 0 && o.Rows[i-1].To >= order: // again
		return
	case i > 0 && o.Rows[i-1].To == order-1:
		o.Rows[i-1].To = order
	default:
		o.Rows = slices.Insert(o.Rows, i, orderRange{order, order})
		i++
	}
	if i < len(o.Rows) && o.Rows[i].From == o.Rows[i-1].To+1 {
		o.Rows[i-1].To = o.Rows[i].To
		o.Rows = slices.Delete(o.Rows, i, i+1)
	}
}

func (o *openTransaction) count() (n int64) {
	for _, r := range o.Rows {
		n += r.To - r.From + 1
	}
	return n
}

// begin notes a BEGIN. The source sends one transaction after the other: one that has not ended by now never will.
func (t *transactions) begin(tx int64) {
	t.abandon(tx)
	t.begun = tx
	if o := t.early[tx]; o != nil {
		t.open[tx] = o
		delete(t.early, tx)
	}
	t.of(tx)
}

func (t *transactions) abandon(but int64) {
	if t.begun != 0 && t.begun != but {
		t.forget(t.begun)
	}
	t.begun = 0
}

func (t *transactions) forget(tx int64) {
	delete(t.open, tx)
	t.last = nil
}

func (t *transactions) end(e endOf) {
	t.abandon(e.tx)
	t.ended = append(t.ended, e)
}

// settle takes the ENDs whose transactions are whole. One that stays incomplete is given up once everything that came for a while behind its END has been read, which gone reports of the time of that END: its
// rows were rejects, or written before the input begins, or nobody could know how many they are.
func (t *transactions) settle(gone func(at int64) bool) {
	for len(t.ended) > 0 {
		e := t.ended[0]
		o := t.open[e.tx]
		whole := e.count == 0 || e.count > 0 && o != nil && o.count() >= e.count
		if !whole && !gone(e.at) {
			return
		}
		switch {
		case o != nil && len(o.Rows) > 0:
			t.raise(o.Commit-1, e.at)
			t.tail = completeMark{max(t.tail.at, e.at+tailWait), max(t.tail.complete, o.Commit)}
		case e.count == 0 && e.commit != NoTime:
			t.raise(e.commit-1, e.at) // it is rounded down, and tells of others only
		}
		e.part.durable = e.place
		t.forget(e.tx)
		t.ended = t.ended[1:]
	}
	t.ended = nil
}

// raise notes that an END read at the time at made all transactions through the commit time complete whole.
func (t *transactions) raise(complete, at int64) {
	if complete <= t.complete {
		return
	}
	t.complete = complete
	t.marks = append(t.marks, completeMark{at, complete})
	if len(t.marks) > keptMarks {
		t.marks = slices.Delete(t.marks, 0, keptMarks/2)
	}
}

// completeBy is the time through which a partition that was at its end at the time end has no more rows by the ENDs read before: an END says nothing of what an older part of the partition holds.
func (t *transactions) completeBy(end int64) int64 {
	complete := NoTime
	if i, _ := slices.BinarySearchFunc(t.marks, end+1, func(m completeMark, at int64) int { return cmp.Compare(m.at, at) }); i > 0 {
		complete = t.marks[i-1].complete
	}
	if min(end, t.endAt) >= t.tail.at && !t.isOpen(t.tail.complete) {
		complete = max(complete, t.tail.complete)
	}
	return complete
}

// isOpen reports whether a transaction waits for its END that was committed at commit or before, or may have been.
func (t *transactions) isOpen(commit int64) bool {
	return t.anyOpen(func(o *openTransaction) bool { return o.Commit <= commit })
}

// limit is the moment, not after clock, that no transaction which waits for its END has reached. One that was committed before others that are whole becomes visible later than it was committed, but
// whole.
func (t *transactions) limit(clock int64) int64 {
	t.anyOpen(func(o *openTransaction) bool {
		if o.Commit <= t.complete {
			clock = min(clock, t.complete)
		} else {
			clock = min(clock, o.Commit-1)
		}
		return false
	})
	return clock
}

func (t *transactions) anyOpen(cond func(*openTransaction) bool) bool {
	for _, o := range t.open {
		if cond(o) {
			return true
		}
	}
	return false
}
