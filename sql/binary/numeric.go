package binary

import (
	"encoding/binary"
	"math/big"
	"strconv"

	"github.com/asofdb/asof/sql/types"
)

// The sign words of a numeric's binary form.
const (
	numericPositive = 0x0000
	numericNegative = 0x4000
	numericNaN      = 0xC000
	numericInf      = 0xD000
	numericNegInf   = 0xF000
)

// base is that of a numeric's digits: four decimal ones each.
const (
	base       = 10_000
	baseDigits = 4
)

// appendNumeric appends the number of digits to the base 10,000, the weight of the first, the sign, the display scale, and the digits, without zeros at either end.
func appendNumeric(dst []byte, v types.Value) []byte {
	be := binary.BigEndian
	switch v.Scale {
	case types.ScaleNaN:
		return be.AppendUint64(dst, numericNaN<<16)
	case types.ScaleInf:
		return be.AppendUint64(dst, numericInf<<16)
	case types.ScaleNegInf:
		return be.AppendUint64(dst, numericNegInf<<16)
	}
	digits, negative := decimals(v)
	scale := int(v.Scale)
	// The decimal point lies between two digits of the base.
	whole := len(digits) - scale
	for range (baseDigits - (scale % baseDigits)) % baseDigits {
		digits = append(digits, '0')
	}
	for range (baseDigits - len(digits)%baseDigits) % baseDigits {
		digits = append([]byte{'0'}, digits...)
	}
	weight := floorDiv(whole-1, baseDigits)
	first, last := 0, len(digits)
	for first < last && zero(digits[first:first+baseDigits]) {
		first += baseDigits
		weight--
	}
	for last > first && zero(digits[last-baseDigits:last]) {
		last -= baseDigits
	}
	if first == last {
		weight, negative = 0, false
	}
	sign := uint16(numericPositive)
	if negative {
		sign = numericNegative
	}
	dst = be.AppendUint16(dst, uint16((last-first)/baseDigits))
	dst = be.AppendUint16(dst, uint16(int16(weight)))
	dst = be.AppendUint16(dst, sign)
	dst = be.AppendUint16(dst, uint16(scale))
	for ; first < last; first += baseDigits {
		d := digits[first : first+baseDigits]
		dst = be.AppendUint16(dst, uint16(d[0]-'0')*1000+uint16(d[1]-'0')*100+uint16(d[2]-'0')*10+uint16(d[3]-'0'))
	}
	return dst
}

// decimals are the decimal digits of the coefficient's magnitude.
func decimals(v types.Value) (digits []byte, negative bool) {
	if c, ok := v.X.(*big.Int); ok {
		digits = c.Append(nil, 10)
	} else {
		digits = strconv.AppendInt(make([]byte, 0, 32), v.I, 10)
	}
	if digits[0] == '-' {
		return digits[1:], true
	}
	return digits, false
}

func zero(d []byte) bool { return d[0] == '0' && d[1] == '0' && d[2] == '0' && d[3] == '0' }

func floorDiv(a, b int) int {
	if a < 0 {
		return -((-a + b - 1) / b)
	}
	return a / b
}

// maxNumericParameter bounds the digits to the base 10,000 of a parameter: PostgreSQL's largest number has no more.
const maxNumericParameter = (131072+16383)/baseDigits + 2

// readNumeric reads a numeric's binary form; ok is false where it is none.
func readNumeric(b []byte) (v types.Value, ok bool) {
	be := binary.BigEndian
	if len(b) < 8 {
		return v, false
	}
	n, weight, sign, scale := int(be.Uint16(b)), int(int16(be.Uint16(b[2:]))), be.Uint16(b[4:]), int(be.Uint16(b[6:]))
	switch {
	case len(b) != 8+2*n || n > maxNumericParameter:
		return v, false
	case sign == numericNaN:
		return types.Value{Kind: types.Numeric, Scale: types.ScaleNaN}, true
	case sign == numericInf:
		return types.Value{Kind: types.Numeric, Scale: types.ScaleInf}, true
	case sign == numericNegInf:
		return types.Value{Kind: types.Numeric, Scale: types.ScaleNegInf}, true
	case sign != numericPositive && sign != numericNegative || scale > 16383 || weight > 131072/baseDigits:
		return v, false
	}
	text := make([]byte, 0, n*baseDigits+1)
	if sign == numericNegative {
		text = append(text, '-')
	}
	for i := range n {
		d := be.Uint16(b[8+2*i:])
		if d >= base {
			return v, false
		}
		text = append(text, '0'+byte(d/1000), '0'+byte(d/100%10), '0'+byte(d/10%10), '0'+byte(d%10))
	}
	if n == 0 {
		return types.NewNumeric(0, int16(scale)), true
	}
	c, _ := new(big.Int).SetString(string(text), 10)
	// The digits end behind this many decimals; those of the display scale are what counts.
	if have := (n - 1 - weight) * baseDigits; have < scale {
		c.Mul(c, power10(scale-have))
	} else if have > scale {
		c.Quo(c, power10(have-scale)) // as numeric_recv does
	}
	return types.NewBigNumeric(c, int16(scale)), true
}

func power10(n int) *big.Int { return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil) }
