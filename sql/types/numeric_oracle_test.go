package types

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"testing"
)

var anyNumeric = Type{Kind: Numeric}

// arithmeticSamples are numerics of ordinary sizes, with some of each odd kind.
func arithmeticSamples(r *rand.Rand, n int) []Value {
	values := []Value{IntNumeric(0), IntNumeric(1), IntNumeric(-1), NewNumeric(0, 4), NewNumeric(5, 1), NewNumeric(100, 2), IntNumeric(9999), IntNumeric(10000), IntNumeric(10001), NewNumeric(9999, 4), NewNumeric(1, 4), NewNumeric(1, 5), numericNaN, numericInf, numericNegInf}
	for len(values) < n {
		switch r.IntN(4) {
		case 0:
			values = append(values, sampleNumeric(r))
		case 1:
			values = append(values, NewNumeric(sampleInt(r), int16(r.IntN(25))))
		case 2:
			values = append(values, NewNumeric(r.Int64N(1e6)-5e5, int16(r.IntN(5))))
		case 3:
			c := new(big.Int).Exp(big.NewInt(10), big.NewInt(r.Int64N(60)), nil)
			values = append(values, NewBigNumeric(c.Add(c, big.NewInt(r.Int64N(3)-1)), int16(r.IntN(60))))
		}
	}
	return values
}

func TestNumericArithmeticLikePostgres(t *testing.T) {
	c := newComparison(t)
	r := rand.New(rand.NewPCG(11, 1))
	values := arithmeticSamples(r, 400)
	for range 1200 {
		a, b := values[r.IntN(len(values))], values[r.IntN(len(values))]
		for _, op := range []struct {
			format string
			f      func(a, b Value) (Value, error)
		}{
			{"%s + %s", AddNumeric}, {"%s - %s", SubNumeric}, {"%s * %s", MulNumeric}, {"%s / %s", DivNumeric}, {"%s %% %s", ModNumeric}, {"div(%s, %s)", DivTruncNumeric},
		} {
			v, err := op.f(a, b)
			c.add(fmt.Sprintf(op.format, literal(anyNumeric, a), literal(anyNumeric, b)), v, err)
		}
	}
	c.check(nil)
}

func TestNumericRoundingLikePostgres(t *testing.T) {
	c := newComparison(t)
	r := rand.New(rand.NewPCG(11, 2))
	for _, v := range arithmeticSamples(r, 120) {
		x := literal(anyNumeric, v)
		c.add("abs("+x+")", AbsNumeric(v), nil)
		c.add("-"+x, NegNumeric(v), nil)
		c.add("sign("+x+")", SignNumeric(v), nil)
		ceil, err := CeilNumeric(v)
		c.add("ceil("+x+")", ceil, err)
		floor, err := FloorNumeric(v)
		c.add("floor("+x+")", floor, err)
		for _, scale := range []int64{0, 1, 2, 5, 20, -1, -2, -5, -30, -40} {
			rounded, err := RoundNumeric(v, scale)
			c.add(fmt.Sprintf("round(%s, %d)", x, scale), rounded, err)
			cut, err := TruncNumeric(v, scale)
			c.add(fmt.Sprintf("trunc(%s, %d)", x, scale), cut, err)
		}
		for _, k := range []Kind{Int2, Int4, Int8, Float4, Float8} {
			got, err := Cast(v, Type{Kind: k})
			c.add(x+"::"+k.String(), got, err)
		}
		for _, typ := range []Type{{Kind: Numeric, Precision: 12, Scale: 2}, {Kind: Numeric, Precision: 5, Scale: -2}, {Kind: Numeric, Precision: 3, Scale: 5}, {Kind: Numeric, Precision: 1000, Scale: 500}} {
			got, err := Cast(v, typ)
			c.add(x+"::"+typ.String(), got, err)
		}
	}
	c.check(nil)
}

func TestNumericFunctionsLikePostgres(t *testing.T) {
	c := newComparison(t)
	r := rand.New(rand.NewPCG(11, 3))
	values := arithmeticSamples(r, 90)
	for _, text := range []string{"0.9", "1.1", "0.90001", "1.0000001", "0.9999999999", "1.00000000000000000001", "2", "3", "10", "100", "1000", "2.718281828459045", "1e-20", "1e20", "1e100", "1e-100", "5999", "6000", "-5999", "-6000", "709.78", "0.001", "123456789.123456789", "1e300", "0.000000000000000000000000000001"} {
		v, err := Parse(anyNumeric, text)
		if err != nil {
			t.Fatal(err)
		}
		values = append(values, v)
	}
	for _, v := range values {
		x := literal(anyNumeric, v)
		for name, f := range map[string]func(Value) (Value, error){"sqrt": SqrtNumeric, "exp": ExpNumeric, "ln": LnNumeric} {
			got, err := f(v)
			c.add(name+"("+x+")", got, err)
		}
		got, err := LogNumeric(IntNumeric(10), v)
		c.add("log("+x+")", got, err)
	}
	for range 200 {
		a, b := values[r.IntN(len(values))], values[r.IntN(len(values))]
		got, err := LogNumeric(a, b)
		c.add(fmt.Sprintf("log(%s, %s)", literal(anyNumeric, a), literal(anyNumeric, b)), got, err)
		b = pick(r, b, NewNumeric(r.Int64N(2000)-1000, int16(r.IntN(3))), IntNumeric(r.Int64N(40)-20), NewNumeric(5, 1))
		got, err = PowerNumeric(a, b)
		c.add(fmt.Sprintf("power(%s, %s)", literal(anyNumeric, a), literal(anyNumeric, b)), got, err)
	}
	c.check(nil)
}

// TestNumericLimits shows what happens at 131072 digits before and 16383 after the point.
func TestNumericLimits(t *testing.T) {
	c := newComparison(t)
	big, small := "('9e131071'::numeric)", "('1e-16383'::numeric)"
	huge, _ := Parse(anyNumeric, "9e131071")
	tiny, _ := Parse(anyNumeric, "1e-16383")
	sum, err := AddNumeric(huge, huge)
	c.add(big+" + "+big, sum, err)
	product, err := MulNumeric(huge, IntNumeric(10))
	c.add(big+" * 10", product, err)
	square, err := MulNumeric(tiny, tiny)
	c.add("("+small+" * "+small+") = 0", NewBool(numericSign(square) == 0), err)
	c.add("scale("+small+" * "+small+")", NewInt(Int4, int64(square.Scale)), nil)
	quotient, err := DivNumeric(huge, NewNumeric(1, 1))
	c.add(big+" / 0.1", quotient, err)
	for _, scale := range []int64{-131071, -131072, -131073, -200000, 16383, 17000} {
		rounded, err := RoundNumeric(huge, scale)
		c.add(fmt.Sprintf("round(%s, %d)", big, scale), rounded, err)
		rounded, err = RoundNumeric(tiny, scale)
		c.add(fmt.Sprintf("round(%s, %d)", small, scale), rounded, err)
		cut, err := TruncNumeric(huge, scale)
		c.add(fmt.Sprintf("trunc(%s, %d)", big, scale), cut, err)
	}
	ratio, err := DivNumeric(tiny, huge)
	c.add(small+" / "+big, ratio, err)
	c.check(nil)
}
