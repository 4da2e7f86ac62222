package kafka

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/asofdb/asof/engine"
)

const (
	// pollWait is how long a Read waits for a record before it returns what it knows of the partitions' ends.
	pollWait = 20 * time.Millisecond
	// retryWait is how long a Read waits where no broker answers, and a partition that could not be read.
	retryWait = time.Second
	// connectTimeout bounds one try to reach the cluster.
	connectTimeout = 10 * time.Second
	// Bounds of what is fetched at once, of all partitions of a broker and of one. A larger batch comes alone.
	fetchBytes, fetchPartitionBytes = 32 << 20, 4 << 20
)

// reader reads the partitions of a source's topics. It connects in its first Read, and again until it succeeds: a cluster that is away is waited for.
type reader struct {
	*options
	from engine.Positions

	admin    *cluster
	consumer *kgo.Client
	parts    []engine.Partition
	places   []place
	index    map[topicPartition]int
	held     []bool
	retry    map[int]time.Time // partitions that could not be read, and when to try again
	trouble  string            // of the last Read
	records  []engine.Record

	watch   *watch
	closing sync.Once
	closed  chan struct{}
}

type topicPartition struct {
	topic     string
	partition int32
}

// place is how far a partition has been read.
type place struct {
	topicPartition
	role role
	next int64 // offset
	mark uint64
}

func newReader(_ context.Context, o *options, from engine.Positions) (*reader, error) {
	return &reader{options: o, from: from, index: map[topicPartition]int{}, retry: map[int]time.Time{}, closed: make(chan struct{})}, nil
}

// Partitions implements engine.Partitioned.
func (r *reader) Partitions() []engine.Partition { return r.parts }

// Hold implements engine.Partitioned.
func (r *reader) Hold(held []bool) {
	if r.consumer == nil || slices.Equal(held, r.held) {
		return
	}
	pause, resume := map[string][]int32{}, map[string][]int32{}
	for i, h := range held {
		if was := i < len(r.held) && r.held[i]; h != was {
			m := resume
			if h {
				m = pause
			}
			m[r.places[i].topic] = append(m[r.places[i].topic], r.places[i].partition)
		}
	}
	r.consumer.PauseFetchPartitions(pause)
	r.consumer.ResumeFetchPartitions(resume)
	r.held = slices.Clone(held)
}

// Read implements engine.Reader.
func (r *reader) Read(ctx context.Context, limit int) (engine.Poll, error) {
	if r.consumer == nil {
		if err := r.start(ctx); err != nil {
			return r.waiting(ctx, err)
		}
	}
	if err := r.news(); err != nil {
		return engine.Poll{}, err
	}
	waiting, cancel := context.WithTimeout(ctx, pollWait)
	fetches := r.consumer.PollRecords(waiting, limit)
	cancel()
	if err := ctx.Err(); err != nil {
		return engine.Poll{}, err
	}
	select {
	case <-r.closed:
		return engine.Poll{}, errors.New("the reader is closed")
	default:
	}
	r.records, r.trouble = r.records[:0], ""
	var failure error
	fetches.EachPartition(func(p kgo.FetchTopicPartition) {
		i, ok := r.index[topicPartition{p.Topic, p.Partition}]
		if !ok { // an error of the client's own, of no partition
			failure = cmpErr(failure, r.fetchError(-1, p.Err))
			return
		}
		for _, rec := range p.Records {
			r.take(i, rec)
		}
		if p.Err != nil {
			failure = cmpErr(failure, r.fetchError(i, p.Err))
		}
	})
	if failure != nil {
		return engine.Poll{}, failure
	}
	r.again()
	poll := engine.Poll{Records: r.records, Trouble: r.trouble}
	poll.Ends, poll.Behind = r.watch.ends(r.places, len(r.records) == 0)
	if poll.Trouble == "" {
		poll.Trouble = r.watch.trouble()
	}
	return poll, nil
}

func cmpErr(first, second error) error {
	if first != nil {
		return first
	}
	return second
}

// take adds a record to the poll.
func (r *reader) take(i int, rec *kgo.Record) {
	p := &r.places[i]
	if rec.Offset < p.next { // fetched twice
		return
	}
	p.next = rec.Offset + 1
	if rec.Attrs.IsControl() { // the end of a Kafka transaction, which has an offset and nothing in it
		return
	}
	at := engine.NoTime
	if rec.Timestamp.UnixMilli() >= 0 {
		at = rec.Timestamp.UnixMicro()
	}
	r.records = append(r.records, engine.Record{
		Key: rec.Key, Value: rec.Value, OldKey: oldKey(rec), Partition: i, Line: rec.Offset, Time: at,
		Next: engine.Position{Offset: p.next, Mark: p.mark, Epoch: max(rec.LeaderEpoch, 0)},
	})
}

// oldKey is what Debezium's connector says of a row whose primary key has changed: the delete and the create that it sends of it are two records, which need not be in one partition.
func oldKey(rec *kgo.Record) []byte {
	for i := range rec.Headers {
		if rec.Headers[i].Key == "__debezium.oldkey" {
			return rec.Headers[i].Value
		}
	}
	return nil
}

