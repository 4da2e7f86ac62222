package main

import (
	"context"
	"fmt"

	"github.com/asofdb/asof/connectors"
	"github.com/asofdb/asof/engine"
)

type doctorCommand struct {
	DataDir       string `name:"data-dir" env:"ASOF_DATA_DIR" default:"./asof-data" placeholder:"DIR" help:"The data directory to look at."`
	Sample        int64  `name:"sample" default:"1000" placeholder:"N" help:"How many entities of each feature are compared with the changes; 0: all of them."`
	SecretKeyFile string `name:"secret-key-file" env:"ASOF_SECRET_KEY_FILE" placeholder:"FILE" help:"The key of the secrets."`
}

// Run looks at a data directory that nobody serves.
func (cmd *doctorCommand) Run(a *app) error {
	if cmd.Sample < 0 {
		a.console.say("asof: --sample %d: a number of entities, or 0 for all", cmd.Sample)
		return status(exitUsage)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	defer a.signals.watch(cancel)()
	wrong := 0
	err := engine.Examine(ctx, cmd.DataDir, a.offline("asof doctor", cmd.SecretKeyFile), cmd.Sample, func(f engine.Finding) {
		health := map[engine.Health]string{engine.Sound: "ok", engine.Remark: "note", engine.Damaged: "WRONG"}[f.Health]
		fmt.Fprintf(a.stdout, "%-6s %s: %s\n", health, f.What, f.Detail)
		if f.Next != "" {
			fmt.Fprintf(a.stdout, "       next: %s\n", f.Next)
		}
		if f.Health == engine.Damaged {
			wrong++
		}
	})
	switch {
	case err != nil:
		a.console.fail(err, nil)
		return status(exitUnreachable)
	case wrong > 0:
		return status(exitFailed)
	}
	_, err = fmt.Fprintf(a.stdout, "nothing is wrong with %s\n", cmd.DataDir)
	return err
}

type rebuildCommand struct {
	DataDir string `name:"data-dir" env:"ASOF_DATA_DIR" default:"./asof-data" placeholder:"DIR" help:"The data directory."`
}

// Run makes derived state anew in a data directory that nobody serves.
func (cmd *rebuildCommand) Run(a *app) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	defer a.signals.watch(cancel)()
	done, err := engine.Rebuild(ctx, cmd.DataDir, a.offline("asof rebuild", ""))
	if err != nil {
		a.console.fail(err, nil)
		return status(exitUnreachable)
	}
	for _, d := range done {
		if _, err := fmt.Fprintf(a.stdout, "%s: made anew from %d changes\n", d.What, d.Changes); err != nil {
			return err
		}
	}
	return nil
}

// offline are the options of a command that works on a data directory and serves nobody.
func (a *app) offline(owner, keyFile string) engine.Options {
	return engine.Options{Connectors: connectors.Default(), Owner: owner, SecretKeyFile: keyFile, Progress: a.console.progress}
}
