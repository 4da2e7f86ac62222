package engine

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync/atomic"
	"time"

	"github.com/asofdb/asof/engine/record"
	"github.com/asofdb/asof/sql/types"
)

// ingest reads one origin: four goroutines in a row, so that they overlap. read decodes polls into chunks; gather brings the partitions into one order and completes changes, and alone decides times;
// commit makes what was gathered durable, in order; apply brings durable changes to the entity logs and publishes.
// The queues between them hold one element each: a slow disk holds back the reader.
type ingest struct {
	src     *source
	reader  Reader
	parted  Partitioned // the reader, where it is
	decoder Decoder
	cancel  context.CancelCauseFunc
	done    chan struct{}
	// hold are the partitions that the gathering goroutine wants left alone.
	hold atomic.Pointer[[]bool]

	// fields below belong to the gathering goroutine
	sealed    chan<- *sealed
	state     sourceState
	seen      *seen
	named     *keySet // the rows that a snapshot taken again has had, nil while there is none
	completer completer
	staged    *staging
	merge     *merge // nil where the input has no partitions
	names     []string
	durable   []Position // by partition: everything before it is in the batch or in an earlier one
	readTo    []Position // everything before it has been taken in; the durable position stays behind while rows are staged
	behind    bool       // the two differ
	joined    bool       // partitions were taken up since the last commit
	records   int64      // taken in between the two
	rejected  []reject   // met between the two
	delays    delays
	wasAtEnd  bool
	ended     bool      // the input's end has been met
	endSince  time.Time // since when the reader has stood at the input's end
	idleAt    time.Time // when the last commit without changes was made
}

// chunk is what one poll decoded to. Its memory is its own.
type chunk struct {
	items    []*item
	parts    []Partition     // those that the reader has, nil where it has none
	ends     []time.Duration // as in Poll
	stopping bool            // the last item is a bad record under on_bad_record = 'stop'
	atEnd    bool
	complete bool
	polled   time.Time // not after the moment at which the reader looked: on a busy machine much may be written between that and Read's return
	size     int64
	behind   int64
	trouble  string
	// merged is set for what has gone through merge: everything committed at floor and before has been read then.
	merged bool
	floor  int64
}

// reject is a bad record that was kept.
type reject struct {
	Partition string `json:",omitempty"`
	Line      int64
	Reason    string
	Record    string
	Wall      int64
}

// stopped is why reading ended at a bad record.
type stopped struct {
	partition string
	line      int64
	reason    string
}

// committed is a durable batch on its way to the entity logs.
type committed struct {
	changes []record.Change
	state   sourceState
	atEnd   bool  // nothing was left to read behind it
	size    int64 // of the input
	lag     time.Duration
}

var errPaused = errors.New("paused")

// startIngest opens the reader and starts the goroutines. The caller holds no locks.
func (s *source) startIngest() error {
	ctx, cancel := context.WithCancelCause(s.eng.ctx)
	in := &ingest{src: s, cancel: cancel, done: make(chan struct{})}
	s.mu.Lock()
	if s.running != nil || s.broken != nil || s.eng.closed.Load() {
		err := errors.Join(s.broken, s.eng.usable())
		s.mu.Unlock()
		cancel(nil)
		return err
	}
	s.running, s.failure, s.paused, s.assigned, s.trouble = in, nil, false, false, ""
	in.state = s.state
	s.mu.Unlock()
	if err := in.open(ctx); err != nil {
		err = readError(ctx, err)
		cancel(nil)
		s.ended(in, err)
		close(in.done)
		return err
	}
	s.eng.tasks.Go(func() { in.run(ctx) })
	return nil
}

func (in *ingest) open(ctx context.Context) error {
	s := in.src
	in.state.Stopped, in.state.StoppedLine, in.state.StoppedPartition = "", 0, ""
	options, err := s.connectorOptions()
	if err != nil {
		return err
	}
	spec := SourceSpec{Name: s.rec.Name, Columns: s.rec.Columns, Key: s.rec.Key, Table: s.rec.Options["table"], Begun: in.state.Table, Options: maps.Clone(options)}
	if s.regime == believed {
		spec.Options["missing_before"] = "error" // before images must be readable to the last column
	}
	format, ok := s.eng.options.Connectors.Formats[s.rec.Format]
	if !ok {
		return types.Errorf(types.CodeNotSupported, "this program was built without FORMAT %s", s.rec.Format)
	}
	connector, ok := s.eng.options.Connectors.Sources[s.rec.Options["connector"]]
	if !ok {
		return types.Errorf(types.CodeNotSupported, "this program was built without connector %q", s.rec.Options["connector"])
	}
	if in.decoder, err = format.New(spec); err != nil {
		return err
	}
	view := s.eng.db.View()
	defer view.Close()
	if in.seen, err = s.loadSeen(view); err != nil {
		return err
	}
	if in.state.Again != nil {
		if in.named, err = s.loadNamed(view); err != nil {
			return err
		}
	}
	from := in.state.Positions
	if h, ok := in.decoder.(Header); ok {
		if from, err = readHeader(ctx, connector, options, h, from); err != nil {
			return fmt.Errorf("read the header of source %q: %w", s.rec.Name, err)
		}
	}
	if in.reader, err = connector.Open(ctx, options, from); err != nil {
		return err
	}
	if in.parted, _ = in.reader.(Partitioned); in.parted != nil {
		in.merge = newMerge(&s.settings, &in.state)
		in.join(in.parted.Partitions())
	} else {
		in.join([]Partition{{}})
	}
	in.staged = newStaging(s, &in.state)
	in.completer = completer{src: s, pending: newImages(), truncated: lastTruncation(in.state.Truncations)}
	return nil
}

