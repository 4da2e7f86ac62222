package expr

import "github.com/asofdb/asof/sql/types"

// fold returns the constant that x is, or x. What depends on the session's zone stays, because a tree outlives a session's
// settings; what fails stays, so that the error comes when (and only if) it is evaluated.
func fold(x Expr) Expr {
	constant := true
	for _, c := range Children(x) {
		k, ok := c.(*Const)
		switch {
		case !ok:
			constant = false
		case k.V.IsNull() && nullIfAnyNull(x):
			return &Const{T: x.Type()}
		case k.T.Kind == types.Unknown:
			return x
		}
	}
	if !constant || zoned(x) {
		return x
	}
	v, err := x.Eval(&Env{})
	if err != nil {
		return x
	}
	return &Const{V: v, T: x.Type()}
}

// nullIfAnyNull reports whether one NULL operand makes x NULL without looking at the others.
func nullIfAnyNull(x Expr) bool {
	switch x := x.(type) {
	case *Compare, *Neg, *Cast:
		return true
	case *Arith:
		return !x.f.lax
	case *Call:
		return !x.f.lax
	}
	return false
}

// zoned reports whether evaluating x itself looks at the session's zone.
func zoned(x Expr) bool {
	switch x := x.(type) {
	case *Compare:
		return x.how.by == byInstant
	case *Distinct:
		return x.by == byInstant
	case *NullIf:
		return x.by == byInstant
	case *InList:
		return x.by == byInstant
	case *Quantified:
		return x.how.by == byInstant
	case *Cast:
		return zonedCast(x.X.Type(), x.T)
	case *Arith:
		return x.f.zoned
	case *Call:
		return x.f.zoned
	}
	return false
}
