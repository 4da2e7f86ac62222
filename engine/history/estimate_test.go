package history

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestEstimateIsNearTheCount for windows over logs of many chunks; it is never far too low, where a scan would take long unexpectedly.
func TestEstimateIsNearTheCount(t *testing.T) {
	r := rand.New(rand.NewPCG(41, 41))
	log := randomLog(r, shop, 90*ChunkEntries+100)
	for i := range log { // no event times far away, which make zone maps as wide as time
		if log[i].HasE && (log[i].E < log[0].C || log[i].E > log[i].C) {
			log[i].E = log[i].C
		}
		if !log[i].HasE {
			log[i].HasE, log[i].E = true, log[i].C
		}
	}
	root, s := build(t, r, shop, log)
	span := log[len(log)-1].C - log[0].C
	for range 50 {
		w := Window{AsOf: log[0].C + r.Int64N(span)}
		w.ELow, w.EHigh = w.AsOf-r.Int64N(span), math.MaxInt64
		n := 0
		for _, err := range Scan(shop, root, nil, w, s.fetch) {
			if err != nil {
				t.Fatal(err)
			}
			n++
		}
		got := root.Estimate(w)
		if math.Abs(float64(got)-float64(n)) > 0.3*float64(n)+3*ChunkEntries {
			t.Errorf("%d estimated, %d there", got, n)
		}
	}
	if got := root.Estimate(Window{AsOf: log[0].C - 1, ELow: math.MinInt64, EHigh: math.MaxInt64}); got > ChunkEntries {
		t.Errorf("%d estimated before the first", got)
	}
}
