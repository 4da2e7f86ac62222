package copydata

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"

	forms "github.com/asofdb/asof/sql/binary"
	"github.com/asofdb/asof/sql/types"
)

// maxLine bounds one row, as PostgreSQL bounds a string.
const maxLine = 1<<30 - 1

// Reader reads rows. Its errors say where in the data they are.
type Reader struct {
	in      *bufio.Reader
	table   string
	columns []types.Column
	o       Options
	line    int
	begun   bool
	ended   bool
	raw     []byte // the line at hand, without its end
	fields  []field
	row     []types.Value
}

// field is a column's text; null where it is what stands for NULL.
type field struct {
	text string
	null bool
}

// NewReader returns a reader of rows of these columns of a table. The options have their defaults.
func NewReader(src io.Reader, table string, columns []types.Column, o Options) *Reader {
	return &Reader{in: bufio.NewReaderSize(src, 64<<10), table: table, columns: columns, o: o, row: make([]types.Value, len(columns))}
}

// Next is the next row, good until the next call; nil at the end.
func (r *Reader) Next() ([]types.Value, error) {
	if r.ended {
		return nil, nil
	}
	if r.o.Format == Binary {
		return r.binaryRow()
	}
	if !r.begun {
		r.begun = true
		if err := r.header(); err != nil {
			return nil, err
		}
	}
	if err := r.readLine(); err != nil || r.ended {
		return nil, err
	}
	if err := r.split(); err != nil {
		return nil, err
	}
	if len(r.columns) == 0 && len(r.fields) == 1 && r.fields[0].text == "" {
		r.fields = r.fields[:0]
	}
	if n := len(r.fields); n > len(r.columns) {
		return nil, r.bad(CodeBadFormat, "extra data after last expected column")
	} else if n < len(r.columns) {
		return nil, r.bad(CodeBadFormat, "missing data for column \"%s\"", r.columns[n].Name)
	}
	for i, f := range r.fields {
		if f.null {
			r.row[i] = types.Value{}
			continue
		}
		v, err := types.ParseIn(r.columns[i].Type, f.text, r.o.Zone)
		if err != nil {
			return nil, r.at(err, i, f.text)
		}
		r.row[i] = v
	}
	return r.row, nil
}

// bad is an error about the line at hand.
func (r *Reader) bad(code, format string, args ...any) error {
	e := types.Errorf(code, format, args...)
	e.Detail = fmt.Sprintf("COPY %s, line %d", r.table, r.line)
	if r.o.Format != Binary && r.raw != nil {
		e.Detail += fmt.Sprintf(": \"%s\"", clip(string(r.raw)))
	}
	return e
}

// at places an error at a column of the line at hand.
func (r *Reader) at(err error, column int, text string) error {
	var e *types.Error
	if !errors.As(err, &e) {
		return err
	}
	placed := *e
	placed.Detail = fmt.Sprintf("COPY %s, line %d, column %s", r.table, r.line, r.columns[column].Name)
	if r.o.Format != Binary {
		placed.Detail += fmt.Sprintf(": \"%s\"", clip(text))
	}
	return &placed
}

// clip shortens a text to the hundred bytes that PostgreSQL shows.
func clip(s string) string {
	if len(s) <= 100 {
		return s
	}
	n := 100
	for n > 0 && s[n]&0xC0 == 0x80 {
		n--
	}
	return s[:n] + "..."
}

// header passes the line of names, or compares it.
func (r *Reader) header() error {
	if r.o.Header == "" {
		return nil
	}
	if err := r.readLine(); err != nil || r.ended || r.o.Header != "match" {
		return err
	}
	if err := r.split(); err != nil {
		return err
	}
	if len(r.fields) != len(r.columns) {
		return r.bad(CodeBadFormat, "wrong number of fields in header line: got %d, expected %d", len(r.fields), len(r.columns))
	}
	for i, f := range r.fields {
		switch {
		case f.null:
			return r.bad(CodeBadFormat, "column name mismatch in header line field %d: got null value (\"%s\"), expected \"%s\"", i+1, r.o.Null, r.columns[i].Name)
		case f.text != r.columns[i].Name:
			return r.bad(CodeBadFormat, "column name mismatch in header line field %d: got \"%s\", expected \"%s\"", i+1, f.text, r.columns[i].Name)
		}
	}
	return nil
}

