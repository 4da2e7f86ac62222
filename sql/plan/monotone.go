package plan

import (
	"github.com/asofdb/asof/sql/expr"
	"github.com/asofdb/asof/sql/syntax"
	"github.com/asofdb/asof/sql/types"
)

// monotone checks that x never decreases as its one variable grows, where leaf recognises the variable. Features are
// evaluated in UTC, where a day has 24 hours, so adding days or microseconds keeps the order; adding months does not
// (February 28 and 29, 30, 31 January + 1 month), unless what they are added to is the first of a month.
//
// aligned is set where every value is midnight on the first of a month. The error's place is where.
func monotone(x expr.Expr, leaf func(expr.Expr) bool, where syntax.Span) (aligned bool, err error) {
	if leaf(x) {
		return false, nil
	}
	m := monotony{leaf: leaf, where: where}
	switch x := x.(type) {
	case *expr.Cast:
		if isTime(x.X.Type().Kind) && isTime(x.T.Kind) {
			return monotone(x.X, leaf, where)
		}
	case *expr.Arith:
		return m.arith(x)
	case *expr.Call:
		return m.call(x)
	case *expr.Extreme:
		return false, m.extreme(x)
	}
	return false, m.refuse(x)
}

type monotony struct {
	leaf  func(expr.Expr) bool
	where syntax.Span
}

func isTime(k types.Kind) bool {
	return k == types.Date || k == types.Timestamp || k == types.Timestamptz
}

// varies reports whether the variable occurs in x.
func (m monotony) varies(x expr.Expr) bool {
	found := false
	expr.Walk(x, func(y expr.Expr) bool {
		found = found || m.leaf(y)
		return !found
	})
	return found
}

// arith is variable ± constant or constant + variable.
func (m monotony) arith(x *expr.Arith) (aligned bool, err error) {
	base, shift := x.L, x.R
	if x.Op == "+" && m.varies(x.R) {
		base, shift = x.R, x.L
	}
	if x.Op != "+" && x.Op != "-" || !constant(shift) || m.varies(shift) || !isTime(base.Type().Kind) || !isTime(x.Type().Kind) {
		return false, m.refuse(x)
	}
	if aligned, err = monotone(base, m.leaf, m.where); err != nil {
		return false, err
	}
	v, err := shift.Eval(&expr.Env{})
	if err != nil {
		return false, at(err, m.where)
	}
	span, _ := v.X.(types.Span)
	switch {
	case v.IsNull():
		return false, m.refuse(x)
	case span.Months != 0 && !aligned:
		return false, errorAt(m.where, types.CodeInvalidParameter, "an interval of months or years from NOW() is no window: months differ in length, so its edge would move backwards").
			WithHint("say it in days: NOW() - INTERVAL '30 days', or by the calendar: DATE_TRUNC('month', NOW())")
	}
	return aligned && v.Kind == types.Interval && span.Days == 0 && v.I == 0, nil
}

// call is DATE_TRUNC, DATE_BIN and AT TIME ZONE of the variable, all else constant.
func (m monotony) call(x *expr.Call) (aligned bool, err error) {
	var base expr.Expr
	for i, a := range x.Args {
		switch {
		case m.varies(a) && base == nil && i == 1:
			base = a
		case m.varies(a) || !constant(a):
			return false, m.refuse(x)
		}
	}
	if base == nil {
		return false, m.refuse(x)
	}
	zone := ""
	switch {
	case x.Fn == "date_bin":
		zone = "UTC"
	case x.Fn == "date_trunc" && len(x.Args) == 2 && isTime(x.T.Kind):
		zone = "UTC"
	case x.Fn == "date_trunc" && len(x.Args) == 3:
		zone = constantText(x.Args[2])
	case x.Fn == "timezone":
		zone = constantText(x.Args[0])
	default:
		return false, m.refuse(x)
	}
	if zone != "UTC" {
		return false, notYet(m.where, "a window in a time zone other than UTC is")
	}
	if aligned, err = monotone(base, m.leaf, m.where); err != nil || x.Fn != "date_trunc" {
		return aligned && x.Fn == "timezone", err
	}
	unit, _ := x.Args0()
	return aligned || monthUnits[unit], nil
}

// monthUnits are the units of DATE_TRUNC that give the first of a month.
var monthUnits = map[string]bool{
	"month": true, "months": true, "mon": true, "mons": true, "quarter": true, "year": true, "years": true,
	"decade": true, "decades": true, "century": true, "centuries": true, "millennium": true, "millennia": true,
}

func constantText(x expr.Expr) string {
	if c, ok := x.(*expr.Const); ok {
		return c.V.S
	}
	return ""
}

// extreme is GREATEST or LEAST of variables and constants.
func (m monotony) extreme(x *expr.Extreme) error {
	for _, y := range x.Xs {
		if !m.varies(y) && constant(y) {
			continue
		}
		if _, err := monotone(y, m.leaf, m.where); err != nil {
			return err
		}
	}
	return nil
}

func (m monotony) refuse(x expr.Expr) error {
	return errorAt(m.where, types.CodeInvalidFunctionDef, "%s is no bound of a window: it is not known to grow with NOW()", x).
		WithHint("bounds are NOW(), NOW() - INTERVAL '…', DATE_TRUNC('…', NOW()) and DATE_BIN('…', NOW(), TIMESTAMPTZ '…')")
}
