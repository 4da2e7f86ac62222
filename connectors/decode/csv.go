package decode

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/asofdb/asof/engine"
	"github.com/asofdb/asof/sql/types"
)

// PlainCSV reads FORMAT PLAIN ENCODE CSV as RFC 4180 and COPY … (FORMAT csv) have it: a field in quotes may hold delimiters, doubled
// quotes and line breaks, and an empty field without quotes is NULL. The file's first line names the columns, in any order and among
// others, unless header = 'false': then every record has the declared columns in their order.
func PlainCSV() engine.FormatConnector {
	return engine.FormatConnector{Options: []string{"commit_time", "header", "delimiter", "null"}, New: newCSV}
}

// csvFormat reads records whose fields are in a known order.
type csvFormat struct {
	plain
	delimiter byte
	null      string
	fields    []field
	order     []int // the column of each field, -1 for none
}

// headedCSV is a csvFormat that learns its order from the file's first record.
type headedCSV struct{ csvFormat }

// field is one field of a record. s is what it stands for, without its quotes.
type field struct {
	s      []byte
	quoted bool
}

func newCSV(s engine.SourceSpec) (engine.Decoder, error) {
	p, err := newPlain(s)
	if err != nil {
		return nil, err
	}
	d := csvFormat{plain: p, delimiter: ',', null: s.Options["null"]}
	if delimiter, ok := s.Options["delimiter"]; ok {
		if delimiter == `\t` {
			delimiter = "\t"
		}
		if len(delimiter) != 1 || delimiter[0] >= 0x80 || strings.ContainsAny(delimiter, "\"\r\n\x00") {
			return nil, types.Errorf(types.CodeInvalidParameter, "delimiter = %q is not a single character of ASCII other than quote and line break", delimiter)
		}
		d.delimiter = delimiter[0]
	}
	if strings.ContainsAny(d.null, "\"\r\n") || strings.IndexByte(d.null, d.delimiter) >= 0 {
		return nil, types.Errorf(types.CodeInvalidParameter, "null = %q has the delimiter, a quote or a line break in it", d.null)
	}
	header, ok := s.Options["header"]
	if !ok {
		header = "true"
	}
	hasHeader, err := strconv.ParseBool(header)
	if err != nil {
		return nil, types.Errorf(types.CodeInvalidParameter, "header = %q is neither true nor false", header)
	}
	if hasHeader {
		return &headedCSV{d}, nil
	}
	for i := range d.columns {
		d.order = append(d.order, i)
	}
	return &d, nil
}

// ReadHeader implements engine.Header.
func (d *headedCSV) ReadHeader(rec engine.Record) error {
	if err := d.split(trimMark(rec)); err != nil {
		return err
	}
	found := make([]bool, len(d.columns))
	d.order = d.order[:0]
	for _, f := range d.fields {
		column := -1
		for i := range d.columns {
			if d.columns[i].name == string(f.s) {
				column = i
			}
		}
		if column >= 0 && found[column] {
			return types.Errorf(types.CodeDuplicateColumn, "the header names column %q twice", f.s)
		}
		if column >= 0 {
			found[column] = true
		}
		d.order = append(d.order, column)
	}
	for i := range found {
		if !found[i] {
			return types.Errorf(types.CodeUndefinedColumn, "the header does not name column %q: it has %s", d.columns[i].name, shorten(rec.Value)).
				WithHint("a file without a header line is read with header = 'false'")
		}
	}
	return nil
}

// Decode implements engine.Decoder.
func (d *csvFormat) Decode(rec engine.Record, ev *engine.Event) error {
	*ev = engine.Event{Commit: engine.NoTime}
	line := trimMark(rec)
	if len(line) == 0 {
		return nil
	}
	if err := d.split(line); err != nil {
		return err
	}
	if len(d.fields) != len(d.order) {
		return types.Errorf(types.CodeInvalidSource, "the record has %d fields instead of %d", len(d.fields), len(d.order))
	}
	row := d.arena.row(len(d.columns))
	for i, f := range d.fields {
		if d.order[i] < 0 || !f.quoted && string(f.s) == d.null {
			continue
		}
		c := &d.columns[d.order[i]]
		v, err := c.parse(token{kind: stringToken, raw: f.s}, text(f.s))
		if err != nil {
			return err
		}
		row[d.order[i]] = v
	}
	return d.insert(row, ev)
}

// split cuts a record into d.fields, which point into it, or into the arena where quotes were doubled.
func (d *csvFormat) split(line []byte) error {
	if !utf8.Valid(line) {
		return types.Errorf(types.CodeBadUTF8, "not valid UTF-8 at byte %d", invalidUTF8(line)+1)
	}
	d.fields = d.fields[:0]
	for i := 0; ; i++ {
		if i < len(line) && line[i] == '"' {
			end, err := d.quoted(line, i+1)
			if err != nil {
				return err
			}
			i = end
		} else {
			end := bytes.IndexByte(line[i:], d.delimiter)
			if end < 0 {
				end = len(line) - i
			}
			f := line[i : i+end]
			if at := bytes.IndexByte(f, '"'); at >= 0 {
				return types.Errorf(types.CodeInvalidText, "a quote at byte %d, inside a field that does not begin with one", i+at+1).
					WithHint("a field with quotes in it is written in quotes, and its quotes twice")
			}
			d.fields = append(d.fields, field{s: f})
			i += end
		}
		if i == len(line) {
			return nil
		}
		if line[i] != d.delimiter {
			return types.Errorf(types.CodeInvalidText, "text at byte %d, behind the closing quote of a field", i+1)
		}
	}
}

// quoted reads a field from behind its opening quote and returns where the text goes on behind the closing one.
func (d *csvFormat) quoted(line []byte, start int) (end int, err error) {
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
	d.fields = append(d.fields, field{s: s, quoted: true})
	return i, nil
}
