package decode

import (
	"bytes"
	"unicode/utf8"

	"github.com/asofdb/asof/sql/types"
)

// Field is one field of a CSV record. Text is what it stands for, without its quotes; it points into the record, or, where
// quotes were doubled, into memory that is written once.
type Field struct {
	Text   []byte
	Quoted bool
}

// Splitter cuts CSV records into fields. One goroutine at a time.
type Splitter struct {
	Delimiter byte

	fields []Field
	arena  arena
}

// Split cuts a record, which may span lines and has no line break at its end. The fields are valid until the next Split.
func (d *Splitter) Split(line []byte) ([]Field, error) {
	if !utf8.Valid(line) {
		return nil, types.Errorf(types.CodeBadUTF8, "not valid UTF-8 at byte %d", invalidUTF8(line)+1)
	}
	d.fields = d.fields[:0]
	for i := 0; ; i++ {
		if i < len(line) && line[i] == '"' {
			end, err := d.quoted(line, i+1)
			if err != nil {
				return nil, err
			}
			i = end
		} else {
			end := bytes.IndexByte(line[i:], d.Delimiter)
			if end < 0 {
				end = len(line) - i
			}
			f := line[i : i+end]
			if at := bytes.IndexByte(f, '"'); at >= 0 {
				return nil, types.Errorf(types.CodeInvalidText, "a quote at byte %d, inside a field that does not begin with one", i+at+1).
					WithHint("a field with quotes in it is written in quotes, and its quotes twice")
			}
			d.fields = append(d.fields, Field{Text: f})
			i += end
		}
		if i == len(line) {
			return d.fields, nil
		}
		if line[i] != d.Delimiter {
			return nil, types.Errorf(types.CodeInvalidText, "text at byte %d, behind the closing quote of a field", i+1)
		}
	}
}

// quoted reads a field from behind its opening quote and returns where the text goes on behind the closing one.
func (d *Splitter) quoted(line []byte, start int) (end int, err error) {
	doubled := 0
	i := start
	for {
		n := bytes.IndexByte(line[i:], '"')
		if n < 0 {
			return 0, types.Errorf(types.CodeInvalidText, "the quote at byte %d is not closed", start)
		}
		i += n + 1
		if i == len(line) || line[i] != '"' {
			break
		}
		doubled++
		i++
	}
	s := line[start : i-1]
	if doubled > 0 {
		out := d.arena.room(len(s) - doubled)
		for len(s) > 0 {
			n := bytes.IndexByte(s, '"')
			if n < 0 {
				out = append(out, s...)
				break
			}
			out, s = append(out, s[:n+1]...), s[n+2:]
		}
		s = out
	}
	d.fields = append(d.fields, Field{Text: s, Quoted: true})
	return i, nil
}
