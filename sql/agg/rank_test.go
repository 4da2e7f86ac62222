package agg

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/asofdb/asof/sql/types"
)

// TestManyValuesAreRankedInOrder ranks so many that they are sorted by digits, of every width.
func TestManyValuesAreRankedInOrder(t *testing.T) {
	rng := rand.New(rand.NewPCG(13, 1))
	var r Ranking // used again and again
	for _, width := range []uint{0, 1, 10, 11, 12, 23, 40, 62} {
		n := manyKeys + rng.IntN(manyKeys)
		xs := make([]int64, n)
		for i := range xs {
			xs[i] = rng.Int64N(1<<width) - 1<<width/2
		}
		r.Rank(types.Type{Kind: types.Int8}, n, func(i int) types.Value { return types.NewInt8(xs[i]) })
		distinct := slices.Compact(slices.Sorted(slices.Values(xs)))
		if !slices.Equal(r.ints, distinct) {
			t.Fatalf("%d bits: %d values out of order, want %d", width, len(r.ints), len(distinct))
		}
		for i, x := range xs {
			if got := r.ints[r.ranks[i]]; got != x {
				t.Fatalf("%d bits: row %d has the rank of %d, want %d", width, i, got, x)
			}
		}
	}
}
