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
	name    string
	query   *syntax.Select
	columns []string
	around  around // what its query sees
	spool   *Spool
	outer   bool // its rows depend on a query around
}

// find returns what a name in FROM stands for, nil where WITH does not name it.
func (c *ctes) find(x *syntax.Table) *cte {
	for ; c != nil && !x.File && x.Schema == ""; c = c.next {
		if c.name == x.Name {
			return &c.cte
		}
	}
	return nil
}

// with binds the queries of WITH, each seeing those before it, and returns what the query behind it sees.
func (b *binder) with(list []syntax.CTE, a around) (around, error) {
	for _, w := range list {
		c := cte{name: w.Name, query: w.Select, columns: w.Columns, around: a}
		node, err := b.nested(w.Select, a)
		if err != nil {
			return a, err
		}
		if n := len(node.Schema()); len(w.Columns) > n {
			return a, errorAt(w.NamePos, types.CodeInvalidColumnRef, "WITH query %q has %d columns available but %d columns specified", w.Name, n, len(w.Columns))
		}
		c.spool, c.outer = &Spool{In: node, Name: w.Name}, readsOuter(node)
		a.ctes = &ctes{c, a.ctes}
	}
	return a, nil
}

// reference binds a name of WITH in FROM.
func (b *binder) reference(c *cte, x *syntax.Table, s *scope, offset int) (input, error) {
	moment, err := b.asOf(x.AsOf, s)
	if err != nil {
		return input{}, err
	}
	var node Node = c.spool
	switch a := c.seenFrom(s); {
	case moment.X != nil, a != c.around: // a past of its own, or outer values that reach it in another way
		if node, err = b.nested(c.query, a); err != nil {
			return input{}, err
		}
		moment.spread(node)
	default:
		c.spool.uses++
	}
	rel := derivedRelation(c.name, node)
	rel.Columns = renamed(rel.Columns, c.columns)
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
