package main

import (
	"bufio"
	"time"

	"github.com/asofdb/asof/connectors/sink"
	"github.com/asofdb/asof/sql/types"
)

// csvFormat is PostgreSQL's COPY … (FORMAT csv, HEADER): NULL is an empty field, the empty string is "".
type csvFormat struct {
	w    *bufio.Writer
	zone *time.Location
	// text and quoted are those of one value, used again.
	text, quoted []byte
}

func (f *csvFormat) begin(cols []types.Column, zone *time.Location) error {
	f.zone = zone
	for i := range cols {
		f.separate(i)
		f.field([]byte(cols[i].Name), len(cols) == 1)
	}
	return f.endLine(len(cols))
}

func (f *csvFormat) row(values []types.Value) error {
	for i := range values {
		f.separate(i)
		if values[i].IsNull() {
			continue
		}
		f.text = types.AppendTextIn(f.text[:0], values[i], f.zone)
		f.field(f.text, len(values) == 1)
	}
	return f.endLine(len(values))
}

func (f *csvFormat) end(string, time.Duration) error { return nil }

func (f *csvFormat) separate(i int) {
	if i > 0 {
		_ = f.w.WriteByte(',') // bufio keeps the first error; endLine returns it
	}
}

func (f *csvFormat) field(text []byte, alone bool) {
	f.quoted = sink.AppendCSVField(f.quoted[:0], text, ',', "", alone)
	_, _ = f.w.Write(f.quoted)
}

// endLine ends a line, unless there was none because the statement has no columns.
func (f *csvFormat) endLine(cols int) error {
	if cols == 0 {
		return nil
	}
	return f.w.WriteByte('\n')
}
