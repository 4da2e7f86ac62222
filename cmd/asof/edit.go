package main

import (
	"context"
	"errors"
	"io"
	"os"
	"syscall"

	"github.com/asofdb/asof/cmd/asof/editor"
)

// canEdit reports whether a person sits at a terminal that can move its cursor.
func (a *app) canEdit() bool {
	switch os.Getenv("TERM") {
	case "", "dumb":
		return false
	}
	return a.stdinIs.interactive && a.stdoutIs.interactive
}

// edit runs what a person writes in an editor, until she leaves.
func (sh *shell) edit(dir string) error {
	e, err := editor.New(os.Stdin, os.Stdout)
	if err != nil {
		return err
	}
	defer func() { _ = e.Close() }()
	sh.prompt, sh.signals.patient, sh.results.paging = true, true, true
	e.Prompt, e.More, e.Ended = promptText, promptMore, ended
	e.Complete = (&completer{sh}).complete
	past, err := openHistory(historyFile())
	if err != nil {
		sh.console.say("What you write is not kept for the next time: %s", err)
	}
	sh.console.say(promptHello, version(), dir)
	for {
		e.History = past.entries
		text, err := sh.readEdited(e)
		switch {
		case errors.Is(err, editor.ErrInterrupt):
			continue
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		if err := past.add(text); err != nil {
			sh.console.say("What you write is not kept for the next time: %s", err)
		}
		if err := sh.runEdited(text); err != nil {
			if errors.Is(err, errQuit) {
				return nil
			}
			return err
		}
	}
}

// readEdited lets the user write; messages of the engine appear above what she writes.
func (sh *shell) readEdited(e *editor.Editor) (string, error) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	defer sh.console.lend(e.Print)()
	stop := sh.signals.watch(cancel)
	text, err := e.Read(ctx)
	stop()
	switch sig := sh.signals.got; {
	case sig == os.Interrupt:
		return "", editor.ErrInterrupt // from another process: Ctrl-C is a key here
	case sig == syscall.SIGTERM:
		return "", status(signalStatus(sig))
	}
	return text, err
}

// runEdited runs the statements of one input. An error does not keep the next one from running, but Ctrl-C does.
func (sh *shell) runEdited(text string) error {
	src := &source{text: text, line: 1}
	st, pos := src.next(0, false)
	for st != nil {
		if err := sh.run(st); err != nil {
			var code status
			switch {
			case !sh.forgives(err):
				return err
			case errors.As(err, &code) && code == status(signalStatus(os.Interrupt)):
				return nil
			}
		}
		st, pos = src.next(pos, false)
	}
	return nil
}

// ended reports whether Enter ends an input: it holds whole statements and nothing else.
func ended(text string) bool {
	src := &source{text: text, line: 1}
	st, pos := src.next(0, true)
	for st != nil {
		st, pos = src.next(pos, true)
	}
	return pos+blankPrefix(text[pos:]) == len(text)
}
