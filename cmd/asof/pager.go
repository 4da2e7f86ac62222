package main

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"

	"github.com/rivo/uniseg"

	"github.com/asofdb/asof/sql/types"
)

// errEnough is what writing to a pager returns when its reader has left it.
var errEnough = errors.New("the pager has ended")

// pager holds back what a screen can show. When more comes it starts the user's pager and gives it everything; else it writes
// to standard output at the end.
type pager struct {
	command  string
	stdout   io.Writer
	terminal terminal
	console  *console

	held bytes.Buffer
	cmd  *exec.Cmd
	pipe io.WriteCloser
	back func() // the console has the terminal again
	// failure is why the pager did not work, nil where it did.
	failure error
}

// pagerCommand is what PAGER says, or less without line breaks where there is less; "" for none.
func pagerCommand() string {
	if command, set := os.LookupEnv("PAGER"); set {
		if command = strings.TrimSpace(command); command == "cat" {
			return ""
		}
		return command
	}
	if _, err := exec.LookPath("less"); err != nil {
		return ""
	}
	return "less -S"
}

func (p *pager) Write(b []byte) (int, error) {
	if p.cmd == nil {
		p.held.Write(b)
		if p.fits() {
			return len(b), nil
		}
		return len(b), p.start()
	}
	if _, err := p.pipe.Write(b); err != nil {
		return 0, p.enough(err)
	}
	return len(b), nil
}

// fits reports whether what is held has room on the screen above the next prompt: its lines, the broken ones counted by their parts. A box that
// would be broken does not fit.
func (p *pager) fits() bool {
	columns, rows := p.terminal.size()
	if columns <= 0 || rows <= 1 {
		return true
	}
	used := 0
	for line := range strings.Lines(p.held.String()) {
		width := uniseg.StringWidth(withoutColour(strings.TrimSuffix(line, "\n")))
		if width > columns && strings.HasPrefix(line, "┌") {
			return false
		}
		if used += max(1, (width+columns-1)/columns); used > rows-1 {
			return false
		}
	}
	return true
}

// withoutColour is s without the sequences that paint writes.
func withoutColour(s string) string {
	var b strings.Builder
	for {
		before, after, found := strings.Cut(s, "\x1b[")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		_, s, _ = strings.Cut(after, "m")
	}
}

func (p *pager) start() error {
	p.cmd = exec.Command("sh", "-c", p.command)
	p.cmd.Stdout, p.cmd.Stderr = p.stdout, os.Stderr
	// What we write is UTF-8 and has colours, whatever the locale says.
	p.cmd.Env = append(os.Environ(), "LESS="+cmp.Or(os.Getenv("LESS"), "-R"), "LESSCHARSET="+cmp.Or(os.Getenv("LESSCHARSET"), "utf-8"))
	pipe, err := p.cmd.StdinPipe()
	if err != nil {
		return err
	}
	p.pipe = pipe
	p.back = p.console.lend(nil)
	if err := p.cmd.Start(); err != nil {
		p.back()
		p.failure = types.Errorf(types.CodeIO, "could not start the pager: %s", err)
		return errEnough
	}
	if _, err := p.pipe.Write(p.held.Bytes()); err != nil {
		return p.enough(err)
	}
	return nil
}

// enough turns the error of a pipe that nobody reads into errEnough.
func (p *pager) enough(err error) error {
	if errors.Is(err, syscall.EPIPE) || errors.Is(err, os.ErrClosed) {
		return errEnough
	}
	return err
}

// close waits until the reader leaves the pager, or writes what fits the screen.
func (p *pager) close() error {
	if p.cmd == nil {
		_, err := p.stdout.Write(p.held.Bytes())
		return err
	}
	if p.cmd.Process == nil {
		return nil
	}
	_ = p.pipe.Close()
	err := p.cmd.Wait()
	p.back()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == 127 { // what sh says of a command that it does not find
		p.failure = types.Errorf(types.CodeInvalidParameter, "there is no pager %q", p.command).
			WithHint(`PAGER in the environment names another, \pset pager off does without`)
		return errEnough
	}
	return nil // how a reader left her pager is her business
}
