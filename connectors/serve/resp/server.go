package resp

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/asofdb/asof/engine"
)

// Options of a Server; the zero value works.
//
// Who comes in is asked of the engine: everybody, as long as it has no users; then users with their passwords, who see the features that were granted to them.
type Options struct {
	// TLS is nil where connections are not encrypted.
	TLS *tls.Config
	// Logger may be nil.
	Logger *slog.Logger
	// Version is asof's, for INFO and HELLO.
	Version string
	// MaxConnections is how many clients there may be at once; 0 means 10,000, as for Redis.
	MaxConnections int
	// MaxRequest is the largest request, in bytes; 0 means 1 MiB.
	MaxRequest int
	// RequestTimeout is how long a client may take over a request that it has begun, and to authenticate itself; 0 means 10 s.
	RequestTimeout time.Duration
	// WriteTimeout is how long a client may leave 64 kB of replies unread; 0 means 30 s.
	WriteTimeout time.Duration
}

func (o *Options) setDefaults() {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.MaxConnections == 0 {
		o.MaxConnections = 10_000
	}
	if o.MaxRequest == 0 {
		o.MaxRequest = 1 << 20
	}
	if o.RequestTimeout == 0 {
		o.RequestTimeout = 10 * time.Second
	}
	if o.WriteTimeout == 0 {
		o.WriteTimeout = 30 * time.Second
	}
}

// Server serves an engine. It does not own it.
type Server struct {
	eng     *engine.Engine
	options Options
	started time.Time
	table   map[string]*command

	// ctx ends when connections are cut.
	ctx      context.Context
	cut      context.CancelFunc
	running  sync.WaitGroup // connections
	draining atomic.Bool
	lastID   atomic.Int64
	commands atomic.Int64 // answered

	mu        sync.Mutex // guards what follows
	listeners map[net.Listener]struct{}
	conns     map[*conn]struct{}
}

// NewServer returns a server that waits for Serve.
func NewServer(eng *engine.Engine, o Options) *Server {
	o.setDefaults()
	s := &Server{eng: eng, options: o, started: time.Now(), table: commandTable(), listeners: map[net.Listener]struct{}{}, conns: map[*conn]struct{}{}}
	s.ctx, s.cut = context.WithCancel(context.Background())
	return s
}

// Serve accepts connections until Shutdown is called; then it returns nil. It closes the listener.
func (s *Server) Serve(l net.Listener) error {
	s.mu.Lock()
	s.listeners[l] = struct{}{}
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.listeners, l)
	}()
	defer l.Close()
	for pause := time.Duration(0); ; {
		if s.draining.Load() {
			return nil
		}
		nc, err := l.Accept()
		switch {
		case err == nil:
			pause = 0
			s.admit(nc)
		case s.draining.Load():
			return nil
		case errors.Is(err, net.ErrClosed):
			return err
		default: // such as no more files: those that are open go on
			pause = min(max(2*pause, 5*time.Millisecond), time.Second)
			s.options.Logger.Error("a Redis connection could not be accepted", "error", err, "pause", pause)
			time.Sleep(pause)
		}
	}
}

// keepAlive finds out within two minutes that a silent peer is gone.
var keepAlive = net.KeepAliveConfig{Enable: true, Idle: 60 * time.Second, Interval: 15 * time.Second, Count: 4}

func (s *Server) admit(nc net.Conn) {
	if tcp, ok := nc.(*net.TCPConn); ok {
		_ = tcp.SetKeepAliveConfig(keepAlive) // without it a dead peer only stays longer
	}
	if s.options.TLS != nil {
		nc = tls.Server(nc, s.options.TLS)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.conns) >= s.options.MaxConnections || s.draining.Load() {
		if s.options.TLS == nil {
			_, _ = nc.Write([]byte("-ERR max number of clients reached\r\n")) // a new socket has room for a line
		}
		nc.Close()
		return
	}
	c := newConn(s, nc)
	s.conns[c] = struct{}{}
	s.running.Go(func() {
		defer s.leave(c)
		c.serve()
	})
}

func (s *Server) leave(c *conn) {
	c.close()
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, c)
}

// Shutdown lets no one in any more, answers the requests that have come, and closes the connections. When ctx ends it cuts those that are left and returns
// its error.
func (s *Server) Shutdown(ctx context.Context) error {
	s.draining.Store(true)
	s.mu.Lock()
	for l := range s.listeners {
		l.Close()
	}
	for c := range s.conns {
		c.wake()
	}
	s.mu.Unlock()
	done := make(chan struct{})
	go func() { s.running.Wait(); close(done) }() // ends with the connections, which cut ends
	select {
	case <-done:
	case <-ctx.Done():
		s.cut()
		<-done
		return context.Cause(ctx)
	}
	s.cut()
	return nil
}

// connections lists those that are open.
// Connections is how many clients there are.
func (s *Server) Connections() int { return len(s.connections()) }

func (s *Server) connections() []*conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]*conn, 0, len(s.conns))
	for c := range s.conns {
		all = append(all, c)
	}
	return all
}
