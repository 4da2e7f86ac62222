package engine

import (
	"context"
	"encoding/json"
	"maps"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/asofdb/asof/engine/window"
	"github.com/asofdb/asof/sql/plan"
	"github.com/asofdb/asof/sql/types"
	"github.com/asofdb/asof/storage"
)

// regime says how a source's changes are completed; it decides what a change costs.
type regime uint8

const (
	// appendOnly: only inserts come; nothing is looked up.
	appendOnly regime = iota
	// believed: before images are complete and true; nothing is looked up.
	believed
	// lookup: before images come from the source's own row store.
	lookup
)

// endless is the frontier of a complete source.
const endless int64 = math.MaxInt64

// always is the beginning of a history that has none: nothing was before the first record. It is not NoTime, which says that the beginning is not known yet.
const always = NoTime + 1

// source is one declared table and, for a file, the origin that it is: reader, timeline, log, row store.
type source struct {
	eng      *Engine
	rec      sourceRecord
	types    []types.Type
	relation *plan.Relation
	regime   regime
	settings sourceSettings

	// published is what readers see; replaced as a whole after each applied commit.
	published atomic.Pointer[published]
	// truncations is replaced as a whole before the frontier that makes a TRUNCATE visible is published.
	truncations atomic.Pointer[[]window.Truncation]

	// mu guards state (as last made durable), running, failure and changed.
	mu      sync.Mutex
	state   sourceState
	running *ingest
	// failure is why ingest ended, nil while it runs, was paused or came to the input's end.
	failure error
	paused  bool
	// reachedEnd is set once the input's end has been met and what stood before it is durable; size is the input's, for progress.
	reachedEnd bool
	size       int64
	lag        time.Duration // idle_lag as it is now
	// assigned is set once the partitions of a live input are known; behind counts its records that are still to be read, and trouble is why none can be at the moment.
	assigned bool
	behind   int64
	trouble  string
	broken   error  // set once what is durable could not be applied
	held     string // why the source waits, "" if it does not
	// changed is closed and replaced whenever something above or published changes.
	changed chan struct{}

	// apply orders the application of commits; it guards applied, appliedC and generations.
	apply       sync.Mutex
	applied     int64
	appliedC    int64
	generations []*generation

	rows  *rowStore // nil unless the regime is lookup
	fresh freshness // of a source that goes on
}

// published is a reader's view of a source's timeline.
type published struct {
	// frontier is F; NoTime before anything can be read, endless for a complete source.
	frontier int64
	// history is the first moment that can be read; NoTime before it is known.
	history int64
	// lastC is the largest c.
	lastC int64
	// reconstructed is the moment below which visible times were assumed, NoTime for none.
	reconstructed int64
	// partialFrom is set for a source that began in mid-stream.
	partialFrom int64
	// gaps are what was lost on the way, oldest first.
	gaps     []gap
	position int64
	// snapshotRows counts the rows of a snapshot that has not ended.
	snapshotRows int64
}

// readable reports whether there is a moment that can be read.
func (p *published) readable() bool {
	return p.frontier != NoTime && p.history != NoTime && p.history <= p.frontier
}

// sourceState is what one durable commit says of a source, as JSON under metaState.
type sourceState struct {
	Positions Positions `json:",omitempty"`
	NextPos   int64     // the log position of the next change
	timeline
	Complete bool `json:",omitempty"`
	// Stopped is why a bad record ended reading, "" while none did.
	Stopped          string              `json:",omitempty"`
	StoppedPartition string              `json:",omitempty"`
	StoppedLine      int64               `json:",omitempty"`
	Truncations      []window.Truncation `json:",omitempty"`
	Places           []place             `json:",omitempty"`
	Counters         counters
	// Table is the table whose records are the source's, once the first has been seen: "public.orders".
	Table string `json:",omitempty"`
	// StagedWritten counts the staged rows that earlier commits hold already, and StagedThrough is the place through which those
	// rows were read.
	StagedWritten int64     `json:",omitempty"`
	StagedThrough Positions `json:",omitempty"`
	// Gaps are what was lost of the input and accepted, oldest first. MidStream is set where reading began behind records that there had been.
	Gaps      []gap `json:",omitempty"`
	MidStream bool  `json:",omitempty"`
	// Open are the transactions of which some rows are durable and whose END is still to come.
	Open []openTransaction `json:",omitempty"`
	// Whole is the newest commit time of the transactions whose END is durable, 0 where there is none.
	Whole int64 `json:",omitempty"`
	// Again is another full snapshot that has not ended.
	Again  *resnapshot `json:",omitempty"`
	staged int64       // rows in memory that are in no commit, for messages
}

// place remembers where in the log a position stands: the log is ordered by c.
type place struct{ Pos, C int64 }

// placeEvery is the distance of two remembered places; keptPlaces of them cover the changes that deduplication remembers.
const (
	placeEvery = 100_000
	keptPlaces = 12
)

// counters are a source's totals since it was created.
type counters struct {
	Records      int64 // read, bad ones included
	Changes      int64 // made durable
	Repeated     int64 // dropped because they had been seen
	Unchanged    int64 // changed no declared column
	Rejected     int64
	UnknownRows  int64 // updates and deletes of a row that was not known
	Shifted      int64
	WorstShift   int64 // µs
	ShiftedSince int64 // wall clock of the first, µs
	Inverted     int64
	Split        int64
	Truncates    int64
}

