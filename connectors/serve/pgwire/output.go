package pgwire

import (
	"encoding/binary"
	"errors"
	"net"
	"os"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"
)

// outputBuffer is how much is gathered before it is sent. Twice and half of it are as fast.
const outputBuffer = 32 << 10

// output gathers messages. After an error of the socket it swallows everything.
type output struct {
	conn net.Conn
	buf  []byte
	err  error
}

// send adds a message.
func (o *output) send(m pgproto3.BackendMessage) {
	b, err := m.Encode(o.buf)
	if err != nil {
		o.fail(err)
		return
	}
	o.buf = b
	o.room()
}

// begin and end frame a message that is written in place.
func (o *output) begin(kind byte) (start int) {
	o.buf = append(o.buf, kind, 0, 0, 0, 0)
	return len(o.buf) - 4
}

func (o *output) end(start int) {
	binary.BigEndian.PutUint32(o.buf[start:], uint32(len(o.buf)-start))
	o.room()
}

// room sends what has been gathered when it is enough.
func (o *output) room() {
	if len(o.buf) >= outputBuffer {
		o.flush()
	}
}

func (o *output) flush() {
	if len(o.buf) > 0 && o.err == nil {
		if _, err := o.conn.Write(o.buf); err != nil {
			o.fail(err)
		}
	}
	if cap(o.buf) > 4*outputBuffer {
		o.buf = nil
	}
	o.buf = o.buf[:0]
}

func (o *output) fail(err error) {
	if o.err == nil {
		o.err = err
	}
}

// socket is a connection on which a write may take any time, but not stand still. TLS lies above it: it could not go on after a write that timed out.
type socket struct {
	net.Conn
	patience time.Duration
}

func (s socket) Write(p []byte) (n int, err error) {
	for {
		_ = s.SetWriteDeadline(time.Now().Add(s.patience))
		k, err := s.Conn.Write(p[n:])
		n += k
		if err == nil || k == 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
			return n, err
		}
	}
}
