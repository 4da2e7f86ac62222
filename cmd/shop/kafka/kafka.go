// Package kafka is a Kafka in this process that carries the shop's changes: a topic for each table, as Debezium names them, and one of its transactions. It listens on loopback
// like a real one, and keeps its records in memory, as much of them as its retention allows.
package kafka

import (
	"context"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/asofdb/asof/cmd/shop"
)

// keptBytes is how much of a topic is kept, however old it is, and trimEvery how often the rest is let go.
const (
	keptBytes = 64 << 20
	trimEvery = 10 * time.Second
)

// Kafka is a broker and a producer. One goroutine at a time writes.
type Kafka struct {
	cluster *kfake.Cluster
	client  *kgo.Client
	stop    chan struct{}
	done    chan struct{}
}

// Start starts a broker on a free port. Close ends it.
func Start() (*Kafka, error) {
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1))
	if err != nil {
		return nil, fmt.Errorf("start a broker: %w", err)
	}
	k := &Kafka{cluster: cluster, stop: make(chan struct{}), done: make(chan struct{})}
	go k.trim()
	for _, table := range shop.Tables {
		if err := cluster.CreateTopic(Topic(table), 1, map[string]string{"retention.bytes": fmt.Sprint(keptBytes), "retention.ms": "-1"}); err != nil {
			k.Close()
			return nil, fmt.Errorf("create topic %s: %w", Topic(table), err)
		}
	}
	if k.client, err = kgo.NewClient(kgo.SeedBrokers(k.Address()), kgo.ProducerLinger(0)); err != nil {
		k.Close()
		return nil, err
	}
	return k, nil
}

// Address is where the broker listens.
func (k *Kafka) Address() string { return k.cluster.ListenAddrs()[0] }

// Topic is where a table's changes are.
func Topic(table string) string { return "shop.public." + table }

// trim lets go of what is older than the retention, until Close.
func (k *Kafka) trim() {
	defer close(k.done)
	ticker := time.NewTicker(trimEvery)
	defer ticker.Stop()
	for {
		select {
		case <-k.stop:
			return
		case <-ticker.C:
			k.cluster.ApplyRetention()
		}
	}
}

// Write hands over a transaction's records, written when it was committed; what went wrong is told to failed, from another goroutine.
func (k *Kafka) Write(ctx context.Context, tx shop.Transaction, failed func(error)) {
	for _, l := range tx.Lines {
		r := &kgo.Record{Topic: Topic(l.Table), Value: l.JSON, Timestamp: tx.Commit}
		if !l.Change {
			r.Value = nil // a tombstone
		}
		k.client.Produce(ctx, r, func(_ *kgo.Record, err error) {
			if err != nil {
				failed(err)
			}
		})
	}
}

// Flush waits until everything that was handed over is written.
func (k *Kafka) Flush(ctx context.Context) error { return k.client.Flush(ctx) }

// Close ends the broker. It is idempotent.
func (k *Kafka) Close() {
	select {
	case <-k.stop:
		return
	default:
	}
	close(k.stop)
	<-k.done
	if k.client != nil {
		k.client.Close()
	}
	k.cluster.Close()
}
