// Package binary has the binary forms of values that PostgreSQL's protocol and COPY … (FORMAT binary) use, and the sizes by which they describe types.
package binary

import (
	"encoding/binary"
	"math"

	"github.com/asofdb/asof/sql/types"
)

// PostgreSQL counts from 2000-01-01.
const (
	epochDays   = 10957
	epochMicros = epochDays * 86400 * 1_000_000
)

// Append appends v, which is not NULL, in the binary form of type t.
func Append(dst []byte, t types.Type, v types.Value) []byte {
	be := binary.BigEndian
	if t.Kind != types.Array && isOID(t) {
		return be.AppendUint32(dst, uint32(v.I))
	}
	switch t.Kind {
	case types.Bool:
		return append(dst, byte(v.I))
	case types.Int2:
		return be.AppendUint16(dst, uint16(v.I))
	case types.Int4:
		return be.AppendUint32(dst, uint32(v.I))
	case types.Int8:
		return be.AppendUint64(dst, uint64(v.I))
	case types.Float4:
		return be.AppendUint32(dst, math.Float32bits(float32(v.Float())))
	case types.Float8:
		return be.AppendUint64(dst, math.Float64bits(v.Float()))
	case types.Numeric:
		return appendNumeric(dst, v)
	case types.Date:
		return be.AppendUint32(dst, uint32(sinceEpoch(v.I, types.InfinityDays, types.NegInfinityDays, epochDays)))
	case types.Time:
		return be.AppendUint64(dst, uint64(v.I))
	case types.Timestamp, types.Timestamptz:
		return be.AppendUint64(dst, uint64(sinceEpoch(v.I, types.Infinity, types.NegInfinity, epochMicros)))
	case types.Interval:
		span := v.Span()
		dst = be.AppendUint64(dst, uint64(v.I))
		dst = be.AppendUint32(dst, uint32(span.Days))
		return be.AppendUint32(dst, uint32(span.Months))
	case types.JSONB:
		return append(append(dst, 1), v.S...) // 1 is the version of the form
	case types.Array:
		return appendArray(dst, t, v)
	}
	return append(dst, v.S...)
}

// sinceEpoch counts from PostgreSQL's epoch; the infinities stay.
func sinceEpoch(n, inf, negInf, epoch int64) int64 {
	if n == inf || n == negInf {
		return n
	}
	return n - epoch
}

// appendArray appends an array of one dimension, or of none where it is empty.
func appendArray(dst []byte, t types.Type, v types.Value) []byte {
	be := binary.BigEndian
	elem, elems := t.ElemType(), v.Elems()
	dimensions, nulls := uint32(1), uint32(0)
	if len(elems) == 0 {
		dimensions = 0
	}
	for _, e := range elems {
		if e.IsNull() {
			nulls = 1
		}
	}
	dst = be.AppendUint32(dst, dimensions)
	dst = be.AppendUint32(dst, nulls)
	dst = be.AppendUint32(dst, elem.OID())
	if dimensions == 0 {
		return dst
	}
	dst = be.AppendUint32(dst, uint32(len(elems)))
	dst = be.AppendUint32(dst, 1) // the lower bound
	for _, e := range elems {
		dst = be.AppendUint32(dst, math.MaxUint32)
		if e.IsNull() {
			continue
		}
		at := len(dst)
		dst = Append(dst, elem, e)
		be.PutUint32(dst[at-4:], uint32(len(dst)-at))
	}
	return dst
}