// fetchError decides what the error of a partition means: lost records and other topics are the end, everything else is tried again.
func (r *reader) fetchError(i int, err error) error {
	var lost *kgo.ErrDataLoss
	switch {
	case errors.Is(err, context.DeadlineExceeded): // of the Read's own wait
		return nil
	case errors.As(err, &lost):
		gap := engine.Gap{Partition: partitionName(lost.Topic, lost.Partition), From: lost.ConsumedTo, To: engine.Position{Offset: lost.ResetTo}, Why: "the log was cut at an election of a leader"}
		if i >= 0 {
			gap.To.Mark = r.places[i].mark
		}
		return gapError(gap)
	case i >= 0 && errors.Is(err, kerr.OffsetOutOfRange):
		ctx, cancel := context.WithTimeout(context.Background(), connectTimeout)
		defer cancel()
		var gap *engine.GapError
		if err := r.admin.checkPlaces(ctx, r.places[i:i+1]); errors.As(err, &gap) {
			return err
		}
	}
	r.trouble = "waiting for Kafka: " + err.Error()
	if i >= 0 {
		r.trouble = fmt.Sprintf("waiting for Kafka: partition %s: %v", r.parts[i].Name, err)
		if !kerr.IsRetriable(err) {
			r.retry[i] = time.Now().Add(retryWait)
		}
	}
	return nil
}

// again assigns anew the partitions that the client has given up, at their places.
func (r *reader) again() {
	for i, at := range r.retry {
		if time.Now().Before(at) {
			continue
		}
		delete(r.retry, i)
		p := r.places[i]
		r.consumer.RemoveConsumePartitions(map[string][]int32{p.topic: {p.partition}})
		r.consumer.AddConsumePartitions(map[string]map[int32]kgo.Offset{p.topic: {p.partition: kgo.NewOffset().At(p.next)}})
	}
}

// waiting is the Poll of a Read that could not reach the cluster.
func (r *reader) waiting(ctx context.Context, err error) (engine.Poll, error) {
	var gap *engine.GapError
	if ctx.Err() != nil || errors.As(err, &gap) {
		return engine.Poll{}, cmpErr(ctx.Err(), err)
	}
	timer := time.NewTimer(retryWait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return engine.Poll{}, ctx.Err()
	case <-r.closed:
		return engine.Poll{}, errors.New("the reader is closed")
	case <-timer.C:
		return engine.Poll{Trouble: "waiting for Kafka: " + err.Error()}, nil
	}
}

// start connects and assigns the partitions that there are.
func (r *reader) start(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	admin, err := r.connect(ctx)
	if err != nil {
		return err
	}
	f, err := admin.find(ctx)
	var parts []engine.Partition
	var places []place
	if err == nil {
		parts, places, err = admin.begin(ctx, f.topics, r.from)
	}
	if err == nil {
		err = admin.checkPlaces(ctx, places)
	}
	if err != nil {
		admin.close()
		return err
	}
	consumer, err := kgo.NewClient(append(r.client(),
		kgo.ConsumePartitions(offsets(places)), kgo.ConsumeResetOffset(kgo.NoResetOffset()), kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.KeepControlRecords(),
		kgo.FetchMaxBytes(fetchBytes), kgo.FetchMaxPartitionBytes(fetchPartitionBytes), kgo.FetchMaxWait(250*time.Millisecond),
	)...)
	if err != nil {
		admin.close()
		return err
	}
	r.admin, r.consumer = admin, consumer
	r.join(parts, places)
	r.watch = startWatch(admin, f.topics)
	return nil
}

func (r *reader) join(parts []engine.Partition, places []place) {
	for i := range parts {
		r.index[places[i].topicPartition] = len(r.parts)
		r.parts, r.places = append(r.parts, parts[i]), append(r.places, places[i])
	}
}

// news takes up what the watch has found: partitions that were added, or that a topic is not the one it was.
func (r *reader) news() error {
	added, replaced := r.watch.news()
	for _, t := range replaced {
		if err := r.replaced(t); err != nil {
			return err
		}
	}
	for _, t := range added {
		ctx, cancel := context.WithTimeout(context.Background(), connectTimeout)
		parts, places, err := r.admin.begin(ctx, []foundTopic{t}, engine.Positions{})
		cancel()
		if err != nil {
			r.watch.notYet(t)
			r.trouble = "waiting for Kafka: " + err.Error()
			return nil
		}
		var newParts []engine.Partition
		var newPlaces []place
		for i := range parts {
			if _, known := r.index[places[i].topicPartition]; !known {
				newParts, newPlaces = append(newParts, parts[i]), append(newPlaces, places[i])
			}
		}
		r.join(newParts, newPlaces)
		r.consumer.AddConsumePartitions(offsets(newPlaces))
	}
	return nil
}

// replaced is told of a topic that was deleted and made again. Of rows that is the end; what else there is begins anew.
func (r *reader) replaced(t foundTopic) error {
	var gaps []engine.Gap
	for i := range r.places {
		switch p := &r.places[i]; {
		case p.topic != t.name:
		case p.role == rows:
			gaps = append(gaps, engine.Gap{Partition: r.parts[i].Name, From: p.next, To: engine.Position{Mark: t.mark}, Why: madeAgain(t.name)})
		default:
			p.next, p.mark = 0, t.mark
			r.retry[i] = time.Now()
		}
	}
	if gaps == nil {
		return nil
	}
	return gapError(gaps...)
}

func madeAgain(topic string) string { return fmt.Sprintf("topic %q was deleted and made again", topic) }

func offsets(places []place) map[string]map[int32]kgo.Offset {
	m := map[string]map[int32]kgo.Offset{}
	for _, p := range places {
		if m[p.topic] == nil {
			m[p.topic] = map[int32]kgo.Offset{}
		}
		m[p.topic][p.partition] = kgo.NewOffset().At(p.next)
	}
	return m
}

// Close implements engine.Reader.
func (r *reader) Close() error {
	r.closing.Do(func() {
		close(r.closed)
		if r.watch != nil {
			r.watch.close()
		}
		if r.consumer != nil {
			r.consumer.Close()
			r.admin.close()
		}
	})
	return nil
}
