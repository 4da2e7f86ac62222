// Command doors measures how one customer's twelve values are read through a door of asof, which computes their windows at that moment, beside a store that has
// them ready: rate, p50 and p99 of a request, for customers drawn evenly and by Zipf's law, of 1, 8 and 50 connections, with 1 and 16 requests under way on each.
//
//	go run ./bench/doors [--short] [--changes 10000000] [--seconds 3] [--keep DIR] [--cpuprofile FILE]
//
// Then the same through the Postgres door, beside a PostgreSQL that reads a row by its primary key: prepared statements in binary, 100 customers in one statement, COPY of a million rows. It is the PostgreSQL of
// --postgres, whose table spend is replaced; without it this part is left out.
//
// It prints a table in Markdown. Servers are processes of their own; the clients' process speaks to all in the same way.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"strings"
	"time"

	"github.com/asofdb/asof/bench/service"
	"github.com/asofdb/asof/bench/training"
)

func main() {
	short := flag.Bool("short", false, "300,000 changes of 100,000 customers, a second a run: under two minutes")
	changes := flag.Int("changes", 10_000_000, "changes in the workload")
	customers := flag.Int("customers", 1_000_000, "customers in the workload")
	seconds := flag.Float64("seconds", 3, "how long a run takes")
	keep := flag.String("keep", "", "a folder for changes and data directory that is kept, so that they need not be made again")
	postgres := flag.String("postgres", os.Getenv("ASOF_TEST_POSTGRES"), "the URL of a PostgreSQL to compare the Postgres door with")
	only := flag.String("door", "", "measure this door only: resp or pg")
	profile := flag.String("cpuprofile", "", "write a CPU profile of asof's server to this path")
	child := flag.String("child", "", "used by the program itself")
	flag.Parse()
	spec := training.Spec{Folder: *keep, Changes: *changes, Customers: *customers}
	if *short {
		spec.Changes, spec.Customers, *seconds = 300_000, 100_000, min(*seconds, 1)
	}
	var err error
	if *child != "" {
		err = serveChild(spec, *profile)
	} else {
		err = measureAll(spec, time.Duration(*seconds*float64(time.Second)), *postgres, *only)
	}
	if err != nil {
		log.Fatal(err)
	}
}

func measureAll(spec training.Spec, length time.Duration, postgres, only string) (err error) {
	if spec.Folder == "" {
		if spec.Folder, err = os.MkdirTemp("", "asof-doors"); err != nil {
			return err
		}
		defer os.RemoveAll(spec.Folder)
	}
	if err := spec.Prepare(context.Background()); err != nil {
		return err
	}
	asof, err := startAsof(spec)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, asof.Stop()) }()
	return service.With(context.Background(), "redis", func(redis *service.Service) error {
		address := strings.TrimPrefix(redis.Address, "redis://")
		known, err := copyValues(asof.addr, address, spec.Customers)
		if err != nil {
			return err
		}
		fmt.Printf("%d customers with values\n", len(known))
		if only != "pg" {
			err = measureRESP(asof.addr, address, known, length)
		}
		if err != nil || only == "resp" || postgres == "" {
			return err
		}
		return measurePostgres("postgres://"+asof.pg+"/asof?sslmode=disable", postgres, known, length)
	})
}

// measureRESP measures the Redis door beside Redis.
func measureRESP(asof, redis string, known []string, length time.Duration) error {
	fmt.Printf("\n| customers | connections | pipeline | door | rate /s | p50 µs | p99 µs | of Redis's rate |\n|---|---|---|---|---|---|---|---|\n")
	doors := []door{{"redis", redis, dialRESP}, {"asof", asof, dialRESP}}
	for _, law := range []string{"even", "Zipf"} {
		for _, connections := range []int{1, 8, 50} {
			for _, pipeline := range []int{1, 16} {
				if err := compare(doors, run{law, connections, pipeline, length, known}); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// compare runs the same load on each door and prints a line for each; the first is what the others are compared with.
func compare(doors []door, r run) error {
	base := 0.0
	for _, d := range doors {
		got, err := r.measure(d)
		if err != nil {
			return fmt.Errorf("%s: %w", d.name, err)
		}
		if base == 0 {
			base = got.rate
		}
		fmt.Printf("| %s | %d | %d | %s | %.0f | %.0f | %.0f | %.2f |\n", r.law, r.connections, r.pipeline, d.name, got.rate, got.p50, got.p99, got.rate/base)
	}
	return nil
}
