package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"
	"golang.org/x/sync/errgroup"

	"github.com/asofdb/asof/bench/service"
	"github.com/asofdb/asof/bench/training"
	"github.com/asofdb/asof/bench/workload"
)

// A soak is `asof serve` as it would go on for months: changes without before images come at a rate, of a bounded number of orders, and clients read through both doors. What it holds is looked at from outside. Its
// files and goroutines must not grow with time; its disk does, by the changes, and with it the files that it keeps open of them.

const (
	soakOrders = 200_000
	// soakRead are the customers that are read as of now: most of them have orders.
	soakRead = 20_000
	// soakKept is for how long the broker keeps a record, in ms, so that it does not grow.
	soakKept = "60000"
	// soakSlack is by how many descriptors or goroutines the end of the second half may differ from its beginning.
	soakSlack = 10
	// readEvery is the distance of two reads of a customer by the Redis door, askEvery of two connections to the Postgres door.
	readEvery, askEvery = time.Millisecond, 200 * time.Millisecond
)

// soak runs for so long and fails if files or goroutines grow.
func (s *settings) soak(ctx context.Context, length, every time.Duration, rates string) error {
	first, _, _ := strings.Cut(rates, ",")
	rate, err := strconv.Atoi(first)
	if err != nil {
		return fmt.Errorf("--rates: %w", err)
	}
	return s.cluster.run(ctx, func(b *broker) (err error) {
		if err := newTopic(ctx, b.address, s.partitions, soakKept); err != nil {
			return err
		}
		dir, err := os.MkdirTemp("", "asof-soak-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		a := &service.Asof{Dir: dir, Admin: true}
		if err := a.Build(); err != nil {
			return err
		}
		if err := a.Start(); err != nil {
			return err
		}
		defer a.Kill()
		sql, err := pgx.Connect(ctx, a.PG)
		if err != nil {
			return err
		}
		defer sql.Close(ctx)
		for _, statement := range []string{source(b.address, workload.NoBefore), training.Feature()} {
			if _, err := sql.Exec(ctx, statement, pgx.QueryExecModeSimpleProtocol); err != nil {
				return err
			}
		}
		g, err := generator{Address: b.address, Spec: workload.Spec{Regime: workload.NoBefore, Customers: s.customers, Live: soakOrders}, Rate: rate, Partitions: s.partitions}.start()
		if err != nil {
			return err
		}
		err = s.watch(ctx, a, sql, length, every)
		return errors.Join(err, g.Stop(), a.Stop())
	})
}

// watch prints what asof uses while it is read, and judges it.
func (s *settings) watch(ctx context.Context, a *service.Asof, sql *pgx.Conn, length, every time.Duration) error {
	ctx, stop := context.WithTimeout(ctx, length)
	defer stop()
	var reads atomic.Int64
	readers, reading := errgroup.WithContext(ctx)
	readers.Go(func() error { return s.readValues(reading, a, &reads) })
	readers.Go(func() error { return s.readPast(reading, a, &reads) })
	fmt.Println("| after | memory MB | of it Go heap in use | heap of the next GC | mapped files MB | goroutines | connections and other descriptors | open data files | open and deleted | disk MB | changes | reads | behind | CPU s |\n|---|---|---|---|---|---|---|---|---|---|---|---|---|---|")
	began := time.Now()
	var all []held
	ticks := time.NewTicker(every)
	defer ticks.Stop()
	for reading.Err() == nil {
		select {
		case <-reading.Done():
			continue
		case <-ticks.C:
		}
		h, err := look(reading, a, sql)
		if reading.Err() != nil {
			break
		}
		if err != nil {
			return err
		}
		h.after, h.reads = time.Since(began).Round(time.Second), reads.Load()
		all = append(all, h)
		fmt.Println(h)
	}
	err := readers.Wait()
	if ctx.Err() == nil || errors.Is(err, errNothing) {
		return fmt.Errorf("a reader ended: %w", err)
	}
	return judge(all)
}

// held is what the process holds at one time.
type held struct {
	after      time.Duration
	memory     service.Memory
	heap, next int64 // bytes of Go's heap that are in use, and that will be when it is collected next
	disk       int64 // bytes
	goroutines int
	files      service.Files
	changes    int64
	reads      int64
	behind     time.Duration
	cpu        time.Duration
}

func (h held) String() string {
	return fmt.Sprintf("| %s | %d | %d | %d | %d | %d | %d | %d | %d | %d | %d | %d | %s | %.1f |", h.after, h.memory.Own>>20, h.heap>>20, h.next>>20, h.memory.Mapped>>20, h.goroutines, h.files.Other, h.files.Data, h.files.Deleted, h.disk>>20, h.changes, h.reads,
		h.behind.Round(time.Millisecond), h.cpu.Seconds())
}

func look(ctx context.Context, a *service.Asof, sql *pgx.Conn) (h held, err error) {
	rows, err := sql.Query(ctx, "SHOW SOURCES")
	if err != nil {
		return h, err
	}
	source, err := pgx.CollectExactlyOneRow(rows, pgx.RowToMap)
	if err != nil {
		return h, err
	}
	if h.changes, _ = source["changes"].(int64); h.changes == 0 {
		return h, fmt.Errorf("nothing has been read: %v", source)
	}
	if frontier, ok := source["frontier"].(time.Time); ok {
		h.behind = time.Since(frontier)
	}
	h.cpu = service.CPU(a.PID())
	figures, err := metrics(ctx, a.Metrics)
	if err != nil {
		return h, err
	}
	h.goroutines, h.heap, h.next = int(figures["go_goroutines"]), int64(figures["go_memstats_heap_inuse_bytes"]), int64(figures["go_memstats_next_gc_bytes"])
	if h.goroutines == 0 || h.heap == 0 || h.next == 0 {
		return h, fmt.Errorf("%s does not tell what is looked for", a.Metrics)
	}
	if h.memory, err = service.Resident(a.PID()); err != nil {
		return h, err
	}
	if h.files, err = service.OpenFiles(a.PID(), a.Data()); err != nil {
		return h, err
	}
	h.disk, err = service.DiskBytes(a.Data())
	return h, err
}

// metrics are the figures without labels that the admin's door tells.
func metrics(ctx context.Context, url string) (map[string]float64, error) {
	q, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	answer, err := http.DefaultClient.Do(q)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	figures := map[string]float64{}
	lines := bufio.NewScanner(answer.Body)
	for lines.Scan() {
		name, text, _ := strings.Cut(lines.Text(), " ")
		if v, err := strconv.ParseFloat(text, 64); err == nil {
			figures[name] = v
		}
	}
	return figures, lines.Err()
}

// readValues reads customers as of now through the Redis door.
func (s *settings) readValues(ctx context.Context, a *service.Asof, reads *atomic.Int64) error {
	o, err := redis.ParseURL(a.RESP)
	if err != nil {
		return err
	}
	db := redis.NewClient(o)
	defer db.Close()
	rng := rand.New(rand.NewPCG(2, 2))
	return keepReading(ctx, readEvery, reads, func() (bool, error) {
		values, err := db.HGetAll(ctx, "features:customer:"+workload.Customer(rng.IntN(min(s.customers, soakRead)))).Result()
		return len(values) > 0, err
	})
}

// readPast asks for the past through the Postgres door, each time by a connection of its own: a training set of ten labels, and all orders.
func (s *settings) readPast(ctx context.Context, a *service.Asof, reads *atomic.Int64) error {
	rng := rand.New(rand.NewPCG(3, 3))
	return keepReading(ctx, askEvery, reads, func() (bool, error) {
		c, err := pgx.Connect(ctx, a.PG)
		if err != nil {
			return false, err
		}
		defer c.Close(context.WithoutCancel(ctx))
		var labels []string
		for range 10 {
			labels = append(labels, fmt.Sprintf("('%s', now() - interval '%d milliseconds')", workload.Customer(rng.IntN(s.customers)), 1000+rng.IntN(5000)))
		}
		_, err = c.Exec(ctx, "SELECT * FROM (VALUES "+strings.Join(labels, ", ")+") AS l(customer, ts) LEFT JOIN spend AS OF l.ts f ON f.customer_id = l.customer; SELECT status, COUNT(*) FROM orders WHERE created_at > now() - interval '1 second' GROUP BY status",
			pgx.QueryExecModeSimpleProtocol)
		return err == nil, err
	})
}

// keepReading reads again and again until ctx ends, and counts the answers that had something in them. Until the first of them it is not a failure that something is not there yet.
func keepReading(ctx context.Context, distance time.Duration, reads *atomic.Int64, read func() (found bool, err error)) error {
	ticks := time.NewTicker(distance)
	defer ticks.Stop()
	var early error
	for begun := false; ; {
		select {
		case <-ctx.Done():
			if !begun {
				return fmt.Errorf("nothing could be read: %w", errors.Join(early, errNothing))
			}
			return ctx.Err()
		case <-ticks.C:
		}
		switch found, err := read(); {
		case err != nil && begun:
			return err
		case err != nil:
			early = err
		case found:
			begun = true
			reads.Add(1)
		}
	}
}

var errNothing = errors.New("no answer had anything in it")

// judge says how what is held changes over the second half of a soak.
func judge(all []held) error {
	half := all[len(all)/2:]
	if len(half) < 3 {
		return fmt.Errorf("%d looks at the process are too few to judge", len(all))
	}
	slope := func(of func(held) float64) float64 { // an hour
		var n, x, y, xx, xy float64
		for _, h := range half {
			at, v := h.after.Hours(), of(h)
			n, x, y, xx, xy = n+1, x+at, y+v, xx+at*at, xy+at*v
		}
		return (n*xy - x*y) / (n*xx - x*x)
	}
	fmt.Printf("\nin the second half, an hour: memory %+.0f MB, mapped files %+.0f MB, goroutines %+.1f, connections and other descriptors %+.1f, open data files %+.1f, disk %+.0f MB\n",
		slope(func(h held) float64 { return float64(h.memory.Own) / (1 << 20) }), slope(func(h held) float64 { return float64(h.memory.Mapped) / (1 << 20) }), slope(func(h held) float64 { return float64(h.goroutines) }), slope(func(h held) float64 { return float64(h.files.Other) }),
		slope(func(h held) float64 { return float64(h.files.Data) }), slope(func(h held) float64 { return float64(h.disk) / (1 << 20) }))
	// The least of a third, as connections come and go while it is looked at.
	least := func(part []held, of func(held) int) int {
		n := of(part[0])
		for _, h := range part {
			n = min(n, of(h))
		}
		return n
	}
	first, last := half[:len(half)/3], half[len(half)-len(half)/3:]
	var grown []string
	for what, of := range map[string]func(held) int{
		"goroutines":                        func(h held) int { return h.goroutines },
		"connections and other descriptors": func(h held) int { return h.files.Other },
		"files that are open and deleted":   func(h held) int { return h.files.Deleted },
	} {
		if from, to := least(first, of), least(last, of); to > from+soakSlack {
			grown = append(grown, fmt.Sprintf("%s grew from %d to %d", what, from, to))
		}
	}
	if grown != nil {
		return errors.New("in the second half " + strings.Join(grown, ", "))
	}
	return nil
}
