package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/asofdb/asof/bench/service"
	"github.com/asofdb/asof/bench/training"
	"github.com/asofdb/asof/bench/workload"
)

const topic = "bench.public.orders"

// source declares the orders over a topic.
func source(address string, r workload.Regime) string {
	option := map[workload.Regime]string{workload.AppendOnly: ", append_only = 'true'", workload.FullBefore: ", missing_before = 'error'"}[r]
	return fmt.Sprintf(`CREATE SOURCE orders (order_id BIGINT PRIMARY KEY, customer_id TEXT NOT NULL, merchant_id TEXT, amount NUMERIC(12,2), status TEXT,
		created_at TIMESTAMPTZ NOT NULL) WITH (connector = 'kafka', brokers = '%s', topic = '%s', history = 'from_empty'%s) FORMAT DEBEZIUM ENCODE JSON`, address, topic, option)
}

// forever keeps records whose time is long ago.
const forever = "-1"

// newTopic makes the topic anew, which keeps records for so many milliseconds.
func newTopic(ctx context.Context, address string, partitions int, retention string) error {
	c, err := kgo.NewClient(kgo.SeedBrokers(address))
	if err != nil {
		return err
	}
	defer c.Close()
	admin := kadm.NewClient(c)
	if _, err := admin.DeleteTopics(ctx, topic); err != nil {
		return err
	}
	segment := "10000" // ms; what is not kept is given up by segments
	config := map[string]*string{"retention.ms": &retention}
	if retention != forever {
		config["segment.ms"] = &segment
	}
	for {
		r, err := admin.CreateTopic(ctx, int32(partitions), 1, config, topic)
		if err = errors.Join(err, r.Err); err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		case <-time.After(100 * time.Millisecond): // the old one is still being deleted
		}
	}
}

// producer writes changes into the topic, a row's to the partition of its key. One goroutine uses it.
type producer struct {
	client     *kgo.Client
	partitions int
	failed     chan error // the first failure
}

func newProducer(address string, partitions int) (*producer, error) {
	c, err := kgo.NewClient(kgo.SeedBrokers(address), kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.ProducerBatchMaxBytes(1<<20), kgo.MaxBufferedRecords(50_000), kgo.ProducerLinger(0))
	return &producer{c, partitions, make(chan error, 1)}, err
}

func (p *producer) send(ctx context.Context, g *workload.Generator, commit int64) {
	envelope, id := g.Next(commit)
	r := &kgo.Record{Topic: topic, Partition: int32(id % p.partitions), Value: bytes.Clone(envelope), Timestamp: time.UnixMicro(commit)}
	p.client.Produce(ctx, r, func(_ *kgo.Record, err error) {
		if err != nil {
			select {
			case p.failed <- err:
			default:
			}
		}
	})
}

// close waits until the broker has everything.
func (p *producer) close(ctx context.Context) error {
	defer p.client.Close()
	err := p.client.Flush(ctx)
	select {
	case failure := <-p.failed:
		return errors.Join(err, failure)
	default:
		return err
	}
}

func (s *settings) spec(r workload.Regime) workload.Spec {
	return workload.Spec{Regime: r, Changes: s.changes, Customers: s.customers, Seed: 1, Span: training.Span}
}

// load writes the workload, at the times of its commits.
func (s *settings) load(ctx context.Context, address string, r workload.Regime) error {
	p, err := newProducer(address, s.partitions)
	if err != nil {
		return err
	}
	spec := s.spec(r)
	g := workload.New(spec)
	for i := range spec.Changes {
		p.send(ctx, g, spec.Commit(i))
	}
	return p.close(ctx)
}

// drain reads the topic and does nothing with it.
func (s *settings) drain(ctx context.Context, address string) (time.Duration, error) {
	c, err := kgo.NewClient(kgo.SeedBrokers(address), kgo.ConsumeTopics(topic), kgo.ConsumeStartOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		return 0, err
	}
	defer c.Close()
	began := time.Now()
	for n := 0; n < s.changes; {
		fetches := c.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			return 0, err
		}
		n += fetches.NumRecords()
	}
	return time.Since(began), nil
}

// generator is a child that writes changes which are committed now, at a rate.
type generator struct {
	Address    string
	Spec       workload.Spec // without Changes and Span
	Rate       int
	Partitions int
	Seconds    int // 0: until SIGTERM
}

func (g generator) start() (*service.Self, error) {
	text, err := json.Marshal(g)
	if err != nil {
		return nil, err
	}
	return service.StartSelf("--child", string(text))
}

// tick is how often changes are sent.
const tick = 5 * time.Millisecond

// runGenerator is that child. Each change is committed when it is sent: what a connector takes is not measured.
func runGenerator(ctx context.Context, text string) error {
	var g generator
	if err := json.Unmarshal([]byte(text), &g); err != nil {
		return err
	}
	asked, stop := signal.NotifyContext(ctx, syscall.SIGTERM)
	defer stop()
	p, err := newProducer(g.Address, g.Partitions)
	if err != nil {
		return err
	}
	fmt.Fprintln(os.Stdout, "ready")
	w := workload.New(g.Spec)
	ticks := time.NewTicker(tick)
	defer ticks.Stop()
	began, last := time.Now(), int64(0)
	for sent := 0; asked.Err() == nil && (g.Seconds == 0 || time.Since(began) < time.Duration(g.Seconds)*time.Second); {
		for ; sent < int(time.Since(began).Seconds()*float64(g.Rate)); sent++ {
			last = max(last+1, time.Now().UnixMicro())
			p.send(ctx, w, last)
		}
		select {
		case <-asked.Done():
		case <-ticks.C:
		}
	}
	return p.close(ctx)
}
