package engine

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"hash/maphash"
	"slices"
	"sort"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/asofdb/asof/engine/record"
	"github.com/asofdb/asof/engine/window"
	"github.com/asofdb/asof/sql/exec"
	"github.com/asofdb/asof/sql/plan"
	"github.com/asofdb/asof/sql/types"
	"github.com/asofdb/asof/storage"
)

// A sweep answers many questions about one relation, each for a key and a moment: the training join. The questions are sorted by entity, in the order in which entities lie on disk, and
// by moment, so that each entity's log is read once, from its beginning to the last moment that is asked for.

// question is one of a sweep's questions, with what it is sorted by. It has no pointers: there are a million of them.
type question struct {
	index int // among the caller's
	at    int64
	// order is the entity's slot, by which entities lie on disk, above a hash of its key; keys of equal order are compared.
	order uint64
}

// questions are what is asked, and the keys, encoded, by the index of the caller's question.
type questions struct {
	asked []question
	keys  []byte
	ends  []int // of each key in keys; questions without a key have an empty one
}

func (q *questions) key(index int) []byte {
	from := 0
	if index > 0 {
		from = q.ends[index-1]
	}
	return q.keys[from:q.ends[index]]
}

// encode encodes the keys of the caller's questions, and says in which order those that are asked are to be answered. slot is the slot of a key.
func (q *questions) encode(qs []exec.Question, slot func(key []byte, values []types.Value) uint16) {
	q.ends = make([]int, len(qs))
	for i := range qs {
		if !qs[i].NoKey {
			for _, v := range qs[i].Key {
				q.keys = types.AppendKey(q.keys, v)
			}
		}
		q.ends[i] = len(q.keys)
	}
	seed := maphash.MakeSeed()
	for i := range q.asked {
		index := q.asked[i].index
		key := q.key(index)
		q.asked[i].order = uint64(slot(key, qs[index].Key))<<48 | maphash.Bytes(seed, key)>>16
	}
}

// sort sorts by entity and moment.
func (q *questions) sort() {
	slices.SortFunc(q.asked, func(a, b question) int {
		if a.order != b.order {
			return cmp.Compare(a.order, b.order)
		}
		if c := bytes.Compare(q.key(a.index), q.key(b.index)); c != 0 {
			return c
		}
		return cmp.Compare(a.at, b.at)
	})
}

// sameKey reports whether two questions are for the same entity.
func (q *questions) sameKey(a, b *question) bool {
	return a.order == b.order && bytes.Equal(q.key(a.index), q.key(b.index))
}

// Sweep implements exec.Tables.
func (st *statement) Sweep(ctx context.Context, s *plan.Scan, qs []exec.Question, answers []exec.Answer) error {
	src := st.sourceOf(s.Relation.Name)
	asked, err := st.askable(ctx, src, s, qs, answers[0])
	if err != nil || len(asked) == 0 {
		return err
	}
	f := st.feature(s.Relation)
	until := latest(asked)
	if s.Relation.Kind == plan.FeatureHistory {
		until = st.now // a history has rows up to now, and none before it begins: no moment is out of its reach
	}
	p, err := src.reached(ctx, until, st.wait)
	if err == nil && s.Relation.Kind != plan.FeatureHistory {
		asked, err = st.withinHistory(src, p, asked, answers[0])
	}
	if err != nil || len(asked) == 0 {
		return err
	}
	if f != nil && f.gen.dropped.Load() {
		return f.replaced() // the frontier that was waited for may be one that it does not follow
	}
	sw := &sweep{st: st, scan: s, p: p, questions: questions{asked: asked}, qs: qs}
	sw.encode(qs, func(key []byte, values []types.Value) uint16 {
		if f == nil {
			return 0
		}
		return f.gen.entityKey(key, values).Slot
	})
	sw.sort()
	defer st.eng.progress(ctx, "joining "+s.Relation.Name, "rows", func() (int64, int64) { return sw.done.Load(), int64(len(asked)) })()
	if f == nil {
		return sw.source(ctx, src, answers[0])
	}
	return sw.features(ctx, f, answers)
}

