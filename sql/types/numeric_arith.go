package types

import (
	"math/big"
	"math/bits"
)

// AddNumeric returns a + b with the greater of both scales.
func AddNumeric(a, b Value) (Value, error) {
	if a.X == nil && b.X == nil && a.Scale == b.Scale && a.Scale >= 0 {
		if s := a.I + b.I; (s < a.I) == (b.I < 0) {
			return Value{Kind: Numeric, I: s, Scale: a.Scale}, nil
		}
	}
	return addNumeric(a, b)
}

// SubNumeric returns a - b with the greater of both scales.
func SubNumeric(a, b Value) (Value, error) {
	if a.X == nil && b.X == nil && a.Scale == b.Scale && a.Scale >= 0 {
		if d := a.I - b.I; (d > a.I) == (b.I < 0) {
			return Value{Kind: Numeric, I: d, Scale: a.Scale}, nil
		}
	}
	return addNumeric(a, NegNumeric(b))
}

func addNumeric(a, b Value) (Value, error) {
	if a.Scale < 0 || b.Scale < 0 {
		return addSpecial(a, b), nil
	}
	scale := max(a.Scale, b.Scale)
	if a.X == nil && b.X == nil {
		ca, okA := rescale64(a, scale)
		cb, okB := rescale64(b, scale)
		if s := ca + cb; okA && okB && (s < ca) == (cb < 0) {
			return NewNumeric(s, scale), nil
		}
	}
	return checkedNumeric(new(big.Int).Add(rescale(a, int(scale)), rescale(b, int(scale))), int(scale))
}

func addSpecial(a, b Value) Value {
	switch {
	case a.Scale == ScaleNaN || b.Scale == ScaleNaN:
		return numericNaN
	case a.Scale >= 0:
		return b
	case b.Scale >= 0 || a.Scale == b.Scale:
		return a
	}
	return numericNaN // the two infinities
}

// MulNumeric returns a * b with the sum of both scales.
func MulNumeric(a, b Value) (Value, error) {
	if a.Scale < 0 || b.Scale < 0 {
		return mulSpecial(a, b), nil
	}
	scale := int(a.Scale) + int(b.Scale)
	if a.X == nil && b.X == nil && scale <= maxNumericScale {
		if p, ok := mulInt64(a.I, b.I); ok {
			return NewNumeric(p, int16(scale)), nil
		}
	}
	c := new(big.Int).Mul(a.coefficient(), b.coefficient())
	if scale > maxNumericScale {
		c = roundQuotient(c, bigPow10(scale-maxNumericScale))
		scale = maxNumericScale
	}
	return checkedNumeric(c, scale)
}

func mulSpecial(a, b Value) Value {
	sign := numericSign(a) * numericSign(b)
	if a.Scale == ScaleNaN || b.Scale == ScaleNaN || sign == 0 {
		return numericNaN
	}
	return infNumeric(sign < 0)
}

// Rules of PostgreSQL's select_div_scale: at least minSigDigits significant digits, at most maxDisplayScale after the point.
const (
	minSigDigits    = 16
	maxDisplayScale = 1000
)

// leadingGroup returns, of PostgreSQL's base-10000 digits of v, the position of the first one that is not zero and its value.
func leadingGroup(v Value) (weight, first int) {
	digits := numericDigits(v)
	if digits == 0 {
		return 0, 0
	}
	position := digits - 1 - int(v.Scale) // of the first decimal digit
	weight = position >> 2
	return weight, leadingDigits(v, digits, position-weight*4+1)
}

// leadingDigits returns the first n (1 to 4) of v's decimal digits as a number, zeros where it has fewer.
func leadingDigits(v Value, digits, n int) int {
	if v.X == nil {
		u := absInt(v.I)
		if digits >= n {
			return int(u / uint64(pow10[digits-n]))
		}
		return int(u) * int(pow10[n-digits])
	}
	lead := new(big.Int).Quo(v.coefficient(), bigPow10(digits-n))
	return int(absInt(lead.Int64()))
}

