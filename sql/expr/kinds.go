package expr

import "github.com/asofdb/asof/sql/types"

// The types that signatures are written with.
var (
	boolean     = types.Type{Kind: types.Bool}
	int2        = types.Type{Kind: types.Int2}
	int4        = types.Type{Kind: types.Int4}
	int8        = types.Type{Kind: types.Int8}
	float4      = types.Type{Kind: types.Float4}
	float8      = types.Type{Kind: types.Float8}
	numeric     = types.Type{Kind: types.Numeric}
	text        = types.Type{Kind: types.Text}
	bpchar      = types.Type{Kind: types.Char}
	date        = types.Type{Kind: types.Date}
	clock       = types.Type{Kind: types.Time}
	timestamp   = types.Type{Kind: types.Timestamp}
	timestamptz = types.Type{Kind: types.Timestamptz}
	interval    = types.Type{Kind: types.Interval}
	uuid        = types.Type{Kind: types.UUID}
	bytea       = types.Type{Kind: types.Bytea}
	jsonb       = types.Type{Kind: types.JSONB}
	untyped     = types.Type{Kind: types.Unknown}
	textArray   = types.Type{Kind: types.Array, Elem: types.Text}
)

// The pseudo-types of polymorphic signatures. They never leave a signature: binding replaces them by what was given.
const (
	kindAny         types.Kind = 200 + iota // anything at all
	kindAnyArray                            // an array; all of one signature have one element type
	kindAnyNonArray                         // anything but an array
	kindLikeArray                           // anycompatiblearray: an array of the type that all of one signature can become
	kindLikeElement                         // anycompatible: one such element
)

var (
	anything    = types.Type{Kind: kindAny}
	anyArray    = types.Type{Kind: kindAnyArray}
	anyNonArray = types.Type{Kind: kindAnyNonArray}
	likeArray   = types.Type{Kind: kindLikeArray}
	likeElement = types.Type{Kind: kindLikeElement}
)

// base is t without its modifiers, which play no part in choosing an operator.
func base(t types.Type) types.Type {
	if t.Kind == types.Null {
		return untyped
	}
	return types.Type{Kind: t.Kind, Elem: t.Elem}
}

// category is PostgreSQL's typcategory: the first letter of what types are exchanged for each other.
func category(k types.Kind) byte {
	switch k {
	case types.Bool:
		return 'B'
	case types.Int2, types.Int4, types.Int8, types.Float4, types.Float8, types.Numeric:
		return 'N'
	case types.Text, types.Varchar, types.Char:
		return 'S'
	case types.Date, types.Time, types.Timestamp, types.Timestamptz:
		return 'D'
	case types.Interval:
		return 'T'
	case types.Array, kindAnyArray, kindLikeArray:
		return 'A'
	case types.Unknown:
		return 'X'
	case kindAny, kindLikeElement, kindAnyNonArray:
		return 'P'
	}
	return 'U'
}

// preferred reports whether k is the type of its category that a literal becomes when nothing else decides.
func preferred(k types.Kind) bool {
	switch k {
	case types.Bool, types.Float8, types.Text, types.Timestamptz, types.Interval:
		return true
	}
	return false
}

func isString(k types.Kind) bool { return category(k) == 'S' }

func isInt(k types.Kind) bool { return k == types.Int2 || k == types.Int4 || k == types.Int8 }

func isFloat(k types.Kind) bool { return k == types.Float4 || k == types.Float8 }

// implicitly reports whether from becomes to without being asked.
func implicitly(from, to types.Type) bool {
	switch to.Kind {
	case kindAny, kindLikeElement:
		return true
	case kindAnyArray, kindLikeArray:
		return from.Kind == types.Array || from.Kind == types.Unknown
	case kindAnyNonArray:
		return from.Kind != types.Array
	}
	return types.CanImplicit(from, to)
}

// unmodified is t without lengths and precisions, as a parameter has it: an OID stays one, but where it prints as a name the name is what comes.
func unmodified(t types.Type) types.Type {
	b := base(t)
	if !t.Alias.Reg() {
		b.Alias = t.Alias
	}
	return b
}
