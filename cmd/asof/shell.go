package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"syscall"
	"time"

	"github.com/asofdb/asof/sql/types"
)

// errQuit is the wish to leave: it ends the script it stands in, or the shell.
var errQuit = errors.New(`\q`)

// shell runs statements and meta commands in one session and prints their results.
type shell struct {
	session session
	results *results
	input   io.Reader // of COPY … FROM STDIN; nil where it holds the statements
	console *console
	signals *signals

	format   string
	expanded string // of look
	folded   string // what expanded was before \x switched it on
	timing   bool
	prompt   bool     // a person types the statements: an error is not the end
	scripts  []string // the scripts being run, the outermost first
}

// newShell returns a shell that prints in the given format; "" means a table on a terminal, else tsv.
func (a *app) newShell(session session, name string) *shell {
	if name == "" {
		if name = "tsv"; a.stdoutIs.interactive {
			name = "table"
		}
	}
	return &shell{
		session: session, results: newResults(a.stdout, a.stdoutIs, a.console), console: a.console, signals: a.signals,
		format: name, expanded: "auto", folded: "auto", timing: a.stdoutIs.interactive && name == "table",
	}
}

// runAll runs the scripts up to the first error.
func (sh *shell) runAll(sources []*source) error {
	for _, src := range sources {
		if err := sh.runScript(src); err != nil {
			return err
		}
	}
	return nil
}

// runScript runs every statement of src up to the first error; \q ends it without one.
func (sh *shell) runScript(src *source) error {
	sh.scripts = append(sh.scripts, src.name)
	defer func() { sh.scripts = sh.scripts[:len(sh.scripts)-1] }()
	st, pos := src.next(0, false)
	for st != nil {
		if err := sh.run(st); err != nil {
			if errors.Is(err, errQuit) {
				return nil
			}
			return err
		}
		st, pos = src.next(pos, false)
	}
	return nil
}

// run runs one statement or meta command. An error is errQuit, or a status after it has been shown, or EPIPE where nobody reads the output.
func (sh *shell) run(st *statement) error {
	var err error
	if st.meta {
		err = sh.runMeta(st)
	} else {
		err = sh.interruptible(func(ctx context.Context) error { return sh.query(ctx, st.text) })
	}
	return sh.settle(err, st)
}

// interruptible runs something that Ctrl-C cancels. Its error says so also where Ctrl-C came too late: what comes next must not run.
func (sh *shell) interruptible(run func(ctx context.Context) error) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	stop := sh.signals.watch(cancel)
	err := run(ctx)
	stop()
	if sig := sh.signals.got; sig != nil {
		return errors.Join(err, status(signalStatus(sig)))
	}
	return err
}

// settle shows err and returns what has been shown as a status.
func (sh *shell) settle(err error, st *statement) error {
	var code status
	switch {
	case err == nil, errors.Is(err, errQuit), errors.Is(err, syscall.EPIPE):
		return err
	case errors.As(err, &code):
		if sh.prompt {
			sh.console.say("") // below the ^C
		}
		if cause := causeOf(err); cause != nil {
			sh.console.fail(cause, st)
		}
		return code
	}
	sh.console.fail(err, st)
	return status(exitFailed)
}

// causeOf is what joined errors hold beside a status, nil where there is nothing.
func causeOf(err error) error {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return nil
	}
	rest := slices.DeleteFunc(slices.Clone(joined.Unwrap()), func(e error) bool { _, ok := e.(status); return ok })
	return errors.Join(rest...)
}

// forgives reports whether a shell with a prompt goes on after err: after everything but the loss of the output and SIGTERM.
func (sh *shell) forgives(err error) bool {
	var code status
	return sh.prompt && errors.As(err, &code) && code != status(signalStatus(syscall.SIGTERM))
}

// query runs a statement and writes its rows as they come.
func (sh *shell) query(ctx context.Context, sql string) error {
	begun := time.Now()
	rows, err := sh.session.Query(ctx, sql)
	if err != nil {
		return err
	}
	if c := rows.Copy(); c != nil {
		return sh.copy(rows, c.In)
	}
	var took time.Duration
	err = sh.write(func(f format) error {
		if err := writeRows(f, rows); err != nil {
			return err
		}
		if took = time.Since(begun); sh.timing && sh.format == "table" && !sh.results.elsewhere() {
			return f.end(rows.Tag(), took)
		}
		return f.end(rows.Tag(), 0)
	})
	if err = errors.Join(err, rows.Close()); err != nil {
		return err
	}
	if sh.timing && (sh.format != "table" || sh.results.elsewhere()) {
		sh.console.say("Time: %s", shortDuration(took))
	}
	return nil
}

// copy brings the stream of a COPY to where results go, or from standard input, where nothing else comes from there.
func (sh *shell) copy(rows rows, in bool) error {
	defer rows.Close()
	switch {
	case !in:
		return sh.results.end(rows.CopyOut(sh.results.begin(false)))
	case sh.input == nil:
		return types.Errorf(types.CodeNotSupported, "COPY … FROM STDIN cannot read what the statements come from").WithHint("write asof sql -c \"COPY … FROM STDIN\" < FILE, or COPY … FROM 'file'")
	}
	return rows.CopyIn(sh.input)
}

// write gives print a format to write one result with, and brings it to where results go.
func (sh *shell) write(print func(f format) error) error {
	err := print(formats[sh.format](sh.results.begin(sh.pages()), look{sh.results.terminal(), sh.expanded}))
	return sh.results.end(err)
}

// writeText writes text that is no rows: help and definitions.
func (sh *shell) writeText(text string) error {
	_, err := io.WriteString(sh.results.begin(sh.pages()), text)
	return sh.results.end(err)
}

// pages reports whether what does not fit the screen goes through a pager.
func (sh *shell) pages() bool { return sh.prompt && sh.format == "table" }

func writeRows(f format, rows rows) error {
	if err := f.begin(rows.Columns(), rows.Zone()); err != nil {
		return err
	}
	for rows.Next() {
		if err := f.row(rows.Values()); err != nil {
			return err
		}
	}
	return rows.Err()
}

// inform tells a person that her command was obeyed; a script knows.
func (sh *shell) inform(format string, args ...any) {
	if sh.prompt && len(sh.scripts) == 0 {
		sh.console.say("%s", fmt.Sprintf(format, args...))
	}
}
