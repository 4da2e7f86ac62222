package window

import (
	"github.com/asofdb/asof/engine/history"
	"github.com/asofdb/asof/sql/expr"
)

// edge is a comparison of the event time with NOW() that is no bound: it stands below OR, NOT or CASE, or compares not the event time itself. Its
// truth for a row turns as NOW() comes up to the event time's side, and again as it goes beyond.
type edge struct {
	reached, beyond expr.Expr // NOW()'s side >= the event time's, and >
	// plain is set where the event time's side is the event time itself and NOW()'s is linear: mover tells the moments.
	plain bool
	mover mover
}

// edgesIn returns the edges in x, nil for nil.
func edgesIn(x expr.Expr) []edge {
	var edges []edge
	if x == nil {
		return nil
	}
	expr.Walk(x, func(x expr.Expr) bool {
		c, ok := x.(*expr.Compare)
		if !ok || !readsNow(c) {
			return true
		}
		moving, still := c.L, c.R
		if readsNow(still) {
			moving, still = still, moving
		}
		g := edge{
			reached: expr.NewCompare(">=", moving, still),
			beyond:  expr.NewCompare(">", moving, still),
			mover:   newMover(moving),
		}
		column, ok := still.(*expr.Column)
		g.plain = ok && exactTime(column.T) && g.mover.linear
		edges = append(edges, g)
		return false
	})
	return edges
}

func readsNow(x expr.Expr) bool {
	found := false
	expr.Walk(x, func(x expr.Expr) bool {
		_, now := x.(*expr.Now)
		found = found || now
		return !found
	})
	return found
}

// appendTurns appends the moments in (after, to] at which the truth for e may turn.
func (g *edge) appendTurns(dst []int64, r *rows, e *history.Entry, after, to int64) ([]int64, error) {
	if !e.HasE { // a comparison with NULL is never true
		return dst, nil
	}
	for _, beyond := range [...]bool{false, true} {
		at, found, err := g.turn(beyond, r, e, after, to)
		if err != nil {
			return dst, err
		}
		if found && at > after {
			dst = append(dst, at)
		}
	}
	return dst, nil
}

// turn returns the first moment in [after, to] at which NOW()'s side has reached the event time's of e, or is beyond it.
func (g *edge) turn(beyond bool, r *rows, e *history.Entry, after, to int64) (int64, bool, error) {
	if g.plain && near(e.E) && near(after) && near(to) {
		return g.mover.reaches(e.E, beyond, after, to)
	}
	x := g.reached
	if beyond {
		x = g.beyond
	}
	r.turn(e)
	env := *r.at()
	return firstTrue(after, to, func(t int64) (bool, error) {
		env.Now = t
		return expr.True(x, &env)
	})
}
