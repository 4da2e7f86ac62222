// Package expr is typed, bound expressions: what a syntax tree means once its names and types are known,
// and how one row is evaluated. Evaluation is pure: the moment NOW() stands for is an argument.
package expr

import (
	"time"

	"github.com/asofdb/asof/sql/syntax"
	"github.com/asofdb/asof/sql/types"
)

// Env is what an expression is evaluated in.
type Env struct {
	Row    []types.Value  // what Columns index
	Now    int64          // NOW(), microseconds UTC
	Params []types.Value  // $1 is Params[0]
	Zone   *time.Location // the session's TimeZone; nil means UTC
}

// Expr is a bound expression. String prints canonical PostgreSQL text: equal expressions print equally, and PostgreSQL reads it.
type Expr interface {
	Type() types.Type
	Eval(env *Env) (types.Value, error)
	String() string
}

// The nodes that planning looks into. Others (functions, CASE, IN, …) are reached through Children.
type (
	// Column reads Env.Row[Index].
	Column struct {
		Index int
		Name  string
		T     types.Type
	}
	// Const is a value of type T.
	Const struct {
		V types.Value
		T types.Type
	}
	// Param is $N, N from 1; T is what was inferred for it.
	Param struct {
		N int
		T types.Type
	}
	// Now is NOW(): Env.Now as TIMESTAMPTZ.
	Now struct{}
	// Compare is l Op r with Op one of = <> < <= > >=, both sides of comparable types.
	Compare struct {
		Op   string
		L, R Expr
	}
	// And and Or are three-valued; Not too.
	And struct{ Xs []Expr }
	Or  struct{ Xs []Expr }
	Not struct{ X Expr }
)

// Scope gives names their meaning.
type Scope interface {
	// Column resolves a column reference; its error carries the place and a hint with the nearest name.
	Column(ref *syntax.ColumnRef) (Expr, error)
	// Call is asked before the scalar functions: it returns (nil, nil) for a call that is not its own (plan takes
	// the aggregates), and an error for one that may not stand here.
	Call(call *syntax.Call) (Expr, error)
	// Sub binds a subquery used as a value (*syntax.Subquery, *syntax.Exists, *syntax.In with Sub, *syntax.Quantified over one), or refuses it.
	Sub(x syntax.Expr) (Expr, error)
	// Param gives $N the type the context wants (Null where it wants none), or returns the type it already has.
	Param(n int, want types.Type) (types.Type, error)
}
