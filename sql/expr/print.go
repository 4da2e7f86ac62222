package expr

import (
	"strings"

	"github.com/asofdb/asof/sql/types"
)

func infix(l Expr, op string, r Expr) string {
	return "(" + l.String() + " " + op + " " + r.String() + ")"
}

func joined(open string, xs []Expr, sep, end string) string {
	var b strings.Builder
	b.WriteString(open)
	for i, x := range xs {
		if i > 0 {
			b.WriteString(sep)
		}
		b.WriteString(x.String())
	}
	b.WriteString(end)
	return b.String()
}

// literal prints a constant with its type, in the forms PostgreSQL's own deparser uses: a bare number only where reading it
// back gives the same type.
func literal(v types.Value, t types.Type) string {
	switch {
	case v.IsNull() && t.Kind == types.Unknown:
		return "NULL"
	case v.IsNull():
		return "NULL::" + t.String()
	case t.Kind == types.Unknown:
		return quote(v.S)
	case v.Kind == types.Bool && v.I != 0:
		return "true"
	case v.Kind == types.Bool:
		return "false"
	}
	s := v.String()
	if v.Kind == types.Int4 && v.I >= 0 || t == numeric && plainDecimal(s) {
		return s
	}
	return quote(s) + "::" + t.String()
}

// plainDecimal reports whether s is digits with a point in them: what is read as a NUMERIC of the same scale.
func plainDecimal(s string) bool {
	point := false
	for i := range len(s) {
		switch {
		case s[i] == '.':
			point = true
		case s[i] < '0' || s[i] > '9':
			return false
		}
	}
	return point
}

// quote prints s as a string literal under standard_conforming_strings.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
