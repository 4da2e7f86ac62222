package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime/pprof"
	"slices"
	"strings"
	"time"

	"github.com/asofdb/asof/bench/workload"
	"github.com/asofdb/asof/connectors"
	"github.com/asofdb/asof/engine"
)

// The feature that is measured: three windows of four aggregates.
var feature = `CREATE FEATURE IF NOT EXISTS spend ENTITY customer (customer_id) AS SELECT customer_id, ` + aggregates() + ` FROM orders GROUP BY customer_id`

func aggregates() string {
	var items []string
	for _, w := range []string{"1 hour", "7 days", "30 days"} {
		for i, a := range []string{"COUNT(*)", "SUM(amount)", "AVG(amount)", "MAX(amount)"} {
			items = append(items, fmt.Sprintf("%s FILTER (WHERE created_at > NOW() - INTERVAL '%s') AS a%d_%s", a, w, i, strings.ReplaceAll(w, " ", "")))
		}
	}
	return strings.Join(items, ", ")
}

func (c config) source() string {
	option := map[workload.Regime]string{workload.AppendOnly: ", append_only = 'true'", workload.FullBefore: ", missing_before = 'error'"}[c.Regime]
	return fmt.Sprintf(`CREATE SOURCE IF NOT EXISTS orders (order_id BIGINT PRIMARY KEY, customer_id TEXT NOT NULL, merchant_id TEXT, amount NUMERIC(12,2), status TEXT,
		created_at TIMESTAMPTZ NOT NULL) WITH (connector = 'file', path = '%s', history = 'from_empty'%s) FORMAT DEBEZIUM ENCODE JSON`, c.File, option)
}

func runChild(arg string) {
	what, spec, _ := strings.Cut(arg, "{")
	var c config
	check(json.Unmarshal([]byte("{"+spec), &c))
	var r result
	switch what {
	case "measure":
		r = c.measure()
	case "victim":
		c.awaitKill()
	case "recover":
		began := time.Now()
		e := c.open()
		c.firstAnswer(e)
		r.Recovery = time.Since(began)
		check(e.Close())
	}
	check(json.NewEncoder(os.Stdout).Encode(r))
}

func (c config) open() *engine.Engine {
	e, err := engine.Open(c.Dir, engine.Options{Connectors: connectors.Default()})
	check(err)
	return e
}

func (c config) firstAnswer(e *engine.Engine) {
	_, err := e.Lookup(context.Background(), "spend", workload.Customer(3))
	check(err)
}

// begin creates source and feature, which is there from the first changes on. The channel has what became of reading when it has ended.
func (c config) begin(e *engine.Engine) <-chan error {
	read := make(chan error, 1)
	go func() { read <- e.Exec(context.Background(), c.source()) }()
	for e.Exec(context.Background(), feature) != nil {
		time.Sleep(time.Millisecond)
	}
	return read
}

func (c config) measure() (r result) {
	ctx := context.Background()
	if c.Profile != "" {
		f, err := os.Create(c.Profile)
		check(err)
		check(pprof.StartCPUProfile(f))
	}
	e := c.open()
	began := time.Now()
	check(<-c.begin(e))
	c.firstAnswer(e)
	r.Ingest = time.Since(began)
	if c.Profile != "" {
		pprof.StopCPUProfile()
	}
	began = time.Now()
	check(e.Close())
	r.Close = time.Since(began)
	began = time.Now()
	e = c.open()
	c.firstAnswer(e)
	r.Open = time.Since(began)
	rng := rand.New(rand.NewPCG(3, 3))
	zipf := rand.NewZipf(rng, workload.Exponent, 1, uint64(c.Customers-1))
	r.Uniform = c.lookups(e, c.Lookups, func() int { return rng.IntN(c.Customers) })
	r.Zipf = c.lookups(e, c.Lookups/10, func() int { return int(zipf.Uint64()) })
	began = time.Now()
	rows, err := e.Query(ctx, "SELECT * FROM spend")
	check(err)
	for rows.Next() {
		r.Entities++
	}
	check(rows.Err())
	check(rows.Close())
	r.Scan = time.Since(began)
	check(e.Close())
	return r
}

// lookupTime bounds one pass of lookups: the busiest customer of ten million changes takes a second.
const lookupTime = 15 * time.Second

// lookups reads customers twice, and measures the second time: the figures are of a warm store.
func (c config) lookups(e *engine.Engine, n int, draw func() int) percentiles {
	keys := make([]string, n)
	for i := range keys {
		keys[i] = workload.Customer(draw())
	}
	var took []time.Duration
	for range 2 {
		took = took[:0]
		start := time.Now()
		for _, k := range keys {
			began := time.Now()
			_, err := e.Lookup(context.Background(), "spend", k)
			check(err)
			took = append(took, time.Since(began))
			if time.Since(start) > lookupTime {
				break
			}
		}
	}
	slices.Sort(took)
	return percentiles{took[len(took)/2], took[len(took)*99/100]}
}
