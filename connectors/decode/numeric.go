package decode

import (
	"math"
	"math/big"
	"math/bits"

	"github.com/asofdb/asof/sql/types"
)

// decimalMode is the option decimal_handling_mode: what a text in a NUMERIC column is where no schema says it.
type decimalMode uint8

const (
	decimalByForm decimalMode = iota // whatever it can only be; a text that can be both is refused
	decimalBase64                    // decimal.handling.mode = precise
	decimalText                      // decimal.handling.mode = string, double
)

const decimalHint = "add decimal_handling_mode = 'string' or 'precise' to the source's options, as the connector has it, or let the connector send schemas"

// numeric reads a NUMERIC: a number, its digits as text, its unscaled value in base64, or a struct of scale and unscaled value.
func (d *values) numeric(c *column, typ types.Type, e *encoding, t token) (types.Value, error) {
	v, err := d.decimal(c, typ, e, t)
	if err != nil {
		return v, err
	}
	return c.fit(typ, t, v)
}

// decimal is numeric before the declared precision and scale are looked at.
func (d *values) decimal(c *column, typ types.Type, e *encoding, t token) (types.Value, error) {
	switch t.kind {
	case numberToken:
		return c.decimalDigits(typ, t, t.raw)
	case objectToken:
		return d.variableScale(c, typ, e, t)
	case stringToken:
	default:
		return types.Value{}, c.wrongType(typ, e, t)
	}
	if e.form != decimalForm && d.decimals != decimalBase64 {
		// A point is in no base64.
		if v, ok := smallDecimal(t.raw); ok && v.Scale > 0 {
			return v, nil
		}
	}
	s, err := d.string(c, typ, t)
	if err != nil {
		return types.Value{}, err
	}
	switch e.form {
	case decimalForm:
		return d.unscaled(c, typ, t, s, e.scale)
	case anyForm, bytesForm:
	default:
		return c.decimalWord(typ, t, s)
	}
	switch d.decimals {
	case decimalText:
		return c.decimalWord(typ, t, s)
	case decimalBase64:
		return d.declaredScale(c, typ, t, s)
	}
	isBase64, isDigits := standardBase64.valid(s), validDecimal(s)
	switch {
	case isBase64 && isDigits:
		return types.Value{}, c.reject(types.CodeInvalidText, typ, t, "can be a decimal in digits or in base64").WithHint(decimalHint)
	case isBase64 && (typ.Precision > 0 || !isDecimalWord(s)):
		return d.declaredScale(c, typ, t, s)
	}
	return c.decimalWord(typ, t, s)
}

// declaredScale reads base64 whose scale only the declared type knows.
func (d *values) declaredScale(c *column, typ types.Type, t token, s string) (types.Value, error) {
	if typ.Precision == 0 {
		return types.Value{}, c.reject(types.CodeInvalidText, typ, t, "is a decimal in base64 without its scale").
			WithHint("declare the column as NUMERIC(precision, scale), as the source has it, or set decimal.handling.mode = string at the connector, or let it send schemas")
	}
	scale := int(typ.Scale)
	if scale < 0 {
		// PostgreSQL keeps a scale in eleven bits and the connector reads them without their sign.
		scale += 1 << 11
	}
	return d.unscaled(c, typ, t, s, scale)
}

// variableScale reads {"scale": 4, "value": "ALxhTg=="}.
func (d *values) variableScale(c *column, typ types.Type, e *encoding, t token) (types.Value, error) {
	s := scanner{b: t.raw}
	var scale int64
	var value token
	var hasScale bool
	s.open(d.decimalShape)
	for {
		id := s.next(d.decimalShape)
		if id == noMember {
			break
		}
		v, _ := s.value(maxDepth)
		switch {
		case id == 0 && v.kind == numberToken:
			scale, hasScale = parseInt(v.raw)
		case id == 1:
			value = v
		}
	}
	if !hasScale || value.kind != stringToken {
		return types.Value{}, c.wrongType(typ, e, t)
	}
	if scale < -maxDigitsBefore || scale > maxScale {
		return types.Value{}, c.outOfRange(types.CodeOutOfRange, typ, t)
	}
	text, err := d.string(c, typ, value)
	if err != nil {
		return types.Value{}, err
	}
	return d.unscaled(c, typ, t, text, int(scale))
}

