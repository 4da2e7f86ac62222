package plan

import (
	"math"
	"strconv"

	"github.com/asofdb/asof/sql/expr"
	"github.com/asofdb/asof/sql/syntax"
	"github.com/asofdb/asof/sql/types"
)

// target is one column of a select list, bound over FROM's row and the aggregates.
type target struct {
	name  string
	x     expr.Expr
	place syntax.Span
	src   syntax.Expr // nil for a column of *
	// hidden targets are computed only to sort by.
	hidden bool
}

// targets binds a select list, * and t.* expanded. With open a bare literal or NULL keeps its type open.
func (s *scope) targets(items []syntax.Item, open bool) ([]target, error) {
	var out []target
	for _, item := range items {
		if star, ok := item.X.(*syntax.Star); ok {
			all, err := s.star(star)
			if err != nil {
				return nil, err
			}
			out = append(out, all...)
			continue
		}
		bind := expr.Bind
		if open {
			bind = expr.BindOpen
		}
		if err := s.setsStandFree(item.X); err != nil {
			return nil, err
		}
		x, err := bind(item.X, s)
		if err != nil {
			return nil, at(err, item.X.Place())
		}
		name := item.Alias
		if name == "" {
			name = s.b.outputName(item.X)
		}
		out = append(out, target{name: name, x: x, place: item.X.Place(), src: item.X})
	}
	return out, nil
}

// star expands * and t.*: the relations' own columns, without the system columns.
func (s *scope) star(star *syntax.Star) ([]target, error) {
	columns := s.columns
	switch {
	case star.Table != "":
		t := s.named(star.Table)
		if t == nil {
			return nil, s.unknownTable(star.Span, star.Table)
		}
		columns = t.input(nil).columns
	case len(s.tables) == 0:
		return nil, errorAt(star.Span, types.CodeSyntax, "SELECT * with no tables specified is not valid")
	}
	out := make([]target, len(columns))
	for i, c := range columns {
		out[i] = target{name: c.name, x: s.placed(c.x, star.Span), place: star.Span}
	}
	return out, nil
}

// value binds an expression whose context wants no type.
func (b *binder) value(x syntax.Expr, s *scope) (expr.Expr, error) {
	bound, err := expr.Bind(x, s)
	return bound, at(err, x.Place())
}

// byName returns the target that a bare name in ORDER BY or GROUP BY speaks of, -1 where there is none.
func byName(ref *syntax.ColumnRef, targets []target, clause string) (int, error) {
	found := -1
	for i, t := range targets {
		if t.name != ref.Name {
			continue
		}
		if found >= 0 && !same(targets[found].x, t.x) {
			return -1, errorAt(ref.Span, types.CodeAmbiguousColumn, "%s %q is ambiguous", clause, ref.Name)
		}
		if found < 0 {
			found = i
		}
	}
	return found, nil
}

// byNumber returns the target that a number in ORDER BY or GROUP BY speaks of, -1 where x is no constant.
func byNumber(x syntax.Expr, targets []target, clause string) (int, error) {
	switch x := x.(type) {
	case *syntax.Unary:
		if n, ok := x.X.(*syntax.Number); !ok || x.Op != "-" {
			return -1, nil
		} else if _, err := strconv.ParseInt(n.Text, 10, 32); err == nil {
			return -1, errorAt(x.Span, types.CodeInvalidColumnRef, "%s position -%s is not in select list", clause, n.Text)
		}
	case *syntax.Number:
		n, err := strconv.ParseInt(x.Text, 10, 64)
		if err != nil || n > math.MaxInt32 {
			break
		}
		if n < 1 || n > int64(len(targets)) {
			return -1, errorAt(x.Span, types.CodeInvalidColumnRef, "%s position %d is not in select list", clause, n)
		}
		return int(n - 1), nil
	case *syntax.String, *syntax.Null, *syntax.Bool:
	default:
		return -1, nil
	}
	return -1, errorAt(x.Place(), types.CodeSyntax, "non-integer constant in %s", clause)
}