// feature is the feature that a relation is, or is the history of; nil for a source.
func (st *statement) feature(r *plan.Relation) *feature {
	switch r.Kind {
	case plan.FeatureRelation:
		return st.cat.features[r.Name]
	case plan.FeatureHistory:
		return st.cat.historyOf(r.Name)
	default:
		return nil
	}
}

// askable answers what needs no looking up, and gives each other question its moment.
func (st *statement) askable(ctx context.Context, src *source, s *plan.Scan, qs []exec.Question, answer exec.Answer) ([]question, error) {
	var served *servedMoments
	asked := make([]question, 0, len(qs))
	for i := range qs {
		if qs[i].NoKey {
			if err := answer(i, nil); err != nil {
				return nil, err
			}
			continue
		}
		at := qs[i].At
		if s.AsOf.Served {
			if served == nil {
				var err error
				if served, err = src.servedMoments(); err != nil {
					return nil, err
				}
			}
			f, err := served.at(at)
			if err != nil {
				return nil, err
			}
			at = f
		}
		asked = append(asked, question{index: i, at: at})
	}
	return asked, context.Cause(ctx)
}

func latest(asked []question) int64 {
	return slices.MaxFunc(asked, func(a, b question) int { return cmp.Compare(a.at, b.at) }).at
}

// withinHistory refuses questions from before the history begins, or, under before_history = 'null', answers them with no row and counts them.
func (st *statement) withinHistory(src *source, p *published, asked []question, answer exec.Answer) ([]question, error) {
	if src.relation.PlainTable {
		return asked, nil
	}
	kept := asked[:0]
	for _, q := range asked {
		if q.at >= p.history {
			kept = append(kept, q)
			continue
		}
		if !st.beforeHistoryNull {
			return nil, src.tooEarly(q.at, p)
		}
		st.beforeHistory++
		if err := answer(q.index, nil); err != nil {
			return nil, err
		}
	}
	return kept, nil
}

// sweep is one call of Sweep once its questions are known.
type sweep struct {
	questions
	st   *statement
	scan *plan.Scan
	p    *published
	qs   []exec.Question
	done counter
}

// share is the questions from..to of the sorted ones.
type share struct{ from, to int }

// next takes the questions of the next entities from what is left of s: at least n questions, or what is left.
func (sw *sweep) next(s *share, n int) share {
	taken := share{s.from, min(s.from+n, s.to)}
	for taken.to < s.to && sw.sameKey(&sw.asked[taken.to-1], &sw.asked[taken.to]) {
		taken.to++
	}
	s.from = taken.to
	return taken
}

// entities calls fn for the questions of each entity of a share.
func (sw *sweep) entities(ctx context.Context, s share, fn func(qs []question) error) error {
	for s.from < s.to {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		e := sw.next(&s, 1)
		if err := fn(sw.asked[e.from:e.to]); err != nil {
			return err
		}
		sw.done.Add(int64(e.to - e.from))
	}
	return nil
}

// A worker takes shareSize questions at a time: some milliseconds' work, and a thousand shares of a large chunk.
const shareSize = 1 << 10

// features answers from a feature's entity logs, as many entities at a time as there are answers and work for them. The goroutines end before it returns.
func (sw *sweep) features(ctx context.Context, f *feature, answers []exec.Answer) error {
	if sw.scan.Relation.Kind == plan.FeatureRelation {
		earliest := slices.MinFunc(sw.asked, func(a, b question) int { return cmp.Compare(a.at, b.at) })
		if err := f.readable(earliest.at, sw.p); err != nil {
			return err
		}
	}
	from, err := f.gen.source.firstMoment(sw.p)
	if err != nil {
		return err
	}
	left, mu := share{0, len(sw.asked)}, sync.Mutex{} // mu guards left
	work, ctx := errgroup.WithContext(ctx)
	for _, answer := range answers[:min(len(answers), 1+len(sw.asked)/shareSize)] {
		work.Go(func() (err error) {
			defer func() {
				if p := recover(); p != nil {
					err = sw.st.eng.caught(p)
				}
			}()
			w := featureSweep{sweep: sw, f: f, x: f.pool.Get().(*evaluation), begin: from, answer: answer}
			defer f.pool.Put(w.x)
			for {
				mu.Lock()
				s := sw.next(&left, shareSize)
				mu.Unlock()
				if s.from == s.to {
					return nil
				}
				if err := sw.entities(ctx, s, w.entity); err != nil {
					return err
				}
			}
		})
	}
	return work.Wait()
}