// readLine reads a row's line: in csv a quoted field may have lines' ends in it.
func (r *Reader) readLine() error {
	r.line++
	r.raw = r.raw[:0]
	quoted, escaped := false, false
	for {
		c, err := r.in.ReadByte()
		if err == io.EOF {
			if quoted {
				return r.bad(CodeBadFormat, "unterminated CSV quoted field")
			}
			r.ended = len(r.raw) == 0
			return r.endMark()
		}
		if err != nil {
			return err
		}
		switch {
		case r.o.Format == CSV && quoted:
			// An escape that is not the quote lets the quote behind it stand for itself.
			switch {
			case escaped:
				escaped = false
			case c == r.o.Escape[0] && r.o.Escape != r.o.Quote:
				escaped = true
			case c == r.o.Quote[0]:
				quoted = false
			case c == '\n':
				r.line++
			}
		case r.o.Format == CSV && c == r.o.Quote[0]:
			quoted = true
		case r.o.Format == Text && c == '\\' && !escaped:
			escaped = true
			r.raw = append(r.raw, c)
			continue
		case (c == '\n' || c == '\r') && !escaped:
			if c == '\r' {
				if next, err := r.in.Peek(1); err == nil && next[0] == '\n' {
					_, _ = r.in.ReadByte()
				}
			}
			return r.endMark()
		}
		if !quoted {
			escaped = false
		}
		if r.raw = append(r.raw, c); len(r.raw) > maxLine {
			return r.bad("54000", "a line is longer than %d bytes", maxLine)
		}
	}
}

// endMark ends the data at a line of \. alone, which older clients send.
func (r *Reader) endMark() error {
	if string(r.raw) == `\.` {
		r.ended = true
		_, err := io.Copy(io.Discard, r.in)
		return err
	}
	return nil
}

// split cuts the line into fields.
func (r *Reader) split() error {
	r.fields = r.fields[:0]
	line := string(r.raw)
	if err := forms.CheckText(line); err != nil {
		var e *types.Error
		if errors.As(err, &e) {
			return r.bad(e.Code, "%s", e.Message)
		}
		return err
	}
	if r.o.Format == CSV {
		r.splitCSV(line)
		return nil
	}
	return r.splitText(line)
}

func (r *Reader) splitText(line string) error {
	delimiter := r.o.Delimiter[0]
	for start, i := 0, 0; ; i++ {
		if i < len(line) && line[i] == '\\' {
			i++
			continue
		}
		if i < len(line) && line[i] != delimiter {
			continue
		}
		i = min(i, len(line))
		raw := line[start:i]
		if raw == r.o.Null {
			r.fields = append(r.fields, field{null: true})
		} else {
			text := unescape(raw)
			if err := forms.CheckText(text); err != nil {
				return r.bad(types.CodeBadUTF8, "%s", err.Error())
			}
			r.fields = append(r.fields, field{text: text})
		}
		if i == len(line) {
			return nil
		}
		start = i + 1
	}
}

