package plan

import (
	"slices"

	"github.com/asofdb/asof/sql/expr"
	"github.com/asofdb/asof/sql/syntax"
	"github.com/asofdb/asof/sql/types"
)

// operand is one side of a set operation: a SELECT whose bare literals have no type yet, or a query that is complete.
type operand struct {
	open   *selection // nil where node is complete
	node   Node
	schema types.Schema
	places []syntax.Span // of the columns, for errors
}

// setOperation binds l UNION|INTERSECT|EXCEPT r [ORDER BY …] [LIMIT …].
func (b *binder) setOperation(sel *syntax.Select, a around) (Node, error) {
	o, err := b.combined(sel.Set, a)
	if err != nil {
		return nil, err
	}
	if len(sel.OrderBy) == 0 && sel.Limit == nil && sel.Offset == nil {
		return o.node, nil
	}
	t, err := newTable(sel.Span, "*SELECT*", "", nil, derivedRelation("*SELECT*", o.node), 0)
	if err != nil {
		return nil, err
	}
	q := b.selectAll(t.input(o.node), a)
	q.scope.tables = nil // only the names of the result may be used, and only to sort by
	if q.order, q.targets, err = q.scope.orderBy(sel.OrderBy, q.targets, false); err != nil {
		return nil, err
	}
	if err := q.cut(sel, b.newScope(a)); err != nil {
		return nil, err
	}
	for _, t := range q.targets {
		if t.hidden {
			return nil, errorAt(t.place, types.CodeNotSupported, "invalid UNION/INTERSECT/EXCEPT ORDER BY clause").
				WithHint("Only result column names can be used, not expressions or functions: name the column in every SELECT, or put the UNION into FROM.")
		}
	}
	return q.arrange(), nil
}

// combined binds a set operation without what stands behind it.
func (b *binder) combined(set *syntax.SetOp, a around) (*operand, error) {
	l, err := b.setOperand(set.L, a)
	if err != nil {
		return nil, err
	}
	r, err := b.setOperand(set.R, a)
	if err != nil {
		return nil, err
	}
	if len(l.schema) != len(r.schema) {
		place := set.R.Span
		if len(r.places) > 0 {
			place = r.places[0]
		}
		return nil, errorAt(place, types.CodeSyntax, "each %s query must have the same number of columns", set.Op)
	}
	out := make(types.Schema, len(l.schema))
	places := make([]syntax.Span, len(out))
	for i := range out {
		lt, rt := l.schema[i].Type, r.schema[i].Type
		places[i] = l.places[i]
		if untyped(lt) {
			places[i] = r.places[i]
		}
		t, err := expr.CommonType(set.Op, lt, rt)
		if err != nil {
			return nil, at(err, r.places[i])
		}
		if !set.All || set.Op != "UNION" {
			if err := groupable(places[i], t); err != nil {
				return nil, err
			}
		}
		out[i] = types.Column{Name: l.schema[i].Name, Type: t}
		for _, o := range []*operand{l, r} {
			if err := o.give(i, t); err != nil {
				return nil, err
			}
		}
	}
	for _, o := range []*operand{l, r} {
		if err := o.close(out); err != nil {
			return nil, err
		}
	}
	return &operand{node: combine(set, l.node, r.node, out), schema: out, places: places}, nil
}

// combine makes the node. A chain of UNION ALL is one node.
func combine(set *syntax.SetOp, l, r Node, out types.Schema) Node {
	if set.Op != "UNION" {
		return &SetOp{Op: set.Op, All: set.All, L: l, R: r, Out: out}
	}
	u := &UnionAll{Ins: []Node{l, r}, Out: out}
	if lu, ok := l.(*UnionAll); ok {
		u.Ins = append(slices.Clone(lu.Ins), r)
	}
	if set.All {
		return u
	}
	return &Distinct{In: u}
}

func (b *binder) setOperand(sel *syntax.Select, a around) (*operand, error) {
	bare := len(sel.With) == 0 && len(sel.OrderBy) == 0 && sel.Limit == nil && sel.Offset == nil && sel.AsOf == nil
	if bare && sel.Set != nil {
		return b.combined(sel.Set, a)
	}
	o := &operand{}
	var err error
	if bare && sel.Values == nil && !sel.Distinct && len(sel.GroupBy) == 0 {
		if o.open, err = b.bindSelect(sel, a, true); err != nil {
			return nil, err
		}
		for _, t := range o.open.targets {
			o.schema = append(o.schema, types.Column{Name: t.name, Type: t.x.Type()})
			o.places = append(o.places, t.place)
		}
		return o, nil
	}
	if o.node, err = b.nested(sel, a); err != nil {
		return nil, err
	}
	o.schema = o.node.Schema()
	o.places = columnPlaces(sel, len(o.schema))
	return o, nil
}

// columnPlaces are where the columns of a query were written, as far as that can be told.
func columnPlaces(sel *syntax.Select, n int) []syntax.Span {
	out := make([]syntax.Span, n)
	for i := range out {
		out[i] = sel.Span
		switch {
		case sel.Values != nil:
			out[i] = sel.Values[0][i].Place()
		case len(sel.Items) == n:
			out[i] = sel.Items[i].X.Place()
		}
	}
	return out
}

// give gives column i the type t if it is a literal whose type is open.
func (o *operand) give(i int, t types.Type) error {
	if o.open == nil || !untyped(o.schema[i].Type) {
		return nil
	}
	target := &o.open.targets[i]
	x, err := expr.Convert(target.x, target.src, o.open.scope, t)
	if err != nil {
		return at(err, target.place)
	}
	target.x = x
	return nil
}

// close completes the operand and converts its columns to the types of out.
func (o *operand) close(out types.Schema) error {
	if o.open != nil {
		if err := o.open.group(); err != nil {
			return err
		}
		o.node = o.open.arrange()
	}
	var outputs []Output
	converted := false
	for i, c := range o.node.Schema() {
		var x expr.Expr = &expr.Column{Index: i, Name: c.Name, T: c.Type}
		if t := out[i].Type; c.Type != t && plain(c.Type) != t {
			var err error
			if x, err = expr.Convert(x, nil, o.scope(), t); err != nil {
				return at(err, o.places[i])
			}
			converted = true
		}
		outputs = append(outputs, Output{Name: out[i].Name, X: x, T: out[i].Type})
	}
	if converted {
		o.node = &Project{In: o.node, Exprs: outputs}
	}
	return nil
}

func (o *operand) scope() *scope {
	if o.open == nil {
		return &scope{b: &binder{}}
	}
	return o.open.scope
}
