package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/asofdb/asof/cmd/shop"
	"github.com/asofdb/asof/cmd/shop/kafka"
	"github.com/asofdb/asof/engine"
)

type demoCommand struct {
	Dir  string        `placeholder:"DIR" help:"Keep the files and the data directory here."`
	For  time.Duration `placeholder:"DURATION" help:"End after this long."`
	Seed int64         `default:"1" help:"Another shop."`
	Rate int           `default:"200" help:"Transactions a second."`
}

const (
	// demoHistory and demoTransactions are what the shop has behind it when the demo starts: enough that windows of an hour, a week and
	// thirty days differ, little enough to be read in a second.
	demoHistory      = 30 * 24 * time.Hour
	demoTransactions = 20_000
	// The customer that is watched is among the popular ones and pays from an account: something happens every second.
	demoCustomer = "cust_0004"
	demoAccount  = 5004
)

// Validate checks what kong cannot.
func (cmd *demoCommand) Validate() error {
	switch {
	case cmd.Rate < 1 || cmd.Rate > 20_000:
		return errors.New("--rate must be between 1 and 20000")
	case cmd.For < 0:
		return errors.New("--for must not be negative")
	}
	return nil
}

// Run plays the demo until it is interrupted or its time is over; both end it with status 0.
func (cmd *demoCommand) Run(a *app) (err error) {
	dir, remove, err := cmd.directory()
	if err != nil {
		return err
	}
	defer func() {
		if removeErr := remove(); err == nil {
			err = removeErr
		}
	}()
	begun := time.Now()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	feed, err := newFeed(cmd.Seed)
	if err != nil {
		return err
	}
	defer feed.close()
	db, err := a.open(filepath.Join(dir, "data"), "")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	doors, err := openDemoDoors(db)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, doors.close()) }()

	d := &demo{
		dir: dir, keep: cmd.Dir, feed: feed, doors: doors, rate: cmd.Rate, begun: begun, length: cmd.For, window: demoWindow(cmd.For),
		session: db.NewSessionWith(engine.SessionOptions{Notice: func(engine.Notice) {}}), // it waits for its sources itself
		out:     bufio.NewWriter(a.stdout), terminal: a.stdoutIs,
	}
	defer a.signals.watch(cancel)()
	err = d.play(ctx)
	if ctx.Err() != nil {
		err = nil // what was cut off was cut off by the one who watches
	}
	if err != nil {
		a.console.fail(err, nil)
		return errors.Join(status(exitFailed), d.out.Flush())
	}
	d.farewell()
	return d.out.Flush()
}

// directory returns where everything goes and how to remove it at the end, which does nothing where --dir keeps it.
func (cmd *demoCommand) directory() (dir string, remove func() error, err error) {
	if cmd.Dir == "" {
		dir, err = os.MkdirTemp("", "asof-demo-")
		return dir, func() error { return os.RemoveAll(dir) }, err
	}
	if err := os.MkdirAll(cmd.Dir, 0o755); err != nil {
		return "", nil, err
	}
	entries, err := os.ReadDir(cmd.Dir)
	if err != nil {
		return "", nil, err
	}
	if len(entries) > 0 {
		return "", nil, fmt.Errorf("%s is not empty; the demo keeps its files in a new or empty directory", cmd.Dir)
	}
	dir, err = filepath.Abs(cmd.Dir)
	return dir, func() error { return nil }, err
}

// demoWindow is the length of the window that one can watch emptying: ten seconds, or less where there are not ten seconds to watch.
func demoWindow(total time.Duration) time.Duration {
	if total == 0 {
		return 10 * time.Second
	}
	return min(max((total/5).Truncate(time.Second), time.Second), 10*time.Second)
}

// demo is one run of the demo.
type demo struct {
	dir    string // absolute
	keep   string // dir as the user wrote it, "" for a temporary one
	feed   *feed
	doors  *demoDoors
	rate   int
	begun  time.Time
	length time.Duration // 0: until it is interrupted
	window time.Duration

	session  *engine.Session
	out      *bufio.Writer
	terminal terminal
	written  time.Time // when the history ends
	// seen is an answer that was printed, to be asked for again.
	seen string
}

func (d *demo) play(ctx context.Context) error {
	for _, step := range []func(context.Context) error{d.writeHistory, d.declare, d.answer, d.invite, d.watch} {
		if err := step(ctx); err != nil {
			return err
		}
		if err := d.out.Flush(); err != nil {
			return err
		}
	}
	return nil
}

func (d *demo) writeHistory(ctx context.Context) error {
	d.heading("A shop's last thirty days, as Debezium sends them to Kafka")
	now := time.Now()
	if err := d.feed.history(ctx, demoTransactions, now.Add(-demoHistory), now); err != nil {
		return err
	}
	d.print("A broker in this process, at %s:\n", d.feed.broker.Address())
	for _, table := range shop.Tables {
		d.print("  %-24s %8s changes  %5.1f MB\n", kafka.Topic(table), thousands(d.feed.changes(table)), float64(d.feed.size(table))/1e6)
	}
	d.written = now
	return nil
}