// join takes up partitions that the reader has found.
func (in *ingest) join(list []Partition) {
	for _, p := range list[len(in.names):] {
		at, known := in.state.Positions[p.Name]
		if !known {
			at = p.Begin
			in.state.MidStream = in.state.MidStream || p.MidStream
		}
		in.names = append(in.names, p.Name)
		in.durable, in.readTo = append(in.durable, at), append(in.readTo, at)
	}
	if in.merge != nil {
		in.merge.join(list, in.readTo)
		in.joined = true
	}
}

// readHeader gives the decoder the input's first record and returns where the rows begin.
func readHeader(ctx context.Context, c SourceConnector, options map[string]string, h Header, from Positions) (Positions, error) {
	r, err := c.Open(ctx, options, nil)
	if err != nil {
		return from, err
	}
	defer r.Close()
	for {
		p, err := r.Read(ctx, 1)
		if err != nil {
			return from, err
		}
		if len(p.Records) > 0 {
			if err := h.ReadHeader(p.Records[0]); err != nil {
				return from, err
			}
			if from == nil {
				from = Positions{"": p.Records[0].Next}
			}
			return from, nil
		}
		if p.Complete {
			return from, nil
		}
	}
}

func (in *ingest) run(ctx context.Context) {
	chunks, batches, durable := make(chan *chunk, 1), make(chan *sealed, 1), make(chan *committed, 1)
	results := make(chan error, 4)
	in.sealed = batches
	stage := func(f func() error) {
		go func() {
			err := in.guarded(f)
			if err != nil {
				in.cancel(err)
			}
			results <- err
		}()
	}
	stage(func() error { defer close(chunks); return in.read(ctx, chunks) })
	stage(func() error { defer close(batches); return in.gather(ctx, chunks) })
	stage(func() error { defer close(durable); return in.commit(batches, durable) })
	stage(func() error { return in.apply(durable) })
	var failure error
	for range cap(results) {
		if err := <-results; err != nil && failure == nil && !errors.Is(err, context.Canceled) {
			failure = err
		}
	}
	if failure == nil && ctx.Err() != nil {
		failure = context.Cause(ctx)
	}
	in.reader.Close()
	in.cancel(nil)
	in.src.ended(in, failure)
	close(in.done)
}

// guarded runs a stage. After a panic nobody knows what memory holds of what is durable.
func (in *ingest) guarded(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = in.src.eng.caught(p)
			in.src.breaks(err)
		}
	}()
	return f()
}

// ended notes that ingest has come to its end.
func (s *source) ended(in *ingest, failure error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running = nil
	s.paused = errors.Is(failure, errPaused)
	if s.paused {
		failure = nil
	}
	s.failure = failure
	s.broadcastLocked()
}

// breaks notes why the source must not be read on: it was dropped, or memory no longer follows the log.
func (s *source) breaks(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.broken = err
}

// stop ends ingest and waits; what has been read and not committed will be read again.
func (s *source) stop(cause error) {
	s.mu.Lock()
	in := s.running
	s.mu.Unlock()
	if in != nil {
		in.cancel(cause)
		<-in.done
	}
}

// read is the first stage.
func (in *ingest) read(ctx context.Context, out chan<- *chunk) error {
	limit, clock := in.src.eng.options.BatchChanges, in.src.eng.options.Clock
	for {
		if hold := in.hold.Load(); hold != nil {
			in.parted.Hold(*hold)
		}
		asked := clock()
		poll, err := in.reader.Read(ctx, limit)
		if err != nil {
			return err
		}
		polled := clock()
		if looked := asked.Add(poll.Waited); in.parted == nil && looked.Before(polled) { // a partitioned reader says in Ends when it looked
			polled = looked
		}
		ch := in.decode(poll, polled)
		select {
		case out <- ch:
		case <-ctx.Done():
			return ctx.Err()
		}
		if ch.stopping || ch.complete {
			return nil
		}
	}
}

