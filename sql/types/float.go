package types

import (
	"bytes"
	"math"
	"math/big"
	"strconv"
	"strings"
)

// nanBits are the bits of the only NaN a Value holds, so that equal bytes and equal values stay the same thing.
const nanBits = 0x7ff8000000000000

// NewFloat8 returns a DOUBLE PRECISION.
func NewFloat8(f float64) Value { return newFloat(Float8, f) }

// NewFloat4 returns a REAL.
func NewFloat4(f float32) Value { return newFloat(Float4, float64(f)) }

// Float returns the number a Float4 or Float8 holds.
func (v Value) Float() float64 { return math.Float64frombits(uint64(v.I)) }

func newFloat(k Kind, f float64) Value {
	if f != f {
		return Value{Kind: k, I: nanBits}
	}
	return Value{Kind: k, I: int64(math.Float64bits(f))}
}

// parseFloat reads a float as C's strtod does, with PostgreSQL's range rule: what overflows, and what is not zero but
// too small for even a subnormal, is 22003.
func parseFloat(k Kind, s string) (Value, error) {
	bits := 64
	if k == Float4 {
		bits = 32
	}
	t := trimBlanks(s)
	if f, ok := floatWord(t); ok {
		return newFloat(k, f), nil
	}
	if !floatSyntax(t) {
		return Value{}, invalidText(k, s)
	}
	f, err := strconv.ParseFloat(t, bits)
	if err != nil || f == 0 && hasNonzeroDigit(t) {
		if k == Float4 {
			t = s // here PostgreSQL shows the blanks, too
		}
		return Value{}, Errorf(CodeOutOfRange, "\"%s\" is out of range for type %s", t, k)
	}
	return newFloat(k, f), nil
}

// floatWord reads the spellings of the values that are no numbers.
func floatWord(s string) (float64, bool) {
	switch strings.ToLower(s) {
	case "nan":
		return math.NaN(), true
	case "inf", "infinity", "+inf", "+infinity":
		return math.Inf(1), true
	case "-inf", "-infinity":
		return math.Inf(-1), true
	}
	return 0, false
}

// floatSyntax reports whether s is [sign] digits [. digits] [e [sign] digits]. ParseFloat alone would also take
// underscores and hexadecimal.
func floatSyntax(s string) bool {
	if s != "" && (s[0] == '-' || s[0] == '+') {
		s = s[1:]
	}
	n, rest := countDigits(s)
	if rest != "" && rest[0] == '.' {
		var m int
		m, rest = countDigits(rest[1:])
		n += m
	}
	if n == 0 {
		return false
	}
	if rest == "" {
		return true
	}
	if rest[0] != 'e' && rest[0] != 'E' {
		return false
	}
	rest = rest[1:]
	if rest != "" && (rest[0] == '-' || rest[0] == '+') {
		rest = rest[1:]
	}
	n, rest = countDigits(rest)
	return n > 0 && rest == ""
}

// countDigits returns the number of leading decimal digits and what follows them.
func countDigits(s string) (int, string) {
	n := 0
	for n < len(s) && s[n]-'0' <= 9 {
		n++
	}
	return n, s[n:]
}

func hasNonzeroDigit(s string) bool {
	mantissa, _, _ := strings.Cut(strings.ToLower(s), "e")
	return strings.ContainsAny(mantissa, "123456789")
}

// appendFloat prints the shortest text that reads back as f, in fixed notation where the decimal exponent is
// between -4 and 14 (float8) or 5 (float4).
func appendFloat(dst []byte, k Kind, f float64) []byte {
	switch {
	case math.IsNaN(f):
		return append(dst, "NaN"...)
	case math.IsInf(f, 1):
		return append(dst, "Infinity"...)
	case math.IsInf(f, -1):
		return append(dst, "-Infinity"...)
	}
	bits, fixed := 64, 15
	if k == Float4 {
		bits, fixed = 32, 6
	}
	start := len(dst)
	dst = strconv.AppendFloat(dst, f, 'e', -1, bits)
	e := decimalExponent(dst[start:])
	digits := -1 // as many as needed
	if other, ok := postgresDigits(dst[start:], f, bits); ok {
		digits = other
		dst = strconv.AppendFloat(dst[:start], f, 'e', digits, bits)
	}
	if e < -4 || e >= fixed {
		return dst
	}
	if digits >= 0 {
		digits -= e
	}
	return strconv.AppendFloat(dst[:start], f, 'f', digits, bits)
}

// decimalExponent reads the exponent of a number in 'e' notation.
func decimalExponent(s []byte) int {
	for i := len(s) - 1; i >= 0; i-- {
		if s[i] != 'e' {
			continue
		}
		n := 0
		for _, c := range s[i+2:] {
			n = n*10 + int(c-'0')
		}
		if s[i+1] == '-' {
			return -n
		}
		return n
	}
	return 0
}

