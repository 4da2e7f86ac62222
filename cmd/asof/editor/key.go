package editor

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// command is what a key asks for.
type command uint8

const (
	none command = iota
	insert
	enter
	newline // a line break even where Enter would end the input
	interrupt
	endOrDelete
	escape
	complete
	searchHistory
	redraw
	stopProcess

	left
	right
	wordLeft
	wordRight
	lineStart
	lineEnd
	textStart
	textEnd
	up
	down
	previousEntry
	nextEntry

	backspace
	deleteRight
	killRight
	killLeft
	killWordLeft
	killWordRight
	yank
	undo
)

// key is one key press, or one paste.
type key struct {
	command command
	text    string // of insert
}

// controls are the control characters, as Emacs, bash and psql have them.
var controls = map[byte]command{
	1: lineStart, 2: left, 3: interrupt, 4: endOrDelete, 5: lineEnd, 6: right, 7: escape, 8: backspace, 9: complete,
	10: enter, 11: killRight, 12: redraw, 13: enter, 14: down, 16: up, 18: searchHistory, 21: killLeft,
	23: killWordLeft, 25: yank, 26: stopProcess, 31: undo, 127: backspace,
}

// sequences are what follows an ESC: what xterm, the Linux console, rxvt and screen send for keys, and Alt with a letter.
var sequences = map[string]command{
	"[A": up, "[B": down, "[C": right, "[D": left, "[H": lineStart, "[F": lineEnd,
	"OA": up, "OB": down, "OC": right, "OD": left, "OH": lineStart, "OF": lineEnd,
	"[1~": lineStart, "[7~": lineStart, "[4~": lineEnd, "[8~": lineEnd, "[3~": deleteRight,
	"[5~": previousEntry, "[6~": nextEntry,
	"[1;5C": wordRight, "[1;3C": wordRight, "[1;5D": wordLeft, "[1;3D": wordLeft, "Oc": wordRight, "Od": wordLeft,
	"[1;5A": previousEntry, "[1;5B": nextEntry, "[1;5H": textStart, "[1;5F": textEnd, "[3;5~": killWordRight,
	"b": wordLeft, "f": wordRight, "d": killWordRight, "\x7f": killWordLeft, "\b": killWordLeft,
	"<": textStart, ">": textEnd, "\r": newline, "\n": newline,
}

const (
	pasteBegin = "\x1b[200~"
	pasteEnd   = "\x1b[201~"
)

// decode reads the first key of buf, which is not empty, and returns how many bytes it is; 0 where more must come first. Keys that
// mean nothing are none.
func decode(buf []byte) (key, int) {
	c := buf[0]
	switch {
	case c == 0x1b:
		return decodeEscape(buf)
	case c < 0x20 || c == 0x7f:
		return key{command: controls[c]}, 1
	case !utf8.FullRune(buf):
		return key{}, 0
	}
	// A run of letters is one key, but a blank begins another: what comes fast is taken back word by word, as what comes slowly.
	n := 0
	for n < len(buf) && buf[n] >= 0x20 && buf[n] != 0x7f && utf8.FullRune(buf[n:]) && (n == 0 || buf[n] != ' ') {
		_, size := utf8.DecodeRune(buf[n:])
		n += size
	}
	if s := printable(string(buf[:n])); s != "" {
		return key{insert, s}, n
	}
	return key{}, n
}

func decodeEscape(buf []byte) (key, int) {
	if len(buf) == 1 {
		return key{}, 0
	}
	if bytes.HasPrefix(buf, []byte(pasteBegin)) {
		end := bytes.Index(buf, []byte(pasteEnd))
		if end < 0 {
			return key{}, 0
		}
		if s := printable(string(buf[len(pasteBegin):end])); s != "" {
			return key{insert, s}, end + len(pasteEnd)
		}
		return key{}, end + len(pasteEnd)
	}
	n := 2
	switch buf[1] {
	case 0x1b:
		return key{command: escape}, 1 // the second one may begin a sequence
	case 'O':
		n = 3
	case '[':
		for n < len(buf) && (buf[n] < 0x40 || buf[n] > 0x7e) {
			if buf[n] < 0x20 || buf[n] >= 0x7f {
				return key{}, n // a sequence that was cut
			}
			n++
		}
		n++
	}
	if n > len(buf) {
		return key{}, 0
	}
	return key{command: sequences[string(buf[1:n])]}, n
}

// printable is s with the line ends of any system as \n, without other control characters and without what is not UTF-8.
func printable(s string) string {
	s = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
	return strings.Map(func(r rune) rune {
		if r < 0x20 && r != '\n' && r != '\t' || 0x7f <= r && r < 0xa0 || r == utf8.RuneError {
			return -1
		}
		return r
	}, s)
}
