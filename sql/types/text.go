package types

import (
	"encoding/hex"
	"time"
)

// AppendText appends v's PostgreSQL text output (DateStyle ISO, UTC, extra_float_digits 1).
func AppendText(dst []byte, v Value) []byte { return AppendTextIn(dst, v, time.UTC) }

// AppendTextIn is AppendText with timestamptz values printed in zone; nil means UTC.
func AppendTextIn(dst []byte, v Value, zone *time.Location) []byte {
	switch v.Kind {
	case Null:
		return append(dst, "NULL"...)
	case Bool:
		if v.I != 0 {
			return append(dst, 't')
		}
		return append(dst, 'f')
	case Int2, Int4, Int8:
		return appendInt(dst, v.I)
	case Float4, Float8:
		return appendFloat(dst, v.Kind, v.Float())
	case Numeric:
		return appendNumeric(dst, v)
	case Text, Varchar, Char, JSON, JSONB, Unknown:
		return append(dst, v.S...)
	case Date:
		return appendDate(dst, v.I)
	case Time:
		return appendTimeOfDay(dst, v.I)
	case Timestamp:
		return appendTimestamp(dst, v.I)
	case Timestamptz:
		return appendTimestamptz(dst, v.I, zone)
	case Interval:
		return appendInterval(dst, v)
	case UUID:
		return appendUUID(dst, v.S)
	case Bytea:
		return hex.AppendEncode(append(dst, '\\', 'x'), []byte(v.S))
	case Array:
		return appendArray(dst, v, zone)
	}
	return append(dst, v.Kind.String()...)
}

// String is AppendText as a string; "NULL" for NULL.
func (v Value) String() string { return string(AppendText(nil, v)) }
