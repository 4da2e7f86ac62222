package engine

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/asofdb/asof/engine/record"
	"github.com/asofdb/asof/sql/types"
)

// ingest reads one origin: four goroutines in a row, so that they overlap. read decodes polls into chunks; gather completes them, and alone decides times; commit makes what was
// gathered durable, in order; apply brings durable changes to the entity logs and publishes.
// The queues between them hold one element each: a slow disk holds back the reader.
type ingest struct {
	src     *source
	reader  Reader
	decoder Decoder
	cancel  context.CancelCauseFunc
	done    chan struct{}

	// fields below belong to the gathering goroutine
	sealed    chan<- *sealed
	state     sourceState
	seen      *seen
	completer completer
	staged    *staging
	readTo    Position // everything before it has been taken in; the durable position stays behind while rows are staged
	records   int64    // taken in between the two
	rejected  []reject // met between the two
	delays    delays
	wasAtEnd  bool
	ended     bool      // the input's end has been met
	endSince  time.Time // since when the reader has stood at the input's end
	idleAt    time.Time // when the last commit without changes was made
}

// chunk is what one poll decoded to. Its memory is its own.
type chunk struct {
	events  []Event
	places  []Position // after each event
	lines   []int64
	raw     []string // the records of the events, if they may have to be kept as rejects
	rejects []reject
	// next is the position after the whole chunk.
	next     Position
	records  int64
	stop     *stopped // a bad record under on_bad_record = 'stop' ended the chunk
	atEnd    bool
	complete bool
	polled   time.Time
	size     int64
}

// reject is a bad record that was kept. at is the number of events before it in its chunk.
type reject struct {
	Line   int64
	Reason string
	Record string
	Wall   int64
	at     int
}

// stopped is why reading ended at a bad record.
type stopped struct {
	line   int64
	reason string
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
	s.running, s.failure, s.paused = in, nil, false
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
	in.state.Stopped, in.state.StoppedLine = "", 0
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
	from := in.state.Position
	in.readTo = from
	if h, ok := in.decoder.(Header); ok {
		if from, err = readHeader(ctx, connector, options, h, from); err != nil {
			return fmt.Errorf("read the header of source %q: %w", s.rec.Name, err)
		}
	}
	in.reader, err = connector.Open(ctx, options, from)
	in.staged = newStaging(s, &in.state)
	in.completer = completer{src: s, pending: newImages(), truncated: lastTruncation(in.state.Truncations)}
	return err
}

// readHeader gives the decoder the input's first record and returns where the rows begin.
func readHeader(ctx context.Context, c SourceConnector, options map[string]string, h Header, from Position) (Position, error) {
	r, err := c.Open(ctx, options, Position{})
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
			if from == (Position{}) {
				from = p.Records[0].Next
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
	limit := in.src.eng.options.BatchChanges
	for {
		poll, err := in.reader.Read(ctx, limit)
		if err != nil {
			return err
		}
		ch := in.decode(poll)
		select {
		case out <- ch:
		case <-ctx.Done():
			return ctx.Err()
		}
		if ch.stop != nil || ch.complete {
			return nil
		}
	}
}

// decode turns a poll into a chunk that shares nothing with it.
func (in *ingest) decode(poll Poll) *chunk {
	ch := &chunk{atEnd: poll.AtEnd, complete: poll.Complete, polled: in.src.eng.options.Clock(), size: poll.Size}
	n := len(poll.Records)
	ch.events = make([]Event, 0, n)
	ch.places = make([]Position, 0, n)
	ch.lines = make([]int64, 0, n)
	var text arena
	for i := range poll.Records {
		rec := &poll.Records[i]
		ch.records++
		var ev Event
		if err := in.decoder.Decode(*rec, &ev); err != nil {
			if !in.src.settings.rejects {
				ch.stop = &stopped{rec.Line, reasonOf(err)}
				ch.atEnd, ch.complete = false, false
				return ch
			}
			ch.next = rec.Next
			ch.rejects = append(ch.rejects, newReject(rec.Line, reasonOf(err), string(rec.Value[:min(len(rec.Value), rejectedBytes)]), ch.polled, len(ch.events)))
			continue
		}
		text.keep(ev.Before)
		text.keep(ev.After)
		text.keep(ev.KeyOnly)
		ch.events = append(ch.events, ev)
		ch.places = append(ch.places, rec.Next)
		ch.lines = append(ch.lines, rec.Line)
		if in.src.settings.rejects {
			ch.raw = append(ch.raw, string(rec.Value[:min(len(rec.Value), rejectedBytes)]))
		}
		ch.next = rec.Next
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

func newReject(line int64, reason, raw string, now time.Time, at int) reject {
	return reject{Line: line, Reason: reason, Record: strings.Clone(raw[:min(len(raw), rejectedBytes)]), Wall: now.UnixMicro(), at: at}
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
	in.src.publish(b.state)
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
