package pgwire

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"runtime/debug"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/asofdb/asof/engine"
	"github.com/asofdb/asof/sql/types"
)

// conn is a client's connection. Its goroutine, serve, owns everything but what mu guards.
type conn struct {
	srv     *Server
	raw     net.Conn // closed to end the connection from outside
	sock    net.Conn // raw, with patience; or TLS above that
	in      *input
	out     output
	id      uint32
	key     []byte
	session *engine.Session
	told    [13]struct { // what the client knows of the reported parameters
		value string
		ok    bool
	}
	portals map[string]*portal
	// empty are the names of prepared statements without a statement in them.
	empty map[string]bool
	// held counts the bytes of the statements that Parse has prepared, by name.
	held      map[string]int
	heldBytes int
	// skipping is set from an error in the extended protocol until the next Sync.
	skipping bool

	// ctx ends when the connection is cut.
	ctx    context.Context
	cancel context.CancelCauseFunc

	mu      sync.Mutex              // guards what follows
	running context.CancelCauseFunc // ends the statement that runs; nil while none does
	notices []engine.Notice         // said and not yet sent
}

// maxNotices are kept of one statement until they are sent; what is said beyond is dropped.
const maxNotices = 1000

func newConn(s *Server, sock net.Conn) *conn {
	patient := socket{sock, s.options.WriteTimeout}
	c := &conn{srv: s, raw: sock, sock: patient, in: newInput(patient), out: output{conn: patient}, portals: map[string]*portal{}, empty: map[string]bool{}, held: map[string]int{}}
	c.ctx, c.cancel = context.WithCancelCause(context.Background())
	return c
}

// errEnd ends a connection as the client wished.
var errEnd = errors.New("the client said goodbye")

// serve is the connection's life.
func (c *conn) serve() {
	defer c.srv.leave(c)
	defer c.raw.Close()
	defer func() {
		if p := recover(); p != nil {
			c.srv.logger.Error("a panic was caught", "panic", p, "stack", string(debug.Stack()))
			c.goodbye(types.Errorf(types.CodeInternal, "internal error: %v", p).WithHint("this is a bug of asof; the log has the place"))
		}
		c.end()
	}()
	if err := c.startup(); err != nil {
		c.goodbye(err)
		return
	}
	c.ready()
	for {
		if err := c.step(); err != nil {
			c.goodbye(err)
			return
		}
	}
}

// end frees what the connection holds.
func (c *conn) end() {
	c.closePortals()
	c.cancel(nil)
	if c.session != nil {
		if err := c.session.Close(); err != nil {
			c.srv.logger.Warn("a session's files are left behind", "error", err)
		}
	}
}

// goodbye tells the client why the connection ends, where there is anything to tell and somebody to listen.
func (c *conn) goodbye(err error) {
	var said *types.Error
	var frame *frameError
	switch {
	case errors.As(err, &frame):
		said = types.Errorf(codeProtocol, "%s", frame.message)
	case !errors.As(err, &said):
		if !errors.Is(err, errEnd) && !errors.Is(err, errQuiet) {
			c.srv.logger.Debug("a connection ended", "error", err)
		}
		return
	}
	c.out.send(response(said, "FATAL", text{}))
	_ = c.raw.SetDeadline(time.Now().Add(time.Second)) // it may not be reading
	c.out.conn = c.lastConn()
	c.out.flush()
}

// lastConn is the socket without its patience, for the last words.
func (c *conn) lastConn() net.Conn {
	if c.isTLS() {
		return c.sock
	}
	return c.raw
}

// step answers one message.
func (c *conn) step() error {
	if err := c.idle(); err != nil {
		return err
	}
	kind, body, err := c.in.next(c.srv.options.StartupTimeout)
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded) && c.srv.isDraining():
		return errShutdown()
	case errors.Is(err, os.ErrDeadlineExceeded):
		return &frameError{"a message stopped in the middle"}
	case err != nil:
		return err
	case kind == 'X':
		return errEnd
	case kind == 'S':
		c.skipping = false
		c.ready()
		return c.out.err
	case c.skipping:
		return nil
	}
	return c.answer(kind, body)
}

// idle prepares for waiting for the client: what it can already know is sent.
func (c *conn) idle() error {
	if c.in.waiting() {
		return c.out.err
	}
	c.out.flush()
	_ = c.sock.SetReadDeadline(time.Time{})
	if c.srv.isDraining() { // looked at after the deadline was taken away, which wake sets after draining
		return errShutdown()
	}
	return c.out.err
}

