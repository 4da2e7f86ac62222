package editor

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rivo/uniseg"
)

// maxUndo is how many changes of one text can be taken back.
const maxUndo = 1000

// text is what is being edited.
type text struct {
	s      string
	cursor int    // a byte of s, or its end
	kill   string // what was cut last
	before []snapshot
}

type snapshot struct {
	s      string
	cursor int
}

// do runs the commands that only concern the text. Last is the command before this one: letters typed in a row are taken back together.
func (t *text) do(k key, last command) {
	switch k.command {
	case insert:
		t.insert(k.text, last == insert && !strings.HasPrefix(k.text, " "))
	case newline:
		t.insert("\n", false)
	case left:
		t.cursor = t.left(t.cursor)
	case right:
		t.cursor = t.right(t.cursor)
	case wordLeft:
		t.cursor = t.wordLeft()
	case wordRight:
		t.cursor = t.wordRight()
	case lineStart:
		t.cursor = t.lineStart(t.cursor)
	case lineEnd:
		t.cursor = t.lineEnd(t.cursor)
	case textStart:
		t.cursor = 0
	case textEnd:
		t.cursor = len(t.s)
	case backspace:
		t.delete(t.left(t.cursor))
	case deleteRight:
		t.delete(t.right(t.cursor))
	case killRight:
		to := t.lineEnd(t.cursor)
		if to == t.cursor {
			to = t.right(to) // the line break
		}
		t.cut(to)
	case killLeft:
		t.cut(t.lineStart(t.cursor))
	case killWordLeft:
		t.cut(t.wordLeft())
	case killWordRight:
		t.cut(t.wordRight())
	case yank:
		t.insert(t.kill, false)
	case undo:
		t.undo()
	}
}

// set replaces all of it.
func (t *text) set(s string) {
	t.save()
	t.s, t.cursor = s, len(s)
}

// insert puts s at the cursor; together says that it belongs to the change before it.
func (t *text) insert(s string, together bool) {
	if s == "" {
		return
	}
	if !together {
		t.save()
	}
	t.s = t.s[:t.cursor] + s + t.s[t.cursor:]
	t.cursor = t.settle(t.cursor + len(s))
}

// settle is the first place between two characters at i or after it: what was put before a combining mark has become one with it.
func (t *text) settle(i int) int {
	at := t.lineStart(i)
	for at < i {
		at = t.right(at)
	}
	return at
}

// replace puts s in the place of what stands from byte `from` to the cursor.
func (t *text) replace(from int, s string) {
	t.save()
	t.s = t.s[:from] + s + t.s[t.cursor:]
	t.cursor = t.settle(from + len(s))
}

// delete removes what lies between the cursor and byte to, on either side.
func (t *text) delete(to int) {
	from := min(t.cursor, to)
	to = max(t.cursor, to)
	if from == to {
		return
	}
	t.save()
	t.s = t.s[:from] + t.s[to:]
	t.cursor = t.settle(from)
}

func (t *text) cut(to int) {
	if to != t.cursor {
		t.kill = t.s[min(t.cursor, to):max(t.cursor, to)]
		t.delete(to)
	}
}

func (t *text) save() {
	if len(t.before) == maxUndo {
		t.before = t.before[1:]
	}
	t.before = append(t.before, snapshot{t.s, t.cursor})
}

func (t *text) undo() {
	if n := len(t.before); n > 0 {
		t.s, t.cursor = t.before[n-1].s, t.before[n-1].cursor
		t.before = t.before[:n-1]
	}
}

func (t *text) lineStart(i int) int { return strings.LastIndexByte(t.s[:i], '\n') + 1 }

func (t *text) lineEnd(i int) int {
	if n := strings.IndexByte(t.s[i:], '\n'); n >= 0 {
		return i + n
	}
	return len(t.s)
}

// right is where the character that begins at i ends.
func (t *text) right(i int) int {
	cluster, _, _, _ := uniseg.FirstGraphemeClusterInString(t.s[i:], -1)
	return i + len(cluster)
}

// left is where the character that ends at i begins. Clusters can only be found forwards, so it looks from the line's start.
func (t *text) left(i int) int {
	if i == 0 || t.s[i-1] == '\n' {
		return max(0, i-1)
	}
	at := t.lineStart(i)
	for {
		next := t.right(at)
		if next >= i {
			return at
		}
		at = next
	}
}

func (t *text) wordLeft() int {
	i := t.cursor
	for inWord := false; i > 0; {
		r, size := utf8.DecodeLastRuneInString(t.s[:i])
		if isWord(r) {
			inWord = true
		} else if inWord {
			break
		}
		i -= size
	}
	return t.settle(i)
}

func (t *text) wordRight() int {
	i := t.cursor
	for inWord := false; i < len(t.s); {
		r, size := utf8.DecodeRuneInString(t.s[i:])
		if isWord(r) {
			inWord = true
		} else if inWord {
			break
		}
		i += size
	}
	return t.settle(i)
}

// isWord reports whether r is part of a word: of a name, and the marks that belong to its letters.
func isWord(r rune) bool {
	return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r)
}

// up moves the cursor to the line above, false where there is none.
func (t *text) up() bool {
	start := t.lineStart(t.cursor)
	if start == 0 {
		return false
	}
	t.cursor = t.atColumn(t.lineStart(start-1), uniseg.StringWidth(t.s[start:t.cursor]))
	return true
}

func (t *text) down() bool {
	end := t.lineEnd(t.cursor)
	if end == len(t.s) {
		return false
	}
	t.cursor = t.atColumn(end+1, uniseg.StringWidth(t.s[t.lineStart(t.cursor):t.cursor]))
	return true
}

// atColumn is the place in the line that begins at start which is column columns right of it, or the line's end.
func (t *text) atColumn(start, column int) int {
	end, at := t.lineEnd(start), start
	for at < end && uniseg.StringWidth(t.s[start:t.right(at)]) <= column {
		at = t.right(at)
	}
	return at
}
