package types

import (
	"math"
	"math/big"
	"math/rand/v2"
	"strings"
)

// testTypes are one type of each kind and the shapes of types that differ.
var testTypes = []Type{
	{Kind: Bool},
	{Kind: Int2},
	{Kind: Int4},
	{Kind: Int8},
	{Kind: Float4},
	{Kind: Float8},
	{Kind: Numeric},
	{Kind: Numeric, Precision: 12, Scale: 2},
	{Kind: Numeric, Precision: 40, Scale: 10},
	{Kind: Numeric, Precision: 5, Scale: -2},
	{Kind: Numeric, Precision: 3, Scale: 5},
	{Kind: Text},
	{Kind: Varchar, Len: 5},
	{Kind: Char, Len: 4},
	{Kind: Date},
	{Kind: Time},
	{Kind: Timestamp},
	{Kind: Timestamptz},
	{Kind: Interval},
	{Kind: UUID},
	{Kind: Bytea},
	{Kind: JSON},
	{Kind: JSONB},
	{Kind: Array, Elem: Int4},
	{Kind: Array, Elem: Text},
	{Kind: Array, Elem: Numeric},
	{Kind: Array, Elem: Timestamptz},
	{Kind: Array, Elem: Bool},
}

// sampleValues returns n values of type t: NULL, the ends of its range, values that are close to each other, random ones.
func sampleValues(t Type, r *rand.Rand, n int) []Value {
	values := []Value{{}}
	for len(values) < n {
		if v, err := Coerce(sampleValue(t, r), t); err == nil {
			values = append(values, v)
		}
	}
	return values
}

func pick[T any](r *rand.Rand, xs ...T) T { return xs[r.IntN(len(xs))] }

// sampleInt returns a whole number of any size.
func sampleInt(r *rand.Rand) int64 {
	switch r.IntN(4) {
	case 0:
		return r.Int64N(20) - 10
	case 1:
		return pick[int64](r, math.MinInt64, math.MaxInt64, math.MinInt64+1, 127, 128, 255, 256, -255, -256, -257, 65535, 65536)
	case 2:
		return int64(r.Uint64())
	}
	return int64(r.Uint64()) >> r.IntN(64)
}

func sampleText(r *rand.Rand) string {
	const letters = "ab c\"\\{},é€𝄞NULL"
	runes := []rune(letters)
	var b strings.Builder
	for range r.IntN(8) {
		b.WriteRune(runes[r.IntN(len(runes))])
	}
	return b.String()
}

func sampleNumeric(r *rand.Rand) Value {
	switch r.IntN(8) {
	case 0:
		return pick(r, numericNaN, numericInf, numericNegInf, IntNumeric(0), NewNumeric(0, 5), NewNumeric(10, 1), NewNumeric(100, 2), IntNumeric(1), IntNumeric(-1))
	case 1:
		c := new(big.Int).Mul(big.NewInt(sampleInt(r)), big.NewInt(sampleInt(r)))
		return NewBigNumeric(c.Mul(c, big.NewInt(sampleInt(r))), int16(r.IntN(40)))
	case 2:
		return NewNumeric(sampleInt(r), int16(r.IntN(40)))
	}
	return NewNumeric(r.Int64N(200001)-100000, int16(r.IntN(4)))
}

func sampleFloat(r *rand.Rand) float64 {
	switch r.IntN(4) {
	case 0:
		return pick(r, 0, math.Copysign(0, -1), math.NaN(), math.Inf(1), math.Inf(-1), 1, -1, math.MaxFloat64, math.SmallestNonzeroFloat64, 0.1, 1e23)
	case 1:
		return float64(r.IntN(2000)-1000) / float64(pick(r, 1, 2, 3, 10, 100))
	case 2:
		return r.NormFloat64() * math.Pow(10, float64(r.IntN(30)-15))
	}
	return math.Float64frombits(r.Uint64())
}

// sampleValue returns a value that Coerce may or may not fit to t.
func sampleValue(t Type, r *rand.Rand) Value {
	switch t.Kind {
	case Bool:
		return NewBool(r.IntN(2) == 0)
	case Int2, Int4, Int8:
		lo, hi := intBounds(t.Kind)
		return Value{Kind: t.Kind, I: max(lo, min(hi, sampleInt(r)))}
	case Float4:
		return NewFloat4(float32(sampleFloat(r)))
	case Float8:
		return NewFloat8(sampleFloat(r))
	case Numeric:
		return sampleNumeric(r)
	case Text, Varchar, Char:
		return Value{Kind: Text, S: sampleText(r)}
	case Date:
		return NewDate(pick(r, InfinityDays, NegInfinityDays, minDays, maxDays, 0, -1, 1, r.Int64N(40000)-20000, minDays+r.Int64N(maxDays-minDays)))
	case Time:
		return Value{Kind: Time, I: pick(r, 0, day, r.Int64N(day+1), r.Int64N(24)*hour)}
	case Timestamp, Timestamptz:
		us := pick(r, Infinity, NegInfinity, minTimestamp, maxTimestamp, 0, -1, 1, r.Int64N(4e15)-2e15, r.Int64N(4e9)*second, int64(r.Uint64()))
		if us < minTimestamp && us != NegInfinity {
			us = -us
		}
		return Value{Kind: t.Kind, I: us}
	case Interval:
		// PostgreSQL cannot read back the smallest number of microseconds.
		return NewInterval(int32(sampleInt(r)), int32(sampleInt(r)), max(sampleInt(r), math.MinInt64+1))
	case UUID:
		var b [16]byte
		for i := range b {
			b[i] = byte(pick(r, 0, 255, r.IntN(256)))
		}
		return NewUUID(b)
	case Bytea:
		b := make([]byte, r.IntN(6))
		for i := range b {
			b[i] = byte(pick(r, 0, 1, 255, 92, r.IntN(256)))
		}
		return NewBytea(string(b))
	case JSON, JSONB:
		return Value{Kind: t.Kind, S: pick(r, `{}`, `{"a": 1}`, `[1, 2]`, `null`, `"x"`, `12.50`)}
	case Array:
		elems := make([]Value, r.IntN(4))
		for i := range elems {
			if r.IntN(5) > 0 {
				elems[i] = sampleValue(t.ElemType(), r)
			}
		}
		return NewArray(elems)
	}
	return Value{}
}
