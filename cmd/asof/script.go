package main

import (
	"strings"

	"github.com/asofdb/asof/sql/syntax"
)

// source is a stretch of input that statements are taken from.
type source struct {
	name string // of the file, "" where errors name none
	text string
	line int // the number of text's first line
}

// statement is one statement of a source: text is src.text from pos on, through its semicolon. Or it is a meta command: the line from its backslash on.
type statement struct {
	src  *source
	pos  int
	text string
	meta bool
}

// next returns the statement that begins at pos, nil where there is none, and where the one after it begins. Statements of nothing
// but blanks and comments are passed over. Unless more may follow (open), the last one needs no semicolon.
func (s *source) next(pos int, open bool) (st *statement, after int) {
	for pos < len(s.text) {
		if begin := pos + blankPrefix(s.text[pos:]); strings.HasPrefix(s.text[begin:], `\`) {
			line, _, _ := strings.Cut(s.text[begin:], "\n")
			return &statement{src: s, pos: begin, text: line, meta: true}, begin + len(line)
		}
		_, rest, complete := syntax.SplitStatement(s.text[pos:])
		end := len(s.text) - len(rest)
		if !complete {
			if open {
				return nil, pos
			}
			end = len(s.text)
		}
		text := s.text[pos:end]
		if body := text[blankPrefix(text):]; body != "" && body != ";" {
			return &statement{src: s, pos: pos, text: text}, end
		}
		pos = end
	}
	return nil, pos
}

// forget drops what lies before pos, but for the line that pos is on: an error shows whole lines.
func (s *source) forget(pos int) (newPos int) {
	start := strings.LastIndexByte(s.text[:pos], '\n') + 1
	s.line += strings.Count(s.text[:start], "\n")
	s.text = s.text[start:]
	return pos - start
}

// blankPrefix is the length of the blanks and comments that text begins with. A comment in /* */ may hold others.
func blankPrefix(text string) int {
	i := 0
	for i < len(text) {
		rest := text[i:]
		switch {
		case strings.IndexByte(" \t\r\n\f\v", rest[0]) >= 0:
			i++
		case strings.HasPrefix(rest, "--"):
			n := strings.IndexByte(rest, '\n')
			if n < 0 {
				return len(text)
			}
			i += n + 1
		case strings.HasPrefix(rest, "/*"):
			n := blockComment(rest)
			if n < 0 {
				return i // not closed: the parser says so
			}
			i += n
		default:
			return i
		}
	}
	return i
}

// blockComment is the length of the comment that text begins with, -1 where it has no end.
func blockComment(text string) int {
	depth := 0
	for i := 0; i+1 < len(text); {
		switch text[i : i+2] {
		case "/*":
			depth++
			i += 2
		case "*/":
			depth--
			i += 2
			if depth == 0 {
				return i
			}
		default:
			i++
		}
	}
	return -1
}
