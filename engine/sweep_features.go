package engine

import (
	"context"
	"slices"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/asofdb/asof/engine/window"
	"github.com/asofdb/asof/sql/exec"
	"github.com/asofdb/asof/sql/plan"
	"github.com/asofdb/asof/sql/types"
	"github.com/asofdb/asof/storage"
)

// readable checks that the feature's values are known at every moment that is asked for: what is known at one is known later, up to the next gap.
func (sw *sweep) readable(f *feature) error {
	from := []int64{NoTime}
	for i := range sw.p.gaps {
		from = append(from, sw.p.gaps[i].From)
	}
	for _, begin := range from {
		earliest := int64(endless)
		for i := range sw.asked {
			if at := sw.asked[i].at; at > begin {
				earliest = min(earliest, at)
			}
		}
		if earliest == endless {
			continue
		}
		check := f.gen.source.known
		if sw.scan.Relation.Kind == plan.FeatureRelation {
			check = f.readable
		}
		if err := check(earliest, sw.p); err != nil {
			return err
		}
	}
	return nil
}

// features answers from a feature's entity logs, by as many goroutines as there are answers and work for them. They end before it returns.
func (sw *sweep) features(ctx context.Context, f *feature, answers []exec.Answer) error {
	if err := sw.readable(f); err != nil {
		return err
	}
	begin, err := f.gen.source.firstMoment(sw.p)
	if err != nil {
		return err
	}
	buckets, err := sw.buckets(f.gen)
	if err != nil {
		return err
	}
	var next atomic.Int64
	var sparse atomic.Bool
	work, ctx := errgroup.WithContext(ctx)
	for _, answer := range answers[:min(len(answers), len(buckets))] {
		work.Go(func() (err error) {
			defer func() {
				if p := recover(); p != nil {
					err = sw.st.eng.caught(p)
				}
			}()
			w := featureSweep{sweep: sw, f: f, x: f.pool.Get().(*evaluation), begin: begin, answer: answer, sparse: &sparse}
			defer f.pool.Put(w.x)
			w.showsSystem = slices.ContainsFunc(sw.scan.Columns, func(c int) bool { return c >= len(f.relation.Columns) })
			for {
				n := int(next.Add(1)) - 1
				if n >= len(buckets) {
					return nil
				}
				if err := w.bucket(ctx, buckets[n]); err != nil {
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
	sparse *atomic.Bool // shared: set once few of the entities in a range of the disk were asked for

	showsSystem bool // the scan has system columns

	view   *storage.View
	values []types.Value // of the key
	times  []int64
	row    []types.Value
	out    []types.Value
}

// entity is one entity's questions, and what is in memory of its log.
type entity struct {
	asked []question
	twoRuns
}

// bucket answers the questions of one. What is in memory is asked for first, then what is on disk (invariant 4).
func (w *featureSweep) bucket(ctx context.Context, b bucket) error {
	w.sort(b.asked)
	var es []entity
	for asked := b.asked; len(asked) > 0; {
		n := w.first(asked)
		k := w.key(&asked[0])
		if err := checkEntityKey(k); err != nil {
			return err
		}
		e := entity{asked: asked[:n]}
		e.older, e.newer = w.f.gen.pending(k)
		es, asked = append(es, e), asked[n:]
	}
	w.view = w.f.gen.eng.db.View()
	defer w.view.Close()
	all := false // roots have been read
	if len(es) >= worthScanning && !w.sparse.Load() {
		var err error
		if es, all, err = w.scanned(ctx, b, es); err != nil {
			return err
		}
	}
	for i := range es {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		ek, err := w.turn(&es[i])
		if err != nil {
			return err
		}
		var stored []byte
		if !all {
			if stored, err = w.view.Root(ek); err != nil {
				return err
			}
		}
		if err := w.one(&es[i], ek, stored); err != nil {
			return err
		}
	}
	return nil
}

// Where many entities are asked for, all roots of their slots are read in order, which costs a fifth of looking one up. It is given up where
// more than scanFor roots were met for each that was wanted.
const (
	worthScanning = 256
	scanFor       = 6
)

// scanned answers the questions of entities that are met in a scan of the bucket's slots, and returns the entities that are left: where all roots have been
// read, those have none.
func (w *featureSweep) scanned(ctx context.Context, b bucket, es []entity) (left []entity, all bool, err error) {
	wanted := make(map[string]*entity, len(es))
	for i := range es {
		wanted[string(w.key(&es[i].asked[0]))] = &es[i]
	}
	g, met, found := w.f.gen, 0, 0
	all = true
	err = w.view.ScanRootsOf(g.rec.Entity, g.rec.ID, b.low, b.high, func(k []byte, _ uint16, root []byte) error {
		if met++; met > scanFor*(found+worthScanning) {
			w.sparse.Store(true)
			all = false
			return storage.ErrStop
		}
		e := wanted[string(k)]
		if e == nil {
			return nil
		}
		found++
		if err := context.Cause(ctx); err != nil {
			return err
		}
		ek, err := w.turn(e)
		if err == nil {
			err = w.one(e, ek, root)
		}
		e.asked = nil
		return err
	})
	return slices.DeleteFunc(es, func(e entity) bool { return e.asked == nil }), all, err
}

// turn turns to an entity.
func (w *featureSweep) turn(e *entity) (ek storage.EntityKey, err error) {
	k := w.key(&e.asked[0])
	if w.values, err = w.f.gen.readKey(w.values[:0], k); err != nil {
		return ek, err
	}
	return w.f.gen.entityKey(k, w.values), nil
}

// one answers the questions about the entity turned to, whose root may be nil.
func (w *featureSweep) one(e *entity, ek storage.EntityKey, stored []byte) error {
	log, err := w.f.logOf(w.x, w.view, ek, stored, &e.older, &e.newer)
	if err != nil {
		return err
	}
	if w.scan.Relation.Kind == plan.FeatureHistory {
		err = w.periods(log, e.asked)
	} else {
		err = w.rows(log, e.asked)
	}
	w.done.Add(int64(len(e.asked)))
	return err
}

// rows answers with the feature's row at each moment.
func (w *featureSweep) rows(log window.Log, qs []question) error {
	w.times = w.times[:0]
	for i := range qs {
		w.times = append(w.times, qs[i].at)
	}
	if w.f.showsUpdated(w.scan) {
		return w.x.ev.EvalManyUpdated(w.values, log, w.begin, w.times, func(i int, row []types.Value, since int64) error {
			if row == nil {
				return w.answer(qs[i].index, nil)
			}
			w.row = w.f.appendSystem(append(w.row[:0], row...), scanMoment{w.times[i], w.p, NoTime})
			return w.found(&qs[i], append(w.row, types.NewTimestamptz(since)))
		})
	}
	return w.x.ev.EvalMany(w.values, log, w.times, func(i int, row []types.Value) error {
		if row != nil && w.showsSystem {
			w.row = w.f.appendSystem(append(w.row[:0], row...), scanMoment{w.times[i], w.p, NoTime})
			row = w.row
		}
		if row == nil {
			return w.answer(qs[i].index, nil)
		}
		return w.found(&qs[i], row)
	})
}

// found answers with a row of the feature, and of its system columns where the scan shows them.
func (w *featureSweep) found(q *question, row []types.Value) error {
	w.out = project(w.out, w.scan.Columns, row)
	return w.answer(q.index, w.out)
}

// periods answers with the period of the history that holds at each moment.
func (w *featureSweep) periods(log window.Log, qs []question) error {
	next := 0
	err := w.x.ev.Periods(w.values, log, w.begin, w.st.now, func(p *window.Period) error {
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
