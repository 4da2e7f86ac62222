// Package wiretest stands between a client and a server in tests, and does to their bytes what networks do: it cuts a conversation after so many bytes, passes it on a byte at a
// time, or swallows it. It also sends what no client would, and looks at what stays of it.
package wiretest

import (
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
)

// Fault is what a Proxy does to each of its conversations. The zero Fault does nothing.
type Fault struct {
	// CutUp and CutDown end a conversation after so many bytes from the client or from the server; 0 does not. Both ends see a reset in the middle of whatever it was.
	CutUp, CutDown int64
	// Trickle passes each byte on by itself.
	Trickle bool
	// SwallowDown lets nothing come back after so many bytes from the server: the client waits, the server believes that it was heard; 0 does not.
	SwallowDown int64
}

// Proxy passes conversations on to a server. It ends with its test.
type Proxy struct {
	Addr string
	// Up and Down count the bytes from clients and from the server.
	Up, Down atomic.Int64

	target string
	tasks  sync.WaitGroup

	mu    sync.Mutex // guards what follows
	fault func(conversation int) Fault
	begun int // conversations since the fault was set
	open  map[net.Conn]struct{}
	ended bool
}

// New starts a proxy of the server at target that does the same to every conversation.
func New(t testing.TB, target string, f Fault) *Proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{Addr: l.Addr().String(), fault: func(int) Fault { return f }, target: target, open: map[net.Conn]struct{}{}}
	p.tasks.Go(func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			p.tasks.Go(func() { p.converse(client) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		p.mu.Lock()
		p.ended = true
		for c := range p.open {
			c.Close()
		}
		p.mu.Unlock()
		p.tasks.Wait()
	})
	return p
}

// Vary gives each conversation that begins from now on a fault of its own, by its number from 0. Those that are open end if cut is set.
func (p *Proxy) Vary(cut bool, fault func(conversation int) Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fault, p.begun = fault, 0
	for c := range p.open {
		if cut {
			c.Close()
		}
	}
}

func (p *Proxy) next() Fault {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.begun++
	return p.fault(p.begun - 1)
}

// hold notes a connection, which is closed when the test ends; false when it has.
func (p *Proxy) hold(c net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.open[c] = struct{}{}
	return !p.ended
}

func (p *Proxy) converse(client net.Conn) {
	server, err := net.Dial("tcp", p.target)
	if err != nil {
		client.Close()
		return
	}
	both := func() {
		for _, c := range []net.Conn{client, server} {
			if tcp, ok := c.(*net.TCPConn); ok {
				_ = tcp.SetLinger(0) // what is on its way is lost, as when a cable is pulled
			}
			c.Close()
		}
	}
	if !p.hold(client) || !p.hold(server) {
		both()
		return
	}
	var ways sync.WaitGroup
	f := p.next()
	ways.Go(func() { p.pass(server, client, &p.Up, f.Trickle, f.CutUp, 0, both) })
	ways.Go(func() { p.pass(client, server, &p.Down, f.Trickle, f.CutDown, f.SwallowDown, both) })
	ways.Wait()
	both()
}

// pass moves bytes from one end to the other until one of them is closed, or the conversation is cut.
func (p *Proxy) pass(to, from net.Conn, count *atomic.Int64, trickle bool, cut, swallow int64, end func()) {
	buffer := make([]byte, 32<<10)
	if trickle {
		buffer = buffer[:1]
	}
	for passed := int64(0); ; {
		n, err := from.Read(buffer)
		if cut > 0 && passed+int64(n) >= cut {
			_, _ = to.Write(buffer[:cut-passed])
			end()
			return
		}
		passed += int64(n)
		count.Add(int64(n))
		if n > 0 && (swallow == 0 || passed <= swallow) {
			if _, err := to.Write(buffer[:n]); err != nil {
				end()
				return
			}
		}
		if err != nil {
			if err != io.EOF {
				end()
			} else if tcp, ok := to.(*net.TCPConn); ok {
				_ = tcp.CloseWrite() // the other direction may have more to say
			}
			return
		}
	}
}
