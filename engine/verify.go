package engine

import (
	"bytes"
	"container/heap"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"sync/atomic"

	"github.com/asofdb/asof/engine/history"
	"github.com/asofdb/asof/engine/record"
	"github.com/asofdb/asof/engine/window"
	"github.com/asofdb/asof/sql/agg"
	"github.com/asofdb/asof/sql/expr"
	"github.com/asofdb/asof/sql/plan"
	"github.com/asofdb/asof/sql/syntax"
	"github.com/asofdb/asof/sql/types"
)

// VERIFY FEATURE computes values a second time, from the stream log and by the definition alone: it keeps all row versions of an entity, and at each moment looks at every one of them.
// It shares neither entity logs nor windows with what readers get, only expressions and aggregates. Values are compared as bytes, at the statement's now, at the commit and event
// times of rows and a microsecond around them, and at the beginning, in the middle and at the end of the periods of the history.

// verifyColumns tell what was compared, and how far the source's changes were shown at another time than their commit: at those moments the source's own answer was another.
var verifyColumns = []types.Column{
	textColumn("feature"), intColumn("entities"), intColumn("moments"), intColumn("values"),
	intColumn("shifted_changes"),
	{Name: "worst_shift", Type: types.Type{Kind: types.Interval}},
	timeColumn("shifted_since"),
}

// verification is one VERIFY FEATURE.
type verification struct {
	f     *feature
	m     scanMoment
	from  int64   // the first moment that can be read
	limit int64   // of memory
	done  counter // the changes that were looked at, in all scans
	scans atomic.Int64

	entities, moments, values int64
	there                     int64 // entities that have a row now, by the definition
}

// verifiable finds the feature.
func (s *Session) verifiable(st *syntax.VerifyFeature) (*feature, error) {
	if f := s.eng.catalog.Load().features[st.Name]; f != nil {
		return f, nil
	}
	return nil, s.eng.noRelation(st.Name, "feature", st.NamePos)
}

// verify runs VERIFY FEATURE.
func (s *Session) verify(ctx context.Context, st *syntax.VerifyFeature) (*Rows, error) {
	if _, err := s.verifiable(st); err != nil {
		return nil, err
	}
	// Read as a query would be: pinned, at its own moment, by those who may.
	whole := &syntax.Select{
		Items: []syntax.Item{{X: &syntax.Star{Span: st.NamePos}, Span: st.NamePos}},
		From:  &syntax.Table{Span: st.NamePos, Name: st.Name, NamePos: st.NamePos},
	}
	b, err := s.begin(ctx, selectBinding(whole), input{})
	if err != nil {
		return nil, err
	}
	defer b.end()
	scan := b.query.Scans[0]
	v := &verification{f: b.st.feature(scan.Relation), m: b.st.moments[scan], limit: s.limit}
	if v.from, err = v.f.gen.source.firstMoment(v.m.p); err != nil {
		return nil, err
	}
	stop := s.eng.progress(b.ctx, "verifying "+st.Name, "changes", func() (int64, int64) { return v.done.Load(), v.scans.Load() * v.m.p.position })
	defer stop()
	if err := v.run(b.ctx, st.Sample); err != nil {
		return nil, err
	}
	if st.Sample == 0 {
		if err := v.nobodyElse(b.ctx, scan); err != nil {
			return nil, err
		}
	}
	shifted, worst, since := v.f.gen.source.shifts()
	return fixedRows("VERIFY", verifyColumns, [][]types.Value{
		{types.NewText(st.Name), types.NewInt8(v.entities), types.NewInt8(v.moments), types.NewInt8(v.values), shifted, worst, since},
	}), nil
}

// verifyBuckets is into how many parts entities fall by their hash: what is verified in one pass over the log is some of them.
const verifyBuckets = 1024

