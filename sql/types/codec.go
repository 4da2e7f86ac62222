package types

import (
	"encoding/binary"
	"math"
	"math/big"
	"unsafe"
)

// The compact encoding of a value begins with an unsigned varint h; h = 0 is NULL for every type. What follows, by kind:
//
//	Bool                        h = 1 false, 2 true
//	Int*, Date, Time, Timestamp* h = zigzag(I) + 1; the one number whose h would be 2^64 is written as an overlong zero
//	Float4 Float8               h = 1, then 4 or 8 bytes, little-endian IEEE 754
//	Numeric                     h = 1 NaN, 2 Infinity, 3 -Infinity; 4 + 2*scale, then zigzag varint coefficient;
//	                            5 + 2*scale, then varint 2*n + sign, then the n bytes of the coefficient, big-endian
//	text kinds, Bytea           h = length + 1, then the bytes
//	UUID                        h = 1, then 16 bytes
//	Interval                    h = 1, zigzag varint microseconds; or h = 2, months, days, microseconds
//	Array                       h = length + 1, then the elements, encoded as values of the element kind
//
// Each value has one encoding: ReadValue refuses any other, so bytes are equal exactly where values are Identical.
const (
	headNull     = 0
	headNaN      = 1
	headInf      = 2
	headNegInf   = 3
	headNumeric  = 4
	headInterval = 1
	headSpan     = 2
)

// AppendValue appends the compact encoding of v, a value of type t or NULL. ReadValue reads it back
// and returns what follows; strings point into src. It never panics on garbage.
func AppendValue(dst []byte, t Type, v Value) []byte {
	if v.Kind == Null {
		return append(dst, headNull)
	}
	switch t.Kind {
	case Int2, Int4, Int8, Date, Time, Timestamp, Timestamptz:
		return appendShifted(dst, zigzag(v.I))
	case Bool:
		return append(dst, byte(1+v.I))
	case Float8:
		return binary.LittleEndian.AppendUint64(append(dst, 1), uint64(v.I))
	case Float4:
		return binary.LittleEndian.AppendUint32(append(dst, 1), float32Bits(v))
	case Numeric:
		return appendNumericValue(dst, v)
	case UUID:
		return append(append(dst, 1), v.S...)
	case Interval:
		return appendIntervalValue(dst, v)
	case Array:
		return appendArrayValue(dst, t, v)
	}
	dst = binary.AppendUvarint(dst, uint64(len(v.S))+1)
	return append(dst, v.S...)
}

func zigzag(i int64) uint64 { return uint64(i)<<1 ^ uint64(i>>63) }

func unzigzag(u uint64) int64 { return int64(u>>1) ^ -int64(u&1) }

// appendShifted appends the varint u + 1.
func appendShifted(dst []byte, u uint64) []byte {
	if u == math.MaxUint64 {
		return append(dst, 0x80, 0)
	}
	return binary.AppendUvarint(dst, u+1)
}

func appendNumericValue(dst []byte, v Value) []byte {
	switch v.Scale {
	case ScaleNaN:
		return append(dst, headNaN)
	case ScaleInf:
		return append(dst, headInf)
	case ScaleNegInf:
		return append(dst, headNegInf)
	}
	head := headNumeric + uint64(v.Scale)*2
	c, ok := v.X.(*big.Int)
	if !ok {
		dst = binary.AppendUvarint(dst, head)
		return binary.AppendUvarint(dst, zigzag(v.I))
	}
	dst = binary.AppendUvarint(dst, head+1)
	n := (c.BitLen() + 7) / 8
	sign := uint64(0)
	if c.Sign() < 0 {
		sign = 1
	}
	dst = binary.AppendUvarint(dst, uint64(n)*2+sign)
	dst = append(dst, make([]byte, n)...)
	c.FillBytes(dst[len(dst)-n:])
	return dst
}

func appendIntervalValue(dst []byte, v Value) []byte {
	s, ok := v.X.(Span)
	if !ok {
		return binary.AppendUvarint(append(dst, headInterval), zigzag(v.I))
	}
	dst = append(dst, headSpan)
	dst = binary.AppendUvarint(dst, zigzag(int64(s.Months)))
	dst = binary.AppendUvarint(dst, zigzag(int64(s.Days)))
	return binary.AppendUvarint(dst, zigzag(v.I))
}

func appendArrayValue(dst []byte, t Type, v Value) []byte {
	elems := v.Elems()
	dst = binary.AppendUvarint(dst, uint64(len(elems))+1)
	elem := t.ElemType()
	for _, e := range elems {
		dst = AppendValue(dst, elem, e)
	}
	return dst
}

// ReadValue is the inverse of AppendValue.
func ReadValue(src []byte, t Type) (Value, []byte, error) {
	head, n := uvarint(src)
	if n == 0 {
		return readSmallest(src, t)
	}
	rest := src[n:]
	if head == headNull {
		return Value{}, rest, nil
	}
	switch t.Kind {
	case Int2, Int4, Int8, Date, Time, Timestamp, Timestamptz:
		v := Value{Kind: t.Kind, I: unzigzag(head - 1)}
		if !v.inRange() {
			return Value{}, nil, corruptValue(t)
		}
		return v, rest, nil
	case Text, Varchar, Char, JSON, JSONB, Bytea, Unknown:
		return readString(t, head-1, rest)
	case Numeric:
		return readNumeric(t, head, rest)
	case Bool:
		if head > 2 {
			return Value{}, nil, corruptValue(t)
		}
		return Value{Kind: Bool, I: int64(head) - 1}, rest, nil
	case Float4, Float8:
		return readFloat(t, head, rest)
	case UUID:
		if head != 1 {
			return Value{}, nil, corruptValue(t)
		}
		return readString(t, 16, rest)
	case Interval:
		return readInterval(t, head, rest)
	case Array:
		return readArray(t, head-1, rest)
	}
	return Value{}, nil, corruptValue(t)
}

