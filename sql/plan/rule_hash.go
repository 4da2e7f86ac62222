package plan

import (
	"github.com/asofdb/asof/sql/expr"
)

// chooseHashJoins finds in the conditions of joins the equalities of an expression over the left row with one over the right row: rows that match are
// then found by hashing instead of by looking at every pair.
func chooseHashJoins(root Node) Node {
	walk(root, func(n Node) {
		if j, ok := n.(*Join); ok {
			j.chooseKeys()
		}
	})
	return root
}

func (j *Join) chooseKeys() {
	w := width(j.L)
	var rest []expr.Expr
	for _, c := range conjuncts(j.On) {
		if k, ok := hashKey(c, w); ok {
			j.Keys = append(j.Keys, k)
		} else {
			rest = append(rest, c)
		}
	}
	j.On = allOf(rest)
}

// hashKey returns the key that the condition c of a join is, whose left row has w columns.
func hashKey(c expr.Expr, w int) (JoinKey, bool) {
	eq, ok := c.(*expr.Compare)
	if !ok || eq.Op != "=" || !expr.Hashable(eq.L.Type(), eq.R.Type()) {
		return JoinKey{}, false
	}
	ll, lr := sides(eq.L, w)
	rl, rr := sides(eq.R, w)
	switch {
	case ll && !lr && rr && !rl:
		return JoinKey{L: eq.L, R: shift(eq.R, -w)}, true
	case lr && !ll && rl && !rr:
		return JoinKey{L: eq.R, R: shift(eq.L, -w)}, true
	}
	return JoinKey{}, false
}
