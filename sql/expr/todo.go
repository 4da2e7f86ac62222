package expr

import (
	"github.com/asofdb/asof/sql/syntax"
	"github.com/asofdb/asof/sql/types"
)

// Bind resolves x in scope s and types it as PostgreSQL would: operators and functions resolved over their operands,
// untyped literals and parameters taking the type of what stands beside them, implicit casts made explicit, constants folded (never NOW()).
// Errors are *types.Error with the place in the user's text.
func Bind(x syntax.Expr, s Scope) (Expr, error) { panic("todo") }

// BindAs binds x and converts it to type t as an assignment would; where names what is being bound, for the error.
func BindAs(x syntax.Expr, s Scope, t types.Type, where string) (Expr, error) { panic("todo") }

// BindBool binds a condition; where is "WHERE", "HAVING", "FILTER" for the error.
func BindBool(x syntax.Expr, s Scope, where string) (Expr, error) { panic("todo") }

// Children returns x's direct operands; Rebuild returns a copy of x with operands mapped by f (f(child) for each of Children, in order).
func Children(x Expr) []Expr { panic("todo") }

func Rebuild(x Expr, f func(Expr) Expr) Expr { panic("todo") }

// Walk calls f for x and everything below it, parents first; f returning false skips what is below.
func Walk(x Expr, f func(Expr) bool) { panic("todo") }

// NewCast converts x to t by PostgreSQL's explicit cast, or fails with 42846.
func NewCast(x Expr, t types.Type) (Expr, error) { panic("todo") }

// Conjuncts splits x at its top-level ANDs.
func Conjuncts(x Expr) []Expr { panic("todo") }

// True reports whether x is TRUE in env (neither false nor NULL).
func True(x Expr, env *Env) (bool, error) { panic("todo") }
