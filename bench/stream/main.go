// Command stream measures the way in from Kafka: changes a second from a broker until they are durable and readable, for the regimes of package workload; how long a change takes from its commit
// until it is readable, at given rates; and what asof uses while that goes on for long.
//
//	go run ./bench/stream [--changes 2000000] [--partitions 4] [--regimes ABC] [--rates 1000,10000,50000] [--seconds 20] [--peer]
//	go run ./bench/stream --kafka …             # a real Kafka, of .ci/services/kafka.sh, started for the run
//	go run ./bench/stream --brokers HOST:PORT … # one that runs; its topic bench.public.orders is made anew
//	go run ./bench/stream --soak 30m --rates 10000
//
// The broker is one in a process of its own that keeps records in memory (kfake), unless another is named. It prints tables in Markdown, with the processor time of engine, broker and generator
// apart; the engine's includes its close, which writes what the changes have left for a checkpoint, a seventh of half a million changes' time. The share of the broker is told by a consumer, too, that reads the same topic and does nothing with it. With --peer the consumer of bench/peers, which keeps the features in Redis, reads the
// same topic in the same run, and its values are compared with asof's.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"strconv"
	"strings"
	"time"

	"github.com/asofdb/asof/bench/service"
	"github.com/asofdb/asof/bench/workload"
)

type settings struct {
	changes, customers, partitions int
	seconds                        int
	profile                        string
	cluster                        cluster
	peer                           *peer // nil: there is none
}

func main() {
	var s settings
	flag.IntVar(&s.changes, "changes", 2_000_000, "changes of each regime")
	flag.IntVar(&s.customers, "customers", 1_000_000, "customers in the workload")
	flag.IntVar(&s.partitions, "partitions", 4, "partitions of the topic")
	regimes := flag.String("regimes", "ABC", "which regimes to run; '' for none")
	rates := flag.String("rates", "1000,10000,50000", "changes a second at which freshness is measured; '' for none")
	flag.IntVar(&s.seconds, "seconds", 20, "how long freshness is measured at each rate")
	flag.StringVar(&s.cluster.brokers, "brokers", "", "a Kafka to use")
	flag.BoolVar(&s.cluster.real, "kafka", false, "start a real Kafka")
	besides := flag.Bool("peer", false, "run the hand-written consumer of bench/peers, with a Redis, too")
	soak := flag.Duration("soak", 0, "instead, how long to watch asof while changes come at the first of the rates, with reads beside")
	soakEvery := flag.Duration("soak-every", 10*time.Second, "how often the soak looks at what asof uses")
	flag.StringVar(&s.profile, "cpuprofile", "", "write a CPU profile of each regime's reading to this path plus the regime")
	child := flag.String("child", "", "used by the program itself")
	flag.Parse()
	ctx := context.Background()
	var err error
	switch {
	case *child == brokerChild:
		err = serveBroker()
	case *child != "":
		err = runGenerator(ctx, *child)
	case *soak > 0:
		err = s.soak(ctx, *soak, *soakEvery, *rates)
	default:
		if *besides {
			err = withPeer(ctx, func(p *peer) error { s.peer = p; return s.throughputs(ctx, *regimes) })
		} else {
			err = s.throughputs(ctx, *regimes)
		}
		if err == nil {
			err = s.freshnesses(ctx, *rates)
		}
	}
	if err != nil {
		log.Fatal(err)
	}
}

func (s *settings) throughputs(ctx context.Context, regimes string) error {
	if regimes != "" {
		fmt.Println("| regime | changes | partitions | changes/s | a bare consumer's | changes a CPU second | engine's CPU s | broker's CPU s | generator's CPU s |" + s.peer.header() +
			"\n|---|---|---|---|---|---|---|---|---|" + s.peer.rule())
	}
	for _, r := range regimes {
		if err := s.cluster.run(ctx, func(b *broker) error { return s.throughput(ctx, workload.Regime(r), b) }); err != nil {
			return fmt.Errorf("regime %c: %w", r, err)
		}
	}
	return nil
}

func (s *settings) freshnesses(ctx context.Context, rates string) error {
	if rates == "" {
		return nil
	}
	fmt.Printf("\n| changes/s | partitions | commit to readable p50 | p99 | changes | engine's CPU s | broker's CPU s | generator's CPU s |\n|---|---|---|---|---|---|---|---|\n")
	for text := range strings.SplitSeq(rates, ",") {
		rate, err := strconv.Atoi(text)
		if err != nil {
			return fmt.Errorf("--rates: %w", err)
		}
		for _, silent := range []int{0, 1} {
			if err := s.cluster.run(ctx, func(b *broker) error { return s.freshness(ctx, rate, silent, b) }); err != nil {
				return fmt.Errorf("%d changes/s: %w", rate, err)
			}
		}
	}
	return nil
}

// profiled runs fn under a CPU profile, where one is asked for.
func (s *settings) profiled(r workload.Regime, fn func() error) error {
	path := s.profile
	if path != "" {
		path += string(r)
	}
	return service.Profiled(path, fn)
}
