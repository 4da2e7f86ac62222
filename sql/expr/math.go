package expr

import (
	"math"

	"github.com/asofdb/asof/sql/types"
)

var mathFunctions = append(absFunctions(), []function{
	{name: "ceil", args: sig(numeric), result: numeric, one: fallible(types.CeilNumeric)},
	{name: "ceil", args: sig(float8), result: float8, one: floatFunction(math.Ceil)},
	{name: "floor", args: sig(numeric), result: numeric, one: fallible(types.FloorNumeric)},
	{name: "floor", args: sig(float8), result: float8, one: floatFunction(math.Floor)},
	{name: "round", args: sig(float8), result: float8, one: floatFunction(math.RoundToEven)},
	{name: "round", args: sig(numeric), result: numeric, one: func(_ *Env, a types.Value) (types.Value, error) { return types.RoundNumeric(a, 0) }},
	{name: "round", args: sig(numeric, int4), result: numeric, two: toPlaces(types.RoundNumeric)},
	{name: "trunc", args: sig(float8), result: float8, one: floatFunction(math.Trunc)},
	{name: "trunc", args: sig(numeric), result: numeric, one: func(_ *Env, a types.Value) (types.Value, error) { return types.TruncNumeric(a, 0) }},
	{name: "trunc", args: sig(numeric, int4), result: numeric, two: toPlaces(types.TruncNumeric)},
	{name: "sign", args: sig(float8), result: float8, one: floatFunction(signFloat)},
	{name: "sign", args: sig(numeric), result: numeric, one: func(_ *Env, a types.Value) (types.Value, error) { return types.SignNumeric(a), nil }},
	{name: "mod", args: sig(int2, int2), result: int2, two: plain(types.Mod)},
	{name: "mod", args: sig(int4, int4), result: int4, two: plain(types.Mod)},
	{name: "mod", args: sig(int8, int8), result: int8, two: plain(types.Mod)},
	{name: "mod", args: sig(numeric, numeric), result: numeric, two: plain(types.Mod)},
	{name: "div", args: sig(numeric, numeric), result: numeric, two: plain(types.DivTruncNumeric)},
	{name: "power", args: sig(float8, float8), result: float8, two: powerFloat},
	{name: "power", args: sig(numeric, numeric), result: numeric, two: plain(types.PowerNumeric)},
	{name: "sqrt", args: sig(float8), result: float8, one: sqrtFloat},
	{name: "sqrt", args: sig(numeric), result: numeric, one: fallible(types.SqrtNumeric)},
	{name: "cbrt", args: sig(float8), result: float8, one: floatFunction(math.Cbrt)},
	{name: "exp", args: sig(float8), result: float8, one: expFloat},
	{name: "exp", args: sig(numeric), result: numeric, one: fallible(types.ExpNumeric)},
	{name: "ln", args: sig(float8), result: float8, one: logFloat(ln)},
	{name: "ln", args: sig(numeric), result: numeric, one: fallible(types.LnNumeric)},
	{name: "log", args: sig(float8), result: float8, one: logFloat(log10)},
	{name: "log", args: sig(numeric), result: numeric, one: func(_ *Env, a types.Value) (types.Value, error) { return types.LogNumeric(types.IntNumeric(10), a) }},
	{name: "log", args: sig(numeric, numeric), result: numeric, two: plain(types.LogNumeric)},
	{name: "sin", args: sig(float8), result: float8, one: circular(math.Sin)},
	{name: "cos", args: sig(float8), result: float8, one: circular(math.Cos)},
	{name: "tan", args: sig(float8), result: float8, one: circular(math.Tan)},
	{name: "asin", args: sig(float8), result: float8, one: withinOne(math.Asin)},
	{name: "acos", args: sig(float8), result: float8, one: withinOne(math.Acos)},
	{name: "atan", args: sig(float8), result: float8, one: floatFunction(math.Atan)},
	{name: "atan2", args: sig(float8, float8), result: float8, two: func(_ *Env, y, x types.Value) (types.Value, error) {
		return types.NewFloat8(math.Atan2(y.Float(), x.Float())), nil
	}},
	{name: "degrees", args: sig(float8), result: float8, one: func(_ *Env, a types.Value) (types.Value, error) { return types.Div(a, radiansPerDegree) }},
	{name: "radians", args: sig(float8), result: float8, one: func(_ *Env, a types.Value) (types.Value, error) { return types.Mul(a, radiansPerDegree) }},
	{name: "pi", result: float8, none: func(*Env) (types.Value, error) { return types.NewFloat8(math.Pi), nil }},
}...)

var radiansPerDegree = types.NewFloat8(math.Pi / 180)

