package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"github.com/asofdb/asof/connectors"
	"github.com/asofdb/asof/engine"
	"github.com/asofdb/asof/sql/types"
)

type sqlCommand struct {
	DataDir string  `name:"data-dir" env:"ASOF_DATA_DIR" default:"./asof-data" placeholder:"DIR" help:"The data directory."`
	Command scripts `name:"command" short:"c" placeholder:"SQL" help:"Run these statements."`
	File    scripts `name:"file" short:"f" placeholder:"FILE" help:"Run the statements of a file."`
	Format  string  `placeholder:"FORMAT" help:"How results are printed."`
}

// Validate checks the format; "" leaves it to what standard output is.
func (cmd *sqlCommand) Validate() error {
	if cmd.Format != "" && formats[cmd.Format] == nil {
		return fmt.Errorf("--format is table, csv, tsv, json or ndjson, not %q", cmd.Format)
	}
	return nil
}

// scripts are the values of -c or of -f.
type scripts []script

type script struct {
	value string
	// left is how many arguments stood behind this one: it tells the order of -c and -f among each other.
	left int
}

// Decode implements kong.MapperValue. A comma separates nothing here.
func (s *scripts) Decode(ctx *kong.DecodeContext) error {
	if ctx.Scan.Peek().IsEOL() {
		return errors.New("missing value")
	}
	var value string
	if err := ctx.Scan.PopValueInto("value", &value); err != nil {
		return err
	}
	*s = append(*s, script{value, ctx.Scan.Len()})
	return nil
}

// Run runs the statements of -c and -f, or of standard input.
func (cmd *sqlCommand) Run(a *app) error {
	sources, err := cmd.sources(a.stdin)
	if err != nil {
		a.console.fail(err, nil)
		return status(exitFailed)
	}
	db, err := a.open(cmd.DataDir)
	if err != nil {
		return err
	}
	sh := a.newShell(db.NewSession(), cmd.Format)
	if len(sources) > 0 {
		err = sh.runAll(sources)
	} else {
		err = sh.readStdin(a, cmd.DataDir)
	}
	if closeErr := db.Close(); closeErr != nil && err == nil {
		a.console.fail(closeErr, nil)
		err = status(exitFailed)
	}
	return err
}

// sources reads the scripts of -c and -f in the order in which they were given.
func (cmd *sqlCommand) sources(stdin io.Reader) ([]*source, error) {
	type given struct {
		left int
		src  *source
	}
	var all []given
	for _, c := range cmd.Command {
		all = append(all, given{c.left, &source{text: c.value, line: 1}})
	}
	for _, f := range cmd.File {
		text, err := readScript(f.value, stdin)
		if err != nil {
			return nil, err
		}
		all = append(all, given{f.left, &source{name: f.value, text: text, line: 1}})
	}
	slices.SortStableFunc(all, func(a, b given) int { return cmp.Compare(b.left, a.left) })
	sources := make([]*source, len(all))
	for i := range all {
		sources[i] = all[i].src
	}
	return sources, nil
}

func readScript(name string, stdin io.Reader) (string, error) {
	var text []byte
	var err error
	if name == "-" {
		text, err = io.ReadAll(stdin)
	} else {
		text, err = os.ReadFile(name)
	}
	if err != nil {
		return "", types.Errorf(types.CodeBadFile, "could not read the script: %s", err)
	}
	return strings.TrimPrefix(string(text), "\ufeff"), nil
}

// open opens a data directory with everything that asof can read. The error is a status: it has been shown.
func (a *app) open(dir string) (*engine.Engine, error) {
	stop := a.signals.watch(func() { os.Exit(signalStatus(a.signals.got)) }) // a crash while recovering loses nothing
	defer stop()
	db, err := engine.Open(dir, engine.Options{
		Connectors: connectors.Default(),
		Notice:     a.console.notice,
		Progress:   a.console.progress,
	})
	if err != nil {
		a.console.fail(err, nil)
		return nil, status(exitUnreachable)
	}
	return db, nil
}

// shell runs statements in one session and prints their results.
type shell struct {
	session *engine.Session
	out     *bufio.Writer
	format  format
	console *console
	signals *signals
}

// newShell returns a shell that prints in the given format; "" means a table on a terminal, else tsv.
func (a *app) newShell(session *engine.Session, name string) *shell {
	if name == "" {
		if name = "tsv"; a.stdoutIs.interactive {
			name = "table"
		}
	}
	out := bufio.NewWriterSize(a.stdout, 64<<10)
	return &shell{session: session, out: out, format: formats[name](out, a.stdoutIs), console: a.console, signals: a.signals}
}

// runAll runs every statement of the sources up to the first error.
func (sh *shell) runAll(sources []*source) error {
	for _, src := range sources {
		st, pos := src.next(0, false)
		for st != nil {
			if err := sh.run(st); err != nil {
				return err
			}
			st, pos = src.next(pos, false)
		}
	}
	return nil
}

// run runs one statement and prints its result. An error is a status, after it has been shown, or EPIPE where nobody reads the output.
func (sh *shell) run(st *statement) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	stop := sh.signals.watch(cancel)
	err := sh.print(ctx, st.text)
	stop()
	if flushErr := sh.out.Flush(); flushErr != nil {
		return fmt.Errorf("write the result: %w", flushErr)
	}
	if errors.Is(err, syscall.EPIPE) {
		return err
	}
	if err != nil {
		sh.console.fail(err, st)
	}
	switch {
	case sh.signals.got != nil:
		return status(signalStatus(sh.signals.got)) // also where the statement was faster: the next one must not run
	case err != nil:
		return status(exitFailed)
	}
	return nil
}

// print runs a statement and writes its rows as they come.
func (sh *shell) print(ctx context.Context, sql string) error {
	begun := time.Now()
	rows, err := sh.session.Query(ctx, sql)
	if err != nil {
		return err
	}
	if err := sh.printRows(rows); err != nil {
		return errors.Join(err, rows.Close())
	}
	if err := rows.Close(); err != nil {
		return err
	}
	return sh.format.end(rows.Tag(), time.Since(begun))
}

func (sh *shell) printRows(rows *engine.Rows) error {
	if err := sh.format.begin(rows.Columns()); err != nil {
		return err
	}
	for rows.Next() {
		if err := sh.format.row(rows.Values()); err != nil {
			return err
		}
	}
	return rows.Err()
}
