package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
	"github.com/goccy/go-yaml"
)

// configFiles are looked for where no --config names one.
var configFiles = []string{"asof.yaml", "/etc/asof/asof.yaml"}

// configFile gives flags their values from a YAML file of `flag: value` lines, where neither the command line nor the environment has one. ${NAME} in a value is
// the environment's.
type configFile struct {
	path   string
	values map[string]string
}

// readConfig reads the file that --config or ASOF_CONFIG names, or the first of the usual ones that there is; nil for none.
func readConfig(named string) (*configFile, error) {
	paths := configFiles
	if named != "" {
		paths = []string{named}
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) && named == "" {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("read the configuration: %w", err)
		}
		c := &configFile{path: path, values: map[string]string{}}
		var all map[string]any
		if err := yaml.Unmarshal(text, &all); err != nil {
			return nil, fmt.Errorf("%s: %s", path, yaml.FormatError(err, false, true))
		}
		for name, value := range all {
			switch v := value.(type) {
			case string:
				c.values[strings.ReplaceAll(name, "_", "-")] = os.Expand(v, os.Getenv)
			case bool, uint64, int64, float64:
				c.values[strings.ReplaceAll(name, "_", "-")] = fmt.Sprint(v)
			default:
				return nil, fmt.Errorf("%s: %s must be one value", path, name)
			}
		}
		return c, nil
	}
	return nil, nil
}

// Validate implements kong.Resolver: a name that is no flag is a slip.
func (c *configFile) Validate(app *kong.Application) error {
	var known []string
	for _, command := range app.Children {
		if command.Name != "serve" {
			continue
		}
		for _, f := range command.Flags {
			known = append(known, f.Name)
		}
	}
	for name := range c.values {
		if !slices.Contains(known, name) {
			return fmt.Errorf("%s: there is no setting %q; there are %s", c.path, name, strings.Join(known, ", "))
		}
	}
	return nil
}

// Resolve implements kong.Resolver.
func (c *configFile) Resolve(_ *kong.Context, parent *kong.Path, flag *kong.Flag) (any, error) {
	if parent.Command == nil || parent.Command.Name != "serve" {
		return nil, nil
	}
	for _, env := range flag.Envs {
		if os.Getenv(env) != "" {
			return nil, nil
		}
	}
	if v, ok := c.values[flag.Name]; ok {
		return v, nil
	}
	return nil, nil
}

// configOf is the configuration that a command line asks for: only serve has one.
func configOf(args []string) (*configFile, error) {
	if len(args) == 0 || args[0] != "serve" {
		return nil, nil
	}
	named := os.Getenv("ASOF_CONFIG")
	for i, arg := range args {
		if value, ok := strings.CutPrefix(arg, "--config="); ok {
			named = value
		} else if arg == "--config" && i+1 < len(args) {
			named = args[i+1]
		}
	}
	return readConfig(named)
}
