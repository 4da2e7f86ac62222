package pipeline

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/asofdb/asof/bench/service"
)

// servers are the processes of a pipeline. They are the test's own, as it kills them, and are gone, with their data, when it ends: no replication slot or publication outlives it.
type servers struct {
	postgres, kafka, connect *service.Service
	connector                string // the path of its configuration
	asof                     *service.Asof
}

// startServers starts all but the connector, which wants tables.
func startServers(t *testing.T) *servers {
	dir := t.TempDir()
	s := &servers{
		postgres:  &service.Service{Name: "postgres", Dir: filepath.Join(dir, "postgres")},
		kafka:     &service.Service{Name: "kafka", Dir: filepath.Join(dir, "kafka")},
		connect:   &service.Service{Name: "connect", Dir: filepath.Join(dir, "connect")},
		connector: filepath.Join(dir, "connector.json"),
		asof:      &service.Asof{Dir: dir},
	}
	t.Cleanup(func() {
		s.asof.Kill()
		_, err := s.postgres.Run(context.Background(), "stop") // killed, it would leave processes that still write
		if err = errors.Join(err, s.connect.Kill(context.Background()), s.kafka.Kill(context.Background())); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			for _, log := range []string{filepath.Join(dir, "asof.log"), filepath.Join(s.kafka.Dir, "kafka.log"), filepath.Join(s.connect.Dir, "connect.log")} {
				logTail(t, log)
			}
		}
	})
	g, ctx := errgroup.WithContext(t.Context())
	g.Go(func() error { return s.postgres.Start(ctx) })
	g.Go(func() error {
		if err := s.kafka.Start(ctx); err != nil {
			return err
		}
		s.connect.Env = []string{"KAFKA=" + s.kafka.Address}
		return s.connect.Start(ctx)
	})
	g.Go(s.asof.Build)
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	if err := s.asof.Start(); err != nil {
		t.Fatal(err)
	}
	return s
}

// logTail shows the end of a server's log.
func logTail(t *testing.T, path string) {
	text, err := os.ReadFile(path)
	if err != nil {
		t.Log(err)
		return
	}
	t.Logf("%s ends with\n%s", filepath.Base(path), text[max(0, len(text)-4000):])
}

// configure writes the connector's configuration: three partitions a topic, the transaction topic, heartbeats.
func (s *servers) configure() error {
	u, err := url.Parse(s.postgres.Address)
	if err != nil {
		return err
	}
	text, err := json.Marshal(map[string]string{
		"connector.class":                           "io.debezium.connector.postgresql.PostgresConnector",
		"plugin.name":                               "pgoutput",
		"database.hostname":                         u.Hostname(),
		"database.port":                             u.Port(),
		"database.user":                             "postgres",
		"database.password":                         "unused",
		"database.dbname":                           "postgres",
		"topic.prefix":                              "shop",
		"slot.name":                                 "asof",
		"publication.name":                          "asof",
		"publication.autocreate.mode":               "filtered",
		"table.include.list":                        "public.customers,public.orders,public.payments",
		"provide.transaction.metadata":              "true",
		"heartbeat.interval.ms":                     "500",
		"poll.interval.ms":                          "10",
		"topic.creation.default.replication.factor": "1",
		"topic.creation.default.partitions":         "3",
		"topic.creation.groups":                     "told", // what is said of transactions and of the clock has one order
		"topic.creation.told.include":               `shop\.transaction,__debezium-heartbeat\.shop`,
		"topic.creation.told.partitions":            "1",
	})
	if err != nil {
		return err
	}
	return os.WriteFile(s.connector, text, 0o600)
}

// connectPostgres starts the connector. A worker forgets its connectors when it ends, and knows how far they were.
func (s *servers) connectPostgres(ctx context.Context) error {
	_, err := s.connect.Run(ctx, "put", "shop", s.connector)
	return err
}

// streaming waits until the worker has written down that the connector streams. One that is killed before begins with another snapshot, and what was changed between the two never comes.
func (s *servers) streaming(ctx context.Context) error {
	return until(ctx, func() (bool, error) {
		offsets, err := os.ReadFile(filepath.Join(s.connect.Dir, "offsets"))
		return bytes.Contains(offsets, []byte("lsn_proc")), err
	})
}
