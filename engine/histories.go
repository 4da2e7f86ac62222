package engine

import (
	"errors"
	"strings"
	"sync/atomic"

	"github.com/asofdb/asof/engine/record"
	"github.com/asofdb/asof/engine/window"
	"github.com/asofdb/asof/sql/exec"
	"github.com/asofdb/asof/sql/plan"
	"github.com/asofdb/asof/sql/types"
	"github.com/asofdb/asof/storage"
)

// counter counts what one goroutine does and another shows.
type counter = atomic.Int64

// historySuffix makes the name of a feature's history of that of the feature.
const historySuffix = "_history"

// historyOf returns the feature whose history is called name, nil if there is none.
func (c *catalog) historyOf(name string) *feature {
	if base, ok := strings.CutSuffix(name, historySuffix); ok {
		return c.features[base]
	}
	return nil
}

// historyRelation is a feature's history as a table: event_time and valid_to, then the feature's columns.
func (f *feature) historyRelation() *plan.Relation {
	r := &plan.Relation{
		Name: f.rec.Name + historySuffix, Kind: plan.FeatureHistory, EventTime: -1,
		Columns: types.Schema{{Name: "event_time", Type: types.Type{Kind: types.Timestamptz}}, {Name: "valid_to", Type: types.Type{Kind: types.Timestamptz}}},
	}
	r.Columns = append(r.Columns, f.relation.Columns...)
	for _, k := range f.relation.Key {
		r.Key = append(r.Key, k+2)
	}
	return r
}

// historyRow is a period as a row of that table. The period that holds at the statement's now has no end yet.
func historyRow(p *window.Period, now int64) []types.Value {
	row := make([]types.Value, 0, len(p.Row)+2)
	until := types.Value{}
	if !p.Open && p.Until <= now {
		until = types.NewTimestamptz(p.Until)
	}
	return append(append(row, types.NewTimestamptz(p.From), until), p.Row...)
}

// firstMoment is where histories of a source's features begin: the begin of its history, or, where that has none, its first change.
func (s *source) firstMoment(p *published) (int64, error) {
	if p.history != always {
		return p.history, nil
	}
	v := s.eng.db.View()
	defer v.Close()
	first := p.lastC
	err := v.ScanLog(s.rec.ID, NoTime, func(_ int64, _ uint64, block []byte) error {
		h, err := record.ReadHeader(block)
		if err != nil {
			return s.blockError(err)
		}
		first = h.CMin
		return storage.ErrStop
	})
	return first, err
}

// openHistory reads the history of the entities with the given keys, or of all.
func (st *statement) openHistory(f *feature, s *plan.Scan, keys [][]types.Value, m scanMoment) (exec.Rows, error) {
	from, err := f.gen.source.firstMoment(m.p)
	if err != nil {
		return nil, err
	}
	if keys == nil {
		return f.allEntities(s, m, func(sc *featureScan, log window.Log) error { return sc.history(from, log) })
	}
	return pull(nil, func(yield func([]types.Value, error) bool) {
		sc := &featureScan{f: f, m: m, scan: s, yield: yield, x: f.pool.Get().(*evaluation)}
		defer f.pool.Put(sc.x)
		for _, k := range keys {
			sc.key = k
			err := f.withLog(sc.x, k, func(log window.Log) error { return sc.history(from, log) })
			if errors.Is(err, storage.ErrStop) {
				return
			}
			if err != nil {
				yield(nil, err)
				return
			}
		}
	}), nil
}

// history hands out the periods of one entity.
func (sc *featureScan) history(from int64, log window.Log) error {
	return sc.x.ev.Periods(sc.key, log, from, sc.m.t, func(p *window.Period) error {
		sc.out = project(sc.out, sc.scan.Columns, historyRow(p, sc.m.t))
		if !sc.yield(sc.out, nil) {
			return storage.ErrStop
		}
		return nil
	})
}
