package plan

import (
	"errors"
	"slices"

	"github.com/asofdb/asof/sql/expr"
	"github.com/asofdb/asof/sql/syntax"
	"github.com/asofdb/asof/sql/types"
)

// BindQuery binds a SELECT.
func BindQuery(sel *syntax.Select, cat Catalog, s Session) (*Query, error) {
	b := newBinder(cat, s)
	asOf, err := b.asOf(sel.AsOf, b.newScope(around{}))
	if err != nil {
		return nil, err
	}
	root, err := b.query(sel, around{})
	if err != nil {
		return nil, err
	}
	if root, err = b.printed(root); err != nil {
		return nil, err
	}
	return b.whole(root, asOf), nil
}

// printed gives the columns whose OIDs print as names those names.
func (b *binder) printed(root Node) (Node, error) {
	columns := root.Schema()
	outputs := make([]Output, len(columns))
	changed := false
	for i, c := range columns {
		column := columnAt(columns, i)
		x, err := expr.Printed(column, b.newScope(around{}))
		if err != nil {
			return nil, err
		}
		changed = changed || x != column
		outputs[i] = Output{Name: c.Name, X: x, T: x.Type()}
	}
	if !changed {
		return root, nil
	}
	return &Project{In: root, Exprs: outputs}, nil
}

func newBinder(cat Catalog, s Session) *binder {
	return &binder{
		cat: cat, zone: s.Zone, params: params{types: slices.Clone(s.Params)},
		off: s.Off, subNames: map[*syntax.Subquery]string{},
	}
}

// whole is the query of a root that is bound.
func (b *binder) whole(root Node, asOf AsOf) *Query {
	q := &Query{AsOf: asOf, Params: b.params.final()}
	for _, c := range root.Schema() {
		q.Columns = append(q.Columns, ResultColumn{Name: c.Name, Type: c.Type})
	}
	q.Root = b.optimise(root)
	everywhere(q.Root, func(n Node) {
		switch n := n.(type) {
		case *Scan:
			q.Scans = append(q.Scans, n)
		case *AsOfJoin:
			q.Sweeps = append(q.Sweeps, n.Scan)
		}
	})
	return q
}

// query binds a query but for its AS OF.
func (b *binder) query(sel *syntax.Select, a around) (Node, error) {
	a, err := b.with(sel.With, a)
	if err != nil {
		return nil, err
	}
	switch {
	case sel.Set != nil:
		return b.setOperation(sel, a)
	case sel.Values != nil:
		return b.valuesQuery(sel, a)
	}
	q, err := b.bindSelect(sel, a, false)
	if err != nil {
		return nil, err
	}
	if err := q.group(); err != nil {
		return nil, err
	}
	return q.arrange(), nil
}

// nested binds a query inside another one: its AS OF holds for the relations in it that have none of their own.
func (b *binder) nested(sel *syntax.Select, a around) (Node, error) {
	node, err := b.query(sel, a)
	if err != nil {
		return nil, err
	}
	moment, err := b.asOf(sel.AsOf, b.newScope(a))
	if err != nil {
		return nil, err
	}
	moment.spread(node)
	return node, nil
}

// selection is one SELECT, bound over FROM's row and the aggregates; what is left is to arrange it.
type selection struct {
	scope         *scope
	from          Node
	targets       []target
	where, having expr.Expr
	order         []sortKey
	distinct      bool
	limit, offset expr.Expr
}

// bindSelect binds the clauses in PostgreSQL's order, so that of several mistakes the same one is reported. With open the types of bare literals in
// the select list stay open.
func (b *binder) bindSelect(sel *syntax.Select, a around, open bool) (*selection, error) {
	from, s, err := b.from(sel.From, a)
	if err != nil {
		return nil, err
	}
	s.sets = &setCalls{}
	q := &selection{scope: s, from: from, distinct: sel.Distinct}
	if q.targets, err = s.targets(sel.Items, open); err != nil {
		return nil, err
	}
	return q, q.clauses(sel)
}

// clauses binds what follows FROM.
func (q *selection) clauses(sel *syntax.Select) (err error) {
	s := q.scope
	if sel.Where != nil {
		if q.where, err = expr.BindBool(sel.Where, s.in("WHERE"), "WHERE"); err != nil {
			return at(err, sel.Where.Place())
		}
	}
	if sel.Having != nil {
		if q.having, err = expr.BindBool(sel.Having, s, "HAVING"); err != nil {
			return at(err, sel.Having.Place())
		}
	}
	if q.order, q.targets, err = s.orderBy(sel.OrderBy, q.targets, sel.Distinct); err != nil {
		return err
	}
	if err := s.groupBy(sel.GroupBy, q.targets[:countVisible(q.targets)]); err != nil {
		return err
	}
	s.group.used = len(sel.GroupBy) > 0 || sel.Having != nil
	if err := q.checkDistinct(); err != nil {
		return err
	}
	return q.cut(sel, s)
}

