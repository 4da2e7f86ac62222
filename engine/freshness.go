package engine

import (
	"maps"
	"math/bits"
	"slices"
	"sync"
	"time"

	"github.com/asofdb/asof/engine/record"
	"github.com/asofdb/asof/sql/types"
)

// freshness measures how long a source's changes take from their commit at the source's database until readers see them: the commit time, the connector, the broker, our commit to
// disk, and the frontier's wait for evidence are all in it. What was read over the last ten minutes counts, each change once; not what was committed before the source was declared,
// when nobody could have read it.
type freshness struct {
	mu sync.Mutex // guards all fields
	// waiting are the commit times of changes that are durable and not visible yet, in the order of their c.
	waiting []waitingChange
	minute  [10]int64
	counts  [10][delayBuckets]uint32 // by minute and delay
}

type waitingChange struct{ c, commit int64 }

// mostWaiting bounds the changes that are measured while the frontier stands still.
const mostWaiting = 1 << 20

// delayBuckets divide each doubling of the delay in 16, so that a quantile is at most a sixteenth too large.
const delayBuckets = 48 * 16

func delayBucket(us int64) int {
	n := uint64(max(us, 0)) + 16
	top := bits.Len64(n) - 1
	return min((top-4)*16+int(n>>(top-4)&15), delayBuckets-1)
}

// delayOf is the largest delay of a bucket, in µs.
func delayOf(bucket int) int64 {
	top := bucket/16 + 4
	return (int64(bucket%16+16)+1)<<(top-4) - 1 - 16
}

// applied notes changes that are durable, of a source that was declared at the time since.
func (f *freshness) applied(changes []record.Change, since int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := range changes {
		if ch := &changes[i]; !ch.Snapshot && ch.Commit >= since && len(f.waiting) < mostWaiting {
			f.waiting = append(f.waiting, waitingChange{ch.C, ch.Commit})
		}
	}
}

// seen notes that readers see everything through frontier, at the time now.
func (f *freshness) seen(frontier int64, now time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	for n < len(f.waiting) && f.waiting[n].c <= frontier {
		n++
	}
	if n == 0 {
		return
	}
	m := now.Unix() / 60
	i := (m%10 + 10) % 10
	if f.minute[i] != m {
		f.minute[i], f.counts[i] = m, [delayBuckets]uint32{}
	}
	for _, w := range f.waiting[:n] {
		f.counts[i][delayBucket(now.UnixMicro()-w.commit)]++
	}
	if f.waiting = f.waiting[n:]; len(f.waiting) == 0 {
		f.waiting = nil
	}
}

// quantiles are the delays within which these shares of the changes of the last ten minutes were visible, in µs, and how many changes there were.
func (f *freshness) quantiles(now time.Time, shares ...float64) (delays []int64, n uint64) {
	var all [delayBuckets]uint64
	f.mu.Lock()
	for i, m := range f.minute {
		if now.Unix()/60-m >= 10 {
			continue
		}
		for b, count := range f.counts[i] {
			all[b] += uint64(count)
			n += uint64(count)
		}
	}
	f.mu.Unlock()
	for _, share := range shares {
		rank, sum := uint64(share*float64(n)), uint64(0)
		for b, count := range all {
			if sum += count; sum > rank || sum == n {
				delays = append(delays, delayOf(b))
				break
			}
		}
	}
	return delays, n
}

// showFreshness answers SHOW FRESHNESS: how old each feature's present is, beside the freshness that its definition asks for, and how long changes took.
func (e *Engine) showFreshness() *Rows {
	c := e.catalog.Load()
	now := e.options.Clock()
	interval := func(us int64) types.Value { return types.Value{Kind: types.Interval, I: us} }
	var rows [][]types.Value
	for _, name := range slices.Sorted(maps.Keys(c.features)) {
		f := c.features[name]
		s := f.gen.source
		goal, met, age := types.Value{}, types.Value{}, s.ageOf(s.published.Load())
		if text := f.plan.Options["freshness"]; text != "" {
			goal, _ = types.Parse(types.Type{Kind: types.Interval}, text) // it was checked when the feature was created
			if !age.IsNull() {
				met = types.NewBool(types.Compare(age, goal) <= 0)
			}
		}
		p50, p99 := types.Value{}, types.Value{}
		delays, n := s.fresh.quantiles(now, 0.5, 0.99)
		if n > 0 {
			p50, p99 = interval(delays[0]), interval(delays[1])
		}
		s.mu.Lock()
		state, _ := s.describeLocked(s.published.Load())
		s.mu.Unlock()
		rows = append(rows, []types.Value{
			types.NewText(name), types.NewText(f.plan.Source), goal, age, met, p50, p99, types.NewInt8(int64(n)), types.NewText(state),
		})
	}
	duration := func(name string) types.Column {
		return types.Column{Name: name, Type: types.Type{Kind: types.Interval}}
	}
	return fixedRows("SHOW", []types.Column{
		textColumn("feature"), textColumn("source"), duration("goal"), duration("freshness"),
		{Name: "met", Type: types.Type{Kind: types.Bool}},
		duration("p50"), duration("p99"), intColumn("changes"), textColumn("state"),
	}, rows)
}
