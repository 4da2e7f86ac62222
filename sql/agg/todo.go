package agg

import "github.com/asofdb/asof/sql/types"

// Names lists the aggregates there are; Planned those the language will have and does not have yet.
func Names() []string   { panic("todo") }
func Planned() []string { panic("todo") }

// Resolve finds the aggregate name over an argument of type arg (ignored with star). ok is false where name is no aggregate at all;
// the error (42883, or 0A000 with "not yet") says why an aggregate cannot be had. The returned Func.Arg is the type
// the argument must be cast to first.
func Resolve(name string, star, distinct bool, arg types.Type) (f *Func, ok bool, err error) {
	panic("todo")
}
