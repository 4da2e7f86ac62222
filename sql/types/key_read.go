package types

import (
	"encoding/binary"
	"errors"
	"math"
	"math/big"
	"strings"
)

var errKey = errors.New("corrupt key")

// KeyReadable reports whether ReadKey can read the keys of values of type t: an interval's key holds only its length.
func KeyReadable(t Type) bool { return t.Kind != Interval && t.Kind != Array && t.Kind != Null }

// ReadKey is the inverse of AppendKey for a value of type t, and returns what follows. The value is Equal to the one that was encoded, and stands for
// all that are: a NUMERIC without a declared scale comes back with as few digits after the point as it has, a float zero without a sign.
// It never panics on garbage. Strings are copies where they had to be unescaped, else they point into src.
func ReadKey(src []byte, t Type) (Value, []byte, error) {
	if len(src) == 0 {
		return Value{}, nil, errKey
	}
	if src[0] == keyNull {
		return Value{}, src[1:], nil
	}
	switch t.Kind {
	case Bool:
		if src[0] != keyFalse && src[0] != keyTrue {
			return Value{}, nil, errKey
		}
		return NewBool(src[0] == keyTrue), src[1:], nil
	case Int2, Int4, Int8, Date, Time, Timestamp, Timestamptz:
		i, rest, err := readIntKey(src)
		return Value{Kind: t.Kind, I: i}, rest, err
	case Float4, Float8:
		return readFloatKey(src, t.Kind)
	case Numeric:
		return readNumericKey(src, t)
	case UUID:
		if src[0] != keyUUID || len(src) < 17 {
			return Value{}, nil, errKey
		}
		return Value{Kind: UUID, S: string(src[1:17])}, src[17:], nil
	case Text, Varchar, Char, Bytea, JSON, JSONB:
		return readStringKey(src, t)
	default:
		return Value{}, nil, errKey
	}
}

func readIntKey(src []byte) (int64, []byte, error) {
	if len(src) == 0 {
		return 0, nil, errKey
	}
	n := int(src[0]) - keyIntZero
	negative := n < 0
	if negative {
		n = -n
	}
	if n > 8 || len(src) < 1+n {
		return 0, nil, errKey
	}
	var u uint64
	if negative {
		u = math.MaxUint64
	}
	for _, b := range src[1 : 1+n] {
		u = u<<8 | uint64(b)
	}
	if negative {
		u++ // the bytes are the complement of the magnitude: ^m + 1 is -m
		if u == 0 {
			return 0, nil, errKey
		}
	}
	return int64(u), src[1+n:], nil
}

func readFloatKey(src []byte, k Kind) (Value, []byte, error) {
	if src[0] != keyFloat || len(src) < 9 {
		return Value{}, nil, errKey
	}
	b := binary.BigEndian.Uint64(src[1:])
	switch {
	case b == math.MaxUint64:
		b = math.Float64bits(math.NaN())
	case b>>63 != 0:
		b &^= 1 << 63
	default:
		b = ^b
	}
	return Value{Kind: k, I: int64(b)}, src[9:], nil
}

func readStringKey(src []byte, t Type) (Value, []byte, error) {
	if src[0] != keyString {
		return Value{}, nil, errKey
	}
	rest := src[1:]
	var unescaped []byte
	for start := 0; ; {
		i := strings.IndexByte(string(rest[start:]), 0)
		if i < 0 || start+i+1 >= len(rest) {
			return Value{}, nil, errKey
		}
		end := start + i
		if rest[end+1] == 255 {
			unescaped = append(append(unescaped, rest[start:end]...), 0)
			start = end + 2
			continue
		}
		s := string(append(unescaped, rest[start:end]...))
		if t.Kind == Char && len(s) < int(t.Len) {
			s += strings.Repeat(" ", int(t.Len)-len([]rune(s)))
		}
		return Value{Kind: t.Kind, S: s}, rest[end+2:], nil
	}
}

func readNumericKey(src []byte, t Type) (Value, []byte, error) {
	tag, rest := src[0], src[1:]
	scale := int16(0)
	if t.Precision > 0 {
		scale = max(t.Scale, 0)
	}
	switch tag {
	case keyNumNaN:
		return Value{Kind: Numeric, Scale: ScaleNaN}, rest, nil
	case keyNumInf:
		return Value{Kind: Numeric, Scale: ScaleInf}, rest, nil
	case keyNumNegInf:
		return Value{Kind: Numeric, Scale: ScaleNegInf}, rest, nil
	case keyNumZero:
		return NewNumeric(0, scale), rest, nil
	case keyNumPositive:
		return readMagnitude(rest, scale, 0)
	case keyNumNegative:
		return readMagnitude(rest, scale, 255)
	default:
		return Value{}, nil, errKey
	}
}

// readMagnitude reads what appendMagnitude wrote; mask is 255 where the bytes are complemented.
func readMagnitude(src []byte, scale int16, mask byte) (Value, []byte, error) {
	if len(src) == 0 {
		return Value{}, nil, errKey
	}
	plain := src
	if mask != 0 {
		plain = make([]byte, len(src))
		for i, b := range src {
			plain[i] = b ^ mask
		}
	}
	exponent, digits, err := readIntKey(plain)
	if err != nil {
		return Value{}, nil, err
	}
	n := 0
	coefficient, hundred := new(big.Int), big.NewInt(100)
	for ; n < len(digits) && digits[n] != 0; n++ {
		if digits[n] > 100 {
			return Value{}, nil, errKey
		}
		coefficient.Mul(coefficient, hundred).Add(coefficient, big.NewInt(int64(digits[n]-1)))
	}
	if n == len(digits) || n == 0 || exponent > 1<<18 || exponent < -1<<18 {
		return Value{}, nil, errKey
	}
	rest := src[len(src)-len(digits)+n+1:]
	// value = 0.d1d2d3… * 10^exponent, with 2n digits.
	point := int64(2*n) - exponent
	last := int64(digits[n-1]-1) % 10
	if last == 0 {
		coefficient.Quo(coefficient, big.NewInt(10)) // the pair's second digit was not there
		point--
	}
	if want := int64(scale); point < want {
		coefficient.Mul(coefficient, new(big.Int).Exp(big.NewInt(10), big.NewInt(want-point), nil))
		point = want
	}
	if point > math.MaxInt16 {
		return Value{}, nil, errKey
	}
	if mask != 0 {
		coefficient.Neg(coefficient)
	}
	return NewBigNumeric(coefficient, int16(point)), rest, nil
}
