package sink

import (
	"bytes"
	"encoding/json"
	"time"
	"unicode/utf8"

	"github.com/asofdb/asof/engine"
	"github.com/asofdb/asof/sql/types"
)

// ndjsonSink writes each row as an object on a line of its own. Numbers keep PostgreSQL's digits and never go through a double.
type ndjsonSink struct {
	file *whole
	zone *time.Location
	keys [][]byte // each column's `"name":`
	row  []types.Value
	line []byte // of one row, used again
}

func createNDJSON(path string, s engine.SinkSpec) (engine.Sink, error) {
	n := &ndjsonSink{zone: s.Zone, row: make([]types.Value, len(s.Columns))}
	for _, c := range s.Columns {
		n.keys = append(n.keys, append(appendJSONString(nil, []byte(c.Name)), ':'))
	}
	var err error
	if n.file, err = create(path); err != nil {
		return nil, err
	}
	return n, nil
}

// Write implements engine.Sink.
func (n *ndjsonSink) Write(b *types.Batch) error {
	for i := range b.Rows() {
		b.Row(i, n.row)
		n.line = append(n.line[:0], '{')
		for j, v := range n.row {
			if j > 0 {
				n.line = append(n.line, ',')
			}
			n.line = append(n.line, n.keys[j]...)
			n.line = appendJSON(n.line, v, n.zone)
		}
		n.line = append(n.line, "}\n"...)
		if _, err := n.file.Write(n.line); err != nil {
			return err
		}
	}
	return nil
}

// Commit implements engine.Sink.
func (n *ndjsonSink) Commit() error { return n.file.commit() }

// Close implements engine.Sink.
func (n *ndjsonSink) Close() error { return n.file.abandon() }

// appendJSON appends v as JSON. JSON columns stand as they are, without the line breaks that they may contain.
func appendJSON(dst []byte, v types.Value, zone *time.Location) []byte {
	switch v.Kind {
	case types.Null:
		return append(dst, "null"...)
	case types.Bool:
		if v.I != 0 {
			return append(dst, "true"...)
		}
		return append(dst, "false"...)
	case types.Array:
		dst = append(dst, '[')
		for i, e := range v.Elems() {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendJSON(dst, e, zone)
		}
		return append(dst, ']')
	case types.JSON, types.JSONB:
		buf := bytes.NewBuffer(dst)
		if json.Compact(buf, []byte(v.S)) == nil {
			return buf.Bytes()
		}
	}
	start := len(dst)
	dst = types.AppendTextIn(dst, v, zone)
	if isNumber(v.Kind, dst[start:]) {
		return dst
	}
	text := bytes.Clone(dst[start:])
	return appendJSONString(dst[:start], text)
}

// isNumber tells a number's text from NaN, Infinity and -Infinity, which JSON has no numbers for.
func isNumber(k types.Kind, text []byte) bool {
	switch k {
	case types.Int2, types.Int4, types.Int8, types.Float4, types.Float8, types.Numeric:
		last := text[len(text)-1]
		return '0' <= last && last <= '9'
	}
	return false
}

// appendJSONString quotes s. Unlike encoding/json it leaves <, > and & alone; what is not UTF-8 becomes U+FFFD.
func appendJSONString(dst, s []byte) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	for len(s) > 0 {
		c := s[0]
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRune(s)
			dst = utf8.AppendRune(dst, r)
			s = s[size:]
			continue
		}
		switch {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c == '\n':
			dst = append(dst, `\n`...)
		case c == '\r':
			dst = append(dst, `\r`...)
		case c == '\t':
			dst = append(dst, `\t`...)
		case c < 0x20 || c == 0x7f:
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		default:
			dst = append(dst, c)
		}
		s = s[1:]
	}
	return append(dst, '"')
}
