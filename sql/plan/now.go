package plan

import (
	"github.com/asofdb/asof/sql/expr"
	"github.com/asofdb/asof/sql/syntax"
	"github.com/asofdb/asof/sql/types"
)

// placedNow is NOW() in a feature while it is being bound: it remembers where it stood. settle replaces it by expr.Now.
type placedNow struct {
	expr.Now
	place syntax.Span
}

// bindNow binds the calls that mean the moment of the reader; nil for any other call.
func bindNow(call *syntax.Call) (expr.Expr, error) {
	var t types.Kind
	switch call.Name {
	case "now", "current_timestamp", "transaction_timestamp", "statement_timestamp":
		t = types.Timestamptz
	case "localtimestamp":
		t = types.Timestamp
	case "current_date":
		t = types.Date
	case "age":
		if len(call.Args) == 1 {
			return nil, otherNow(call.Span, "AGE of one argument reads NOW(), which")
		}
		return nil, nil
	default:
		return nil, nil
	}
	if len(call.Args) > 0 {
		return nil, nil // scalar functions report the wrong number of arguments
	}
	return castTo(&placedNow{place: call.Span}, types.Type{Kind: t})
}

// isNow reports whether x is NOW(), whatever its place.
func isNow(x expr.Expr) bool {
	switch x.(type) {
	case *placedNow, *expr.Now:
		return true
	}
	return false
}

// readsNow reports whether NOW() occurs in x.
func readsNow(x expr.Expr) bool { return findNow(x) != nil }

// findNow returns the first NOW() in x, nil where there is none.
func findNow(x expr.Expr) *placedNow {
	var found *placedNow
	expr.Walk(x, func(y expr.Expr) bool {
		if n, ok := y.(*placedNow); ok && found == nil {
			found = n
		}
		return found == nil
	})
	return found
}

// settle replaces each placed NOW() by a plain one.
func settle(x expr.Expr) expr.Expr {
	if x == nil {
		return nil
	}
	if isNow(x) {
		return &expr.Now{}
	}
	return expr.Rebuild(x, settle)
}

// otherNow refuses a use of NOW() that is no window.
func otherNow(place syntax.Span, what string) *types.Error {
	return errorAt(place, types.CodeInvalidFunctionDef, "%s can only bound the event time in a feature", what).
		WithHint("a window compares the event time with NOW(): created_at > NOW() - INTERVAL '1 hour', in WHERE, FILTER or CASE WHEN")
}
