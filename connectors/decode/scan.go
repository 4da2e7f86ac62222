package decode

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"unicode/utf8"

	"github.com/asofdb/asof/sql/types"
)

// tokenKind is what a JSON value is.
type tokenKind uint8

const (
	nullToken tokenKind = iota
	falseToken
	trueToken
	numberToken
	stringToken
	arrayToken
	objectToken
)

// token is one JSON value. raw is its text, of a string without the quotes, and points into the record.
type token struct {
	kind    tokenKind
	escaped bool // raw is a string with escape sequences
	raw     []byte
}

// span is where a token stands in its record: a token to be kept for a while, in a third of the memory and without pointers.
type span struct {
	from, to int32
	kind     tokenKind
	escaped  bool
}

// token returns the token that stands at p.
func (s *scanner) token(p span) token {
	return token{kind: p.kind, escaped: p.escaped, raw: s.b[p.from:p.to]}
}

// maxDepth bounds how deep arrays and objects may nest, and with it the scanner's recursion. Debezium's schemas nest six deep.
const maxDepth = 256

// scanner reads one JSON text from left to right. Its methods return false at the first thing that
// is not JSON and note what it was; err then tells.
type scanner struct {
	b []byte
	i int
	// high gathers the bytes of strings: without a high bit in it everything was ASCII and UTF-8 need not be checked.
	high    uint64
	problem string
}

func (s *scanner) fail(problem string) bool {
	if s.problem == "" {
		s.problem = problem
	}
	return false
}

// err returns what was wrong with the text, nil if it was read to its end and is UTF-8.
func (s *scanner) err() error {
	if s.problem != "" {
		return types.Errorf(types.CodeInvalidText, "not valid JSON at byte %d: %s", s.i+1, s.problem)
	}
	if s.high&highBits != 0 && !utf8.Valid(s.b) {
		return types.Errorf(types.CodeBadUTF8, "not valid UTF-8 at byte %d", invalidUTF8(s.b)+1)
	}
	return nil
}

// end reports whether only blanks follow.
func (s *scanner) end() bool {
	s.space()
	if s.i < len(s.b) {
		return s.fail("there is more text behind the record")
	}
	return true
}

// peek skips blanks and returns the byte it stands at, 0 at the end of the text.
func (s *scanner) peek() byte {
	if s.i < len(s.b) && s.b[s.i] > ' ' {
		return s.b[s.i]
	}
	s.space()
	if s.i < len(s.b) {
		return s.b[s.i]
	}
	return 0
}

func (s *scanner) space() {
	for s.i < len(s.b) {
		switch s.b[s.i] {
		case ' ', '\t', '\n', '\r':
			s.i++
		default:
			return
		}
	}
}

// value reads the value that comes next; depth is how many levels it may still open.
func (s *scanner) value(depth int) (token, bool) {
	p, ok := s.span(depth)
	if !ok {
		return token{}, false
	}
	return s.token(p), true
}

// span is value without its bytes.
func (s *scanner) span(depth int) (p span, ok bool) {
	c := s.peek()
	start := s.i
	switch {
	case c == '"':
		var end int
		if end, p.escaped, ok = s.str(); !ok {
			return p, false
		}
		p.from, p.to, p.kind = int32(start+1), int32(end), stringToken
		return p, true
	case c-'0' < 10 || c == '-':
		p.kind, ok = numberToken, s.number()
	case c == 'n':
		p.kind, ok = nullToken, s.literal("null")
	case c == 't':
		p.kind, ok = trueToken, s.literal("true")
	case c == 'f':
		p.kind, ok = falseToken, s.literal("false")
	case c == '{':
		p.kind, ok = objectToken, s.object(depth)
	case c == '[':
		p.kind, ok = arrayToken, s.array(depth)
	default:
		return p, s.unexpected()
	}
	p.from, p.to = int32(start), int32(s.i)
	return p, ok
}

// skip reads the value that comes next and forgets it.
func (s *scanner) skip() bool {
	_, ok := s.span(maxDepth)
	return ok
}

func (s *scanner) unexpected() bool {
	if s.i >= len(s.b) {
		return s.fail("the record is cut off")
	}
	return s.fail(fmt.Sprintf("unexpected %q", s.b[s.i:s.i+1]))
}

func (s *scanner) literal(word string) bool {
	if n := len(word); len(s.b)-s.i < n || string(s.b[s.i:s.i+n]) != word {
		return s.unexpected()
	}
	s.i += len(word)
	return true
}

// array reads the rest of an array, from its bracket on.
func (s *scanner) array(depth int) bool {
	if depth == 0 {
		return s.tooDeep()
	}
	s.i++
	if s.peek() == ']' {
		s.i++
		return true
	}
	for {
		if _, ok := s.span(depth - 1); !ok {
			return false
		}
		switch s.peek() {
		case ',':
			s.i++
		case ']':
			s.i++
			return true
		default:
			return s.unexpected()
		}
	}
}