// featureSweep is what one goroutine does of a sweep.
type featureSweep struct {
	*sweep
	f      *feature
	x      *evaluation
	begin  int64 // of the feature's history
	answer exec.Answer
	times  []int64
	row    []types.Value
	out    []types.Value
}

// entity answers the questions for one entity.
func (w *featureSweep) entity(qs []question) error {
	key := w.qs[qs[0].index].Key
	return w.f.withLog(w.x, key, func(log window.Log) error {
		if w.scan.Relation.Kind == plan.FeatureHistory {
			return w.periods(key, log, qs)
		}
		return w.values(key, log, qs)
	})
}

func (w *featureSweep) values(key []types.Value, log window.Log, qs []question) error {
	w.times = w.times[:0]
	for i := range qs {
		w.times = append(w.times, qs[i].at)
	}
	return w.x.ev.EvalMany(key, log, w.times, func(i int, row []types.Value) error {
		if row == nil {
			return w.answer(qs[i].index, nil)
		}
		w.row = append(w.row[:0], row...)
		var err error
		if w.row, err = w.f.withSystem(w.x, key, log, w.row, scanMoment{w.times[i], w.p}, w.scan); err != nil {
			return err
		}
		w.out = project(w.out, w.scan.Columns, w.row)
		return w.answer(qs[i].index, w.out)
	})
}

// periods answers with the period of the history that holds at each moment.
func (w *featureSweep) periods(key []types.Value, log window.Log, qs []question) error {
	next := 0
	err := w.x.ev.Periods(key, log, w.begin, w.st.now, func(p *window.Period) error {
		for ; next < len(qs) && (p.Open || qs[next].at < p.Until); next++ {
			var row []types.Value
			if qs[next].at >= p.From {
				w.out = project(w.out, w.scan.Columns, historyRow(p, w.st.now))
				row = w.out
			}
			if err := w.answer(qs[next].index, row); err != nil {
				return err
			}
		}
		return nil
	})
	for ; err == nil && next < len(qs); next++ {
		err = w.answer(qs[next].index, nil)
	}
	return err
}

// rowVersion is a row from c on; nil: gone.
type rowVersion struct {
	c   int64
	row []types.Value
}

// source answers from a source's rows: one pass over its log gathers the versions of the keys that are asked for.
func (sw *sweep) source(ctx context.Context, src *source, answer exec.Answer) error {
	if src.rec.Key == nil {
		return types.Errorf(types.CodeNotSupported, "source %q has no primary key to be joined AS OF by", src.rec.Name)
	}
	last := latest(sw.asked)
	versions := map[string][]rowVersion{}
	for _, q := range sw.asked {
		versions[string(sw.key(q.index))] = nil
	}
	view := sw.st.eng.db.View()
	defer view.Close()
	r := &sourceScan{s: src, view: view, t: last, columns: sw.scan.Columns}
	r.want = r.wanted()
	if err := r.versionsOf(versions, sw.st.limit); err != nil {
		return err
	}
	var out []types.Value
	return sw.entities(ctx, share{0, len(sw.asked)}, func(qs []question) error {
		vs := versions[string(sw.key(qs[0].index))]
		for _, q := range qs {
			i := sort.Search(len(vs), func(i int) bool { return vs[i].c > q.at })
			if i == 0 || vs[i-1].row == nil {
				if err := answer(q.index, nil); err != nil {
					return err
				}
				continue
			}
			out = out[:0]
			for _, c := range sw.scan.Columns {
				if c == len(src.types) {
					out = append(out, types.NewTimestamptz(q.at))
				} else {
					out = append(out, vs[i-1].row[c])
				}
			}
			if err := answer(q.index, out); err != nil {
				return err
			}
		}
		return nil
	})
}

