package plan

import (
	"strings"

	"github.com/asofdb/asof/sql/expr"
	"github.com/asofdb/asof/sql/syntax"
	"github.com/asofdb/asof/sql/types"
)

// lateral reports whether LATERAL stands in x, or a function of columns, so that x may read columns of what stands to its left.
func lateral(x syntax.TableExpr) bool {
	switch x := x.(type) {
	case *syntax.Derived:
		return x.Lateral
	case *syntax.TableFunc:
		return firstColumn(x.Call) != nil
	case *syntax.Join:
		return lateral(x.L) || lateral(x.R)
	}
	return false
}

// beside is what LATERAL sees in this scope.
func (s *scope) beside() around {
	a := s.around
	if s.left != nil {
		a.outer = s.left
	}
	return a
}

// lateral binds l KIND JOIN r where r holds a LATERAL. The whole of r then is a query that runs for each row of l; one that reads nothing of the rows
// is joined as any other.
func (b *binder) lateral(x *syntax.Join, l input, s *scope, offset int) (input, error) {
	r, read, err := b.rightOf(x, l, s)
	if err != nil {
		return input{}, err
	}
	if !oneSided(x.Kind) {
		if err := s.over("", l).refuseSide(read); err != nil {
			return input{}, err
		}
	}
	if len(read.args) == 0 || !oneSided(x.Kind) {
		if r, err = b.input(x.R, s, offset+l.width); err != nil {
			return input{}, err
		}
		return s.joined(x, l, r, offset)
	}
	for _, t := range r.tables {
		t.offset += offset + l.width
	}
	for i := range r.columns {
		r.columns[i].x = shift(r.columns[i].x, offset+l.width)
	}
	out, err := s.paired(l, r)
	if err != nil {
		return input{}, err
	}
	on, err := s.condition(x, l, r, &out)
	if err != nil {
		return input{}, err
	}
	q := &expr.Subquery{Form: expr.Table, Query: &Subplan{Root: r.node}}
	for _, a := range read.args {
		q.Args = append(q.Args, shift(a, -offset))
	}
	out.node = &Lateral{In: l.node, Sub: q, Kind: joinKinds[x.Kind], On: shift(on, -offset)}
	return out, nil
}

// rightOf binds the right side of a join as a query of its own. What it reads of l or of the queries around is in read.
func (b *binder) rightOf(x *syntax.Join, l input, s *scope) (r input, read *outerValues, err error) {
	left := s.over("FROM clause of their own query level", l)
	left.around, left.further = s.beside(), s.left
	blind := s.over("") // what is not LATERAL sees the queries around alone
	read = &outerValues{}
	own := b.newScope(around{outer: blind, sub: read, ctes: s.ctes})
	own.left = left
	r, err = b.input(x.R, own, 0)
	return r, read, err
}

// refuseSide refuses what a right or full join cannot hand to its right side: columns of the left one.
func (s *scope) refuseSide(read *outerValues) error {
	for _, a := range read.args {
		c, ok := a.(*expr.Column)
		if !ok {
			continue
		}
		return errorAt(s.places[c], types.CodeInvalidColumnRef, "invalid reference to FROM-clause entry for table %q", s.tableOf(c.Index).name).
			WithHint("a LATERAL query reads columns to its left where it is joined by JOIN, LEFT JOIN or CROSS JOIN")
	}
	return nil
}

// query is the query that runs for each row.
func (l *Lateral) query() *expr.Subquery { return l.Sub.(*expr.Subquery) }

// Root is the query's tree.
func (l *Lateral) Root() Node { return l.query().Query.(*Subplan).Root }

// Schema of a Lateral is In's columns, then the query's.
func (l *Lateral) Schema() types.Schema { return append(l.In.Schema(), l.Root().Schema()...) }

// Children of a Lateral is what it reads; the query is part of an expression.
func (l *Lateral) Children() []Node { return []Node{l.In} }

// Describe of a Lateral is its kind and condition.
func (l *Lateral) Describe() string {
	text := "Lateral join"
	if l.Kind == LeftJoin {
		text = "Lateral left join"
	}
	var on []string
	for _, c := range conjuncts(l.On) {
		on = append(on, c.String())
	}
	if len(on) == 0 {
		return text
	}
	return text + " on " + strings.Join(on, " AND ")
}

// narrow reads less of In; the query's columns are all computed.
func (l *Lateral) narrow(need []int) (Node, map[int]int) {
	w := width(l.In)
	var left []int
	for _, c := range union(union(need, columnsOf(l.On)), columnsOf(l.Sub)) {
		if c < w {
			left = append(left, c)
		}
	}
	in, lm := narrow(l.In, left)
	l.In = in
	moved := beside(lm, w, identity(width(l.Root())), width(in))
	l.Sub, l.On = move(l.Sub, lm), move(l.On, moved)
	return l, moved
}
