package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/asofdb/asof/bench/service"
	"github.com/asofdb/asof/bench/training"
	"github.com/asofdb/asof/bench/workload"
	"github.com/asofdb/asof/connectors"
	"github.com/asofdb/asof/engine"
	"github.com/asofdb/asof/sql/types"
)

// throughput loads a topic with a workload and measures how fast it is read to its end.
func (s *settings) throughput(ctx context.Context, r workload.Regime, b *broker) error {
	if err := newTopic(ctx, b.address, s.partitions, forever); err != nil {
		return err
	}
	own := service.OwnCPU()
	if err := s.load(ctx, b.address, r); err != nil {
		return err
	}
	loading := service.OwnCPU() - own
	bare, err := s.drain(ctx, b.address)
	if err != nil {
		return err
	}
	var took time.Duration
	var answers map[string]values
	brokerCPU, engineCPU := b.cpu(), service.OwnCPU()
	err = s.profiled(r, func() (err error) {
		took, answers, err = s.read(ctx, b.address, r)
		return err
	})
	if err != nil {
		return err
	}
	engineCPU, brokerCPU = service.OwnCPU()-engineCPU, b.cpu()-brokerCPU
	line := fmt.Sprintf("| %c | %d | %d | %.0f K | %.0f K | %.0f K | %.1f | %.1f | %.1f |", r, s.changes, s.partitions, float64(s.changes)/took.Seconds()/1000, float64(s.changes)/bare.Seconds()/1000,
		float64(s.changes)/engineCPU.Seconds()/1000, engineCPU.Seconds(), brokerCPU.Seconds(), loading.Seconds())
	if s.peer != nil {
		theirs, err := s.peer.read(ctx, b.address, r, s.spec(r), answers)
		if err != nil {
			return err
		}
		line += theirs.columns(s.changes, took)
	}
	fmt.Println(line)
	return nil
}

// values are a customer's, by the names of their columns, without those that are NULL.
type values map[string]string

// asked are the customers whose values are compared with the peer's: the busiest, some in between, and some that hardly order.
var asked = []int{0, 1, 2, 3, 10, 33, 100, 1000, 5000, 20_000, 99_999}

// read has an engine read the topic, and returns how long it took until the last change was durable and readable through the feature, and what the feature says then.
func (s *settings) read(ctx context.Context, address string, r workload.Regime) (took time.Duration, answers map[string]values, err error) {
	err = withSession(func(session *engine.Session) error {
		began := time.Now()
		if err := session.Exec(ctx, "SET as_of_wait = '30min'; "+source(address, r)+"; "+training.Feature()); err != nil {
			return err
		}
		at := types.NewTimestamptz(s.spec(r).Commit(s.changes - 1)).String()
		if _, err := query(ctx, session, fmt.Sprintf("SELECT * FROM spend AS OF '%s' WHERE customer_id = '%s'", at, workload.Customer(3))); err != nil {
			return err
		}
		took = time.Since(began)
		answers, err = query(ctx, session, fmt.Sprintf("SELECT * FROM spend AS OF '%s' WHERE customer_id IN ('%s')", at, strings.Join(askedNames(), "', '")))
		return err
	})
	return took, answers, err
}

// withSession runs fn with a session of an engine that is new and gone afterwards.
func withSession(fn func(*engine.Session) error) (err error) {
	dir, err := os.MkdirTemp("", "asof-stream-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	e, err := engine.Open(filepath.Join(dir, "data"), engine.Options{Connectors: connectors.Default()})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, e.Close()) }()
	session := e.NewSession()
	defer session.Close()
	return fn(session)
}

func askedNames() []string {
	var names []string
	for _, n := range asked {
		names = append(names, workload.Customer(n))
	}
	return names
}

// query returns the rows of the feature by their customers.
func query(ctx context.Context, session *engine.Session, sql string) (answers map[string]values, err error) {
	rows, err := session.Query(ctx, sql)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	answers = map[string]values{}
	for rows.Next() {
		v := values{}
		for i, c := range rows.Columns() {
			if x := rows.Values()[i]; !x.IsNull() {
				v[c.Name] = x.String()
			}
		}
		answers[v["customer_id"]] = v
	}
	return answers, rows.Err()
}
