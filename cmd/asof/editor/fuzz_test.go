package editor

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/hinshun/vt10x"
	"github.com/rivo/uniseg"
)

const fuzzColumns, fuzzRows = 12, 7

// FuzzKeys holds that no keys harm the editor, and that the terminal shows the text with the cursor in its place after each one. The emulator knows
// no wide characters, so that texts with more than ASCII are only checked for the invariants.
func FuzzKeys(f *testing.F) {
	for _, keys := range []string{
		"SELECT 1;\r", "a\x1b\rb\x1b[A\x1b[Dx\x1b[Bxy", "abcdefghijklmnopqrstuvw\x01\x1b[C\x0b\x19\x19\x1f", "\x12a\x12\x07\x10\x10\x0eb\x12b\r",
		"\x1b[200~a\tb\r\n\x1b[31mc\x1b[201~\x17\x17", "1\r2\r3\r4\r5\r6\r7\r8\r9\r\x1b[1;5Ha\x1b[1;5F", "a\t\t\x7f\t", "e\u0301👩‍👧日本\x02\x02\x08\x04x\x1bb\x1bf", "\xff\xc3\x1b\x1b\x1b[",
		"\u0301\x02a", "🇩🇪🇫🇷\x02\x7f🇬",
	} {
		f.Add([]byte(keys))
	}
	f.Fuzz(func(t *testing.T, keys []byte) {
		if len(keys) > 500 {
			return // each key paints the whole text
		}
		screen := vt10x.New(vt10x.WithSize(fuzzColumns, fuzzRows))
		e := &Editor{Prompt: "=> ", More: "-> ", out: screen, History: []string{"ab", "b\nc\td", "bad\x1b[A\xff"}}
		e.Ended = func(string) bool { return false }
		e.Complete = func(s string, cursor int) (int, []string) { return cursor, []string{"aa", "ab", "a日"} }
		e.screen.size = func() (int, int) { return fuzzColumns, fuzzRows }
		e.recall.at = len(e.History)
		e.screen.begin()
		for len(keys) > 0 {
			k, n := decode(keys)
			if n == 0 {
				break
			}
			keys = keys[n:]
			if k.command == stopProcess || k.command == yank && len(e.text.s) > 1000 { // cutting and pasting doubles a text, again and again
				continue
			}
			if _, err := e.do(k); err != nil {
				break
			}
			e.paint()
			checkEditor(t, e, screen)
		}
	})
}

func checkEditor(t *testing.T, e *Editor, screen vt10x.Terminal) {
	t.Helper()
	s, cursor := e.text.s, e.text.cursor
	if !utf8.ValidString(s) || s != printable(s) {
		t.Fatalf("the text is %q", s)
	}
	boundary, ascii := 0, true
	for boundary < cursor {
		cluster, _, _, _ := uniseg.FirstGraphemeClusterInString(s[boundary:], -1)
		boundary += len(cluster)
	}
	if boundary != cursor {
		t.Fatalf("the cursor is inside a character: byte %d of %q", cursor, s)
	}
	for _, r := range s {
		ascii = ascii && r < 0x80
	}
	want, row, column := expected(s, cursor)
	if !ascii || len(want) > fuzzRows || len(e.menu) > 0 || e.recall.searching {
		return
	}
	lines := strings.Split(screen.String(), "\n")
	at := screen.Cursor()
	top := at.Y - row
	if at.X != column || top < 0 {
		t.Fatalf("the cursor is at %d, %d and should be in column %d of row %d of\n%s", at.X, at.Y, column, row, screen)
	}
	for i, w := range want {
		if got := strings.TrimRight(lines[top+i], " "); got != strings.TrimRight(w, " ") {
			t.Fatalf("row %d is %q, want %q, of %q:\n%s", i, got, w, s, screen)
		}
	}
	for _, below := range lines[top+len(want):] {
		if strings.TrimRight(below, " ") != "" {
			t.Fatalf("%q is left below %q:\n%s", below, s, screen)
		}
	}
}

// expected is how a text of ASCII looks, character by character.
func expected(s string, cursor int) (rows []string, row, column int) {
	rows = []string{"=> "}
	put := func(c string) {
		if len(rows[len(rows)-1]) == fuzzColumns {
			rows = append(rows, "")
		}
		rows[len(rows)-1] += c
	}
	mark := func() {
		row, column = len(rows)-1, len(rows[len(rows)-1])
		if column == fuzzColumns {
			rows = append(rows, "")
			row, column = row+1, 0
		}
	}
	for i := range len(s) {
		if i == cursor {
			mark()
		}
		switch s[i] {
		case '\n':
			rows = append(rows, "-> ")
		case '\t':
			for range tabWidth {
				put(" ")
			}
		default:
			put(s[i : i+1])
		}
	}
	if cursor == len(s) {
		mark()
	}
	return rows, row, column
}