// object reads the rest of an object, from its brace on.
func (s *scanner) object(depth int) bool {
	if depth == 0 {
		return s.tooDeep()
	}
	s.i++
	if s.peek() == '}' {
		s.i++
		return true
	}
	for {
		if _, _, ok := s.name(); !ok {
			return false
		}
		if _, ok := s.span(depth - 1); !ok {
			return false
		}
		switch s.peek() {
		case ',':
			s.i++
		case '}':
			s.i++
			return true
		default:
			return s.unexpected()
		}
	}
}

func (s *scanner) tooDeep() bool {
	return s.fail(fmt.Sprintf("arrays and objects are nested more than %d deep", maxDepth))
}

// name reads a member's name and its colon.
func (s *scanner) name() (raw []byte, escaped, ok bool) {
	if s.peek() != '"' {
		return nil, false, s.unexpected()
	}
	start := s.i + 1
	end, escaped, ok := s.str()
	if !ok {
		return nil, false, false
	}
	raw = s.b[start:end]
	if s.peek() != ':' {
		return nil, false, s.unexpected()
	}
	s.i++
	return raw, escaped, true
}

const (
	lowBits  = 0x0101010101010101
	highBits = 0x8080808080808080
)

// stringStop returns a word whose lowest set bit lies in the first byte of w, in memory's order, that
// ends a run of plain string bytes: a quote, a backslash or a control character.
func stringStop(w uint64) uint64 {
	quote := w ^ lowBits*'"'
	slash := w ^ lowBits*'\\'
	return ((quote-lowBits)&^quote | (slash-lowBits)&^slash | (w-lowBits*0x20)&^w) & highBits
}

// str reads a string from its quote on and returns where its closing quote is.
func (s *scanner) str() (end int, escaped, ok bool) {
	b, i, high := s.b, s.i+1, uint64(0)
	for {
		for i+8 <= len(b) {
			w := binary.LittleEndian.Uint64(b[i:])
			high |= w
			if stop := stringStop(w); stop != 0 {
				i += bits.TrailingZeros64(stop) >> 3
				break
			}
			i += 8
		}
		for i < len(b) && b[i] != '"' && b[i] != '\\' && b[i] >= 0x20 {
			high |= uint64(b[i])
			i++
		}
		if i >= len(b) {
			s.i = i
			return 0, false, s.fail("the record is cut off")
		}
		if b[i] == '"' {
			s.i, s.high = i+1, s.high|high
			return i, escaped, true
		}
		n := 0
		if b[i] == '\\' {
			n = escapeLen(b[i:])
		}
		if n == 0 {
			s.i = i
			if b[i] == '\\' {
				return 0, false, s.fail("not an escape sequence")
			}
			return 0, false, s.fail("a control character in a string")
		}
		escaped = true
		i += n
	}
}

// escapeLen returns the length of the escape sequence that b begins with, 0 if it is none.
func escapeLen(b []byte) int {
	if len(b) < 2 {
		return 0
	}
	switch b[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2
	case 'u':
		if len(b) >= 6 && hexDigit(b[2]) && hexDigit(b[3]) && hexDigit(b[4]) && hexDigit(b[5]) {
			return 6
		}
	}
	return 0
}

func hexDigit(c byte) bool { return c-'0' < 10 || c|0x20-'a' < 6 }

// number reads a number from its first character on.
func (s *scanner) number() bool {
	b, i := s.b, s.i
	if b[i] == '-' {
		i++
	}
	first := i
	i = digits(b, i)
	switch {
	case i == first:
		return s.notNumber(i)
	case b[first] == '0' && i > first+1:
		return s.notNumber(first + 1)
	}
	if i < len(b) && b[i] == '.' {
		i++
		first = i
		if i = digits(b, i); i == first {
			return s.notNumber(i)
		}
	}
	if i < len(b) && b[i]|0x20 == 'e' {
		i++
		if i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		first = i
		if i = digits(b, i); i == first {
			return s.notNumber(i)
		}
	}
	s.i = i
	return true
}

func (s *scanner) notNumber(i int) bool {
	s.i = i
	return s.unexpected()
}

// digits returns the end of the run of decimal digits that begins at i.
func digits(b []byte, i int) int {
	for i+8 <= len(b) {
		w := binary.LittleEndian.Uint64(b[i:])
		if stop := notDigits(w); stop != 0 {
			return i + bits.TrailingZeros64(stop)>>3
		}
		i += 8
	}
	for i < len(b) && b[i]-'0' < 10 {
		i++
	}
	return i
}

// notDigits returns a word whose lowest set bit lies in the first byte of w that is no digit; 0 if all eight are.
func notDigits(w uint64) uint64 {
	return (w&0xf0f0f0f0f0f0f0f0 | (w+0x0606060606060606)&0xf0f0f0f0f0f0f0f0>>4) ^ 0x3333333333333333
}

func invalidUTF8(b []byte) int {
	for i := 0; i < len(b); {
		r, n := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && n <= 1 {
			return i
		}
		i += n
	}
	return len(b)
}
