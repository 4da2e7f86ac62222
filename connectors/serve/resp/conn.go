package resp

import (
	"context"
	"errors"
	"net"
	"os"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/asofdb/asof/engine"
)

// A chunk of output leaves when it has this size, at the latest; a larger buffer is given back.
const chunk = 64 << 10

// conn is one client. Its goroutine owns all of it but what other clients see by CLIENT LIST.
type conn struct {
	srv   *Server
	nc    net.Conn
	id    int64
	since time.Time

	// ctx ends when the connection is cut.
	ctx   context.Context
	close func()

	in      *requests
	out     reply
	session *engine.Session // says what the user may read
	reader  *engine.EntityReader
	tx      transaction
	quit    bool

	// lock guards what CLIENT LIST shows of others.
	lock    sync.Mutex
	name    string
	user    string    // "" before somebody has authenticated himself; only the connection itself changes it
	library [2]string // name and version
	lastCmd string
	active  atomic.Int64 // when the last requests came, Unix seconds
	version atomic.Int64 // of the protocol

	writeBy time.Time // the write deadline that holds
}

func newConn(s *Server, nc net.Conn) *conn {
	c := &conn{srv: s, nc: nc, id: s.lastID.Add(1), since: time.Now(), in: newRequests(nc, s.options.MaxRequest)}
	var cancel context.CancelFunc
	c.ctx, cancel = context.WithCancel(s.ctx)
	stop := context.AfterFunc(c.ctx, func() { nc.Close() })
	c.close = sync.OnceFunc(func() { cancel(); stop(); nc.Close() })
	c.active.Store(c.since.Unix())
	c.forget()
	return c
}

// forget makes the connection as it was when it was new.
func (c *conn) forget() {
	c.become("")
	c.speak(2)
	c.tx = transaction{}
	c.lock.Lock()
	defer c.lock.Unlock()
	c.name = ""
}

// become makes the connection a user's.
func (c *conn) become(user string) {
	c.session = c.srv.eng.NewSessionWith(engine.SessionOptions{User: user, Door: "redis"})
	c.reader = c.srv.eng.NewEntityReader(func(feature string) bool { return c.session.MayRead(feature) == nil })
	c.lock.Lock()
	defer c.lock.Unlock()
	c.user = user
}

// trusted reports whether the connection need not authenticate itself, or has, as a user that still is one.
func (c *conn) trusted() bool {
	return !c.srv.eng.HasUsers() || c.user != "" && c.srv.eng.HasUser(c.user)
}

func (c *conn) speak(resp int) {
	c.out.resp = resp
	c.version.Store(int64(resp))
}

// wake ends a wait for a request: the server drains.
func (c *conn) wake() { _ = c.nc.SetReadDeadline(time.Unix(1, 0)) }

// lastRead is how long a connection of a server that drains looks for requests that have come.
const lastRead = 50 * time.Millisecond

// serve answers requests until the client goes, misbehaves, or the server ends.
func (c *conn) serve() {
	defer func() {
		if p := recover(); p != nil {
			c.srv.options.Logger.Error("a panic was caught", "panic", p, "stack", string(debug.Stack()))
		}
	}()
	authenticateBy := c.since.Add(c.srv.options.RequestTimeout)
	timed := false
	var lastBy time.Time // when the server drains: until when requests are still read
	for {
		ran, err := c.answer()
		if err != nil || c.quit {
			return
		}
		c.in.stranger = !c.trusted()
		switch {
		case c.in.stranger:
			_ = c.nc.SetReadDeadline(authenticateBy)
			timed = true
		case c.in.begun() && (!timed || ran > 0):
			_ = c.nc.SetReadDeadline(time.Now().Add(c.srv.options.RequestTimeout)) // for all of the request: reading a part of it does not move it
			timed = true
		case !c.in.begun() && timed:
			_ = c.nc.SetReadDeadline(time.Time{})
			timed = false
		}
		if c.srv.draining.Load() { // asked after the deadline was set, which may have undone wake
			if lastBy.IsZero() {
				lastBy = time.Now().Add(lastRead)
			}
			_ = c.nc.SetReadDeadline(lastBy)
		}
		if err := c.in.fill(); err != nil {
			if woken := c.srv.draining.Load() && lastBy.IsZero() && errors.Is(err, os.ErrDeadlineExceeded); !woken {
				return
			}
		}
	}
}

// answer runs the requests that have been read whole, and sends the replies. An error ends the connection.
func (c *conn) answer() (ran int64, err error) {
	for !c.quit {
		args, err := c.in.buffered()
		if errors.Is(err, errMore) {
			break
		}
		if err != nil {
			c.out.error("ERR " + err.Error())
			c.quit = true
			break
		}
		if len(args) == 0 {
			continue
		}
		ran++
		c.run(args)
		if len(c.out.buf) >= chunk {
			if err := c.flush(); err != nil {
				return ran, err
			}
		}
	}
	if ran > 0 {
		c.srv.commands.Add(ran)
		c.active.Store(time.Now().Unix())
	}
	return ran, c.flush()
}

// flush sends what has been replied, chunk by chunk. The deadline is renewed once a second at most: to set it costs as much as a small read.
func (c *conn) flush() error {
	rest := c.out.buf
	for len(rest) > 0 {
		now := time.Now()
		if by := now.Add(c.srv.options.WriteTimeout); by.Sub(c.writeBy) > min(time.Second, c.srv.options.WriteTimeout/2) || len(rest) > chunk {
			if err := c.nc.SetWriteDeadline(by); err != nil {
				return err
			}
			c.writeBy = by
		}
		n, err := c.nc.Write(rest[:min(len(rest), chunk)])
		if err != nil {
			return err
		}
		rest = rest[n:]
	}
	if cap(c.out.buf) > 2*chunk {
		c.out.buf = nil
	}
	c.out.buf = c.out.buf[:0]
	return nil
}
