package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/asofdb/asof/engine/history"
	"github.com/asofdb/asof/engine/window"
	"github.com/asofdb/asof/sql/expr"
	"github.com/asofdb/asof/sql/plan"
	"github.com/asofdb/asof/sql/types"
	"github.com/asofdb/asof/storage"
)

// feature is a compiled feature tied to the generation that serves it. It is immutable: a swap of generations makes a new one.
type feature struct {
	rec      featureRecord
	plan     *plan.Feature
	gen      *generation
	relation *plan.Relation
	pool     sync.Pool // *evaluation
}

// evaluation is what evaluating a feature reuses from one entity to the next. One goroutine at a time.
type evaluation struct {
	ev   *window.Evaluator
	runs []*history.Pending
	key  []byte
}

// System columns of features, after the feature's own.
var featureSystem = types.Schema{
	{Name: "as_of", Type: types.Type{Kind: types.Timestamptz}},
	{Name: "reconstructed", Type: types.Type{Kind: types.Bool}},
	{Name: "feature_version", Type: types.Type{Kind: types.Text}},
	{Name: "freshness", Type: types.Type{Kind: types.Interval}},
	{Name: "updated_at", Type: types.Type{Kind: types.Timestamptz}},
}

// updatedAt is the place of updated_at among the system columns: the event_time of the history row that holds.
const updatedAt = 4

func newFeature(r featureRecord, p *plan.Feature, g *generation) (*feature, error) {
	f := &feature{rec: r, plan: p, gen: g}
	var err error
	if f.relation, err = featureRelation(p); err != nil {
		return nil, err
	}
	first, err := window.New(p, &g.layout, g.rec.Cols)
	if err != nil {
		return nil, err
	}
	f.pool.Put(&evaluation{ev: first})
	f.pool.New = func() any {
		ev, err := window.New(p, &g.layout, g.rec.Cols)
		if err != nil {
			panic("engine: a feature that compiled once does not compile again: " + err.Error())
		}
		return &evaluation{ev: ev}
	}
	return f, nil
}

// featureRelation is the feature as a table: its outputs, keyed by the outputs that are its key columns.
func featureRelation(p *plan.Feature) (*plan.Relation, error) {
	r := &plan.Relation{Name: p.Name, Kind: plan.FeatureRelation, System: featureSystem, EventTime: -1}
	for _, o := range p.Outputs {
		r.Columns = append(r.Columns, types.Column{Name: o.Name, Type: o.T})
	}
	for k, at := range p.KeyOutputs() {
		if at < 0 {
			name := p.Columns[p.Keys[k]].Name
			return nil, types.Errorf(types.CodeInvalidTableDef, "feature %q does not select its entity column %q", p.Name, name).
				WithHint("reads are by entity: add %s to the SELECT list", name)
		}
		r.Key = append(r.Key, at)
	}
	return r, nil
}

// errDropped tells a reader that its generation was replaced after it had looked it up: it looks again.
var errDropped = errors.New("generation dropped")

// value evaluates one entity at t, which the caller has checked to be readable. It returns nil where the entity has no row.
func (f *feature) value(key []types.Value, t int64) (row []types.Value, err error) {
	x := f.pool.Get().(*evaluation)
	defer f.pool.Put(x)
	err = f.withLog(x, key, func(log window.Log) error {
		if f.gen.dropped.Load() {
			return errDropped // nothing pins it: its keys may be being deleted
		}
		row, err = x.ev.Eval(key, log, t)
		return err
	})
	return row, err
}

// withLog calls fn with an entity's log: what is in memory was asked for first, then what is on disk.
func (f *feature) withLog(x *evaluation, key []types.Value, fn func(window.Log) error) error {
	x.key = x.key[:0]
	for _, v := range key {
		x.key = types.AppendKey(x.key, v)
	}
	if err := checkEntityKey(x.key); err != nil {
		return err
	}
	older, newer := f.gen.pending(x.key)
	view := f.gen.eng.db.View() // after memory was asked: invariant 4
	defer view.Close()
	ek := f.gen.entityKey(x.key, key)
	stored, err := view.Root(ek)
	if err != nil {
		return err
	}
	log, err := f.logOf(x, view, ek, stored, &older, &newer)
	if err != nil {
		return err
	}
	return fn(log)
}

// logOf puts an entity's log together. stored is the encoded root, nil where there is none.
func (f *feature) logOf(x *evaluation, view *storage.View, ek storage.EntityKey, stored []byte, older, newer *history.Pending) (window.Log, error) {
	log := window.Log{Truncations: *f.gen.source.truncations.Load(), Fetch: fetch(view, ek)}
	if stored != nil {
		root, err := history.ReadRoot(stored)
		if err != nil {
			return log, damaged("the log of an entity", err)
		}
		log.Root = root
	}
	x.runs = x.runs[:0]
	for _, p := range []*history.Pending{older, newer} {
		if p.Count() > 0 {
			x.runs = append(x.runs, p)
		}
	}
	log.Pending = x.runs
	return log, nil
}

// withSystem appends the values of the system columns to a feature's row at t. When the row began to hold is found only for a scan that shows it.
func (f *feature) withSystem(x *evaluation, key []types.Value, log window.Log, row []types.Value, m scanMoment, s *plan.Scan) ([]types.Value, error) {
	shown := f.appendSystem(row, m)
	if !f.showsUpdated(s) {
		return shown, nil
	}
	at, known, err := f.lastChange(x, key, log, row, m.t, m.p)
	if err != nil || !known {
		return append(shown, types.Value{}), err
	}
	return append(shown, types.NewTimestamptz(at)), nil
}

