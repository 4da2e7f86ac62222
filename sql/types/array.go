package types

import (
	"strings"
	"time"
)

// NewArray returns an array of elems, which it takes ownership of.
func NewArray(elems []Value) Value { return Value{Kind: Array, X: elems} }

// Elems returns the elements of an Array; the caller must not change them.
func (v Value) Elems() []Value {
	elems, _ := v.X.([]Value)
	return elems
}

// appendArray prints {a,b,NULL}, with quotes where PostgreSQL's array_out sets them.
func appendArray(dst []byte, v Value, zone *time.Location) []byte {
	dst = append(dst, '{')
	for i, e := range v.Elems() {
		if i > 0 {
			dst = append(dst, ',')
		}
		if e.IsNull() {
			dst = append(dst, "NULL"...)
			continue
		}
		start := len(dst)
		dst = AppendTextIn(dst, e, zone)
		if needsQuotes(dst[start:]) {
			dst = quoteElement(dst, start)
		}
	}
	return append(dst, '}')
}

// needsQuotes reports whether an element would be misread bare.
func needsQuotes(s []byte) bool {
	if len(s) == 0 || len(s) == 4 && strings.EqualFold(string(s), "NULL") {
		return true
	}
	for _, c := range s {
		if blank(c) || c == '"' || c == '\\' || c == '{' || c == '}' || c == ',' {
			return true
		}
	}
	return false
}

// quoteElement puts dst[start:] between quotes, escaping quotes and backslashes.
func quoteElement(dst []byte, start int) []byte {
	elem := string(dst[start:])
	dst = append(dst[:start], '"')
	for i := range len(elem) {
		if elem[i] == '"' || elem[i] == '\\' {
			dst = append(dst, '\\')
		}
		dst = append(dst, elem[i])
	}
	return append(dst, '"')
}

func malformedArray(s, detail string) *Error {
	e := Errorf(CodeInvalidText, "malformed array literal: \"%s\"", s)
	e.Detail = detail
	return e
}

// parseArray reads a one-dimensional array literal.
func parseArray(t Type, s string, zone *time.Location) (Value, error) {
	p := arrayParser{text: s, rest: trimBlanks(s), elem: t.ElemType(), zone: zone}
	elems, err := p.elements()
	if err != nil {
		return Value{}, err
	}
	return NewArray(elems), nil
}

type arrayParser struct {
	text, rest string
	elem       Type
	zone       *time.Location
}

func (p *arrayParser) elements() ([]Value, error) {
	if strings.HasPrefix(p.rest, "[") {
		return nil, Errorf(CodeNotSupported, "arrays with explicit bounds are not supported").
			WithHint("Write the elements alone: {1,2,3}.")
	}
	if !strings.HasPrefix(p.rest, "{") {
		return nil, malformedArray(p.text, "Array value must start with \"{\" or dimension information.")
	}
	p.rest = strings.TrimLeft(p.rest[1:], blanks)
	elems := []Value{}
	if strings.HasPrefix(p.rest, "}") {
		return elems, p.end()
	}
	for {
		e, err := p.element()
		if err != nil {
			return nil, err
		}
		elems = append(elems, e)
		if p.rest == "" {
			return nil, malformedArray(p.text, "Unexpected end of input.")
		}
		delimiter := p.rest[0]
		if delimiter == '}' {
			return elems, p.end()
		}
		p.rest = strings.TrimLeft(p.rest[1:], blanks)
	}
}

// blanks are the bytes that blank accepts.
const blanks = " \t\n\v\f\r"

// end checks that the closing brace is the last thing in the text.
func (p *arrayParser) end() error {
	if p.rest != "}" {
		return malformedArray(p.text, "Junk after closing right brace.")
	}
	return nil
}

// element reads one element and stops before the delimiter that ends it.
func (p *arrayParser) element() (Value, error) {
	if strings.HasPrefix(p.rest, "{") {
		return Value{}, Errorf(CodeNotSupported, "arrays of more than one dimension are not supported").
			WithHint("Write one list of elements: {1,2,3}.")
	}
	text, quoted, err := p.elementText()
	if err != nil {
		return Value{}, err
	}
	if !quoted && strings.EqualFold(text, "NULL") {
		return Value{}, nil
	}
	return ParseIn(p.elem, text, p.zone)
}

// elementText unescapes one element: bare, with blanks around it dropped, or between quotes.
func (p *arrayParser) elementText() (text string, quoted bool, err error) {
	var b strings.Builder
	kept := 0 // length up to the last byte that is not a bare blank
	inQuotes, closed := false, false
	for i := 0; i < len(p.rest); i++ {
		c := p.rest[i]
		switch {
		case c == '\\':
			i++
			if i == len(p.rest) {
				return "", false, malformedArray(p.text, "Unexpected end of input.")
			}
			if closed {
				return "", false, malformedArray(p.text, "Unexpected array element.")
			}
			b.WriteByte(p.rest[i])
			quoted, kept = true, b.Len()
		case c == '"' && inQuotes:
			inQuotes, closed, kept = false, true, b.Len()
		case c == '"':
			if quoted || b.Len() > 0 {
				return "", false, malformedArray(p.text, "Unexpected array element.")
			}
			inQuotes, quoted = true, true
		case inQuotes:
			b.WriteByte(c)
		case c == ',' || c == '}':
			p.rest = p.rest[i:]
			return p.finish(b.String()[:kept], quoted)
		case c == '{':
			return "", false, malformedArray(p.text, "Unexpected \"{\" character.")
		case blank(c):
			b.WriteByte(c)
		case closed:
			return "", false, malformedArray(p.text, "Unexpected array element.")
		default:
			b.WriteByte(c)
			kept = b.Len()
		}
	}
	return "", false, malformedArray(p.text, "Unexpected end of input.")
}

func (p *arrayParser) finish(text string, quoted bool) (string, bool, error) {
	if text == "" && !quoted {
		return "", false, malformedArray(p.text, "Unexpected \""+p.rest[:1]+"\" character.")
	}
	return text, quoted, nil
}
