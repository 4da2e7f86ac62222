package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"time"
	"unicode/utf8"

	"github.com/asofdb/asof/sql/types"
)

// jsonFormat writes each row as an object: a line each (ndjson), or one array for each result (json).
// Numbers keep PostgreSQL's digits and never go through a double.
type jsonFormat struct {
	w     *bufio.Writer
	array bool
	zone  *time.Location

	keys [][]byte // each column's `"name":`
	rows int
	buf  []byte // one row, used again
}

func (f *jsonFormat) begin(cols []types.Column, zone *time.Location) error {
	f.keys, f.rows, f.zone = nil, 0, zone
	for i := range cols {
		f.keys = append(f.keys, append(appendJSONString(nil, []byte(cols[i].Name)), ':'))
	}
	return nil
}

func (f *jsonFormat) row(values []types.Value) error {
	f.buf = f.buf[:0]
	if f.array {
		if f.rows == 0 {
			f.buf = append(f.buf, "[\n"...)
		} else {
			f.buf = append(f.buf, ",\n"...)
		}
	}
	f.rows++
	f.buf = append(f.buf, '{')
	for i := range values {
		if i > 0 {
			f.buf = append(f.buf, ',')
		}
		f.buf = append(f.buf, f.keys[i]...)
		f.buf = appendJSON(f.buf, values[i], f.zone)
	}
	f.buf = append(f.buf, '}')
	if !f.array {
		f.buf = append(f.buf, '\n')
	}
	_, err := f.w.Write(f.buf)
	return err
}

func (f *jsonFormat) end(string, time.Duration) error {
	text := ""
	if f.array && f.keys != nil {
		if text = "\n]\n"; f.rows == 0 {
			text = "[]\n"
		}
	}
	_, err := f.w.WriteString(text)
	return err
}

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
		if elems, ok := v.X.([]types.Value); ok {
			return appendJSONArray(dst, elems, zone)
		}
	case types.JSON, types.JSONB:
		buf := bytes.NewBuffer(dst)
		if json.Compact(buf, []byte(v.S)) == nil {
			return buf.Bytes()
		}
	}
	start := len(dst)
	dst = types.AppendTextIn(dst, v, zone)
	if numeric(v.Kind) && isNumber(dst[start:]) {
		return dst
	}
	text := append([]byte(nil), dst[start:]...)
	return appendJSONString(dst[:start], text)
}

func appendJSONArray(dst []byte, elems []types.Value, zone *time.Location) []byte {
	dst = append(dst, '[')
	for i := range elems {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendJSON(dst, elems[i], zone)
	}
	return append(dst, ']')
}

// isNumber tells a number's text from NaN, Infinity and -Infinity, which JSON has no numbers for.
func isNumber(text []byte) bool {
	last := text[len(text)-1]
	return '0' <= last && last <= '9'
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
