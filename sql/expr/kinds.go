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

// The contexts in which a cast is allowed, from narrow to wide.
const (
	noCast     = iota
	explicit   // only where it is written
	assignment // also when a value is stored
	implicit   // anywhere
)

func isString(k types.Kind) bool { return category(k) == 'S' }

func isInt(k types.Kind) bool { return k == types.Int2 || k == types.Int4 || k == types.Int8 }

func isFloat(k types.Kind) bool { return k == types.Float4 || k == types.Float8 }

func isNumber(k types.Kind) bool { return category(k) == 'N' }

// numberRank orders the numeric types from narrow to wide: casts upwards are implicit, downwards by assignment.
func numberRank(k types.Kind) int {
	switch k {
	case types.Int2:
		return 1
	case types.Int4:
		return 2
	case types.Int8:
		return 3
	case types.Numeric:
		return 4
	case types.Float4:
		return 5
	}
	return 6
}

// castContext says where a value of type from may become one of type to: PostgreSQL's pg_cast, and its rule that
// anything may be written to and read from text.
func castContext(from, to types.Type) int {
	f, t := from.Kind, to.Kind
	switch {
	case base(from) == base(to) || f == types.Unknown:
		return implicit
	case f == types.Array && t == types.Array:
		return castContext(types.Type{Kind: from.Elem}, types.Type{Kind: to.Elem})
	case isString(f) && isString(t):
		return implicit
	case isString(t):
		return assignment
	case isString(f):
		return explicit
	case isNumber(f) && isNumber(t):
		if numberRank(f) < numberRank(t) {
			return implicit
		}
		return assignment
	}
	return otherCasts[[2]types.Kind{f, t}]
}

var otherCasts = map[[2]types.Kind]int{
	{types.Bool, types.Int4}:             explicit,
	{types.Int4, types.Bool}:             explicit,
	{types.Date, types.Timestamp}:        implicit,
	{types.Date, types.Timestamptz}:      implicit,
	{types.Timestamp, types.Timestamptz}: implicit,
	{types.Timestamp, types.Date}:        assignment,
	{types.Timestamp, types.Time}:        assignment,
	{types.Timestamptz, types.Date}:      assignment,
	{types.Timestamptz, types.Time}:      assignment,
	{types.Timestamptz, types.Timestamp}: assignment,
	{types.Time, types.Interval}:         implicit,
	{types.Interval, types.Time}:         assignment,
	{types.JSON, types.JSONB}:            assignment,
	{types.JSONB, types.JSON}:            assignment,
}

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
	return castContext(from, to) == implicit
}
