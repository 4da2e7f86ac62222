package decode

import (
	"unicode/utf16"
	"unicode/utf8"
)

// unescape appends what the string raw, valid and between its quotes, stands for to dst, and returns it as a
// string. It is false where raw holds half of a surrogate pair, which stands for nothing. The result is not longer than raw.
func unescape(dst, raw []byte) (string, bool) {
	for i := 0; i < len(raw); {
		if raw[i] != '\\' {
			dst = append(dst, raw[i])
			i++
			continue
		}
		switch c := raw[i+1]; c {
		case 'u':
			r, n := unescapeRune(raw[i:])
			if n == 0 {
				return "", false
			}
			dst = utf8.AppendRune(dst, r)
			i += n
		default:
			dst = append(dst, unescapeByte(c))
			i += 2
		}
	}
	return text(dst), true
}

func unescapeByte(c byte) byte {
	switch c {
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	}
	return c
}

// unescapeRune reads \uXXXX, or a surrogate pair of two; the length is 0 where half of the pair is missing.
func unescapeRune(b []byte) (r rune, n int) {
	r = hex4(b[2:])
	if !utf16.IsSurrogate(r) {
		return r, 6
	}
	if len(b) < 12 || b[6] != '\\' || b[7] != 'u' {
		return 0, 0
	}
	if r = utf16.DecodeRune(r, hex4(b[8:])); r == utf8.RuneError {
		return 0, 0
	}
	return r, 12
}

func hex4(b []byte) rune {
	var r rune
	for _, c := range b[:4] {
		r = r<<4 | rune(hexValue(c))
	}
	return r
}

// hexValue returns the value of a hexadecimal digit.
func hexValue(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c | 0x20 - 'a' + 10
}
