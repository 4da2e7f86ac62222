package types

import "math/big"

// Kind is the kind of an SQL type or value. The zero Kind is Null: the type of an untyped NULL, and
// the kind of every NULL value whatever its column's type.
type Kind uint8

const (
	Null Kind = iota
	Bool
	Int2
	Int4
	Int8
	Float4
	Float8
	Numeric
	Text
	Varchar
	Char
	Date
	Time
	Timestamp
	Timestamptz
	Interval
	UUID
	Bytea
	JSON
	JSONB
	Array
	// Unavailable marks a value that a change record left out on purpose (an unchanged TOAST column).
	// It exists between a decoder and the completion of a change, never in a table or a log.
	Unavailable
	// Unknown is the type of a string literal whose context has not given it a type yet.
	Unknown
)

// Type is an SQL type. Types are comparable with ==.
type Type struct {
	Kind Kind
	// Elem is the element kind of an Array.
	Elem Kind
	// Alias is the catalog type as which PostgreSQL's clients know the values, or an Array's elements; NoAlias but for what catalogs hold.
	Alias Alias `json:",omitempty"`
	// Len is n of VARCHAR(n) and CHAR(n), 0 where none was declared.
	Len int32
	// Precision and Scale are those of NUMERIC(p,s); Precision 0 means unconstrained.
	Precision, Scale int16
}

// Column is a named, typed column of a relation.
type Column struct {
	Name    string
	Type    Type
	NotNull bool
}

// Schema is the ordered columns of a relation.
type Schema []Column

// Index returns the position of the column called name, or -1.
func (s Schema) Index(name string) int {
	for i := range s {
		if s[i].Name == name {
			return i
		}
	}
	return -1
}

// Value is one SQL value. The zero Value is NULL. A Value is immutable; S may point into a buffer that
// the producer owns, so whoever keeps a Value beyond the producer's promise calls Clone.
//
// What the fields hold, by Kind:
//
//	Bool                    I: 0 or 1
//	Int2 Int4 Int8          I
//	Float4 Float8           I: math.Float64bits (a Float4 is exactly representable)
//	Numeric                 value = coefficient * 10^-Scale; coefficient is I, or X.(*big.Int) where it does
//	                        not fit int64; Scale >= 0 is the display scale. NaN, +Infinity, -Infinity have
//	                        Scale ScaleNaN, ScaleInf, ScaleNegInf
//	Text Varchar Char JSON JSONB Bytea UUID   S (UUID: its 16 bytes)
//	Date                    I: days since 1970-01-01; InfinityDays, NegInfinityDays
//	Time                    I: microseconds since midnight, 0..86400000000
//	Timestamp Timestamptz   I: microseconds since 1970-01-01 UTC; Infinity, NegInfinity
//	Interval                I: microseconds; X.(Span) holds months and days where either is not 0
//	Array                   X.([]Value); Elem kinds are those of the elements
type Value struct {
	Kind  Kind
	Scale int16
	I     int64
	S     string
	X     any
}

// Span is the calendar part of an Interval value.
type Span struct{ Months, Days int32 }

// Scales that mark the numeric values that are no numbers.
const (
	ScaleNaN    int16 = -1
	ScaleInf    int16 = -2
	ScaleNegInf int16 = -3
)

// The infinite dates and timestamps, as PostgreSQL orders them.
const (
	Infinity        int64 = 1<<63 - 1
	NegInfinity     int64 = -1 << 63
	InfinityDays    int64 = 1<<31 - 1
	NegInfinityDays int64 = -1 << 31
)

// IsNull reports whether v is NULL.
func (v Value) IsNull() bool { return v.Kind == Null }

// NewBool, NewInt and the like make a value of the kind they name.
func NewBool(b bool) Value {
	if b {
		return Value{Kind: Bool, I: 1}
	}
	return Value{Kind: Bool}
}

// NewInt returns an integer of kind k (Int2, Int4 or Int8); the caller has checked the range.
func NewInt(k Kind, i int64) Value { return Value{Kind: k, I: i} }

// NewInt8 returns a BIGINT.
func NewInt8(i int64) Value { return Value{Kind: Int8, I: i} }

// NewText returns a TEXT.
func NewText(s string) Value { return Value{Kind: Text, S: s} }

// NewTimestamptz returns a TIMESTAMPTZ of us microseconds since 1970-01-01 UTC.
func NewTimestamptz(us int64) Value { return Value{Kind: Timestamptz, I: us} }

// NewNumeric returns coefficient * 10^-scale.
func NewNumeric(coefficient int64, scale int16) Value {
	return Value{Kind: Numeric, I: coefficient, Scale: scale}
}

// NewBigNumeric is NewNumeric for a coefficient of any size. It takes ownership of c.
func NewBigNumeric(c *big.Int, scale int16) Value {
	if c.IsInt64() {
		return NewNumeric(c.Int64(), scale)
	}
	return Value{Kind: Numeric, Scale: scale, X: c}
}
