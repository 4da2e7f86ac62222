package expr

import "github.com/asofdb/asof/sql/types"

// truth is a truth value of SQL's three-valued logic.
type truth uint8

const (
	no truth = iota
	yes
	unknown
)

func truthIf(b bool) truth {
	if b {
		return yes
	}
	return no
}

func (t truth) not() truth {
	switch t {
	case no:
		return yes
	case yes:
		return no
	}
	return unknown
}

func (t truth) value() types.Value {
	if t == unknown {
		return types.Value{}
	}
	return types.Value{Kind: types.Bool, I: int64(t)}
}

func truthOfValue(v *types.Value) truth {
	if v.Kind == types.Null {
		return unknown
	}
	return truthIf(v.I != 0)
}

// condition is a node that computes a truth value without making a Value of it.
type condition interface {
	truth(env *Env) (truth, error)
}

// truthOf evaluates a boolean expression. The concrete types come first because a switch on them costs a pointer
// comparison, while asking for an interface costs a table lookup; this runs per log entry.
func truthOf(x Expr, env *Env) (truth, error) {
	switch x := x.(type) {
	case *Compare:
		return x.truth(env)
	case *And:
		return x.truth(env)
	case *Or:
		return x.truth(env)
	case *Not:
		return x.truth(env)
	case *Column:
		return truthOfValue(&env.Row[x.Index]), nil
	case *Const:
		return truthOfValue(&x.V), nil
	case condition:
		return x.truth(env)
	}
	v, err := x.Eval(env)
	return truthOfValue(&v), err
}

// True reports whether x is TRUE in env (neither false nor NULL).
func True(x Expr, env *Env) (bool, error) {
	t, err := truthOf(x, env)
	return t == yes && err == nil, err
}

func evalTruth(c condition, env *Env) (types.Value, error) {
	t, err := c.truth(env)
	return t.value(), err
}

// NewAnd returns the conjunction of xs: nested ANDs are flattened, TRUE is dropped, FALSE decides. Without xs it is TRUE.
func NewAnd(xs ...Expr) Expr {
	flat, decided := flatten(xs, yes, func(x Expr) []Expr {
		if a, ok := x.(*And); ok {
			return a.Xs
		}
		return nil
	})
	switch {
	case decided != nil:
		return decided
	case len(flat) == 1:
		return flat[0]
	}
	return &And{Xs: flat}
}

// NewOr returns the disjunction of xs: nested ORs are flattened, FALSE is dropped, TRUE decides. Without xs it is FALSE.
func NewOr(xs ...Expr) Expr {
	flat, decided := flatten(xs, no, func(x Expr) []Expr {
		if o, ok := x.(*Or); ok {
			return o.Xs
		}
		return nil
	})
	switch {
	case decided != nil:
		return decided
	case len(flat) == 1:
		return flat[0]
	}
	return &Or{Xs: flat}
}

// flatten opens nested operands and drops the neutral constant; decided is the whole's value where a constant settles it.
func flatten(xs []Expr, neutral truth, open func(Expr) []Expr) (flat []Expr, decided Expr) {
	onlyNulls := true
	var walk func(xs []Expr) bool
	walk = func(xs []Expr) bool {
		for _, x := range xs {
			if inner := open(x); inner != nil {
				if walk(inner) {
					return true
				}
				continue
			}
			if c, ok := x.(*Const); ok {
				switch truthOfValue(&c.V) {
				case neutral:
					continue
				case neutral.not():
					return true
				}
			} else {
				onlyNulls = false
			}
			flat = append(flat, x)
		}
		return false
	}
	switch {
	case walk(xs):
		return nil, boolConst(neutral.not())
	case len(flat) == 0:
		return nil, boolConst(neutral)
	case onlyNulls:
		return nil, boolConst(unknown)
	}
	return flat, nil
}

// NewNot returns NOT x.
func NewNot(x Expr) Expr {
	switch x := x.(type) {
	case *Const:
		return boolConst(truthOfValue(&x.V).not())
	case *Not:
		return x.X
	}
	return &Not{X: x}
}

func (*And) Type() types.Type { return boolean }

func (a *And) Eval(env *Env) (types.Value, error) { return evalTruth(a, env) }

func (a *And) String() string { return joined("(", a.Xs, " AND ", ")") }

// truth stops at the first FALSE, as PostgreSQL does: what stands behind it is not evaluated and cannot fail.
func (a *And) truth(env *Env) (truth, error) {
	result := yes
	for _, x := range a.Xs {
		t, err := truthOf(x, env)
		if err != nil {
			return unknown, err
		}
		switch t {
		case no:
			return no, nil
		case unknown:
			result = unknown
		}
	}
	return result, nil
}

func (*Or) Type() types.Type { return boolean }

func (o *Or) Eval(env *Env) (types.Value, error) { return evalTruth(o, env) }

func (o *Or) String() string { return joined("(", o.Xs, " OR ", ")") }

func (o *Or) truth(env *Env) (truth, error) {
	result := no
	for _, x := range o.Xs {
		t, err := truthOf(x, env)
		if err != nil {
			return unknown, err
		}
		switch t {
		case yes:
			return yes, nil
		case unknown:
			result = unknown
		}
	}
	return result, nil
}

func (*Not) Type() types.Type { return boolean }

func (n *Not) Eval(env *Env) (types.Value, error) { return evalTruth(n, env) }

func (n *Not) String() string { return "(NOT " + n.X.String() + ")" }

func (n *Not) truth(env *Env) (truth, error) {
	t, err := truthOf(n.X, env)
	return t.not(), err
}

// Conjuncts splits x at its top-level ANDs.
func Conjuncts(x Expr) []Expr {
	a, ok := x.(*And)
	if !ok {
		return []Expr{x}
	}
	var out []Expr
	for _, x := range a.Xs {
		out = append(out, Conjuncts(x)...)
	}
	return out
}
