package resp

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
)

// protocolError ends a connection; its text is what Redis would say.
type protocolError string

func (e protocolError) Error() string { return "Protocol error: " + string(e) }

// errMore says that the request is not complete yet.
var errMore = errors.New("resp: the request goes on")

// Redis's own limits: of a line, and of what is taken from somebody who has not authenticated himself.
const (
	maxLine         = 64 << 10
	maxStrangerArgs = 10
	maxStrangerBulk = 16 << 10
)

// firstBuffer is what a connection reads into; a larger request gets a larger buffer for as long as it takes.
const firstBuffer = 4 << 10

// requests takes a stream of bytes apart into requests: arrays of bulk strings, or lines of words.
type requests struct {
	src io.Reader
	// max is how many bytes a request may have. stranger is set until the peer has authenticated itself.
	max      int
	stranger bool

	buf        []byte
	begin, end int // what has been read and not been taken

	// How far the request at begin has been understood; what is counted from begin.
	at    int // the next byte to look at
	left  int // arguments still to come; -1 before their number is known
	bulk  int // the length of the next argument; -1 before it is known
	parts []int
	args  [][]byte
}

func newRequests(src io.Reader, maxRequest int) *requests {
	return &requests{src: src, max: maxRequest, buf: make([]byte, firstBuffer), left: -1, bulk: -1}
}

// buffered returns the next request that has been read whole, or errMore. The arguments are good until fill is called; none at all are a request that
// asks for nothing.
func (r *requests) buffered() ([][]byte, error) {
	if r.begin == r.end {
		return nil, errMore
	}
	var err error
	if r.buf[r.begin] == '*' {
		err = r.array()
	} else {
		err = r.inline()
	}
	switch {
	case errors.Is(err, errMore) && r.end-r.begin > r.max:
		return nil, protocolError(fmt.Sprintf("request larger than %d bytes", r.max))
	case err != nil:
		return nil, err
	}
	r.begin += r.at
	r.at, r.left, r.bulk = 0, -1, -1
	return r.args, nil
}

// begun reports whether a part of a request has been read.
func (r *requests) begun() bool { return r.begin < r.end }

// fill reads once. What buffered has returned is lost.
func (r *requests) fill() error {
	if r.begin > 0 {
		copy(r.buf, r.buf[r.begin:r.end])
		r.begin, r.end = 0, r.end-r.begin
	}
	switch {
	case r.end == 0 && len(r.buf) > firstBuffer:
		r.buf = make([]byte, firstBuffer)
	case r.end == len(r.buf):
		r.buf = append(r.buf, make([]byte, len(r.buf))...)
	}
	n, err := r.src.Read(r.buf[r.end:])
	r.end += n
	if n > 0 {
		return nil
	}
	if err == nil {
		err = io.ErrNoProgress
	}
	return err
}

// array reads *2\r\n$4\r\nECHO\r\n$2\r\nhi\r\n.
func (r *requests) array() error {
	if r.left < 0 {
		n, err := r.number("mbulk count", "invalid multibulk length")
		switch {
		case err != nil:
			return err
		case r.stranger && n > maxStrangerArgs:
			return protocolError("unauthenticated multibulk length")
		case n > r.max/minArg:
			return protocolError("invalid multibulk length")
		}
		r.left, r.parts = max(n, 0), r.parts[:0]
	}
	for r.left > 0 {
		if err := r.argument(); err != nil {
			return err
		}
	}
	r.args = r.args[:0]
	for i := 0; i < len(r.parts); i += 2 {
		r.args = append(r.args, r.buf[r.begin+r.parts[i]:r.begin+r.parts[i+1]])
	}
	return nil
}

// minArg is the least that an argument takes: $0\r\n\r\n.
const minArg = 6