func (v *verification) run(ctx context.Context, sample int64) error {
	last := ^uint64(0)
	v.scans.Store(2)
	if sample > 0 {
		v.scans.Store(3)
		smallest := &smallestHashes{most: int(min(sample, 1<<24)), seen: map[uint64]bool{}}
		if err := v.scan(ctx, v.keyColumns(), func(hash uint64, _ []byte, _ *record.Change, _ []types.Value, _ bool) error {
			smallest.add(hash)
			return nil
		}); err != nil {
			return err
		}
		last = smallest.last()
	}
	var sizes [verifyBuckets]int64
	if err := v.scan(ctx, nil, func(hash uint64, _ []byte, _ *record.Change, row []types.Value, begins bool) error {
		if begins && hash <= last {
			sizes[hash%verifyBuckets] += lifespanCost(row)
		}
		return nil
	}); err != nil {
		return err
	}
	for lo := 0; lo < verifyBuckets; {
		hi, size := lo, int64(0)
		for hi < verifyBuckets && (hi == lo || size+sizes[hi] <= v.limit) {
			size += sizes[hi]
			hi++
		}
		if size > 0 {
			if hi < verifyBuckets {
				v.scans.Add(1)
			}
			if err := v.pass(ctx, func(hash uint64) bool { b := int(hash % verifyBuckets); return hash <= last && lo <= b && b < hi }); err != nil {
				return err
			}
		}
		lo = hi
	}
	return nil
}

// keyColumns are the columns that say which entity a row belongs to.
func (v *verification) keyColumns() []int {
	want := append([]int{}, v.f.plan.Keys...)
	slices.Sort(want)
	return want
}

