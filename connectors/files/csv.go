package files

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/asofdb/asof/connectors/decode"
	"github.com/asofdb/asof/engine"
	"github.com/asofdb/asof/sql/exec"
	"github.com/asofdb/asof/sql/types"
)

// csvFile is a CSV file: RFC 4180 and COPY … (FORMAT csv). A field in quotes may hold delimiters, doubled quotes and line breaks; an empty field without is NULL.
type csvFile struct {
	input
	header    bool
	delimiter byte
	null      string
	zone      *time.Location
	names     []string // of the fields; nil where there is no header
	columns   types.Schema
	field     []int // of each column
	fields    int   // of each record
}

func openCSV(ctx context.Context, path string, s engine.FileSpec) (*engine.File, error) {
	in, err := look(path)
	if err != nil {
		return nil, err
	}
	f := &csvFile{input: in, zone: s.Zone}
	if err := f.options(s.Options); err != nil {
		return nil, err
	}
	l, err := openLines(ctx, in, true, s.Progress)
	if err != nil {
		return nil, err
	}
	defer l.close()
	if f.header {
		if err := f.readHeader(ctx, l); err != nil {
			return nil, err
		}
	}
	switch {
	case s.Columns == nil:
		err = f.infer(ctx, l)
	case f.header:
		err = f.match(s.Columns)
	default:
		f.columns, f.fields = s.Columns, len(s.Columns)
		for i := range s.Columns {
			f.field = append(f.field, i)
		}
	}
	if err != nil {
		return nil, err
	}
	return &engine.File{Columns: f.columns, Rows: f.rows}, nil
}

func (f *csvFile) options(with map[string]string) (err error) {
	f.header, f.delimiter, f.null = true, ',', with["null"]
	if text, ok := with["header"]; ok {
		if f.header, err = strconv.ParseBool(text); err != nil {
			return types.Errorf(types.CodeInvalidParameter, "header = %q is neither true nor false", text)
		}
	}
	if text, ok := with["delimiter"]; ok {
		if text == `\t` {
			text = "\t"
		}
		if len(text) != 1 || text[0] >= 0x80 || strings.ContainsAny(text, "\"\r\n\x00") {
			return types.Errorf(types.CodeInvalidParameter, "delimiter = %q is not a single character of ASCII other than quote and line break", text)
		}
		f.delimiter = text[0]
	}
	if strings.ContainsAny(f.null, "\"\r\n"+string(f.delimiter)) {
		return types.Errorf(types.CodeInvalidParameter, "null = %q has the delimiter, a quote or a line break in it", f.null)
	}
	return nil
}

// readHeader reads the names of the fields. A field without a name, as pandas writes for its index, is called after its place.
func (f *csvFile) readHeader(ctx context.Context, l *lines) error {
	rec, err := l.read(ctx)
	if err != nil {
		return err
	}
	if rec == nil || len(rec.Value) == 0 {
		return types.Errorf(types.CodeInvalidSource, "file %s has no header line", f.path).
			WithHint("the first line of a CSV file names its columns; one without can be read into a table: COPY t FROM '…' (FORMAT csv, HEADER false)")
	}
	split := decode.Splitter{Delimiter: f.delimiter}
	fields, err := split.Split(rec.Value)
	if err != nil {
		return f.atLine(rec.Line, err)
	}
	seen := map[string]bool{}
	for i, field := range fields {
		name := string(field.Text)
		if name == "" {
			name = fmt.Sprintf("column%d", i+1)
		}
		if seen[name] {
			return f.atLine(rec.Line, types.Errorf(types.CodeDuplicateColumn, "the header names column %q twice", name))
		}
		if strings.IndexByte(name, 0) >= 0 {
			return f.atLine(rec.Line, types.Errorf(types.CodeBadUTF8, "column %q has a NUL character in its name", name))
		}
		seen[name] = true
		f.names = append(f.names, name)
	}
	f.fields = len(f.names)
	return nil
}

