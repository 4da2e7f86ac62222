package plan

import (
	"github.com/asofdb/asof/sql/expr"
	"github.com/asofdb/asof/sql/syntax"
	"github.com/asofdb/asof/sql/types"
)

// windows finds the windows in a feature's predicates: comparisons of the event time with a bound that follows NOW().
type windows struct {
	columns types.Schema
	// event is the column compared with NOW() so far, -1 before the first.
	event int
}

// predicate splits a condition into bounds on the event time and the rest. x is nil where there is none.
func (w *windows) predicate(x expr.Expr) (Predicate, error) {
	var p Predicate
	if x == nil {
		return p, nil
	}
	var rest []expr.Expr
	for _, c := range expr.Conjuncts(x) {
		b, ok, err := w.bound(c)
		if err != nil {
			return p, err
		}
		if ok {
			p.Bounds = append(p.Bounds, b)
			continue
		}
		if err := w.check(c); err != nil {
			return p, err
		}
		rest = append(rest, settle(c))
	}
	if len(rest) > 0 {
		p.Rest = expr.NewAnd(rest...)
	}
	return p, nil
}

// check refuses every NOW() in x that is not the bound of a window.
func (w *windows) check(x expr.Expr) error {
	var err error
	expr.Walk(x, func(y expr.Expr) bool {
		if err != nil {
			return false
		}
		switch y := y.(type) {
		case *placedNow:
			err = otherNow(y.place, "NOW()")
		case *expr.Compare:
			if !readsNow(y) {
				return false
			}
			_, err = w.comparison(y)
			return false
		}
		return true
	})
	return err
}

// edge is a comparison of the event time with NOW(): Column Op At, turned so that the event time stands left.
type edge struct {
	event expr.Expr // over the event time's column alone
	op    string
	at    expr.Expr // over NOW() alone
}

// comparison checks a comparison that reads NOW().
func (w *windows) comparison(c *expr.Compare) (edge, error) {
	e := edge{event: c.L, op: c.Op, at: c.R}
	if readsNow(c.L) {
		e = edge{event: c.R, op: turned[c.Op], at: c.L}
	}
	now := findNow(e.at)
	if other := findNow(e.event); other != nil {
		return e, otherNow(other.place, "NOW()")
	}
	if !constant(e.at) {
		return e, w.mixed(e, now)
	}
	read := columnsOf(e.event)
	if len(read) != 1 || !isTime(w.columns[read[0]].Type.Kind) {
		return e, otherNow(now.place, "NOW()")
	}
	if _, err := monotone(e.at, isNow, now.place); err != nil {
		return e, err
	}
	if _, err := monotone(e.event, isColumn, now.place); err != nil {
		return e, err
	}
	if _, err := e.at.Eval(&expr.Env{}); err != nil { // DATE_TRUNC of no unit, DATE_BIN of no stride
		return e, at(err, now.place)
	}
	return e, w.setEvent(read[0], now.place)
}

func isColumn(x expr.Expr) bool {
	_, ok := x.(*expr.Column)
	return ok
}

// turned is the operator with its sides changed.
var turned = map[string]string{"=": "=", "<>": "<>", "<": ">", "<=": ">=", ">": "<", ">=": "<="}

// mixed refuses a comparison with columns beside NOW(); for an age it says how to write it.
func (w *windows) mixed(e edge, now *placedNow) error {
	err := otherNow(now.place, "NOW()")
	age, ok := e.at.(*expr.Arith)
	if !ok || age.Op != "-" || !isNow(age.L) || !isColumn(age.R) {
		return err
	}
	length := "…"
	if c, ok := e.event.(*expr.Const); ok {
		length = "INTERVAL '" + c.V.String() + "'"
	}
	// age < length is event > NOW() - length, and the edge has been turned once already.
	return err.WithHint("write %s %s NOW() - %s", age.R, e.op, length)
}

// setEvent makes column the event time, or refuses a second one.
func (w *windows) setEvent(column int, place syntax.Span) error {
	if w.event >= 0 && w.event != column {
		return errorAt(place, types.CodeInvalidFunctionDef, "the windows of a feature speak of one event time, these of two: %q and %q",
			w.columns[w.event].Name, w.columns[column].Name).WithHint("make a feature of each")
	}
	w.event = column
	return nil
}

// bound returns the bound that conjunct x is; ok is false where it is a general condition.
func (w *windows) bound(x expr.Expr) (b Bound, ok bool, err error) {
	c, isCompare := x.(*expr.Compare)
	if !isCompare || !readsNow(c) {
		return b, false, nil
	}
	e, err := w.comparison(c)
	if err != nil || e.op == "<>" || !plainTime(e.event) {
		return b, false, err
	}
	at, err := castTo(settle(e.at), types.Type{Kind: types.Timestamptz})
	return Bound{Op: e.op, At: at}, err == nil, err
}

// plainTime reports whether x is a column, possibly under casts that keep the moment it names in UTC.
func plainTime(x expr.Expr) bool {
	for {
		c, ok := x.(*expr.Cast)
		if !ok {
			return isColumn(x)
		}
		if c.T.Kind == types.Date && c.X.Type().Kind != types.Date {
			return false
		}
		x = c.X
	}
}
