package editor

import (
	"errors"
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
	"golang.org/x/term"
)

// errWoken is what next returns when another goroutine has something for the reader.
var errWoken = errors.New("woken")

// escapeWait is how long after an ESC the rest of a key's sequence may come; after it the ESC was the key. A terminal sends the
// sequence at once, and a person does not notice the wait.
const escapeWait = 50 * time.Millisecond

// input reads keys from a terminal. It reads nothing ahead of what a caller waits for.
type input struct {
	fd      int
	pending []byte // read, but not yet a key's
	cooked  *term.State

	wakeR, wakeW *os.File

	mu    sync.Mutex // guards woken
	woken bool       // a byte is in the pipe
}

func (in *input) open(fd int) (err error) {
	in.fd = fd
	if in.cooked, err = term.GetState(fd); err != nil {
		return err
	}
	in.wakeR, in.wakeW, err = os.Pipe()
	return err
}

func (in *input) close() error { return errors.Join(in.wakeR.Close(), in.wakeW.Close()) }

// wake makes next return errWoken, now or when it is called. Any goroutine may call it.
func (in *input) wake() {
	in.mu.Lock()
	defer in.mu.Unlock()
	if !in.woken {
		in.woken = true
		_, _ = in.wakeW.Write([]byte{0})
	}
}

// next waits for a key.
func (in *input) next() (key, error) {
	for {
		wait := time.Duration(-1)
		if len(in.pending) > 0 {
			if k, n := decode(in.pending); n > 0 {
				in.pending = in.pending[n:]
				return k, nil
			}
			if in.pending[0] == 0x1b && len(in.pending) < len(pasteBegin) {
				wait = escapeWait
			}
		}
		ready, err := in.wait(wait)
		switch {
		case err != nil:
			return key{}, err
		case !ready:
			n := len(in.pending)
			in.pending = nil
			if n == 1 {
				return key{command: escape}, nil
			}
			continue // a sequence that nobody finishes
		}
		if err := in.read(); err != nil {
			return key{}, err
		}
	}
}

// wait returns true when the terminal can be read, false after the given time, negative for none, and errWoken.
func (in *input) wait(limit time.Duration) (bool, error) {
	ms := -1
	if limit >= 0 {
		ms = int(limit.Milliseconds())
	}
	fds := []unix.PollFd{{Fd: int32(in.fd), Events: unix.POLLIN}, {Fd: int32(in.wakeR.Fd()), Events: unix.POLLIN}}
	for {
		n, err := unix.Poll(fds, ms)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case err != nil:
			return false, err
		case n == 0:
			return false, nil
		case fds[1].Revents != 0:
			in.mu.Lock()
			defer in.mu.Unlock()
			in.woken = false
			_, err := in.wakeR.Read(make([]byte, 1))
			return false, errors.Join(err, errWoken)
		}
		return true, nil
	}
}

func (in *input) read() error {
	buf := make([]byte, 4096)
	n, err := unix.Read(in.fd, buf)
	switch {
	case errors.Is(err, unix.EINTR), errors.Is(err, unix.EAGAIN):
		return nil
	case err != nil, n == 0:
		return io.EOF // EIO: the terminal is gone
	}
	in.pending = append(in.pending, buf[:n]...)
	return nil
}
