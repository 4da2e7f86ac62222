package plan

import (
	"github.com/asofdb/asof/sql/expr"
	"github.com/asofdb/asof/sql/syntax"
	"github.com/asofdb/asof/sql/types"
)

// codeRecursion is PostgreSQL's invalid_recursion.
const codeRecursion = "42P19"

// Recursion is a query of WITH RECURSIVE: the rows of Seed, then those of Step with Work being the rows that came last, until there are none. Without All a row that has
// come already does not come again.
type Recursion struct {
	Seed, Step Node
	Work       *WorkTable
	All        bool
}

// WorkTable is the rows that came last, in the Step of a Recursion.
type WorkTable struct {
	Name string
	Out  types.Schema
	uses int
}

// Schema of both is the query's columns.
func (r *Recursion) Schema() types.Schema { return r.Work.Schema() }
func (w *WorkTable) Schema() types.Schema { return append(types.Schema(nil), w.Out...) }

// Children of a Recursion are the query's two terms; a WorkTable has none.
func (r *Recursion) Children() []Node { return []Node{r.Seed, r.Step} }
func (*WorkTable) Children() []Node   { return nil }

// Describe names the query of WITH.
func (r *Recursion) Describe() string {
	if r.All {
		return "Repeat " + syntax.QuoteIdent(r.Work.Name)
	}
	return "Repeat " + syntax.QuoteIdent(r.Work.Name) + " for new rows"
}

// Describe of a WorkTable names the query of WITH.
func (w *WorkTable) Describe() string { return "Last rows of " + syntax.QuoteIdent(w.Name) }

// recursion binds a UNION behind WITH RECURSIVE. One that does not read its own rows is any other query.
func (b *binder) recursion(w syntax.CTE, a around) (Node, error) {
	sel := w.Select
	seed, err := b.nested(sel.Set.L, a)
	if err != nil {
		return nil, err
	}
	columns := seed.Schema()
	if err := fits(w, len(columns)); err != nil {
		return nil, err
	}
	work := &WorkTable{Name: w.Name, Out: renamed(columns, w.Columns)}
	inside := a
	inside.ctes = &ctes{cte{CTE: w, around: a, work: work}, a.ctes}
	step, err := b.nested(sel.Set.R, inside)
	if err != nil {
		return nil, err
	}
	refuse := func(format string, args ...any) (Node, error) {
		return nil, errorAt(w.NamePos, codeRecursion, format, args...)
	}
	switch {
	case work.uses == 0:
		node, err := b.nested(sel, a)
		if err != nil {
			return nil, err
		}
		return node, fits(w, len(node.Schema()))
	case sel.Set.Op != "UNION":
		return refuse("recursive query %q does not have the form non-recursive-term UNION [ALL] recursive-term", w.Name)
	case work.uses > 1:
		return refuse("recursive reference to query %q must not appear more than once", w.Name)
	case len(sel.OrderBy) > 0:
		return nil, errorAt(sel.OrderBy[0].X.Place(), types.CodeNotSupported, "ORDER BY in a recursive query is not implemented")
	case sel.Limit != nil || sel.Offset != nil:
		return nil, errorAt(w.NamePos, types.CodeNotSupported, "LIMIT and OFFSET in a recursive query are not implemented").WithHint("put it behind the query that reads %s", w.Name)
	case len(step.Schema()) != len(columns):
		return nil, errorAt(sel.Set.R.Span, types.CodeSyntax, "each UNION query must have the same number of columns")
	case keptInside(step, work):
		return nil, notYet(w.NamePos, "a recursive reference inside another WITH is")
	}
	places := columnPlaces(sel.Set.R, len(columns))
	for i, c := range columns {
		if !sel.Set.All {
			if err := groupable(places[i], c.Type); err != nil {
				return nil, err
			}
		}
		t, err := expr.CommonType("UNION", c.Type, step.Schema()[i].Type)
		if err != nil {
			return nil, at(err, places[i])
		}
		if plain(t) != plain(c.Type) {
			return nil, errorAt(columnPlaces(sel.Set.L, len(columns))[i], types.CodeDatatypeMismatch,
				"recursive query %q column %d has type %s in non-recursive term but type %s overall", w.Name, i+1, plain(c.Type), plain(t)).
				WithHint("Cast the output of the non-recursive term to the correct type.")
		}
	}
	if err := b.convertTo(&step, columns, places); err != nil {
		return nil, err
	}
	r := &Recursion{Seed: seed, Step: step, Work: work, All: sel.Set.All}
	moment, err := b.asOf(sel.AsOf, b.newScope(a))
	moment.spread(r)
	return r, err
}

// convertTo converts a query's columns to the types of others.
func (b *binder) convertTo(n *Node, columns types.Schema, places []syntax.Span) error {
	o := &operand{node: *n, schema: (*n).Schema(), places: places}
	err := o.close(columns)
	*n = o.node
	return err
}

// workReference binds a query's name within the query.
func (b *binder) workReference(c *cte, x *syntax.Table, s *scope, offset int) (input, error) {
	switch {
	case x.AsOf != nil:
		return input{}, errorAt(x.AsOf.Span, types.CodeWrongObjectType, "the rows of a recursive query have no past of their own").WithHint("say AS OF behind the relations that it reads")
	case s.sub != c.around.sub:
		return input{}, errorAt(x.Span, codeRecursion, "recursive reference to query %q must not appear within a subquery", c.Name)
	}
	c.work.uses++
	t, err := newTable(x.Span, x.Name, x.Alias, x.Columns, derivedRelation(c.Name, c.work), offset)
	if err != nil {
		return input{}, err
	}
	return t.input(c.work), nil
}

// readsWork reports whether the rows of n depend on the WorkTable of a Recursion around it.
func readsWork(n Node) bool {
	own := map[*WorkTable]bool{}
	free := false
	walk(n, func(n Node) {
		switch n := n.(type) {
		case *Recursion:
			own[n.Work] = true
		case *WorkTable:
			free = free || !own[n]
		case *Spool:
			free = free || readsWork(n.In)
		}
	})
	return free
}

// keptInside reports whether a Spool below n would keep rows of the work table, which are others in the next step.
func keptInside(n Node, work *WorkTable) bool {
	found := false
	walk(n, func(n Node) {
		if s, ok := n.(*Spool); ok {
			walk(s.In, func(n Node) {
				w, ok := n.(*WorkTable)
				found = found || ok && w == work
			})
		}
	})
	return found
}
