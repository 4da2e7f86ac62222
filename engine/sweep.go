package engine

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sort"

	"github.com/asofdb/asof/engine/record"
	"github.com/asofdb/asof/sql/exec"
	"github.com/asofdb/asof/sql/plan"
	"github.com/asofdb/asof/sql/types"
	"github.com/asofdb/asof/storage"
)

// A sweep answers many questions about one relation, each for a key and a moment: the training join. The questions are sorted by entity and by moment
// (sweep_questions.go), so that each entity's log is read once, from its beginning to the last moment that is asked for. Entities of a feature are answered side
// by side (sweep_features.go).

// Sweep implements exec.Tables.
func (st *statement) Sweep(ctx context.Context, s *plan.Scan, qs *exec.Questions, answers []exec.Answer) error {
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
	sw := &sweep{st: st, scan: s, p: p, qs: qs, asked: asked}
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
func (st *statement) askable(ctx context.Context, src *source, s *plan.Scan, qs *exec.Questions, answer exec.Answer) ([]question, error) {
	var served *servedMoments
	asked := make([]question, 0, qs.Len())
	for i, at := range qs.At {
		if _, ok := qs.Key(i); !ok {
			if err := answer(i, nil); err != nil {
				return nil, err
			}
			continue
		}
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
	st    *statement
	scan  *plan.Scan
	p     *published
	qs    *exec.Questions
	asked []question
	done  counter
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
		versions[string(sw.key(&q))] = nil
	}
	view := sw.st.eng.db.View()
	defer view.Close()
	r := &sourceScan{s: src, view: view, t: last, columns: sw.scan.Columns}
	r.want = r.wanted()
	if err := r.versionsOf(versions, sw.st.limit); err != nil {
		return err
	}
	var out []types.Value
	sw.sort(sw.asked)
	return sw.entities(ctx, sw.asked, func(qs []question) error {
		vs := versions[string(sw.key(&qs[0]))]
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