// scan calls fn for every row image of a change up to the statement's moment, with its entity: begins is set for the image that becomes visible. A TRUNCATE has
// neither entity nor row. want are the columns that are decoded, nil for all.
func (v *verification) scan(ctx context.Context, want []int, fn func(hash uint64, key []byte, ch *record.Change, row []types.Value, begins bool) error) error {
	s := v.f.gen.source
	view := s.eng.db.View()
	defer view.Close()
	r := &sourceScan{s: s, view: view, t: v.m.t}
	var key []byte
	image := func(ch *record.Change, row []types.Value, begins bool) error {
		if row == nil {
			return nil
		}
		key = v.f.gen.shape.AppendKey(key[:0], row)
		return fn(hashOf(key), key, ch, row, begins)
	}
	return r.blocksFrom(NoTime, func(block []byte) error {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		changes, err := record.ReadBlock(block, s.types, want)
		if err != nil {
			return s.blockError(err)
		}
		v.done.Add(int64(len(changes)))
		for i := range changes {
			ch := &changes[i]
			switch {
			case ch.C > v.m.t || ch.Op == record.Noop:
				continue
			case ch.Op == record.Truncate:
				err = fn(0, nil, ch, nil, false)
			default:
				err = errors.Join(image(ch, ch.Old, false), image(ch, ch.New, true))
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// hashOf spreads entities; it is the same in every run, so that a sample is.
func hashOf(key []byte) uint64 {
	h := fnv.New64a()
	h.Write(key)
	x := h.Sum64() // FNV's upper bits are poor for short keys: mixed as MurmurHash3 finishes
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd
	x ^= x >> 33
	x *= 0xc4ceb9fe1a85ec53
	return x ^ x>>33
}

// smallestHashes finds the entities of a sample: those with the smallest hashes.
type smallestHashes struct {
	most int
	seen map[uint64]bool
	top  hashHeap
}

// hashHeap is a heap with the largest hash at its root.
type hashHeap []uint64

func (h hashHeap) Len() int           { return len(h) }
func (h hashHeap) Less(i, j int) bool { return h[i] > h[j] }
func (h hashHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *hashHeap) Push(x any)        { *h = append(*h, x.(uint64)) }

func (h *hashHeap) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}

func (s *smallestHashes) add(h uint64) {
	full := len(s.top) == s.most
	if full && h >= s.top[0] || s.seen[h] {
		return
	}
	if full {
		delete(s.seen, heap.Pop(&s.top).(uint64))
	}
	heap.Push(&s.top, h)
	s.seen[h] = true
}

// last is the largest of them.
func (s *smallestHashes) last() uint64 {
	if len(s.top) == 0 {
		return 0
	}
	return s.top[0]
}

// lifespan is a row version, visible from c until end, exclusive.
type lifespan struct {
	c, end int64
	row    []types.Value
}

// lifespanCost is about what a row version that is kept costs.
func lifespanCost(row []types.Value) int64 { return int64(rowBytes(row)) + int64(56*len(row)) + 128 }

// entityRows are all there were of one entity's rows.
type entityRows struct {
	key  []byte
	all  []lifespan
	live map[string][]int // by identity, the newest last
}

// pass verifies the entities whose hash is wanted.
func (v *verification) pass(ctx context.Context, wanted func(hash uint64) bool) error {
	s := v.f.gen.source
	entities := map[string]*entityRows{}
	var id []byte
	var kept int64
	err := v.scan(ctx, nil, func(hash uint64, key []byte, ch *record.Change, row []types.Value, begins bool) error {
		if row == nil { // TRUNCATE
			for _, e := range entities {
				for _, same := range e.live {
					for _, i := range same {
						e.all[i].end = ch.C
					}
				}
				clear(e.live)
			}
			return nil
		}
		if !wanted(hash) {
			return nil
		}
		e := entities[string(key)]
		if e == nil {
			e = &entityRows{key: bytes.Clone(key), live: map[string][]int{}}
			entities[string(key)] = e
		}
		if id = id[:0]; s.regime != appendOnly {
			id = s.appendIdentity(id, row)
		}
		same := e.live[string(id)]
		switch n := len(same); {
		case begins:
			own := make([]types.Value, len(row))
			for i := range row {
				own[i] = row[i].Clone()
			}
			if kept += lifespanCost(own); kept > v.limit {
				return types.Errorf(types.CodeOutOfMemory, "verifying %q needs more than memory_limit allows", v.f.rec.Name).WithHint("SET memory_limit to more than %d", v.limit)
			}
			e.live[string(id)] = append(same, len(e.all))
			e.all = append(e.all, lifespan{ch.C, endless, own})
		case n > 0:
			e.all[same[n-1]].end = ch.C
			e.live[string(id)] = same[:n-1]
		}
		return nil
	})
	if err != nil {
		return err
	}
	if len(v.f.plan.Keys) == 0 && wanted(hashOf(nil)) && entities[""] == nil {
		entities[""] = &entityRows{} // the one entity is there although no row ever was
	}
	x := v.f.pool.Get().(*evaluation)
	defer v.f.pool.Put(x)
	d := newDefinition(v.f.plan)
	for _, e := range entities {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		if err := v.entity(x, d, e); err != nil {
			return err
		}
	}
	return nil
}

const (
	// verifyWork bounds how many rows are looked at for one entity: row versions times moments.
	verifyWork = 2 << 20
	// verifyLeast is how many moments an entity gets however many rows it has, and verifyMost how many at most.
	verifyLeast, verifyMost = 6, 64
	// verifyHistory is up to how many row versions an entity's history is read.
	verifyHistory = 100_000
)

// entity compares one entity's values at some moments.
func (v *verification) entity(x *evaluation, d *definition, e *entityRows) error {
	key, err := v.f.gen.readKey(nil, e.key)
	if err != nil {
		return err
	}
	rnd := rand.New(rand.NewPCG(hashOf(e.key), 0))
	n := max(verifyLeast, min(verifyMost, verifyWork/(len(e.all)+1)))
	times := []int64{v.m.t}
	for range n / 2 {
		if len(e.all) == 0 {
			break
		}
		at, err := v.edge(rnd, &e.all[rnd.IntN(len(e.all))])
		if err != nil {
			return err
		}
		if at += int64(rnd.IntN(3)) - 1; v.from <= at && at <= v.m.t && v.f.readable(at, v.m.p) == nil {
			times = append(times, at)
		}
	}
	slices.Sort(times)
	v.entities++
	if row, err := d.eval(key, e.all, v.m.t); err == nil && row != nil {
		v.there++
	}
	return v.f.withLog(x, key, func(log window.Log) error {
		failed := false
		for _, t := range times {
			got, gotErr := x.ev.Eval(key, log, t)
			failed = failed || gotErr != nil
			if err := v.compare(d, e, key, t, got, gotErr, "the value"); err != nil {
				return err
			}
		}
		if !failed { // the way of training joins, which an error ends
			if err := x.ev.EvalMany(key, log, times, func(i int, row []types.Value) error {
				return v.compare(d, e, key, times[i], row, nil, "the joined value")
			}); err != nil {
				return err
			}
		}
		if len(e.all) > verifyHistory {
			return nil
		}
		return v.periods(x, d, e, key, log, rnd, n/2)
	})
}

// edge is a moment at which a row's part in the value may change: it comes or goes, its event time passes, or it enters or leaves a window.
func (v *verification) edge(rnd *rand.Rand, r *lifespan) (int64, error) {
	e, ok := int64(0), false
	if v.f.plan.EventTime >= 0 {
		e, ok = history.EventTime(r.row[v.f.plan.EventTime])
	}
	var bounds []plan.Bound
	for _, p := range v.f.predicates() {
		bounds = append(bounds, p.Bounds...)
	}
	switch rnd.IntN(5) {
	case 0:
		return r.end, nil
	case 1:
		if ok {
			return e, nil
		}
	case 2, 3:
		if ok && len(bounds) > 0 {
			return v.crossing(&bounds[rnd.IntN(len(bounds))], e)
		}
	}
	return r.c, nil
}

// crossing is the first moment between the history's beginning and now at which the bound, which never decreases, has come to e; now where it has not.
func (v *verification) crossing(b *plan.Bound, e int64) (int64, error) {
	lo, hi := v.from, v.m.t
	for lo < hi {
		mid := lo + (hi-lo)/2
		at, err := b.At.Eval(&expr.Env{Now: mid})
		if err != nil {
			return 0, err
		}
		if bound, ok := history.EventTime(at); ok && bound >= e {
			hi = mid
		} else {
			lo = mid + 1
		}
	}
	return lo, nil
}

// nobodyElse checks that readers get no entity that the changes know nothing of.
func (v *verification) nobodyElse(ctx context.Context, scan *plan.Scan) error {
	all, err := v.f.allEntities(scan, v.m, func(sc *featureScan, log window.Log) error { return sc.value(log) })
	if err != nil {
		return err
	}
	defer all.Close()
	n := int64(0)
	for {
		row, err := all.Next(ctx)
		if err != nil || row == nil {
			var te *types.Error
			if errors.As(err, &te) && te.Code != types.CodeCorrupted {
				return nil // the definition has no value for some entity
			}
			if err == nil && n != v.there {
				return v.wrong(v.m.t, fmt.Sprintf("%d entities have a row, and the changes give %d", n, v.there), "")
			}
			return err
		}
		n++
	}
}

// errEnough ends the reading of a history of which enough was compared.
var errEnough = errors.New("enough")

// periods compares periods of the entity's history, of many some.
func (v *verification) periods(x *evaluation, d *definition, e *entityRows, key []types.Value, log window.Log, rnd *rand.Rand, most int) error {
	if v.f.readable(v.from, v.m.p) != nil {
		return nil // its history begins later
	}
	skip := 1 + len(e.all)*4/max(1, most)
	var different error
	i := 0
	err := x.ev.Periods(key, log, v.from, v.m.t, func(p *window.Period) error {
		if i++; i > 4 && rnd.IntN(skip) > 0 {
			return nil
		}
		until := p.Until - 1
		if p.Open {
			until = v.m.t
		}
		row := p.Row
		if p.Gone {
			row = nil
		}
		for _, t := range slices.Compact([]int64{p.From, p.From + (until-p.From)/2, until}) {
			if different = v.compare(d, e, key, t, row, nil, "its history"); different != nil {
				return errEnough
			}
		}
		return nil
	})
	var te *types.Error
	switch {
	case different != nil:
		return different
	case errors.As(err, &te) && te.Code != types.CodeCorrupted:
		return nil // the definition has no value somewhere, as where it divides by zero; at single moments that was compared
	}
	return err
}

// compare computes the entity's values at t by the definition, and compares them with what readers get.
func (v *verification) compare(d *definition, e *entityRows, key []types.Value, t int64, got []types.Value, gotErr error, what string) error {
	want, wantErr := d.eval(key, e.all, t)
	v.moments++
	v.values += int64(len(v.f.plan.Outputs))
	differ := func(column, is, should string) error {
		entity := ""
		if len(key) > 0 {
			entity = "entity: " + v.f.entityText(key)
		}
		return v.wrong(t, fmt.Sprintf("%s of %s is %s, and the changes give %s", what, column, is, should), entity)
	}
	switch {
	case gotErr != nil || wantErr != nil:
		var a, b *types.Error
		if errors.As(gotErr, &a) && errors.As(wantErr, &b) && a.Code == b.Code {
			return nil
		}
		if errors.As(gotErr, &a) && a.Code == types.CodeCorrupted {
			return gotErr
		}
		return differ("the row", fmt.Sprint("the error ", gotErr), fmt.Sprint("the error ", wantErr))
	case got == nil && want == nil:
		return nil
	case got == nil:
		return differ("the row", "missing", "one")
	case want == nil:
		return differ("the row", "there", "none")
	}
	for i := range want {
		if o := v.f.plan.Outputs[i]; !types.Identical(got[i], want[i]) || !bytes.Equal(types.AppendText(nil, got[i]), types.AppendText(nil, want[i])) {
			return differ(syntax.QuoteIdent(o.Name), shownValue(got[i]), shownValue(want[i]))
		}
	}
	return nil
}

// wrong is the error of a value that the changes do not give.
func (v *verification) wrong(t int64, what, detail string) error {
	err := types.Errorf(types.CodeCorrupted, "feature %q is wrong at %s: %s", v.f.rec.Name, types.NewTimestamptz(t), what)
	err.Detail = detail
	return err.WithHint("asof rebuild, on the directory while nobody serves it, makes the entity logs of %s anew from the changes; please report this", v.f.gen.eng.catalog.Load().servedBy(v.f.gen))
}

// definition evaluates a feature by its SELECT, row by row.
type definition struct {
	f      *plan.Feature
	states []agg.State
}

func newDefinition(f *plan.Feature) *definition {
	d := &definition{f: f}
	for i := range f.Aggs {
		d.states = append(d.states, f.Aggs[i].Fn.New())
	}
	return d
}

// eval is the entity's row at t, nil where it has none.
func (d *definition) eval(key []types.Value, versions []lifespan, t int64) ([]types.Value, error) {
	for _, s := range d.states {
		s.Reset()
	}
	exists := len(d.f.Keys) == 0 && !d.f.Attribute
	var last []types.Value // of an attribute feature
	for i := range versions {
		r := &versions[i]
		if r.c > t || r.end <= t {
			continue
		}
		env := expr.Env{Row: r.row, Now: t}
		ok, err := d.passes(&d.f.Where, &env)
		if err != nil {
			return nil, err
		}
		if !ok {
			continue
		}
		exists, last = true, r.row
		for a := range d.f.Aggs {
			if err := d.add(a, &env); err != nil {
				return nil, err
			}
		}
	}
	if !exists {
		return nil, nil
	}
	env := expr.Env{Row: last, Now: t}
	if !d.f.Attribute {
		env.Row = slices.Clone(key)
		for _, s := range d.states {
			result, err := s.Result()
			if err != nil {
				return nil, err
			}
			env.Row = append(env.Row, result)
		}
	}
	out := make([]types.Value, len(d.f.Outputs))
	for i, o := range d.f.Outputs {
		var err error
		if out[i], err = o.X.Eval(&env); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// add counts a row in an aggregate if it passes its FILTER.
func (d *definition) add(a int, env *expr.Env) error {
	ag := &d.f.Aggs[a]
	ok, err := d.passes(&ag.Pred, env)
	if err != nil || !ok {
		return err
	}
	var arg types.Value
	if ag.Arg != nil {
		if arg, err = ag.Arg.Eval(env); err != nil {
			return err
		}
	}
	d.states[a].Add(arg)
	return nil
}

// passes reports whether a row passes a condition at env.Now.
func (d *definition) passes(p *plan.Predicate, env *expr.Env) (bool, error) {
	for _, b := range p.Bounds {
		at, err := b.At.Eval(env)
		if err != nil {
			return false, err
		}
		e, ok := history.EventTime(env.Row[d.f.EventTime])
		bound, known := history.EventTime(at)
		if !ok || !known {
			return false, nil
		}
		switch b.Op {
		case ">":
			ok = e > bound
		case ">=":
			ok = e >= bound
		case "<":
			ok = e < bound
		case "<=":
			ok = e <= bound
		default:
			ok = e == bound
		}
		if !ok {
			return false, nil
		}
	}
	if p.Rest == nil {
		return true, nil
	}
	v, err := p.Rest.Eval(env)
	return v.Kind == types.Bool && v.I != 0, err
}
