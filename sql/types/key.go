package types

import (
	"encoding/binary"
	"math"
	"math/big"
	"strconv"
	"strings"
)

// A key begins with a tag. No tag is 0, so 0 can end an array, and keyNull is greater than all others, so NULL orders last.
const (
	keyFalse       = 1
	keyTrue        = 2
	keyString      = 1 // then the bytes, 0 written as 0 255; then 0 1
	keyFloat       = 1 // then 8 bytes
	keyUUID        = 1 // then 16 bytes
	keyInterval    = 1 // then 16 bytes
	keyArray       = 1 // then the elements; then 0
	keyNumNegInf   = 2
	keyNumNegative = 3 // then what keyNumPositive has, complemented
	keyNumZero     = 4
	keyNumPositive = 5 // then the decimal exponent as an integer key, digits in pairs (1..100), 0
	keyNumInf      = 6
	keyNumNaN      = 7
	keyIntZero     = 24 // plus n for a positive, minus n for a negative integer of n bytes, which follow
	keyNull        = 255
)

// AppendKey appends an encoding of v under which two values have equal bytes exactly if Equal(a, b), and bytes order as
// Compare does within one kind. NULL orders last. It is self-delimiting.
//
// The integer kinds share an encoding, the text kinds do, both floats and both timestamps do. Across other kinds keys do not
// compare: convert first. JSON compares by its text.
func AppendKey(dst []byte, v Value) []byte {
	switch v.Kind {
	case Null:
		return append(dst, keyNull)
	case Bool:
		return append(dst, keyFalse+byte(v.I))
	case Int2, Int4, Int8, Date, Time, Timestamp, Timestamptz:
		return appendIntKey(dst, v.I)
	case Float4, Float8:
		return appendFloatKey(dst, v.Float())
	case Numeric:
		return appendNumericKey(dst, v)
	case UUID:
		return append(append(dst, keyUUID), v.S...)
	case Interval:
		n := intervalLength(v)
		dst = binary.BigEndian.AppendUint64(append(dst, keyInterval), uint64(n.hi)^1<<63)
		return binary.BigEndian.AppendUint64(dst, n.lo)
	case Array:
		dst = append(dst, keyArray)
		for _, e := range v.Elems() {
			dst = AppendKey(dst, e)
		}
		return append(dst, 0)
	}
	return appendStringKey(dst, v.comparableText())
}

func appendIntKey(dst []byte, i int64) []byte {
	u := uint64(i)
	n := byteLen(u)
	if i < 0 {
		u = ^uint64(0) ^ -u // complemented magnitude, so that greater magnitudes order first
		n = byteLen(-uint64(i))
		dst = append(dst, byte(keyIntZero-n))
	} else {
		dst = append(dst, byte(keyIntZero+n))
	}
	for shift := n*8 - 8; shift >= 0; shift -= 8 {
		dst = append(dst, byte(u>>shift))
	}
	return dst
}

// byteLen returns how many bytes u needs.
func byteLen(u uint64) int {
	n := 0
	for ; u > 0; u >>= 8 {
		n++
	}
	return n
}

func appendFloatKey(dst []byte, f float64) []byte {
	if f == 0 {
		f = 0 // -0 equals 0
	}
	b := math.Float64bits(f)
	switch {
	case f != f:
		b = math.MaxUint64 // every NaN
	case b>>63 != 0:
		b = ^b
	default:
		b |= 1 << 63
	}
	return binary.BigEndian.AppendUint64(append(dst, keyFloat), b)
}

func appendStringKey(dst []byte, s string) []byte {
	dst = append(dst, keyString)
	for {
		i := strings.IndexByte(s, 0)
		if i < 0 {
			break
		}
		dst = append(dst, s[:i+1]...)
		dst = append(dst, 255)
		s = s[i+1:]
	}
	dst = append(dst, s...)
	return append(dst, 0, 1)
}

func appendNumericKey(dst []byte, v Value) []byte {
	switch v.Scale {
	case ScaleNaN:
		return append(dst, keyNumNaN)
	case ScaleInf:
		return append(dst, keyNumInf)
	case ScaleNegInf:
		return append(dst, keyNumNegInf)
	}
	sign := numericSign(v)
	if sign == 0 {
		return append(dst, keyNumZero)
	}
	if sign > 0 {
		return appendMagnitude(append(dst, keyNumPositive), v)
	}
	dst = append(dst, keyNumNegative)
	start := len(dst)
	dst = appendMagnitude(dst, v)
	for i := range dst[start:] {
		dst[start+i] ^= 255
	}
	return dst
}

// appendMagnitude appends |v| = 0.d1d2d3… * 10^e as e and the digits without trailing zeros.
func appendMagnitude(dst []byte, v Value) []byte {
	var buf [20]byte
	var digits []byte
	if c, ok := v.X.(*big.Int); ok {
		digits = c.Append(nil, 10)
		if digits[0] == '-' {
			digits = digits[1:]
		}
	} else {
		digits = strconv.AppendUint(buf[:0], absInt(v.I), 10)
	}
	dst = appendIntKey(dst, int64(len(digits)-int(v.Scale)))
	for len(digits) > 0 && digits[len(digits)-1] == '0' {
		digits = digits[:len(digits)-1]
	}
	for i := 0; i < len(digits); i += 2 {
		pair := (digits[i] - '0') * 10
		if i+1 < len(digits) {
			pair += digits[i+1] - '0'
		}
		dst = append(dst, pair+1)
	}
	return append(dst, 0)
}
