package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/asofdb/asof/connectors/serve/pgwire"
	"github.com/asofdb/asof/connectors/serve/resp"
	"github.com/asofdb/asof/engine"
)

// demoDoors are the doors of the demo, at their usual addresses, or at free ones where those are in use.
type demoDoors struct {
	pg, resp net.Listener
	open     []door
	failed   chan error
}

func openDemoDoors(eng *engine.Engine) (*demoDoors, error) {
	d := &demoDoors{failed: make(chan error, 2)}
	var err error
	if d.pg, err = listenNear("127.0.0.1:6543"); err != nil {
		return nil, err
	}
	if d.resp, err = listenNear("127.0.0.1:6380"); err != nil {
		d.pg.Close()
		return nil, err
	}
	d.serve(pgwire.New(eng, pgwire.Options{Version: version(), Users: eng}), d.pg)
	d.serve(resp.NewServer(eng, resp.Options{Version: version()}), d.resp)
	return d, nil
}

func listenNear(address string) (net.Listener, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		l, err = net.Listen("tcp", "127.0.0.1:0")
	}
	return l, err
}

func (d *demoDoors) serve(way door, l net.Listener) {
	d.open = append(d.open, way)
	go func() { d.failed <- way.Serve(l) }()
}

// close lets statements that run end, for a second.
func (d *demoDoors) close() (err error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	for _, way := range d.open {
		if e := way.Shutdown(ctx); e != nil && !errors.Is(e, context.DeadlineExceeded) {
			err = errors.Join(err, e)
		}
	}
	for range d.open {
		err = errors.Join(err, <-d.failed)
	}
	return err
}

// invite tells how others ask.
func (d *demo) invite(context.Context) error {
	d.heading("Ask it yourself, in a second terminal, with what you have")
	url := fmt.Sprintf("postgres://%s/asof", d.doors.pg.Addr())
	sql := fmt.Sprintf("SELECT *, freshness FROM customer_orders WHERE customer_id = '%s'", demoCustomer)
	d.print("psql %s -c \\\n  \"%s\"\n", url, sql)
	d.print("redis-cli -p %d HGETALL features:customer:%s\n", d.doors.resp.Addr().(*net.TCPAddr).Port, demoCustomer)
	d.print("python3 -c 'import psycopg; print(psycopg.connect(\"%s\")\\\n  .execute(\"SELECT * FROM merchant_risk LIMIT 3\").fetchall())'\n", url)
	d.print("go run ./cmd/asof sql --connect %s -c \"SHOW FRESHNESS\"\n", url)
	return nil
}
