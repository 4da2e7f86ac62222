package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/asofdb/asof/engine/record"
	"github.com/asofdb/asof/engine/window"
	"github.com/asofdb/asof/sql/types"
)

// batch gathers what one durable commit will hold.
type batch struct {
	changes []record.Change
	rejects []reject
	bytes   int // estimate of the block before compression
	atEnd   bool
	size    int64
}

// batchBytes bounds a commit beside the number of its changes, so that its block fits one transaction of the store.
const batchBytes = 3 << 20

// gather is the second stage: it alone gives times, completes changes and decides what goes into one commit.
func (in *ingest) gather(ctx context.Context, chunks <-chan *chunk) error {
	for ch := range chunks {
		if in.merge != nil {
			in.merged(ch)
		}
		if err := in.process(ctx, ch); err != nil {
			return err
		}
	}
	return nil
}

// merged makes of a poll's chunk the one of those records, of this poll and earlier ones, whose turn it is.
func (in *ingest) merged(ch *chunk) {
	m, lag := in.merge, in.lag(ch.polled).Microseconds()
	if len(ch.parts) > len(in.names) {
		in.join(ch.parts)
	}
	m.add(ch.items, ch.ends, ch.polled.UnixMicro(), lag, func(at, delay int64) {
		in.delays.add(time.UnixMicro(at), time.Duration(delay)*time.Microsecond)
	})
	lag = in.lag(ch.polled).Microseconds() // what has just been added may have been the first that came late
	ch.merged, ch.floor = true, m.floor(lag)
	ch.items = m.next()
	ch.atEnd = m.atEnd()
	hold := m.holds()
	in.hold.Store(&hold)
	for i, p := range m.parts {
		if p.Role != RowPartition {
			in.readTo[i] = p.durable
			in.behind = true
		}
	}
	in.state.Open, in.state.Whole = m.transactions.state()
	in.closeGaps()
	in.src.watched(len(in.names) > 0, ch.behind, ch.trouble)
}

// process gathers one chunk, into as many commits as it takes.
func (in *ingest) process(ctx context.Context, ch *chunk) error {
	s := in.src
	b := &batch{size: ch.size}
	var stop *stopped
	for _, it := range ch.items {
		if err := in.await(ctx, &it.event, ch, b); err != nil {
			return err
		}
		if in.staged.whole(in.names[it.part], it.place) {
			if err := in.settle(ch, b, NoTime); err != nil {
				return err
			}
		}
		if it.reject != nil {
			in.rejected = append(in.rejected, *it.reject)
		}
		if stop = it.stop; stop != nil {
			break
		}
		err := in.event(it, b, ch)
		var bad *badRecord
		switch {
		case errors.As(err, &bad) && s.settings.rejects:
			in.rejected = append(in.rejected, *ch.newReject(it, bad.reason, it.raw))
		case errors.As(err, &bad):
			stop = ch.stoppedAt(it, bad.reason)
		case err != nil:
			return err
		}
		if stop != nil {
			break
		}
		in.readTo[it.part] = it.place
		in.records++
		if in.staged.last {
			if err := in.settle(ch, b, NoTime); err != nil {
				return err
			}
		}
		in.advance(b, it.part)
		in.sealFull(b, ch.polled)
	}
	return in.finish(ch, b, stop)
}

// advance makes what has been taken in part of the batch's position, with the records and rejects that were met on the way: a crash reads what comes after the position
// again, and must neither lose nor repeat any of them. While rows are staged the position stays before them, and all of this with it.
func (in *ingest) advance(b *batch, part int) {
	switch {
	case len(in.durable) == 0: // no partition is known yet
		return
	case !in.staged.empty():
		in.behind = true
		return
	case in.behind:
		copy(in.durable, in.readTo)
		in.behind = false
	default:
		in.durable[part] = in.readTo[part]
	}
	in.state.Counters.Records += in.records
	b.rejects = append(b.rejects, in.rejected...)
	in.records, in.rejected = 0, nil
}