// infer reads the records for the types of their fields.
func (f *csvFile) infer(ctx context.Context, l *lines) error {
	columns := make([]inference, f.fields)
	for i := range columns {
		columns[i] = newInference()
	}
	r := &csvRows{f: f, l: l, split: decode.Splitter{Delimiter: f.delimiter}}
	for {
		fields, line, err := r.record(ctx)
		if err != nil {
			return err
		}
		if fields == nil {
			break
		}
		for i, field := range fields {
			if f.isNull(field) {
				continue
			}
			columns[i].add(field.Text)
			if bytes.IndexByte(field.Text, 0) >= 0 { // which no type has
				_, err := parse(types.Column{Name: f.names[i], Type: types.Type{Kind: types.Text}}, stringOf(field.Text), f.zone)
				return f.atLine(line, err)
			}
		}
	}
	for i, name := range f.names {
		f.columns = append(f.columns, types.Column{Name: name, Type: types.Type{Kind: columns[i].kind()}})
		f.field = append(f.field, i)
	}
	return nil
}

func (f *csvFile) isNull(field decode.Field) bool {
	return !field.Quoted && string(field.Text) == f.null
}

// match finds the columns that are wanted by their names, in any order and among others.
func (f *csvFile) match(columns types.Schema) error {
	for _, c := range columns {
		at := -1
		for i, name := range f.names {
			if name == c.Name {
				at = i
			}
		}
		if at < 0 {
			return types.Errorf(types.CodeUndefinedColumn, "the header of file %s does not name column %q: it has %s", f.path, c.Name, strings.Join(f.names, ", ")).
				WithHint("a file without a header line is read with HEADER false")
		}
		f.field = append(f.field, at)
	}
	f.columns = columns
	return nil
}

// rows implements engine.File.Rows.
func (f *csvFile) rows(ctx context.Context, columns []int) (exec.Rows, error) {
	if err := f.same(); err != nil {
		return nil, err
	}
	l, err := openLines(ctx, f.input, true, nil)
	if err != nil {
		return nil, err
	}
	r := &csvRows{f: f, l: l, split: decode.Splitter{Delimiter: f.delimiter}, columns: columns, row: make([]types.Value, len(columns))}
	if f.header {
		if _, err := l.read(ctx); err != nil {
			return nil, errors.Join(err, l.close())
		}
	}
	return r, nil
}

type csvRows struct {
	f       *csvFile
	l       *lines
	split   decode.Splitter
	columns []int
	row     []types.Value
}

// record returns the fields of the next record and its line, nil at the end. Empty lines are skipped; in a file of one column they are NULLs.
func (r *csvRows) record(ctx context.Context) ([]decode.Field, int64, error) {
	for {
		rec, err := r.l.read(ctx)
		if rec == nil || err != nil {
			return nil, 0, err
		}
		if len(rec.Value) == 0 && r.f.fields > 1 {
			continue
		}
		fields, err := r.split.Split(rec.Value)
		if err == nil && len(fields) != r.f.fields {
			err = types.Errorf(types.CodeInvalidSource, "the record has %s instead of %d", count(len(fields), "field"), r.f.fields)
		}
		if err != nil {
			return nil, 0, r.f.atLine(rec.Line, err)
		}
		return fields, rec.Line, nil
	}
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// Next implements exec.Rows.
func (r *csvRows) Next(ctx context.Context) ([]types.Value, error) {
	fields, line, err := r.record(ctx)
	if fields == nil || err != nil {
		return nil, err
	}
	for i, c := range r.columns {
		field := fields[r.f.field[c]]
		if r.f.isNull(field) {
			r.row[i] = types.Value{}
			continue
		}
		if r.row[i], err = parse(r.f.columns[c], stringOf(field.Text), r.f.zone); err != nil {
			return nil, r.f.atLine(line, err)
		}
	}
	return r.row, nil
}

// Close implements exec.Rows.
func (r *csvRows) Close() error { return r.l.close() }
