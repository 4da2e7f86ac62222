package resp

import "strings"

// globMatch matches as Redis does: * any text, ? any byte, [a-c] and [^a-c] a byte, \x the byte x. It goes back to the last * only, so that no pattern takes longer than the
// lengths' product.
func globMatch(pattern, text string) bool {
	p, t := 0, 0
	star, mark := -1, 0
	for t < len(text) {
		if p < len(pattern) {
			if pattern[p] == '*' {
				star, mark = p, t
				p++
				continue
			}
			if n, ok := globByte(pattern[p:], text[t]); ok {
				p, t = p+n, t+1
				continue
			}
		}
		if star < 0 {
			return false
		}
		mark++
		p, t = star+1, mark
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}

// globByte matches one byte against what the pattern begins with, n bytes of it.
func globByte(pattern string, c byte) (n int, ok bool) {
	switch pattern[0] {
	case '?':
		return 1, true
	case '[':
		return globSet(pattern, c)
	case '\\':
		if len(pattern) > 1 {
			return 2, pattern[1] == c
		}
	}
	return 1, pattern[0] == c
}

// globSet matches [...]; one that does not end goes to the pattern's end.
func globSet(pattern string, c byte) (n int, ok bool) {
	i := 1
	not := i < len(pattern) && pattern[i] == '^'
	if not {
		i++
	}
	for i < len(pattern) && pattern[i] != ']' {
		switch {
		case pattern[i] == '\\' && i+1 < len(pattern):
			ok = ok || pattern[i+1] == c
			i += 2
		case i+2 < len(pattern) && pattern[i+1] == '-':
			low, high := min(pattern[i], pattern[i+2]), max(pattern[i], pattern[i+2])
			ok = ok || low <= c && c <= high
			i += 3
		default:
			ok = ok || pattern[i] == c
			i++
		}
	}
	return min(i+1, len(pattern)), ok != not
}

// globPrefix is the text that everything that matches begins with; whole says that it is all of it.
func globPrefix(pattern string) (prefix string, whole bool) {
	at := strings.IndexAny(pattern, `*?[\`)
	if at < 0 {
		return pattern, true
	}
	return pattern[:at], false
}