// answer answers a message that is not for the connection itself.
func (c *conn) answer(kind byte, body []byte) error {
	var err error
	switch kind {
	case 'Q':
		var m pgproto3.Query
		if err := m.Decode(body); err != nil {
			return malformed(err)
		}
		c.simple(m.String)
		c.ready()
		return c.out.err
	case 'P', 'B', 'D', 'E', 'C':
		err = c.extended(kind, body)
	case 'F':
		c.fail(types.Errorf(types.CodeNotSupported, "function calls are not supported").WithHint("write SELECT function(…)"), text{})
		c.ready()
		return c.out.err
	case 'H':
		c.out.flush()
	case 'd', 'c', 'f': // what is left of a COPY that failed
	default:
		return &frameError{"invalid frontend message type " + itoa(int(kind))}
	}
	var protocol *malformedError
	if errors.As(err, &protocol) {
		return err
	}
	if err != nil {
		c.skipping = true
	}
	return c.out.err
}

// malformedError is a message of a known type that cannot be read. Where the next one begins is no longer sure.
type malformedError struct{ cause *types.Error }

func (e *malformedError) Error() string { return e.cause.Message }

func (e *malformedError) Unwrap() error { return e.cause }

func malformed(err error) error {
	return &malformedError{types.Errorf(codeProtocol, "invalid message format: %s", err)}
}

// ready ends an exchange: the client may send the next thing.
func (c *conn) ready() {
	status := c.session.TxStatus()
	if status == 'I' {
		c.closePortals()
	}
	c.sayNotices()
	c.report()
	c.out.send(&pgproto3.ReadyForQuery{TxStatus: status})
	if !c.in.waiting() {
		c.out.flush()
	}
}

// fail tells of an error, which makes a transaction block fail.
func (c *conn) fail(err error, script text) {
	c.session.Fail()
	c.sayNotices()
	c.out.send(response(err, "ERROR", script))
}

// hear takes a notice of a statement; it may come from any goroutine.
func (c *conn) hear(n engine.Notice) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.notices) < maxNotices {
		c.notices = append(c.notices, n)
	}
}

// sayNotices sends the notices that were heard, as far as the client wants them.
func (c *conn) sayNotices() {
	c.mu.Lock()
	notices := c.notices
	c.notices = nil
	c.mu.Unlock()
	for _, n := range notices {
		m := notice(n)
		if c.wants(m.Severity) {
			c.out.send(m)
		}
	}
}

// wants reports whether client_min_messages lets a notice through.
func (c *conn) wants(severity string) bool {
	least, _ := c.session.Setting("client_min_messages")
	switch least {
	case "error":
		return false
	case "warning":
		return severity == "WARNING"
	}
	return true
}

// gonePatience is how long a statement runs before somebody looks whether the client is still there. Most are over long before.
const gonePatience = 100 * time.Millisecond

// during runs work that cancel requests, the end of the connection and the client's going away end through cancel. With listen it is found out that the client has gone;
// work that reads from the client itself must not have that.
func (c *conn) during(cancel context.CancelCauseFunc, listen bool, work func()) {
	c.mu.Lock()
	c.running = cancel
	c.mu.Unlock()
	if err := context.Cause(c.ctx); err != nil {
		cancel(err)
	}
	quiet := func() {}
	if listen {
		quiet = c.listenForEnd(cancel)
	}
	defer func() {
		quiet()
		c.mu.Lock()
		c.running = nil
		c.mu.Unlock()
	}()
	work()
}

// listenForEnd has cancel called when the client closes the connection. The goroutine that looks owns the input until quiet returns.
func (c *conn) listenForEnd(cancel context.CancelCauseFunc) (quiet func()) {
	done := make(chan struct{})
	timer := time.AfterFunc(gonePatience, func() {
		defer close(done)
		if c.in.gone() {
			cancel(errGone())
		}
	})
	return func() {
		if timer.Stop() {
			return
		}
		_ = c.sock.SetReadDeadline(time.Unix(1, 0))
		<-done
		_ = c.sock.SetReadDeadline(time.Time{})
	}
}

// stop ends the statement that runs, if one does.
func (c *conn) stop(cause error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.running != nil {
		c.running(cause)
	}
}

// wake makes a connection that waits for its client look up.
func (c *conn) wake() { _ = c.raw.SetReadDeadline(time.Unix(1, 0)) }

// cut ends a connection at once: what runs is canceled, what cannot be sent within a second is not.
func (c *conn) cut() {
	c.cancel(errShutdown())
	c.stop(errShutdown())
	c.wake()
	time.AfterFunc(time.Second, func() { _ = c.raw.Close() })
}

// closePortals ends every portal.
func (c *conn) closePortals() {
	for name, p := range c.portals {
		p.close()
		delete(c.portals, name)
	}
}

// rescue turns a panic in work into an error: one statement ends, and not the connection.
func (c *conn) rescue(err *error) {
	if p := recover(); p != nil {
		c.srv.logger.Error("a panic was caught", "panic", p, "stack", string(debug.Stack()))
		*err = types.Errorf(types.CodeInternal, "internal error: %s", fmt.Sprint(p)).WithHint("this is a bug of asof; the log has the place")
	}
}
