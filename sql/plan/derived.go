package plan

import (
	"github.com/asofdb/asof/sql/syntax"
)

// derived binds (SELECT …) alias. It sees what the SELECT sees that it stands in, but of its FROM only what LATERAL makes it see.
func (b *binder) derived(x *syntax.Derived, s *scope, offset int) (input, error) {
	seen := s.around
	if x.Lateral {
		seen = s.beside()
	}
	node, err := b.nested(x.Select, seen)
	if err != nil {
		return input{}, err
	}
	moment, err := b.asOf(x.AsOf, s)
	if err != nil {
		return input{}, err
	}
	moment.spread(node)
	t, err := newTable(x.Span, "", x.Alias, x.Columns, derivedRelation(x.Alias, node), offset)
	if err != nil {
		return input{}, err
	}
	t.hidden = ""
	return t.input(node), nil
}

// derivedRelation is what a query's rows look like to whoever reads them.
func derivedRelation(name string, node Node) *Relation {
	return &Relation{Name: name, Kind: DerivedRelation, Columns: node.Schema(), EventTime: -1}
}

// spread gives the moment to every scan below n that has none of its own. What WITH names has its own.
func (a AsOf) spread(n Node) {
	if a.X == nil {
		return
	}
	walk(n, func(n Node) {
		if s, ok := n.(*Scan); ok && s.AsOf.X == nil {
			s.AsOf = a
		}
		for _, q := range Subqueries(n) {
			a.spread(q.Query.(*Subplan).Root)
		}
	})
}
