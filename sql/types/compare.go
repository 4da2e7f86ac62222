package types

import (
	"math/big"
	"strings"
)

// Compare orders two non-NULL values of comparable kinds as PostgreSQL's btree order does: -1, 0, 1. Integers,
// numerics and floats compare with each other, a float with another number as float8, as PostgreSQL
// resolves the operator; NaN is greatest; text compares by bytes; date, timestamp and timestamptz compare with each
// other in UTC. Kinds that do not compare are ordered by kind, so that any set of values can be sorted.
func Compare(a, b Value) int {
	switch a.Kind {
	case Int2, Int4, Int8:
		switch b.Kind {
		case Int2, Int4, Int8:
			return compareInt(a.I, b.I)
		case Numeric:
			return compareNumeric(IntNumeric(a.I), b)
		case Float4, Float8:
			return compareFloat(float64(a.I), b.Float())
		}
	case Numeric:
		switch b.Kind {
		case Numeric:
			return compareNumeric(a, b)
		case Int2, Int4, Int8:
			return compareNumeric(a, IntNumeric(b.I))
		case Float4, Float8:
			return compareFloat(nearestFloat(a), b.Float())
		}
	case Float4, Float8:
		switch b.Kind {
		case Float4, Float8:
			return compareFloat(a.Float(), b.Float())
		case Int2, Int4, Int8:
			return compareFloat(a.Float(), float64(b.I))
		case Numeric:
			return compareFloat(a.Float(), nearestFloat(b))
		}
	case Text, Varchar, Char, Unknown, JSON, JSONB:
		if textual(b.Kind) {
			return strings.Compare(a.comparableText(), b.comparableText())
		}
	case Timestamp, Timestamptz, Date:
		switch {
		case a.Kind == b.Kind, a.Kind != Date && (b.Kind == Timestamp || b.Kind == Timestamptz):
			return compareInt(a.I, b.I)
		case b.Kind == Date || b.Kind == Timestamp || b.Kind == Timestamptz:
			return compareMoments(a, b)
		}
	case Bool, Time:
		if b.Kind == a.Kind {
			return compareInt(a.I, b.I)
		}
	case UUID, Bytea:
		if b.Kind == a.Kind {
			return strings.Compare(a.S, b.S)
		}
	case Interval:
		if b.Kind == a.Kind {
			return compareInterval(a, b)
		}
	case Array:
		if b.Kind == a.Kind {
			return compareArrays(a.Elems(), b.Elems())
		}
	}
	return compareInt(int64(a.Kind), int64(b.Kind))
}

func textual(k Kind) bool {
	switch k {
	case Text, Varchar, Char, Unknown, JSON, JSONB:
		return true
	}
	return false
}

// comparableText is the text without the blanks that pad a CHAR, which mean nothing.
func (v Value) comparableText() string {
	if v.Kind == Char {
		return strings.TrimRight(v.S, " ")
	}
	return v.S
}

// compareMoments compares a date with a date or timestamp; a date is its midnight.
func compareMoments(a, b Value) int {
	daysA, restA := a.moment()
	daysB, restB := b.moment()
	if daysA != daysB {
		return compareInt(daysA, daysB)
	}
	return compareInt(restA, restB)
}

// moment splits a value into days, infinite where it is, and microseconds of the day.
func (v Value) moment() (days, us int64) {
	switch {
	case v.Kind == Date:
		return v.I, 0
	case v.I == Infinity:
		return InfinityDays, 0
	case v.I == NegInfinity:
		return NegInfinityDays, 0
	}
	return floorDiv(v.I, day), floorMod(v.I, day)
}

// compareArrays compares element by element, NULL last, then by length.
func compareArrays(a, b []Value) int {
	for i := range min(len(a), len(b)) {
		if c := compareNullable(a[i], b[i]); c != 0 {
			return c
		}
	}
	return compareInt(int64(len(a)), int64(len(b)))
}

func compareNullable(a, b Value) int {
	if a.IsNull() || b.IsNull() {
		return boolInt(a.IsNull()) - boolInt(b.IsNull())
	}
	return Compare(a, b)
}

// Equal reports whether a and b are equal; two NULLs are equal (as in GROUP BY and DISTINCT).
func Equal(a, b Value) bool {
	if a.Kind == b.Kind {
		switch a.Kind {
		case Null:
			return true
		case Bool, Int2, Int4, Int8, Date, Time, Timestamp, Timestamptz:
			return a.I == b.I
		case Text, Varchar, UUID, Bytea, JSON, JSONB:
			return a.S == b.S
		}
	}
	return compareNullable(a, b) == 0
}

// Identical reports whether a and b are the same to the byte: same NULLness, same digits, same scale, same float bits.
func Identical(a, b Value) bool {
	if a.Kind != b.Kind || a.I != b.I || a.S != b.S || a.Scale != b.Scale {
		return false
	}
	switch a.Kind {
	case Numeric:
		x, okX := a.X.(*big.Int)
		y, okY := b.X.(*big.Int)
		return okX == okY && (!okX || x.Cmp(y) == 0)
	case Interval:
		return a.Span() == b.Span()
	case Array:
		return identicalElems(a.Elems(), b.Elems())
	}
	return true
}

func identicalElems(a, b []Value) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !Identical(a[i], b[i]) {
			return false
		}
	}
	return true
}

// Clone returns v with nothing shared with a producer's buffer.
func (v Value) Clone() Value {
	switch v.Kind {
	case Text, Varchar, Char, JSON, JSONB, Bytea, UUID, Unknown:
		v.S = strings.Clone(v.S)
	case Array:
		elems := make([]Value, len(v.Elems()))
		for i, e := range v.Elems() {
			elems[i] = e.Clone()
		}
		v.X = elems
	}
	return v
}
