package types

import (
	"math"
	"strconv"
	"time"
)

// castContext says how far a conversion may go, as pg_cast's castcontext does.
type castContext int

const (
	castImplicit castContext = iota
	castAssignment
	castExplicit
	castNever
)

// castLevel returns the least context in which PostgreSQL converts from one kind to another.
func castLevel(from, to Kind) castContext {
	switch {
	case from == to, from == Null, from == Unknown:
		return castImplicit
	case numericKind(from) && numericKind(to):
		if widening(from) < widening(to) {
			return castImplicit
		}
		return castAssignment
	case stringKind(from) && stringKind(to):
		return castImplicit
	case stringKind(to):
		return castAssignment
	case stringKind(from):
		return castExplicit
	}
	switch from {
	case Bool, Int4:
		if to == Int4 || to == Bool {
			return castExplicit
		}
	case JSON, JSONB:
		if to == JSON || to == JSONB {
			return castAssignment
		}
	default:
		return temporalCastLevel(from, to)
	}
	return castNever
}

// widening orders the numeric kinds so that each converts implicitly to those above it: NUMERIC lies below the floats.
func widening(k Kind) int {
	switch k {
	case Int2, Int4, Int8:
		return int(k - Int2)
	case Numeric:
		return 3
	case Float4:
		return 4
	}
	return 5
}

func temporalCastLevel(from, to Kind) castContext {
	switch from {
	case Date:
		if to == Timestamp || to == Timestamptz {
			return castImplicit
		}
	case Timestamp:
		if to == Timestamptz {
			return castImplicit
		}
		if to == Date || to == Time {
			return castAssignment
		}
	case Timestamptz:
		if to == Date || to == Time || to == Timestamp {
			return castAssignment
		}
	case Time:
		if to == Interval {
			return castImplicit
		}
	case Interval:
		if to == Time {
			return castAssignment
		}
	}
	return castNever
}

func numericKind(k Kind) bool { return k >= Int2 && k <= Numeric }

func stringKind(k Kind) bool { return k == Text || k == Varchar || k == Char }

// CanImplicit, CanCoerce and CanCast report whether PostgreSQL converts from one type to another where an expression is
// used, where it is assigned to a column, and where a cast is written.
func CanImplicit(from, to Type) bool { return levelOf(from, to) <= castImplicit }

func CanCoerce(from, to Type) bool { return levelOf(from, to) <= castAssignment }

func CanCast(from, to Type) bool { return levelOf(from, to) <= castExplicit }

func levelOf(from, to Type) castContext {
	if from.Kind == Array && to.Kind == Array {
		return castLevel(from.Elem, to.Elem)
	}
	return castLevel(from.Kind, to.Kind)
}

// Coerce converts v to type t as PostgreSQL's assignment cast does: rounds numerics to the scale, checks
// ranges, lengths and precisions (22003, 22001). NULL stays NULL.
func Coerce(v Value, t Type) (Value, error) { return CoerceIn(v, t, time.UTC) }

// CoerceIn is Coerce where local times are those of zone; nil means UTC.
func CoerceIn(v Value, t Type, zone *time.Location) (Value, error) {
	if v.Kind != Array && castLevel(v.Kind, t.Kind) > castAssignment {
		return Value{}, Errorf(CodeDatatypeMismatch, "a value of type %s cannot be assigned to type %s", v.Kind, t).
			WithHint("Rewrite or cast the expression.")
	}
	return caster{to: t, zone: zone}.cast(v)
}

// Cast converts v to type t as PostgreSQL's explicit cast (v::t) does.
func Cast(v Value, t Type) (Value, error) { return CastIn(v, t, time.UTC) }

// CastIn is Cast where local times are those of zone; nil means UTC.
func CastIn(v Value, t Type, zone *time.Location) (Value, error) {
	if v.Kind != Array && castLevel(v.Kind, t.Kind) > castExplicit {
		return Value{}, cannotCast(v.Kind, t)
	}
	return caster{to: t, zone: zone, explicit: true}.cast(v)
}

func cannotCast(from Kind, to Type) *Error {
	return Errorf(CodeCannotCoerce, "cannot cast type %s to %s", from, to)
}

// caster converts values to one type. Its callers have checked that there is a cast.
type caster struct {
	to       Type
	zone     *time.Location
	explicit bool // strings that are too long are cut
}

