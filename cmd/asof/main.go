// Command asof is the streaming feature store in one program: `asof sql` runs SQL on a data directory, `asof serve` opens one to clients, `asof demo`
// shows what it does on the change stream of a shop that it makes up itself.
//
// It only wires: every answer comes from engine through the doors that its package documentation names, and nothing here
// knows how a value is computed. Standard output carries results and nothing else; everything said about them
// (errors, notices, progress) goes to standard error.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"slices"
	"syscall"

	"github.com/alecthomas/kong"
)

// The exit statuses, as `asof help exit-codes` lists them.
const (
	exitFailed      = 1  // a statement or its data
	exitUsage       = 2  // the command line
	exitUnreachable = 3  // the data directory could not be opened
	exitBug         = 70 // EX_SOFTWARE of sysexits.h
)

// status ends the program with an exit status; what there was to say has been said.
type status int

func (s status) Error() string { return fmt.Sprintf("exit status %d", int(s)) }

// cli is the command line.
type cli struct {
	Debug bool `help:"Show where in the program an internal error happened." env:"ASOF_DEBUG"`

	SQL     sqlCommand     `cmd:"" name:"sql" help:"Run SQL on a data directory."`
	Serve   serveCommand   `cmd:"" help:"Serve a data directory to clients."`
	Backup  backupCommand  `cmd:"" help:"Have a server write a backup."`
	Restore restoreCommand `cmd:"" help:"Make a data directory of a backup."`
	Doctor  doctorCommand  `cmd:"" help:"Say what is wrong with a data directory."`
	Rebuild rebuildCommand `cmd:"" help:"Make what is derived anew from the stream log."`
	Demo    demoCommand    `cmd:"" help:"Watch features change over the change stream of a made-up shop."`
	Version versionCommand `cmd:"" help:"Print the version."`
	Help    helpCommand    `cmd:"" help:"Explain a command or a topic."`
}

// app is what every command is given: the process's streams.
type app struct {
	stdin   io.Reader
	stdinIs terminal

	stdout   io.Writer
	stdoutIs terminal

	console *console
	signals *signals
}

func main() {
	// Writing to a pipe that nobody reads any more is an error here and not the end of the process: the engine is closed first. The signal is
	// caught and not ignored, because a pager would inherit that.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	os.Exit(run(os.Args[1:]))
}

// run runs one command line and returns its exit status.
func run(args []string) (code int) {
	a := &app{
		stdin: os.Stdin, stdinIs: terminalOf(os.Stdin),
		stdout: os.Stdout, stdoutIs: terminalOf(os.Stdout),
		console: newConsole(os.Stderr, terminalOf(os.Stderr)),
		signals: newSignals(),
	}
	if !slices.Contains(args, "--debug") && os.Getenv("ASOF_DEBUG") == "" {
		debug.SetTraceback("none") // for panics in goroutines, which no one can recover from here
		defer func() {
			if p := recover(); p != nil {
				a.console.say("asof: internal error: %v\nThis is a bug. `asof --debug …` shows where; please report it.", p)
				code = exitBug
			}
		}()
	}
	if len(args) == 0 {
		args = []string{"help"}
	}
	return exitStatus(a.dispatch(args), a.console)
}

// dispatch parses args and runs the command that they name.
func (a *app) dispatch(args []string) error {
	exited := false
	config, err := configOf(args)
	if err != nil {
		a.console.say("asof: %s", err)
		return status(exitUsage)
	}
	var resolvers []kong.Resolver
	if config != nil {
		resolvers = append(resolvers, config)
	}
	parser, err := kong.New(&cli{},
		kong.Resolvers(resolvers...),
		kong.Name("asof"),
		kong.Writers(a.stdout, a.console.w),
		kong.Exit(func(int) { exited = true }), // kong's --help means to end the process, but it returns first
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true}),
		kong.Help(printHelp),
		kong.WithHyphenPrefixedParameters(true), // -c may begin with a comment
	)
	if err != nil {
		panic(err)
	}
	ctx, err := parser.Parse(args)
	if exited {
		return nil
	}
	if err != nil {
		a.console.say("asof: %s\nTry `asof help`.", err)
		return status(exitUsage)
	}
	return ctx.Run(a)
}

// exitStatus is the exit status that err asks for. An error that is no status has not been shown yet.
func exitStatus(err error, c *console) int {
	var code status
	switch {
	case err == nil, errors.Is(err, syscall.EPIPE):
		return 0 // whoever read our output had enough
	case errors.As(err, &code):
		return int(code)
	}
	c.say("asof: %s", err)
	return exitFailed
}
