package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/asofdb/asof/connectors"
	"github.com/asofdb/asof/connectors/remote"
	"github.com/asofdb/asof/engine"
	"github.com/asofdb/asof/sql/types"
)

type sqlCommand struct {
	DataDir       string  `name:"data-dir" env:"ASOF_DATA_DIR" default:"./asof-data" placeholder:"DIR" help:"The data directory."`
	Connect       string  `name:"connect" env:"ASOF_CONNECT" placeholder:"URL" help:"Run on a server instead: postgres://user@host:port/asof."`
	SecretKeyFile string  `name:"secret-key-file" env:"ASOF_SECRET_KEY_FILE" placeholder:"FILE" help:"The key of the secrets."`
	Command       scripts `name:"command" short:"c" placeholder:"SQL" help:"Run these statements."`
	File          scripts `name:"file" short:"f" placeholder:"FILE" help:"Run the statements of a file."`
	Format        string  `placeholder:"FORMAT" help:"How results are printed."`
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
	s, where, end, err := cmd.session(a)
	if err != nil {
		return err
	}
	sh := a.newShell(s, cmd.Format)
	switch {
	case len(sources) > 0:
		if !slices.Contains(cmd.files(), "-") {
			sh.input = a.stdin
		}
		err = sh.runAll(sources)
	case a.canEdit():
		err = sh.edit(where)
	default:
		err = sh.readStdin(a, where)
	}
	if closeErr := sh.results.close(); closeErr != nil && err == nil {
		a.console.fail(closeErr, nil)
		err = status(exitFailed)
	}
	if closeErr := end(); closeErr != nil && err == nil {
		a.console.fail(closeErr, nil)
		err = status(exitFailed)
	}
	return err
}

// files are the names given with -f.
func (cmd *sqlCommand) files() []string {
	var names []string
	for _, f := range cmd.File {
		names = append(names, f.value)
	}
	return names
}

// session opens where the statements run, and says where that is; end closes it.
func (cmd *sqlCommand) session(a *app) (s session, where string, end func() error, err error) {
	if cmd.Connect == "" {
		db, err := a.open(cmd.DataDir, cmd.SecretKeyFile)
		if err != nil {
			return nil, "", nil, err
		}
		return embedded{db.NewSession()}, cmd.DataDir, db.Close, nil
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	stop := a.signals.watch(cancel)
	defer stop()
	r, err := remote.Connect(ctx, cmd.Connect, a.console.notice)
	if err != nil {
		a.console.fail(err, nil)
		return nil, "", nil, status(exitUnreachable)
	}
	return connected{r}, r.Server(), r.Close, nil
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
func (a *app) open(dir, secretKeyFile string) (*engine.Engine, error) {
	stop := a.signals.watch(func() { os.Exit(signalStatus(a.signals.got)) }) // a crash while recovering loses nothing
	defer stop()
	db, err := engine.Open(dir, engine.Options{
		Connectors: connectors.Default(), SecretKeyFile: secretKeyFile,
		Notice:   a.console.notice,
		Progress: a.console.progress,
	})
	if err != nil {
		a.console.fail(err, nil)
		return nil, status(exitUnreachable)
	}
	return db, nil
}