func (c caster) cast(v Value) (Value, error) {
	switch v.Kind {
	case Null:
		return v, nil
	case Unknown:
		return c.parse(v.S)
	}
	switch c.to.Kind {
	case Int2, Int4, Int8:
		return c.toInt(v)
	case Float4, Float8:
		return c.toFloat(v)
	case Numeric:
		return c.toNumeric(v)
	case Text, Varchar, Char:
		return c.toString(v)
	case Date, Time, Timestamp, Timestamptz, Interval:
		return c.toTemporal(v)
	case Bool:
		if v.Kind == Int4 {
			return NewBool(v.I != 0), nil
		}
	case JSON, JSONB:
		if v.Kind == JSON || v.Kind == JSONB {
			v.Kind = c.to.Kind
			return v, nil
		}
	case Array:
		if v.Kind == Array {
			return c.toArray(v)
		}
	}
	return c.rest(v)
}

// rest keeps a value of the right kind and reads strings.
func (c caster) rest(v Value) (Value, error) {
	switch {
	case v.Kind == c.to.Kind:
		return v, nil
	case stringKind(v.Kind):
		return c.parse(v.S) // a CHAR with its padding
	}
	return Value{}, cannotCast(v.Kind, c.to)
}

// parse reads text; an explicit cast cuts what is too long.
func (c caster) parse(s string) (Value, error) {
	if stringKind(c.to.Kind) {
		if err := checkText(s); err != nil {
			return Value{}, err
		}
		return fitString(c.to, s, c.explicit)
	}
	return ParseIn(c.to, s, c.zone)
}

func (c caster) toInt(v Value) (Value, error) {
	k := c.to.Kind
	switch v.Kind {
	case Int2, Int4, Int8:
		return CheckedInt(k, v.I)
	case Float4, Float8:
		return floatToInt(k, v.Float())
	case Numeric:
		return numericToInt(k, v)
	case Bool:
		return Value{Kind: k, I: v.I}, nil
	}
	return c.rest(v)
}

// floatToInt rounds half to even.
func floatToInt(k Kind, f float64) (Value, error) {
	f = math.RoundToEven(f)
	if !(f >= math.MinInt64 && f < math.MaxInt64) {
		return Value{}, intOutOfRange(k)
	}
	return CheckedInt(k, int64(f))
}

// numericToInt rounds half away from zero.
func numericToInt(k Kind, v Value) (Value, error) {
	switch v.Scale {
	case ScaleNaN:
		return Value{}, Errorf(CodeNotSupported, "cannot convert NaN to %s", k)
	case ScaleInf, ScaleNegInf:
		return Value{}, Errorf(CodeNotSupported, "cannot convert infinity to %s", k)
	}
	r, err := RoundNumeric(v, 0)
	if err != nil || r.X != nil {
		return Value{}, intOutOfRange(k)
	}
	return CheckedInt(k, r.I)
}

func (c caster) toFloat(v Value) (Value, error) {
	k := c.to.Kind
	switch v.Kind {
	case Int2, Int4, Int8:
		if k == Float4 {
			return NewFloat4(float32(v.I)), nil
		}
		return NewFloat8(float64(v.I)), nil
	case Float4, Float8:
		f := v.Float()
		return checkFloat(k, f, math.IsInf(f, 0), f == 0)
	case Numeric:
		if f, ok := exactQuotient(v); ok && k == Float8 {
			return NewFloat8(f), nil
		}
		return parseFloat(k, v.String())
	}
	return c.rest(v)
}

// exactQuotient converts a numeric whose coefficient and power of ten are both exact as float64, so that one division
// rounds once.
func exactQuotient(v Value) (float64, bool) {
	const exact = 1 << 53
	if v.X != nil || v.Scale < 0 || v.Scale >= int16(len(pow10)) || v.I > exact || v.I < -exact {
		return 0, false
	}
	return float64(v.I) / float64(pow10[v.Scale]), true
}

// nearestFloat returns the float8 nearest to a numeric: an infinity where it is beyond all of them.
func nearestFloat(v Value) float64 {
	if f, ok := exactQuotient(v); ok {
		return f
	}
	f, _ := strconv.ParseFloat(v.String(), 64)
	return f
}

func (c caster) toNumeric(v Value) (Value, error) {
	switch v.Kind {
	case Int2, Int4, Int8:
		return fitNumeric(IntNumeric(v.I), c.to)
	case Float4, Float8:
		return c.floatToNumeric(v)
	case Numeric:
		return fitNumeric(v, c.to)
	}
	return c.rest(v)
}

