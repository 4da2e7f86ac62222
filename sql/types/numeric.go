package types

import (
	"math"
	"math/big"
	"math/bits"
	"strconv"
	"strings"
)

// PostgreSQL's limits of NUMERIC: digits before the point and after it.
const (
	maxNumericDigits = 131072
	maxNumericScale  = 16383
)

// The numeric values that are no numbers.
var (
	numericNaN    = Value{Kind: Numeric, Scale: ScaleNaN}
	numericInf    = Value{Kind: Numeric, Scale: ScaleInf}
	numericNegInf = Value{Kind: Numeric, Scale: ScaleNegInf}
)

func numericOverflow() *Error { return Errorf(CodeOutOfRange, "value overflows numeric format") }

// infNumeric returns the infinity with the given sign.
func infNumeric(negative bool) Value {
	if negative {
		return numericNegInf
	}
	return numericInf
}

// coefficient returns v's coefficient. The caller must not change it: it may be v's own.
func (v Value) coefficient() *big.Int {
	if c, ok := v.X.(*big.Int); ok {
		return c
	}
	return big.NewInt(v.I)
}

// numericSign returns -1, 0 or 1; 0 for NaN.
func numericSign(v Value) int {
	switch v.Scale {
	case ScaleNaN:
		return 0
	case ScaleInf:
		return 1
	case ScaleNegInf:
		return -1
	}
	if c, ok := v.X.(*big.Int); ok {
		return c.Sign()
	}
	switch {
	case v.I < 0:
		return -1
	case v.I > 0:
		return 1
	}
	return 0
}

// checkedNumeric returns c * 10^-scale, or 22003 where it has more digits than NUMERIC may have. It takes ownership of c.
func checkedNumeric(c *big.Int, scale int) (Value, error) {
	if c.IsInt64() && scale >= 0 && scale <= maxNumericScale {
		return NewNumeric(c.Int64(), int16(scale)), nil
	}
	if scale > maxNumericScale || decimalDigits(c)-scale > maxNumericDigits {
		return Value{}, numericOverflow()
	}
	return NewBigNumeric(c, int16(scale)), nil
}

// pow10 holds the powers of ten that fit int64.
var pow10 = [19]int64{
	1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
}

// bigPowers are the powers of ten that arithmetic on ordinary scales needs; nobody may change them.
var bigPowers = func() (p [128]*big.Int) {
	p[0] = big.NewInt(1)
	for i := 1; i < len(p); i++ {
		p[i] = new(big.Int).Mul(p[i-1], big.NewInt(10))
	}
	return p
}()

// bigPow10 returns 10^n, which the caller must not change.
func bigPow10(n int) *big.Int {
	if n < len(bigPowers) {
		return bigPowers[n]
	}
	return new(big.Int).Exp(bigPowers[1], big.NewInt(int64(n)), nil)
}

// absInt returns |i|, also of the smallest int64.
func absInt(i int64) uint64 {
	if i < 0 {
		return -uint64(i)
	}
	return uint64(i)
}

// digits64 returns the number of decimal digits of u; 0 for 0.
func digits64(u uint64) int {
	// 1233/4096 is a hair below log10(2), so the guess is right or one too small.
	n := bits.Len64(u) * 1233 >> 12
	if n >= len(pow10) {
		if u >= 1e19 {
			return 20
		}
		return 19
	}
	if u >= uint64(pow10[n]) {
		n++
	}
	return n
}

// decimalDigits returns the number of decimal digits of |c|; 0 for 0.
func decimalDigits(c *big.Int) int {
	if c.IsUint64() {
		return digits64(c.Uint64())
	}
	n := int(float64(c.BitLen()-1) * math.Log10(2))
	if c.CmpAbs(bigPow10(n)) >= 0 {
		n++
	}
	if c.CmpAbs(bigPow10(n)) >= 0 {
		n++
	}
	return n
}

