package expr

import "github.com/asofdb/asof/sql/types"

// IsNull is X IS [NOT] NULL.
type IsNull struct {
	X   Expr
	Not bool
}

func newIsNull(x Expr, not bool) Expr { return fold(&IsNull{X: x, Not: not}) }

func (*IsNull) Type() types.Type { return boolean }

func (n *IsNull) Eval(env *Env) (types.Value, error) { return evalTruth(n, env) }

func (n *IsNull) String() string {
	if n.Not {
		return "(" + n.X.String() + " IS NOT NULL)"
	}
	return "(" + n.X.String() + " IS NULL)"
}

func (n *IsNull) truth(env *Env) (truth, error) {
	var tmp types.Value
	v, err := operand(n.X, env, &tmp)
	if err != nil {
		return unknown, err
	}
	return truthIf((v.Kind == types.Null) != n.Not), nil
}

// IsTruth is X IS [NOT] TRUE, FALSE or UNKNOWN: a test that is never NULL.
type IsTruth struct {
	X    Expr
	What string // TRUE, FALSE or UNKNOWN
	Not  bool
	is   truth
}

var truthNames = map[string]truth{"TRUE": yes, "FALSE": no, "UNKNOWN": unknown}

func newIsTruth(x Expr, what string, not bool) Expr {
	return fold(&IsTruth{X: x, What: what, Not: not, is: truthNames[what]})
}

func (*IsTruth) Type() types.Type { return boolean }

func (i *IsTruth) Eval(env *Env) (types.Value, error) { return evalTruth(i, env) }

func (i *IsTruth) String() string {
	if i.Not {
		return "(" + i.X.String() + " IS NOT " + i.What + ")"
	}
	return "(" + i.X.String() + " IS " + i.What + ")"
}

func (i *IsTruth) truth(env *Env) (truth, error) {
	t, err := truthOf(i.X, env)
	if err != nil {
		return unknown, err
	}
	return truthIf((t == i.is) != i.Not), nil
}
