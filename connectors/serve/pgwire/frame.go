package pgwire

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"time"
)

const (
	inputBuffer = 16 << 10
	// maxMessage bounds one message. Statements and parameters of megabytes are ordinary; a COPY comes in messages of kilobytes.
	maxMessage = 64 << 20
	// maxGreeting bounds messages of a client that is not yet known: PostgreSQL's own limit of a password message.
	maxGreeting = 65535
	// maxKept is the largest message buffer that is kept for the next one.
	maxKept = 256 << 10
)

// input reads a client's messages.
type input struct {
	conn  net.Conn
	r     *bufio.Reader
	big   []byte // a message that does not fit r's buffer
	limit int
	// patience, while it is not 0, is how long the socket may stand still; it is set while a message is being read.
	patience time.Duration
}

func newInput(conn net.Conn) *input {
	in := &input{conn: conn, limit: maxGreeting}
	in.r = bufio.NewReaderSize(in, inputBuffer)
	return in
}

// Read reads from the socket, for r.
func (in *input) Read(p []byte) (int, error) {
	if in.patience > 0 {
		_ = in.conn.SetReadDeadline(time.Now().Add(in.patience))
	}
	return in.conn.Read(p)
}

// frameError is a message that no client sends.
type frameError struct{ message string }

func (e *frameError) Error() string { return e.message }

// waiting reports whether there are bytes that have not been looked at.
func (in *input) waiting() bool { return in.r.Buffered() > 0 }

// next reads a message: its type and its body, which is valid until the next call. It waits for the first byte as long as it takes and is impatient from then on.
func (in *input) next(patience time.Duration) (kind byte, body []byte, err error) {
	if _, err := in.r.Peek(1); err != nil {
		return 0, nil, err
	}
	in.patience = patience
	defer func() {
		if in.patience = 0; in.big != nil && cap(in.big) > maxKept {
			in.big = nil
		}
	}()
	head, err := in.r.Peek(5)
	if err != nil {
		return 0, nil, cutShort(err)
	}
	kind = head[0]
	n := int(int32(binary.BigEndian.Uint32(head[1:]))) - 4
	if !knownKinds[kind] {
		return 0, nil, &frameError{"invalid frontend message type " + itoa(int(kind))}
	}
	if n < 0 || n > in.limit || n > 8 && fixedKinds[kind] {
		return 0, nil, &frameError{"invalid message length"}
	}
	_, _ = in.r.Discard(5)
	if n <= inputBuffer {
		if body, err = in.r.Peek(n); err == nil {
			_, _ = in.r.Discard(n)
		}
		return kind, body, cutShort(err)
	}
	body, err = in.large(n)
	return kind, body, err
}

// large reads a body of n bytes into a buffer that grows with what has arrived.
func (in *input) large(n int) ([]byte, error) {
	b := in.big[:0]
	for len(b) < n {
		if len(b) == cap(b) {
			grown := make([]byte, len(b), min(n, max(2*cap(b), 4*inputBuffer)))
			copy(grown, b)
			b = grown
		}
		got, err := in.r.Read(b[len(b):min(cap(b), n)])
		b = b[:len(b)+got]
		if err != nil {
			return nil, cutShort(err)
		}
	}
	in.big = b
	return b, nil
}

// bytes reads n bytes of a startup packet, which has no type.
func (in *input) bytes(n int) ([]byte, error) {
	b, err := in.r.Peek(n)
	if err != nil {
		return nil, cutShort(err)
	}
	_, err = in.r.Discard(n)
	return b, err
}

// gone waits until the client closes the connection, which it reports by true, or a deadline passes, or there is no room for what it sends.
func (in *input) gone() bool {
	for in.r.Buffered() < inputBuffer {
		if _, err := in.r.Peek(in.r.Buffered() + 1); err != nil {
			return !errors.Is(err, os.ErrDeadlineExceeded)
		}
	}
	return false
}

func cutShort(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// knownKinds are the types of messages that a client sends once it is known; fixedKinds those that are short.
var knownKinds, fixedKinds = kinds("BCDEFHPQSXcdfp"), kinds("HSXc")

func kinds(s string) (k [256]bool) {
	for i := range len(s) {
		k[s[i]] = true
	}
	return k
}
