package types

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/big"
	"strings"
)

// KeyReadable reports whether ReadKey can read keys of type t. An interval's key holds only its length.
func KeyReadable(t Type) bool {
	switch t.Kind {
	case Interval, Null, Unknown, Unavailable:
		return false
	case Array:
		return KeyReadable(t.ElemType())
	}
	return true
}

// ReadKey reads the value of type t, or NULL, that a key begins with, and returns what follows it. The value stands for all that
// are Equal to it: a NUMERIC without a declared scale has as few digits after the point as it needs, a float zero
// no sign. Nothing of it points into key. ReadKey never panics on garbage.
func ReadKey(key []byte, t Type) (Value, []byte, error) {
	if len(key) == 0 || !KeyReadable(t) {
		return Value{}, nil, corruptKey(t)
	}
	tag, rest := key[0], key[1:]
	if tag == keyNull {
		return Value{}, rest, nil
	}
	switch t.Kind {
	case Bool:
		if tag != keyFalse && tag != keyTrue {
			return Value{}, nil, corruptKey(t)
		}
		return NewBool(tag == keyTrue), rest, nil
	case Int2, Int4, Int8, Date, Time, Timestamp, Timestamptz:
		i, rest, ok := readIntKey(key)
		v := Value{Kind: t.Kind, I: i}
		if !ok || !v.inRange() {
			return Value{}, nil, corruptKey(t)
		}
		return v, rest, nil
	case Float4, Float8:
		return readFloatKey(t, tag, rest)
	case Numeric:
		return readNumericKey(t, tag, rest)
	case UUID:
		if tag != keyUUID || len(rest) < 16 {
			return Value{}, nil, corruptKey(t)
		}
		return Value{Kind: UUID, S: string(rest[:16])}, rest[16:], nil
	case Array:
		return readArrayKey(t, tag, rest)
	}
	return readStringKey(t, tag, rest)
}

func corruptKey(t Type) error { return Errorf(CodeCorrupted, "corrupt key of type %s", t) }

// readIntKey is the inverse of appendIntKey.
func readIntKey(key []byte) (int64, []byte, bool) {
	if len(key) == 0 {
		return 0, nil, false
	}
	n := int(key[0]) - keyIntZero
	size := max(n, -n)
	if size > 8 || len(key) <= size {
		return 0, nil, false
	}
	var u uint64
	for _, b := range key[1 : 1+size] {
		u = u<<8 | uint64(b)
	}
	rest := key[1+size:]
	if n >= 0 {
		return int64(u), rest, u <= math.MaxInt64 && byteLen(u) == size
	}
	magnitude := ^u
	if size < 8 {
		magnitude &= 1<<(size*8) - 1
	}
	return -int64(magnitude), rest, magnitude <= 1<<63 && byteLen(magnitude) == size
}

func readFloatKey(t Type, tag byte, rest []byte) (Value, []byte, error) {
	if tag != keyFloat || len(rest) < 8 {
		return Value{}, nil, corruptKey(t)
	}
	b := binary.BigEndian.Uint64(rest)
	switch {
	case b == math.MaxUint64:
		b = nanBits
	case b>>63 != 0:
		b ^= 1 << 63
	default:
		b = ^b
	}
	f := math.Float64frombits(b)
	if f != f && b != nanBits || t.Kind == Float4 && f == f && float64(float32(f)) != f || b == 1<<63 {
		return Value{}, nil, corruptKey(t)
	}
	return Value{Kind: t.Kind, I: int64(b)}, rest[8:], nil
}

// readNumericKey gives the value the scale that its type declares, or the least that shows it.
func readNumericKey(t Type, tag byte, rest []byte) (Value, []byte, error) {
	switch tag {
	case keyNumNaN:
		return numericNaN, rest, nil
	case keyNumInf, keyNumNegInf:
		v := infNumeric(tag == keyNumNegInf)
		if t.Precision > 0 {
			return Value{}, nil, corruptKey(t)
		}
		return v, rest, nil
	case keyNumZero:
		return IntNumeric(0).withScale(int(t.Scale)), rest, nil
	case keyNumPositive, keyNumNegative:
		return readMagnitude(t, tag == keyNumNegative, rest)
	}
	return Value{}, nil, corruptKey(t)
}

