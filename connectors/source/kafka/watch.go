package kafka

import (
	"context"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
)

const (
	// endsEvery is how often the brokers are asked for the ends of the partitions while there is nothing else to read: a quiet partition holds back a transaction by as much. endsBusy is how
	// often they are asked otherwise, for the count of records that are left.
	endsEvery = 20 * time.Millisecond
	endsBusy  = 250 * time.Millisecond
	// topicsEvery is how often they are asked for the topics.
	topicsEvery = time.Second
)

// watch asks the brokers, beside the reading of records, where partitions end and whether topics are as they were. One goroutine, which close ends.
type watch struct {
	cluster *cluster
	cancel  context.CancelFunc
	done    chan struct{}

	// mu guards what follows.
	mu       sync.Mutex
	known    map[string]foundTopic
	end      map[topicPartition]end
	asked    time.Time // when what end says was true
	busy     bool      // records are being read
	added    []foundTopic
	replaced []foundTopic // topics that are others of the same name
	problem  string
}

// end is where a partition ends: stable is behind high while a Kafka transaction is open.
type end struct{ stable, high int64 }

func startWatch(c *cluster, topics []foundTopic) *watch {
	ctx, cancel := context.WithCancel(context.Background())
	w := &watch{cluster: c, cancel: cancel, done: make(chan struct{}), known: map[string]foundTopic{}}
	for _, t := range topics {
		w.known[t.name] = t
	}
	go w.run(ctx)
	return w
}

func (w *watch) close() {
	w.cancel()
	<-w.done
}

func (w *watch) run(ctx context.Context) {
	defer close(w.done)
	ticker := time.NewTicker(endsEvery)
	defer ticker.Stop()
	topics := time.Now().Add(topicsEvery)
	for {
		if w.due() {
			err := w.askEnds(ctx)
			if err == nil && time.Now().After(topics) {
				err = w.askTopics(ctx)
				topics = time.Now().Add(topicsEvery)
			}
			if ctx.Err() != nil {
				return
			}
			w.note(err)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// due reports whether the ends are to be asked for.
func (w *watch) due() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return !w.busy || time.Since(w.asked) >= endsBusy
}

func (w *watch) note(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.problem = ""; err != nil {
		w.problem = "waiting for Kafka: " + err.Error()
	}
}

// askEnds asks for the ends of all partitions.
func (w *watch) askEnds(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	names := w.names()
	asked := time.Now() // before the requests: what they answer was true then or later
	stable, err := w.cluster.admin.ListCommittedOffsets(ctx, names...)
	if err != nil {
		return err
	}
	high, err := w.cluster.admin.ListEndOffsets(ctx, names...)
	if err != nil {
		return err
	}
	ends := map[topicPartition]end{}
	stable.Each(func(o kadm.ListedOffset) {
		h, ok := high.Lookup(o.Topic, o.Partition)
		if o.Err != nil || !ok || h.Err != nil {
			err = o.Err
			return
		}
		ends[topicPartition{o.Topic, o.Partition}] = end{o.Offset, h.Offset}
	})
	w.mu.Lock()
	defer w.mu.Unlock()
	w.end, w.asked = ends, asked
	return err
}

func (w *watch) names() (names []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for name := range w.known {
		names = append(names, name)
	}
	return names
}

// askTopics looks for topics and partitions that were added, and for topics that were made again.
func (w *watch) askTopics(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	f, err := w.cluster.find(ctx)
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, t := range f.topics {
		old, known := w.known[t.name]
		switch {
		case known && old.mark != t.mark && old.mark != 0 && t.mark != 0:
			w.replaced = append(w.replaced, t)
			w.known[t.name] = t
		case !known || t.partitions > old.partitions:
			w.known[t.name] = t
			w.added = append(w.added, t)
		}
	}
	return nil
}

// news are the topics that have partitions which nobody reads yet, and those that are others than they were, each told once.
func (w *watch) news() (added, replaced []foundTopic) {
	w.mu.Lock()
	defer w.mu.Unlock()
	added, replaced = w.added, w.replaced
	w.added, w.replaced = nil, nil
	return added, replaced
}

// notYet puts back a topic that could not be read.
func (w *watch) notYet(t foundTopic) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.added = append(w.added, t)
}

func (w *watch) trouble() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.problem
}

// ends says how long ago partitions that have been read to these places were known to be at their ends, and how many records are behind the places. idle sets the pace of asking.
func (w *watch) ends(places []place, idle bool) (ages []time.Duration, behind int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.busy = !idle
	ages = make([]time.Duration, len(places))
	age := time.Since(w.asked)
	for i, p := range places {
		ages[i] = -1
		e, ok := w.end[p.topicPartition]
		if ok && p.next >= e.stable && e.stable == e.high {
			ages[i] = age
		}
		if ok {
			behind += max(0, e.high-p.next)
		}
	}
	return ages, behind
}
