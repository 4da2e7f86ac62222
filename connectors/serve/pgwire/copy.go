package pgwire

import (
	"context"
	"errors"
	"io"
	"os"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/asofdb/asof/engine"
	"github.com/asofdb/asof/sql/types"
)

// copy runs a COPY that writes to the client or reads from it, in both protocols.
func (c *conn) copy(ctx context.Context, cancel context.CancelCauseFunc, rows *engine.Rows) (err error) {
	stream := rows.Copy()
	format := byte(pgproto3.TextFormat)
	if stream.Binary {
		format = pgproto3.BinaryFormat
	}
	formats := make([]uint16, stream.Columns)
	for i := range formats {
		formats[i] = uint16(format)
	}
	before := c.session.TxStatus()
	if stream.In {
		c.sayNotices()
		c.say(&pgproto3.CopyInResponse{OverallFormat: format, ColumnFormatCodes: formats})
		from := &copyIn{c: c, ctx: ctx}
		c.during(cancel, false, func() {
			defer c.rescue(&err)
			err = rows.CopyIn(from)
		})
		if err == nil && !from.ended {
			err = from.drain()
		}
		if from.err != nil && !errors.Is(from.err, io.EOF) {
			err = from.err
		}
	} else {
		c.out.send(&pgproto3.CopyOutResponse{OverallFormat: format, ColumnFormatCodes: formats})
		c.during(cancel, true, func() {
			defer c.rescue(&err)
			err = rows.CopyOut(copyOut{c})
		})
		if err == nil {
			c.out.send(&pgproto3.CopyDone{})
		}
	}
	if err != nil {
		return err
	}
	c.complete(rows.Tag(), before)
	return nil
}

// copyOut sends what is written to it, a message for each Write.
type copyOut struct{ c *conn }

func (w copyOut) Write(p []byte) (int, error) {
	o := &w.c.out
	start := o.begin('d')
	o.buf = append(o.buf, p...)
	o.end(start)
	return len(p), o.err
}

// copyIn reads the data that the client sends, until it says that it is done.
type copyIn struct {
	c     *conn
	ctx   context.Context
	rest  []byte // of the last message
	ended bool   // the client has sent its last
	err   error
}

func (r *copyIn) Read(p []byte) (int, error) {
	for len(r.rest) == 0 {
		if r.err == nil {
			r.err = r.message()
		}
		if r.err != nil {
			return 0, r.err
		}
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

// message reads the next message.
func (r *copyIn) message() error {
	c := r.c
	if err := context.Cause(r.ctx); err != nil {
		return err
	}
	kind, body, err := c.in.next(c.srv.options.StartupTimeout)
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded) && c.srv.isDraining():
		return errShutdown()
	case err != nil:
		r.ended = true
		c.out.fail(err) // the connection is of no more use
		return err
	}
	switch kind {
	case 'd':
		r.rest = body
		return nil
	case 'c':
		r.ended = true
		return io.EOF
	case 'f':
		r.ended = true
		var m pgproto3.CopyFail
		if err := m.Decode(body); err != nil {
			return malformed(err)
		}
		return types.Errorf(types.CodeCanceled, "COPY from stdin failed: %s", m.Message)
	case 'H', 'S': // libpq's way to send; they ask for nothing here
		return nil
	}
	r.ended = true
	c.out.fail(&frameError{"unexpected message type"})
	return types.Errorf(codeProtocol, "unexpected message type 0x%02X during COPY from stdin", kind)
}

// drain reads what comes behind the data's own end marker.
func (r *copyIn) drain() error {
	for !r.ended {
		r.rest = nil
		if err := r.message(); err != nil && !errors.Is(err, io.EOF) {
			return err
		}
	}
	return nil
}