// numericDigits is decimalDigits of v's coefficient.
func numericDigits(v Value) int {
	if c, ok := v.X.(*big.Int); ok {
		return decimalDigits(c)
	}
	return digits64(absInt(v.I))
}

// rescale returns v's coefficient at scale, which is not smaller than v's own. The caller must not change it.
func rescale(v Value, scale int) *big.Int {
	c := v.coefficient()
	if d := scale - int(v.Scale); d > 0 {
		return new(big.Int).Mul(c, bigPow10(d))
	}
	return c
}

// rescale64 is rescale within int64; false where it does not fit.
func rescale64(v Value, scale int16) (int64, bool) {
	d := scale - v.Scale
	if d == 0 {
		return v.I, true
	}
	if d >= int16(len(pow10)) {
		return 0, v.I == 0
	}
	return mulInt64(v.I, pow10[d])
}

// parseNumeric reads a NUMERIC and fits it to t's precision and scale.
func parseNumeric(t Type, s string) (Value, error) {
	v, err := parseUnboundedNumeric(s)
	if err != nil {
		return v, err
	}
	return fitNumeric(v, t)
}

func parseUnboundedNumeric(s string) (Value, error) {
	text := trimBlanks(s)
	if v, ok := numericWord(text); ok {
		return v, nil
	}
	if !floatSyntax(text) {
		return Value{}, invalidText(Numeric, s)
	}
	mantissa, exponent := text, 0
	if e := strings.IndexAny(text, "eE"); e >= 0 {
		n, err := strconv.Atoi(text[e+1:])
		if err != nil || n >= math.MaxInt32/2 || n <= -math.MaxInt32/2 {
			return Value{}, numericOverflow()
		}
		mantissa, exponent = text[:e], n
	}
	return numericFromDigits(mantissa, exponent)
}

