// Package training is the workload of a training set, as bench/labels measures it and bench/peers compares it: a shop's orders with a feature of twelve values
// over three windows, spines of labels in Parquet files, and the statements that are run. Everything lies in one folder, which can be kept: what is there is
// not made again.
package training

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/asofdb/asof/bench/workload"
	"github.com/asofdb/asof/connectors"
	"github.com/asofdb/asof/engine"
)

// Spec is a workload's size and where its files are.
type Spec struct {
	Folder    string
	Changes   int
	Customers int
}

// Span is the time over which changes are committed, and labels asked for.
const Span = 40 * 24 * time.Hour

// Windows are the feature's; each has every one of Aggregates.
var Windows = []string{"1 hour", "7 days", "30 days"}

// Aggregates are the feature's, by the letter that begins their columns' names: c1hour, s7days.
var Aggregates = []struct{ Letter, Call string }{{"c", "COUNT(*)"}, {"s", "SUM(amount)"}, {"a", "AVG(amount)"}, {"m", "MAX(amount)"}}

// Columns are the names of the twelve values, in order.
func Columns() []string {
	var names []string
	for _, w := range Windows {
		for _, a := range Aggregates {
			names = append(names, a.Letter+strings.ReplaceAll(w, " ", ""))
		}
	}
	return names
}

// Feature declares the feature over orders.
func Feature() string {
	var items []string
	names := Columns()
	for i, w := range Windows {
		for j, a := range Aggregates {
			items = append(items, fmt.Sprintf("%s FILTER (WHERE created_at > NOW() - INTERVAL '%s') AS %s", a.Call, w, names[i*len(Aggregates)+j]))
		}
	}
	return "CREATE FEATURE spend ENTITY customer (customer_id) AS SELECT customer_id, " + strings.Join(items, ", ") + " FROM orders GROUP BY customer_id"
}

// Changes is the path of the file of changes, with complete before images (workload.FullBefore).
func (s Spec) ChangesFile() string {
	return filepath.Join(s.Folder, fmt.Sprintf("%c-%d-%d.ndjson", workload.FullBefore, s.Changes, s.Customers))
}

// Data is the path of the data directory that has read them.
func (s Spec) Data() string {
	return filepath.Join(s.Folder, fmt.Sprintf("data-%d-%d", s.Changes, s.Customers))
}

// Prepare makes what is missing of changes and data directory.
func (s Spec) Prepare(ctx context.Context) error {
	if err := os.MkdirAll(s.Folder, 0o755); err != nil {
		return err
	}
	err := whole(s.ChangesFile(), func(path string) error {
		f, err := os.Create(path)
		if err != nil {
			return err
		}
		defer f.Close()
		err = workload.Write(f, workload.Spec{Regime: workload.FullBefore, Changes: s.Changes, Customers: s.Customers, Seed: 1, Span: Span})
		if err != nil {
			return err
		}
		return f.Close()
	})
	if err != nil {
		return err
	}
	return whole(s.Data(), func(path string) error { return s.load(ctx, path) })
}

// whole calls write for a file or folder that is not there, with another name for it until it is written.
func whole(path string, write func(path string) error) error {
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	half := path + ".half"
	if err := os.RemoveAll(half); err != nil {
		return err
	}
	if err := write(half); err != nil {
		return err
	}
	return os.Rename(half, path)
}

func (s Spec) load(ctx context.Context, dir string) error {
	e, err := engine.Open(dir, engine.Options{Connectors: connectors.Default()})
	if err != nil {
		return err
	}
	defer e.Close()
	err = e.Exec(ctx, fmt.Sprintf(`CREATE SOURCE orders (order_id BIGINT PRIMARY KEY, customer_id TEXT NOT NULL, merchant_id TEXT, amount NUMERIC(12,2), status TEXT,
		created_at TIMESTAMPTZ NOT NULL) WITH (connector = 'file', path = '%s', history = 'from_empty', missing_before = 'error') FORMAT DEBEZIUM ENCODE JSON`, s.ChangesFile()))
	if err != nil {
		return err
	}
	if err := e.Exec(ctx, Feature()); err != nil {
		return err
	}
	if _, err := e.Lookup(ctx, "spend", workload.Customer(0)); err != nil { // it is built by now
		return err
	}
	return e.Close()
}

// Open opens the data directory. COPY knows one format more, drain, that takes the rows and keeps nothing.
func (s Spec) Open() (*engine.Engine, error) {
	c := connectors.Default()
	c.Sinks["drain"] = drain()
	return engine.Open(s.Data(), engine.Options{Connectors: c})
}
