package engine

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/asofdb/asof/engine/record"
)

// Every delay lies in a bucket whose largest is at most a sixteenth above it.
func TestDelayBuckets(t *testing.T) {
	last := -1
	for us := int64(0); us < 1<<40; us += 1 + us/40 {
		b := delayBucket(us)
		if most := delayOf(b); b < last || most < us || float64(most-us) > float64(us+16)/16 {
			t.Fatalf("%d µs: bucket %d behind %d, up to %d", us, b, last, most)
		}
		last = b
	}
	if b := delayBucket(1 << 62); b != delayBuckets-1 {
		t.Errorf("bucket %d", b)
	}
	if b := delayBucket(-5); b != 0 {
		t.Errorf("bucket %d of a clock that is behind", b)
	}
}

// A change counts once, from its commit until the frontier passes its c, and for ten minutes.
func TestFreshnessCountsEachChangeOnce(t *testing.T) {
	var f freshness
	start := time.Date(2025, 5, 20, 12, 0, 0, 0, time.UTC)
	rng := rand.New(rand.NewPCG(1, 1))
	var delays []int64
	for i := range int64(2000) {
		commit := start.UnixMicro() + i*1000
		late := 1000 + rng.Int64N(90_000)
		f.applied([]record.Change{{C: commit, Commit: commit}, {C: commit, Commit: commit, Snapshot: true}, {C: commit, Commit: start.UnixMicro() - 1 - i}}, start.UnixMicro())
		f.seen(commit-1, time.UnixMicro(commit+late/2))
		f.seen(commit, time.UnixMicro(commit+late))
		f.seen(commit, time.UnixMicro(commit+late*2))
		delays = append(delays, late)
	}
	slices.Sort(delays)
	now := start.Add(3 * time.Second)
	got, n := f.quantiles(now, 0, 0.5, 0.99, 1)
	if n != 2000 {
		t.Fatalf("%d changes", n)
	}
	for i, at := range []int{0, 1000, 1980, 1999} {
		if want := delays[at]; got[i] < want || got[i] > want+want/16+1 {
			t.Errorf("quantile %d is %d, the delay %d", i, got[i], want)
		}
	}
	if _, n := f.quantiles(start.Add(11*time.Minute), 0.5); n != 0 {
		t.Errorf("%d changes after ten minutes", n)
	}
}