func divScale(a, b Value) int {
	weightA, firstA := leadingGroup(a)
	weightB, firstB := leadingGroup(b)
	weight := weightA - weightB
	if firstA <= firstB {
		weight--
	}
	scale := max(minSigDigits-weight*4, int(a.Scale), int(b.Scale), 0)
	return min(scale, maxDisplayScale)
}

// DivNumeric returns a / b rounded half away from zero at the scale PostgreSQL chooses for it. AVG is DivNumeric(sum, count).
func DivNumeric(a, b Value) (Value, error) {
	if a.Scale < 0 || b.Scale < 0 {
		return divSpecial(a, b)
	}
	if numericSign(b) == 0 {
		return Value{}, errDivisionByZero()
	}
	return divNumeric(a, b, divScale(a, b))
}

// divNumeric returns a / b rounded at scale.
func divNumeric(a, b Value, scale int) (Value, error) {
	shift := scale + int(b.Scale) - int(a.Scale)
	if a.X == nil && b.X == nil && shift >= 0 && shift < len(pow10) {
		if q, ok := div64(a.I, pow10[shift], b.I); ok {
			return NewNumeric(q, int16(scale)), nil
		}
	}
	num, den := a.coefficient(), b.coefficient()
	if shift >= 0 {
		num = new(big.Int).Mul(num, bigPow10(shift))
	} else {
		den = new(big.Int).Mul(den, bigPow10(-shift))
	}
	return checkedNumeric(roundQuotient(num, den), scale)
}

// div64 returns a * m / b rounded half away from zero, in 128 bits; false where the result does not fit int64.
func div64(a, m, b int64) (int64, bool) {
	hi, lo := bits.Mul64(absInt(a), uint64(m))
	d := absInt(b)
	if hi >= d {
		return 0, false
	}
	q, r := bits.Div64(hi, lo, d)
	if r >= d-r {
		q++
	}
	if q > 1<<63-1 {
		return 0, false
	}
	if (a < 0) != (b < 0) {
		return -int64(q), true
	}
	return int64(q), true
}

// roundQuotient returns num / den rounded half away from zero, as a new number.
func roundQuotient(num, den *big.Int) *big.Int {
	q, r := new(big.Int).QuoRem(num, den, new(big.Int))
	if r.Lsh(r, 1).CmpAbs(den) >= 0 {
		q.Add(q, big.NewInt(int64(num.Sign()*den.Sign())))
	}
	return q
}

func divSpecial(a, b Value) (Value, error) {
	switch {
	case a.Scale == ScaleNaN || b.Scale == ScaleNaN, a.Scale < 0 && b.Scale < 0:
		return numericNaN, nil
	case b.Scale < 0:
		return IntNumeric(0), nil
	case numericSign(b) == 0:
		return Value{}, errDivisionByZero()
	}
	return infNumeric(numericSign(a)*numericSign(b) < 0), nil
}

// DivTruncNumeric is PostgreSQL's div(a, b): the quotient truncated to an integer.
func DivTruncNumeric(a, b Value) (Value, error) {
	if a.Scale < 0 || b.Scale < 0 {
		return divSpecial(a, b)
	}
	if numericSign(b) == 0 {
		return Value{}, errDivisionByZero()
	}
	num, den := alignedCoefficients(a, b)
	return checkedNumeric(new(big.Int).Quo(num, den), 0)
}

// ModNumeric returns the remainder of the truncated quotient; it has a's sign and the greater of both scales.
func ModNumeric(a, b Value) (Value, error) {
	if a.Scale < 0 || b.Scale < 0 {
		return modSpecial(a, b)
	}
	if numericSign(b) == 0 {
		return Value{}, errDivisionByZero()
	}
	num, den := alignedCoefficients(a, b)
	return checkedNumeric(new(big.Int).Rem(num, den), int(max(a.Scale, b.Scale)))
}

