package expr

import "math"

// The logarithm and the exponential are computed here, and not by package math, for three reasons: they must give the same
// bits on every architecture, they must be within a rounding error of PostgreSQL's (math.Pow can be off by dozens), and
// math.Log is wrong for subnormals on some processors. They carry about 100 bits inside and round once.

// double is an unevaluated sum hi + lo, |lo| at most half a unit in the last place of hi.
type double struct{ hi, lo float64 }

func twoSum(a, b float64) double {
	s := a + b
	bb := s - a
	return double{s, (a - (s - bb)) + (b - bb)}
}

func twoProduct(a, b float64) double {
	p := a * b
	return double{p, math.FMA(a, b, -p)}
}

func (a double) plus(b double) double {
	s := twoSum(a.hi, b.hi)
	return twoSum(s.hi, s.lo+a.lo+b.lo)
}

func (a double) times(b double) double {
	p := twoProduct(a.hi, b.hi)
	return twoSum(p.hi, p.lo+math.FMA(a.hi, b.lo, a.lo*b.hi))
}

// ratio is a / b for exact a and b.
func ratio(a, b float64) double {
	q := a / b
	return twoSum(q, math.FMA(-q, b, a)/b)
}

var (
	ln2   = double{0x1.62e42fefa39efp-1, 0x1.abc9e3b39803fp-56}
	ln10  = double{0x1.26bb1bbb55516p+1, -0x1.f48ad494ea3e9p-53}
	third = ratio(1, 3)
)

// lnDouble returns ln(x) of a positive finite x: that of its exponent plus 2 artanh((m-1)/(m+1)) of its mantissa m near 1.
func lnDouble(x float64) double {
	m, e := math.Frexp(x)
	if m < math.Sqrt2/2 {
		m, e = m*2, e-1
	}
	// m-1 is exact; m+1 may not be, so its error is carried.
	den := twoSum(m, 1)
	s := ratio(m-1, den.hi)
	s.lo -= s.hi * den.lo / den.hi
	z := s.times(s)
	// artanh(s) = s + s³/3 + s⁵/5 + …; from the third term on, double precision is enough.
	tail := 0.0
	for k := 35; k >= 5; k -= 2 {
		tail = tail*z.hi + 1/float64(k)
	}
	series := third.plus(double{tail * z.hi, 0})
	atanh := s.plus(s.times(z.times(series)))
	return twoProduct(float64(e), ln2.hi).plus(double{float64(e) * ln2.lo, 0}).plus(double{2 * atanh.hi, 2 * atanh.lo})
}

// exp returns e^(x.hi + x.lo): infinity or zero where that is out of range.
func exp(x double) float64 {
	switch {
	case math.IsNaN(x.hi) || math.IsInf(x.hi, 1):
		return x.hi
	case x.hi > 710:
		return math.Inf(1)
	case x.hi < -746:
		return 0
	}
	k := math.Round(x.hi / ln2.hi)
	r := x.plus(twoProduct(-k, ln2.hi)).plus(double{-k * ln2.lo, 0})
	// e^r = 1 + r + r²/2 + r³ (…), |r| < 0.35: the terms of the bracket are small enough for double precision.
	tail := 0.0
	for n := 18; n >= 3; n-- {
		tail = (tail*r.hi + 1) / float64(n)
	}
	square := r.times(r)
	half := double{square.hi / 2, square.lo / 2}
	sum := half.plus(double{half.hi * r.hi * tail, 0}).plus(r).plus(double{1, 0})
	return math.Ldexp(sum.hi, int(k))
}

func ln(x float64) float64 {
	if math.IsNaN(x) || math.IsInf(x, 1) {
		return x
	}
	return lnDouble(x).hi
}

func log10(x float64) float64 {
	if math.IsNaN(x) || math.IsInf(x, 1) {
		return x
	}
	l := lnDouble(x)
	q := l.hi / ln10.hi
	// One step of Newton's division gives the bits beyond q.
	p := twoProduct(q, ln10.hi)
	return q + (((l.hi-p.hi)-p.lo)+(l.lo-q*ln10.lo))/ln10.hi
}

// pow returns x^y as C's pow does for finite operands, x not 0 where y is negative.
func pow(x, y float64) float64 {
	if math.IsInf(x, 0) || math.IsInf(y, 0) || x == 0 || x == 1 || y == 0 {
		return math.Pow(x, y)
	}
	sign := 1.0
	if x < 0 {
		if x = -x; math.Mod(y, 2) != 0 {
			sign = -1
		}
	}
	if x == 1 {
		return sign
	}
	l := lnDouble(x)
	p := twoProduct(l.hi, y)
	if math.IsInf(p.hi, 0) || math.Abs(p.hi) > 800 {
		return sign * exp(double{p.hi, 0})
	}
	return sign * exp(p.plus(double{l.lo * y, 0}))
}
