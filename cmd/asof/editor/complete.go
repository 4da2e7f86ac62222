package editor

import (
	"strings"
	"unicode/utf8"
)

// complete extends what stands before the cursor as far as all candidates agree, and lists them where there are several.
func (e *Editor) complete() {
	if e.Complete == nil {
		return
	}
	from, candidates := e.Complete(e.text.s, e.text.cursor)
	if len(candidates) == 0 {
		return
	}
	if common := commonPrefix(candidates); len(common) > e.text.cursor-from || len(candidates) == 1 {
		e.text.replace(from, common)
	}
	if len(candidates) > 1 {
		e.menu = make([]string, len(candidates))
		for i, c := range candidates {
			e.menu[i] = strings.TrimRight(c, " ")
		}
	}
}

// commonPrefix is what all of some words begin with, in whole runes.
func commonPrefix(words []string) string {
	prefix := words[0]
	for _, w := range words[1:] {
		n := 0
		for n < len(prefix) && n < len(w) && prefix[n] == w[n] {
			n++
		}
		prefix = prefix[:n]
	}
	for prefix != "" && !utf8.ValidString(prefix) {
		prefix = prefix[:len(prefix)-1]
	}
	return prefix
}
