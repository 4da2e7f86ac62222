package editor

import (
	"strings"
	"unicode/utf8"
)

// recall is where in the history the user is. Entries that were changed without being entered stay changed until the input ends.
type recall struct {
	at      int            // len(history): the new text
	changed map[int]string // by entry

	searching bool
	query     string
	found     int // the entry that is shown, len(history) before the first match
	failed    bool
	origin    text // what was there when the search began
}

func (e *Editor) older() {
	if e.recall.at > 0 {
		e.visit(e.recall.at - 1)
	}
}

func (e *Editor) newer() {
	if e.recall.at < len(e.History) {
		e.visit(e.recall.at + 1)
	}
}

// visit shows an entry, and remembers what has become of the one that was shown.
func (e *Editor) visit(at int) {
	e.remember()
	e.recall.at = at
	s, ok := e.recall.changed[at]
	if !ok {
		s = printable(e.History[at])
	}
	e.text.set(s)
}

func (e *Editor) remember() {
	if e.recall.changed == nil {
		e.recall.changed = map[int]string{}
	}
	e.recall.changed[e.recall.at] = e.text.s
}

func (e *Editor) startSearch() {
	e.remember()
	e.recall.searching, e.recall.query, e.recall.failed = true, "", false
	e.recall.found, e.recall.origin = len(e.History), e.text
}

// shown is the row that stands below the text during a search.
func (r *recall) shown() string {
	what := "history: "
	if r.failed {
		what = "not in the history: "
	}
	return what + strings.ReplaceAll(r.query, "\n", " ") + "_"
}

// search takes a key during a search, false where the key ends it and means what it always does.
func (e *Editor) search(k key) bool {
	r := &e.recall
	switch k.command {
	case insert:
		r.query += k.text
		e.find(r.found)
	case backspace:
		_, size := utf8.DecodeLastRuneInString(r.query)
		r.query = r.query[:len(r.query)-size]
		e.find(len(e.History))
	case searchHistory:
		e.find(r.found - 1)
	case escape, interrupt:
		e.text, r.searching = r.origin, false
	case none:
	default:
		r.searching = false
		return false
	}
	return true
}

// find shows the newest entry up to `from` that holds the query.
func (e *Editor) find(from int) {
	r := &e.recall
	r.failed = false
	if r.query == "" {
		return
	}
	for i := min(from, len(e.History)-1); i >= 0; i-- {
		s := printable(e.History[i])
		if n := strings.Index(strings.ToLower(s), strings.ToLower(r.query)); n >= 0 {
			r.found, r.at = i, i
			e.text.s = s
			e.text.cursor = e.text.settle(min(n, len(s)))
			return
		}
	}
	r.failed = true
}
