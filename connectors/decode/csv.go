package decode

import (
	"strconv"
	"strings"

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
	splitter Splitter
	null     string
	order    []int // the column of each field, -1 for none
}

// headedCSV is a csvFormat that learns its order from the file's first record.
type headedCSV struct{ csvFormat }

func newCSV(s engine.SourceSpec) (engine.Decoder, error) {
	p, err := newPlain(s)
	if err != nil {
		return nil, err
	}
	d := csvFormat{plain: p, splitter: Splitter{Delimiter: ','}, null: s.Options["null"]}
	if delimiter, ok := s.Options["delimiter"]; ok {
		if delimiter == `\t` {
			delimiter = "\t"
		}
		if len(delimiter) != 1 || delimiter[0] >= 0x80 || strings.ContainsAny(delimiter, "\"\r\n\x00") {
			return nil, types.Errorf(types.CodeInvalidParameter, "delimiter = %q is not a single character of ASCII other than quote and line break", delimiter)
		}
		d.splitter.Delimiter = delimiter[0]
	}
	if strings.ContainsAny(d.null, "\"\r\n") || strings.IndexByte(d.null, d.splitter.Delimiter) >= 0 {
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
	fields, err := d.splitter.Split(trimMark(rec))
	if err != nil {
		return err
	}
	found := make([]bool, len(d.columns))
	d.order = d.order[:0]
	for _, f := range fields {
		column := -1
		for i := range d.columns {
			if d.columns[i].name == string(f.Text) {
				column = i
			}
		}
		if column >= 0 && found[column] {
			return types.Errorf(types.CodeDuplicateColumn, "the header names column %q twice", f.Text)
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
	fields, err := d.splitter.Split(line)
	if err != nil {
		return err
	}
	if len(fields) != len(d.order) {
		return types.Errorf(types.CodeInvalidSource, "the record has %d fields instead of %d", len(fields), len(d.order))
	}
	row := d.arena.row(len(d.columns))
	for i, f := range fields {
		if d.order[i] < 0 || !f.Quoted && string(f.Text) == d.null {
			continue
		}
		c := &d.columns[d.order[i]]
		v, err := c.parse(token{kind: stringToken, raw: f.Text}, text(f.Text))
		if err != nil {
			return err
		}
		row[d.order[i]] = v
	}
	return d.insert(row, ev)
}
