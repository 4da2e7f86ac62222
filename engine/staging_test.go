package engine

import (
	"errors"
	"slices"
	"testing"

	"github.com/asofdb/asof/sql/plan"
	"github.com/asofdb/asof/sql/types"
)

// stagingOf makes the staging of an append-only source whose only column is its commit time, as far as it needs an engine.
func stagingOf(st sourceState) *ingest {
	s := &source{types: []types.Type{{Kind: types.Timestamptz}}, regime: appendOnly, settings: sourceSettings{immutable: -1, commitTime: 0}, relation: &plan.Relation{}}
	in := &ingest{src: s, state: st, completer: completer{src: s}, names: []string{""}, readTo: make([]Position, 1)}
	in.staged = newStaging(s, &in.state)
	return in
}

// stage reads rows that end at the offsets 10, 20, … behind from, writing first what an earlier run had begun to write.
func (in *ingest) stage(t *testing.T, b *batch, from int, commits ...int64) {
	t.Helper()
	for i, c := range commits {
		next := Position{Offset: int64(10 * (from + i + 1))}
		if in.staged.whole("", next) {
			if err := in.staged.settle(in, b, NoTime, func() error { return nil }); err != nil {
				t.Fatal(err)
			}
		}
		it := &item{event: Event{Kind: ChangeEvent, Op: CreateOp, Commit: c, After: []types.Value{types.NewTimestamptz(c)}}, place: next}
		if err := in.staged.add(in, it, c); err != nil {
			t.Fatal(err)
		}
		in.readTo[0] = next
	}
}

var errCut = errors.New("cut")

// A run that ends while it writes staged rows is gone on from by the next: the same rows are sorted again, and those that came
// to the file meanwhile follow them although they would sort between.
func TestStagedRowsAreWrittenOnceWhereverWritingIsCut(t *testing.T) {
	rows, later := []int64{50, 20, 40, 20, 10}, []int64{15, 60}
	want := []int64{10, 20, 20, 40, 50, 50, 60} // 15 comes too late to be shown in its place
	for cut := range len(rows) + 1 {
		first := stagingOf(sourceState{timeline: newTimeline(), NextPos: 1})
		var b batch
		first.stage(t, &b, 0, rows...)
		n := 0
		err := first.staged.settle(first, &b, NoTime, func() error {
			if n++; n == cut {
				return errCut
			}
			return nil
		})
		if cut > 0 && !errors.Is(err, errCut) {
			t.Fatal(err)
		}
		from, again := 0, rows
		if cut == 0 {
			from, again = len(rows), nil // all of it was written: the position is behind it
		}
		second := stagingOf(first.state)
		second.stage(t, &b, from, slices.Concat(again, later)...)
		if err := second.staged.settle(second, &b, NoTime, func() error { return nil }); err != nil {
			t.Fatal(err)
		}
		var got []int64
		for i, ch := range b.changes {
			if ch.Pos != int64(i+1) {
				t.Errorf("cut after %d: change %d has position %d", cut, i, ch.Pos)
			}
			got = append(got, ch.C)
		}
		if !slices.Equal(got, want) {
			t.Errorf("cut after %d: %v instead of %v", cut, got, want)
		}
	}
}
