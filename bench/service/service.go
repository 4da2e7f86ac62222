// Package service starts the real servers that tests and benchmarks need, by the scripts of .ci/services, which install what is missing, and asof itself; and it says what a process uses.
package service

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// Service is a server that a script installs, starts and kills, in a directory of its own.
type Service struct {
	Name    string // of the script: "redis", "kafka", "postgres", "connect"
	Dir     string
	Env     []string // added to the environment of the script
	Address string   // once it has been started
}

// Run runs the script with a verb and returns what it printed.
func (s *Service) Run(ctx context.Context, verb string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, filepath.Join(Root(), ".ci/services", s.Name+".sh"), append([]string{verb, s.Dir}, args...)...)
	cmd.Env = append(os.Environ(), s.Env...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%s.sh %s: %w\n%s", s.Name, verb, err, stderr.Bytes())
	}
	return strings.TrimSpace(stdout.String()), nil
}

// Root is the directory of the repository that this was built from.
func Root() string {
	_, here, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(here), "../..")
}

// Start returns once the server answers at Address.
func (s *Service) Start(ctx context.Context) (err error) {
	s.Address, err = s.Run(ctx, "start")
	return err
}

// Kill ends the server as a crash does. Not every script can.
func (s *Service) Kill(ctx context.Context) error {
	_, err := s.Run(ctx, "kill")
	return err
}

// Stop ends the server in order.
func (s *Service) Stop() error {
	_, err := s.Run(context.Background(), "stop")
	return err
}

// With runs fn with a server in a directory that is gone afterwards, as is the server.
func With(ctx context.Context, name string, fn func(*Service) error) (err error) {
	dir, err := os.MkdirTemp("", "asof-"+name+"-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	s := &Service{Name: name, Dir: dir}
	if err := s.Start(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Stop()) }()
	return fn(s)
}

// PID is the server's process.
func (s *Service) PID() (int, error) {
	line, err := os.ReadFile(filepath.Join(s.Dir, s.Name+".pid"))
	if err != nil {
		return 0, err
	}
	pid, _, _ := strings.Cut(string(line), " ")
	return strconv.Atoi(strings.TrimSpace(pid))
}

// CPU is the processor time that the server has used, 0 where its process cannot be found.
func (s *Service) CPU() time.Duration {
	pid, err := s.PID()
	if err != nil {
		return 0
	}
	return CPU(pid)
}
