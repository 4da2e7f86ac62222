package plan

import (
	"slices"

	"github.com/asofdb/asof/sql/expr"
	"github.com/asofdb/asof/sql/syntax"
	"github.com/asofdb/asof/sql/types"
)

var joinKinds = map[string]JoinKind{"INNER": InnerJoin, "CROSS": InnerJoin, "LEFT": LeftJoin, "RIGHT": RightJoin, "FULL": FullJoin}

// join binds l KIND JOIN r. Its row is l's followed by r's.
func (b *binder) join(x *syntax.Join, s *scope, offset int) (input, error) {
	l, err := b.input(x.L, s, offset)
	if err != nil {
		return input{}, err
	}
	if moment := momentOf(x.R); moment != nil {
		return b.asOfJoin(x, moment, l, s, offset)
	}
	if lateral(x.R) {
		return b.lateral(x, l, s, offset)
	}
	r, err := b.input(x.R, s, offset+l.width)
	if err != nil {
		return input{}, err
	}
	return s.joined(x, l, r, offset)
}

// joined is a join of two inputs that are bound.
func (s *scope) joined(x *syntax.Join, l, r input, offset int) (input, error) {
	out, err := s.paired(l, r)
	if err != nil {
		return input{}, err
	}
	on, err := s.condition(x, l, r, &out)
	if err != nil {
		return input{}, err
	}
	out.node = &Join{L: l.node, R: r.node, Kind: joinKinds[x.Kind], On: shift(on, -offset)}
	return out, nil
}

// paired is what a join of l and r shows to the outside, but for the columns of USING.
func (s *scope) paired(l, r input) (input, error) {
	for _, t := range r.tables {
		if t.name != "" && slices.ContainsFunc(l.tables, func(o *table) bool { return o.name == t.name }) {
			return input{}, errorAt(t.place, types.CodeDuplicateAlias, "table name %q specified more than once", t.name).
				WithHint("give each its own name: %s AS other", syntax.QuoteIdent(t.name))
		}
	}
	return input{tables: slices.Concat(l.tables, r.tables), columns: slices.Concat(l.columns, r.columns), width: l.width + r.width}, nil
}

// condition binds ON or USING over the whole row of FROM; nil where every pair matches. USING makes one column of two in out.
func (s *scope) condition(x *syntax.Join, l, r input, out *input) (expr.Expr, error) {
	if x.Using != nil {
		return s.using(x, l, r, out)
	}
	if x.On == nil {
		return nil, nil
	}
	on, err := expr.BindBool(x.On, s.over("JOIN conditions", l, r), "JOIN/ON")
	if err != nil {
		return nil, at(err, x.On.Place())
	}
	if c, ok := on.(*expr.Const); ok && c.V.Kind == types.Bool && c.V.I != 0 {
		return nil, nil
	}
	return on, nil
}

// using binds USING (names): equality of the columns called so on either side, which then are one column, before all others.
func (s *scope) using(x *syntax.Join, l, r input, out *input) (expr.Expr, error) {
	s = s.over("", l, r)
	var equal []expr.Expr
	var merged, rest []column
	for _, name := range x.Using {
		lx, err := s.usingColumn(x, l, name, "left")
		if err != nil {
			return nil, err
		}
		rx, err := s.usingColumn(x, r, name, "right")
		if err != nil {
			return nil, err
		}
		m, err := s.merge(x.Kind, lx, rx)
		if err != nil {
			return nil, at(err, x.Span)
		}
		eq, err := expr.NewArith("=", lx, rx)
		if err != nil {
			return nil, at(err, x.Span)
		}
		merged, equal = append(merged, column{name, m}), append(equal, eq)
	}
	for _, c := range out.columns {
		if !slices.Contains(x.Using, c.name) {
			rest = append(rest, c)
		}
	}
	out.columns = append(merged, rest...)
	return expr.NewAnd(equal...), nil
}

// usingColumn is the column of one side that USING names.
func (s *scope) usingColumn(x *syntax.Join, side input, name, which string) (expr.Expr, error) {
	var found expr.Expr
	for _, c := range side.columns {
		if c.name != name {
			continue
		}
		if found != nil {
			return nil, errorAt(x.Span, types.CodeAmbiguousColumn, "common column name %q appears more than once in %s table", name, which)
		}
		found = c.x
	}
	if found == nil {
		return nil, errorAt(x.Span, types.CodeUndefinedColumn, "column %q specified in USING clause does not exist in %s table", name, which)
	}
	return s.placed(found, x.Span), nil
}

// merge is the one column that USING makes of two: the side that is never missing, or of a full join the one that is there. Where the types
// differ it has their common one; a side that has it already is preferred.
func (s *scope) merge(kind string, l, r expr.Expr) (expr.Expr, error) {
	t, err := expr.CommonType("JOIN/USING", l.Type(), r.Type())
	if err != nil {
		return nil, err
	}
	lx, err := expr.Convert(l, nil, s, t)
	if err != nil {
		return nil, err
	}
	rx, err := expr.Convert(r, nil, s, t)
	if err != nil {
		return nil, err
	}
	switch _, asIs := lx.(*expr.Column); {
	case kind == "RIGHT":
		return rx, nil
	case kind == "FULL":
		return expr.NewCoalesce(t, lx, rx), nil
	case kind == "INNER" && !asIs:
		if _, ok := rx.(*expr.Column); ok {
			return rx, nil
		}
	}
	return lx, nil
}

// sides tells which side of a join x reads, whose left row has l columns.
func sides(x expr.Expr, l int) (left, right bool) {
	for _, c := range columnsOf(x) {
		left, right = left || c < l, right || c >= l
	}
	return left, right
}

// shift moves x by n columns.
func shift(x expr.Expr, n int) expr.Expr {
	return remap(x, func(i int) int { return i + n })
}

// conjuncts are the conditions that x is the conjunction of, none for nil.
func conjuncts(x expr.Expr) []expr.Expr {
	if x == nil {
		return nil
	}
	return expr.Conjuncts(x)
}

// allOf is the conjunction of xs, nil for none.
func allOf(xs []expr.Expr) expr.Expr {
	if len(xs) == 0 {
		return nil
	}
	return expr.NewAnd(xs...)
}
