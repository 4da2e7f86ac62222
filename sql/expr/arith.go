package expr

import "github.com/asofdb/asof/sql/types"

// arithmeticOperators are + - * / % over the number types and their negation. Integers of different widths and the two
// floats meet without a cast, in the wider type.
var arithmeticOperators = numberOperators()

func bitAnd(_ *Env, a, b types.Value) (types.Value, error) { return types.NewInt(a.Kind, a.I&b.I), nil }

type binaryOperation = func(a, b types.Value) (types.Value, error)

func numberOperators() []function {
	ints, floats := []types.Type{int2, int4, int8}, []types.Type{float4, float8}
	operations := []struct {
		op string
		f  binaryOperation
	}{{"+", types.Add}, {"-", types.Sub}, {"*", types.Mul}, {"/", types.Div}}
	rows := []function{
		{name: "&", args: sig(int2, int2), result: int2, two: bitAnd},
		{name: "&", args: sig(int4, int4), result: int4, two: bitAnd},
		{name: "&", args: sig(int8, int8), result: int8, two: bitAnd},
	}
	for _, o := range operations {
		rows = append(rows, mixed(o.op, o.f, ints)...)
		rows = append(rows, mixed(o.op, o.f, floats)...)
		rows = append(rows, function{name: o.op, args: sig(numeric, numeric), result: numeric, two: plain(o.f)})
	}
	for _, t := range []types.Type{int2, int4, int8, numeric} {
		rows = append(rows, function{name: "%", args: sig(t, t), result: t, two: plain(types.Mod)})
	}
	for _, t := range []types.Type{int2, int4, int8, float4, float8, numeric} {
		rows = append(rows,
			function{name: "-", args: sig(t), result: t, one: func(_ *Env, a types.Value) (types.Value, error) { return types.Neg(a) }},
			function{name: "+", args: sig(t), result: t, one: func(_ *Env, a types.Value) (types.Value, error) { return a, nil }})
	}
	return append(rows,
		function{name: "^", args: sig(float8, float8), result: float8, two: powerFloat},
		function{name: "^", args: sig(numeric, numeric), result: numeric, two: plain(types.PowerNumeric)})
}

// mixed makes the rows of one operation over a family of types, narrow to wide: the result is the wider one.
func mixed(op string, f binaryOperation, family []types.Type) []function {
	var rows []function
	for i, l := range family {
		for j, r := range family {
			wide := family[max(i, j)]
			row := function{name: op, args: sig(l, r), result: wide, two: widened(f, wide.Kind)}
			if isInt(l.Kind) && op != "/" {
				row.whole = op[0]
			}
			rows = append(rows, row)
		}
	}
	return rows
}

// widened computes in kind k. Values of one family look alike in all its kinds, so that the kind is all there is to change.
func widened(f binaryOperation, k types.Kind) func(*Env, types.Value, types.Value) (types.Value, error) {
	return func(_ *Env, a, b types.Value) (types.Value, error) {
		a.Kind, b.Kind = k, k
		return f(a, b)
	}
}

func plain(f binaryOperation) func(*Env, types.Value, types.Value) (types.Value, error) {
	return func(_ *Env, a, b types.Value) (types.Value, error) { return f(a, b) }
}

func (a *Arith) Type() types.Type { return a.T }

func (a *Arith) Eval(env *Env) (types.Value, error) {
	if a.f.whole != 0 {
		return a.evalInts(env)
	}
	return a.f.callTwo(env, a.L, a.R)
}

// evalInts computes in int64 with the operands read in place, which takes half the time of the general way. What overflows goes
// that way, for its error.
func (a *Arith) evalInts(env *Env) (types.Value, error) {
	var lv, rv types.Value
	l, err := operand(a.L, env, &lv)
	if err != nil {
		return types.Value{}, err
	}
	r, err := operand(a.R, env, &rv)
	if err != nil || l.Kind == types.Null || r.Kind == types.Null {
		return types.Value{}, err
	}
	x, y := l.I, r.I
	if small := int64(1) << 31; x >= -small && x < small && y >= -small && y < small {
		var z int64
		switch a.f.whole {
		case '+':
			z = x + y
		case '-':
			z = x - y
		default:
			z = x * y
		}
		if a.T.Kind == types.Int8 || z == int64(int32(z)) && a.T.Kind == types.Int4 {
			return types.Value{Kind: a.T.Kind, I: z}, nil
		}
	}
	return a.f.two(env, *l, *r)
}

func (a *Arith) String() string { return infix(a.L, a.Op, a.R) }
