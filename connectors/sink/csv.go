package sink

import (
	"strconv"
	"strings"
	"time"

	"github.com/asofdb/asof/engine"
	"github.com/asofdb/asof/sql/types"
)

// csvSink writes PostgreSQL's COPY … (FORMAT csv), with a header line unless header = false: a file that can be read as a table again.
type csvSink struct {
	file      *whole
	zone      *time.Location
	delimiter byte
	null      string
	row       []types.Value
	line      []byte // of one row, used again
	text      []byte // of one value, used again
}

func createCSV(path string, s engine.SinkSpec) (engine.Sink, error) {
	c := &csvSink{zone: s.Zone, null: s.Options["null"], row: make([]types.Value, len(s.Columns))}
	header := true
	var err error
	if text, ok := s.Options["header"]; ok {
		if header, err = strconv.ParseBool(text); err != nil {
			return nil, types.Errorf(types.CodeInvalidParameter, "header = %q is neither true nor false", text)
		}
	}
	if c.delimiter, err = delimiterOption(s.Options); err != nil {
		return nil, err
	}
	if strings.ContainsAny(c.null, "\"\r\n"+string(c.delimiter)) {
		return nil, types.Errorf(types.CodeInvalidParameter, "null = %q has the delimiter, a quote or a line break in it", c.null)
	}
	if c.file, err = create(path); err != nil {
		return nil, err
	}
	if header {
		for i, column := range s.Columns {
			c.separate(i)
			c.field([]byte(column.Name), len(s.Columns) == 1)
		}
		if err := c.end(); err != nil {
			_ = c.Close()
			return nil, err
		}
	}
	return c, nil
}

func delimiterOption(options map[string]string) (byte, error) {
	text, ok := options["delimiter"]
	switch {
	case !ok:
		return ',', nil
	case text == `\t`:
		return '\t', nil
	case len(text) != 1 || text[0] >= 0x80 || strings.ContainsAny(text, "\"\r\n\x00"):
		return 0, types.Errorf(types.CodeInvalidParameter, "delimiter = %q is not a single character of ASCII other than quote and line break", text)
	}
	return text[0], nil
}

// Write implements engine.Sink.
func (c *csvSink) Write(b *types.Batch) error {
	for i := range b.Rows() {
		b.Row(i, c.row)
		for j, v := range c.row {
			c.separate(j)
			if v.IsNull() {
				c.line = append(c.line, c.null...)
				continue
			}
			c.text = types.AppendTextIn(c.text[:0], v, c.zone)
			c.field(c.text, len(c.row) == 1)
		}
		if err := c.end(); err != nil {
			return err
		}
	}
	return nil
}

func (c *csvSink) separate(i int) {
	if i > 0 {
		c.line = append(c.line, c.delimiter)
	}
}

func (c *csvSink) field(text []byte, alone bool) {
	c.line = AppendCSVField(c.line, text, c.delimiter, c.null, alone)
}

// end writes the line.
func (c *csvSink) end() error {
	c.line = append(c.line, '\n')
	_, err := c.file.Write(c.line)
	c.line = c.line[:0]
	return err
}

// Commit implements engine.Sink.
func (c *csvSink) Commit() error { return c.file.commit() }

// Close implements engine.Sink.
func (c *csvSink) Close() error { return c.file.abandon() }
