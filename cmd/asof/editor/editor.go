package editor

import (
	"context"
	"errors"
	"io"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/term"
)

// ErrInterrupt is what Read returns for Ctrl-C; what was typed is given up.
var ErrInterrupt = errors.New("interrupted")

// Editor reads from one terminal. Fields are set before the first Read; one goroutine at a time calls Read, any may call Print.
type Editor struct {
	// Prompt stands before the first line, More before each one below it.
	Prompt, More string
	// Ended reports whether Enter ends the input; where it does not, Enter begins a new line. nil: it always does.
	Ended func(text string) bool
	// Complete returns what the text from byte `from` to the cursor may become. A candidate brings the blank that is to follow it. nil: Tab does nothing.
	Complete func(text string, cursor int) (from int, candidates []string)
	// History is what Up and Ctrl-R find, the oldest first. The caller adds to it between calls.
	History []string

	in  input
	out io.Writer
	fd  int

	text   text
	recall recall
	menu   []string // what Tab has found, to choose from
	screen screen
	last   command

	mu sync.Mutex // guards what other goroutines leave for Read
	// reading: Read has the terminal.
	reading bool
	printed []string

	// continued gets a value when the process goes on after a stop; what nobody waits for is dropped.
	continued chan struct{}
}

// New returns an editor on a terminal.
func New(in, out *os.File) (*Editor, error) {
	e := &Editor{fd: int(in.Fd()), out: out, continued: make(chan struct{}, 1)}
	e.screen.size = func() (columns, rows int) {
		columns, rows, err := term.GetSize(int(out.Fd()))
		if err != nil || columns <= 0 || rows <= 0 {
			return 80, 24
		}
		return columns, rows
	}
	return e, e.in.open(e.fd)
}

// Close frees what New took; the terminal stays open.
func (e *Editor) Close() error { return e.in.close() }

// Read lets the user write a text and returns it when Enter ends it. The error is io.EOF for Ctrl-D on nothing and for a terminal
// that is gone, ErrInterrupt for Ctrl-C, and ctx's when that ends first.
func (e *Editor) Read(ctx context.Context) (string, error) {
	restore, err := e.acquire()
	if err != nil {
		return "", err
	}
	defer restore()
	stop := e.watch(ctx)
	defer stop()
	e.text, e.recall, e.menu, e.last = text{kill: e.text.kill}, recall{at: len(e.History)}, nil, none
	e.screen.begin()
	for {
		e.paint()
		k, err := e.in.next()
		switch {
		case errors.Is(err, errWoken):
			if ctx.Err() != nil {
				e.leave("")
				return "", ctx.Err()
			}
			e.printWaiting()
			continue
		case err != nil:
			return "", err
		}
		done, err := e.do(k)
		switch {
		case errors.Is(err, ErrInterrupt):
			e.leave("^C")
			return "", err
		case err != nil:
			e.leave("")
			return "", err
		case done:
			e.leave("")
			return e.text.s, nil
		}
	}
}

// Print shows a message above what is being edited and returns true; where nothing is, it returns false and the message is the caller's to write.
func (e *Editor) Print(message string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.reading {
		return false
	}
	e.printed = append(e.printed, message)
	e.in.wake()
	return true
}

const (
	pasteOn  = "\x1b[?2004h" // the terminal marks what is pasted, so that a tab in it completes nothing
	pasteOff = "\x1b[?2004l"
)

// acquire takes the terminal; restore gives it back as it was.
func (e *Editor) acquire() (restore func(), err error) {
	before, err := term.MakeRaw(e.fd)
	if err != nil {
		return nil, err
	}
	e.write(pasteOn)
	e.mu.Lock()
	e.reading = true
	e.mu.Unlock()
	return func() {
		e.write(pasteOff)
		_ = term.Restore(e.fd, before)
		e.mu.Lock()
		defer e.mu.Unlock()
		e.reading = false
		for _, m := range e.printed {
			e.write(m + "\n")
		}
		e.printed = nil
	}, nil
}

// watch wakes Read when ctx ends, when the terminal has another size, and when the process goes on after it was stopped.
func (e *Editor) watch(ctx context.Context) (stop func()) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGWINCH, syscall.SIGCONT)
	ended, left := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(left)
		done := ctx.Done()
		for {
			select {
			case <-ended:
				return
			case <-done:
				done = nil
			case sig := <-signals:
				if sig == syscall.SIGCONT {
					_, _ = term.MakeRaw(e.fd) // the shell that stopped us had the terminal as it likes it
					select {
					case e.continued <- struct{}{}:
					default:
					}
				}
			}
			e.in.wake()
		}
	}()
	return func() {
		signal.Stop(signals)
		close(ended)
		<-left
	}
}

// stopWait is how long the process may take to stop after it was told to. Where no shell could continue it, the kernel does not stop it.
const stopWait = 200 * time.Millisecond

// suspend stops the process, as Ctrl-Z does where the terminal makes a signal of it. The shell below continues it.
func (e *Editor) suspend() {
	now, err := term.GetState(e.fd)
	if err != nil {
		return
	}
	e.leave("")
	e.write(pasteOff)
	_ = term.Restore(e.fd, e.in.cooked)
	select {
	case <-e.continued: // of a stop before
	default:
	}
	_ = syscall.Kill(0, syscall.SIGTSTP)
	select {
	case <-e.continued:
	case <-time.After(stopWait):
	}
	_ = term.Restore(e.fd, now)
	e.write(pasteOn)
	e.screen.begin()
}

func (e *Editor) printWaiting() {
	e.mu.Lock()
	messages := e.printed
	e.printed = nil
	e.mu.Unlock()
	if len(messages) > 0 {
		text := strings.Join(messages, "\n") + "\n"
		e.write(e.screen.erase() + strings.ReplaceAll(text, "\n", "\r\n"))
	}
}

func (e *Editor) write(s string) { _, _ = io.WriteString(e.out, s) }

// paint shows the text as it is now.
func (e *Editor) paint() {
	below := e.menu
	if e.recall.searching {
		below = []string{e.recall.shown()}
	}
	e.write(e.screen.paint(e.Prompt, e.More, &e.text, below))
}

// leave shows the text for the last time, the cursor below it.
func (e *Editor) leave(mark string) {
	e.write(e.screen.leave(e.Prompt, e.More, e.text.s, mark))
}

// do runs one command. It reports whether the input has ended.
func (e *Editor) do(k key) (done bool, err error) {
	last := e.last
	e.last = k.command
	if e.recall.searching && e.search(k) {
		return false, nil
	}
	e.menu = nil
	switch k.command {
	case enter:
		if e.Ended == nil || e.Ended(e.text.s) {
			return true, nil
		}
		e.text.insert("\n", false)
	case interrupt:
		return false, ErrInterrupt
	case endOrDelete:
		if e.text.s == "" {
			return false, io.EOF
		}
		e.text.delete(e.text.right(e.text.cursor))
	case complete:
		e.complete()
	case up, previousEntry:
		if k.command == previousEntry || !e.text.up() {
			e.older()
		}
	case down, nextEntry:
		if k.command == nextEntry || !e.text.down() {
			e.newer()
		}
	case searchHistory:
		e.startSearch()
	case redraw:
		e.write("\x1b[H\x1b[2J")
		e.screen.begin()
	case stopProcess:
		e.suspend()
	default:
		e.text.do(k, last)
	}
	return false, nil
}
