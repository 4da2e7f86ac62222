package plan

import (
	"strings"

	"github.com/asofdb/asof/sql/expr"
	"github.com/asofdb/asof/sql/syntax"
	"github.com/asofdb/asof/sql/types"
)

// momentOf returns the moment that the right side of a join has of its own, nil where it has none.
func momentOf(x syntax.TableExpr) *syntax.AsOf {
	switch x := x.(type) {
	case *syntax.Table:
		if !x.File {
			return x.AsOf
		}
	case *syntax.Derived:
		if x.AsOf != nil && firstColumn(x.AsOf.X) != nil {
			return x.AsOf
		}
	}
	return nil
}

// asOfJoin binds l [LEFT] JOIN relation AS OF moment ON …. Where the moment is the same for all rows and the condition is not an equality of the
// whole key it is a join like any other, with the relation as it was then.
func (b *binder) asOfJoin(x *syntax.Join, moment *syntax.AsOf, l input, s *scope, offset int) (input, error) {
	moving := firstColumn(moment.X) != nil
	table, named := x.R.(*syntax.Table)
	var c *cte
	if named {
		var err error
		if c, err = b.standsFor(table, s); err != nil {
			return input{}, err
		}
	}
	switch {
	case moving && (!named || c != nil):
		return input{}, errorAt(moment.Span, types.CodeWrongObjectType, "AS OF a column stands behind a source or a feature, not behind a query").
			WithHint("join the relations in the query one by one, each AS OF %s", syntax.PrintExpr(moment.X))
	case moving && !oneSided(x.Kind):
		return input{}, errorAt(moment.Span, types.CodeNotSupported, "AS OF a column stands at the right side of JOIN … ON or LEFT JOIN … ON, not of %s JOIN", x.Kind).
			WithHint("put the relation with the column first: … LEFT JOIN %s AS OF %s ON …", syntax.QuoteIdent(table.Name), syntax.PrintExpr(moment.X))
	case c != nil:
		r, err := b.reference(c, table, s, offset+l.width)
		if err != nil {
			return input{}, err
		}
		return s.joined(x, l, r, offset)
	}
	r, scan, err := b.relationInput(table, offset+l.width)
	if err != nil {
		return input{}, err
	}
	if moving && scan.Relation.Kind == FeatureHistory {
		return input{}, errorAt(moment.Span, types.CodeWrongObjectType, "AS OF a column stands behind a feature, not behind its history").
			WithHint("join the feature itself: … JOIN %s AS OF %s ON …", strings.TrimSuffix(scan.Relation.Name, historySuffix), syntax.PrintExpr(moment.X))
	}
	out, err := s.paired(l, r)
	if err != nil {
		return input{}, err
	}
	on, err := s.condition(x, l, r, &out)
	if err != nil {
		return input{}, err
	}
	on = shift(on, -offset)
	j := &AsOfJoin{In: l.node, Scan: scan, Before: moment.Before, Kind: joinKinds[x.Kind]}
	missing := j.match(on, l.width)
	if missing == nil && sweepable(scan.Relation) && oneSided(x.Kind) {
		scan.AsOf.Served = moment.Served
		j.At, err = s.over(asOfClause(moment), l).moment(moment, offset)
		out.node = j
		return out, err
	}
	if moving {
		return input{}, incompleteKey(x, r.tables[0], missing)
	}
	if scan.AsOf, err = b.asOf(moment, s); err != nil {
		return input{}, err
	}
	out.node = &Join{L: l.node, R: r.node, Kind: joinKinds[x.Kind], On: on}
	return out, nil
}

// oneSided reports whether a join's rows are those of its left side.
func oneSided(kind string) bool { return kind != "RIGHT" && kind != "FULL" }

// sweepable reports whether a relation has one row for a key at a moment.
func sweepable(r *Relation) bool {
	return r.Kind == FeatureRelation || r.Kind == SourceRelation && len(r.Key) > 0
}

// moment binds AS OF in the scope of the spine, whose row begins at column offset.
func (s *scope) moment(x *syntax.AsOf, offset int) (expr.Expr, error) {
	bound, err := constantAs(x.X, s, types.Type{Kind: types.Timestamptz})
	if err != nil {
		return nil, err
	}
	return shift(bound, -offset), nil
}

// match takes the equalities with the relation's key out of a join's condition: they become Keys, the rest is Residual. It returns the columns of the
// key for which there is none.
func (j *AsOfJoin) match(on expr.Expr, width int) (missing []int) {
	rel := j.Scan.Relation
	j.Keys = make([]expr.Expr, len(rel.Key))
	var rest []expr.Expr
	for _, c := range conjuncts(on) {
		if k, x := keyEquality(rel, c, width); k >= 0 && j.Keys[k] == nil {
			j.Keys[k] = x
		} else {
			rest = append(rest, c)
		}
	}
	j.Residual = allOf(rest)
	for k, x := range j.Keys {
		if x == nil {
			missing = append(missing, rel.Key[k])
		}
	}
	return missing
}

// keyEquality returns which column of rel's key the condition c equates with an expression over the left row alone, which has width columns, and
// that expression; -1 where c is no such condition.
func keyEquality(rel *Relation, c expr.Expr, width int) (int, expr.Expr) {
	eq, ok := c.(*expr.Compare)
	if !ok || eq.Op != "=" {
		return -1, nil
	}
	for _, o := range [][2]expr.Expr{{eq.L, eq.R}, {eq.R, eq.L}} {
		keyed, other := o[0], o[1]
		if left, _ := sides(keyed, width); left {
			continue
		}
		if _, right := sides(other, width); right {
			continue
		}
		p := pushdown{rel: rel}
		if k := p.column(shift(keyed, -width), other.Type()); k >= 0 {
			return k, other
		}
	}
	return -1, nil
}

// incompleteKey is the error of a join AS OF a column whose condition does not find one row.
func incompleteKey(x *syntax.Join, t *table, missing []int) error {
	if len(t.rel.Key) == 0 && t.rel.Kind == SourceRelation {
		return errorAt(x.R.Place(), types.CodeWrongObjectType, "the source %q has no primary key, so it has no one row as of a moment", t.rel.Name).
			WithHint("make a feature of it: CREATE FEATURE … AS SELECT …, LAST(…) FROM %s GROUP BY the entity", syntax.QuoteIdent(t.rel.Name))
	}
	place := x.R.Place()
	if x.On != nil {
		place = x.On.Place()
	}
	var names, equalities []string
	for _, k := range missing {
		names = append(names, syntax.QuoteIdent(t.names[k]))
		equalities = append(equalities, syntax.QuoteIdent(t.name)+"."+syntax.QuoteIdent(t.names[k])+" = …")
	}
	return errorAt(place, types.CodeInvalidColumnRef, "a join AS OF a column finds the row of %q by its whole key, and the condition has no equality for %s", t.name, strings.Join(names, ", ")).
		WithHint("write ON %s; where the types differ, cast the left side to the key's", strings.Join(equalities, " AND "))
}
