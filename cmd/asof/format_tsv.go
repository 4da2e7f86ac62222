package main

import (
	"bufio"
	"time"

	"github.com/asofdb/asof/sql/types"
)

// tsvFormat is PostgreSQL's COPY … (FORMAT text, HEADER): tabs between fields, \N for NULL, backslash escapes.
type tsvFormat struct {
	w    *bufio.Writer
	zone *time.Location
	text []byte // of one value, used again
}

func (f *tsvFormat) begin(cols []types.Column, zone *time.Location) error {
	f.zone = zone
	for i := range cols {
		f.separate(i)
		f.field([]byte(cols[i].Name))
	}
	return f.endLine(len(cols))
}

func (f *tsvFormat) row(values []types.Value) error {
	for i := range values {
		f.separate(i)
		if values[i].IsNull() {
			_, _ = f.w.WriteString(`\N`) // bufio keeps the first error; endLine returns it
			continue
		}
		f.text = types.AppendTextIn(f.text[:0], values[i], f.zone)
		f.field(f.text)
	}
	return f.endLine(len(values))
}

func (f *tsvFormat) end(string, time.Duration) error { return nil }

func (f *tsvFormat) separate(i int) {
	if i > 0 {
		_ = f.w.WriteByte('\t')
	}
}

// tsvEscapes are the characters that COPY escapes, by their value.
var tsvEscapes = [256]byte{'\b': 'b', '\f': 'f', '\n': 'n', '\r': 'r', '\t': 't', '\v': 'v', '\\': '\\'}

func (f *tsvFormat) field(text []byte) {
	for _, c := range text {
		if e := tsvEscapes[c]; e != 0 {
			_ = f.w.WriteByte('\\')
			c = e
		}
		_ = f.w.WriteByte(c)
	}
}

// endLine ends a line, unless there was none because the statement has no columns.
func (f *tsvFormat) endLine(cols int) error {
	if cols == 0 {
		return nil
	}
	return f.w.WriteByte('\n')
}
