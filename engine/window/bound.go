package window

import (
	"github.com/asofdb/asof/engine/history"
	"github.com/asofdb/asof/sql/expr"
	"github.com/asofdb/asof/sql/types"
)

// mover is an expression over NOW() alone that never decreases as NOW() grows: what an event time is compared with.
type mover struct {
	x    expr.Expr
	text string
	// linear says that the value is NOW() + shift microseconds, as long as both are near.
	linear bool
	shift  int64
}

// nearMoment is how far from 1970, in microseconds, a moment and a shift may be so that their sum is a timestamp for certain: 3168 years.
const nearMoment = 100_000_000_000_000_000

func near(t int64) bool { return -nearMoment <= t && t <= nearMoment }

func newMover(x expr.Expr) mover {
	m := mover{x: x, text: x.String()}
	m.shift, m.linear = shiftOf(x)
	return m
}

// shiftOf returns how far x is from NOW(), where that is the same at all times.
func shiftOf(x expr.Expr) (shift int64, ok bool) {
	switch x := x.(type) {
	case *expr.Now:
		return 0, true
	case *expr.Cast:
		if exactTime(x.T) && exactTime(x.X.Type()) {
			return shiftOf(x.X)
		}
	case *expr.Arith:
		base, span, sign := x.L, x.R, int64(1)
		if _, isConst := base.(*expr.Const); isConst {
			base, span = span, base
		}
		switch {
		case x.Op == "-" && base == x.L:
			sign = -1
		case x.Op != "+":
			return 0, false
		}
		length, okSpan := lengthOf(span)
		shift, ok = shiftOf(base)
		shift += sign * length
		return shift, ok && okSpan && near(shift)
	}
	return 0, false
}

// exactTime reports whether t is a timestamp with or without zone, which is the same in UTC.
func exactTime(t types.Type) bool {
	return t == types.Type{Kind: types.Timestamptz} || t == types.Type{Kind: types.Timestamp}
}

// lengthOf returns the microseconds of a constant interval without months. A day has 24 hours: features are evaluated in UTC.
func lengthOf(x expr.Expr) (int64, bool) {
	c, ok := x.(*expr.Const)
	if !ok || c.V.Kind != types.Interval {
		return 0, false
	}
	span := c.V.Span()
	days := int64(span.Days) * dayMicros
	return days + c.V.I, span.Months == 0 && near(days) && near(c.V.I)
}

const dayMicros = 24 * 60 * 60 * 1_000_000

// at is the value at env's moment as an event time; ok is false for NULL.
func (m *mover) at(env *expr.Env) (e int64, ok bool, err error) {
	if m.linear && near(env.Now) {
		return env.Now + m.shift, true, nil
	}
	v, err := m.x.Eval(env)
	if err != nil {
		return 0, false, err
	}
	e, ok = history.EventTime(v)
	return e, ok, nil
}

// reaches returns the first moment in [after, to] at which the value is at least e, or with beyond greater than e. found is false where there is
// none.
func (m *mover) reaches(e int64, beyond bool, after, to int64) (at int64, found bool, err error) {
	if m.linear && near(e) && near(after) && near(to) {
		at = e - m.shift
		if beyond {
			at++
		}
		return max(at, after), at <= to, nil
	}
	var env expr.Env
	return firstTrue(after, to, func(t int64) (bool, error) {
		env.Now = t
		v, ok, err := m.at(&env)
		return ok && (v > e || v == e && !beyond), err
	})
}

// firstTrue returns the first moment in [after, to] at which p holds, for a p that once true stays so. found is false where there is none.
func firstTrue(after, to int64, p func(t int64) (bool, error)) (at int64, found bool, err error) {
	if after > to {
		return 0, false, nil
	}
	if ok, err := p(to); !ok || err != nil {
		return 0, false, err
	}
	if ok, err := p(after); ok || err != nil {
		return after, ok, err
	}
	for no, yes := after, to; ; {
		if at = no + int64(uint64(yes-no)/2); at == no {
			return yes, true, nil
		}
		ok, err := p(at)
		if err != nil {
			return 0, false, err
		}
		if ok {
			yes = at
		} else {
			no = at
		}
	}
}
