package plan

import (
	"slices"

	"github.com/asofdb/asof/sql/expr"
	"github.com/asofdb/asof/sql/types"
)

// The values that the condition above a scan leaves to the relation's key are handed to the scan, which then looks rows up instead of
// reading all. They only narrow: the filter stays, so a value that is pushed needlessly costs a look-up and never changes an answer.
// What must hold is the other direction: no row that passes the filter has a key that was not pushed.

// assignment gives values to key columns; nil where it leaves a column open. A condition is narrowed to a list of them:
// each row that passes agrees with one.
type assignment []expr.Expr

// maxProduct bounds the key tuples made from several lists (a IN (…) AND b IN (…)): beyond it a scan is as good.
const maxProduct = 10_000

// pushKeys narrows a scan by the condition x over its row.
func (s *Scan) pushKeys(x expr.Expr) {
	key := s.Relation.Key
	if len(key) == 0 {
		return
	}
	if c, ok := x.(*expr.Const); ok && c.V.I == 0 { // FALSE or NULL
		s.Keys = [][]expr.Expr{}
		return
	}
	p := pushdown{rel: s.Relation}
	tuples := p.narrow(x)
	if tuples != nil && !slices.ContainsFunc(tuples, assignment.open) {
		s.Keys = make([][]expr.Expr, len(tuples))
		for i, t := range tuples {
			s.Keys[i] = t
		}
		return
	}
	if len(key) > 1 {
		return
	}
	for _, c := range expr.Conjuncts(x) {
		if q, ok := c.(*expr.Quantified); ok && p.takes(q) {
			s.Any = q.R
			return
		}
	}
}

func (a assignment) open() bool { return slices.Contains(a, nil) }

type pushdown struct{ rel *Relation }

// narrow returns the assignments that x leaves possible, nil where it tells nothing.
func (p pushdown) narrow(x expr.Expr) []assignment {
	switch x := x.(type) {
	case *expr.And:
		return p.all(x.Xs)
	case *expr.Or:
		return p.any(x.Xs)
	case *expr.Compare:
		if x.Op != "=" {
			return nil
		}
		if a := p.assign(x.L, x.R); a != nil {
			return a
		}
		return p.assign(x.R, x.L)
	case *expr.InList:
		if x.Not {
			return nil
		}
		return p.assign(x.X, x.List...)
	case *expr.Quantified:
		if p.takes(x) {
			return p.assign(x.L, elements(x.R)...)
		}
	}
	return nil
}

// takes reports whether x is key = ANY (constant array).
func (p pushdown) takes(x *expr.Quantified) bool {
	return x.Op == "=" && !x.All && p.column(x.L, x.R.Type().ElemType()) >= 0 && constant(x.R)
}

// elements returns the elements of an array that is written out, none where it is a parameter or computed.
func elements(x expr.Expr) []expr.Expr {
	switch x := x.(type) {
	case *expr.ArrayOf:
		return x.Xs
	case *expr.Const:
		values, _ := x.V.X.([]types.Value)
		xs := make([]expr.Expr, len(values))
		for i, v := range values {
			xs[i] = &expr.Const{V: v, T: x.T.ElemType()}
		}
		return xs
	}
	return nil
}

// assign is column = one of values, nil where column is no key column or a value is not constant.
func (p pushdown) assign(column expr.Expr, values ...expr.Expr) []assignment {
	if len(values) == 0 {
		return nil
	}
	k := p.column(column, values[0].Type())
	if k < 0 {
		return nil
	}
	out := make([]assignment, len(values))
	for i, v := range values {
		if !constant(v) {
			return nil
		}
		out[i] = make(assignment, len(p.rel.Key))
		out[i][k] = v
	}
	return out
}

// column returns which key column x is, seen through an injective cast; -1 where it is none or a value of
// type t that equals it cannot be found again by converting it to the column's type.
func (p pushdown) column(x expr.Expr, t types.Type) int {
	if c, ok := x.(*expr.Cast); ok && injective(c.X.Type(), c.T) {
		x = c.X
	}
	c, ok := x.(*expr.Column)
	if !ok || !findable(c.T.Kind, t.Kind) {
		return -1
	}
	return slices.Index(p.rel.Key, c.Index)
}

// findable reports whether a key of kind key that equals a value of kind value is that value converted to the key's
// type. BIGINT and NUMERIC are not findable by a float, which equals several of them.
func findable(key, value types.Kind) bool {
	switch key {
	case types.Int2, types.Int4:
		return exactNumber(value) || value == types.Float4 || value == types.Float8
	case types.Int8, types.Numeric:
		return exactNumber(value)
	case types.Float4, types.Float8:
		return value == types.Float4 || value == types.Float8
	case types.Text, types.Varchar:
		return value == types.Text || value == types.Varchar
	}
	return key == value
}

// injective reports whether a cast never makes equal what was different.
func injective(from, to types.Type) bool {
	switch to.Kind {
	case types.Int4, types.Int8:
		return from.Kind == types.Int2 || from.Kind == types.Int4
	case types.Numeric:
		return to.Precision == 0 && exactNumber(from.Kind)
	case types.Float8:
		return from.Kind == types.Int2 || from.Kind == types.Int4 || from.Kind == types.Float4
	case types.Text, types.Varchar:
		return to.Len == 0 && (from.Kind == types.Text || from.Kind == types.Varchar)
	}
	return false
}

func exactNumber(k types.Kind) bool {
	return k == types.Int2 || k == types.Int4 || k == types.Int8 || k == types.Numeric
}

// constant reports whether x has one value throughout a statement.
func constant(x expr.Expr) bool { return len(columnsOf(x)) == 0 }

// all is what every one of xs leaves possible: their lists combined, or the ones before where the product would be too long.
func (p pushdown) all(xs []expr.Expr) []assignment {
	var out []assignment
	for _, x := range xs {
		next := p.narrow(x)
		switch {
		case next == nil:
		case out == nil:
			out = next
		case len(out)*len(next) <= maxProduct && slices.ContainsFunc(out, assignment.open):
			out = product(out, next)
		}
	}
	return out
}

// product merges each of a with each of b. Where both speak of a column a's value is kept, which is enough to narrow.
func product(a, b []assignment) []assignment {
	out := make([]assignment, 0, len(a)*len(b))
	for _, x := range a {
		for _, y := range b {
			m := slices.Clone(x)
			for i := range m {
				if m[i] == nil {
					m[i] = y[i]
				}
			}
			out = append(out, m)
		}
	}
	return out
}

// any is what one of xs leaves possible, nil where one of them tells nothing.
func (p pushdown) any(xs []expr.Expr) []assignment {
	var out []assignment
	for _, x := range xs {
		next := p.narrow(x)
		if next == nil {
			return nil
		}
		out = append(out, next...)
	}
	return out
}
