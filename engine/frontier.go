package engine

import (
	"time"
)

// timeline is an origin's map from transactions to effective commit times, and its frontier. It is a plain value: the ingest loop works on a copy and a
// commit makes it durable, so that a restart goes on from exactly what readers were told.
//
// Two rules make the past immutable: assign never gives a c at or below the frontier, and bound raises the frontier only on
// evidence that no transaction at or below it will still come.
type timeline struct {
	// Newest is the newest commit time read, NoTime before the first.
	Newest int64
	// LastC is the largest c given, NoTime before the first.
	LastC int64
	// Frontier is the F decided last; it is published once it is durable and what it covers is applied.
	Frontier int64
	// Told is the largest F that was decided because everything up to it was taken to have come: its transaction was closed, or the clock had passed it. Input at hand
	// raises F too, to just below the newest commit, but where one batch ends and the next begins must not decide what is counted of commits out of order.
	Told int64
	// History is the first moment that can be read.
	History int64
	// Tx is the source transaction of the record read last, 0 where unknown: it is the one that may have more to come, be it the newest or a late one.
	Tx int64
	// OpenTx is a transaction whose BEGIN was read and whose END was not.
	OpenTx int64 `json:",omitempty"`
	// Metadata is set once a BEGIN was read: from then on only an END closes a transaction.
	Metadata bool `json:",omitempty"`
	// Closed is set when Tx is known to be complete.
	Closed bool `json:",omitempty"`
	// Split is set while Tx goes on though it had been closed, and readers were told so.
	Split bool `json:",omitempty"`
	// Snapshot and SnapshotAt (T0) describe an initial snapshot.
	Snapshot   snapshotPhase `json:",omitempty"`
	SnapshotAt int64
	// Partial is set for a source found to begin in mid-stream.
	Partial bool `json:",omitempty"`
}

type snapshotPhase uint8

const (
	noSnapshot snapshotPhase = iota
	snapshotRunning
	snapshotDone
	// snapshotAgain: another one is being read, of a table that has a history.
	snapshotAgain
)

func newTimeline() timeline {
	return timeline{Newest: NoTime, LastC: NoTime, Frontier: NoTime, Told: NoTime, History: NoTime, SnapshotAt: NoTime}
}

// observe notes that a record of a transaction committed at commit was read, whether or not it concerns the source.
func (t *timeline) observe(commit, tx int64) {
	if commit > t.Newest {
		t.Newest, t.Closed, t.Tx, t.Split = commit, false, tx, false
	}
	if t.History == NoTime {
		t.History = commit
	}
}

// assign gives the change of a transaction committed at commit its c, and says what had to be done for it: by how much it was shifted, because readers
// had been told that everything of its time had come (0: not at all), and whether it was raised only to keep the order.
func (t *timeline) assign(commit, tx int64) (c, shifted int64, inverted bool) {
	same, closed, last := tx != 0 && tx == t.Tx, t.Closed, t.LastC
	t.observe(commit, tx)
	c = max(t.Newest, t.LastC) // the order is the origin's: other tables' commits count
	if t.Frontier != NoTime && c <= t.Frontier {
		c = t.Frontier + 1
	}
	switch due := max(commit, t.SnapshotAt); {
	case c == due:
	case t.Told != NoTime && due <= t.Told:
		shifted = c - commit
	default:
		inverted = true
	}
	// Whatever was closed before: until there is evidence, this transaction has rows to come, and they have this c.
	t.Split = same && (t.Split || closed && shifted > 0 && c > last)
	t.Tx, t.Closed, t.LastC = tx, false, c
	return c, shifted, inverted
}

// begin and end are the source's own word on where a transaction begins and that it has been read whole.
func (t *timeline) begin(tx, commit int64) {
	t.Metadata, t.OpenTx = true, tx
	if commit != NoTime {
		t.observe(commit, tx)
	}
}

func (t *timeline) end(tx, commit int64) {
	if commit != NoTime {
		t.observe(commit, tx)
	}
	if t.OpenTx == tx {
		t.OpenTx = 0
	}
	if t.Tx == tx || t.Tx == 0 {
		t.Closed = true
	}
}

// heartbeat closes the newest transaction if the connector's clock is past it.
func (t *timeline) heartbeat(clock int64) {
	if !t.Metadata && clock > t.Newest {
		t.Closed = true
	}
}

// evidence is what the input's end says about time.
type evidence struct {
	// atEnd: the reader stood at the input's end at the wall-clock time polled (µs).
	atEnd  bool
	polled int64
	// silent: it has done so for close_after.
	silent bool
	// final: nothing will follow (the input is complete, or reading was stopped).
	final bool
	// merged: the input has partitions, which were merged; every transaction committed at floor and before has been read from all of them, and what else is said here is true of all of them.
	merged bool
	floor  int64
	// inPart: of a transaction that was merged more rows are to come.
	inPart bool
}

// bound raises the frontier as far as the evidence reaches, and returns it.
func (t *timeline) bound(ev evidence, clock bool, lag int64) int64 {
	if t.Newest == NoTime && !clock || t.Snapshot == snapshotRunning || t.Snapshot == snapshotAgain { // of a half snapshot nothing can be told
		return t.Frontier
	}
	switch {
	case ev.merged:
		t.Closed = t.Newest != NoTime && ev.floor >= t.Newest
	case ev.final || ev.silent && !t.Metadata:
		t.Closed = true
	}
	f := NoTime
	if t.Newest != NoTime {
		f = t.Newest - 1 // also of what was merged: its turn came when all that is older had been read
		// With more input at hand, a record of another transaction committed at the same time may be the next.
		over := t.Closed && (ev.merged || ev.atEnd || ev.final)
		if over {
			f = t.Newest
		}
		// c may be above the commit time (a snapshot's T0, an inverted commit, a shift): what was given such a c is visible only from it.
		if over && t.LastC > f && t.Newest <= t.LastC && (!ev.merged || ev.silent && !ev.inPart) {
			f = t.LastC
		}
	}
	switch {
	case ev.merged:
		f = max(f, ev.floor)
	case clock && ev.atEnd && t.OpenTx == 0 && t.Closed:
		f = max(f, ev.polled-lag)
	}
	if t.History == NoTime && f != NoTime {
		t.History = f
	}
	t.Frontier = max(t.Frontier, f)
	if f >= t.Newest { // input at hand alone does not reach it
		t.Told = max(t.Told, f)
	}
	return t.Frontier
}

// endSnapshot makes the snapshot's rows readable from T0.
func (t *timeline) endSnapshot() {
	if t.Snapshot == snapshotRunning {
		t.Snapshot = snapshotDone
	}
}

// delays remembers the largest delay from commit to receipt of the last ten minutes, by minute.
type delays struct {
	minute [10]int64
	max    [10]time.Duration
}

func (d *delays) add(now time.Time, delay time.Duration) {
	m := now.Unix() / 60
	i := (m%10 + 10) % 10
	if d.minute[i] != m {
		d.minute[i], d.max[i] = m, 0
	}
	d.max[i] = max(d.max[i], delay)
}

// Bounds of an automatic idle_lag.
const (
	minIdleLag = 500 * time.Millisecond
	maxIdleLag = 10 * time.Second
)

// lag is twice the largest delay, within bounds.
func (d *delays) lag(now time.Time) time.Duration {
	var worst time.Duration
	for i, m := range d.minute {
		if now.Unix()/60-m < 10 {
			worst = max(worst, d.max[i])
		}
	}
	return min(max(2*worst, minIdleLag), maxIdleLag)
}
