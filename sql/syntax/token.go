package syntax

import "strconv"

// kind is what a token is.
type kind uint8

const (
	tokEOF    kind = iota
	tokWord        // an unquoted name or keyword; text is folded to lower case
	tokQuoted      // a "quoted" name; text is what it names
	tokString      // text is the string's value, escapes resolved
	tokNumber      // text is the digits as written
	tokParam       // $N; text is N
	tokOp          // an operator or a punctuation mark; text is it, with != as <>
)

// token is one lexical unit. Its place is that of the whole of it, quotes included.
type token struct {
	kind kind
	Span
	text string
}

// is reports whether t is the keyword, punctuation mark or operator s, which is in lower case.
func (t *token) is(s string) bool {
	return (t.kind == tokWord || t.kind == tokOp) && t.text == s
}

// isName reports whether t is a word or a quoted name.
func (t *token) isName() bool { return t.kind == tokWord || t.kind == tokQuoted }

// param is the N of $N, or 0 where N is no number that a parameter can have.
func (t *token) param() int {
	n, err := strconv.ParseUint(t.text, 10, 16)
	if err != nil {
		return 0
	}
	return int(n)
}
