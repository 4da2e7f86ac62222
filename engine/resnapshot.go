package engine

import (
	"hash/maphash"
	"maps"
	"slices"

	"github.com/asofdb/asof/engine/record"
	"github.com/asofdb/asof/sql/types"
	"github.com/asofdb/asof/storage"
)

// resnapshot is another full snapshot of a table whose history has begun: the connector has lost its place (it was made anew, or died before it first kept one) and sends every row again. What
// happened between its last change and this snapshot is in nobody's input. So the rows that the snapshot does not have are deleted at its moment, and the moments in between are a gap. While it runs
// the frontier stays where it was.
//
// A table that has become empty meanwhile has no row that would say so, and keeps those it had.
type resnapshot struct {
	// At is when it began, From the log position of its first row.
	At, From int64
}

// resnapshots notes where in another full snapshot a record, committed at commit, stands: its first row begins it, and what is streamed after it ends it.
func (in *ingest) resnapshots(ev *Event, commit int64, ch *chunk, b *batch) error {
	st := &in.state
	many, known := in.merge != nil && in.merge.rowPartitions() > 1, in.src.regime == lookup
	switch row := ev.Snapshot != NoSnapshot && ev.Snapshot != IncrementalSnapshot; {
	case ev.Snapshot == IncrementalSnapshot:
	case !row && st.Again != nil && (!many || commit > st.Again.At):
		return in.endResnapshot(ch, b)
	case !row || ev.Kind != ChangeEvent || st.Snapshot == snapshotRunning || st.Frontier == NoTime && st.LastC == NoTime:
	case st.SnapshotAt != NoTime && commit <= st.SnapshotAt:
	case known && !many && ev.Snapshot != FirstSnapshot && ev.Snapshot != FirstOfTable:
	case !known:
		return badf("another snapshot of the table begins here, and without a PRIMARY KEY and missing_before = 'lookup' its rows would be counted again: DROP the source and create it anew")
	default:
		in.beginResnapshot(commit)
	}
	return nil
}

func (in *ingest) beginResnapshot(commit int64) {
	st := &in.state
	st.bound(evidence{}, false, 0)
	if st.Again == nil {
		st.Gaps = append(slices.Clone(st.Gaps), gap{From: st.Frontier, Whole: true})
	}
	st.Snapshot, st.SnapshotAt, st.Again = snapshotAgain, commit, &resnapshot{At: commit, From: st.NextPos}
	in.named = newKeySet()
}

// named notes that the snapshot has a row, which became visible at c.
func (in *ingest) name(row []types.Value, c int64) {
	in.named.add(in.src.appendKey(nil, row))
	if g := &in.state.Gaps[len(in.state.Gaps)-1]; g.To < c {
		in.state.Gaps = slices.Clone(in.state.Gaps)
		in.state.Gaps[len(in.state.Gaps)-1].To = c
	}
}

// endResnapshot deletes what the snapshot does not have. A crash in the middle of it finds the snapshot still running, and goes on with what is left.
func (in *ingest) endResnapshot(ch *chunk, b *batch) error {
	st := &in.state
	absent, err := in.absent()
	if err != nil {
		return err
	}
	for _, key := range absent {
		old, err := in.completer.current([]byte(key))
		if err != nil {
			return err
		}
		if old == nil {
			continue
		}
		ev := Event{Kind: ChangeEvent, Op: DeleteOp, Snapshot: InSnapshot, Before: old.row}
		if err := in.change(&ev, st.Again.At, in.assign(st.Again.At, 0), b); err != nil {
			return err
		}
		in.sealFull(b, ch.polled)
	}
	st.Snapshot, st.Again, in.named = snapshotDone, nil, nil
	return nil
}

// absent returns the keys of rows that the snapshot has not named, in order; some of them may have been deleted.
func (in *ingest) absent() ([]string, error) {
	found := map[string]struct{}{}
	note := func(key string) {
		if !in.named.has(key) {
			found[key] = struct{}{}
		}
	}
	for _, b := range append(slices.Clone(in.completer.sealed), in.completer.pending) {
		for key := range b.rows {
			note(key)
		}
	}
	in.src.rows.each(note)
	v := in.src.eng.db.View() // taken after the maps: a checkpoint may move a row from them to the disk
	defer v.Close()
	err := v.ScanRows(in.src.rec.ID, func(key, _ []byte) error {
		note(string(key))
		return nil
	})
	return slices.Sorted(maps.Keys(found)), err
}

// loadNamed reads from the log which rows a snapshot that had not ended has named.
func (s *source) loadNamed(v *storage.View) (*keySet, error) {
	named := newKeySet()
	from := s.state.Again.From
	var key []byte
	err := s.replay(v, flushMark{Pos: from - 1, C: s.state.placeBefore(from)}, s.rec.Key, func(changes []record.Change) error {
		for i := range changes {
			if ch := &changes[i]; ch.Pos >= from && ch.New != nil {
				key = s.appendKey(key[:0], ch.New)
				named.add(key)
			}
		}
		return nil
	})
	return named, err
}

// keySet is a set of primary keys by their hashes: two keys of a hundred million share one with a chance of 1 in 3,000.
type keySet struct {
	seed   maphash.Seed
	hashes map[uint64]struct{}
}

func newKeySet() *keySet { return &keySet{maphash.MakeSeed(), map[uint64]struct{}{}} }

func (k *keySet) add(key []byte) { k.hashes[maphash.Bytes(k.seed, key)] = struct{}{} }

func (k *keySet) has(key string) bool {
	_, ok := k.hashes[maphash.String(k.seed, key)]
	return ok
}
