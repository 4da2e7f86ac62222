package expr

import (
	"strconv"

	"github.com/asofdb/asof/sql/syntax"
	"github.com/asofdb/asof/sql/types"
)

func (c *Column) Type() types.Type { return c.T }

func (c *Column) Eval(env *Env) (types.Value, error) { return env.Row[c.Index], nil }

func (c *Column) String() string {
	if c.Table != "" {
		return syntax.QuoteIdent(c.Table) + "." + syntax.QuoteIdent(c.Name)
	}
	return syntax.QuoteIdent(c.Name)
}

func (c *Const) Type() types.Type { return c.T }

func (c *Const) Eval(*Env) (types.Value, error) { return c.V, nil }

func (c *Const) String() string { return literal(c.V, c.T) }

func (p *Param) Type() types.Type { return p.T }

func (p *Param) Eval(env *Env) (types.Value, error) {
	if p.N > len(env.Params) {
		return types.Value{}, types.Errorf("42P02", "there is no parameter $%d", p.N)
	}
	return env.Params[p.N-1], nil
}

func (p *Param) String() string { return "$" + strconv.Itoa(p.N) }

func (*Now) Type() types.Type { return timestamptz }

func (*Now) Eval(env *Env) (types.Value, error) { return types.NewTimestamptz(env.Now), nil }

func (*Now) String() string { return "now()" }

// operand returns x's value in env, read in place where x is a column or a constant: what is compared is not copied.
// tmp is where a computed value is kept; the result is good as long as tmp and env.Row are.
func operand(x Expr, env *Env, tmp *types.Value) (*types.Value, error) {
	switch x := x.(type) {
	case *Column:
		return &env.Row[x.Index], nil
	case *Const:
		return &x.V, nil
	}
	v, err := x.Eval(env)
	*tmp = v
	return tmp, err
}

// boolConst is TRUE, FALSE or (for unknown) NULL as an expression.
func boolConst(t truth) *Const { return &Const{V: t.value(), T: boolean} }