// newSource makes the runtime of a source from its record; it reads nothing.
func (e *Engine) newSource(r sourceRecord) (*source, error) {
	s := &source{eng: e, rec: r, changed: make(chan struct{})}
	for _, c := range r.Columns {
		s.types = append(s.types, c.Type)
	}
	var err error
	if s.settings, err = parseSettings(&s.rec, e.options.Connectors.Sources[r.Options["connector"]]); err != nil {
		return nil, err
	}
	plain := strings.HasPrefix(r.Format, "PLAIN")
	s.relation = &plan.Relation{
		Name: r.Name, Kind: plan.SourceRelation, Columns: r.Columns, Key: r.Key,
		System:     types.Schema{{Name: "as_of", Type: types.Type{Kind: types.Timestamptz}}},
		EventTime:  s.settings.eventTime,
		PlainTable: plain && s.settings.commitTime < 0 && !s.settings.recordTime,
	}
	if err := s.chooseRegime(plain); err != nil {
		return nil, err
	}
	if s.regime == lookup {
		s.rows = newRowStore(s)
	}
	s.state.timeline = newTimeline()
	s.state.NextPos = 1
	none := []window.Truncation{}
	s.truncations.Store(&none)
	s.published.Store(&published{frontier: NoTime, history: NoTime, lastC: NoTime, reconstructed: NoTime, partialFrom: NoTime})
	return s, nil
}

func (s *source) chooseRegime(plain bool) error {
	missing := s.rec.Options["missing_before"]
	only, err := boolOption(s.rec.Options, "append_only")
	if err != nil {
		return err
	}
	switch {
	case only || plain && s.rec.Key == nil:
		s.regime = appendOnly
	case missing == "error" || s.rec.Key == nil:
		s.regime = believed
	case missing == "" || missing == "lookup":
		s.regime = lookup
	default:
		return optionError("missing_before", missing, "'lookup' or 'error'")
	}
	if s.rec.Key == nil && missing == "lookup" {
		return types.Errorf(types.CodeInvalidParameter, "missing_before = 'lookup' needs a primary key: rows without one cannot be looked up").
			WithHint("declare a PRIMARY KEY, or say missing_before = 'error' for a table under REPLICA IDENTITY FULL")
	}
	return nil
}

// connectorOptions are the options as the connector gets them: a path is absolute, whatever directory the process works in today.
func (s *source) connectorOptions() (map[string]string, error) { return s.eng.resolved(&s.rec) }

func (e *Engine) resolved(r *sourceRecord) (map[string]string, error) {
	o := maps.Clone(r.Options)
	for name, secret := range r.Secrets {
		value, err := e.secret(secret)
		if err != nil {
			return nil, err
		}
		o[name] = value
	}
	for _, name := range e.options.Connectors.Sources[o["connector"]].Paths {
		if p := o[name]; p != "" && !filepath.IsAbs(p) {
			o[name] = filepath.Join(r.Dir, p)
		}
	}
	if r.Format == "PLAIN CSV" {
		o["__record"] = "csv" // a line break inside quotes does not end a record
	}
	o["__format"] = r.Format
	return o, nil
}

func (s *source) stateKey() string { return metaState + strconv.FormatUint(uint64(s.rec.ID), 10) }

// load reads the durable state and replays what the row store lacks.
func (s *source) load(v *storage.View) error {
	b, err := v.Meta(s.stateKey())
	if err != nil || b == nil {
		return err
	}
	if err := json.Unmarshal(b, &s.state); err != nil {
		return damaged(s.stateKey(), err)
	}
	s.applied, s.appliedC = s.state.NextPos-1, s.state.LastC
	s.setTruncations(s.state.Truncations)
	if s.rows != nil {
		if err := s.rows.load(v); err != nil {
			return err
		}
	}
	s.publish(s.state)
	return nil
}

// setTruncations shows readers the list as it is now; a later one is another slice.
func (s *source) setTruncations(list []window.Truncation) {
	list = slices.Clone(list)
	s.truncations.Store(&list)
}

// publish makes a durable, applied state visible to readers.
func (s *source) publish(st sourceState) {
	p := &published{
		frontier: st.Frontier, history: st.History, lastC: st.LastC, reconstructed: NoTime, partialFrom: NoTime, position: st.NextPos - 1,
		gaps: st.Gaps,
	}
	if s.settings.immutable >= 0 && st.SnapshotAt != NoTime {
		p.reconstructed = st.SnapshotAt
		p.history = always
	}
	if s.settings.fromEmpty {
		p.history = always
	}
	if s.settings.partial || st.Partial {
		p.partialFrom = st.History
	}
	if st.Complete {
		p.frontier = endless
		if p.history == NoTime {
			p.history = always // an empty input: nothing ever was
		}
	}
	if s.relation.PlainTable {
		p.history = always
	}
	if st.Snapshot == snapshotRunning {
		p.frontier = NoTime
		p.snapshotRows = st.NextPos - 1 + st.staged
	}
	if st.Again != nil {
		p.snapshotRows = st.NextPos - st.Again.From
	}
	if old := s.published.Load(); old.frontier > p.frontier {
		panic("engine: invariant 2: a frontier went back")
	}
	s.published.Store(p)
	s.mu.Lock()
	s.state = st
	s.broadcastLocked()
	s.mu.Unlock()
}

func (s *source) broadcastLocked() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// await waits until cond, called with mu held, is true.
func (s *source) await(ctx context.Context, cond func() bool) error {
	for {
		s.mu.Lock()
		ok, changed := cond(), s.changed
		s.mu.Unlock()
		if ok {
			return nil
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-changed:
		}
	}
}

// placeBefore returns a c from which a scan of the log meets every block that holds positions >= pos.
func (st *sourceState) placeBefore(pos int64) int64 {
	i, found := slices.BinarySearchFunc(st.Places, pos, func(p place, pos int64) int { return int(p.Pos - pos) })
	if found {
		return st.Places[i].C
	}
	if i == 0 {
		return NoTime
	}
	return st.Places[i-1].C
}
