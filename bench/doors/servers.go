package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/asofdb/asof/bench/service"
	"github.com/asofdb/asof/bench/training"
	"github.com/asofdb/asof/connectors/serve/pgwire"
	"github.com/asofdb/asof/connectors/serve/resp"
)

// server is asof, as it runs for the measurement.
type server struct {
	*service.Self
	addr, pg string // of its doors
}

// startAsof starts this program again, as the server.
func startAsof(spec training.Spec) (*server, error) {
	args := append([]string{"--child", "asof"}, os.Args[1:]...)
	child, err := service.StartSelf(append(args, "--keep", spec.Folder)...)
	if err != nil {
		return nil, err
	}
	resp, pg, _ := strings.Cut(child.Said, " ")
	return &server{child, resp, pg}, nil
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
	pl, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	s, pg := resp.NewServer(e, resp.Options{}), pgwire.New(e, pgwire.Options{})
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGTERM)
	ended := make(chan error, 1)
	go func() {
		<-asked
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		ended <- errors.Join(s.Shutdown(ctx), pg.Shutdown(ctx))
	}()
	fmt.Println(l.Addr(), pl.Addr())
	err = service.Profiled(profile, func() error {
		served := make(chan error, 1)
		go func() { served <- pg.Serve(pl) }()
		return errors.Join(s.Serve(l), <-served)
	})
	return errors.Join(err, <-ended)
}
