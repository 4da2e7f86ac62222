package syntax

import (
	"strings"
	"unicode/utf8"

	"github.com/asofdb/asof/sql/types"
)

// lexer cuts a text into tokens as PostgreSQL 15 does with standard_conforming_strings on.
type lexer struct {
	text string
	pos  int
	// open is set where the text ended inside a string, a quoted name or a comment.
	open bool
}

// next returns the next token; tokEOF at the end. After an error the lexer stands behind the faulty token.
func (l *lexer) next() (token, error) {
	if err := l.skipBlank(); err != nil {
		return token{}, err
	}
	start := l.pos
	if start == len(l.text) {
		return token{Span: Span{Pos(start), Pos(start)}}, nil
	}
	t, err := l.scan()
	t.Span = Span{Pos(start), Pos(l.pos)}
	return t, err
}

func (l *lexer) scan() (token, error) {
	c := l.text[l.pos]
	switch {
	case isDigit(c), c == '.' && isDigit(l.at(1)):
		return l.number()
	case isIdentStart(c):
		return l.word()
	case c == '"':
		return l.quotedName()
	case c == '\'':
		return l.str(false)
	case c == '$':
		return l.dollar()
	case strings.IndexByte("(),;[]", c) >= 0:
		return l.op(1), nil
	case c == '.':
		if l.at(1) == '.' {
			return l.op(2), nil
		}
		return l.op(1), nil
	case c == ':':
		if n := l.at(1); n == ':' || n == '=' {
			return l.op(2), nil
		}
		return l.op(1), nil
	case isOpChar(c):
		return l.operator(), nil
	}
	start := l.pos
	_, size := utf8.DecodeRuneInString(l.text[start:])
	l.pos += size
	return token{}, syntaxError(l.text[start:l.pos], Span{Pos(start), Pos(l.pos)})
}

// at returns the byte n places after the lexer's, or 0 behind the end.
func (l *lexer) at(n int) byte {
	if l.pos+n < len(l.text) {
		return l.text[l.pos+n]
	}
	return 0
}

// skipBlank passes white space and comments; /* */ comments nest.
func (l *lexer) skipBlank() error {
	for l.pos < len(l.text) {
		switch c := l.text[l.pos]; {
		case isSpace(c):
			l.pos++
		case c == '-' && l.at(1) == '-':
			l.skipLine()
		case c == '/' && l.at(1) == '*':
			if err := l.skipComment(); err != nil {
				return err
			}
		default:
			return nil
		}
	}
	return nil
}

func (l *lexer) skipLine() {
	if n := strings.IndexAny(l.text[l.pos:], "\r\n"); n >= 0 {
		l.pos += n
	} else {
		l.pos = len(l.text)
	}
}

func (l *lexer) skipComment() error {
	start, depth := l.pos, 0
	for l.pos < len(l.text) {
		switch {
		case l.text[l.pos] == '/' && l.at(1) == '*':
			depth++
			l.pos += 2
		case l.text[l.pos] == '*' && l.at(1) == '/':
			depth--
			l.pos += 2
			if depth == 0 {
				return nil
			}
		default:
			l.pos++
		}
	}
	return l.unterminated("/* comment", start)
}

// unterminated is the error of a token that the text's end cut.
func (l *lexer) unterminated(what string, start int) error {
	l.open = true
	l.pos = len(l.text)
	return types.Errorf(types.CodeSyntax, "unterminated %s at or near %s", what, near(l.text[start:])).
		At(start, len(clip(l.text[start:])))
}

func (l *lexer) op(n int) token {
	l.pos += n
	return token{kind: tokOp, text: l.text[l.pos-n : l.pos]}
}

// operator reads the longest operator, by PostgreSQL's rules: a comment ends it, and it ends in + or - only if one of ~!@#%^&|`? is in it, so that
// a<-1 means a < -1.
func (l *lexer) operator() token {
	n := 0
	for isOpChar(l.at(n)) {
		if c, d := l.at(n), l.at(n+1); c == '-' && d == '-' || c == '/' && d == '*' {
			break
		}
		n++
	}
	op := l.text[l.pos : l.pos+n]
	if !strings.ContainsAny(op, "~!@#%^&|`?") {
		op = strings.TrimRight(op[1:], "+-")
		n = len(op) + 1
	}
	t := l.op(n)
	if t.text == "!=" {
		t.text = "<>"
	}
	return t
}

// number reads 12, 1.5, .5, 1., 1e5. What follows must not be a letter: 1a is no number with an alias.
func (l *lexer) number() (token, error) {
	start := l.pos
	l.digits()
	if l.at(0) == '.' && l.at(1) != '.' {
		l.pos++
		l.digits()
	}
	if c := l.at(0); c == 'e' || c == 'E' {
		n := 1
		if s := l.at(1); s == '+' || s == '-' {
			n = 2
		}
		if isDigit(l.at(n)) {
			l.pos += n
			l.digits()
		}
	}
	if isIdentStart(l.at(0)) {
		return token{}, l.junk("numeric literal", start)
	}
	return token{kind: tokNumber, text: l.text[start:l.pos]}, nil
}

