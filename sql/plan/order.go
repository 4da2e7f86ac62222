package plan

import (
	"slices"

	"github.com/asofdb/asof/sql/syntax"
	"github.com/asofdb/asof/sql/types"
)

// sortKey is one key of ORDER BY as the number of a target.
type sortKey struct {
	target     int
	desc       bool
	nullsFirst bool
}

// orderBy binds ORDER BY: an output's name, an output's number, or an expression over FROM's row, which
// becomes a hidden target where it is no output.
func (s *scope) orderBy(items []syntax.OrderItem, targets []target, distinct bool) ([]sortKey, []target, error) {
	var keys []sortKey
	for _, item := range items {
		i, err := s.orderTarget(item.X, &targets)
		if err != nil {
			return nil, nil, err
		}
		if targets[i].hidden && distinct {
			return nil, nil, errorAt(item.X.Place(), types.CodeInvalidColumnRef, "for SELECT DISTINCT, ORDER BY expressions must appear in select list")
		}
		if err := sortable(item.X.Place(), targets[i].x.Type()); err != nil {
			return nil, nil, err
		}
		k := sortKey{target: i, desc: item.Desc, nullsFirst: item.Desc}
		if item.NullsFirst != nil {
			k.nullsFirst = *item.NullsFirst
		}
		keys = append(keys, k)
	}
	return keys, targets, nil
}

func (s *scope) orderTarget(x syntax.Expr, targets *[]target) (int, error) {
	visible := (*targets)[:countVisible(*targets)]
	if ref, ok := x.(*syntax.ColumnRef); ok && ref.Table == "" {
		if i, err := byName(ref, visible, "ORDER BY"); err != nil || i >= 0 {
			return i, err
		}
	}
	if i, err := byNumber(x, visible, "ORDER BY"); err != nil || i >= 0 {
		return i, err
	}
	bound, err := s.b.value(x, s)
	if err != nil {
		return 0, err
	}
	if i := slices.IndexFunc(*targets, func(t target) bool { return same(t.x, bound) }); i >= 0 {
		return i, nil
	}
	*targets = append(*targets, target{name: s.b.outputName(x), x: bound, place: x.Place(), hidden: true})
	return len(*targets) - 1, nil
}

// countVisible counts the targets of the select list; the hidden ones follow them.
func countVisible(targets []target) int {
	n := len(targets)
	for n > 0 && targets[n-1].hidden {
		n--
	}
	return n
}