// unescape reads the backslashes of a field of the text format.
func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		i++
		switch c := s[i]; c {
		case 'b':
			b.WriteByte('\b')
		case 'f':
			b.WriteByte('\f')
		case 'n':
			b.WriteByte('\n')
		case 'r':
			b.WriteByte('\r')
		case 't':
			b.WriteByte('\t')
		case 'v':
			b.WriteByte('\v')
		case '0', '1', '2', '3', '4', '5', '6', '7':
			n, used := number(s[i:], 3, 8)
			b.WriteByte(byte(n))
			i += used - 1
		case 'x':
			n, used := number(s[i+1:], 2, 16)
			if used == 0 {
				b.WriteByte('x')
			} else {
				b.WriteByte(byte(n))
			}
			i += used
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// number reads at most digits digits of a base.
func number(s string, digits, base int) (n, used int) {
	for used < digits && used < len(s) {
		d := strings.IndexByte("0123456789abcdef", s[used]|0x20)
		if s[used] >= '0' && s[used] <= '9' {
			d = int(s[used] - '0')
		}
		if d < 0 || d >= base {
			break
		}
		n = n*base + d
		used++
	}
	return n, used
}

func (r *Reader) splitCSV(line string) {
	delimiter, quote, escape := r.o.Delimiter[0], r.o.Quote[0], r.o.Escape[0]
	var b strings.Builder
	quoted, sawQuote := false, false
	end := func() {
		f := field{text: b.String()}
		column := len(r.fields)
		f.null = f.text == r.o.Null && (!sawQuote && !forced(r.o.ForceNotNull, column) || sawQuote && forced(r.o.ForceNull, column))
		r.fields = append(r.fields, f)
		b.Reset()
		sawQuote = false
	}
	for i := 0; i < len(line); i++ {
		c := line[i]
		switch {
		case quoted && c == escape && i+1 < len(line) && (line[i+1] == quote || line[i+1] == escape):
			i++
			b.WriteByte(line[i])
		case quoted && c == quote:
			quoted = false
		case quoted:
			b.WriteByte(c)
		case c == quote:
			quoted, sawQuote = true, true
		case c == delimiter:
			end()
		default:
			b.WriteByte(c)
		}
	}
	end()
}

// binaryRow reads a row of a binary stream.
func (r *Reader) binaryRow() ([]types.Value, error) {
	if !r.begun {
		if err := r.binaryHeader(); err != nil {
			return nil, err
		}
	}
	r.line++
	n, err := r.int16()
	switch {
	case err == io.EOF: // older clients send no trailer
		r.ended = true
		return nil, nil
	case err != nil:
		return nil, r.cut(err)
	case n == -1:
		r.ended = true
		if m, err := io.Copy(io.Discard, r.in); err != nil || m > 0 {
			return nil, firstOf(err, r.bad(CodeBadFormat, "received copy data after EOF marker"))
		}
		return nil, nil
	case int(n) != len(r.columns):
		return nil, r.bad(CodeBadFormat, "row field count is %d, expected %d", n, len(r.columns))
	}
	for i, c := range r.columns {
		size, err := r.int32()
		if err != nil {
			return nil, r.cut(err)
		}
		if size == -1 {
			r.row[i] = types.Value{}
			continue
		}
		if size < 0 || size > maxLine {
			return nil, r.bad(CodeBadFormat, "invalid field size")
		}
		var raw strings.Builder // grows with what really comes
		if _, err := io.CopyN(&raw, r.in, int64(size)); err != nil {
			return nil, r.cut(err)
		}
		v, ok, err := forms.Read(c.Type, []byte(raw.String()))
		switch {
		case err != nil || ok:
		case size < int32(forms.Size(c.Type)):
			err = types.Errorf("08P01", "insufficient data left in message")
		default:
			err = types.Errorf("22P03", "incorrect binary data format")
		}
		if err == nil {
			v, err = types.CoerceIn(v, c.Type, r.o.Zone)
		}
		if err != nil {
			return nil, r.at(err, i, "")
		}
		r.row[i] = v
	}
	return r.row, nil
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *Reader) binaryHeader() error {
	r.begun = true
	head := make([]byte, len(signature))
	if _, err := io.ReadFull(r.in, head); err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return err
	}
	if string(head) != signature {
		return types.Errorf(CodeBadFormat, "COPY file signature not recognized").WithHint("the data is in text or csv format, or no data of COPY at all")
	}
	flags, err := r.int32()
	if err != nil {
		return types.Errorf(CodeBadFormat, "invalid COPY file header (missing flags)")
	}
	if flags&(1<<16) != 0 || flags>>16&^1 != 0 {
		return types.Errorf(CodeBadFormat, "unrecognized critical flags in COPY file header")
	}
	more, err := r.int32()
	if err != nil || more < 0 {
		return types.Errorf(CodeBadFormat, "invalid COPY file header (missing length)")
	}
	if _, err := io.CopyN(io.Discard, r.in, int64(more)); err != nil {
		return types.Errorf(CodeBadFormat, "invalid COPY file header (wrong length)")
	}
	return nil
}

// cut is the error of data that ends in the middle of a row.
func (r *Reader) cut(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return r.bad(CodeBadFormat, "unexpected EOF in COPY data")
	}
	return err
}

func (r *Reader) int16() (int16, error) {
	var b [2]byte
	_, err := io.ReadFull(r.in, b[:])
	return int16(binary.BigEndian.Uint16(b[:])), err
}

func (r *Reader) int32() (int32, error) {
	var b [4]byte
	_, err := io.ReadFull(r.in, b[:])
	return int32(binary.BigEndian.Uint32(b[:])), err
}