// finish takes the evidence that a chunk's end gives, and seals what is left.
func (in *ingest) finish(ch *chunk, b *batch, stop *stopped) error {
	s := in.src
	ev := evidence{
		atEnd: ch.atEnd, polled: ch.polled.UnixMicro(), silent: in.silence(ch), final: ch.complete || stop != nil && !ch.merged,
		merged: ch.merged, floor: ch.floor, inPart: in.merge != nil && in.merge.transactions.inPart(),
	}
	if ev.final || ev.silent {
		if err := in.settle(ch, b, NoTime); err != nil {
			return err
		}
		in.state.endSnapshot()
	}
	if in.state.Again != nil && (ev.silent || ch.complete) {
		if err := in.endResnapshot(ch, b); err != nil {
			return err
		}
	}
	in.advance(b, 0)
	if ch.complete {
		in.state.Complete = true
	}
	if stop != nil {
		in.state.Stopped, in.state.StoppedLine, in.state.StoppedPartition = stop.reason, stop.line, stop.partition
	}
	before, told := in.state.Frontier, in.state.Told
	clock := s.settings.clock && s.settings.follow && (in.state.Newest != NoTime || !s.settings.snapshot)
	in.state.bound(ev, clock, in.lag(ch.polled).Microseconds())
	first := ch.atEnd && !in.ended
	in.ended = in.ended || ch.atEnd
	idle := !first && !in.joined && len(b.changes) == 0 && len(b.rejects) == 0 && len(ch.items) == 0 && !ev.final && stop == nil
	if idle && (in.state.Frontier == before || ch.polled.Sub(in.idleAt) < idleCommitEvery) {
		in.state.Frontier, in.state.Told = before, told
		return nil
	}
	if idle {
		in.idleAt = ch.polled
	}
	b.atEnd = ch.atEnd || ch.complete
	in.seal(b, ch.polled)
	if stop != nil {
		return s.stoppedError(stop)
	}
	return nil
}

// idleCommitEvery bounds how often a frontier that moves without changes is made durable.
const idleCommitEvery = 100 * time.Millisecond

// settle writes what was staged, at the moment that ends the staging: a streamed record committed at until, or NoTime.
func (in *ingest) settle(ch *chunk, b *batch, until int64) error {
	return in.staged.settle(in, b, until, func() error {
		in.sealFull(b, ch.polled)
		return nil
	})
}

// snapshotPause is how long a snapshot may pause, between two tables or two fetches, before it is taken to have ended although its last row did not say so.
const snapshotPause = 5 * time.Second

// silence reports whether the reader has stood at the end for close_after.
func (in *ingest) silence(ch *chunk) bool {
	limit := in.src.settings.closeAfter
	if in.state.Snapshot == snapshotRunning || in.state.Snapshot == snapshotAgain {
		limit = max(limit, snapshotPause)
	}
	switch {
	case !ch.atEnd:
		in.endSince, in.wasAtEnd = time.Time{}, false
	case len(ch.items) > 0 || in.endSince.IsZero():
		in.endSince, in.wasAtEnd = ch.polled, true
	}
	return ch.atEnd && ch.polled.Sub(in.endSince) >= limit
}

func (in *ingest) lag(now time.Time) time.Duration {
	if in.src.settings.idleLag > 0 {
		return in.src.settings.idleLag
	}
	return in.delays.lag(now)
}

// await waits while a record of a live source claims to have been committed later than now: showing it would show the future, and changing its time would show it before it was committed.
func (in *ingest) await(ctx context.Context, ev *Event, ch *chunk, b *batch) error {
	s := in.src
	if !s.settings.follow || ev.Commit == NoTime {
		return nil
	}
	limit := ch.polled.Add(s.settings.allowedSkew)
	if ev.Commit <= limit.UnixMicro() {
		return nil
	}
	in.seal(b, ch.polled)
	s.setHeld(fmt.Sprintf("CLOCK_SKEW: a record was committed at %s, %s after this machine's clock; set the clock, or allowed_skew",
		types.NewTimestamptz(ev.Commit), (time.Duration(ev.Commit-ch.polled.UnixMicro()) * time.Microsecond).Round(time.Millisecond)))
	defer s.setHeld("")
	for {
		wait := time.Duration(ev.Commit-s.eng.options.Clock().Add(s.settings.allowedSkew).UnixMicro()) * time.Microsecond
		if wait <= 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(min(wait, time.Second)):
		}
	}
}

