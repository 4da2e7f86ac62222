package main

import (
	"bufio"
	"errors"
	"io"
	"strings"
	"syscall"
)

const promptHelp = `Statements end with a semicolon. \q or Ctrl-D ends, Ctrl-C cancels.`

// reading is a shell that reads standard input: statements run as soon as they are complete, so that a program can write one and wait for its
// result. With a prompt an error does not end it.
type reading struct {
	sh     *shell
	prompt bool
	src    source
	pos    int // in src.text, where the next statement begins
}

// readStdin runs the statements of standard input.
func (sh *shell) readStdin(a *app, dir string) error {
	r := &reading{sh: sh, prompt: a.stdinIs.interactive, src: source{line: 1}}
	if r.prompt {
		a.console.say("asof %s on %s. %s", version(), dir, promptHelp)
	}
	// Nobody stops this goroutine: a read of a terminal cannot be interrupted. It owns nothing and ends with the process.
	lines := make(chan string)
	go func() {
		defer close(lines)
		in := bufio.NewReader(a.stdin)
		for {
			line, err := in.ReadString('\n')
			if line != "" {
				lines <- line
			}
			if err != nil {
				return // the end, or a terminal that is gone
			}
		}
	}()
	return r.loop(lines)
}

func (r *reading) loop(lines <-chan string) error {
	for {
		r.showPrompt()
		select {
		case line, ok := <-lines:
			if !ok {
				return r.finish()
			}
			if err := r.take(line); err != nil {
				if errors.Is(err, io.EOF) {
					return nil
				}
				return err
			}
		case sig := <-r.sh.signals.c:
			if !r.prompt || sig == syscall.SIGTERM {
				return status(signalStatus(sig))
			}
			r.sh.console.say("") // below the ^C
			r.src, r.pos = source{line: 1}, 0
		}
	}
}

func (r *reading) showPrompt() {
	if !r.prompt {
		return
	}
	text := "asof=> "
	if !r.blank() {
		text = "asof-> "
	}
	r.sh.console.ask(text)
}

// blank reports whether no statement has begun.
func (r *reading) blank() bool {
	rest := r.src.text[r.pos:]
	return blankPrefix(rest) == len(rest)
}

// take adds a line and runs what it completes. io.EOF means that the user wants to leave.
func (r *reading) take(line string) error {
	if command := strings.TrimSpace(line); strings.HasPrefix(command, `\`) && r.blank() {
		r.src.text += line
		r.pos = len(r.src.text)
		r.settle()
		return r.meta(command)
	}
	if r.src.text == "" && r.src.line == 1 {
		line = strings.TrimPrefix(line, "\ufeff")
	}
	r.src.text += line
	if strings.Contains(line, ";") {
		return r.runComplete(true)
	}
	if r.blank() {
		r.settle()
	}
	return nil
}

// settle forgets what has run. A person counts lines from where she began to type, a program from the beginning.
func (r *reading) settle() {
	if r.prompt && r.blank() {
		r.src, r.pos = source{line: 1}, 0
		return
	}
	r.pos = r.src.forget(r.pos)
}

// runComplete runs the complete statements; open says that the last one may go on in the next line.
func (r *reading) runComplete(open bool) error {
	for {
		st, after := r.src.next(r.pos, open)
		r.pos = after
		if st == nil {
			r.settle()
			return nil
		}
		if err := r.sh.run(st); err != nil && !r.forgives(err) {
			return err
		}
	}
}

// forgives reports whether reading goes on after err: at a prompt after everything but the loss of the output and SIGTERM.
func (r *reading) forgives(err error) bool {
	var code status
	return r.prompt && errors.As(err, &code) && code != status(signalStatus(syscall.SIGTERM))
}

// finish runs what the end of the input completes. At a prompt that is nothing: Ctrl-D leaves.
func (r *reading) finish() error {
	if r.prompt {
		r.sh.console.say("")
		return nil
	}
	return r.runComplete(false)
}

// meta runs a backslash command.
func (r *reading) meta(command string) error {
	switch command {
	case `\q`:
		return io.EOF
	case `\?`:
		r.sh.console.say("%s", promptHelp)
		return nil
	}
	r.sh.console.say(`asof: unknown command %s; there is \q and \?`, command)
	if r.prompt {
		return nil
	}
	return status(exitFailed)
}
