package main

import (
	"strings"
	"testing"
)

func TestWhatFitsTheScreen(t *testing.T) {
	screen := terminal{size: func() (int, int) { return 20, 5 }}
	for text, want := range map[string]bool{
		"":                      true,
		"1\n2\n3\n4\n":          true,
		"1\n2\n3\n4\n5\n":       false, // the prompt needs a row
		strings.Repeat("x", 80): true,
		strings.Repeat("x", 81): false,
		strings.Repeat("日", 41): false,
		"\x1b[1;31m" + strings.Repeat("x", 80) + "\x1b[0m\n": true,
		"┌" + strings.Repeat("─", 18) + "┐\n":                true,
		"┌" + strings.Repeat("─", 19) + "┐\n":                false,
	} {
		p := &pager{terminal: screen}
		p.held.WriteString(text)
		if got := p.fits(); got != want {
			t.Errorf("%q fits: %v", text, got)
		}
	}
	p := &pager{terminal: terminal{size: func() (int, int) { return 0, 0 }}}
	p.held.WriteString(strings.Repeat("x\n", 1000))
	if !p.fits() {
		t.Error("a screen of unknown size is taken for a small one")
	}
}

func TestPagerCommand(t *testing.T) {
	for value, want := range map[string]string{"": "", " cat ": "", "less -F": "less -F"} {
		t.Setenv("PAGER", value)
		if got := pagerCommand(); got != want {
			t.Errorf("PAGER=%q: %q, want %q", value, got, want)
		}
	}
}