// postgresDigits returns the number of digits after the first (the precision of 'e' notation) with which f is to be printed
// where PostgreSQL prints other digits than shortest, which is strconv's choice. There are two reasons why it would:
//
//   - strconv takes a decimal exactly half way to a neighbour where round-half-even reads it back as f, PostgreSQL never does
//     (1e23 prints as 9.999999999999999e+22);
//   - of two shortest decimals equally near to f strconv takes the greater, PostgreSQL the even one.
func postgresDigits(shortest []byte, f float64, bits int) (int, bool) {
	if f == 0 {
		return 0, false
	}
	if mayHitBoundary(f, bits) {
		lower, upper := halfWays(f, bits)
		if between(lower, shortest, upper) {
			return 0, false
		}
		for digits := significant(shortest) - 1; ; digits++ {
			if between(lower, strconv.AppendFloat(nil, f, 'e', digits, bits), upper) {
				return digits, true
			}
		}
	}
	digits := significant(shortest) - 1
	if !mayTie(digits+1, f, bits) {
		return 0, false
	}
	even := strconv.FormatFloat(f, 'e', digits, bits)
	back, err := strconv.ParseFloat(even, bits)
	return digits, err == nil && back == f && even != string(shortest)
}

// significant returns the number of digits of a number in 'e' notation.
func significant(s []byte) int {
	mantissa, _, _ := bytes.Cut(s, []byte{'e'})
	n := 0
	for _, c := range mantissa {
		if isDigit(c) {
			n++
		}
	}
	return n
}

// mayHitBoundary reports whether the shortest decimal of f might lie exactly half way to a neighbour. A decimal of at most 17 (9)
// digits can do so only beside an integer beyond 2^53 (2^24), whose half-way point is a multiple of a power of ten up to
// 10^23 (10^10), and only beside an even mantissa does strconv take it.
func mayHitBoundary(f float64, bits int) bool {
	a := math.Abs(f)
	if bits == 32 {
		return a >= 1<<24 && a < 1e20 && math.Float32bits(float32(f))&1 == 0
	}
	return a >= 1<<53 && a < 1e41 && math.Float64bits(f)&1 == 0
}

// mayTie reports whether f might lie exactly in the middle of two decimals of n digits: it has n + 1 digits in all then, 17 (9)
// of them, and so is a multiple of 2^-24 (2^-12), for 5^25 (5^13) alone has more.
func mayTie(n int, f float64, bits int) bool {
	if bits == 32 {
		return n == 8 && isWhole(f*(1<<12))
	}
	return n == 16 && isWhole(f*(1<<24))
}

func isWhole(f float64) bool { return f == math.Trunc(f) }

// between reports whether a decimal lies strictly between two numbers.
func between(lower *big.Float, decimal []byte, upper *big.Float) bool {
	d, _, err := big.ParseFloat(string(decimal), 10, 256, big.ToNearestEven)
	return err == nil && d.Cmp(lower) > 0 && d.Cmp(upper) < 0
}

func halfWays(f float64, bits int) (lower, upper *big.Float) {
	var down, up float64
	if bits == 32 {
		down = float64(math.Nextafter32(float32(f), float32(math.Inf(-1))))
		up = float64(math.Nextafter32(float32(f), float32(math.Inf(1))))
	} else {
		down, up = math.Nextafter(f, math.Inf(-1)), math.Nextafter(f, math.Inf(1))
	}
	return middle(f, down), middle(f, up)
}

func middle(a, b float64) *big.Float {
	sum := new(big.Float).SetPrec(256).SetFloat64(a)
	sum.Add(sum, new(big.Float).SetFloat64(b))
	return sum.Mul(sum, big.NewFloat(0.5))
}

// checkFloat turns a result of arithmetic into a value of kind k: an infinity that no operand brought is an overflow, a
// zero that no operand explains an underflow.
func checkFloat(k Kind, f float64, infOK, zeroOK bool) (Value, error) {
	if k == Float4 {
		f = float64(float32(f))
	}
	if math.IsInf(f, 0) && !infOK {
		return Value{}, Errorf(CodeOutOfRange, "value out of range: overflow")
	}
	if f == 0 && !zeroOK {
		return Value{}, Errorf(CodeOutOfRange, "value out of range: underflow")
	}
	return newFloat(k, f), nil
}

func addFloat(k Kind, a, b float64) (Value, error) {
	return checkFloat(k, a+b, math.IsInf(a, 0) || math.IsInf(b, 0), true)
}

func subFloat(k Kind, a, b float64) (Value, error) {
	return checkFloat(k, a-b, math.IsInf(a, 0) || math.IsInf(b, 0), true)
}

func mulFloat(k Kind, a, b float64) (Value, error) {
	return checkFloat(k, a*b, math.IsInf(a, 0) || math.IsInf(b, 0), a == 0 || b == 0)
}

func divFloat(k Kind, a, b float64) (Value, error) {
	if b == 0 && !math.IsNaN(a) {
		return Value{}, errDivisionByZero()
	}
	return checkFloat(k, a/b, math.IsInf(a, 0), a == 0 || math.IsInf(b, 0))
}

// compareFloat orders as PostgreSQL's btree does: NaN equals NaN and is greater than everything else; -0 equals 0.
func compareFloat(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	case a == b:
		return 0
	}
	return boolInt(math.IsNaN(a)) - boolInt(math.IsNaN(b))
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}
