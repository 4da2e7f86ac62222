package file

import "bytes"

// A splitter finds where records end. It remembers how far it has looked, so that a record that arrives in many pieces is
// looked at once.
type splitter struct {
	csv       bool
	delimiter byte

	next  int // where to look on
	state fieldState
	lines int64 // line breaks inside the record
}

// fieldState is where in a CSV field a splitter stands.
type fieldState uint8

const (
	fieldStart fieldState = iota
	inField               // without quotes; a quote in it means nothing
	inQuotes
	afterQuote // behind a quote that closes the field, unless another one follows
)

// record returns the place of the line break that ends the record that comes next, and how many lines that makes; -1
// where buf has no such line break yet.
func (s *splitter) record(buf []byte) (end int, lines int64) {
	if s.csv {
		return s.csvRecord(buf)
	}
	n := bytes.IndexByte(buf[s.next:], '\n')
	if n < 0 {
		s.next = len(buf)
		return -1, 0
	}
	end = s.next + n
	s.next = end + 1
	return end, 1
}

func (s *splitter) csvRecord(buf []byte) (end int, lines int64) {
	for i := s.next; i < len(buf); i++ {
		c := buf[i]
		switch {
		case s.state == inQuotes:
			if c == '"' {
				s.state = afterQuote
			} else if c == '\n' {
				s.lines++
			}
		case c == '\n':
			lines = s.lines + 1
			s.next, s.state, s.lines = i+1, fieldStart, 0
			return i, lines
		case c == s.delimiter:
			s.state = fieldStart
		case c == '"' && s.state != inField:
			s.state = inQuotes
		default:
			s.state = inField
		}
	}
	s.next = len(buf)
	return -1, 0
}

// shift tells that the buffer's first n bytes are gone.
func (s *splitter) shift(n int) { s.next -= n }

// rewind tells that the record beginning at start is to be found again.
func (s *splitter) rewind(start int) { s.next, s.state, s.lines = start, fieldStart, 0 }