// cut binds LIMIT and OFFSET.
func (q *selection) cut(sel *syntax.Select, s *scope) (err error) {
	if q.limit, err = s.count(sel.Limit, "LIMIT"); err != nil {
		return err
	}
	q.offset, err = s.count(sel.Offset, "OFFSET")
	return err
}

// checkDistinct refuses DISTINCT over values that have no equality.
func (q *selection) checkDistinct() error {
	if !q.distinct {
		return nil
	}
	for _, t := range q.targets {
		if err := groupable(t.place, t.x.Type()); err != nil {
			return err
		}
	}
	return nil
}

// count binds the argument of LIMIT or OFFSET; nil where there is none.
func (s *scope) count(x syntax.Expr, clause string) (expr.Expr, error) {
	if x == nil {
		return nil, nil
	}
	bound, err := constantAs(x, s.constantIn(clause), types.Type{Kind: types.Int8})
	if err != nil {
		return nil, err
	}
	if c, ok := bound.(*expr.Const); ok && c.V.IsNull() {
		return nil, nil
	}
	return bound, nil
}

// constantAs binds an expression that is evaluated once per statement and converts it to t.
func constantAs(x syntax.Expr, s *scope, t types.Type) (expr.Expr, error) {
	bound, err := expr.BindAs(x, s, t, s.clause)
	var e *types.Error
	if errors.As(err, &e) && e.Code == types.CodeDatatypeMismatch {
		if of, err := expr.BindOpen(x, s); err == nil {
			return nil, errorAt(x.Place(), e.Code, "argument of %s must be type %s, not type %s", s.clause, t, plain(of.Type()))
		}
	}
	return bound, at(err, x.Place())
}

// group rewrites the targets and HAVING of an aggregated SELECT to the row of its Aggregation.
func (q *selection) group() error {
	g := q.scope.group
	if err := q.scope.ungroupedSets(); err != nil {
		return err
	}
	if !g.active() {
		return nil
	}
	for _, t := range q.targets {
		if err := q.scope.check(t.x); err != nil {
			return err
		}
	}
	if q.having != nil {
		if err := q.scope.check(q.having); err != nil {
			return err
		}
		q.having = g.grouped(q.having)
	}
	for i := range q.targets {
		q.targets[i].x = g.grouped(q.targets[i].x)
	}
	return nil
}

// arrange stacks the nodes: filter, aggregate, filter, sets, project, distinct, sort, drop hidden columns, cut.
func (q *selection) arrange() Node {
	n := q.from
	if q.where != nil {
		n = &Filter{In: n, X: q.where}
	}
	if g := q.scope.group; g.active() {
		n = &Aggregation{In: n, Keys: g.keys, Aggs: g.aggs}
	}
	if q.having != nil {
		n = &Filter{In: n, X: q.having}
	}
	n = q.expandSets(n)
	outputs := make([]Output, len(q.targets))
	for i, t := range q.targets {
		outputs[i] = Output{Name: t.name, X: t.x, T: t.x.Type()}
	}
	n = &Project{In: n, Exprs: outputs}
	if q.distinct {
		n = &Distinct{In: n}
	}
	if len(q.order) > 0 {
		n = &Sort{In: n, Keys: sortKeys(q.order, outputs)}
	}
	if visible := countVisible(q.targets); visible < len(outputs) {
		n = &Project{In: n, Exprs: columns(outputs[:visible])}
	}
	if q.limit != nil || q.offset != nil {
		n = &Limit{In: n, Limit: q.limit, Offset: q.offset}
	}
	return n
}

// columns are outputs that hand on the first columns of a row.
func columns(of []Output) []Output {
	out := make([]Output, len(of))
	for i, o := range of {
		out[i] = Output{Name: o.Name, X: &expr.Column{Index: i, Name: o.Name, T: o.T}, T: o.T}
	}
	return out
}

func sortKeys(order []sortKey, outputs []Output) []SortKey {
	keys := make([]SortKey, len(order))
	for i, k := range order {
		o := outputs[k.target]
		keys[i] = SortKey{X: &expr.Column{Index: k.target, Name: o.Name, T: o.T}, Desc: k.desc, NullsFirst: k.nullsFirst}
	}
	return keys
}
