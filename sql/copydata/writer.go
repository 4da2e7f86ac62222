package copydata

import (
	"encoding/binary"
	"math"
	"strings"

	forms "github.com/asofdb/asof/sql/binary"
	"github.com/asofdb/asof/sql/types"
)

// signature begins a binary stream; behind it come flags and the length of a header's extension, both 0.
const signature = "PGCOPY\n\xff\r\n\x00"

// Writer makes the bytes of rows. What it makes is good until its next call.
type Writer struct {
	o       Options
	columns []types.Column
	buf     []byte
	text    []byte
	begun   bool
}

// NewWriter returns a writer of rows of these columns. The options have their defaults.
func NewWriter(columns []types.Column, o Options) *Writer { return &Writer{o: o, columns: columns} }

// Header is what comes before the rows, nil where nothing does. That of a binary stream comes with its first row.
func (w *Writer) Header() []byte {
	if w.o.Header == "" {
		return nil
	}
	w.buf = w.buf[:0]
	for i, c := range w.columns {
		if i > 0 {
			w.buf = append(w.buf, w.o.Delimiter...)
		}
		if w.o.Format == CSV {
			w.quoted([]byte(c.Name), false)
		} else {
			w.escaped([]byte(c.Name))
		}
	}
	return append(w.buf, '\n')
}

// Row is a row's bytes.
func (w *Writer) Row(row []types.Value) []byte {
	w.buf = w.buf[:0]
	if w.o.Format == Binary {
		w.binaryRow(row)
		return w.buf
	}
	for i, v := range row {
		if i > 0 {
			w.buf = append(w.buf, w.o.Delimiter...)
		}
		if v.IsNull() {
			w.buf = append(w.buf, w.o.Null...)
			continue
		}
		w.text = types.AppendTextIn(w.text[:0], v, w.o.Zone)
		if w.o.Format == CSV {
			w.quoted(w.text, forced(w.o.ForceQuote, i))
		} else {
			w.escaped(w.text)
		}
	}
	w.buf = append(w.buf, '\n')
	return w.buf
}

// Trailer is what comes behind the rows, nil where nothing does.
func (w *Writer) Trailer() []byte {
	if w.o.Format != Binary {
		return nil
	}
	w.buf = w.buf[:0]
	w.begin()
	w.buf = binary.BigEndian.AppendUint16(w.buf, math.MaxUint16)
	return w.buf
}

func (w *Writer) begin() {
	if !w.begun {
		w.begun = true
		w.buf = append(w.buf, signature+"\x00\x00\x00\x00\x00\x00\x00\x00"...)
	}
}

func (w *Writer) binaryRow(row []types.Value) {
	be := binary.BigEndian
	w.begin()
	w.buf = be.AppendUint16(w.buf, uint16(len(row)))
	for i, v := range row {
		w.buf = be.AppendUint32(w.buf, math.MaxUint32)
		if v.IsNull() {
			continue
		}
		at := len(w.buf)
		w.buf = forms.Append(w.buf, w.columns[i].Type, v)
		be.PutUint32(w.buf[at-4:], uint32(len(w.buf)-at))
	}
}

// escaped appends a field of the text format.
func (w *Writer) escaped(s []byte) {
	delimiter := w.o.Delimiter[0]
	for _, c := range s {
		switch c {
		case '\b':
			w.buf = append(w.buf, `\b`...)
		case '\f':
			w.buf = append(w.buf, `\f`...)
		case '\n':
			w.buf = append(w.buf, `\n`...)
		case '\r':
			w.buf = append(w.buf, `\r`...)
		case '\t':
			w.buf = append(w.buf, `\t`...)
		case '\v':
			w.buf = append(w.buf, `\v`...)
		case '\\', delimiter:
			w.buf = append(w.buf, '\\', c)
		default:
			w.buf = append(w.buf, c)
		}
	}
}

// quoted appends a field of the csv format, in quotes where it needs them.
func (w *Writer) quoted(s []byte, force bool) {
	quote, escape := w.o.Quote[0], w.o.Escape[0]
	text := string(s)
	if !force && text != w.o.Null && !(text == `\.` && len(w.columns) == 1) && !strings.ContainsAny(text, w.o.Delimiter+w.o.Quote+"\r\n") {
		w.buf = append(w.buf, s...)
		return
	}
	w.buf = append(w.buf, quote)
	for _, c := range s {
		if c == quote || c == escape {
			w.buf = append(w.buf, escape)
		}
		w.buf = append(w.buf, c)
	}
	w.buf = append(w.buf, quote)
}
