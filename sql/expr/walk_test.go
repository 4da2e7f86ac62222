package expr

import (
	"testing"

	"github.com/asofdb/asof/sql/types"
)

// TestRebuiltNegation: a copy of -x can be evaluated.
func TestRebuiltNegation(t *testing.T) {
	neg := &Neg{X: &Column{Index: 0, Name: "x", T: int4}, f: functionOf("-", int4)}
	x := Rebuild(neg, func(Expr) Expr { return &Column{Index: 1, Name: "y", T: int4} })
	v, err := x.Eval(&Env{Row: []types.Value{types.NewInt(types.Int4, 1), types.NewInt(types.Int4, 2)}})
	if err != nil || v.String() != "-2" {
		t.Errorf("-y is %v, %v where y is 2", v, err)
	}
}

func functionOf(op string, t types.Type) *function {
	for _, f := range operators[op] {
		if len(f.args) == 1 && f.args[0] == t {
			return f
		}
	}
	return nil
}
