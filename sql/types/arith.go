package types

import "math"

// Add returns a + b for two numbers of one kind, with PostgreSQL's range checks. Operands of different kinds are cast before.
func Add(a, b Value) (Value, error) {
	switch a.Kind {
	case Int2, Int4, Int8:
		return addInt(a.Kind, a.I, b.I)
	case Float4, Float8:
		return addFloat(a.Kind, a.Float(), b.Float())
	case Numeric:
		return AddNumeric(a, b)
	case Interval:
		return AddInterval(a, b, nil)
	}
	return Value{}, noOperator(a.Kind, "+")
}

// Sub returns a - b.
func Sub(a, b Value) (Value, error) {
	switch a.Kind {
	case Int2, Int4, Int8:
		return subInt(a.Kind, a.I, b.I)
	case Float4, Float8:
		return subFloat(a.Kind, a.Float(), b.Float())
	case Numeric:
		return SubNumeric(a, b)
	case Interval:
		return SubInterval(a, b, nil)
	case Date, Time, Timestamp, Timestamptz:
		return SubTimes(a, b)
	}
	return Value{}, noOperator(a.Kind, "-")
}

// Mul returns a * b.
func Mul(a, b Value) (Value, error) {
	switch a.Kind {
	case Int2, Int4, Int8:
		return mulInt(a.Kind, a.I, b.I)
	case Float4, Float8:
		return mulFloat(a.Kind, a.Float(), b.Float())
	case Numeric:
		return MulNumeric(a, b)
	}
	return Value{}, noOperator(a.Kind, "*")
}

// Div returns a / b: truncated for integers.
func Div(a, b Value) (Value, error) {
	switch a.Kind {
	case Int2, Int4, Int8:
		return divInt(a.Kind, a.I, b.I)
	case Float4, Float8:
		return divFloat(a.Kind, a.Float(), b.Float())
	case Numeric:
		return DivNumeric(a, b)
	}
	return Value{}, noOperator(a.Kind, "/")
}

// Mod returns the remainder of the truncated quotient, for integers and numerics.
func Mod(a, b Value) (Value, error) {
	switch a.Kind {
	case Int2, Int4, Int8:
		return modInt(a.Kind, a.I, b.I)
	case Numeric:
		return ModNumeric(a, b)
	}
	return Value{}, noOperator(a.Kind, "%")
}

// Neg returns -v for a number or an interval.
func Neg(v Value) (Value, error) {
	switch v.Kind {
	case Int2, Int4, Int8:
		return subInt(v.Kind, 0, v.I)
	case Float4, Float8:
		return newFloat(v.Kind, -v.Float()), nil
	case Numeric:
		return NegNumeric(v), nil
	case Interval:
		return NegInterval(v)
	}
	return Value{}, noOperator(v.Kind, "-")
}

// Abs returns |v| for a number.
func Abs(v Value) (Value, error) {
	switch v.Kind {
	case Int2, Int4, Int8:
		if v.I < 0 {
			return Neg(v)
		}
		return v, nil
	case Float4, Float8:
		return newFloat(v.Kind, math.Abs(v.Float())), nil
	case Numeric:
		return AbsNumeric(v), nil
	}
	return Value{}, noOperator(v.Kind, "abs")
}

func noOperator(k Kind, op string) *Error {
	return Errorf(CodeUndefinedFunction, "operator does not exist: %s for type %s", op, k)
}
