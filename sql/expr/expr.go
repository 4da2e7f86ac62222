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
	Outer  []types.Value  // what the query around hands in: what Outers index
	// Session is who asks; nil: nobody in particular.
	Session Session
	// Run evaluates a query that stands in an expression; nil where none can.
	Run func(q *Subquery, env *Env) (types.Value, error)
}

// Expr is a bound expression. String prints canonical PostgreSQL text: equal expressions print equally, and PostgreSQL reads it.
type Expr interface {
	Type() types.Type
	Eval(env *Env) (types.Value, error)
	String() string
}

// The nodes that planning looks into. Others (functions, IN, LIKE, …) are reached through Children.
type (
	// Column reads Env.Row[Index]. Table is what FROM calls the relation that it is a column of, "" where there is but one: for people only.
	Column struct {
		Index int
		Name  string
		T     types.Type
		Table string
	}
	// Const is a value of type T. T.Kind is types.Unknown for a string literal or NULL that nothing has given a type yet.
	Const struct {
		V types.Value
		T types.Type
	}
	// Param is $N, N from 1; T is what was inferred for it, Unknown where nothing was.
	Param struct {
		N int
		T types.Type
	}
	// Now is NOW(): Env.Now as TIMESTAMPTZ.
	Now struct{}
	// Compare is l Op r with Op one of = <> < <= > >=, both sides of comparable types. NewCompare makes one.
	Compare struct {
		Op   string
		L, R Expr
		how  comparison
	}
	// And and Or are three-valued; Not too.
	And struct{ Xs []Expr }
	Or  struct{ Xs []Expr }
	Not struct{ X Expr }
	// Arith is l Op r with Op one of + - * / % ^ ||, and l of the operator's own types. NewArith makes one.
	Arith struct {
		Op   string
		L, R Expr
		T    types.Type
		f    *function
	}
	// Case is CASE WHEN … THEN … ELSE … END; CASE x WHEN y is held as WHEN x = y. Else is nil where none was written.
	Case struct {
		Whens []When
		Else  Expr
		T     types.Type
	}
	// Cast is X converted to T.
	Cast struct {
		X Expr
		T types.Type
		// assign marks the conversion of an assignment, which refuses a string that is too long; the explicit cast cuts it.
		assign bool
		how    conversion
	}
	// Call is a call of the scalar function Fn (lower case). x AT TIME ZONE z is timezone(z, x),
	// and EXTRACT(f FROM x) is extract('f', x).
	Call struct {
		Fn   string
		Args []Expr
		T    types.Type
		f    *function
	}
)

// When is one branch of a Case.
type When struct{ Cond, Then Expr }

// Scope gives names their meaning.
type Scope interface {
	// Column resolves a column reference; its error carries the place and a hint with the nearest name.
	Column(ref *syntax.ColumnRef) (Expr, error)
	// Call is asked before the scalar functions: it returns (nil, nil) for a call that is not its own (plan takes
	// the aggregates), and an error for one that may not stand here.
	Call(call *syntax.Call) (Expr, error)
	// Sub binds a subquery used as a value (*syntax.Subquery, *syntax.Exists, *syntax.In with Sub, *syntax.Quantified over one, *syntax.Binary of a
	// row and one), or refuses it.
	Sub(x syntax.Expr) (Expr, error)
	// Param gives $N the type the context wants (Null where it wants none), or returns the type it already has.
	Param(n int, want types.Type) (types.Type, error)
}

// Zoned is a Scope that knows the session's TimeZone, in which literals without a zone are read. A Scope that is not Zoned means UTC.
type Zoned interface{ Zone() *time.Location }
