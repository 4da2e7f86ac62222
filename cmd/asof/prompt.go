package main

import (
	"bufio"
	"errors"
	"strings"
	"syscall"
)

const (
	promptText  = "asof=> "
	promptMore  = "asof-> " // while a statement goes on
	promptHello = "asof %s on %s\n" + `Statements end with a semicolon. \? helps, Ctrl-C cancels, \q or Ctrl-D ends.`
)

// reading is a shell that reads standard input: statements run as soon as they are complete, so that a program can write one and wait for its
// result. With a prompt, which is for terminals that cannot do more, an error does not end it.
type reading struct {
	sh  *shell
	src source
	pos int // in src.text, where the next statement begins
}

// readStdin runs the statements of standard input.
func (sh *shell) readStdin(a *app, dir string) error {
	sh.prompt = a.stdinIs.interactive
	sh.signals.patient = sh.prompt
	r := &reading{sh: sh, src: source{line: 1}}
	if sh.prompt {
		a.console.say(promptHello, version(), dir)
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
	if err := r.loop(lines); !errors.Is(err, errQuit) {
		return err
	}
	return nil
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
				return err
			}
		case sig := <-r.sh.signals.c:
			if !r.sh.prompt || sig == syscall.SIGTERM {
				return status(signalStatus(sig))
			}
			r.sh.console.say("") // below the ^C
			r.src, r.pos = source{line: 1}, 0
		}
	}
}

func (r *reading) showPrompt() {
	switch {
	case !r.sh.prompt:
	case r.blank():
		r.sh.console.ask(promptText)
	default:
		r.sh.console.ask(promptMore)
	}
}

// blank reports whether no statement has begun.
func (r *reading) blank() bool {
	rest := r.src.text[r.pos:]
	return blankPrefix(rest) == len(rest)
}

// take adds a line and runs what it completes.
func (r *reading) take(line string) error {
	if r.src.text == "" && r.src.line == 1 {
		line = strings.TrimPrefix(line, "\ufeff")
	}
	r.src.text += line
	// Only a semicolon or a backslash completes something, and to look for the end of a long statement with every line would take long.
	if strings.ContainsAny(line, `;\`) {
		return r.runComplete(true)
	}
	if r.blank() {
		r.settle()
	}
	return nil
}

// settle forgets what has run. A person counts lines from where she began to type, a program from the beginning.
func (r *reading) settle() {
	if r.sh.prompt && r.blank() {
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
		if err := r.sh.run(st); err != nil && !r.sh.forgives(err) {
			return err
		}
	}
}

// finish runs what the end of the input completes. At a prompt that is nothing: Ctrl-D leaves.
func (r *reading) finish() error {
	if r.sh.prompt {
		r.sh.console.say("")
		return nil
	}
	return r.runComplete(false)
}
