package exact

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/asofdb/asof/bench/exact/naive"
	"github.com/asofdb/asof/bench/exact/random"
)

var (
	seed        = flag.Uint64("seed", 1, "the first scenario's seed")
	shrink      = flag.Bool("shrink", true, "whether a wrong answer is shrunk to a story")
	comparisons = flag.Int("comparisons", 2_000_000, "how many values are compared with the naive model")
)

// TestAnswersEqualTheDefinition compares features over random histories with the naive model, in random ways of running the engine and of asking it: now, as of a moment,
// joined with a spine, by their histories.
func TestAnswersEqualTheDefinition(t *testing.T) {
	want := *comparisons
	if testing.Short() {
		want /= 10
	}
	next, all := *seed, counts{}
	var mu sync.Mutex // guards next and all
	more := func(compared counts) (seed uint64, ok bool) {
		mu.Lock()
		defer mu.Unlock()
		for way, n := range compared {
			all[way] += n
		}
		next++
		return next - 1, all.total() < want
	}
	var g errgroup.Group
	for range players {
		g.Go(func() error {
			for n, ok := more(nil); ok; {
				transactions := 120
				if n%10 == 0 {
					transactions = 900 // the logs of most entities are sealed in chunks
				}
				s := newScenario(n, transactions, 4, 60)
				compared, err := s.check()
				if err != nil {
					return &failure{s, err}
				}
				n, ok = more(compared)
			}
			return nil
		})
	}
	var f *failure
	if errors.As(g.Wait(), &f) {
		fail(t, f.s, f.err)
	}
	t.Logf("%d values compared, seeds from %d: %v", all.total(), *seed, all)
}

// players is how many scenarios are played at a time: most of one's time goes by waiting for a file's silence.
const players = 4

// failure is an error with the scenario in which it came.
type failure struct {
	s   scenario
	err error
}

func (f *failure) Error() string { return f.err.Error() }

// fail says what went wrong under which seed, and where a small story of it is.
func fail(t *testing.T, s scenario, err error) {
	t.Helper()
	var m *mismatch
	if !errors.As(err, &m) || m.d.Name == sourceRows.Name || !*shrink {
		t.Fatalf("-seed %d (%+v): %v", s.seed, s.run, err)
	}
	small := s.shrink(m)
	dir, err := small.story()
	t.Fatalf("-seed %d (%+v): %v\nshrunk to %d transactions (%+v) in %s (%v)", s.seed, s.run, m, len(small.w.Txs), small.run, dir, err)
}

// TestAWrongAnswerIsShrunkToAStory gives the engine a feature whose window ends a microsecond before the model's.
func TestAWrongAnswerIsShrunkToAStory(t *testing.T) {
	for n := uint64(1); n < 50; n++ {
		s := newScenario(n, 60, 0, 60)
		d := random.Definition{Name: "wrong", SQL: "SELECT count(*) FILTER (WHERE created_at > NOW() - INTERVAL '10 microseconds') AS v0 FROM t"}
		d.Aggs = []naive.Agg{{Fn: "count", Star: true, Name: "v0", Filter: []naive.Cond{{Op: ">=", Back: 10}}}}
		s.definitions = []random.Definition{d}
		for _, v := range s.w.Table().Versions {
			if v.Created != nil && *v.Created+10 >= s.w.Txs[0].Commit && *v.Created+10 <= s.w.Last() {
				s.times = append(s.times, *v.Created+10)
			}
		}
		var m *mismatch
		if !errors.As(s.play(t.TempDir(), (*session).againstNaive), &m) {
			continue // no row's edge was hit while it lived
		}
		small := s.shrink(m)
		if len(small.w.Txs) > 2 {
			t.Errorf("%d transactions are left of %d, where two would show it", len(small.w.Txs), len(s.w.Txs))
		}
		dir, err := small.story()
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(dir)
		out, err := os.ReadFile(filepath.Join(dir, "story.out"))
		if err != nil || !strings.HasPrefix(string(out), "v0\n") {
			t.Errorf("story.out: %q, %v", out, err)
		}
		return
	}
	t.Fatal("no seed showed the difference")
}
