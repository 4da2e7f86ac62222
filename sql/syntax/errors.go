package syntax

import (
	"strings"
	"unicode/utf8"

	"github.com/asofdb/asof/sql/types"
)

// syntaxError is PostgreSQL's "syntax error at or near", for a token as it is written.
func syntaxError(written string, at Span) *types.Error {
	return types.Errorf(types.CodeSyntax, "syntax error at or near %s", near(written)).At(int(at.Pos), int(at.End-at.Pos))
}

// notYet is the refusal of what the language will have.
func notYet(what string, at Span) *types.Error {
	return types.Errorf(types.CodeNotSupported, "not yet supported: %s", what).At(int(at.Pos), int(at.End-at.Pos))
}

// refused is the refusal of what the language will never have; hint says what to write instead.
func refused(what string, at Span, hint string) *types.Error {
	return types.Errorf(types.CodeNotSupported, "%s", what).At(int(at.Pos), int(at.End-at.Pos)).WithHint("%s", hint)
}

// near quotes a piece of the text as PostgreSQL does in its messages: as it is, between quotes.
func near(s string) string { return `"` + clip(s) + `"` }

// clip shortens a piece of the text to what fits a message: its first line, 40 bytes of it.
func clip(s string) string {
	if n := strings.IndexAny(s, "\r\n"); n > 0 {
		s = s[:n]
	}
	if len(s) <= 40 {
		return s
	}
	n := 40
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// nearest returns the one of words that word is most likely a slip of, or "".
func nearest(word string, words []string) string {
	best, found := (len(word)+2)/4+1, ""
	for _, w := range words {
		if w == word || len(w) < 2 {
			continue
		}
		if d := distance(word, w, best); d < best {
			best, found = d, w
		}
	}
	return found
}

// distance counts the letters to insert, delete, replace or swap with their neighbour between a and b, up to limit.
func distance(a, b string, limit int) int {
	if len(a)-len(b) >= limit || len(b)-len(a) >= limit {
		return limit
	}
	before, last, now := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		now[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			now[j] = min(last[j]+1, now[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				now[j] = min(now[j], before[j-2]+1)
			}
		}
		before, last, now = last, now, before
	}
	return last[len(b)]
}