// event adds what one event does to the batch. A *badRecord error leaves the batch as it was.
func (in *ingest) event(it *item, b *batch, ch *chunk) error {
	st, ev := &in.state, &it.event
	switch ev.Kind {
	case HeartbeatEvent:
		st.heartbeat(ev.Clock)
		return nil
	case BeginEvent:
		st.begin(ev.Tx, ev.Commit)
		return nil
	case EndEvent:
		st.end(ev.Tx, ev.Commit)
		return nil
	case SkipEvent, OtherTableEvent:
		return in.others(ev, b, ch)
	}
	s := in.src
	if ev.Table != "" {
		st.Table = ev.Table
	}
	commit, err := s.commitTime(ev)
	if err != nil {
		return err
	}
	if err := s.checkSize(ev); err != nil {
		return err
	}
	if ev.Kind == TruncateEvent && in.merge != nil && in.merge.rowPartitions() > 1 {
		return badf("a TRUNCATE in one of %d partitions: nothing tells which rows of the others were there before it. Let the topic have one partition, or the connector skip it (skipped.operations=t) and DELETE instead", in.merge.rowPartitions())
	}
	if in.staged.takes(ev, in.state.Snapshot) { // before it is recognised as seen: what a crash left unwritten must be staged whole again
		if in.staged.incremental != (ev.Snapshot == IncrementalSnapshot) {
			if err := in.settle(ch, b, NoTime); err != nil {
				return err
			}
		}
		if in.beginsAnew(ev, commit) {
			in.staged.forget()
			if err := in.forgetSnapshot(commit, b); err != nil {
				return err
			}
		}
		return in.staged.add(in, it, commit)
	}
	if ev.HasID {
		in.completer.key = s.imageKey(in.completer.key[:0], ev)
		if !in.seen.addNew(ev.Tx, ev.LSN, seenOp(ev), in.completer.key, ev.Order) {
			st.Counters.Repeated++
			return nil
		}
	}
	if err := in.settle(ch, b, commit); err != nil {
		return err
	}
	if in.beginsAnew(ev, commit) {
		if err := in.forgetSnapshot(commit, b); err != nil {
			return err
		}
	}
	if err := in.resnapshots(ev, commit, ch, b); err != nil {
		return err
	}
	in.snapshotPhase(ev, commit)
	if in.wasAtEnd && ev.Op != ReadOp && in.merge == nil {
		in.delays.add(ch.polled, time.Duration(ch.polled.UnixMicro()-commit)*time.Microsecond)
	}
	c := in.assign(commit, ev.Tx)
	if err := in.change(ev, commit, c, b); err != nil || in.state.Again == nil || ev.After == nil {
		return err
	}
	in.name(ev.After, c)
	if ended := ev.Snapshot == LastSnapshot || ev.Snapshot == LastOfTable; ended && (in.merge == nil || in.merge.rowPartitions() == 1) {
		return in.endResnapshot(ch, b)
	}
	return nil
}

// others takes the evidence of a record that is no change of the source's table.
func (in *ingest) others(ev *Event, b *batch, ch *chunk) error {
	if ev.Commit == NoTime || ev.Snapshot == IncrementalSnapshot {
		return nil
	}
	if ev.Kind == OtherTableEvent {
		if ev.Snapshot == NoSnapshot {
			if err := in.settle(ch, b, ev.Commit); err != nil {
				return err
			}
		}
		if in.beginsAnew(ev, ev.Commit) {
			in.staged.forget()
			if err := in.forgetSnapshot(ev.Commit, b); err != nil {
				return err
			}
		}
		if err := in.resnapshots(ev, ev.Commit, ch, b); err != nil {
			return err
		}
		in.snapshotPhase(ev, ev.Commit)
	}
	in.state.observe(ev.Commit, ev.Tx)
	return nil
}

