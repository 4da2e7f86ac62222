package exact

import (
	"flag"
	"testing"
)

var (
	seed        = flag.Uint64("seed", 1, "the first scenario's seed")
	comparisons = flag.Int("comparisons", 300_000, "how many values are compared with the naive model")
)

// TestAnswersEqualTheDefinition compares features over random histories with the naive model, in random ways of running the engine.
func TestAnswersEqualTheDefinition(t *testing.T) {
	want := *comparisons
	if testing.Short() {
		want /= 10
	}
	total := 0
	for n := *seed; total < want; n++ {
		s := newScenario(n, 120, 4, 60)
		err := s.play(t.TempDir(), func(r *session) error {
			n, err := r.againstNaive()
			total += n
			return err
		})
		if err != nil {
			t.Fatalf("-seed %d (%+v): %v", n, s.run, err)
		}
	}
	t.Logf("%d values compared, seeds from %d", total, *seed)
}
