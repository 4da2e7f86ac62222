package engine

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/asofdb/asof/engine/history"
	"github.com/asofdb/asof/sql/types"
)

// staging keeps rows back until their time is known:
//
//   - an initial snapshot under history = 'assume_immutable(col)', whose rows become visible at their own past times and so must enter the log in that order;
//   - the rows of an incremental snapshot, which come between streamed changes and lose against a row that was streamed meanwhile;
//   - a whole file with commit_time that turned out not to be sorted by it.
//
// While rows are staged the source's durable position stays before the first of them: a crash reads them again.
type staging struct {
	src         *source
	rows        []stagedRow
	bytes       int
	incremental bool
	last        bool // the row that ends the snapshot is among them
	// written is how many of the rows, in the order in which they are written, an earlier run has made durable before it ended, and through where it
	// had read them: the same rows must be sorted again, no later ones among them.
	written int64
	through Positions
}

type stagedRow struct {
	c, commit, tx, lsn, order int64
	part                      int
	offset                    int64 // behind it in its partition
	op                        ChangeOp
	snapshot                  SnapshotMark
	row                       []byte // encoded columns
}

// stagingLimit bounds what is staged in memory.
const stagingLimit = 2 << 30

func newStaging(s *source, st *sourceState) *staging {
	return &staging{src: s, written: st.StagedWritten, through: st.StagedThrough}
}

func (g *staging) empty() bool { return len(g.rows) == 0 }

// sorts reports whether the whole input is staged.
func (g *staging) sorts() bool { return g.src.settings.commitTime >= 0 && !g.src.settings.follow }

// takes reports whether ev is to be staged, where the table's snapshot stands at phase: a row of a later one became visible when that was taken.
func (g *staging) takes(ev *Event, phase snapshotPhase) bool {
	switch {
	case ev.Kind != ChangeEvent:
		return false
	case g.sorts():
		return true
	case ev.Snapshot == IncrementalSnapshot:
		return true
	default:
		return ev.Op == ReadOp && g.src.settings.immutable >= 0 && phase != snapshotDone && phase != snapshotAgain
	}
}

func (g *staging) add(in *ingest, it *item, commit int64) error {
	ev := &it.event
	if err := firstUnavailable(g.src, ev.After, ev.Before); err != nil {
		return err
	}
	r := stagedRow{c: commit, commit: commit, tx: ev.Tx, lsn: ev.LSN, order: ev.Order, part: it.part, offset: it.place.Offset, op: ev.Op, snapshot: ev.Snapshot}
	switch {
	case ev.Snapshot == IncrementalSnapshot:
		g.incremental = true
	case g.sorts():
	default:
		g.last = ev.Snapshot == LastSnapshot || ev.Snapshot == LastOfTable
		mark := *ev
		mark.Snapshot = InSnapshot // it ends when its rows are written
		in.snapshotPhase(&mark, commit)
		in.state.observe(commit, ev.Tx)
		r.c = g.assumed(ev.After, in.state.SnapshotAt)
	}
	for i, v := range ev.After {
		r.row = types.AppendValue(r.row, g.src.types[i], v)
	}
	g.rows = append(g.rows, r)
	if g.bytes += len(r.row) + 96; g.bytes > stagingLimit {
		return types.Errorf(types.CodeOutOfMemory, "source %q: more than %d MiB of rows wait to be sorted by time", g.src.rec.Name, stagingLimit>>20).
			WithHint("sort the input by its commit time and say follow = 'true'")
	}
	return nil
}

// assumed is when a row of a snapshot is taken to have become visible: one microsecond after its own time, so that it is never in its own
// AS OF that time, and not after the snapshot saw it.
func (g *staging) assumed(row []types.Value, t0 int64) int64 {
	e, ok := history.EventTime(row[g.src.settings.immutable])
	if !ok || e >= t0 {
		return t0
	}
	return max(e, math.MinInt64+1) + 1
}

// forget drops what is staged: it is being written, or its snapshot begins anew.
func (g *staging) forget() {
	g.rows, g.bytes, g.incremental, g.last, g.written = nil, 0, false, false, 0
}

// whole reports whether what is staged is what an earlier run had begun to write when it ended: the next record, which ends at next in its partition, was not part of it.
func (g *staging) whole(partition string, next Position) bool {
	return g.written > 0 && next.Offset > g.through[partition].Offset
}

// settle moves what is staged into the batch, calling full after each change. The caller calls it at a streamed record, committed at until, at
// the last row of a snapshot, and at the input's end.
func (g *staging) settle(in *ingest, b *batch, until int64, full func() error) error {
	if g.empty() {
		return nil
	}
	rows := g.rows
	sorted := !g.incremental
	skip := g.written
	g.forget()
	in.state.StagedThrough = make(Positions, len(in.names))
	for i, name := range in.names {
		in.state.StagedThrough[name] = in.readTo[i]
	}
	// The order must be the same in a later run, whatever order the partitions are merged in then.
	slices.SortFunc(rows, func(a, b stagedRow) int {
		if n := cmp.Compare(a.c, b.c); n != 0 && sorted {
			return n
		}
		return cmp.Or(cmp.Compare(a.part, b.part), cmp.Compare(a.offset, b.offset))
	})
	if !sorted {
		g.together(rows, until)
	}
	for i := range rows {
		if int64(i) < skip {
			continue
		}
		if err := g.release(in, b, &rows[i]); err != nil {
			return err
		}
		in.state.StagedWritten++
		if err := full(); err != nil {
			return err
		}
	}
	in.state.StagedWritten, in.state.StagedThrough = 0, nil
	if sorted {
		in.state.endSnapshot()
	}
	return nil
}

// together gives the rows of an incremental snapshot one time: the connector's clock when it read the last of them, but not after the
// streamed change that follows, which a clock so much nearer to now would otherwise shift.
func (g *staging) together(rows []stagedRow, until int64) {
	c := NoTime
	for i := range rows {
		c = max(c, rows[i].c)
	}
	if until != NoTime {
		c = min(c, until)
	}
	for i := range rows {
		rows[i].c = c
	}
}

// release makes a staged row a change.
func (g *staging) release(in *ingest, b *batch, r *stagedRow) error {
	ev := Event{Kind: ChangeEvent, Op: r.op, Snapshot: r.snapshot, Tx: r.tx, LSN: r.lsn, Order: r.order, After: make([]types.Value, len(g.src.types)), HasID: r.tx != 0 || r.lsn != 0}
	src := r.row
	for i, t := range g.src.types {
		var err error
		if ev.After[i], src, err = types.ReadValue(src, t); err != nil {
			return fmt.Errorf("a staged row: %w", err)
		}
	}
	st := &in.state
	switch {
	case r.snapshot == IncrementalSnapshot:
		if g.src.regime == lookup {
			in.completer.key = g.src.appendKey(in.completer.key[:0], ev.After)
			if v, err := in.completer.current(in.completer.key); err != nil || v != nil {
				return err
			}
		}
		return in.change(&ev, r.commit, in.assign(r.c, 0), b)
	case g.sorts():
		return in.change(&ev, r.commit, in.assign(r.c, 0), b)
	case r.c < st.LastC || st.Frontier != NoTime && r.c <= st.Frontier:
		// The snapshot went on after it had been taken to have ended.
		return in.change(&ev, r.commit, in.assign(r.commit, r.tx), b)
	default:
		st.LastC = r.c
		return in.change(&ev, r.commit, r.c, b)
	}
}
