package sink

import (
	"bytes"
	"encoding/json"
	"time"
	"unicode/utf8"

	"github.com/asofdb/asof/sql/types"
)

// AppendCSVField appends a field as PostgreSQL's COPY … (FORMAT csv) writes it: in quotes where it would be read as something else without. That is so for the
// empty string and for null, which would be read as NULL, and for \. alone on a line, which would end the data.
func AppendCSVField(dst, text []byte, delimiter byte, null string, alone bool) []byte {
	quote := len(text) == 0 || string(text) == null || bytes.IndexByte(text, delimiter) >= 0 || bytes.ContainsAny(text, "\"\r\n") || alone && string(text) == `\.`
	if !quote {
		return append(dst, text...)
	}
	dst = append(dst, '"')
	for {
		before, after, found := bytes.Cut(text, []byte{'"'})
		dst = append(dst, before...)
		if !found {
			return append(dst, '"')
		}
		dst = append(dst, `""`...)
		text = after
	}
}

// AppendJSON appends v as JSON. JSON columns stand as they are, without the line breaks that they may contain.
func AppendJSON(dst []byte, v types.Value, zone *time.Location) []byte {
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
			dst = AppendJSON(dst, e, zone)
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
	return AppendJSONString(dst[:start], text)
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

// AppendJSONString quotes s. Unlike encoding/json it leaves <, > and & alone; what is not UTF-8 becomes U+FFFD.
func AppendJSONString(dst, s []byte) []byte {
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
