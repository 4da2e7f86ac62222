package service

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// Asof is `asof serve`, with its program, its log (asof.log) and its data in a directory.
type Asof struct {
	Dir   string
	Admin bool // the admin's door is opened too
	// PG, RESP and Metrics are the URLs of the doors, once it has started.
	PG, RESP, Metrics string
	cmd               *exec.Cmd // nil while it does not run
}

// Build builds the program of the working directory's module.
func (a *Asof) Build() error {
	out, err := exec.Command("go", "build", "-o", filepath.Join(a.Dir, "asof"), "github.com/asofdb/asof/cmd/asof").CombinedOutput()
	if err != nil {
		return fmt.Errorf("build asof: %w\n%s", err, out)
	}
	return nil
}

// Data is the data directory.
func (a *Asof) Data() string { return filepath.Join(a.Dir, "data") }

// PID is the process that runs.
func (a *Asof) PID() int { return a.cmd.Process.Pid }

// Start starts it and waits until its doors are open.
func (a *Asof) Start() error {
	log, err := os.OpenFile(filepath.Join(a.Dir, "asof.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := exec.Command(filepath.Join(a.Dir, "asof"), "serve", "--data-dir", a.Data(), "--pg-addr", "127.0.0.1:0", "--resp-addr", "127.0.0.1:0")
	if a.Admin {
		cmd.Args = append(cmd.Args, "--admin-addr", "127.0.0.1:0")
	}
	cmd.Stderr = log
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	a.cmd = cmd
	lines := bufio.NewScanner(stdout)
	for lines.Scan() {
		for prefix, url := range map[string]*string{"postgres://": &a.PG, "redis://": &a.RESP, "http://": &a.Metrics} {
			if at := strings.Index(lines.Text(), prefix); at >= 0 {
				*url = lines.Text()[at:]
			}
		}
		if strings.HasPrefix(lines.Text(), "ready") {
			return nil
		}
	}
	a.Kill()
	return errors.New("asof serve ended before it was ready: see the end of asof.log")
}

// Kill kills it, if it runs.
func (a *Asof) Kill() {
	if a.cmd != nil {
		_ = a.cmd.Process.Kill()
		_ = a.cmd.Wait() // it says that it was killed
		a.cmd = nil
	}
}

// Stop asks it to end, and waits for it.
func (a *Asof) Stop() error {
	err := errors.Join(a.cmd.Process.Signal(syscall.SIGTERM), a.cmd.Wait())
	a.cmd = nil
	return err
}
