package exact

import (
	"math/rand/v2"
	"slices"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/asofdb/asof/bench/exact/random"
)

// newKafkaScenario is a scenario whose history goes through Kafka, in up to five partitions at first.
func newKafkaScenario(seed uint64) scenario {
	s := newScenario(seed, 120, 4, 40)
	rng := rand.New(rand.NewPCG(seed, 13))
	s.run.partitions, s.run.told = 1+rng.IntN(5), rng.IntN(2) == 0
	if s.run.told { // END says that its commit time is over, whoever else may have it
		for i := range s.w.Txs[1:] {
			s.w.Txs[i+1].Commit = max(s.w.Txs[i+1].Commit, s.w.Txs[i].Commit+1)
		}
		s.times = s.w.Moments(rng, random.Windows(s.w.Step()), len(s.times))
	}
	for _, x := range s.w.Txs {
		for _, o := range x.Ops {
			if o.Kind == 't' { // has an order against the rows of one partition only
				s.run.partitions = 1
				s.run.segments = 1
			}
		}
	}
	return s
}

// TestAnswersEqualTheDefinitionThroughKafka is TestAnswersEqualTheDefinition with histories that come in partitions, some of which have hardly any rows, with and without BEGIN and END, sent again
// under new offsets, with a partition more after each restart. Nothing is shifted, and no transaction is split.
func TestAnswersEqualTheDefinitionThroughKafka(t *testing.T) {
	n := uint64(24)
	if testing.Short() {
		n = 8
	}
	var g errgroup.Group
	g.SetLimit(players)
	compared := make([]int, n)
	for i := range n {
		g.Go(func() error {
			s := newKafkaScenario(*seed + i)
			err := s.play(t.TempDir(), func(r *session) error {
				err := r.againstNaive()
				compared[i] = r.compared.total()
				if err == nil {
					err = r.unshifted()
				}
				return err
			})
			if err != nil {
				return &failure{s, err}
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		f := err.(*failure)
		t.Fatalf("-seed %d (%+v): %v", f.s.seed, f.s.run, f.err)
	}
	all := 0
	for _, c := range compared {
		all += c
	}
	if slices.Contains(compared, 0) {
		t.Errorf("a scenario compared nothing: %v", compared)
	}
	t.Logf("%d values compared", all)
}
