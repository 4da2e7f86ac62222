package expr

import (
	"strings"

	"github.com/asofdb/asof/sql/types"
)

// NewCase returns a CASE whose branches and ELSE (nil where there is none) have type t. A branch that is never taken is left
// out; one that is always taken is the ELSE.
func NewCase(whens []When, other Expr, t types.Type) Expr {
	var kept []When
	for _, w := range whens {
		k, ok := w.Cond.(*Const)
		if !ok {
			kept = append(kept, w)
			continue
		}
		if truthOfValue(&k.V) == yes {
			other = w.Then
			break
		}
	}
	switch {
	case len(kept) > 0:
		return &Case{Whens: kept, Else: other, T: t}
	case other != nil:
		return other
	}
	return &Const{T: t}
}

func (c *Case) Type() types.Type { return c.T }

// Eval evaluates the conditions in turn and only the branch that is taken.
func (c *Case) Eval(env *Env) (types.Value, error) {
	for i := range c.Whens {
		t, err := truthOf(c.Whens[i].Cond, env)
		if err != nil {
			return types.Value{}, err
		}
		if t == yes {
			return c.Whens[i].Then.Eval(env)
		}
	}
	if c.Else == nil {
		return types.Value{}, nil
	}
	return c.Else.Eval(env)
}

func (c *Case) String() string {
	var b strings.Builder
	b.WriteString("CASE")
	for _, w := range c.Whens {
		b.WriteString(" WHEN " + w.Cond.String() + " THEN " + w.Then.String())
	}
	if c.Else != nil {
		b.WriteString(" ELSE " + c.Else.String())
	}
	b.WriteString(" END")
	return b.String()
}

// Coalesce is the first of Xs that is not NULL; the others are not evaluated.
type Coalesce struct {
	Xs []Expr
	T  types.Type
}

// NewCoalesce returns COALESCE(xs…), all of type t.
func NewCoalesce(t types.Type, xs ...Expr) Expr { return newCoalesce(xs, t) }

func newCoalesce(xs []Expr, t types.Type) Expr {
	var kept []Expr
	for _, x := range xs {
		c, ok := x.(*Const)
		if ok && c.V.IsNull() {
			continue
		}
		kept = append(kept, x)
		if ok {
			break
		}
	}
	switch len(kept) {
	case 0:
		return &Const{T: t}
	case 1:
		return kept[0]
	}
	return &Coalesce{Xs: kept, T: t}
}

func (c *Coalesce) Type() types.Type { return c.T }

func (c *Coalesce) Eval(env *Env) (types.Value, error) {
	for _, x := range c.Xs {
		v, err := x.Eval(env)
		if err != nil || !v.IsNull() {
			return v, err
		}
	}
	return types.Value{}, nil
}

func (c *Coalesce) String() string { return joined("COALESCE(", c.Xs, ", ", ")") }

// NullIf is NULL where L = R, else L.
type NullIf struct {
	L, R Expr
	by   byte
}

func newNullIf(l, r Expr) Expr {
	if isNull(l) || isNull(r) { // nothing equals NULL
		return l
	}
	return fold(&NullIf{L: l, R: r, by: comparedBy(l.Type().Kind, r.Type().Kind)})
}

func isNull(x Expr) bool {
	c, ok := x.(*Const)
	return ok && c.V.IsNull()
}

func (n *NullIf) Type() types.Type { return n.L.Type() }

func (n *NullIf) Eval(env *Env) (types.Value, error) {
	l, err := n.L.Eval(env)
	if err != nil {
		return l, err
	}
	var tmp types.Value
	r, err := operand(n.R, env, &tmp)
	if err != nil {
		return types.Value{}, err
	}
	if !l.IsNull() && !r.IsNull() && compare(n.by, &l, r, env.Zone) == 0 {
		return types.Value{}, nil
	}
	return l, nil
}

func (n *NullIf) String() string { return "NULLIF(" + n.L.String() + ", " + n.R.String() + ")" }

// Extreme is GREATEST or LEAST of operands of one type; NULLs are ignored.
type Extreme struct {
	Least bool
	Xs    []Expr
	T     types.Type
}

func newExtreme(least bool, xs []Expr, t types.Type) Expr {
	return fold(&Extreme{Least: least, Xs: xs, T: t})
}

func (e *Extreme) Type() types.Type { return e.T }

func (e *Extreme) Eval(env *Env) (types.Value, error) {
	var best types.Value
	for _, x := range e.Xs {
		v, err := x.Eval(env)
		if err != nil {
			return types.Value{}, err
		}
		if v.IsNull() {
			continue
		}
		if best.IsNull() || (types.Compare(v, best) < 0) == e.Least && types.Compare(v, best) != 0 {
			best = v
		}
	}
	return best, nil
}

func (e *Extreme) String() string {
	if e.Least {
		return joined("LEAST(", e.Xs, ", ", ")")
	}
	return joined("GREATEST(", e.Xs, ", ", ")")
}
