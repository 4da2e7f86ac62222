package types

import (
	"math"
	"math/big"
)

// maxExpArgument bounds what exp is asked for: beyond it the result overflows or is zero. PostgreSQL derives it from the
// greatest scale of a result, 2000.
const maxExpArgument = 6000

// log10E is log10(e) to the digits PostgreSQL has of it: they decide the scale of results near a power of ten.
const log10E = 0.434294481903252

// SqrtNumeric returns the square root of v, rounded at the scale PostgreSQL chooses: at least 16 significant digits.
func SqrtNumeric(v Value) (Value, error) {
	if numericSign(v) < 0 {
		return Value{}, Errorf(CodePowerArgument, "cannot take square root of a negative number")
	}
	if v.Scale < 0 {
		return v, nil
	}
	weight, _ := leadingGroup(v)
	scale := displayScale(minSigDigits-(weight*2+1), int(v.Scale))
	// One digit more than wanted decides the rounding.
	c := v.coefficient()
	if shift := 2*(scale+1) - int(v.Scale); shift >= 0 {
		c = new(big.Int).Mul(c, bigPow10(shift))
	} else {
		c = new(big.Int).Quo(c, bigPow10(-shift))
	}
	return checkedNumeric(roundQuotient(new(big.Int).Sqrt(c), bigPow10(1)), scale)
}

// displayScale returns a scale that is no smaller than any of these and within the limits of a computed result.
func displayScale(scale int, least ...int) int {
	for _, s := range least {
		scale = max(scale, s)
	}
	return min(max(scale, 0), maxDisplayScale)
}

// ExpNumeric returns e to the power v.
func ExpNumeric(v Value) (Value, error) {
	switch v.Scale {
	case ScaleNegInf:
		return IntNumeric(0), nil
	case ScaleNaN, ScaleInf:
		return v, nil
	}
	weight := math.Max(math.Min(nearestFloat(v)*log10E, 2000), -2000)
	return expRounded(v.fixed(), displayScale(minSigDigits-int(weight), int(v.Scale)))
}

// expRounded returns e^x rounded at scale.
func expRounded(x fixed, scale int) (Value, error) {
	f := x.float()
	if math.Abs(f) >= maxExpArgument {
		if f > 0 {
			return Value{}, numericOverflow()
		}
		return IntNumeric(0).withScale(scale), nil
	}
	return x.exp(scale).rounded(scale)
}

func checkLogArgument(v Value) error {
	switch {
	case v.Scale == ScaleNaN:
		return nil
	case numericSign(v) < 0:
		return Errorf(CodeLogArgument, "cannot take logarithm of a negative number")
	case numericSign(v) == 0:
		return Errorf(CodeLogArgument, "cannot take logarithm of zero")
	}
	return nil
}

// LnNumeric returns the natural logarithm of v.
func LnNumeric(v Value) (Value, error) {
	if err := checkLogArgument(v); err != nil {
		return Value{}, err
	}
	if v.Scale < 0 {
		return v, nil
	}
	scale := displayScale(minSigDigits-lnWeight(v), int(v.Scale))
	return v.fixed().ln(scale + guardDigits).rounded(scale)
}

// LogNumeric returns the logarithm of v to the given base.
func LogNumeric(base, v Value) (Value, error) {
	if base.Scale == ScaleNaN || v.Scale == ScaleNaN {
		return numericNaN, nil
	}
	if infinite := base.Scale < 0 || v.Scale < 0; infinite && numericSign(base) >= 0 && numericSign(v) < 0 {
		return Value{}, checkLogArgument(v) // before a base of zero is found
	}
	for _, x := range [...]Value{base, v} {
		if err := checkLogArgument(x); err != nil {
			return Value{}, err
		}
	}
	if base.Scale < 0 || v.Scale < 0 {
		return logOfInfinity(base, v), nil
	}
	baseWeight, weight := lnWeight(base), lnWeight(v)
	scale := displayScale(minSigDigits-(weight-baseWeight), int(base.Scale), int(v.Scale))
	digits := scale + guardDigits + max(0, weight-baseWeight) - min(0, baseWeight)
	lnBase, ln := base.fixed().ln(digits-min(0, baseWeight)), v.fixed().ln(digits)
	if lnBase.c.Sign() == 0 {
		return Value{}, errDivisionByZero()
	}
	return ln.quotient(lnBase, scale)
}