// The limits of PostgreSQL's numeric: digits before and after the point.
const (
	maxDigitsBefore = 131072
	maxScale        = 16383
	// maxUnscaled is more bytes than an unscaled value of all these digits takes.
	maxUnscaled = (maxDigitsBefore + maxScale) * 416 / 1000
)

// unscaled reads base64 of a big-endian two's complement integer that stands for itself times 10^-scale.
func (d *values) unscaled(c *column, typ types.Type, t token, s string, scale int) (types.Value, error) {
	if len(s) > maxUnscaled*4/3 {
		return types.Value{}, c.outOfRange(types.CodeOutOfRange, typ, t)
	}
	b, ok := standardBase64.decode(d.scratch[:0], s)
	d.scratch = b
	if !ok || len(b) == 0 {
		return types.Value{}, c.misspelled(types.CodeInvalidText, typ, t).WithHint(decimalHint)
	}
	if len(b) <= 8 && scale >= 0 {
		n := int64(int8(b[0]))
		for _, x := range b[1:] {
			n = n<<8 | int64(x)
		}
		return types.NewNumeric(n, int16(scale)), nil
	}
	n := new(big.Int).SetBytes(b)
	if b[0]&0x80 != 0 {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(b))))
	}
	if scale < 0 {
		n.Mul(n, pow10(-scale))
		scale = 0
	}
	return types.NewBigNumeric(n, int16(scale)), nil
}

// decimalWord reads a decimal in digits or one of the words for what is no number.
func (c *column) decimalWord(typ types.Type, t token, s string) (types.Value, error) {
	switch s {
	case "NaN", "NAN":
		return types.Value{Kind: types.Numeric, Scale: types.ScaleNaN}, nil
	case "Infinity", "POSITIVE_INFINITY":
		return types.Value{Kind: types.Numeric, Scale: types.ScaleInf}, nil
	case "-Infinity", "NEGATIVE_INFINITY":
		return types.Value{Kind: types.Numeric, Scale: types.ScaleNegInf}, nil
	}
	if !validDecimal(s) {
		return types.Value{}, c.misspelled(types.CodeInvalidText, typ, t)
	}
	return c.decimalDigits(typ, t, bytesOf(s))
}

func isDecimalWord(s string) bool {
	return s == "Infinity" || s == "-Infinity"
}

// validDecimal reports whether s is a decimal number as a program writes it: digits, at most one point, an exponent.
func validDecimal(s string) bool {
	b := bytesOf(s)
	i := 0
	if i < len(b) && b[i] == '-' {
		i++
	}
	first := i
	i = digits(b, i)
	if i == first {
		return false
	}
	if i < len(b) && b[i] == '.' {
		first = i + 1
		if i = digits(b, first); i == first {
			return false
		}
	}
	if i < len(b) && b[i]|0x20 == 'e' {
		i++
		if i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		first = i
		if i = digits(b, i); i == first {
			return false
		}
	}
	return i == len(b)
}

// decimalDigits reads the digits of a valid decimal number, each of them: "12.50" has scale 2.
func (c *column) decimalDigits(typ types.Type, t token, b []byte) (types.Value, error) {
	if v, ok := smallDecimal(b); ok {
		return v, nil
	}
	v, err := types.Parse(types.Type{Kind: types.Numeric}, string(b))
	if err != nil {
		return v, c.outOfRange(types.CodeOutOfRange, typ, t)
	}
	return v, nil
}

// smallDecimal reads a decimal without exponent of at most 18 digits, as validDecimal has it.
func smallDecimal(b []byte) (types.Value, bool) {
	i := 0
	if len(b) > 0 && b[0] == '-' {
		i = 1
	}
	first := i
	var n int64
	for i < len(b) && b[i]-'0' < 10 {
		n = n*10 + int64(b[i]-'0') // wraps where there are too many digits
		i++
	}
	if i == first || len(b)-first > 19 {
		return types.Value{}, false
	}
	scale := 0
	if i < len(b) {
		if b[i] != '.' || i+1 == len(b) {
			return types.Value{}, false
		}
		for i++; i < len(b); i++ {
			c := b[i] - '0'
			if c > 9 {
				return types.Value{}, false
			}
			n = n*10 + int64(c)
			scale++
		}
	} else if len(b)-first > 18 {
		return types.Value{}, false
	}
	if first == 1 {
		n = -n
	}
	return types.NewNumeric(n, int16(scale)), true
}

