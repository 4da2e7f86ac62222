package engine

import (
	"maps"
	"time"

	"github.com/asofdb/asof/engine/window"
	"github.com/asofdb/asof/sql/exec"
	"github.com/asofdb/asof/sql/expr"
	"github.com/asofdb/asof/sql/plan"
	"github.com/asofdb/asof/sql/types"
)

// pointRead is a prepared query that reads a feature's rows by their keys and shows them: SELECT … FROM f WHERE key = $1, or = ANY($1). It is what is asked all day, so it is neither planned again nor run by
// operators over batches. Everything else, and this too where anything but the values of the parameters is not as it was when it was planned, goes the ordinary way, which gives the same rows.
type pointRead struct {
	cat     *catalog
	f       *feature
	query   *plan.Query
	scan    *plan.Scan
	keep    expr.Expr // may be nil
	exprs   []expr.Expr
	columns []types.Column
	zone    *time.Location
	off     map[string]bool
}

// mostPoints is how many keys are read this way: their rows are held in memory.
const mostPoints = 1024

// pointReadOf is the point read that a query is, nil for one that is not.
func (s *Session) pointReadOf(st *statement, q *plan.Query) *pointRead {
	if len(q.Scans) != 1 || len(q.Sweeps) > 0 || q.AsOf.X != nil {
		return nil
	}
	p := &pointRead{cat: st.cat, query: q, columns: resultColumns(q), zone: s.zone, off: s.rulesOff()}
	node := q.Root
	project, ok := node.(*plan.Project)
	if ok {
		for _, o := range project.Exprs {
			p.exprs = append(p.exprs, o.X)
		}
		node = project.In
	}
	if filter, ok := node.(*plan.Filter); ok {
		p.keep, node = filter.X, filter.In
	}
	if p.scan, ok = node.(*plan.Scan); !ok || p.scan.AsOf.X != nil || p.scan.Keys == nil && p.scan.Any == nil || p.scan.Relation.Kind != plan.FeatureRelation || st.plain[p.scan.Relation] != nil {
		return nil
	}
	if p.f = st.cat.features[p.scan.Relation.Name]; p.f == nil {
		return nil
	}
	for _, x := range append([]expr.Expr{p.keep}, p.exprs...) {
		if x != nil && !selfContained(x) {
			return nil
		}
	}
	return p
}

// selfContained reports whether an expression asks no query.
func selfContained(x expr.Expr) (alone bool) {
	alone = true
	expr.Walk(x, func(x expr.Expr) bool {
		_, query := x.(*expr.Subquery)
		alone = alone && !query
		return alone
	})
	return alone
}

// holds reports whether nothing has changed that the plan or the moment depends on.
func (p *pointRead) holds(s *Session) bool {
	if at, _ := s.moment(); at != nil {
		return false
	}
	if s.tx != nil && (s.tx.modes.Isolation == "repeatable read" || s.tx.modes.Isolation == "serializable") {
		return false
	}
	return s.eng.catalog.Load() == p.cat && s.zone == p.zone && s.tables[p.scan.Relation.Name] == nil && maps.Equal(p.off, s.rulesOff())
}

// read answers as of the source's frontier; nil where the ordinary way has to be gone, which also says what is wrong where something is.
func (p *pointRead) read(s *Session, in input) *Rows {
	if !p.holds(s) || len(in.values) < len(p.query.Params) || s.MayRead(p.scan.Relation.Name) != nil {
		return nil
	}
	pub := p.f.gen.source.published.Load()
	now, err := p.f.gen.source.now(pub)
	if err != nil || p.f.readable(now, pub) != nil {
		return nil
	}
	params := make([]types.Value, len(p.query.Params))
	for i, t := range p.query.Params {
		if params[i], err = convertParam(in.values[i], t, s.zone); err != nil {
			return nil
		}
	}
	ec := &exec.Context{Params: params, Now: now, Session: plan.Session{Zone: s.zone}, Asker: asker{s}}
	keys, _, err := exec.Keys(p.scan, ec)
	if err != nil || len(keys) > mostPoints {
		return nil
	}
	found, err := p.rows(s, ec, keys, scanMoment{now, pub, s.eng.options.Clock().UnixMicro()})
	if err != nil {
		return nil
	}
	if s.tx != nil {
		s.tx.asked = true
	}
	return &Rows{columns: p.columns, fixed: found}
}

// rows evaluates the feature for each key.
func (p *pointRead) rows(s *Session, ec *exec.Context, keys [][]types.Value, m scanMoment) (found [][]types.Value, err error) {
	f := p.f
	x := f.pool.Get().(*evaluation)
	defer f.pool.Put(x)
	env := expr.Env{Now: ec.Now, Params: ec.Params, Zone: s.zone, Session: ec.Asker}
	for _, key := range keys {
		err := f.withLog(x, key, func(log window.Log) error {
			if f.gen.dropped.Load() {
				return errDropped // nothing pins it: its keys may be being deleted
			}
			row, err := x.ev.Eval(key, log, m.t)
			if err != nil || row == nil {
				return err
			}
			if row, err = f.withSystem(x, key, log, row, m, p.scan); err != nil {
				return err
			}
			env.Row = project(nil, p.scan.Columns, row)
			if p.keep != nil {
				if ok, err := expr.True(p.keep, &env); err != nil || !ok {
					return err
				}
			}
			out := env.Row
			if p.exprs != nil {
				out = make([]types.Value, len(p.exprs))
				for i, e := range p.exprs {
					if out[i], err = e.Eval(&env); err != nil {
						return err
					}
				}
			}
			found = append(found, out)
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return found, nil
}
