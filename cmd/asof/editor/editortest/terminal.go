// Package editortest is a terminal for tests: a real pseudo terminal whose other end is an emulator that keeps the screen. Nothing here
// sleeps: a test waits for what is to appear, until a deadline.
package editortest

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/hinshun/vt10x"
)

// patience is how long a test waits for something that should be there at once. It is spent only by a test that fails.
const patience = 20 * time.Second

// Terminal is what a user sits at.
type Terminal struct {
	// Device is the end that a program has as its standard input and output.
	Device *os.File

	t      *testing.T
	master *os.File

	mu     sync.Mutex // guards what follows
	screen vt10x.Terminal
	raw    strings.Builder // all that was written to the terminal
	gone   bool            // no program has the terminal any more
	change chan struct{}   // closed at the next change
}

// Open returns a terminal of that size. It lives until the test ends.
func Open(t *testing.T, columns, rows int) *Terminal {
	t.Helper()
	master, device, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	term := &Terminal{Device: device, t: t, master: master, screen: vt10x.New(vt10x.WithSize(columns, rows)), change: make(chan struct{})}
	term.Resize(columns, rows)
	done := make(chan struct{})
	go func() {
		defer close(done)
		term.listen()
	}()
	t.Cleanup(func() {
		_ = device.Close()
		_ = master.Close()
		<-done
	})
	return term
}

// Start runs a program on the terminal, as the leader of a session that the terminal controls: Ctrl-C reaches it as a signal.
func (term *Terminal) Start(cmd *exec.Cmd) {
	term.t.Helper()
	cmd.Stdin, cmd.Stdout, cmd.Stderr = term.Device, term.Device, term.Device
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		term.t.Fatal(err)
	}
}

func (term *Terminal) listen() {
	buf := make([]byte, 4096)
	for {
		n, err := term.master.Read(buf)
		term.mu.Lock()
		_, _ = term.screen.Write(buf[:n])
		term.raw.Write(buf[:n])
		term.gone = err != nil
		close(term.change)
		term.change = make(chan struct{})
		term.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// Resize changes the size, as a user does with the mouse.
func (term *Terminal) Resize(columns, rows int) {
	term.t.Helper()
	term.mu.Lock()
	term.screen.Resize(columns, rows)
	term.mu.Unlock()
	if err := pty.Setsize(term.master, &pty.Winsize{Cols: uint16(columns), Rows: uint16(rows)}); err != nil {
		term.t.Fatal(err)
	}
}

// Type presses keys.
func (term *Terminal) Type(keys string) {
	term.t.Helper()
	if _, err := io.WriteString(term.master, keys); err != nil {
		term.t.Fatal(err)
	}
}

// Await waits until the screen shows every one of the texts.
func (term *Terminal) Await(texts ...string) {
	term.t.Helper()
	term.Until(fmt.Sprintf("%q", texts), func(screen string) bool {
		for _, text := range texts {
			if !strings.Contains(screen, text) {
				return false
			}
		}
		return true
	})
}

// AwaitGone waits until the screen does not show the text any more.
func (term *Terminal) AwaitGone(text string) {
	term.t.Helper()
	term.Until("no "+text, func(screen string) bool { return !strings.Contains(screen, text) })
}

// Until waits until the screen is as ok says.
func (term *Terminal) Until(what string, ok func(screen string) bool) {
	term.t.Helper()
	deadline := time.After(patience)
	for {
		term.mu.Lock()
		shown, change, gone := term.shownLocked(), term.change, term.gone
		term.mu.Unlock()
		if ok(shown) {
			return
		}
		if gone {
			term.t.Fatalf("waited for %s when the program ended; the screen:\n%s", what, shown)
		}
		select {
		case <-change:
		case <-deadline:
			term.t.Fatalf("waited for %s; the screen:\n%s", what, shown)
		}
	}
}

// Clear makes the screen empty, so that what is seen from now on is new.
func (term *Terminal) Clear() {
	term.mu.Lock()
	defer term.mu.Unlock()
	_, _ = term.screen.Write([]byte("\x1b[2J\x1b[H"))
}

// Screen is what can be seen now, without blanks at the ends of lines and empty lines at the end.
func (term *Terminal) Screen() string {
	term.mu.Lock()
	defer term.mu.Unlock()
	return term.shownLocked()
}

func (term *Terminal) shownLocked() string {
	lines := strings.Split(term.screen.String(), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.TrimRight(strings.Join(lines, "\n"), "\n")
}

// Cursor is where the cursor stands, from 0.
func (term *Terminal) Cursor() (column, row int) {
	term.mu.Lock()
	defer term.mu.Unlock()
	c := term.screen.Cursor()
	return c.X, c.Y
}

// Written is all that was written to the terminal since the test began, with its control sequences.
func (term *Terminal) Written() string {
	term.mu.Lock()
	defer term.mu.Unlock()
	return term.raw.String()
}

// TypeUntil presses keys again and again until the screen shows the text: for Ctrl-C on something of which nobody can see that it has begun.
func (term *Terminal) TypeUntil(keys, text string) {
	term.t.Helper()
	deadline, again := time.After(patience), time.NewTicker(100*time.Millisecond)
	defer again.Stop()
	for !strings.Contains(term.Screen(), text) {
		term.Type(keys)
		select {
		case <-again.C:
		case <-deadline:
			term.t.Fatalf("typed %q and waited for %q; the screen:\n%s", keys, text, term.Screen())
		}
	}
}