// fit returns v with the scale of typ, or the reject where it does not fit to the last digit. Unconstrained
// NUMERIC keeps every value as it is.
func (c *column) fit(typ types.Type, t token, v types.Value) (types.Value, error) {
	switch {
	case typ.Precision == 0 || v.Scale == types.ScaleNaN:
		return v, nil
	case v.Scale < 0:
		return v, c.outOfRange(types.CodeOutOfRange, typ, t) // an infinity has no digits to be counted
	case typ.Scale == v.Scale && v.X == nil && typ.Precision <= 18:
		if absolute(v.I) >= uint64(smallPow10[typ.Precision]) {
			return v, c.outOfRange(types.CodeOutOfRange, typ, t)
		}
		return v, nil
	case typ.Scale > v.Scale && v.X == nil && typ.Precision <= 18:
		hi, lo := bits.Mul64(absolute(v.I), uint64(smallPow10[min(typ.Scale-v.Scale, 18)]))
		if hi != 0 || lo >= uint64(smallPow10[typ.Precision]) || typ.Scale-v.Scale > 18 && v.I != 0 {
			return v, c.outOfRange(types.CodeOutOfRange, typ, t)
		}
		v.I *= smallPow10[min(typ.Scale-v.Scale, 18)]
		v.Scale = typ.Scale
		return v, nil
	}
	return c.fitBig(typ, t, v)
}

func (c *column) fitBig(typ types.Type, t token, v types.Value) (types.Value, error) {
	n := new(big.Int).Set(coefficient(v))
	scale := int(typ.Scale)
	if shift := scale - int(v.Scale); shift >= 0 {
		n.Mul(n, pow10(shift))
	} else {
		var rest big.Int
		n.QuoRem(n, pow10(-shift), &rest)
		if rest.Sign() != 0 {
			return v, c.tooFine(types.CodeOutOfRange, typ, t).
				WithHint("declare the column with the source's own scale; a value is never rounded")
		}
	}
	if new(big.Int).Abs(n).Cmp(pow10(int(typ.Precision))) >= 0 {
		return v, c.outOfRange(types.CodeOutOfRange, typ, t)
	}
	if scale < 0 {
		n.Mul(n, pow10(-scale))
		scale = 0
	}
	return types.NewBigNumeric(n, int16(scale)), nil
}

func coefficient(v types.Value) *big.Int {
	if n, ok := v.X.(*big.Int); ok {
		return n
	}
	return big.NewInt(v.I)
}

// integral returns a decimal as an integer, false where it is none or does not fit 64 bits.
func integral(v types.Value) (int64, bool) {
	if v.Scale < 0 {
		return 0, false
	}
	if v.Scale == 0 && v.X == nil {
		return v.I, true
	}
	n, rest := new(big.Int).QuoRem(coefficient(v), pow10(int(v.Scale)), new(big.Int))
	return n.Int64(), rest.Sign() == 0 && n.IsInt64()
}

var smallPow10 = [19]int64{
	1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
}

func pow10(n int) *big.Int {
	if n < len(smallPow10) {
		return big.NewInt(smallPow10[n])
	}
	return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil)
}

func absolute(i int64) uint64 {
	if i < 0 {
		return -uint64(i)
	}
	return uint64(i)
}

// parseInt reads an integer of decimal digits; false where raw is something else or does not fit 64 bits.
func parseInt(raw []byte) (int64, bool) {
	i, neg := 0, false
	if len(raw) > 0 && raw[0] == '-' {
		i, neg = 1, true
	}
	if i == len(raw) || len(raw)-i > 19 {
		return 0, false
	}
	var n uint64
	for ; len(raw)-i >= 8; i += 8 {
		eight, ok := eightDigits(raw[i:])
		if !ok {
			return 0, false
		}
		n = n*1e8 + eight
	}
	for ; i < len(raw); i++ {
		c := raw[i] - '0'
		if c > 9 {
			return 0, false
		}
		n = n*10 + uint64(c)
	}
	if neg {
		return -int64(n), n <= 1<<63
	}
	return int64(n), n <= math.MaxInt64
}