func corruptValue(t Type) error { return Errorf(CodeCorrupted, "corrupt encoding of a %s value", t) }

// readSmallest reads the smallest int64, which alone begins with an overlong zero.
func readSmallest(src []byte, t Type) (Value, []byte, error) {
	if len(src) < 2 || src[0] != 0x80 || src[1] != 0 || t.Kind != Int8 && t.Kind != Timestamp && t.Kind != Timestamptz {
		return Value{}, nil, corruptValue(t)
	}
	return Value{Kind: t.Kind, I: math.MinInt64}, src[2:], nil
}

// encodedLen is how many bytes the value of type t takes that begins src.
func encodedLen(src []byte, t Type) (int, error) {
	if head, n := uvarint(src); t.Kind == Numeric && head >= headNumeric && head&1 == 0 {
		if _, m := uvarint(src[n:]); m > 0 {
			return n + m, nil
		}
	}
	_, rest, err := ReadValue(src, t)
	return len(src) - len(rest), err
}

// uvarint reads a varint in its shortest form; n = 0 for anything else. binary.Uvarint would take any overlong form.
func uvarint(src []byte) (u uint64, n int) {
	if len(src) > 0 && src[0] < 0x80 {
		return uint64(src[0]), 1
	}
	u, n = binary.Uvarint(src)
	if n <= 0 || src[n-1] == 0 {
		return 0, 0
	}
	return u, n
}

// inRange reports whether an integer-like value is one its kind can hold.
func (v Value) inRange() bool {
	switch v.Kind {
	case Int2, Int4:
		lo, hi := intBounds(v.Kind)
		return v.I >= lo && v.I <= hi
	case Time:
		return v.I >= 0 && v.I <= day
	case Date:
		return v.I >= minDays && v.I <= maxDays || !v.finite()
	case Timestamp, Timestamptz:
		return v.I >= minTimestamp || !v.finite()
	}
	return true
}

func readString(t Type, n uint64, src []byte) (Value, []byte, error) {
	if n > uint64(len(src)) {
		return Value{}, nil, corruptValue(t)
	}
	return Value{Kind: t.Kind, S: stringOf(src[:n])}, src[n:], nil
}

// stringOf returns b as a string that shares its memory: whoever handed b out has promised not to change it while
// the value lives.
func stringOf(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

func readFloat(t Type, head uint64, src []byte) (Value, []byte, error) {
	size := 8
	if t.Kind == Float4 {
		size = 4
	}
	if head != 1 || len(src) < size {
		return Value{}, nil, corruptValue(t)
	}
	var b uint64
	if size == 4 {
		b = math.Float64bits(float64(math.Float32frombits(binary.LittleEndian.Uint32(src))))
	} else {
		b = binary.LittleEndian.Uint64(src)
	}
	if f := math.Float64frombits(b); f != f && b != nanBits {
		return Value{}, nil, corruptValue(t)
	}
	return Value{Kind: t.Kind, I: int64(b)}, src[size:], nil
}

// float32Bits returns the bits of the float32 that a Float4's float64 is.
func float32Bits(v Value) uint32 { return math.Float32bits(float32(v.Float())) }

func readNumeric(t Type, head uint64, src []byte) (Value, []byte, error) {
	switch head {
	case headNaN:
		return numericNaN, src, nil
	case headInf:
		return numericInf, src, nil
	case headNegInf:
		return numericNegInf, src, nil
	}
	scale := (head - headNumeric) / 2
	u, n := uvarint(src)
	if n == 0 || scale > maxNumericScale {
		return Value{}, nil, corruptValue(t)
	}
	if head&1 == 0 {
		return NewNumeric(unzigzag(u), int16(scale)), src[n:], nil
	}
	return readBigNumeric(t, int16(scale), u, src[n:])
}

func readBigNumeric(t Type, scale int16, lengthAndSign uint64, src []byte) (Value, []byte, error) {
	size := lengthAndSign / 2
	if size == 0 || size > uint64(len(src)) || src[0] == 0 {
		return Value{}, nil, corruptValue(t)
	}
	c := new(big.Int).SetBytes(src[:size])
	if lengthAndSign&1 != 0 {
		c.Neg(c)
	}
	if c.IsInt64() {
		return Value{}, nil, corruptValue(t)
	}
	return NewBigNumeric(c, scale), src[size:], nil
}

func readInterval(t Type, head uint64, src []byte) (Value, []byte, error) {
	var parts [3]int64 // months, days, microseconds
	first := 2
	switch head {
	case headInterval:
	case headSpan:
		first = 0
	default:
		return Value{}, nil, corruptValue(t)
	}
	for i := first; i < 3; i++ {
		u, n := uvarint(src)
		if n == 0 {
			return Value{}, nil, corruptValue(t)
		}
		parts[i], src = unzigzag(u), src[n:]
	}
	v, err := checkedInterval(parts[0], parts[1], parts[2])
	if err != nil || (v.X == nil) != (head == headInterval) {
		return Value{}, nil, corruptValue(t)
	}
	return v, src, nil
}

func readArray(t Type, length uint64, src []byte) (Value, []byte, error) {
	elem := t.ElemType()
	// Every element takes a byte at least, which bounds what a corrupt length can allocate.
	if length > uint64(len(src)) || elem.Kind == Array {
		return Value{}, nil, corruptValue(t)
	}
	elems := make([]Value, length)
	var err error
	for i := range elems {
		if elems[i], src, err = ReadValue(src, elem); err != nil {
			return Value{}, nil, err
		}
	}
	return NewArray(elems), src, nil
}