// declare creates the sources and the features. Everything that follows is SQL that anyone could have typed.
func (d *demo) declare(ctx context.Context) error {
	d.heading("Its database, and four tables of it")
	d.show(demoOrigin(d.feed.broker.Address()))
	d.show(demoSource("orders"))
	if err := d.out.Flush(); err != nil {
		return err
	}
	begun := time.Now()
	if err := d.session.Exec(ctx, "SET as_of_wait = '5min';"+demoOrigin(d.feed.broker.Address())); err != nil {
		return err
	}
	for _, table := range shop.Tables {
		if err := d.session.Exec(ctx, demoSource(table)); err != nil {
			return err
		}
	}
	for _, table := range shop.Tables { // until all that was written can be read
		if err := d.session.Exec(ctx, fmt.Sprintf("SELECT COUNT(*) FROM %s AS OF '%s'", table, timestamp(d.written))); err != nil {
			return err
		}
	}
	took := time.Since(begun)
	d.print("%s and the same for customers, accounts and chargebacks: %s changes read\nin %s, each durable.\n",
		d.terminal.dim("--"), thousands(d.feed.total()), shortDuration(took))

	d.heading("Three features")
	begun = time.Now()
	for _, sql := range demoFeatures(d.window) {
		d.show(sql)
		if err := d.out.Flush(); err != nil {
			return err
		}
		if err := d.session.Exec(ctx, sql); err != nil {
			return err
		}
	}
	d.print("Computed from the history in %s.\n", shortDuration(time.Since(begun)))
	return nil
}

// answer asks for values now and in the past.
func (d *demo) answer(ctx context.Context) error {
	d.heading("What they are now, what they were an hour ago, and yesterday")
	now := time.Now().Truncate(time.Second)
	moments := []string{"", timestamp(now.Add(-time.Hour)), timestamp(now.Add(-24 * time.Hour))}
	orders := fmt.Sprintf("SELECT as_of, last_%ds, orders_1h, orders_7d, spent_30d\nFROM customer_orders%%s WHERE customer_id = '%s'",
		int(d.window.Seconds()), demoCustomer)
	account := fmt.Sprintf("SELECT as_of, balance, segment FROM account%%s WHERE account_id = %d", demoAccount)
	for _, sql := range []string{orders, account} {
		var all []string
		for _, at := range moments {
			if at != "" {
				at = " AS OF '" + at + "'"
			}
			all = append(all, fmt.Sprintf(sql, at))
		}
		if err := d.ask(ctx, all); err != nil {
			return err
		}
	}
	return d.ask(ctx, []string{"SELECT * FROM merchant_risk ORDER BY chargebacks_7d DESC, merchant_id LIMIT 3"})
}

// ask prints a query for each of some moments, the first in full, and their rows in one table.
func (d *demo) ask(ctx context.Context, queries []string) error {
	for i, sql := range queries {
		if i > 0 {
			_, sql, _ = strings.Cut(sql, " AS OF")
			sql = "…  AS OF" + sql
		}
		d.print("%s\n", d.terminal.cyan(sql+";"))
	}
	table := &tableFormat{w: d.out, look: look{terminal: d.terminal}}
	for i, sql := range queries {
		rows, err := d.session.Query(ctx, sql)
		if err != nil {
			return err
		}
		if i == 0 {
			err = table.begin(rows.Columns(), rows.Zone())
		}
		for err == nil && rows.Next() {
			err = table.row(rows.Values())
		}
		if err = errors.Join(err, rows.Err(), rows.Close()); err != nil {
			return err
		}
	}
	if err := table.close(); err != nil {
		return err
	}
	return d.out.Flush()
}

// farewell says what to do next.
func (d *demo) farewell() {
	if d.keep == "" {
		d.print("\nDone; the temporary directory is gone. Keep it with: asof demo --dir demo\n")
		return
	}
	data := shellQuote(filepath.Join(d.keep, "data"))
	d.heading("Ask it yourself")
	d.print("asof sql --data-dir %s -c \"SHOW SOURCES\"\n", data)
	d.print("asof sql --data-dir %s \\\n  -c \"SELECT * FROM merchant_risk ORDER BY chargebacks_7d DESC LIMIT 5\"\n", data)
	if d.seen != "" {
		d.print("asof sql --data-dir %s \\\n  -c \"SELECT * FROM customer_orders AS OF '%s'\n      WHERE customer_id = '%s'\"   # as shown above, for ever\n",
			data, d.seen, demoCustomer)
	}
}

func (d *demo) print(format string, args ...any) { _, _ = fmt.Fprintf(d.out, format, args...) }

func (d *demo) heading(text string) { d.print("\n%s\n", d.terminal.bold("# "+text)) }

func (d *demo) show(sql string) { d.print("%s\n", d.terminal.cyan(sql)) }

// timestamp prints t as a literal of SQL.
func timestamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05.999999+00") }

// thousands prints n with commas.
func thousands(n int64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// shellQuote quotes s for a POSIX shell where that is needed.
func shellQuote(s string) string {
	plain := func(r rune) bool {
		return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("/._-+", r)
	}
	if strings.IndexFunc(s, func(r rune) bool { return !plain(r) }) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