// beginsAnew reports whether a record, committed at commit, is the first of a snapshot although another one has not ended: the connector died in it and begins anew. Over several partitions the
// record that is marked as the first may come after others of its snapshot: there it is the snapshot's instant that tells it from another one.
func (in *ingest) beginsAnew(ev *Event, commit int64) bool {
	st := &in.state
	if st.Snapshot != snapshotRunning || ev.Snapshot == NoSnapshot || ev.Snapshot == IncrementalSnapshot {
		return false
	}
	ours := ev.Kind == ChangeEvent && in.hasRows()
	if in.merge != nil && in.merge.rowPartitions() > 1 {
		return commit > st.SnapshotAt && (ev.Snapshot == FirstSnapshot || ours)
	}
	return ev.Snapshot == FirstSnapshot || ours && ev.Snapshot == FirstOfTable
}

// hasRows reports whether rows of the table have been read.
func (in *ingest) hasRows() bool { return in.state.NextPos > 1 || !in.staged.empty() }

// forgetSnapshot empties the table, which nobody has seen, for a snapshot that begins anew at commit: of a row that was deleted meanwhile nothing more would be heard.
func (in *ingest) forgetSnapshot(commit int64, b *batch) error {
	st := &in.state
	st.History, st.SnapshotAt = commit, commit
	if st.NextPos == 1 {
		return nil
	}
	return in.change(&Event{Kind: TruncateEvent}, commit, in.assign(commit, 0), b)
}

// snapshotPhase notes where in an initial snapshot a record stands. One snapshot of all tables begins at one instant.
func (in *ingest) snapshotPhase(ev *Event, commit int64) {
	st := &in.state
	if ev.Snapshot == IncrementalSnapshot {
		return
	}
	if ev.Snapshot != NoSnapshot && st.Snapshot == noSnapshot && st.LastC == NoTime && st.Frontier == NoTime { // a later one is a matter of updates
		st.Snapshot, st.SnapshotAt = snapshotRunning, commit
	}
	if ev.Snapshot == NoSnapshot || ev.Snapshot == LastSnapshot || ev.Snapshot == LastOfTable && ev.Kind == ChangeEvent {
		st.endSnapshot()
	}
}

// assign gives a change its c and counts what had to be done for it.
func (in *ingest) assign(commit, tx int64) int64 {
	st := &in.state
	if in.src.relation.PlainTable { // it has no timeline
		st.observe(0, 0)
		st.LastC = 0
		return 0
	}
	known := st.timeline.Split
	c, shifted, inverted := st.timeline.assign(commit, tx)
	if inverted {
		st.Counters.Inverted++
	}
	switch split := st.timeline.Split; {
	case split && !known:
		st.Counters.Split++
	case !split && shifted > 0:
		st.Counters.Shifted++
		st.Counters.WorstShift = max(st.Counters.WorstShift, shifted)
		if st.Counters.ShiftedSince == 0 {
			st.Counters.ShiftedSince = in.src.eng.options.Clock().UnixMicro()
		}
	}
	return c
}

// commitTime is when an event was committed: the record's word, or the column that the source names.
func (s *source) commitTime(ev *Event) (int64, error) {
	if s.relation.PlainTable {
		return 0, nil
	}
	if s.settings.commitTime >= 0 && ev.Kind == ChangeEvent {
		return ev.Commit, s.checkCommit(ev.Commit)
	}
	if ev.Commit == NoTime {
		return 0, badf("the record has no usable commit time (source.ts_us, ts_ns or ts_ms)")
	}
	return ev.Commit, nil
}

func (s *source) checkCommit(c int64) error {
	switch c {
	case NoTime:
		return badf("%q, the column of commit_time, is NULL", s.rec.Columns[s.settings.commitTime].Name)
	case types.Infinity:
		return badf("%q, the column of commit_time, is infinite", s.rec.Columns[s.settings.commitTime].Name)
	}
	return nil
}

