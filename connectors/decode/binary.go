package decode

import (
	"encoding/hex"
	"strings"

	"github.com/asofdb/asof/sql/types"
)

// binaryMode is the option binary_handling_mode: how bytes are written as text where no schema says it.
type binaryMode uint8

const (
	binaryByForm binaryMode = iota // base64, unless the text can be hex as well
	binaryBase64                   // binary.handling.mode = bytes, base64, base64-url-safe
	binaryHex
)

const binaryHint = "add binary_handling_mode = 'base64' or 'hex' to the source's options, as the connector has it, or let the connector send schemas"

// bytea reads a BYTEA: base64, hex, or PostgreSQL's \x and hex.
func (d *values) bytea(c *column, typ types.Type, e *encoding, t token) (types.Value, error) {
	if t.kind != stringToken {
		return types.Value{}, c.wrongType(typ, e, t)
	}
	s, err := d.string(c, typ, t)
	if err != nil {
		return types.Value{}, err
	}
	if digits, ok := strings.CutPrefix(s, `\x`); ok {
		return d.hex(c, typ, t, digits)
	}
	switch {
	case e.form == bytesForm, d.binary == binaryBase64:
	case d.binary == binaryHex:
		return d.hex(c, typ, t, s)
	case s != "" && validHex(s):
		return types.Value{}, c.reject(types.CodeInvalidText, typ, t, "can be bytes in hex or in base64").WithHint(binaryHint)
	}
	table := standardBase64
	if strings.ContainsAny(s, "-_") {
		table = urlSafeBase64
	}
	b, ok := table.decode(d.arena.room(len(s)), s)
	if !ok {
		return types.Value{}, c.misspelled(types.CodeInvalidText, typ, t).WithHint(binaryHint)
	}
	return types.Value{Kind: types.Bytea, S: text(b)}, nil
}

func (d *values) hex(c *column, typ types.Type, t token, s string) (types.Value, error) {
	if !validHex(s) {
		return types.Value{}, c.misspelled(types.CodeInvalidText, typ, t).WithHint(binaryHint)
	}
	b, err := hex.AppendDecode(d.arena.room(len(s)/2), bytesOf(s))
	if err != nil {
		return types.Value{}, c.misspelled(types.CodeInvalidText, typ, t)
	}
	return types.Value{Kind: types.Bytea, S: text(b)}, nil
}

func validHex(s string) bool {
	for i := range len(s) {
		if !hexDigit(s[i]) {
			return false
		}
	}
	return len(s)%2 == 0
}

// base64Table maps the characters of a base64 alphabet to their values, all others to 0xff.
type base64Table [256]byte

var (
	standardBase64 = newBase64Table('+', '/') // RFC 4648, section 4
	urlSafeBase64  = newBase64Table('-', '_') // section 5
)

func newBase64Table(c62, c63 byte) *base64Table {
	var table base64Table
	for i := range table {
		table[i] = 0xff
	}
	for i, c := range "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789" {
		table[c] = byte(i)
	}
	table[c62], table[c63] = 62, 63
	return &table
}

// decode appends the bytes that s stands for to dst; false where s is no canonical, padded base64. It is here because
// amounts are a handful of characters and encoding/base64 takes longer to begin than to decode them.
func (table *base64Table) decode(dst []byte, s string) ([]byte, bool) {
	if len(s)%4 != 0 {
		return dst, false
	}
	for ; len(s) > 4; s = s[4:] {
		a, b, c, d := table[s[0]], table[s[1]], table[s[2]], table[s[3]]
		if a|b|c|d == 0xff {
			return dst, false
		}
		dst = append(dst, a<<2|b>>4, b<<4|c>>2, c<<6|d)
	}
	if s == "" {
		return dst, true
	}
	a, b, c, d := table[s[0]], table[s[1]], table[s[2]], table[s[3]]
	switch {
	case a|b == 0xff:
		return dst, false
	case s[2] == '=' && s[3] == '=':
		return append(dst, a<<2|b>>4), b&15 == 0
	case c == 0xff:
		return dst, false
	case s[3] == '=':
		return append(dst, a<<2|b>>4, b<<4|c>>2), c&3 == 0
	case d == 0xff:
		return dst, false
	}
	return append(dst, a<<2|b>>4, b<<4|c>>2, c<<6|d), true
}

// valid reports whether s is canonical, padded base64 of at least one byte.
func (table *base64Table) valid(s string) bool {
	if s == "" || len(s)%4 != 0 {
		return false
	}
	pad := 0
	for pad < 2 && s[len(s)-1-pad] == '=' {
		pad++
	}
	last := byte(0)
	for i := range len(s) - pad {
		if last = table[s[i]]; last == 0xff {
			return false
		}
	}
	return pad == 0 || pad == 1 && last&3 == 0 || pad == 2 && last&15 == 0
}