func logOfInfinity(base, v Value) Value {
	switch {
	case base.Scale >= 0:
		return numericInf
	case v.Scale >= 0:
		return IntNumeric(0)
	}
	return numericNaN
}

// lnWeight estimates the position of the first digit of |ln(v)|, as PostgreSQL does to choose a scale.
func lnWeight(v Value) int {
	if compareNumeric(v, NewNumeric(9, 1)) >= 0 && compareNumeric(v, NewNumeric(11, 1)) <= 0 {
		// ln(1+x) is about x.
		x, _ := SubNumeric(v, IntNumeric(1))
		if numericSign(x) == 0 {
			return 0
		}
		return numericDigits(x) - 1 - int(x.Scale)
	}
	weight, first := leadingGroup(v)
	digits := numericDigits(v)
	inFirst := digits - 1 - int(v.Scale) - weight*4 + 1 // digits of the first group
	both := first * 10000
	if digits > inFirst {
		both = leadingDigits(v, digits, min(digits, inFirst+4))
		both *= int(pow10[max(0, inFirst+4-digits)])
	}
	ln := math.Log(float64(both)) + float64((weight-1)*4)*math.Ln10
	return int(math.Log10(math.Abs(ln)))
}

// PowerNumeric returns base to the power exponent.
func PowerNumeric(base, exponent Value) (Value, error) {
	if base.Scale < 0 || exponent.Scale < 0 {
		return powerSpecial(base, exponent)
	}
	if numericSign(base) == 0 && numericSign(exponent) < 0 {
		return Value{}, errZeroToNegative()
	}
	n, whole := wholeExponent(exponent)
	if whole && n.IsInt64() && n.Int64() == int64(int32(n.Int64())) {
		return powerInt(base, n.Int64())
	}
	if numericSign(base) == 0 {
		return IntNumeric(0).withScale(minSigDigits), nil
	}
	if numericSign(base) < 0 && !whole {
		return Value{}, errComplexPower()
	}
	v, err := powerReal(AbsNumeric(base), exponent)
	if err == nil && numericSign(base) < 0 && n.Bit(0) == 1 {
		v = NegNumeric(v)
	}
	return v, err
}

func errZeroToNegative() *Error {
	return Errorf(CodePowerArgument, "zero raised to a negative power is undefined")
}

func errComplexPower() *Error {
	return Errorf(CodePowerArgument, "a negative number raised to a non-integer power yields a complex result")
}

// wholeExponent returns v truncated to an integer, and whether it was one.
func wholeExponent(v Value) (*big.Int, bool) {
	q, r := new(big.Int).QuoRem(v.coefficient(), bigPow10(int(v.Scale)), new(big.Int))
	return q, r.Sign() == 0
}

// powerSpecial follows POSIX's pow where one of the arguments is no number.
func powerSpecial(base, exponent Value) (Value, error) {
	one := IntNumeric(1)
	isOne := base.Scale >= 0 && compareNumeric(base, one) == 0
	isZero := exponent.Scale >= 0 && numericSign(exponent) == 0
	if base.Scale == ScaleNaN || exponent.Scale == ScaleNaN {
		if isOne || isZero {
			return one, nil
		}
		return numericNaN, nil
	}
	var n *big.Int
	whole := true
	if exponent.Scale >= 0 {
		n, whole = wholeExponent(exponent)
	}
	signBase, signExponent := numericSign(base), numericSign(exponent)
	switch {
	case signBase == 0 && signExponent < 0:
		return Value{}, errZeroToNegative()
	case signBase < 0 && !whole:
		return Value{}, errComplexPower()
	case isOne || isZero:
		return one, nil
	case signBase == 0:
		return IntNumeric(0), nil
	case exponent.Scale < 0:
		return powerInfinite(base, signExponent), nil
	case signExponent < 0:
		return IntNumeric(0), nil
	}
	return infNumeric(signBase < 0 && n.Bit(0) == 1), nil
}