func (r *requests) argument() error {
	if r.bulk < 0 {
		if r.begin+r.at == r.end {
			return errMore
		}
		if c := r.buf[r.begin+r.at]; c != '$' {
			return protocolError(fmt.Sprintf("expected '$', got '%c'", printable(c)))
		}
		n, err := r.number("bulk count", "invalid bulk length")
		switch {
		case err != nil:
			return err
		case r.stranger && n > maxStrangerBulk:
			return protocolError("unauthenticated bulk length")
		case n < 0 || n > r.max:
			return protocolError("invalid bulk length")
		}
		r.bulk = n
	}
	from := r.begin + r.at
	if r.end-from < r.bulk+2 {
		return errMore
	}
	if tail := r.buf[from+r.bulk : from+r.bulk+2]; tail[0] != '\r' || tail[1] != '\n' {
		return protocolError("a bulk string does not end where its length says")
	}
	r.parts = append(r.parts, r.at, r.at+r.bulk)
	r.at += r.bulk + 2
	r.left, r.bulk = r.left-1, -1
	return nil
}

func printable(c byte) rune {
	if c < ' ' || c > '~' {
		return '?'
	}
	return rune(c)
}

// number reads the number of a line whose first byte says of what.
func (r *requests) number(what, invalid string) (int, error) {
	rest := r.buf[r.begin+r.at : r.end]
	line := bytes.IndexByte(rest, '\r')
	if line < 0 {
		if len(rest) > maxLine {
			return 0, protocolError("too big " + what + " string")
		}
		return 0, errMore
	}
	if len(rest) < line+2 {
		return 0, errMore
	}
	n, err := strconv.ParseInt(string(rest[1:line]), 10, 32)
	if err != nil || rest[line+1] != '\n' {
		return 0, protocolError(invalid)
	}
	r.at += line + 2
	return int(n), nil
}

// inline reads a line of words, as somebody types them into a terminal.
func (r *requests) inline() error {
	rest := r.buf[r.begin+r.at : r.end]
	line := bytes.IndexByte(rest, '\n')
	limit := maxLine
	if r.stranger {
		limit = maxStrangerBulk
	}
	if line < 0 && len(rest) <= limit {
		return errMore
	}
	if line < 0 || line > limit {
		return protocolError("too big inline request")
	}
	r.at += line + 1
	var ok bool
	if r.args, ok = appendWords(r.args[:0], bytes.TrimSuffix(rest[:line], []byte("\r"))); !ok {
		return protocolError("unbalanced quotes in request")
	}
	return nil
}

func isSpace(c byte) bool { return c == ' ' || '\t' <= c && c <= '\r' || c == 0 }

// appendWords splits a line as Redis does: words between blanks, "with \n, \x41 and blanks", 'or \' alone'. ok is false where a quote does not end, or does
// not end a word.
func appendWords(dst [][]byte, line []byte) (words [][]byte, ok bool) {
	for {
		for len(line) > 0 && isSpace(line[0]) {
			line = line[1:]
		}
		if len(line) == 0 {
			return dst, true
		}
		var word []byte
		if word, line, ok = cutWord(line); !ok {
			return nil, false
		}
		dst = append(dst, word)
	}
}

func cutWord(line []byte) (word, rest []byte, ok bool) {
	word = []byte{}
	for len(line) > 0 && !isSpace(line[0]) {
		switch line[0] {
		case '"', '\'':
			if word, line, ok = unquote(word, line); !ok {
				return nil, nil, false
			}
			return word, line, len(line) == 0 || isSpace(line[0])
		}
		word, line = append(word, line[0]), line[1:]
	}
	return word, line, true
}

var escapes = map[byte]byte{'n': '\n', 'r': '\r', 't': '\t', 'b': '\b', 'a': '\a'}

// unquote appends what stands in quotes at the beginning of line.
func unquote(word, line []byte) (got, rest []byte, ok bool) {
	quote := line[0]
	for line = line[1:]; len(line) > 0; line = line[1:] {
		switch c := line[0]; {
		case c == quote:
			return word, line[1:], true
		case c == '\\' && quote == '"' && len(line) >= 4 && line[1] == 'x' && isHex(line[2]) && isHex(line[3]):
			b, _ := strconv.ParseUint(string(line[2:4]), 16, 8)
			word, line = append(word, byte(b)), line[3:]
		case c == '\\' && quote == '"' && len(line) >= 2:
			if e, known := escapes[line[1]]; known {
				word = append(word, e)
			} else {
				word = append(word, line[1])
			}
			line = line[1:]
		case c == '\\' && quote == '\'' && len(line) >= 2 && line[1] == '\'':
			word, line = append(word, '\''), line[1:]
		default:
			word = append(word, c)
		}
	}
	return nil, nil, false
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}
