package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/asofdb/asof/engine"
)

type versionCommand struct{}

// Run prints the version.
func (*versionCommand) Run(a *app) error {
	_, err := fmt.Fprintf(a.stdout, "asof %s\ndata format: %s\n%s %s/%s\n", version(), engine.DataFormat, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}

// version is the module's version, or the commit that an unreleased program was built from.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	commit, dirty := "", ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			commit = s.Value[:min(12, len(s.Value))]
		case s.Key == "vcs.modified" && s.Value == "true":
			dirty = " with changes"
		}
	}
	if commit == "" {
		return "development"
	}
	return "development " + commit + dirty
}
