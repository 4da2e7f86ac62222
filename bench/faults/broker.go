package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/asofdb/asof/bench/exact/random"
)

// broker is a Kafka of the parent's, which outlives the children. Its topic has four partitions at first: nothing is ever sent to the first, and what goes to the second arrives up to three
// seconds late, in order; a fifth is added on the way. A row's records go to the partition of its key, so that one transaction is spread over several.
type broker struct {
	cluster *kfake.Cluster
	client  *kgo.Client
	rng     *rand.Rand
	sent    int  // transactions' records
	grown   bool // the fifth partition is there
	growAt  int

	mu    sync.Mutex // guards late and last
	late  []lateRecord
	last  time.Time
	ended chan struct{}
	done  chan error
}

type lateRecord struct {
	due    time.Time
	record *kgo.Record
}

const (
	brokerTopic = "shop.public.t"
	// idleLag is what the source allows for: more than the late partition takes.
	latePartition = 3 * time.Second
	idleLag       = 4 * time.Second
)

func newBroker(rng *rand.Rand) (*broker, error) {
	c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(4, brokerTopic))
	if err != nil {
		return nil, err
	}
	b := &broker{cluster: c, rng: rng, growAt: 60 + rng.IntN(200), ended: make(chan struct{}), done: make(chan error, 1)}
	if err := b.connect(); err != nil {
		c.Close()
		return nil, err
	}
	go func() { b.done <- b.deliver() }()
	return b, nil
}

func (b *broker) connect() (err error) {
	b.client, err = kgo.NewClient(kgo.SeedBrokers(b.cluster.ListenAddrs()...), kgo.RecordPartitioner(kgo.ManualPartitioner()))
	return err
}

func (b *broker) address() string { return strings.Join(b.cluster.ListenAddrs(), ",") }

// close ends the broker. What is late is not waited for.
func (b *broker) close() error {
	close(b.ended)
	err := <-b.done
	b.client.Close()
	b.cluster.Close()
	return err
}

// partition is where a row's records go.
func (b *broker) partition(id int64) int32 {
	switch id % 4 {
	case 0:
		return 1
	case 1:
		return 2
	case 2:
		return 3
	}
	if b.grown {
		return 4
	}
	return 2
}

// send writes records, those of the late partition when they are due.
func (b *broker) send(records []random.Record) error {
	if b.sent += len(records); b.sent > b.growAt && !b.grown {
		if err := b.grow(); err != nil {
			return err
		}
	}
	var now []*kgo.Record
	for _, r := range records {
		k := &kgo.Record{Topic: brokerTopic, Key: []byte(r.Key), Partition: b.partition(r.ID)}
		if r.Value != "" {
			k.Value = []byte(r.Value)
		}
		if k.Partition != 1 {
			now = append(now, k)
			continue
		}
		b.mu.Lock()
		due := time.Now().Add(time.Duration(b.rng.Int64N(int64(latePartition))))
		if due.Before(b.last) {
			due = b.last
		}
		b.last = due
		b.late = append(b.late, lateRecord{due, k})
		b.mu.Unlock()
	}
	return b.client.ProduceSync(context.Background(), now...).FirstErr()
}

// grow adds a partition. A child that runs finds it within a second, and the clock is four behind.
func (b *broker) grow() error {
	if _, err := kadm.NewClient(b.client).CreatePartitions(context.Background(), 1, brokerTopic); err != nil {
		return fmt.Errorf("add a partition: %w", err)
	}
	old := b.client
	err := b.connect() // a client goes on with the partitions that it knows
	old.Close()
	b.grown = true
	return err
}

// deliver writes what is due, until the broker is closed.
func (b *broker) deliver() error {
	client, err := kgo.NewClient(kgo.SeedBrokers(b.cluster.ListenAddrs()...), kgo.RecordPartitioner(kgo.ManualPartitioner()))
	if err != nil {
		return err
	}
	defer client.Close()
	for {
		b.mu.Lock()
		n := 0
		var due []*kgo.Record
		for n < len(b.late) && !time.Now().Before(b.late[n].due) {
			due = append(due, b.late[n].record)
			n++
		}
		b.late = b.late[n:]
		b.mu.Unlock()
		if err := client.ProduceSync(context.Background(), due...).FirstErr(); err != nil {
			return err
		}
		select {
		case <-b.ended:
			return nil
		case <-time.After(5 * time.Millisecond):
		}
	}
}
