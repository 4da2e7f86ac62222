package main

import (
	"os"

	"golang.org/x/term"
)

// terminal is what an output stream is connected to.
type terminal struct {
	// interactive: a person reads it.
	interactive bool
	colour      bool
	// size tells how many columns and rows there are now, 0 where that is not known; nil where there is no terminal.
	size func() (columns, rows int)
}

func (t terminal) columns() int {
	if t.size == nil {
		return 0
	}
	columns, _ := t.size()
	return columns
}

// terminalOf looks at f. NO_COLOR and a dumb terminal switch colours off, CLICOLOR_FORCE switches them on anywhere.
func terminalOf(f *os.File) terminal {
	t := terminal{interactive: term.IsTerminal(int(f.Fd()))}
	if t.interactive {
		t.size = func() (columns, rows int) {
			columns, rows, err := term.GetSize(int(f.Fd()))
			if err != nil {
				return 0, 0
			}
			return columns, rows
		}
	}
	t.colour = t.interactive && os.Getenv("TERM") != "dumb"
	if force := os.Getenv("CLICOLOR_FORCE"); force != "" && force != "0" {
		t.colour = true
	}
	if os.Getenv("NO_COLOR") != "" {
		t.colour = false
	}
	return t
}

func (t terminal) paint(code, s string) string {
	if !t.colour {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

func (t terminal) dim(s string) string  { return t.paint("2", s) }
func (t terminal) bold(s string) string { return t.paint("1", s) }
func (t terminal) red(s string) string  { return t.paint("1;31", s) }
func (t terminal) cyan(s string) string { return t.paint("36", s) }