func modSpecial(a, b Value) (Value, error) {
	switch {
	case a.Scale == ScaleNaN || b.Scale == ScaleNaN:
		return numericNaN, nil
	case a.Scale >= 0:
		return a, nil // b is an infinity
	case numericSign(b) == 0:
		return Value{}, errDivisionByZero()
	}
	return numericNaN, nil
}

func alignedCoefficients(a, b Value) (x, y *big.Int) {
	scale := int(max(a.Scale, b.Scale))
	return rescale(a, scale), rescale(b, scale)
}

// NegNumeric returns -v.
func NegNumeric(v Value) Value {
	switch v.Scale {
	case ScaleNaN:
		return v
	case ScaleInf, ScaleNegInf:
		return infNumeric(v.Scale == ScaleInf)
	}
	if v.X == nil && v.I != -1<<63 {
		v.I = -v.I
		return v
	}
	return NewBigNumeric(new(big.Int).Neg(v.coefficient()), v.Scale)
}

// AbsNumeric returns |v|.
func AbsNumeric(v Value) Value {
	if numericSign(v) < 0 {
		return NegNumeric(v)
	}
	return v
}

// SignNumeric returns -1, 0 or 1 as a numeric; NaN for NaN.
func SignNumeric(v Value) Value {
	if v.Scale == ScaleNaN {
		return v
	}
	return IntNumeric(int64(numericSign(v)))
}

// RoundNumeric rounds v half away from zero to scale digits after the point, which may be negative (tens, hundreds).
func RoundNumeric(v Value, scale int64) (Value, error) {
	return toScale(v, scale, roundQuotient)
}

// TruncNumeric cuts v to scale digits after the point.
func TruncNumeric(v Value, scale int64) (Value, error) {
	return toScale(v, scale, func(num, den *big.Int) *big.Int { return new(big.Int).Quo(num, den) })
}

// toScale gives v the display scale max(scale, 0), with the digits beyond scale taken off by quotient.
func toScale(v Value, scale int64, quotient func(num, den *big.Int) *big.Int) (Value, error) {
	// Beyond these limits nothing changes; one more digit may come from rounding up.
	s := int(min(max(scale, -maxNumericDigits-1), maxNumericScale))
	if v.Scale < 0 || s == int(v.Scale) {
		return v, nil
	}
	if s > int(v.Scale) {
		if v.X == nil {
			if c, ok := rescale64(v, int16(s)); ok {
				return NewNumeric(c, int16(s)), nil
			}
		}
		return checkedNumeric(new(big.Int).Set(rescale(v, s)), s)
	}
	drop := int(v.Scale) - s
	if drop > numericDigits(v) {
		return IntNumeric(0).withScale(s), nil
	}
	c := quotient(v.coefficient(), bigPow10(drop))
	if s < 0 {
		c.Mul(c, bigPow10(-s))
	}
	return checkedNumeric(c, max(s, 0))
}

// withScale returns v, whose coefficient is 0, with the display scale max(s, 0).
func (v Value) withScale(s int) Value {
	v.Scale = int16(max(s, 0))
	return v
}

// CeilNumeric returns the smallest integer not less than v.
func CeilNumeric(v Value) (Value, error) { return toInteger(v, 1) }

// FloorNumeric returns the greatest integer not greater than v.
func FloorNumeric(v Value) (Value, error) { return toInteger(v, -1) }

// toInteger truncates v and, where that moved it against direction, steps once in that direction.
func toInteger(v Value, direction int) (Value, error) {
	if v.Scale <= 0 {
		return v, nil
	}
	q, r := new(big.Int).QuoRem(v.coefficient(), bigPow10(int(v.Scale)), new(big.Int))
	if r.Sign() == direction {
		q.Add(q, big.NewInt(int64(direction)))
	}
	return checkedNumeric(q, 0)
}
