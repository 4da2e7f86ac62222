package resp

import (
	"strconv"

	"github.com/asofdb/asof/sql/types"
)

// reply appends replies to a buffer, in RESP2 or RESP3.
type reply struct {
	buf  []byte
	resp int // 2 or 3
	text []byte
}

func (r *reply) line(kind byte, text string) {
	r.buf = append(r.buf, kind)
	for i := range len(text) {
		c := text[i]
		if c == '\r' || c == '\n' {
			c = ' ' // a line is a line, whatever it quotes
		}
		r.buf = append(r.buf, c)
	}
	r.buf = append(r.buf, '\r', '\n')
}

func (r *reply) head(kind byte, n int) {
	r.buf = strconv.AppendInt(append(r.buf, kind), int64(n), 10)
	r.buf = append(r.buf, '\r', '\n')
}

func (r *reply) status(text string) { r.line('+', text) }

// error's text begins with a word that says what kind of error it is.
func (r *reply) error(text string) { r.line('-', text) }

func (r *reply) int(n int64) {
	r.buf = strconv.AppendInt(append(r.buf, ':'), n, 10)
	r.buf = append(r.buf, '\r', '\n')
}

func (r *reply) bool(b bool) {
	if b {
		r.int(1)
	} else {
		r.int(0)
	}
}

func (r *reply) bulk(text string) {
	r.head('$', len(text))
	r.buf = append(r.buf, text...)
	r.buf = append(r.buf, '\r', '\n')
}

func (r *reply) null() {
	if r.resp == 3 {
		r.buf = append(r.buf, "_\r\n"...)
	} else {
		r.buf = append(r.buf, "$-1\r\n"...)
	}
}

// array and pairs are followed by their elements: n of them, or n keys with their values.
func (r *reply) array(n int) { r.head('*', n) }

func (r *reply) pairs(n int) {
	if r.resp == 3 {
		r.head('%', n)
	} else {
		r.head('*', 2*n)
	}
}

// verbatim is a text for people.
func (r *reply) verbatim(text string) {
	if r.resp == 3 {
		r.head('=', len("txt:")+len(text))
		r.buf = append(append(append(r.buf, "txt:"...), text...), '\r', '\n')
		return
	}
	r.bulk(text)
}

// value is an SQL value as PostgreSQL writes it in UTC.
func (r *reply) value(v types.Value) {
	if v.IsNull() {
		r.null()
		return
	}
	r.text = types.AppendText(r.text[:0], v)
	r.head('$', len(r.text))
	r.buf = append(r.buf, r.text...)
	r.buf = append(r.buf, '\r', '\n')
}
