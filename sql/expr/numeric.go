package expr

import "github.com/asofdb/asof/sql/types"

func sqrtNumeric(v types.Value) (types.Value, error)             { return notYet("sqrt(numeric)") }
func expNumeric(v types.Value) (types.Value, error)              { return notYet("exp(numeric)") }
func lnNumeric(v types.Value) (types.Value, error)               { return notYet("ln(numeric)") }
func logNumeric(b, v types.Value) (types.Value, error)           { return notYet("log(numeric)") }
func powerNumeric(_ *Env, b, v types.Value) (types.Value, error) { return notYet("power(numeric)") }
func notYet(what string) (types.Value, error) {
	return types.Value{}, types.Errorf(types.CodeNotSupported, "%s is not yet supported", what)
}
