package exec

import (
	"container/heap"
	"strings"

	"github.com/asofdb/asof/sql/types"
)

// mergeRuns calls f for the rows of sorted runs, whose first column is the key, in order; where keys are equal those of an earlier run come first.
func mergeRuns(runs []*rowFile, f func(row []types.Value) error) error {
	var h mergeHeap
	for i, r := range runs {
		h = append(h, &mergeHead{reader: r.open(), run: i, row: make([]types.Value, len(r.types))})
	}
	some := h[:0]
	for _, m := range h {
		ok, err := m.reader.next(m.row)
		if err != nil {
			return err
		}
		if ok {
			some = append(some, m)
		}
	}
	h = some
	heap.Init(&h)
	for len(h) > 0 {
		m := h[0]
		if err := f(m.row); err != nil {
			return err
		}
		ok, err := m.reader.next(m.row)
		if err != nil {
			return err
		}
		if ok {
			heap.Fix(&h, 0)
		} else {
			heap.Pop(&h)
		}
	}
	return nil
}

// mergeHead is the next row of a run.
type mergeHead struct {
	reader *rowReader
	run    int
	row    []types.Value
}

type mergeHeap []*mergeHead

func (h mergeHeap) Len() int { return len(h) }

func (h mergeHeap) Less(i, j int) bool {
	if c := strings.Compare(h[i].row[0].S, h[j].row[0].S); c != 0 {
		return c < 0
	}
	return h[i].run < h[j].run
}

func (h mergeHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }

func (h *mergeHeap) Push(x any) { *h = append(*h, x.(*mergeHead)) }

func (h *mergeHeap) Pop() any {
	old := *h
	x := old[len(old)-1]
	*h = old[:len(old)-1]
	return x
}
