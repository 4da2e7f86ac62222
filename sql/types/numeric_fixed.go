package types

import (
	"math/big"
	"strconv"
)

// guardDigits are computed beyond those a result shows, so that rounding it once gives the digits of the true value. Only
// a run of this many nines or zeros after the last digit shown could show a difference.
const guardDigits = 24

// fixed is a number c * 10^-scale in the course of a computation: it is not bound by NUMERIC's limits.
type fixed struct {
	c     *big.Int
	scale int
}

// fixed returns a finite numeric for computing. Its coefficient may be v's own.
func (v Value) fixed() fixed { return fixed{c: v.coefficient(), scale: int(v.Scale)} }

// at returns the coefficient of x at scale, rounded where that is smaller.
func (x fixed) at(scale int) *big.Int {
	if scale >= x.scale {
		return new(big.Int).Mul(x.c, bigPow10(scale-x.scale))
	}
	return roundQuotient(x.c, bigPow10(x.scale-scale))
}

// rounded returns x as a numeric of the given scale.
func (x fixed) rounded(scale int) (Value, error) { return checkedNumeric(x.at(scale), scale) }

// quotient returns x / y rounded at scale.
func (x fixed) quotient(y fixed, scale int) (Value, error) {
	num, den := x.c, y.c
	if shift := scale + y.scale - x.scale; shift >= 0 {
		num = new(big.Int).Mul(num, bigPow10(shift))
	} else {
		den = new(big.Int).Mul(den, bigPow10(-shift))
	}
	return checkedNumeric(roundQuotient(num, den), scale)
}

// float returns the nearest float64.
func (x fixed) float() float64 {
	f, _ := strconv.ParseFloat(x.c.String()+"e"+strconv.Itoa(-x.scale), 64)
	return f
}

// exp returns e^x to scale digits after the point and some more, for |x| < maxExpArgument.
func (x fixed) exp(scale int) fixed {
	f := x.float()
	digits := scale + guardDigits
	if f > 0 {
		digits += int(f*log10E) + 1 // an error is magnified as much as the result
	}
	// Taylor's series for x / 2^halvings, which is below 2^-8, then squared as many times.
	halvings := 8
	for limit := 1.0; limit < f || limit < -f; limit *= 2 {
		halvings++
	}
	digits += halvings/3 + 3
	one := bigPow10(digits)
	y := new(big.Int).Quo(x.at(digits), new(big.Int).Lsh(big.NewInt(1), uint(halvings)))
	sum, term := new(big.Int).Set(one), new(big.Int).Set(one)
	for n := int64(1); term.Sign() != 0; n++ {
		term.Mul(term, y)
		term.Quo(term, new(big.Int).Mul(one, big.NewInt(n)))
		sum.Add(sum, term)
	}
	for range halvings {
		sum.Mul(sum, sum)
		sum.Quo(sum, one)
	}
	return fixed{c: sum, scale: digits}
}

// ln returns the natural logarithm of x > 0 to digits digits after the point, the last few of which are not sure.
func (x fixed) ln(digits int) fixed {
	digits += 10 // for the multiple of ln(2), which may be some hundred thousand
	one := bigPow10(digits)
	// x = m * 2^shift with m between 2/3 and 4/3.
	shift := x.c.BitLen() - bigPow10(x.scale).BitLen()
	m := new(big.Int).Mul(x.c, one)
	den := bigPow10(x.scale)
	if shift >= 0 {
		den = new(big.Int).Lsh(den, uint(shift))
	} else {
		m.Lsh(m, uint(-shift))
	}
	m.Quo(m, den)
	if third := new(big.Int).Mul(m, big.NewInt(3)); third.Cmp(new(big.Int).Mul(one, big.NewInt(4))) > 0 {
		m.Rsh(m, 1)
		shift++
	} else if third.Cmp(new(big.Int).Mul(one, big.NewInt(2))) < 0 {
		m.Lsh(m, 1)
		shift--
	}
	ln := twiceAtanh(new(big.Int).Sub(m, one), new(big.Int).Add(m, one), one)
	if shift != 0 {
		ln2 := twiceAtanh(big.NewInt(1), big.NewInt(3), one)
		ln.Add(ln, ln2.Mul(ln2, big.NewInt(int64(shift))))
	}
	return fixed{c: ln, scale: digits}
}

// twiceAtanh returns 2*atanh(num/den) = ln((den+num)/(den-num)) in units of 1/one, for |num/den| well below 1.
func twiceAtanh(num, den, one *big.Int) *big.Int {
	z := new(big.Int).Mul(num, one)
	z.Quo(z, den)
	square := new(big.Int).Mul(z, z)
	square.Quo(square, one)
	sum, power := new(big.Int).Set(z), z
	for n := int64(3); power.Sign() != 0; n += 2 {
		power.Mul(power, square)
		power.Quo(power, one)
		sum.Add(sum, new(big.Int).Quo(power, big.NewInt(n)))
	}
	return sum.Lsh(sum, 1)
}

// decimal is a floating number c * 10^exponent.
type decimal struct {
	c        *big.Int
	exponent int
}

// shortened returns x rounded to digits significant digits.
func (x decimal) shortened(digits int) decimal {
	drop := decimalDigits(x.c) - digits
	if drop <= 0 {
		return x
	}
	return decimal{c: roundQuotient(x.c, bigPow10(drop)), exponent: x.exponent + drop}
}

func (x decimal) times(y decimal, digits int) decimal {
	return decimal{c: new(big.Int).Mul(x.c, y.c), exponent: x.exponent + y.exponent}.shortened(digits)
}

// power returns x^n, n > 0, with products rounded to digits significant digits.
func (x decimal) power(n uint64, digits int) decimal {
	result := decimal{c: big.NewInt(1)}
	for {
		if n&1 != 0 {
			result = result.times(x, digits)
		}
		if n >>= 1; n == 0 {
			return result
		}
		x = x.times(x, digits)
	}
}

// fixedPoint returns x with a scale instead of an exponent.
func (x decimal) fixedPoint() fixed {
	if x.exponent > 0 {
		return fixed{c: new(big.Int).Mul(x.c, bigPow10(x.exponent))}
	}
	return fixed{c: x.c, scale: -x.exponent}
}

// rounded returns x as a numeric of the given scale.
func (x decimal) rounded(scale int) (Value, error) {
	if decimalDigits(x.c)+x.exponent > maxNumericDigits {
		return Value{}, numericOverflow()
	}
	return x.fixedPoint().rounded(scale)
}

// quotient returns x / y rounded at scale.
func (x decimal) quotient(y decimal, scale int) (Value, error) {
	return x.fixedPoint().quotient(y.fixedPoint(), scale)
}