// change completes an event and adds it to the batch.
func (in *ingest) change(ev *Event, commit, c int64, b *batch) error {
	s, st := in.src, &in.state
	ch := record.Change{
		Pos: st.NextPos, C: c, Commit: commit, Tx: ev.Tx, LSN: ev.LSN, Order: ev.Order, PrevC: record.NoPrevC,
		Snapshot: ev.Snapshot != NoSnapshot,
	}
	if ev.HasID {
		ch.SentAs = seenOp(ev)
	}
	if s.settings.commitTime >= 0 {
		ch.Commit = c // the column itself holds it
	}
	second, known, err := in.completer.complete(ev, &ch)
	if err != nil {
		return err
	}
	known = known || s.settings.upsert // a topic may have lost what a key was before
	if !known {
		st.Counters.UnknownRows++
	}
	if (!known || st.MidStream) && st.NextPos == 1 && st.Snapshot == noSnapshot && !s.settings.fromEmpty {
		st.Partial = true // the first change already speaks of a row from before, or is not the first
	}
	if ch.Op == 0 {
		return nil
	}
	if ch.Op == record.Truncate {
		st.Counters.Truncates++
		st.Truncations = append(st.Truncations[:len(st.Truncations):len(st.Truncations)], window.Truncation{C: c, Pos: ch.Pos})
		in.completer.truncate(ch.Pos)
	}
	in.add(ch, b)
	if second != nil {
		second.Pos = st.NextPos
		in.add(*second, b)
	}
	return nil
}

// add appends a completed change to the batch.
func (in *ingest) add(ch record.Change, b *batch) {
	st := &in.state
	if ch.Op == record.Noop {
		st.Counters.Unchanged++
	} else {
		st.Counters.Changes++
	}
	if ch.Pos%placeEvery == 1 {
		st.Places = append(st.Places[max(0, len(st.Places)+1-keptPlaces):len(st.Places):len(st.Places)], place{ch.Pos, ch.C})
	}
	st.NextPos++
	b.changes = append(b.changes, ch)
	b.bytes += rowBytes(ch.Old) + rowBytes(ch.New) + 16
}

func rowBytes(row []types.Value) int {
	n := 8 * len(row)
	for i := range row {
		n += len(row[i].S)
	}
	return n
}

// sealed is a batch that is complete, on its way to the disk, with the state that becomes durable with it.
type sealed struct {
	batch
	state  sourceState
	images *images // the row versions that it leaves
	wall   time.Time
	lag    time.Duration
}

// sealFull seals the batch if it has become as large as a commit may be.
func (in *ingest) sealFull(b *batch, wall time.Time) {
	if len(b.changes) >= in.src.eng.options.BatchChanges || b.bytes >= batchBytes {
		in.seal(b, wall)
	}
}

// seal hands the batch on to be committed; it is empty afterwards.
func (in *ingest) seal(b *batch, wall time.Time) {
	in.state.bound(evidence{}, false, 0)
	in.state.staged = int64(len(in.staged.rows))
	in.joined = false
	in.state.Positions = make(Positions, len(in.names))
	for i, name := range in.names {
		in.state.Positions[name] = in.durable[i]
	}
	in.state.Counters.Rejected += int64(len(b.rejects))
	in.sealed <- &sealed{batch: *b, state: in.state, images: in.completer.seal(), wall: wall, lag: in.lag(wall)}
	*b = batch{}
}

func lastTruncation(list []window.Truncation) int64 {
	if len(list) == 0 {
		return 0
	}
	return list[len(list)-1].Pos
}

// stoppedError is what CREATE SOURCE and SHOW SOURCES say of a bad record.
func (s *source) stoppedError(stop *stopped) error {
	e := types.Errorf(types.CodeInvalidSource, "source %q stopped at a bad record: %s: %s", s.rec.Name, s.placeOf(stop), stop.reason)
	return e.WithHint("nothing after it was read. Mend the record and ALTER SOURCE %[1]s RESUME, or keep such records aside: ALTER SOURCE %[1]s SET (on_bad_record = 'reject'); ALTER SOURCE %[1]s RESUME", s.rec.Name)
}

// placeOf is where a bad record stands: the line of a file, or the offset in a partition.
func (s *source) placeOf(stop *stopped) string {
	if stop.partition != "" {
		return fmt.Sprintf("%s offset %d", stop.partition, stop.line)
	}
	return fmt.Sprintf("%s:%d", s.rec.Options["path"], stop.line)
}

// watched notes what was seen of a live input, for those who look at the source.
func (s *source) watched(assigned bool, behind int64, trouble string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	changed := assigned && !s.assigned || trouble != s.trouble
	s.assigned, s.behind, s.trouble = s.assigned || assigned, behind, trouble
	if changed {
		s.broadcastLocked()
	}
}

func (s *source) setHeld(why string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held = why
	s.broadcastLocked()
}
