package main

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// TestHelpFitsAScreen holds that every topic can be read at once on a terminal of 80 columns and 24 rows, a prompt below it.
func TestHelpFitsAScreen(t *testing.T) {
	for _, name := range append(topics(), "asof") {
		text := topic(name)
		if n := strings.Count(text, "\n"); n > 23 {
			t.Errorf("%s has %d lines", name, n)
		}
		for line := range strings.Lines(text) {
			if n := utf8.RuneCountInString(line) - 1; n > 79 {
				t.Errorf("%s: a line of %d columns: %s", name, n, line)
			}
		}
	}
}

// TestEveryMetaCommandIsExplained holds that \? names all there are.
func TestEveryMetaCommandIsExplained(t *testing.T) {
	text := topic("shell")
	for _, c := range metaCommands() {
		switch c.name {
		case "?", "help", "quit": // other names, and the one that showed the text
			continue
		}
		if !strings.Contains(text, `\`+c.name) {
			t.Errorf(`\%s is not explained`, c.name)
		}
	}
}