// powerInfinite returns base to the power of an infinity; base is neither 0 nor 1.
func powerInfinite(base Value, sign int) Value {
	beyondOne := base.Scale < 0
	if !beyondOne {
		c := compareNumeric(AbsNumeric(base), IntNumeric(1))
		if c == 0 {
			return IntNumeric(1)
		}
		beyondOne = c > 0
	}
	if beyondOne == (sign > 0) {
		return numericInf
	}
	return IntNumeric(0)
}

// powerInt multiplies base by itself, rounding intermediate products to what the result's digits need.
func powerInt(base Value, n int64) (Value, error) {
	scale := displayScale(minSigDigits, int(base.Scale))
	switch n {
	case 0:
		return RoundNumeric(IntNumeric(1), int64(scale))
	case 1:
		return RoundNumeric(base, int64(scale))
	case -1:
		return divNumeric(IntNumeric(1), base, scale)
	}
	if numericSign(base) == 0 {
		return IntNumeric(0).withScale(scale), nil
	}
	magnitude := float64(n) * log10Abs(base) // of the result
	switch {
	case magnitude > 3*32767*4:
		return Value{}, numericOverflow()
	case magnitude+1 < float64(-scale) || magnitude+1 < -maxDisplayScale:
		return IntNumeric(0).withScale(scale), nil
	}
	digits := 1 + scale + int(magnitude) + int(math.Log(math.Abs(float64(n)))) + guardDigits
	power := decimal{c: new(big.Int).Set(base.coefficient()), exponent: -int(base.Scale)}.power(absInt(n), digits)
	if n < 0 {
		return decimal{c: big.NewInt(1)}.quotient(power, scale)
	}
	return power.rounded(scale)
}

// log10Abs returns log10(|v|) to the precision of a float64.
func log10Abs(v Value) float64 {
	digits := numericDigits(v)
	lead := v.coefficient()
	if drop := digits - 17; drop > 0 {
		lead = new(big.Int).Quo(lead, bigPow10(drop))
		digits = drop
	} else {
		digits = 0
	}
	f, _ := new(big.Float).SetInt(lead).Float64()
	return math.Log10(math.Abs(f)) + float64(digits-int(v.Scale))
}

// powerReal is e^(exponent * ln(base)) for a positive base. A first pass with about eight digits finds how great the result
// is, and so its scale; its roundings are PostgreSQL's.
func powerReal(base, exponent Value) (Value, error) {
	weight := lnWeight(base)
	rough := max(8-weight, 0)
	ln, err := base.fixed().ln(rough + guardDigits).rounded(rough)
	if err != nil {
		return Value{}, err
	}
	product := roundQuotient(new(big.Int).Mul(ln.coefficient(), exponent.coefficient()), bigPow10(int(exponent.Scale)))
	f := fixed{c: product, scale: rough}.float()
	if math.Abs(f) > maxExpArgument*1.00333 {
		if f > 0 {
			return Value{}, numericOverflow()
		}
		return IntNumeric(0).withScale(maxDisplayScale), nil
	}
	f *= log10E
	scale := displayScale(minSigDigits-int(f), int(base.Scale), int(exponent.Scale))
	digits := max(scale+int(f), 0) - weight + guardDigits + max(0, numericDigits(exponent)-int(exponent.Scale))
	x := base.fixed().ln(max(digits, 0))
	x = fixed{c: new(big.Int).Mul(x.c, exponent.coefficient()), scale: x.scale + int(exponent.Scale)}
	return expRounded(x, scale)
}