// lastChange returns when row, which is the entity's at t, began to hold; known is false where that is not known.
func (f *feature) lastChange(x *evaluation, key []types.Value, log window.Log, row []types.Value, t int64, p *published) (at int64, known bool, err error) {
	if at, known, err = x.ev.LastChange(key, log, row, t); err != nil || known {
		return max(at, p.history), known, err // the history is before all times where its begin is not known
	}
	from, err := f.gen.source.firstMoment(p)
	if err != nil {
		return 0, false, err
	}
	return x.ev.UpdatedAt(key, log, from, t)
}

// appendSystem appends the values of the system columns but updated_at, which is the last.
func (f *feature) appendSystem(row []types.Value, m scanMoment) []types.Value {
	p := m.p
	reconstructed := p.reconstructed != NoTime && m.t < p.reconstructed || p.start(m.t) != NoTime && f.plan.Options["from"] == plan.FromFirstChange
	freshness := types.Value{}
	if m.asked != NoTime {
		freshness = types.Value{Kind: types.Interval, I: max(0, m.asked-m.t)}
	}
	return append(row, types.NewTimestamptz(m.t), types.NewBool(reconstructed), types.NewText(f.plan.Version), freshness)
}

// showsUpdated reports whether updated_at is among a scan's columns.
func (f *feature) showsUpdated(s *plan.Scan) bool {
	return slices.Contains(s.Columns, len(f.relation.Columns)+updatedAt)
}

// readable checks that the feature's value at t is known, beyond what its source's history says: over a source that began in mid-stream, only windows
// that begin after the start are complete.
func (f *feature) readable(t int64, p *published) error {
	if err := f.gen.source.known(t, p); err != nil {
		return err
	}
	start := p.start(t)
	if start == NoTime || f.plan.Options["from"] == plan.FromFirstChange {
		return nil
	}
	if err := f.refuseUnbounded(); err != nil {
		return err
	}
	for _, pred := range f.predicates() {
		for _, b := range pred.Bounds {
			if b.Op == "<" || b.Op == "<=" {
				continue
			}
			lo, err := b.At.Eval(&expr.Env{Now: t})
			if err != nil {
				return err
			}
			if e, ok := history.EventTime(lo); ok && e < start {
				return types.Errorf(types.CodeNotReady, "feature %q cannot be read at %s: source %q is known whole from %s on, and a window reaches back to %s",
					f.rec.Name, types.NewTimestamptz(t), f.plan.Source, types.NewTimestamptz(start), types.NewTimestamptz(e)).
					WithHint("ask for a later moment, or create the feature WITH (from = '%s')", plan.FromFirstChange)
			}
		}
	}
	return nil
}

// predicates are the conditions under which rows are counted. An aggregate's own windows come together with those of WHERE.
func (f *feature) predicates() []plan.Predicate {
	if len(f.plan.Where.Bounds) > 0 || len(f.plan.Aggs) == 0 {
		return []plan.Predicate{f.plan.Where}
	}
	var ps []plan.Predicate
	for _, a := range f.plan.Aggs {
		ps = append(ps, a.Pred)
	}
	return ps
}

// refuseUnbounded refuses a feature that looks at rows of any age: over a source that began in mid-stream it would miss every row that has not changed since.
func (f *feature) refuseUnbounded() error {
	for _, b := range f.plan.Where.Bounds {
		if b.Op == ">" || b.Op == ">=" || b.Op == "=" {
			return nil
		}
	}
	what := "decides by rows of any age whether an entity has a row"
	if f.plan.Attribute {
		what = "shows rows of any age"
	}
	return types.Errorf(types.CodeNotReady, "feature %q %s, but source %q began in mid-stream and misses those that have not changed since", f.rec.Name, what, f.plan.Source).
		WithHint("put a window into its WHERE, or create it WITH (from = '%s'), which flags its values as reconstructed", plan.FromFirstChange)
}

// Lookup returns a feature's row for one entity as of the frontier: its columns as in SELECT *, or nil where the entity has no row. The key's
// values are Go values (integers, strings, bools, time.Time) or types.Value, one for each entity column.
//
// It is the fast way in: no SQL is parsed.
func (e *Engine) Lookup(ctx context.Context, name string, key ...any) (row []types.Value, err error) {
	defer func() {
		if p := recover(); p != nil {
			row, err = nil, e.caught(p)
		}
	}()
	if err := e.usable(); err != nil { // while the engine closes too, when the store would still answer: who has heard that it is closed hears it from every door
		return nil, err
	}
	for {
		f := e.catalog.Load().features[name]
		if f == nil {
			_, err := e.catalog.Load().Relation(name)
			if err == nil {
				err = types.Errorf(types.CodeWrongObjectType, "%q is not a feature", name)
			}
			return nil, err
		}
		row, err := e.lookup(ctx, f, key)
		if !errors.Is(err, errDropped) {
			return row, readError(ctx, err)
		}
	}
}

func (e *Engine) lookup(ctx context.Context, f *feature, key []any) ([]types.Value, error) {
	if len(key) != len(f.plan.Keys) {
		return nil, types.Errorf(types.CodeInvalidParameter, "feature %q has %d key columns, not %d", f.rec.Name, len(f.plan.Keys), len(key))
	}
	values := make([]types.Value, len(key))
	for i, k := range key {
		v, err := valueOf(k)
		if err == nil {
			v, err = convertParam(v, f.gen.source.types[f.plan.Keys[i]], time.UTC)
		}
		if err != nil {
			return nil, saidOf(fmt.Sprintf("key column %q", f.plan.Columns[f.plan.Keys[i]].Name), err)
		}
		values[i] = v
	}
	p := f.gen.source.published.Load()
	t, err := f.gen.source.now(p)
	if err != nil {
		return nil, err
	}
	if err := f.readable(t, p); err != nil {
		return nil, err
	}
	return f.value(values, t)
}