// numericFromDigits returns mantissa * 10^exponent, mantissa being [sign] digits [. digits].
func numericFromDigits(mantissa string, exponent int) (Value, error) {
	negative := mantissa[0] == '-'
	if negative || mantissa[0] == '+' {
		mantissa = mantissa[1:]
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	scale := len(fraction) - exponent
	if v, ok := smallNumeric(negative, whole, fraction, scale); ok {
		return v, nil
	}
	digits := strings.TrimLeft(whole+fraction, "0")
	if digits == "" {
		return checkedNumeric(new(big.Int), max(scale, 0))
	}
	// Refused before anything of that size is built.
	if len(digits)-scale > maxNumericDigits || scale > maxNumericScale {
		return Value{}, numericOverflow()
	}
	c, _ := new(big.Int).SetString(digits, 10)
	if scale < 0 {
		c.Mul(c, bigPow10(-scale))
		scale = 0
	}
	if negative {
		c.Neg(c)
	}
	return checkedNumeric(c, scale)
}

// smallNumeric is the usual case: at most 18 digits, so that the coefficient fits int64.
func smallNumeric(negative bool, whole, fraction string, scale int) (Value, bool) {
	if len(whole)+len(fraction) > 18 || scale < 0 || scale > maxNumericScale {
		return Value{}, false
	}
	var n int64
	for i := range len(whole) {
		n = n*10 + int64(whole[i]-'0')
	}
	for i := range len(fraction) {
		n = n*10 + int64(fraction[i]-'0')
	}
	if negative {
		n = -n
	}
	return NewNumeric(n, int16(scale)), true
}

func numericWord(s string) (Value, bool) {
	if s == "" || s[len(s)-1]-'0' <= 9 {
		return Value{}, false
	}
	switch strings.ToLower(s) {
	case "nan":
		return numericNaN, true
	case "inf", "infinity", "+inf", "+infinity":
		return numericInf, true
	case "-inf", "-infinity":
		return numericNegInf, true
	}
	return Value{}, false
}

// fitNumeric rounds v to t's scale and checks its precision, as a cast to NUMERIC(p,s) does.
func fitNumeric(v Value, t Type) (Value, error) {
	if t.Precision == 0 || v.Scale == ScaleNaN {
		return v, nil
	}
	if v.Scale < 0 {
		return v, fieldOverflow(t, "cannot hold an infinite value.")
	}
	v, err := RoundNumeric(v, int64(t.Scale))
	if err != nil {
		return v, err
	}
	if whole := int(t.Precision) - int(t.Scale); numericDigits(v)-int(v.Scale) > whole {
		limit := "10^" + strconv.Itoa(whole)
		if whole == 0 {
			limit = "1"
		}
		return v, fieldOverflow(t, "must round to an absolute value less than "+limit+".")
	}
	return v, nil
}

func fieldOverflow(t Type, detail string) *Error {
	e := Errorf(CodeOutOfRange, "numeric field overflow")
	e.Detail = "A field with precision " + strconv.Itoa(int(t.Precision)) + ", scale " + strconv.Itoa(int(t.Scale)) + " " + detail
	return e
}

// appendNumeric prints v with all the digits of its scale.
func appendNumeric(dst []byte, v Value) []byte {
	switch v.Scale {
	case ScaleNaN:
		return append(dst, "NaN"...)
	case ScaleInf:
		return append(dst, "Infinity"...)
	case ScaleNegInf:
		return append(dst, "-Infinity"...)
	}
	if numericSign(v) < 0 {
		dst = append(dst, '-')
	}
	if c, ok := v.X.(*big.Int); ok {
		return appendPoint(dst, c.Append(nil, 10), int(v.Scale), c.Sign() < 0)
	}
	var buf [20]byte
	return appendPoint(dst, strconv.AppendUint(buf[:0], absInt(v.I), 10), int(v.Scale), false)
}

// appendPoint appends decimal digits, with a point before the last scale of them; signed says that digits begins with '-'.
func appendPoint(dst, digits []byte, scale int, signed bool) []byte {
	if signed {
		digits = digits[1:]
	}
	if scale == 0 {
		return append(dst, digits...)
	}
	if len(digits) > scale {
		dst = append(dst, digits[:len(digits)-scale]...)
		dst = append(dst, '.')
		return append(dst, digits[len(digits)-scale:]...)
	}
	dst = append(dst, '0', '.')
	for range scale - len(digits) {
		dst = append(dst, '0')
	}
	return append(dst, digits...)
}

// compareNumeric orders numerics: -Infinity first, NaN last and equal to itself.
func compareNumeric(a, b Value) int {
	if a.X == nil && b.X == nil && a.Scale == b.Scale && a.Scale >= 0 {
		return compareInt(a.I, b.I)
	}
	if a.Scale < 0 || b.Scale < 0 {
		return compareInt(specialRank(a), specialRank(b))
	}
	sa, sb := numericSign(a), numericSign(b)
	if sa != sb || sa == 0 {
		return compareInt(int64(sa), int64(sb))
	}
	// The position of the first digit decides without rescaling, unless it is the same.
	if ea, eb := numericDigits(a)-int(a.Scale), numericDigits(b)-int(b.Scale); ea != eb {
		return sa * compareInt(int64(ea), int64(eb))
	}
	scale := max(a.Scale, b.Scale)
	if a.X == nil && b.X == nil {
		ca, okA := rescale64(a, scale)
		cb, okB := rescale64(b, scale)
		if okA && okB {
			return compareInt(ca, cb)
		}
	}
	return rescale(a, int(scale)).Cmp(rescale(b, int(scale)))
}

// specialRank orders the values that are no numbers around those that are.
func specialRank(v Value) int64 {
	switch v.Scale {
	case ScaleNegInf:
		return -1
	case ScaleInf:
		return 1
	case ScaleNaN:
		return 2
	}
	return 0
}

func compareInt(a, b int64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// IntNumeric returns the numeric of an integer value.
func IntNumeric(i int64) Value { return Value{Kind: Numeric, I: i} }
