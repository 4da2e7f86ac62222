package engine

import (
	"context"
	"errors"
	"iter"
	"maps"
	"time"

	"github.com/asofdb/asof/engine/history"
	"github.com/asofdb/asof/engine/window"
	"github.com/asofdb/asof/sql/exec"
	"github.com/asofdb/asof/sql/plan"
	"github.com/asofdb/asof/sql/types"
	"github.com/asofdb/asof/storage"
)

// statement is one running query: the catalog it was bound against and the moment of each of its scans, fixed before anything is read.
type statement struct {
	eng     *Engine
	cat     *catalog
	moments map[*plan.Scan]scanMoment
	plain   map[*plan.Relation]opener // what has no timeline and is not in the catalog
	limit   int64
	wait    time.Duration // for a frontier to come as far as a moment
	now     int64         // NOW()
	// beforeHistoryNull answers questions from before the history with no row; beforeHistory counts them.
	beforeHistoryNull bool
	beforeHistory     int64
}

// scanMoment is when a scan reads, and what of its source was published when that was decided.
type scanMoment struct {
	t int64
	p *published
	// asked is the clock of a statement that asks for the present, NoTime of one that asks for a moment.
	asked int64
}

// Open implements exec.Tables.
func (st *statement) Open(ctx context.Context, s *plan.Scan, keys [][]types.Value) (exec.Rows, error) {
	return st.open(ctx, s, keys, st.moments[s])
}

// open starts a scan at a moment.
func (st *statement) open(ctx context.Context, s *plan.Scan, keys [][]types.Value, m scanMoment) (exec.Rows, error) {
	if open := st.plain[s.Relation]; open != nil {
		return open(ctx, s.Columns)
	}
	f := st.feature(s.Relation)
	if f == nil {
		return st.openSource(st.cat.sources[s.Relation.Name], s, keys, m)
	}
	if s.Relation.Kind == plan.FeatureHistory {
		return st.openHistory(f, s, keys, m)
	}
	if err := f.readable(m.t, m.p); err != nil {
		return nil, err
	}
	if keys != nil {
		return f.rowsByKey(s, keys, m), nil
	}
	return f.allEntities(s, m, func(sc *featureScan, log window.Log) error { return sc.value(log) })
}

// pulled turns a push iteration into exec.Rows. Its view, if any, is closed with it.
type pulled struct {
	next func() ([]types.Value, error, bool)
	stop func()
	view *storage.View
}

func pull(view *storage.View, seq iter.Seq2[[]types.Value, error]) *pulled {
	p := &pulled{view: view}
	p.next, p.stop = iter.Pull2(seq)
	return p
}

func (p *pulled) Next(ctx context.Context) ([]types.Value, error) {
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	row, err, ok := p.next()
	if !ok {
		return nil, nil
	}
	return row, err
}

func (p *pulled) Close() error {
	p.stop()
	if p.view != nil {
		p.view.Close()
		p.view = nil
	}
	return nil
}

// project picks a scan's columns from a row of the relation's columns followed by its system columns. A row of no columns is not nil, which would be the end.
func project(dst []types.Value, columns []int, row []types.Value) []types.Value {
	if dst == nil {
		dst = make([]types.Value, 0, len(columns))
	}
	dst = dst[:0]
	for _, c := range columns {
		dst = append(dst, row[c])
	}
	return dst
}

// rowsByKey reads a feature's row for each key.
func (f *feature) rowsByKey(s *plan.Scan, keys [][]types.Value, m scanMoment) exec.Rows {
	return pull(nil, func(yield func([]types.Value, error) bool) {
		sc := &featureScan{f: f, m: m, scan: s, yield: yield, x: f.pool.Get().(*evaluation)}
		defer f.pool.Put(sc.x)
		for _, k := range keys {
			sc.key = k
			err := f.withLog(sc.x, k, sc.value)
			if errors.Is(err, storage.ErrStop) {
				return
			}
			if err != nil {
				yield(nil, err)
				return
			}
		}
	})
}

// pin keeps the generations that a query's features read from being deleted until unpin is called. It reports false where one of them has
// been replaced already: the statement is to be planned again.
func (st *statement) pin(scans []*plan.Scan) (unpin func(), ok bool) {
	var held []*generation
	unpin = func() {
		for _, g := range held {
			g.use.RUnlock()
		}
		held = nil
	}
	for _, s := range scans {
		f := st.feature(s.Relation)
		if f == nil {
			continue
		}
		if !f.gen.use.TryRLock() {
			unpin()
			return nil, false
		}
		held = append(held, f.gen)
	}
	return unpin, true
}

