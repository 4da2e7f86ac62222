package engine

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/asofdb/asof/sql/syntax"
	"github.com/asofdb/asof/sql/types"
)

// Status is what an engine says of itself, for metrics and health checks: figures that are at hand, nothing that costs a scan.
type Status struct {
	Sources []SourceStatus // by name
	// Features are in the order of their names.
	Features []FeatureStatus
	// ReplayChanges is how many changes a crash now would make the next start replay, PendingBytes the memory that waits for a checkpoint.
	ReplayChanges, PendingBytes int64
	DiskBytes, FreeBytes        int64 // FreeBytes is -1 where it cannot be told
	Commits                     uint64
}

// SourceStatus is one source's part of a Status.
type SourceStatus struct {
	Name string
	// State and NextStep are what SHOW SOURCES says. Failed is set where reading has ended although it should not have.
	State, NextStep string
	Failed          bool
	// Complete is set where the input has been read and can have no more.
	Complete bool
	// Frontier is the moment through which readers see everything; the zero Time before there is one, and for a source that is complete.
	Frontier time.Time
	// Visible are the times within which half and 99 of 100 of the changes of the last ten minutes were visible after their commit; 0 where there were none.
	Visible [2]time.Duration
	// Changes to the end count since the source was created.
	Changes, Records, Repeated, Rejected, Shifted, Split, Unknown int64
}

// Status returns the figures of now.
func (e *Engine) Status() Status {
	c := e.catalog.Load()
	changes, bytes := e.checkpoints.behind()
	db := e.db.Stats()
	s := Status{
		ReplayChanges: int64(changes), PendingBytes: int64(bytes),
		DiskBytes: db.Tree, FreeBytes: db.Free, Commits: db.Seq,
	}
	for _, name := range slices.Sorted(maps.Keys(c.sources)) {
		s.Sources = append(s.Sources, c.sources[name].status())
	}
	for _, name := range slices.Sorted(maps.Keys(c.features)) {
		src := c.features[name].gen.source
		s.Features = append(s.Features, FeatureStatus{Name: name, Source: src.rec.Name, Freshness: src.age()})
	}
	return s
}

// FeatureStatus is one feature's part of a Status.
type FeatureStatus struct {
	Name, Source string
	// Freshness is how old the feature's present is by the clock; negative where its source has no present, as one that is complete.
	Freshness time.Duration
}

func (s *source) age() time.Duration {
	v := s.ageOf(s.published.Load())
	if v.IsNull() {
		return -1
	}
	return time.Duration(v.I) * time.Microsecond
}

func (s *source) status() SourceStatus {
	p := s.published.Load()
	s.mu.Lock()
	defer s.mu.Unlock()
	state, next := s.describeLocked(p)
	k := s.state.Counters
	var visible [2]time.Duration
	if delays, n := s.fresh.quantiles(s.eng.options.Clock(), 0.5, 0.99); n > 0 {
		visible = [2]time.Duration{time.Duration(delays[0]) * time.Microsecond, time.Duration(delays[1]) * time.Microsecond}
	}
	st := SourceStatus{
		Visible: visible,
		Name:    s.rec.Name, State: state, NextStep: next, Complete: s.state.Complete,
		Failed:  strings.HasPrefix(state, "stopped") || s.held != "" || s.trouble != "",
		Changes: k.Changes, Records: k.Records, Repeated: k.Repeated, Rejected: k.Rejected, Shifted: k.Shifted, Split: k.Split, Unknown: k.UnknownRows,
	}
	if p.frontier != NoTime && p.frontier != endless && !s.relation.PlainTable {
		st.Frontier = time.UnixMicro(p.frontier).UTC()
	}
	return st
}

// An Observation is one statement or command that has ended.
type Observation struct {
	// Door is the session's; "embedded" for a session without one.
	Door string
	// Kind is "select", "write" (INSERT and COPY), "define", "show" or "session"; a door that speaks no SQL has names of its own.
	Kind string
	// Took is from the statement's beginning until its rows were closed, so that a slow reader counts.
	Took time.Duration
	// Code is the SQLSTATE of the error that ended it, "" where none did.
	Code string
}

// Observe tells Options.Observe of a command that a door has answered without a session.
func (e *Engine) Observe(o Observation) {
	if e.options.Observe != nil {
		e.options.Observe(o)
	}
}

// observed tells of a statement once its rows are closed, or at once where it has none that are held.
func (s *Session) observed(st syntax.Statement, began time.Time, rows *Rows, err error) {
	if s.eng.options.Observe == nil {
		return
	}
	o := Observation{Door: s.options.Door, Kind: statementKind(st)}
	if o.Door == "" {
		o.Door = "embedded"
	}
	tell := func(err error) {
		o.Took = time.Since(began)
		if err != nil {
			o.Code = codeOf(err)
		}
		s.eng.options.Observe(o)
	}
	if err != nil || rows == nil || rows.op == nil {
		tell(err)
		return
	}
	rows.closed = tell
}

func statementKind(st syntax.Statement) string {
	switch st.(type) {
	case *syntax.Query, *syntax.Outlined, *syntax.Explain:
		return "select"
	case *syntax.Insert, *syntax.Copy:
		return "write"
	case *syntax.CreateSource, *syntax.CreateFeature, *syntax.Drop, *syntax.AlterSource, *syntax.CreateTable, *syntax.CreateView, *syntax.CreateSecret, *syntax.DropSecret, *syntax.CreateUser, *syntax.AlterUser, *syntax.DropUser, *syntax.Grant:
		return "define"
	case *syntax.Show, *syntax.ShowCreate, *syntax.Describe:
		return "show"
	default:
		return "session"
	}
}

// codeOf is an error's SQLSTATE.
func codeOf(err error) string {
	if te, ok := errors.AsType[*types.Error](err); ok {
		return te.Code
	}
	return types.CodeInternal
}
