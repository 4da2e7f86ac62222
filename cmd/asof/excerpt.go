package main

import (
	"strings"
	"unicode/utf8"

	"github.com/rivo/uniseg"
)

// excerptWidth is how many columns of a line an error shows: with "LINE 1234: " before them they fit a screen of 80.
const excerptWidth = 64

// excerpt returns the line of text on which offset stands, cut around it where it is long, and a line of carets under
// length bytes from there, or under what of them the line shows. Number counts the lines of text from 0. Tabs and control characters become
// blanks, so that what a terminal shows is as wide as what was counted.
func excerpt(text string, offset, length int) (line, carets string, number int) {
	text = strings.TrimRight(text, " \t\r\n")
	offset = min(max(offset, 0), len(text))
	start := strings.LastIndexByte(text[:offset], '\n') + 1
	end := len(text)
	if n := strings.IndexByte(text[offset:], '\n'); n >= 0 {
		end = offset + n
	}
	line = blankControls(text[start:end])
	from, to := offset-start, len(line)
	if length < to-from {
		to = from + max(length, 1)
	}
	left := columnOf(line, from)
	under := max(1, columnOf(line, to)-left)
	line, left, under = cutAround(line, left, under)
	return line, strings.Repeat(" ", left) + strings.Repeat("^", under), strings.Count(text[:start], "\n")
}

// columnOf is the column in which the character that holds byte i of line begins, or that behind the line. What a reader sees as one
// character may be several runes and take two columns.
func columnOf(line string, i int) int {
	column, at, state := 0, 0, -1
	for rest := line; rest != ""; {
		var cluster string
		var w int
		cluster, rest, w, state = uniseg.FirstGraphemeClusterInString(rest, state)
		if at += len(cluster); at > i {
			break
		}
		column += w
	}
	return column
}

// cutAround shortens line to excerptWidth columns that show column left, and returns where it and what is underlined stand then.
func cutAround(line string, left, under int) (string, int, int) {
	const mark = "..."
	width := uniseg.StringWidth(line)
	if width <= excerptWidth {
		return line, left, under
	}
	first := 0
	if left >= excerptWidth*3/4 {
		first = left - excerptWidth/2
	}
	last := first + excerptWidth
	var b strings.Builder
	at, begun := 0, -1 // begun is the column where the shown part begins
	state := -1
	for rest := line; rest != ""; {
		var cluster string
		var w int
		cluster, rest, w, state = uniseg.FirstGraphemeClusterInString(rest, state)
		if at >= first && at+w <= last {
			if begun < 0 {
				begun = at
			}
			b.WriteString(cluster)
		}
		at += w
	}
	shown := b.String()
	left -= begun
	under = min(under, max(1, uniseg.StringWidth(shown)-left))
	if begun > 0 {
		shown = mark + shown
		left += len(mark)
	}
	if last < width {
		shown += mark
	}
	return shown, left, under
}

// blankControls replaces tabs, control characters and bytes that are not UTF-8 by as many one-column characters as they have bytes.
func blankControls(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			b.WriteByte('?')
		case isControl(r):
			b.WriteString(strings.Repeat(" ", size))
		default:
			b.WriteString(s[i : i+size])
		}
		i += size
	}
	return b.String()
}
