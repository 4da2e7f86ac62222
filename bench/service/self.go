package service

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
)

// Self is this program, started again to be a server.
type Self struct {
	*exec.Cmd
	Said string // its first line
}

// StartSelf starts this program with other arguments and waits for its first line.
func StartSelf(args ...string) (*Self, error) {
	path, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(path, args...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return nil, fmt.Errorf("%s did not start: %w", strings.Join(args, " "), errors.Join(err, cmd.Wait()))
	}
	return &Self{cmd, strings.TrimSpace(line)}, nil
}

// Stop asks it to end, and waits for it.
func (s *Self) Stop() error {
	return errors.Join(s.Process.Signal(syscall.SIGTERM), s.Wait())
}
