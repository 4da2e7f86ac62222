package expr

import (
	"strings"
	"unicode/utf8"

	"github.com/asofdb/asof/sql/types"
)

// Like is X [NOT] LIKE Pattern [ESCAPE Escape], or ILIKE with Fold. Escape is nil where none was written: a backslash.
type Like struct {
	X, Pattern, Escape Expr
	Not, Fold          bool
	match              matcher // of a constant pattern
}

func newLike(x, pattern, escape Expr, not, foldCase bool) Expr {
	l := &Like{X: x, Pattern: pattern, Escape: escape, Not: not, Fold: foldCase}
	if c, ok := pattern.(*Const); ok && escape == nil && !c.V.IsNull() && !foldCase {
		l.match = compilePattern(c.V.S)
	}
	return fold(l)
}

func (*Like) Type() types.Type { return boolean }

func (l *Like) Eval(env *Env) (types.Value, error) { return evalTruth(l, env) }

func (l *Like) String() string {
	op := " LIKE "
	if l.Fold {
		op = " ILIKE "
	}
	if l.Not {
		op = " NOT" + op
	}
	s := "(" + l.X.String() + op + l.Pattern.String()
	if l.Escape != nil {
		s += " ESCAPE " + l.Escape.String()
	}
	return s + ")"
}

func (l *Like) truth(env *Env) (truth, error) {
	var xv, pv, ev types.Value
	x, err := operand(l.X, env, &xv)
	if err != nil {
		return unknown, err
	}
	p, err := operand(l.Pattern, env, &pv)
	if err != nil {
		return unknown, err
	}
	pattern, null := p.S, x.Kind == types.Null || p.Kind == types.Null
	if l.Escape != nil {
		e, err := operand(l.Escape, env, &ev)
		if err != nil {
			return unknown, err
		}
		if e.Kind == types.Null || p.Kind == types.Null {
			return unknown, nil
		}
		if pattern, err = escapePattern(pattern, e.S); err != nil {
			return unknown, err
		}
	}
	if null {
		return unknown, nil
	}
	matched, err := l.matches(x, pattern)
	return truthIf(matched != l.Not), err
}

func (l *Like) matches(x *types.Value, pattern string) (bool, error) {
	if l.match.kind != 0 {
		return l.match.matches(x.S), nil
	}
	s := x.S
	if l.Fold {
		s, pattern = lowerCase(s), lowerCase(pattern)
	}
	return like(s, pattern, x.Kind == types.Bytea)
}

// matcher is a pattern that needs no search: literal text with % at one or both ends or nowhere.
type matcher struct {
	kind byte // 0 none, '=' equal, '^' prefix, '$' suffix, '*' contains
	part string
}

func compilePattern(p string) matcher {
	part, open := strings.CutPrefix(p, "%")
	part, end := strings.CutSuffix(part, "%")
	switch {
	case strings.ContainsAny(part, `%_\`):
		return matcher{}
	case open && end:
		return matcher{'*', part}
	case open && part != "":
		return matcher{'$', part}
	case open:
		return matcher{'*', ""}
	case end:
		return matcher{'^', part}
	}
	return matcher{'=', part}
}

func (m matcher) matches(s string) bool {
	switch m.kind {
	case '*':
		return strings.Contains(s, m.part)
	case '$':
		return strings.HasSuffix(s, m.part)
	case '^':
		return strings.HasPrefix(s, m.part)
	}
	return s == m.part
}

// like reports whether the whole of s matches the pattern p with the escape character backslash.
func like(s, p string, bytes bool) (bool, error) {
	outcome, err := matchLike(s, p, bytes)
	return outcome == matched, err
}

// The outcomes of matching the rest of a text: exhausted means that the text ended first, so that beginning further right
// cannot help either; without it patterns with several % would take exponential time.
const (
	mismatched = iota
	matched
	exhausted
)

func matchLike(s, p string, bytes bool) (int, error) {
	for s != "" && p != "" {
		switch p[0] {
		case '\\':
			if p = p[1:]; p == "" {
				return mismatched, errEscapeAtEnd()
			}
			if p[0] != s[0] {
				return mismatched, nil
			}
		case '%':
			return matchRest(s, p[1:], bytes)
		case '_':
			s, p = s[charLen(s, bytes):], p[1:]
			continue
		default:
			if p[0] != s[0] {
				return mismatched, nil
			}
		}
		s, p = s[1:], p[1:]
	}
	if s != "" {
		return mismatched, nil
	}
	if strings.TrimLeft(p, "%") == "" {
		return matched, nil
	}
	return exhausted, nil
}

// matchRest matches s against p, which followed a %.
func matchRest(s, p string, bytes bool) (int, error) {
	for p != "" && (p[0] == '%' || p[0] == '_') {
		if p[0] == '_' {
			if s == "" {
				return exhausted, nil
			}
			s = s[charLen(s, bytes):]
		}
		p = p[1:]
	}
	if p == "" {
		return matched, nil
	}
	first := p[0]
	if first == '\\' {
		if len(p) < 2 {
			return mismatched, errEscapeAtEnd()
		}
		first = p[1]
	}
	for s != "" {
		if s[0] == first {
			if outcome, err := matchLike(s, p, bytes); outcome != mismatched || err != nil {
				return outcome, err
			}
		}
		s = s[charLen(s, bytes):]
	}
	return exhausted, nil
}

func charLen(s string, bytes bool) int {
	if bytes {
		return 1
	}
	_, n := utf8.DecodeRuneInString(s)
	return n
}

func errEscapeAtEnd() error {
	return types.Errorf(types.CodeInvalidEscape, "LIKE pattern must not end with escape character")
}

// escapePattern rewrites a pattern whose escape character is escape into one whose escape is backslash.
func escapePattern(p, escape string) (string, error) {
	if utf8.RuneCountInString(escape) > 1 {
		return "", types.Errorf(types.CodeInvalidEscape, "invalid escape string").WithHint("Escape string must be empty or one character.")
	}
	if escape == `\` {
		return p, nil
	}
	var b strings.Builder
	escaped := false
	for p != "" {
		c := p[:charLen(p, false)]
		p = p[len(c):]
		switch {
		case c == escape && !escaped:
			b.WriteByte('\\')
			escaped = true
			continue
		case c == `\` && !escaped:
			b.WriteString(`\\`)
		default:
			b.WriteString(c)
		}
		escaped = false
	}
	return b.String(), nil
}
