package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/asofdb/asof/bench/training"
	"github.com/asofdb/asof/connectors/serve/resp"
)

// server is a process that runs for the measurement.
type server struct {
	addr string
	cmd  *exec.Cmd
}

// stop asks the process to end, and waits for it.
func (s *server) stop() error {
	return errors.Join(s.cmd.Process.Signal(syscall.SIGTERM), s.cmd.Wait())
}

// startAsof starts this program again, as the server.
func startAsof(spec training.Spec) (*server, error) {
	args := append([]string{"--child", "asof"}, os.Args[1:]...)
	args = append(args, "--keep", spec.Folder)
	cmd := exec.Command(os.Args[0], args...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return nil, err
	}
	addr, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return nil, fmt.Errorf("asof did not start: %w", errors.Join(err, cmd.Wait()))
	}
	return &server{strings.TrimSpace(addr), cmd}, nil
}

// serveChild opens the doors, says where, and serves until SIGTERM.
func serveChild(spec training.Spec, profile string) error {
	e, err := spec.Open()
	if err != nil {
		return err
	}
	defer e.Close()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	s := resp.NewServer(e, resp.Options{})
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGTERM)
	ended := make(chan error, 1)
	go func() {
		<-asked
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		ended <- s.Shutdown(ctx)
	}()
	fmt.Println(l.Addr())
	err = profiled(profile, func() error { return s.Serve(l) })
	return errors.Join(err, <-ended)
}

func startRedis() (*server, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	port := l.Addr().(*net.TCPAddr).Port
	l.Close()
	s := &server{l.Addr().String(), exec.Command("redis-server", "--bind", "127.0.0.1", "--port", strconv.Itoa(port), "--save", "", "--daemonize", "no")}
	s.cmd.Stdout = io.Discard
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		c, err := net.Dial("tcp", s.addr)
		if err == nil {
			c.Close()
			return s, nil
		}
		if time.Now().After(deadline) {
			return nil, errors.Join(fmt.Errorf("redis-server does not answer: %w", err), s.stop())
		}
	}
}