func (l *lexer) digits() {
	for isDigit(l.at(0)) {
		l.pos++
	}
}

func (l *lexer) junk(what string, start int) error {
	for isIdentPart(l.at(0)) {
		l.pos++
	}
	return types.Errorf(types.CodeSyntax, "trailing junk after %s at or near %s", what, near(l.text[start:l.pos])).At(start, l.pos-start)
}

// word reads a name or keyword, and the strings that begin with a letter: E'…'.
func (l *lexer) word() (token, error) {
	if n := l.at(1); n == '\'' || n == '&' {
		switch c := l.at(0); {
		case n == '\'' && (c == 'e' || c == 'E'):
			l.pos++
			return l.str(true)
		case n == '\'' && strings.IndexByte("bBxX", c) >= 0:
			return token{}, l.refuseString("bit strings", 1, "Write BYTEA '\\x…' for bytes.")
		case n == '\'' && (c == 'n' || c == 'N'):
			return token{}, l.refuseString("N'…' strings", 1, "Leave the N out: every string is Unicode.")
		case n == '&' && (c == 'u' || c == 'U') && (l.at(2) == '\'' || l.at(2) == '"'):
			return token{}, l.refuseString("U& strings and names", 2, `Write the characters themselves, or E'\u0061'.`)
		}
	}
	start := l.pos
	for isIdentPart(l.at(0)) {
		l.pos++
	}
	return token{kind: tokWord, text: fold(l.text[start:l.pos])}, nil
}

// refuseString passes a string of a form that is not read, and says so.
func (l *lexer) refuseString(what string, prefix int, hint string) error {
	start := l.pos
	l.pos += prefix
	var err error
	if l.at(0) == '"' {
		_, err = l.quotedName()
	} else {
		_, err = l.str(false)
	}
	if err != nil {
		return err
	}
	return types.Errorf(types.CodeNotSupported, "not yet supported: %s", what).At(start, l.pos-start).WithHint("%s", hint)
}

func (l *lexer) quotedName() (token, error) {
	start := l.pos
	l.pos++
	var b strings.Builder
	for {
		n := strings.IndexByte(l.text[l.pos:], '"')
		if n < 0 {
			return token{}, l.unterminated("quoted identifier", start)
		}
		b.WriteString(l.text[l.pos : l.pos+n])
		l.pos += n + 1
		if l.at(0) != '"' {
			break
		}
		b.WriteByte('"')
		l.pos++
	}
	if b.Len() == 0 {
		return token{}, types.Errorf(types.CodeSyntax, "zero-length delimited identifier at or near %s", near(`""`)).At(start, 2)
	}
	return token{kind: tokQuoted, text: b.String()}, nil
}

// str reads a string from its first quote on, with what continues it: 'a' and 'b' on two lines are one string.
func (l *lexer) str(escapes bool) (token, error) {
	start := l.pos
	var b strings.Builder
	for {
		if err := l.strPart(&b, escapes, start); err != nil {
			return token{}, err
		}
		if !l.continues() {
			break
		}
	}
	s := b.String()
	if escapes && (!utf8.ValidString(s) || strings.IndexByte(s, 0) >= 0) {
		return token{}, types.Errorf(types.CodeBadUTF8, "invalid byte sequence for encoding \"UTF8\" in a string's escapes").At(start, l.pos-start)
	}
	return token{kind: tokString, text: s}, nil
}

