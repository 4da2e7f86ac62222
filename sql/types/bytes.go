package types

import "strings"

// NewUUID returns a UUID of its 16 bytes.
func NewUUID(b [16]byte) Value { return Value{Kind: UUID, S: string(b[:])} }

// NewBytea returns a BYTEA.
func NewBytea(s string) Value { return Value{Kind: Bytea, S: s} }

func appendUUID(dst []byte, s string) []byte {
	const digits = "0123456789abcdef"
	for i := range len(s) {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			dst = append(dst, '-')
		}
		dst = append(dst, digits[s[i]>>4], digits[s[i]&15])
	}
	return dst
}

// parseUUID reads 32 hexadecimal digits, optionally in braces, with optional hyphens after every fourth digit.
func parseUUID(s string) (Value, error) {
	text := s
	if strings.HasPrefix(text, "{") {
		if !strings.HasSuffix(text, "}") {
			return Value{}, invalidText(UUID, s)
		}
		text = text[1 : len(text)-1]
	}
	var b [16]byte
	for i := range b {
		if len(text) < 2 {
			return Value{}, invalidText(UUID, s)
		}
		hi, lo := hexDigit(text[0]), hexDigit(text[1])
		if hi > 15 || lo > 15 {
			return Value{}, invalidText(UUID, s)
		}
		b[i] = hi<<4 | lo
		text = text[2:]
		if i%2 == 1 && i < 15 {
			text = strings.TrimPrefix(text, "-")
		}
	}
	if text != "" {
		return Value{}, invalidText(UUID, s)
	}
	return NewUUID(b), nil
}

// hexDigit returns the value of a hexadecimal digit, or 255.
func hexDigit(c byte) byte {
	switch {
	case c >= '0' && c <= '9':
		return c - '0'
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10
	}
	return 255
}

// parseBytea reads the hex form (\x0a1b, blanks between bytes allowed) or the escape form (\\ and \ooo).
func parseBytea(s string) (Value, error) {
	if rest, ok := strings.CutPrefix(s, "\\x"); ok {
		return parseHexBytea(rest)
	}
	if strings.IndexByte(s, '\\') < 0 {
		return NewBytea(s), nil
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); {
		switch {
		case s[i] != '\\':
			b = append(b, s[i])
			i++
		case i+1 < len(s) && s[i+1] == '\\':
			b = append(b, '\\')
			i += 2
		case i+3 < len(s) && s[i+1] >= '0' && s[i+1] <= '3' && octal(s[i+2]) && octal(s[i+3]):
			b = append(b, (s[i+1]-'0')<<6|(s[i+2]-'0')<<3|(s[i+3]-'0'))
			i += 4
		default:
			return Value{}, Errorf(CodeInvalidText, "invalid input syntax for type bytea")
		}
	}
	return NewBytea(string(b)), nil
}

func octal(c byte) bool { return c >= '0' && c <= '7' }

func parseHexBytea(s string) (Value, error) {
	b := make([]byte, 0, len(s)/2)
	for i := 0; i < len(s); {
		if blank(s[i]) && s[i] != '\v' && s[i] != '\f' {
			i++
			continue
		}
		hi := hexDigit(s[i])
		if hi > 15 {
			return Value{}, badHexDigit(s[i:])
		}
		if i+1 == len(s) {
			return Value{}, Errorf(CodeInvalidParameter, "invalid hexadecimal data: odd number of digits")
		}
		lo := hexDigit(s[i+1])
		if lo > 15 {
			return Value{}, badHexDigit(s[i+1:])
		}
		b = append(b, hi<<4|lo)
		i += 2
	}
	return NewBytea(string(b)), nil
}

func badHexDigit(s string) *Error {
	end, _ := characters(s, 1)
	return Errorf(CodeInvalidParameter, "invalid hexadecimal digit: \"%s\"", s[:end])
}