func absFunctions() []function {
	var rows []function
	for _, t := range []types.Type{int2, int4, int8, float4, float8, numeric} {
		rows = append(rows, function{name: "abs", args: sig(t), result: t, one: fallible(types.Abs)})
	}
	return rows
}

func fallible(f func(types.Value) (types.Value, error)) func(*Env, types.Value) (types.Value, error) {
	return func(_ *Env, a types.Value) (types.Value, error) { return f(a) }
}

func floatFunction(f func(float64) float64) func(*Env, types.Value) (types.Value, error) {
	return func(_ *Env, a types.Value) (types.Value, error) { return types.NewFloat8(f(a.Float())), nil }
}

func toPlaces(f func(types.Value, int64) (types.Value, error)) func(*Env, types.Value, types.Value) (types.Value, error) {
	return func(_ *Env, a, places types.Value) (types.Value, error) { return f(a, places.I) }
}

// signFloat is -1, 0 or 1; 0 for NaN, too, as in PostgreSQL.
func signFloat(x float64) float64 {
	switch {
	case x > 0:
		return 1
	case x < 0:
		return -1
	}
	return 0
}

func overflow() error { return types.Errorf(types.CodeOutOfRange, "value out of range: overflow") }

func underflow() error { return types.Errorf(types.CodeOutOfRange, "value out of range: underflow") }

func inputOutOfRange() error { return types.Errorf(types.CodeOutOfRange, "input is out of range") }

func sqrtFloat(_ *Env, a types.Value) (types.Value, error) {
	if a.Float() < 0 {
		return types.Value{}, types.Errorf(types.CodePowerArgument, "cannot take square root of a negative number")
	}
	return types.NewFloat8(math.Sqrt(a.Float())), nil
}

func expFloat(_ *Env, a types.Value) (types.Value, error) {
	x := a.Float()
	y := exp(double{x, 0})
	switch {
	case math.IsInf(y, 1) && !math.IsInf(x, 1):
		return types.Value{}, overflow()
	case y == 0 && !math.IsInf(x, -1):
		return types.Value{}, underflow()
	}
	return types.NewFloat8(y), nil
}

func logFloat(f func(float64) float64) func(*Env, types.Value) (types.Value, error) {
	return func(_ *Env, a types.Value) (types.Value, error) {
		x := a.Float()
		if err := logArgument(int(signFloat(x))); err != nil && !math.IsNaN(x) {
			return types.Value{}, err
		}
		return types.NewFloat8(f(x)), nil
	}
}

// logArgument refuses the logarithm of what has this sign.
func logArgument(sign int) error {
	switch sign {
	case 0:
		return types.Errorf(types.CodeLogArgument, "cannot take logarithm of zero")
	case -1:
		return types.Errorf(types.CodeLogArgument, "cannot take logarithm of a negative number")
	}
	return nil
}

func circular(f func(float64) float64) func(*Env, types.Value) (types.Value, error) {
	return func(_ *Env, a types.Value) (types.Value, error) {
		if math.IsInf(a.Float(), 0) {
			return types.Value{}, inputOutOfRange()
		}
		return types.NewFloat8(f(a.Float())), nil
	}
}

func withinOne(f func(float64) float64) func(*Env, types.Value) (types.Value, error) {
	return func(_ *Env, a types.Value) (types.Value, error) {
		if math.Abs(a.Float()) > 1 {
			return types.Value{}, inputOutOfRange()
		}
		return types.NewFloat8(f(a.Float())), nil
	}
}

// powerFloat follows POSIX pow() with PostgreSQL's errors around it.
func powerFloat(_ *Env, a, b types.Value) (types.Value, error) {
	x, y := a.Float(), b.Float()
	switch {
	case math.IsNaN(x) || math.IsNaN(y):
		if y == 0 || x == 1 {
			return types.NewFloat8(1), nil
		}
		return types.NewFloat8(math.NaN()), nil
	case x == 0 && y < 0:
		return types.Value{}, types.Errorf(types.CodePowerArgument, "zero raised to a negative power is undefined")
	case x < 0 && !math.IsInf(y, 0) && math.Floor(y) != y:
		return types.Value{}, complexPower()
	}
	z := pow(x, y)
	if math.IsInf(x, 0) || math.IsInf(y, 0) {
		return types.NewFloat8(z), nil
	}
	switch {
	case math.IsInf(z, 0):
		return types.Value{}, overflow()
	case z == 0 && x != 0:
		return types.Value{}, underflow()
	}
	return types.NewFloat8(z), nil
}

func complexPower() error {
	return types.Errorf(types.CodePowerArgument, "a negative number raised to a non-integer power yields a complex result")
}
