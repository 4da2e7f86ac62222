package types

import (
	"math"
	"strconv"
)

// intBounds returns the smallest and greatest value of an integer kind.
func intBounds(k Kind) (lo, hi int64) {
	switch k {
	case Int2:
		return math.MinInt16, math.MaxInt16
	case Int4:
		return math.MinInt32, math.MaxInt32
	}
	return math.MinInt64, math.MaxInt64
}

func intOutOfRange(k Kind) *Error { return Errorf(CodeOutOfRange, "%s out of range", k) }

// CheckedInt returns i as a value of kind k, or 22003 where it does not fit.
func CheckedInt(k Kind, i int64) (Value, error) {
	if lo, hi := intBounds(k); i < lo || i > hi {
		return Value{}, intOutOfRange(k)
	}
	return Value{Kind: k, I: i}, nil
}

// parseInt reads an integer as PostgreSQL's pg_strtoint does: blanks around it, one sign, decimal digits.
func parseInt(k Kind, s string) (Value, error) {
	trimmed := trimBlanks(s)
	neg, digits := false, trimmed
	if digits != "" && (digits[0] == '-' || digits[0] == '+') {
		neg, digits = digits[0] == '-', digits[1:]
	}
	if digits == "" {
		return Value{}, invalidText(k, s)
	}
	var n uint64
	over := false
	for i := range len(digits) {
		d := digits[i] - '0'
		if d > 9 {
			return Value{}, invalidText(k, s)
		}
		if n > (math.MaxUint64-9)/10 {
			over = true
			continue
		}
		n = n*10 + uint64(d)
	}
	_, hi := intBounds(k)
	limit := uint64(hi)
	if neg {
		limit++
	}
	if over || n > limit {
		return Value{}, Errorf(CodeOutOfRange, "value \"%s\" is out of range for type %s", s, k)
	}
	if neg {
		return Value{Kind: k, I: -int64(n)}, nil
	}
	return Value{Kind: k, I: int64(n)}, nil
}

// blank reports whether c is one of the bytes C's isspace accepts, which PostgreSQL skips around most inputs.
func blank(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

func trimBlanks(s string) string {
	for s != "" && blank(s[0]) {
		s = s[1:]
	}
	for s != "" && blank(s[len(s)-1]) {
		s = s[:len(s)-1]
	}
	return s
}

func invalidText(k Kind, s string) *Error {
	return Errorf(CodeInvalidText, "invalid input syntax for type %s: \"%s\"", k, s)
}

func appendInt(dst []byte, i int64) []byte { return strconv.AppendInt(dst, i, 10) }

// addInt, subInt and mulInt compute in int64 and check the range of kind k.
func addInt(k Kind, a, b int64) (Value, error) {
	s := a + b
	if (s < a) != (b < 0) {
		return Value{}, intOutOfRange(k)
	}
	return CheckedInt(k, s)
}

func subInt(k Kind, a, b int64) (Value, error) {
	d := a - b
	if (d > a) != (b < 0) {
		return Value{}, intOutOfRange(k)
	}
	return CheckedInt(k, d)
}

func mulInt(k Kind, a, b int64) (Value, error) {
	p, ok := mulInt64(a, b)
	if !ok {
		return Value{}, intOutOfRange(k)
	}
	return CheckedInt(k, p)
}

// mulInt64 returns a*b, and false where it overflows.
func mulInt64(a, b int64) (int64, bool) {
	if a == 0 || b == 0 {
		return 0, true
	}
	p := a * b
	if p/b != a || (a == -1 && b == math.MinInt64) || (b == -1 && a == math.MinInt64) {
		return 0, false
	}
	return p, true
}

// divInt truncates towards zero, as PostgreSQL does.
func divInt(k Kind, a, b int64) (Value, error) {
	if b == 0 {
		return Value{}, errDivisionByZero()
	}
	if b == -1 {
		return subInt(k, 0, a)
	}
	return Value{Kind: k, I: a / b}, nil
}

// modInt has the sign of the dividend.
func modInt(k Kind, a, b int64) (Value, error) {
	if b == 0 {
		return Value{}, errDivisionByZero()
	}
	if b == -1 {
		return Value{Kind: k}, nil
	}
	return Value{Kind: k, I: a % b}, nil
}

func errDivisionByZero() *Error { return Errorf(CodeDivisionByZero, "division by zero") }