// versionsOf gathers the versions of the keys in m, in order of time.
func (r *sourceScan) versionsOf(m map[string][]rowVersion, limit int64) error {
	size := int64(0)
	put := func(key []byte, v rowVersion) error {
		vs, ok := m[string(key)]
		if !ok {
			return nil
		}
		if n := len(vs); n > 0 && vs[n-1].c == v.c {
			vs[n-1] = v
		} else {
			vs = append(vs, v)
			size += int64(rowBytes(v.row)) + 64
		}
		m[string(key)] = vs
		if size > limit {
			return types.Errorf(types.CodeOutOfMemory, "joining source %q AS OF needs more than memory_limit allows", r.s.rec.Name).WithHint("SET memory_limit to more than %d", limit)
		}
		return nil
	}
	return r.everything(func(ch *record.Change) error {
		if ch.Op == record.Truncate {
			for k, vs := range m {
				if len(vs) > 0 {
					m[k] = append(vs, rowVersion{c: ch.C})
				}
			}
			return nil
		}
		if ch.Old != nil {
			r.key = r.s.appendKey(r.key[:0], ch.Old)
			if err := put(r.key, rowVersion{c: ch.C}); err != nil {
				return err
			}
		}
		if ch.New != nil {
			r.key = r.s.appendKey(r.key[:0], ch.New)
			return put(r.key, rowVersion{ch.C, slices.Clone(ch.New)})
		}
		return nil
	})
}

// everything calls fn for every change with c <= t, truncated ones included.
func (r *sourceScan) everything(fn func(*record.Change) error) error {
	return r.view.ScanLog(r.s.rec.ID, NoTime, func(_ int64, _ uint64, block []byte) error {
		h, err := record.ReadHeader(block)
		if err != nil {
			return r.s.blockError(err)
		}
		if h.CMin > r.t {
			return storage.ErrStop
		}
		changes, err := record.ReadBlock(block, r.s.types, r.want)
		if err != nil {
			return r.s.blockError(err)
		}
		for i := range changes {
			if ch := &changes[i]; ch.C <= r.t && ch.Op != record.Noop {
				if err := fn(ch); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// servedMoments is a source's publication log: which frontier readers had when.
type servedMoments struct {
	src            *source
	walls, moments []int64
}

func (s *source) servedMoments() (*servedMoments, error) {
	m := &servedMoments{src: s}
	v := s.eng.db.View()
	defer v.Close()
	err := v.Publications(s.rec.ID, NoTime, func(wall, frontier int64) error {
		m.walls, m.moments = append(m.walls, wall), append(m.moments, frontier)
		return nil
	})
	return m, err
}

// at is the frontier that readers had at a time of the wall clock.
func (m *servedMoments) at(wall int64) (int64, error) {
	i := sort.Search(len(m.walls), func(i int) bool { return m.walls[i] > wall })
	if i == 0 {
		first := "nothing has been published yet"
		if len(m.walls) > 0 {
			first = fmt.Sprintf("the first answer could be given at %s", types.NewTimestamptz(m.walls[0]))
		}
		return 0, types.Errorf(types.CodeNotReady, "nothing of source %q was served at %s: %s", m.src.rec.Name, types.NewTimestamptz(wall), first)
	}
	return m.moments[i-1], nil
}

// servedAt is the frontier that readers of the source had at a time of the wall clock.
func (s *source) servedAt(wall int64) (int64, error) {
	m, err := s.servedMoments()
	if err != nil {
		return 0, err
	}
	return m.at(wall)
}
