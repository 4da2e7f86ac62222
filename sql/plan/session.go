package plan

import (
	"errors"
	"time"

	"github.com/asofdb/asof/sql/syntax"
	"github.com/asofdb/asof/sql/types"
)

// Session is what of a session changes the meaning of a statement.
type Session struct {
	Zone *time.Location // nil: UTC
	// Params are declared parameter types, Null where undeclared.
	Params []types.Type
	// Off are the rules that are not applied, by the names of RuleSettings.
	Off map[string]bool
}

// params are the types of a statement's parameters as far as they are known.
type params struct {
	types []types.Type
	// none is set where a statement is stored and so can have no parameters.
	none bool
}

// maxParam is the largest N of $N that the wire protocol can carry.
const maxParam = 65535

// infer gives $n the type want unless it has one; the result is what it has now, Null where nothing is known.
func (p *params) infer(n int, want types.Type) (types.Type, error) {
	if p.none || n < 1 || n > maxParam {
		return types.Type{}, types.Errorf("42P02", "there is no parameter $%d", n)
	}
	for len(p.types) < n {
		p.types = append(p.types, types.Type{})
	}
	t := &p.types[n-1]
	if untyped(*t) && !untyped(want) {
		*t = want
	}
	return *t, nil
}

// final returns all types; what no context asked for is text, as in PostgreSQL.
func (p *params) final() []types.Type {
	for i := range p.types {
		if untyped(p.types[i]) {
			p.types[i] = types.Type{Kind: types.Text}
		}
	}
	return p.types
}

// untyped reports whether t is the type of something whose context has not given it a type.
func untyped(t types.Type) bool { return t.Kind == types.Null || t.Kind == types.Unknown }

// binder is what binding one statement keeps.
type binder struct {
	cat    Catalog
	params params
	zone   *time.Location // in which literals without a zone are read; nil: UTC
	// inFeature is set for the body of a feature, whose NOW() is the moment of each reader.
	inFeature bool
	off       map[string]bool // rules that are not applied
	// subNames are the names of the columns of the scalar subqueries bound so far.
	subNames map[*syntax.Subquery]string
	views    map[string]*cte // that are bound, nil while one is being bound
}

// at sets the place of err, if it is a user's error without one.
func at(err error, s syntax.Span) error {
	var e *types.Error
	if errors.As(err, &e) {
		e.At(int(s.Pos), int(s.End-s.Pos))
	}
	return err
}

// errorAt is an error with its place.
func errorAt(s syntax.Span, code, format string, args ...any) *types.Error {
	return types.Errorf(code, format, args...).At(int(s.Pos), int(s.End-s.Pos))
}

// notYet refuses what the language will have; what ends in "is" or "are".
func notYet(s syntax.Span, what string) *types.Error {
	return errorAt(s, types.CodeNotSupported, "%s not yet supported", what)
}