// decode turns a poll, whose reader looked at the input at polled, into a chunk that shares nothing with it.
func (in *ingest) decode(poll Poll, polled time.Time) *chunk {
	ch := &chunk{atEnd: poll.AtEnd, complete: poll.Complete, ends: slices.Clone(poll.Ends), polled: polled, size: poll.Size, behind: poll.Behind, trouble: poll.Trouble}
	if in.parted != nil {
		ch.parts = in.parted.Partitions()
	}
	items := make([]item, len(poll.Records))
	ch.items = make([]*item, len(poll.Records))
	var text arena
	for i := range poll.Records {
		rec, it := &poll.Records[i], &items[i]
		it.part, it.place, it.line, it.time, ch.items[i] = rec.Partition, rec.Next, rec.Line, rec.Time, it
		err := in.decoder.Decode(*rec, &it.event)
		if err == nil && in.src.settings.recordTime && it.event.Kind == ChangeEvent {
			if it.event.Commit = rec.Time; rec.Time == NoTime {
				err = badf("the record has no timestamp, which would be its commit time")
			}
		}
		switch {
		case err == nil:
			text.keep(it.event.Before)
			text.keep(it.event.After)
			text.keep(it.event.KeyOnly)
			text.keep(it.event.OldKey)
			if in.src.settings.rejects {
				it.raw = string(rec.Value[:min(len(rec.Value), rejectedBytes)])
			}
		case in.src.settings.rejects:
			it.event = Event{Commit: NoTime}
			it.reject = ch.newReject(it, reasonOf(err), string(rec.Value[:min(len(rec.Value), rejectedBytes)]))
		default:
			it.event = Event{Commit: NoTime}
			it.stop = ch.stoppedAt(it, reasonOf(err))
			ch.items, ch.stopping, ch.atEnd, ch.complete = ch.items[:i+1], true, false, false
			return ch
		}
	}
	return ch
}

// reasonOf is what is wrong with a record and how to mend it, in one line.
func reasonOf(err error) string {
	var te *types.Error
	if errors.As(err, &te) && te.Hint != "" {
		return te.Message + " (" + te.Hint + ")"
	}
	return err.Error()
}

// rejectedBytes is how much of a bad record is kept.
const rejectedBytes = 64 << 10

func (ch *chunk) newReject(it *item, reason, raw string) *reject {
	return &reject{Partition: ch.partition(it), Line: it.line, Reason: reason, Record: raw, Wall: ch.polled.UnixMicro()}
}

func (ch *chunk) stoppedAt(it *item, reason string) *stopped {
	return &stopped{ch.partition(it), it.line, reason}
}

func (ch *chunk) partition(it *item) string {
	if ch.parts == nil {
		return ""
	}
	return ch.parts[it.part].Name
}

// apply is the fourth stage.
func (in *ingest) apply(batches <-chan *committed) error {
	var failure error
	for b := range batches { // to the last one: the commit stage does not give up what is durable
		if failure != nil {
			continue
		}
		failure = in.guarded(func() error { return in.show(b) })
		if failure != nil {
			in.cancel(failure)
		}
	}
	return failure
}

// show applies a durable batch and lets readers see it.
func (in *ingest) show(b *committed) error {
	if err := in.src.applyCommitted(b.changes); err != nil {
		in.src.breaks(fmt.Errorf("source %q must be opened anew: %w", in.src.rec.Name, err))
		return err
	}
	passed(stepApplied)
	in.src.publish(b.state)
	passed(stepPublished)
	if in.src.settings.follow && !in.src.relation.PlainTable {
		in.src.fresh.applied(b.changes, in.src.rec.Created)
		in.src.fresh.seen(in.src.published.Load().frontier, in.src.eng.options.Clock())
	}
	in.src.progressed(b)
	in.src.eng.checkpoints.consider()
	return nil
}

// progressed notes how far reading is.
func (s *source) progressed(b *committed) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.size, s.lag = max(s.size, b.size), b.lag
	if b.atEnd && !s.reachedEnd {
		s.reachedEnd = true
		s.broadcastLocked()
	}
}

// applyCommitted brings a commit's changes to every generation that has come as far.
func (s *source) applyCommitted(changes []record.Change) error {
	s.apply.Lock()
	defer s.apply.Unlock()
	for _, g := range s.generations {
		if err := g.apply(changes); err != nil {
			return err
		}
	}
	if n := len(changes); n > 0 {
		s.applied, s.appliedC = changes[n-1].Pos, changes[n-1].C
	}
	return nil
}