// floatToNumeric keeps the digits a float surely has: 15 of a float8, 6 of a float4.
func (c caster) floatToNumeric(v Value) (Value, error) {
	digits := 15
	if v.Kind == Float4 {
		digits = 6
	}
	f := v.Float()
	if math.IsNaN(f) {
		return numericNaN, nil
	}
	if math.IsInf(f, 0) {
		return fitNumeric(infNumeric(f < 0), c.to)
	}
	n, err := parseUnboundedNumeric(strconv.FormatFloat(f, 'e', digits-1, 64))
	if err != nil {
		return n, err
	}
	return fitNumeric(trimZeros(n), c.to)
}

// trimZeros drops zeros at the end of the fraction, as C's %g does.
func trimZeros(v Value) Value {
	for v.X == nil && v.Scale > 0 && v.I%10 == 0 {
		v.I /= 10
		v.Scale--
	}
	return v
}

func (c caster) toString(v Value) (Value, error) {
	switch v.Kind {
	case Text, Varchar:
		return fitString(c.to, v.S, c.explicit)
	case Char:
		if c.to.Kind == Char {
			return fitString(c.to, v.S, c.explicit)
		}
		return fitString(c.to, v.comparableText(), c.explicit)
	case Bool:
		return fitString(c.to, strconv.FormatBool(v.I != 0), c.explicit)
	}
	return fitString(c.to, string(AppendTextIn(nil, v, c.zone)), c.explicit)
}

func (c caster) toTemporal(v Value) (Value, error) {
	switch {
	case stringKind(v.Kind):
		return c.parse(v.S)
	case v.Kind == c.to.Kind:
		return c.round(v)
	}
	var err error
	switch c.to.Kind {
	case Date:
		v, err = toDate(v, c.zone)
	case Time:
		v, err = toTime(v, c.zone)
	case Timestamp, Timestamptz:
		v, err = toTimestamp(v, c.to.Kind, c.zone)
	default:
		v, err = NewInterval(0, 0, v.I), nil // of a time of day
	}
	if err != nil {
		return Value{}, err
	}
	return c.round(v)
}

// round keeps the digits of a second that the type declares.
func (c caster) round(v Value) (Value, error) {
	if c.to.Precision == 0 || v.Kind == Date || v.Kind == Null || !v.finite() {
		return v, nil
	}
	us, ok := roundMicroseconds(v.I, c.to.fraction())
	if !ok || v.Kind != Interval && v.Kind != Time && us > maxTimestamp {
		return Value{}, timestampOutOfRange()
	}
	v.I = us
	return v, nil
}

func toDate(v Value, zone *time.Location) (Value, error) {
	if !v.finite() {
		if v.I > 0 {
			return NewDate(InfinityDays), nil
		}
		return NewDate(NegInfinityDays), nil
	}
	if v.Kind == Timestamptz {
		v.I = toLocal(v.I, zone)
	}
	return NewDate(floorDiv(v.I, day)), nil
}

// toTime returns the time of day of a timestamp, NULL of an infinite one, and of an interval what lies beyond whole days.
func toTime(v Value, zone *time.Location) (Value, error) {
	if v.Kind != Interval {
		if !v.finite() {
			return Value{}, nil
		}
		if v.Kind == Timestamptz {
			v.I = toLocal(v.I, zone)
		}
	}
	return Value{Kind: Time, I: floorMod(v.I, day)}, nil
}

func toTimestamp(v Value, k Kind, zone *time.Location) (Value, error) {
	us := v.I
	if v.Kind == Date {
		switch v.I {
		case InfinityDays:
			return Value{Kind: k, I: Infinity}, nil
		case NegInfinityDays:
			return Value{Kind: k, I: NegInfinity}, nil
		}
		var ok bool
		if us, ok = timestampOf(v.I, 0); !ok {
			return Value{}, Errorf(CodeDatetimeOverflow, "date out of range for timestamp")
		}
	}
	switch {
	case us == Infinity || us == NegInfinity:
	case k == Timestamptz:
		us = toUTC(us, zone)
	case v.Kind == Timestamptz:
		us = toLocal(us, zone)
	default:
		return Value{Kind: k, I: us}, nil
	}
	if us == Infinity || us == NegInfinity {
		return Value{Kind: k, I: us}, nil
	}
	return checkedTimestamp(k, us)
}

func (c caster) toArray(v Value) (Value, error) {
	to := c
	to.to = c.to.ElemType()
	elems := make([]Value, len(v.Elems()))
	for i, e := range v.Elems() {
		level := castAssignment
		if c.explicit {
			level = castExplicit
		}
		if castLevel(e.Kind, to.to.Kind) > level {
			return Value{}, cannotCast(e.Kind, to.to)
		}
		var err error
		if elems[i], err = to.cast(e); err != nil {
			return Value{}, err
		}
	}
	return NewArray(elems), nil
}
