package wiretest

import (
	"bytes"
	"errors"
	"io"
	"net"
	"testing"
	"time"
)

// End sends what may be anything, on a connection of its own behind what opens it, and reads what comes until the server closes it: which it must.
func End(t testing.TB, addr string, opening, sent []byte) {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, _ = c.Write(opening)
	go func() {
		_, _ = c.Write(sent) // the peer may close before it has taken all
		_ = c.(*net.TCPConn).CloseWrite()
	}()
	_ = c.SetReadDeadline(time.Now().Add(20 * time.Second))
	var ne net.Error
	if _, err := io.Copy(io.Discard, c); errors.As(err, &ne) && ne.Timeout() {
		t.Error("the conversation goes on for 20 s behind its end")
	}
}

// Forgotten waits until a server has forgotten all clients, so long at the most.
func Forgotten(t testing.TB, connections func() int, most time.Duration) {
	t.Helper()
	for begun := time.Now(); connections() > 0; time.Sleep(time.Millisecond) {
		if time.Since(begun) > most {
			t.Fatalf("%d clients are still there", connections())
		}
	}
}

// NoPanic is where a server's log goes in which no panic may stand.
type NoPanic struct{ testing.TB }

// Write implements io.Writer.
func (w NoPanic) Write(line []byte) (int, error) {
	if bytes.Contains(line, []byte("panic")) {
		w.Errorf("the log says: %s", line)
	}
	return len(line), nil
}
