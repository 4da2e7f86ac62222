// Command consumer is what one would write by hand instead of asof: a consumer group that reads a topic of orders as Debezium writes them and keeps in Redis what a customer's twelve values are
// computed from. bench/stream runs it on the topic that asof reads, in the same run, with --peer.
//
// A customer is a sorted set: a member for each live order, its id and amount, by created_at. A read takes the last thirty days of it and counts, adds up and compares them in the client, so that
// windows slide exactly. (Counters by HINCRBY in buckets of a minute and an hour cost four commands a change and have neither a maximum nor a window that slides.) Partitions are applied beside each
// other; a poll's changes of an order are one, those of a customer are sent in one command, a partition's in one pipeline; offsets are committed once Redis has replied.
//
// What it does not do, and asof does:
//
//   - no past: what a value was yesterday is gone, so that there is no training set;
//   - not durable: Redis keeps it in memory, and with its log synced every second loses a second that the group's offsets have left behind;
//   - not exact under redelivery: while changes are read again, readers see rows as they were, and rows that are gone;
//   - no moment that a read answers for, no transaction that is visible whole, no order between partitions;
//   - without before images (regime C) another copy of every order in Redis, to find what an update or a delete ends;
//   - customers that never order again keep their orders for good.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"log"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/twmb/franz-go/pkg/kgo"
	"golang.org/x/sync/errgroup"
)

type settings struct {
	brokers, topic, group, redis string
	lookup                       bool
	changes                      int
	customers                    string
	at                           int64
}

// result is what the program prints.
type result struct {
	Seconds float64 // from the partitions' assignment until the last change is in Redis and its offset committed
	CPU     float64 // seconds
	Values  map[string]values
}

func main() {
	var s settings
	flag.StringVar(&s.brokers, "brokers", "", "the Kafka to read")
	flag.StringVar(&s.topic, "topic", "", "the topic to read")
	flag.StringVar(&s.group, "group", "features", "the consumer group")
	flag.StringVar(&s.redis, "redis", "", "the URL of the Redis to write")
	flag.BoolVar(&s.lookup, "lookup", false, "records have no before images: keep orders, to look them up")
	flag.IntVar(&s.changes, "changes", 0, "how many changes to read")
	flag.StringVar(&s.customers, "customers", "", "customers whose values are printed at the end, with commas in between")
	flag.Int64Var(&s.at, "at", 0, "the moment whose values they are, in µs")
	flag.Parse()
	r, err := s.run(context.Background())
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(r)
	}
	if err != nil {
		log.Fatal(err)
	}
}

// pollRecords is how many records are taken at once, of all partitions.
const pollRecords = 20_000

func (s *settings) run(ctx context.Context) (r result, err error) {
	o, err := redis.ParseURL(s.redis)
	if err != nil {
		return r, err
	}
	db := redis.NewClient(o)
	defer db.Close()
	assigned := make(chan time.Time, 1)
	c, err := kgo.NewClient(kgo.SeedBrokers(strings.Split(s.brokers, ",")...), kgo.ConsumerGroup(s.group), kgo.ConsumeTopics(s.topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.AutoCommitMarks(), kgo.BlockRebalanceOnPoll(), kgo.FetchMaxPartitionBytes(4<<20),
		kgo.OnPartitionsAssigned(func(context.Context, *kgo.Client, map[string][]int32) {
			select {
			case assigned <- time.Now():
			default:
			}
		}))
	if err != nil {
		return r, err
	}
	defer c.Close()
	writers := map[int32]*writer{}
	for n := 0; n < s.changes; {
		fetches := c.PollRecords(ctx, pollRecords)
		if err := fetches.Err(); err != nil {
			return r, err
		}
		g, ctx := errgroup.WithContext(ctx)
		fetches.EachPartition(func(p kgo.FetchTopicPartition) {
			w := writers[p.Partition]
			if w == nil {
				w = &writer{db: db, lookup: s.lookup}
				writers[p.Partition] = w
			}
			g.Go(func() error { return w.apply(ctx, p.Records) })
		})
		if err := g.Wait(); err != nil {
			return r, err
		}
		c.MarkCommitRecords(fetches.Records()...)
		c.AllowRebalance()
		n += fetches.NumRecords()
	}
	if err := c.CommitMarkedOffsets(ctx); err != nil {
		return r, err
	}
	r.Seconds = time.Since(<-assigned).Seconds()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return r, err
	}
	r.CPU = time.Duration(u.Utime.Nano() + u.Stime.Nano()).Seconds()
	r.Values = map[string]values{}
	for name := range strings.SplitSeq(s.customers, ",") {
		v, readErr := read(ctx, db, name, s.at)
		r.Values[name], err = v, errors.Join(err, readErr)
	}
	return r, err
}
