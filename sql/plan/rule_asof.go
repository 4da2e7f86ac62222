package plan

import (
	"github.com/asofdb/asof/sql/expr"
)

// recogniseAsOf finds the point-in-time join that people write by hand,
//
//	FROM o [LEFT] JOIN f_history h ON h.k = o.k [AND h.event_time <= o.t]
//	 AND h.event_time = (SELECT MAX(event_time) FROM f_history WHERE k = o.k AND event_time <= o.t)
//
// and makes an AsOfJoin of it: of an entity's rows in a history exactly one has a given event_time, so the row with the greatest one up to o.t is the
// row that is valid then. With < for <= it is the row valid a microsecond before.
func recogniseAsOf(n Node) Node {
	for _, in := range inputs(n) {
		*in = recogniseAsOf(*in)
	}
	if j, ok := n.(*Join); ok {
		if a := asOfPattern(j); a != nil {
			return a
		}
	}
	return n
}

// pattern is what has been recognised of a join so far.
type pattern struct {
	join  *Join
	scan  *Scan
	event int // the column event_time of the relation
	w     int // columns of the left row
	keys  []expr.Expr
	at    expr.Expr
	// before is set where the moment is excluded.
	before bool
}

func asOfPattern(j *Join) *AsOfJoin {
	scan, own := historyScan(j.R)
	if scan == nil || scan.Relation.Kind != FeatureHistory || j.Kind != InnerJoin && j.Kind != LeftJoin {
		return nil
	}
	p := &pattern{join: j, scan: scan, event: scan.Relation.Columns.Index("event_time"), w: width(j.L)}
	p.keys = make([]expr.Expr, len(scan.Relation.Key))
	var rest []expr.Expr
	for _, c := range own {
		rest = append(rest, shift(c, p.w))
	}
	for _, c := range conjuncts(j.On) {
		if p.takeKey(c) || p.takeNewest(c) {
			continue
		}
		rest = append(rest, c)
	}
	if p.event < 0 || p.at == nil {
		return nil
	}
	for _, k := range p.keys {
		if k == nil {
			return nil
		}
	}
	return &AsOfJoin{In: j.L, Scan: scan, Keys: p.keys, At: p.at, Before: p.before, Kind: j.Kind, Residual: allOf(p.withoutBound(rest))}
}

// historyScan returns the scan that n is and the conditions that were already pushed to it.
func historyScan(n Node) (*Scan, []expr.Expr) {
	var own []expr.Expr
	if f, ok := n.(*Filter); ok {
		n, own = f.In, conjuncts(f.X)
	}
	scan, _ := n.(*Scan)
	return scan, own
}

// takeKey takes h.k = o.k.
func (p *pattern) takeKey(c expr.Expr) bool {
	k, x := keyEquality(p.scan.Relation, c, p.w)
	if k < 0 || p.keys[k] != nil {
		return false
	}
	p.keys[k] = x
	return true
}

// takeNewest takes h.event_time = (SELECT MAX(event_time) …).
func (p *pattern) takeNewest(c expr.Expr) bool {
	eq, ok := c.(*expr.Compare)
	if !ok || eq.Op != "=" || p.at != nil {
		return false
	}
	l, r := eq.L, eq.R
	if _, sub := l.(*expr.Subquery); sub {
		l, r = r, l
	}
	q, ok := r.(*expr.Subquery)
	col, isColumn := l.(*expr.Column)
	if !ok || !isColumn || q.Form != expr.Scalar || col.Index != p.w+p.event {
		return false
	}
	at, before, ok := p.newest(q)
	if !ok {
		return false
	}
	p.at, p.before = at, before
	return true
}

// newest reads SELECT MAX(event_time) FROM f_history WHERE k = outer.k AND event_time <= outer.t and returns t over the join's left row.
func (p *pattern) newest(q *expr.Subquery) (at expr.Expr, before, ok bool) {
	root := q.Query.(*Subplan).Root
	if project, is := root.(*Project); is && len(project.Exprs) == 1 {
		if c, is := project.Exprs[0].X.(*expr.Column); is && c.Index == 0 {
			root = project.In
		}
	}
	a, is := root.(*Aggregation)
	if !is || len(a.Keys) > 0 || len(a.Aggs) != 1 || a.Aggs[0].Fn.Name != "max" || a.Aggs[0].Filter != nil {
		return nil, false, false
	}
	f, is := a.In.(*Filter)
	if !is {
		return nil, false, false
	}
	scan, is := f.In.(*Scan)
	if !is || scan.Relation.Name != p.scan.Relation.Name || scan.Relation.Kind != FeatureHistory || !sameMoment(scan.AsOf, p.scan.AsOf) {
		return nil, false, false
	}
	isEvent := func(x expr.Expr) bool {
		c, ok := x.(*expr.Column)
		return ok && scan.Columns[c.Index] == p.event
	}
	if !isEvent(a.Aggs[0].Arg) {
		return nil, false, false
	}
	found := make([]bool, len(p.keys))
	for _, c := range conjuncts(f.X) {
		cmp, is := c.(*expr.Compare)
		if !is {
			return nil, false, false
		}
		c := joined(cmp, q.Args, p.w)
		if k, x := keyEquality(p.scan.Relation, c, p.w); k >= 0 && !found[k] && p.sameKey(k, x) {
			found[k] = true
			continue
		}
		x, strict, is := upperBound(cmp, isEvent)
		if !is || at != nil || len(columnsOf(x)) > 0 {
			return nil, false, false
		}
		at, before = joined(x, q.Args, p.w), strict
	}
	for _, f := range found {
		if !f {
			return nil, false, false
		}
	}
	return at, before, at != nil
}

// sameKey reports whether the join's own condition equates key column k with x too.
func (p *pattern) sameKey(k int, x expr.Expr) bool {
	for _, c := range conjuncts(p.join.On) {
		if i, y := keyEquality(p.scan.Relation, c, p.w); i == k && same(x, y) {
			return true
		}
	}
	return false
}

// upperBound returns t of event_time <= t, and whether it is event_time < t; both as TIMESTAMPTZ.
func upperBound(c *expr.Compare, isEvent func(expr.Expr) bool) (t expr.Expr, strict, ok bool) {
	event, t, op := c.L, c.R, c.Op
	if isEvent(t) {
		event, t = t, event
		op = map[string]string{">=": "<=", ">": "<"}[op]
	}
	if !isEvent(event) || op != "<=" && op != "<" || !isTime(t.Type().Kind) {
		return nil, false, false
	}
	t, err := castTo(t, event.Type())
	return t, op == "<", err == nil
}

func sameMoment(a, b AsOf) bool {
	return same(a.X, b.X) && a.Before == b.Before && a.Served == b.Served
}

// withoutBound drops h.event_time <= o.t, which the row that is valid at o.t fulfils.
func (p *pattern) withoutBound(xs []expr.Expr) []expr.Expr {
	isEvent := func(x expr.Expr) bool {
		c, ok := x.(*expr.Column)
		return ok && c.Index == p.w+p.event
	}
	_, rest := split(xs, func(x expr.Expr) bool {
		c, ok := x.(*expr.Compare)
		if !ok {
			return false
		}
		t, strict, ok := upperBound(c, isEvent)
		return ok && same(t, p.at) && (!strict || p.before)
	})
	return rest
}