func readMagnitude(t Type, negative bool, rest []byte) (Value, []byte, error) {
	flip := byte(0)
	if negative {
		flip = 255
	}
	exponent, rest, ok := readExponent(rest, flip)
	if !ok {
		return Value{}, nil, corruptKey(t)
	}
	end := bytes.IndexByte(rest, flip) // the closing 0
	if end < 1 {
		return Value{}, nil, corruptKey(t)
	}
	digits := make([]byte, 0, 2*end)
	for _, b := range rest[:end] {
		pair := b ^ flip - 1
		if pair > 99 {
			return Value{}, nil, corruptKey(t)
		}
		digits = append(digits, '0'+pair/10, '0'+pair%10)
	}
	v, ok := numericOfKey(t, digits, exponent, negative)
	if !ok {
		return Value{}, nil, corruptKey(t)
	}
	return v, rest[end+1:], nil
}

// readExponent reads the integer key, complemented by flip, that a magnitude begins with. It takes four bytes at most.
func readExponent(key []byte, flip byte) (int, []byte, bool) {
	var plain [4]byte
	n := min(len(key), len(plain))
	for i := range n {
		plain[i] = key[i] ^ flip
	}
	exponent, tail, ok := readIntKey(plain[:n])
	return int(exponent), key[n-len(tail):], ok
}

// numericOfKey returns ±0.digits * 10^exponent as a value of t, if it is one. There is an even number of digits.
func numericOfKey(t Type, digits []byte, exponent int, negative bool) (Value, bool) {
	if digits[0] == '0' {
		return Value{}, false
	}
	if digits[len(digits)-1] == '0' {
		digits = digits[:len(digits)-1]
	}
	scale := len(digits) - exponent
	if digits[len(digits)-1] == '0' || scale > maxNumericScale || exponent > maxNumericDigits {
		return Value{}, false
	}
	c, _ := new(big.Int).SetString(string(digits), 10)
	if negative {
		c.Neg(c)
	}
	if scale < 0 {
		c.Mul(c, bigPow10(-scale))
	}
	v := NewBigNumeric(c, int16(max(scale, 0)))
	fitted, err := fitNumeric(v, t)
	return fitted, err == nil && compareNumeric(fitted, v) == 0
}

func readArrayKey(t Type, tag byte, rest []byte) (Value, []byte, error) {
	if tag != keyArray {
		return Value{}, nil, corruptKey(t)
	}
	elems, elem := []Value{}, t.ElemType()
	for len(rest) > 0 && rest[0] != 0 {
		v, tail, err := ReadKey(rest, elem)
		if err != nil {
			return Value{}, nil, err
		}
		elems, rest = append(elems, v), tail
	}
	if len(rest) == 0 {
		return Value{}, nil, corruptKey(t)
	}
	return NewArray(elems), rest[1:], nil
}

func readStringKey(t Type, tag byte, rest []byte) (Value, []byte, error) {
	if tag != keyString {
		return Value{}, nil, corruptKey(t)
	}
	if end := bytes.IndexByte(rest, 0); end >= 0 && end+1 < len(rest) && rest[end+1] == 1 { // mostly it has no zero byte of its own
		return stringOfKey(t, string(rest[:end]), rest[end+2:])
	}
	var s []byte
	for i := 0; i+1 < len(rest); i++ {
		if rest[i] != 0 {
			continue
		}
		s = append(s, rest[:i]...)
		switch rest[i+1] {
		case 1:
			return stringOfKey(t, string(s), rest[i+2:])
		case 255:
			s = append(s, 0)
			rest, i = rest[i+2:], -1
		default:
			return Value{}, nil, corruptKey(t)
		}
	}
	return Value{}, nil, corruptKey(t)
}

// stringOfKey gives CHAR its padding back.
func stringOfKey(t Type, s string, rest []byte) (Value, []byte, error) {
	if t.Kind != Char {
		return Value{Kind: t.Kind, S: s}, rest, nil
	}
	v, err := fitString(t, s, false)
	if err != nil || strings.HasSuffix(s, " ") {
		return Value{}, nil, corruptKey(t)
	}
	return v, rest, nil
}