// strPart reads one quoted part, quotes included, onto b.
func (l *lexer) strPart(b *strings.Builder, escapes bool, start int) error {
	l.pos++
	for {
		n := strings.IndexAny(l.text[l.pos:], `'\`)
		if n < 0 {
			return l.unterminated("quoted string", start)
		}
		b.WriteString(l.text[l.pos : l.pos+n])
		l.pos += n
		switch {
		case l.text[l.pos] == '\\' && escapes:
			if err := l.escape(b, start); err != nil {
				return err
			}
		case l.text[l.pos] == '\\':
			b.WriteByte('\\')
			l.pos++
		case l.at(1) == '\'':
			b.WriteByte('\'')
			l.pos += 2
		default:
			l.pos++
			return nil
		}
	}
}

// continues reports whether, after white space with a line's end in it, another quote continues the string, and goes there.
func (l *lexer) continues() bool {
	p, newline := l.pos, false
	for p < len(l.text) {
		switch c := l.text[p]; {
		case c == '\n' || c == '\r':
			newline = true
			p++
		case isSpace(c):
			p++
		case c == '-' && p+1 < len(l.text) && l.text[p+1] == '-':
			n := strings.IndexAny(l.text[p:], "\r\n")
			if n < 0 {
				return false
			}
			p += n
		case c == '\'' && newline:
			l.pos = p
			return true
		default:
			return false
		}
	}
	return false
}

// dollar reads $1 and $tag$ strings.
func (l *lexer) dollar() (token, error) {
	start := l.pos
	if isDigit(l.at(1)) {
		l.pos++
		l.digits()
		if isIdentStart(l.at(0)) {
			return token{}, l.junk("parameter", start)
		}
		return token{kind: tokParam, text: l.text[start+1 : l.pos]}, nil
	}
	n := 1
	for c := l.at(n); isIdentStart(c) || n > 1 && isDigit(c); c = l.at(n) {
		n++
	}
	if l.at(n) != '$' {
		l.pos++
		return token{}, syntaxError("$", Span{Pos(start), Pos(l.pos)})
	}
	tag := l.text[start : start+n+1]
	l.pos += len(tag)
	end := strings.Index(l.text[l.pos:], tag)
	if end < 0 {
		return token{}, l.unterminated("dollar-quoted string", start)
	}
	body := l.text[l.pos : l.pos+end]
	l.pos += end + len(tag)
	return token{kind: tokString, text: body}, nil
}

// escape reads one backslash escape of an E'…' string.
func (l *lexer) escape(b *strings.Builder, start int) error {
	c := l.at(1)
	l.pos += 2
	switch c {
	case 0:
		if l.pos > len(l.text) {
			return l.unterminated("quoted string", start)
		}
		b.WriteByte(0)
	case 'b':
		b.WriteByte('\b')
	case 'f':
		b.WriteByte('\f')
	case 'n':
		b.WriteByte('\n')
	case 'r':
		b.WriteByte('\r')
	case 't':
		b.WriteByte('\t')
	case '0', '1', '2', '3', '4', '5', '6', '7':
		l.pos--
		b.WriteByte(byte(l.escapeDigits(8, 3)))
	case 'x':
		if hexDigit(l.at(0)) < 0 {
			b.WriteByte('x')
			return nil
		}
		b.WriteByte(byte(l.escapeDigits(16, 2)))
	case 'u', 'U':
		return l.escapeRune(b, c)
	default:
		b.WriteByte(c)
	}
	return nil
}

// escapeRune reads the digits of \uXXXX or \UXXXXXXXX; two halves of a UTF-16 pair make one character.
func (l *lexer) escapeRune(b *strings.Builder, c byte) error {
	start := l.pos - 2
	r, ok := l.runeDigits(c)
	if ok && r >= 0xD800 && r < 0xDC00 {
		low, paired := rune(0), false
		if n := l.at(1); l.at(0) == '\\' && (n == 'u' || n == 'U') {
			l.pos += 2
			low, paired = l.runeDigits(n)
		}
		ok = paired && low >= 0xDC00 && low < 0xE000
		r = 0x10000 + (r-0xD800)<<10 + (low - 0xDC00)
	}
	if !ok || !utf8.ValidRune(r) || r == 0 {
		return types.Errorf(types.CodeInvalidEscape, "invalid Unicode escape").At(start, l.pos-start).
			WithHint(`Unicode escapes must be \uXXXX or \UXXXXXXXX.`)
	}
	b.WriteRune(r)
	return nil
}

func (l *lexer) runeDigits(c byte) (rune, bool) {
	n := 4
	if c == 'U' {
		n = 8
	}
	at := l.pos
	v := l.escapeDigits(16, n)
	return rune(v), l.pos-at == n && v <= utf8.MaxRune
}

// escapeDigits reads at most n digits of a base up to 16.
func (l *lexer) escapeDigits(base, n int) (v int64) {
	for ; n > 0; n-- {
		d := hexDigit(l.at(0))
		if d < 0 || d >= base {
			break
		}
		v = v*int64(base) + int64(d)
		l.pos++
	}
	return v
}

func hexDigit(c byte) int {
	switch {
	case isDigit(c):
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

func isSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isIdentStart(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c >= utf8.RuneSelf
}

func isIdentPart(c byte) bool { return isIdentStart(c) || isDigit(c) || c == '$' }

func isOpChar(c byte) bool { return c != 0 && strings.IndexByte("~!@#^&|`?+-*/%<>=", c) >= 0 }

// fold makes the letters A-Z small and leaves all others, as PostgreSQL does in UTF-8.
func fold(s string) string {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c >= 'A' && c <= 'Z' {
			b := []byte(s)
			for ; i < len(b); i++ {
				if c := b[i]; c >= 'A' && c <= 'Z' {
					b[i] = c + 'a' - 'A'
				}
			}
			return string(b)
		}
	}
	return s
}
