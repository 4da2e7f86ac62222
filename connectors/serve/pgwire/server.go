package pgwire

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/asofdb/asof/engine"
)

// Options configure a Server. The zero value lets everybody in, without TLS.
type Options struct {
	// Version is the program's, shown in server_version: "15.0 (asof VERSION)".
	Version string
	Logger  *slog.Logger
	// TLS, where it is set, is used by the clients that ask for it. RequireTLS turns away those from outside this machine that do not.
	TLS        *tls.Config
	RequireTLS bool
	// Users know the passwords; nil lets everybody in as who they say they are. An Engine is one.
	Users Authenticator
	// MaxConnections is how many clients there may be at once; 0 means 500.
	MaxConnections int
	// StartupTimeout is how long a client may take to say who it is, and how long a message that has begun may stand still; 0 means 10 s.
	StartupTimeout time.Duration
	// WriteTimeout is how long a client may read nothing of what it asked for; 0 means 5 minutes.
	WriteTimeout time.Duration
}

const (
	defaultMaxConnections = 500
	defaultStartupTimeout = 10 * time.Second
	// A notebook that stops in the middle of a result may well come back after a coffee; the store keeps its snapshot that long.
	defaultWriteTimeout = 5 * time.Minute
	// startingConnections may be there beside MaxConnections: they get to hear why they are turned away, and cancel requests come through.
	startingConnections = 100
)

// Server serves any number of listeners. It is safe for concurrent use.
type Server struct {
	eng     *engine.Engine
	options Options
	logger  *slog.Logger
	tasks   sync.WaitGroup // a goroutine for each connection

	mu        sync.Mutex // guards what follows
	conns     map[*conn]struct{}
	known     map[uint32]*conn // those past their startup, by the process id that they were told
	listeners map[net.Listener]struct{}
	draining  bool
}

// New returns a server of e. The caller shuts it down before it closes e.
func New(e *engine.Engine, o Options) *Server {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.MaxConnections == 0 {
		o.MaxConnections = defaultMaxConnections
	}
	if o.StartupTimeout == 0 {
		o.StartupTimeout = defaultStartupTimeout
	}
	if o.WriteTimeout == 0 {
		o.WriteTimeout = defaultWriteTimeout
	}
	return &Server{
		eng: e, options: o, logger: o.Logger,
		conns: map[*conn]struct{}{}, known: map[uint32]*conn{}, listeners: map[net.Listener]struct{}{},
	}
}

// Serve accepts clients from l, which it closes, until Shutdown is called; then it returns nil.
func (s *Server) Serve(l net.Listener) error {
	if !s.listen(l) {
		return l.Close()
	}
	for pause := time.Duration(0); ; {
		sock, err := l.Accept()
		switch {
		case err == nil:
			pause = 0
			s.begin(sock)
		case errors.Is(err, net.ErrClosed):
			return nil
		default: // too many open files, as a rule: it passes when others leave
			s.logger.Warn("a client could not be accepted", "error", err)
			pause = min(max(2*pause, 5*time.Millisecond), time.Second)
			time.Sleep(pause)
		}
	}
}

func (s *Server) listen(l net.Listener) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.draining {
		return false
	}
	s.listeners[l] = struct{}{}
	return true
}

// keepAlive finds a peer that went without a word in about a minute.
var keepAlive = net.KeepAliveConfig{Enable: true, Idle: 30 * time.Second, Interval: 10 * time.Second, Count: 3}

// begin starts a connection's goroutine.
func (s *Server) begin(sock net.Conn) {
	if tcp, ok := sock.(*net.TCPConn); ok {
		_ = tcp.SetKeepAliveConfig(keepAlive)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.draining || len(s.conns) >= s.options.MaxConnections+startingConnections {
		_ = sock.Close()
		return
	}
	c := newConn(s, sock)
	s.conns[c] = struct{}{}
	s.tasks.Go(c.serve)
}

// admit counts a client that has said who it is and gives it its key; false where there are too many.
func (s *Server) admit(c *conn, keyBytes int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.known) >= s.options.MaxConnections {
		return false
	}
	var id [4]byte
	for c.id == 0 || s.known[c.id] != nil {
		rand.Read(id[:])
		c.id = binary.BigEndian.Uint32(id[:]) >> 1 // drivers keep it in an int32
	}
	c.key = make([]byte, keyBytes)
	rand.Read(c.key)
	s.known[c.id] = c
	return true
}

// leave forgets a connection.
func (s *Server) leave(c *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, c)
	if s.known[c.id] == c {
		delete(s.known, c.id)
	}
}

// cancel runs a cancel request. Who asks is told nothing, whether there was something to cancel or not.
func (s *Server) cancel(id uint32, key []byte) {
	s.mu.Lock()
	c := s.known[id]
	s.mu.Unlock()
	if c != nil && subtle.ConstantTimeCompare(c.key, key) == 1 {
		c.stop(errCanceled())
	}
}

// Connections is how many clients are past their startup.
func (s *Server) Connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.known)
}

// Shutdown lets no client in any more, says goodbye to those that have nothing running, waits for the statements of the others, and cancels those when ctx ends. It
// returns when no connection is left.
func (s *Server) Shutdown(ctx context.Context) error {
	s.drain(func(c *conn) { c.wake() })
	left := make(chan struct{})
	go func() {
		s.tasks.Wait()
		close(left)
	}()
	select {
	case <-left:
		return nil
	case <-ctx.Done():
		s.cut()
		<-left
		return ctx.Err()
	}
}

// cut ends whatever runs, and every connection.
func (s *Server) cut() {
	s.drain(func(c *conn) { c.cut() })
}

func (s *Server) drain(each func(*conn)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.draining = true
	for l := range s.listeners {
		_ = l.Close()
	}
	clear(s.listeners)
	for c := range s.conns {
		each(c)
	}
}

func (s *Server) isDraining() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.draining
}
