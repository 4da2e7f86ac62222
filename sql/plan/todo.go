package plan

import (
	"time"

	"github.com/asofdb/asof/sql/syntax"
	"github.com/asofdb/asof/sql/types"
)

// Session is what of a session changes the meaning of a statement.
type Session struct {
	Zone *time.Location // nil: UTC
	// Params are declared parameter types, Null where undeclared.
	Params []types.Type
}

// BindQuery binds a SELECT.
func BindQuery(sel *syntax.Select, cat Catalog, s Session) (*Query, error) { panic("todo") }

// BindFeature compiles a feature's definition, or refuses it: with the words "not yet" for what the language will have, with what to write instead for what it never will.
// The second result are notices for the user.
func BindFeature(st *syntax.CreateFeature, cat Catalog, s Session) (*Feature, []string, error) {
	panic("todo")
}

// Explain prints the tree, one node a line, children indented by two spaces.
func Explain(n Node) string { panic("todo") }