// current reports whether no feature of the scans has been replaced: asked after the frontiers were taken, it says that the generations have everything up to them.
func (st *statement) current(scans []*plan.Scan) bool {
	for _, s := range scans {
		if f := st.feature(s.Relation); f != nil && f.gen.dropped.Load() {
			return false
		}
	}
	return true
}

// replaced tells a statement that its feature was dropped or rebuilt after it had been planned.
func (f *feature) replaced() error {
	return types.Errorf(types.CodeNotReady, "feature %q was replaced while the statement ran", f.rec.Name).WithHint("run it again")
}

// allEntities calls each for the log of every entity: first a copy is made of what is in memory, then the disk is read.
func (f *feature) allEntities(s *plan.Scan, m scanMoment, each func(*featureScan, window.Log) error) (exec.Rows, error) {
	g := f.gen
	memory := g.snapshotPending()
	view := g.eng.db.View()
	return pull(view, func(yield func([]types.Value, error) bool) {
		sc := &featureScan{f: f, m: m, scan: s, view: view, memory: memory, each: each, yield: yield, x: f.pool.Get().(*evaluation)}
		defer f.pool.Put(sc.x)
		if err := sc.run(); err != nil && !errors.Is(err, storage.ErrStop) {
			yield(nil, err)
		}
	}), nil
}

// twoRuns are an entity's entries in memory.
type twoRuns struct{ older, newer history.Pending }

func (g *generation) snapshotPending() map[string]twoRuns {
	g.mu.RLock()
	defer g.mu.RUnlock()
	m := make(map[string]twoRuns, len(g.active)+len(g.flushing))
	for k, p := range g.flushing {
		m[k] = twoRuns{older: *p}
	}
	for k, p := range g.active {
		r := m[k]
		r.newer = *p
		m[k] = r
	}
	return m
}

type featureScan struct {
	f      *feature
	m      scanMoment
	scan   *plan.Scan
	view   *storage.View
	memory map[string]twoRuns
	each   func(*featureScan, window.Log) error
	yield  func([]types.Value, error) bool
	x      *evaluation
	key    []types.Value
	out    []types.Value
}

func (sc *featureScan) run() error {
	g := sc.f.gen
	if len(g.rec.Keys) == 0 {
		stored, err := sc.view.Root(g.entityKey(nil, nil))
		if err != nil {
			return err
		}
		return sc.entity(nil, stored, sc.memory[""])
	}
	err := sc.view.ScanRoots(g.rec.Entity, g.rec.ID, func(k []byte, _ uint16, root []byte) error {
		runs := sc.memory[string(k)]
		delete(sc.memory, string(k))
		return sc.entity(k, root, runs)
	})
	if err != nil {
		return err
	}
	for _, k := range sortedKeys(sc.memory) {
		if err := sc.entity([]byte(k), nil, sc.memory[k]); err != nil {
			return err
		}
	}
	return nil
}

func (sc *featureScan) entity(k, stored []byte, runs twoRuns) error {
	var err error
	if sc.key, err = sc.f.gen.readKey(sc.key[:0], k); err != nil {
		return err
	}
	g := sc.f.gen
	log, err := sc.f.logOf(sc.x, sc.view, g.entityKey(k, sc.key), stored, &runs.older, &runs.newer)
	if err != nil {
		return err
	}
	return sc.each(sc, log)
}

// value hands out an entity's row, if it has one.
func (sc *featureScan) value(log window.Log) error {
	row, err := sc.x.ev.Eval(sc.key, log, sc.m.t)
	if err != nil || row == nil {
		return err
	}
	if row, err = sc.f.withSystem(sc.x, sc.key, log, row, sc.m, sc.scan); err != nil {
		return err
	}
	sc.out = project(sc.out, sc.scan.Columns, row)
	if !sc.yield(sc.out, nil) {
		return storage.ErrStop
	}
	return nil
}

// sourcesOf returns the sources behind the scans of a query, each once, and what is published of them now.
func (st *statement) sourcesOf(scans []*plan.Scan) ([]*source, []*published, error) {
	found := map[*source]*published{}
	for _, s := range scans {
		if st.plain[s.Relation] != nil {
			continue
		}
		src := st.sourceOf(s.Relation.Name)
		if src == nil {
			return nil, nil, types.Errorf(types.CodeInternal, "relation %q has no source", s.Relation.Name)
		}
		found[src] = src.published.Load()
	}
	var sources []*source
	var ps []*published
	for s := range maps.Keys(found) {
		sources, ps = append(sources, s), append(ps, found[s])
	}
	return sources, ps, nil
}

func (st *statement) sourceOf(relation string) *source {
	if s := st.cat.sources[relation]; s != nil {
		return s
	}
	f := st.cat.features[relation]
	if f == nil {
		f = st.cat.historyOf(relation)
	}
	if f == nil {
		return nil
	}
	return f.gen.source
}
