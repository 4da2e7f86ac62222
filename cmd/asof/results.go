package main

import (
	"bufio"
	"errors"
	"io"
	"os"
	"syscall"

	"github.com/asofdb/asof/sql/types"
)

// results is where results go: to standard output, through a pager to it, or to a file. One result at a time.
type results struct {
	stdout   io.Writer
	stdoutIs terminal
	console  *console
	paging   bool // what does not fit the screen goes through the pager

	file  *os.File // of \o, nil for standard output
	w     *bufio.Writer
	pager *pager // of this result, nil where it goes straight
}

func newResults(stdout io.Writer, t terminal, c *console) *results {
	return &results{stdout: stdout, stdoutIs: t, console: c, paging: true}
}

// elsewhere reports whether results go to a file.
func (r *results) elsewhere() bool { return r.file != nil }

// terminal is what the reader of the results has: nothing where it is a file.
func (r *results) terminal() terminal {
	if r.file != nil {
		return terminal{}
	}
	return r.stdoutIs
}

// begin returns what a result is to be written to; paged says that a pager may show it.
func (r *results) begin(paged bool) *bufio.Writer {
	var to io.Writer = r.stdout
	r.pager = nil
	switch {
	case r.file != nil:
		to = r.file
	case paged && r.paging && r.stdoutIs.interactive:
		if command := pagerCommand(); command != "" {
			r.pager = &pager{command: command, stdout: r.stdout, terminal: r.stdoutIs, console: r.console}
			to = r.pager
		}
	}
	r.w = bufio.NewWriterSize(to, 64<<10)
	return r.w
}

// end sends the result on its way and returns err, or why it did not arrive. A reader who has left the pager has seen enough, which is no error.
func (r *results) end(err error) error {
	flushErr := r.w.Flush()
	if r.pager != nil {
		flushErr = errors.Join(flushErr, r.pager.close())
	}
	if errors.Is(err, errEnough) || err == nil && errors.Is(flushErr, errEnough) {
		return r.pager.failure
	}
	switch {
	case flushErr == nil:
		return err
	case errors.Is(flushErr, syscall.EPIPE):
		return flushErr
	}
	return types.Errorf(types.CodeIO, "could not write the result: %s", flushErr)
}

// redirect sends results to a file from now on, "" to standard output again.
func (r *results) redirect(name string) error {
	if err := r.close(); err != nil || name == "" {
		return err
	}
	file, err := os.Create(name)
	if err != nil {
		return types.Errorf(types.CodeBadFile, "could not write to the file: %s", err)
	}
	r.file = file
	return nil
}

func (r *results) close() error {
	if r.file == nil {
		return nil
	}
	err := r.file.Close()
	r.file = nil
	return err
}
