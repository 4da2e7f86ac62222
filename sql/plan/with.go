package plan

import (
	"slices"

	"github.com/asofdb/asof/sql/syntax"
	"github.com/asofdb/asof/sql/types"
)

// ctes are the queries that WITH names, innermost first.
type ctes struct {
	cte
	next *ctes
}

// cte is one of them, bound once: a name that is used twice is computed once.
type cte struct {
	syntax.CTE
	around around // what its query sees
	spool  *Spool
	outer  bool // its rows depend on a query around
	// work is set while the query itself is bound that reads its own rows, and nothing else then.
	work *WorkTable
}

// find returns what a name in FROM stands for, nil where WITH does not name it.
func (c *ctes) find(x *syntax.Table) *cte {
	for ; c != nil && !x.File && x.Schema == ""; c = c.next {
		if c.Name == x.Name {
			return &c.cte
		}
	}
	return nil
}

// with binds the queries of WITH, each seeing those before it, and returns what the query behind it sees.
func (b *binder) with(list []syntax.CTE, a around) (around, error) {
	for _, w := range list {
		c := cte{CTE: w, around: a}
		node, err := b.named(w, a)
		if err != nil {
			return a, err
		}
		c.spool, c.outer = &Spool{In: node, Name: w.Name}, readsOuter(node)
		a.ctes = &ctes{c, a.ctes}
	}
	return a, nil
}

// named binds a query of WITH, whose rows get the column names that were written for it.
func (b *binder) named(w syntax.CTE, a around) (Node, error) {
	if w.Recursive && w.Select.Set != nil {
		return b.recursion(w, a)
	}
	node, err := b.nested(w.Select, a)
	if err != nil {
		return nil, err
	}
	return node, fits(w, len(node.Schema()))
}

// fits refuses more names than there are columns.
func fits(w syntax.CTE, columns int) error {
	if len(w.Columns) <= columns {
		return nil
	}
	return errorAt(w.NamePos, types.CodeInvalidColumnRef, "WITH query %q has %d columns available but %d columns specified", w.Name, columns, len(w.Columns))
}

// reference binds a name of WITH in FROM.
func (b *binder) reference(c *cte, x *syntax.Table, s *scope, offset int) (input, error) {
	if c.work != nil {
		return b.workReference(c, x, s, offset)
	}
	moment, err := b.asOf(x.AsOf, s)
	if err != nil {
		return input{}, err
	}
	var node Node = c.spool
	switch a := c.seenFrom(s); {
	case moment.X != nil, a != c.around: // a past of its own, or outer values that reach it in another way
		if node, err = b.named(c.CTE, a); err != nil {
			return input{}, err
		}
		moment.spread(node)
	default:
		c.spool.uses++
	}
	rel := derivedRelation(c.Name, node)
	rel.Columns = renamed(rel.Columns, c.Columns)
	t, err := newTable(x.Span, x.Name, x.Alias, x.Columns, rel, offset)
	if err != nil {
		return input{}, err
	}
	return t.input(node), nil
}

// seenFrom is what the query sees when it is bound in scope s. Where it reads outer values and s is in a subquery of the query that WITH belongs to,
// they have to be handed on to that subquery.
func (c *cte) seenFrom(s *scope) around {
	if !c.outer || s.sub == c.around.sub {
		return c.around
	}
	return around{outer: s.outer.passing(c.around.sub), sub: s.sub, ctes: c.around.ctes}
}

// renamed is a copy of columns whose first are called names.
func renamed(columns types.Schema, names []string) types.Schema {
	columns = slices.Clone(columns)
	for i, n := range names {
		columns[i].Name = n
	}
	return columns
}
