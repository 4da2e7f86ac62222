package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/asofdb/asof/connectors/remote"
	"github.com/asofdb/asof/engine"
)

type backupCommand struct {
	Connect string `name:"connect" env:"ASOF_CONNECT" required:"" placeholder:"URL" help:"The server: postgres://user@host:port/asof."`
	Dir     string `arg:"" help:"A new directory of the server's."`
}

// Run has a server write a backup.
func (cmd *backupCommand) Run(a *app) (err error) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	defer a.signals.watch(cancel)()
	r, err := remote.Connect(ctx, cmd.Connect, a.console.notice)
	if err != nil {
		a.console.fail(err, nil)
		return status(exitUnreachable)
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	sh := a.newShell(connected{r}, "")
	return sh.runAll([]*source{{text: "BACKUP TO '" + strings.ReplaceAll(cmd.Dir, "'", "''") + "'", line: 1}})
}

type restoreCommand struct {
	DataDir string `name:"data-dir" env:"ASOF_DATA_DIR" default:"./asof-data" placeholder:"DIR" help:"The data directory to make."`
	Backup  string `arg:"" help:"A directory that BACKUP TO has written."`
}

// Run makes a data directory of a backup.
func (cmd *restoreCommand) Run(a *app) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	defer a.signals.watch(cancel)()
	r, err := engine.Restore(ctx, cmd.Backup, cmd.DataDir)
	if err != nil {
		a.console.fail(err, nil)
		return status(exitFailed)
	}
	_, err = fmt.Fprintf(a.stdout, "restored %s to %s: %d bytes, as of commit %d\n", cmd.Backup, cmd.DataDir, r.Bytes, r.Sequence)
	return err
}
