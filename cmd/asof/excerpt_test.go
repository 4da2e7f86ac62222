package main

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/rivo/uniseg"

	"github.com/asofdb/asof/sql/types"
)

func TestExcerpt(t *testing.T) {
	long := "SELECT " + strings.Repeat("aaaaaaaaa, ", 20) + "wrong, " + strings.Repeat("bbbbbbbbb, ", 20) + "b FROM t"
	for name, c := range map[string]struct {
		text, at string // at: what is underlined, found in text
		want     string
		line     int
	}{
		"plain":       {"SELECT custmer_id FROM orders", "custmer_id", "SELECT custmer_id FROM orders\n       ^^^^^^^^^^", 0},
		"second line": {"SELECT a,\n  wrong\nFROM t", "wrong", "  wrong\n  ^^^^^", 1},
		"tabs":        {"SELECT\ta,\twrong", "wrong", "SELECT a, wrong\n          ^^^^^", 0},
		"wide":        {"SELECT '日本', wrong", "wrong", "SELECT '日本', wrong\n               ^^^^^", 0},
		"combining":   {"SELECT 'e\u0301👩‍👧', é", "é", "SELECT 'e\u0301👩‍👧', é\n              ^", 0},
		"windows":     {"SELECT\r\n wrong\r\n", "wrong", " wrong\n ^^^^^", 1},
		"past line":   {"SELECT (a\n+ b)", "(a\n+", "SELECT (a\n       ^^", 0},
		"long": {
			long, "wrong",
			"...aaaaaaaa, aaaaaaaaa, aaaaaaaaa, wrong, bbbbbbbbb, bbbbbbbbb, bbb...\n" + strings.Repeat(" ", 35) + "^^^^^", 0,
		},
		"long start": {long, "SELECT", long[:64] + "...\n^^^^^^", 0},
		"long end": {
			long, "b FROM t", "", 0,
		},
	} {
		line, carets, n := excerpt(c.text, strings.Index(c.text, c.at), len(c.at))
		if n != c.line {
			t.Errorf("%s: line %d, want %d", name, n, c.line)
		}
		if got := line + "\n" + carets; c.want != "" && got != c.want {
			t.Errorf("%s:\n%s\nwant\n%s", name, got, c.want)
		}
		checkExcerpt(t, line, carets)
	}
}

func TestExcerptAtTheEnd(t *testing.T) {
	for _, text := range []string{"SELECT a FROM", "SELECT a FROM\n\n", "SELECT a FROM  ;  "[:13] + " \r\n"} {
		line, carets, n := excerpt(text, len(text), 1)
		if line != "SELECT a FROM" || carets != strings.Repeat(" ", 13)+"^" || n != 0 {
			t.Errorf("%q: %q %q %d", text, line, carets, n)
		}
	}
	if line, carets, n := excerpt("", 0, 0); line != "" || carets != "^" || n != 0 {
		t.Errorf("nothing: %q %q %d", line, carets, n)
	}
}

// checkExcerpt holds what every excerpt must be: one line that fits, and carets under it or just behind it.
func checkExcerpt(t *testing.T, line, carets string) {
	t.Helper()
	width := uniseg.StringWidth(line)
	left := len(carets) - len(strings.TrimLeft(carets, " "))
	switch {
	case strings.ContainsAny(line, "\n\r\t\x1b"), !utf8.ValidString(line):
		t.Errorf("excerpt %q", line)
	case width > excerptWidth+6:
		t.Errorf("excerpt of %d columns: %q", width, line)
	case strings.Trim(carets, "^") != strings.Repeat(" ", left) || !strings.HasSuffix(carets, "^"):
		t.Errorf("carets %q", carets)
	case left > width || len(carets) > width+1:
		t.Errorf("carets %q beyond %q", carets, line)
	}
}

func FuzzExcerpt(f *testing.F) {
	f.Add("SELECT custmer_id\nFROM orders", 7, 10)
	f.Add(strings.Repeat("日本 e\u0301 \t", 40), 200, 3)
	f.Add("\xff\x80\u009b\r\n;", 3, 100)
	f.Add(strings.Repeat("x", 300), 299, 50)
	f.Add(strings.Repeat("0", 90)+"\u0301", 91, 1) // inside what a reader sees as one character
	f.Fuzz(func(t *testing.T, text string, offset, length int) {
		line, carets, n := excerpt(text, offset, length)
		checkExcerpt(t, line, carets)
		if n < 0 || n > strings.Count(text, "\n") {
			t.Errorf("line %d of %q", n, text)
		}
	})
}

func TestRender(t *testing.T) {
	c := newConsole(nil, terminal{})
	file := &source{name: "a.sql", text: "SELECT 1;\n-- and then\nSELECT\n  wrong\nFROM t;", line: 1}
	second, _ := file.next(9, false)
	stdin := &source{text: "SELECT 1; SELECT wrong;", line: 7}
	inLine, _ := stdin.next(9, false)
	missing := types.Errorf(types.CodeUndefinedColumn, `column "wrong" does not exist`).WithHint(`did you mean "right"?`)
	for _, c2 := range []struct {
		err  error
		st   *statement
		want string
	}{
		{at(missing, second, "wrong"), second, "a.sql:4: ERROR 42703: column \"wrong\" does not exist\nLINE 4:   wrong\n          ^^^^^\nHINT: did you mean \"right\"?"},
		{at(missing, inLine, "wrong"), inLine, "ERROR 42703: column \"wrong\" does not exist\nLINE 7: SELECT 1; SELECT wrong;\n                         ^^^^^\nHINT: did you mean \"right\"?"},
		{&types.Error{Code: "55000", Message: "later than the frontier", Detail: "It is noon."}, second, "a.sql:3: ERROR 55000: later than the frontier\nDETAIL: It is noon."},
		{errors.New("disk on fire"), nil, "ERROR XX000: disk on fire"},
	} {
		if got := c.render(c2.err, c2.st); got != c2.want {
			t.Errorf("got\n%s\nwant\n%s", got, c2.want)
		}
	}
	if got := newConsole(nil, terminal{colour: true}).render(errors.New("x"), nil); got != "\x1b[1;31mERROR XX000:\x1b[0m x" {
		t.Errorf("in colour: %q", got)
	}
}

// at is a copy of e that points to what in st.
func at(e *types.Error, st *statement, what string) error {
	placed := *e
	return placed.At(strings.Index(st.text, what), len(what))
}
