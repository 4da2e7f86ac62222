package pipeline

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"golang.org/x/sync/errgroup"
)

var (
	seed         = flag.Uint64("seed", 1, "what the transactions and moments are drawn from")
	transactions = flag.Int("transactions", 300, "how many transactions are run; something is killed in the middle of every fifty")
)

// sources declares the tables, with the topics that the connector writes. idle_lag is longer than a connector may be away: the heartbeats of one that comes back are younger than all that it has
// to make up for.
const sources = `
CREATE SOURCE customers (customer_id BIGINT PRIMARY KEY, segment TEXT NOT NULL, credit NUMERIC(12,2))
	WITH (connector = 'kafka', brokers = '%[1]s', topic = 'shop.public.customers', idle_lag = '60s') FORMAT DEBEZIUM ENCODE JSON;
CREATE SOURCE orders (order_id BIGINT PRIMARY KEY, customer_id BIGINT, amount NUMERIC(12,2), status TEXT NOT NULL, note TEXT, created_at TIMESTAMPTZ NOT NULL)
	WITH (connector = 'kafka', brokers = '%[1]s', topic = 'shop.public.orders', idle_lag = '60s') FORMAT DEBEZIUM ENCODE JSON;
CREATE SOURCE payments (order_id BIGINT, line INTEGER, method TEXT, amount NUMERIC(12,2) NOT NULL, refunded BOOLEAN, paid_at TIMESTAMPTZ, PRIMARY KEY (order_id, line))
	WITH (connector = 'kafka', brokers = '%[1]s', topic = 'shop.public.payments', idle_lag = '60s') FORMAT DEBEZIUM ENCODE JSON`

// tables are the sources as relations.
var tables = []relation{
	{"customers", "SELECT customer_id, segment, credit FROM customers"},
	{"orders", "SELECT order_id, customer_id, amount, status, note, created_at FROM orders"},
	{"payments", "SELECT order_id, line, method, amount, refunded, paid_at FROM payments"},
}

// early features are created before most of the transactions, the late ones over what has been read by then. Windows are short, so that they slide within the test.
var early, late = []relation{
	{"sums", `SELECT customer_id, COUNT(*) FILTER (WHERE created_at > NOW() - INTERVAL '2 seconds') AS orders_2s,
		SUM(amount) FILTER (WHERE created_at > NOW() - INTERVAL '10 seconds') AS total_10s,
		AVG(amount) FILTER (WHERE created_at > NOW() - INTERVAL '10 seconds' AND created_at <= NOW() - INTERVAL '3 seconds') AS average_10s_3s,
		MAX(amount) AS highest, COUNT(DISTINCT status) AS states
		FROM orders GROUP BY customer_id`},
	{"recent", `SELECT customer_id, COUNT(*) AS orders, MIN(amount) AS lowest FROM orders
		WHERE status = 'paid' AND created_at >= NOW() - INTERVAL '5 seconds' AND created_at <= NOW() GROUP BY customer_id`},
	{"customer", `SELECT customer_id, segment, credit FROM customers`},
}, []relation{
	{"methods", `SELECT method, COUNT(*) AS payments, SUM(amount) FILTER (WHERE paid_at > NOW() - INTERVAL '4 seconds') AS total_4s, BOOL_OR(refunded) AS refunds
		FROM payments GROUP BY method`},
	{"notes", `SELECT COUNT(note) AS notes, SUM(LENGTH(note)) AS letters, MAX(created_at) AS newest FROM orders`},
}

// TestFeaturesAreWhatTheirSelectWasWhateverIsKilled runs the story of the package's documentation.
func TestFeaturesAreWhatTheirSelectWasWhateverIsKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts PostgreSQL, Kafka and Kafka Connect, and takes two minutes")
	}
	if os.Getenv("CI") != "true" {
		t.Skip("run .ci/test ./bench/pipeline: the test installs what is missing of PostgreSQL, Kafka and Kafka Connect, and starts servers of its own")
	}
	s := &story{servers: startServers(t), log: t.Logf, rng: rand.New(rand.NewPCG(*seed, 1)), online: map[reading][]string{}}
	if err := s.play(t.Context()); err != nil {
		t.Fatalf("-seed %d: %v", *seed, err)
	}
	if err := s.judge(t.Context()); err != nil {
		t.Fatalf("-seed %d: %v", *seed, err)
	}
	t.Log(s.report)
}

type story struct {
	*servers
	log      func(format string, args ...any)
	rng      *rand.Rand
	pg, sql  *pgconn.PgConn // to PostgreSQL and to asof
	writers  *writers
	features []relation
	report   report

	// mu guards what follows, the online readers' part.
	mu     sync.Mutex
	reader *pgconn.PgConn // nil while asof is not there
	online map[reading][]string
}

// reading is a question that was answered while the story went on: a feature at the frontier, which was asOf.
type reading struct {
	feature relation
	asOf    string
}

type report struct {
	transactions, refused, kills, commits, excluded, online, moments, compared int
	repeated                                                                   string
}

func (r report) String() string {
	return fmt.Sprintf("%d transactions, of which the database refused %d, %d kills; %d commits after the snapshot and %d other moments, %d of all not asked for as the times of commits contradict their order; %d answers kept while it went on; %d relations compared with PostgreSQL; records that came again: %s",
		r.transactions, r.refused, r.kills, r.commits, r.moments, r.excluded, r.online, r.compared, r.repeated)
}

// play runs the transactions and kills what is to be killed.
func (s *story) play(ctx context.Context) (err error) {
	if err := s.configure(); err != nil {
		return err
	}
	if s.pg, err = pgconn.Connect(ctx, s.postgres.Address); err != nil {
		return err
	}
	for _, script := range []string{schema, audit, commitOrder, someOrders} {
		if _, err := query(ctx, s.pg, script); err != nil {
			return err
		}
	}
	if s.writers, err = newWriters(ctx, s.postgres.Address, *seed); err != nil {
		return err
	}
	defer s.writers.close()
	// The snapshot is taken while transactions run.
	if err := s.during(ctx, 20, s.connectPostgres); err != nil {
		return err
	}
	if err := s.declare(ctx); err != nil {
		return err
	}
	if err := s.during(ctx, 20, s.streaming); err != nil {
		return err
	}
	for n := 0; n < *transactions; n += 50 {
		if n == *transactions/2/50*50 {
			err = s.during(ctx, 10, func(ctx context.Context) error { return s.create(ctx, late) })
		}
		if err == nil {
			err = s.disturb(ctx, n/50)
		}
		if err != nil {
			return err
		}
	}
	if _, err := query(ctx, s.pg, everywhere); err != nil {
		return err
	}
	s.report.transactions, s.report.refused = int(s.writers.done), int(s.writers.refused.Load())
	return nil
}

// declare creates the sources, as soon as the connector has made their topics, and the first features.
func (s *story) declare(ctx context.Context) error {
	if err := s.reconnect(ctx); err != nil {
		return err
	}
	for statement := range strings.SplitSeq(fmt.Sprintf(sources, s.kafka.Address), ";") {
		err := until(ctx, func() (bool, error) {
			_, err := query(ctx, s.sql, statement)
			return code(err) != undefinedObject, err
		})
		if err != nil {
			return err
		}
	}
	for _, r := range tables { // a snapshot can be read once all of it is there
		err := until(ctx, func() (bool, error) {
			_, err := query(ctx, s.sql, "SELECT * FROM "+r.name)
			return code(err) != notInState, err
		})
		if err != nil {
			return err
		}
	}
	return s.create(ctx, early)
}

// create creates features, which can be read from then on.
func (s *story) create(ctx context.Context, list []relation) error {
	for _, f := range list {
		if _, err := query(ctx, s.sql, "CREATE FEATURE "+f.name+" AS "+f.sql); err != nil {
			return err
		}
		s.mu.Lock()
		s.features = append(s.features, f)
		s.mu.Unlock()
	}
	return nil
}

// reconnect connects to asof once it has started.
func (s *story) reconnect(ctx context.Context) (err error) {
	if s.sql, err = pgconn.Connect(ctx, s.asof.PG); err != nil {
		return err
	}
	reader, err := pgconn.Connect(ctx, s.asof.PG)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reader = reader
	return err
}

// during runs n transactions while something else is done.
func (s *story) during(ctx context.Context, n int, do func(ctx context.Context) error) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return do(ctx) })
	g.Go(func() error { return s.writers.run(ctx, n, s.read) })
	return g.Wait()
}

// disturb runs fifty transactions. After fifteen of them something is killed, while the other writers go on, and it is started again when thirty are done; the rest is run meanwhile.
func (s *story) disturb(ctx context.Context, n int) error {
	faults := []struct {
		what         string
		kill, revive func(ctx context.Context) error
	}{
		{"the connector", s.connect.Kill, s.restartConnect},
		{"the broker", s.kafka.Kill, s.kafka.Start},
		{"asof", s.killAsof, s.restartAsof},
		{
			"all of them",
			func(ctx context.Context) error {
				return errors.Join(s.killAsof(ctx), s.connect.Kill(ctx), s.kafka.Kill(ctx))
			},
			func(ctx context.Context) error {
				return errors.Join(s.restartAsof(ctx), s.kafka.Start(ctx), s.restartConnect(ctx))
			},
		},
	}
	fault := faults[n%len(faults)]
	s.report.kills++
	var killed time.Time
	err := s.writers.run(ctx, 30, func(ctx context.Context, count int) error {
		if count == 15 {
			killed = time.Now()
			return fault.kill(ctx)
		}
		return s.read(ctx, count)
	})
	if err != nil {
		return err
	}
	if err := s.during(ctx, 20, fault.revive); err != nil {
		return err
	}
	back := time.Since(killed)
	if err := s.catchUp(ctx); err != nil {
		return err
	}
	s.log("killed %s: back after %.1f s, everything read after %.1f s", fault.what, back.Seconds(), time.Since(killed).Seconds())
	return nil
}

// catchUp waits until the connector has sent all that has been committed and asof has read it, so that the next fault meets a pipeline that flows.
func (s *story) catchUp(ctx context.Context) error {
	rows, err := query(ctx, s.pg, "SELECT pg_current_wal_lsn()")
	if err == nil {
		_, err = query(ctx, s.pg, marker) // the connector confirms the places of what it sends
	}
	if err != nil {
		return err
	}
	sent := fmt.Sprintf("SELECT confirmed_flush_lsn >= '%s' FROM pg_replication_slots WHERE slot_name = 'asof'", rows[0][0])
	err = until(ctx, func() (bool, error) {
		rows, err := query(ctx, s.pg, sent)
		return err != nil || rows[0][0] == "t", err
	})
	if err != nil {
		return fmt.Errorf("the connector has not sent everything: %w", err)
	}
	return until(ctx, func() (bool, error) {
		shown, err := s.shown(ctx)
		behind := slices.ContainsFunc(shown, func(source map[string]string) bool { return source["lag_records"] != "0" })
		return err != nil || !behind, err
	})
}

func (s *story) restartConnect(ctx context.Context) error {
	if err := s.connect.Start(ctx); err != nil {
		return err
	}
	return s.connectPostgres(ctx)
}

func (s *story) killAsof(context.Context) error {
	s.asof.Kill() // also in the middle of an answer
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reader = nil
	return nil
}

func (s *story) restartAsof(ctx context.Context) error {
	if err := s.asof.Start(); err != nil {
		return err
	}
	return s.reconnect(ctx)
}

// read asks for a feature at the frontier and keeps the answer. While asof is killed there is none.
func (s *story) read(ctx context.Context, count int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.reader == nil || len(s.features) == 0 {
		return nil
	}
	f := s.features[count%len(s.features)]
	rows, err := query(ctx, s.reader, "SELECT *, as_of FROM "+f.name)
	var refusal *pgconn.PgError
	if err != nil && !errors.As(err, &refusal) { // the connection has broken
		s.reader = nil
		return nil
	}
	if err != nil || len(rows) == 0 {
		return err
	}
	r := reading{feature: f, asOf: rows[0][len(rows[0])-1]}
	for i, row := range rows {
		if row[len(row)-1] != r.asOf {
			return fmt.Errorf("one answer of %s is as of %s and of %s", f.name, r.asOf, row[len(row)-1])
		}
		rows[i] = row[:len(row)-1]
	}
	got := sorted(rows)
	if before, ok := s.online[r]; ok {
		if err := f.differ(r.asOf, got, before); err != nil {
			return fmt.Errorf("not the answer that was given before, which is shown as PostgreSQL's: %w", err)
		}
	}
	s.online[r] = got
	return nil
}

// judge compares everything with PostgreSQL.
func (s *story) judge(ctx context.Context) error {
	spans, err := query(ctx, s.pg, "SET TimeZone = 'UTC'; "+inversions)
	if err != nil {
		return err
	}
	if _, err := query(ctx, s.pg, past); err != nil {
		return err
	}
	last, err := s.finalState(ctx)
	if err != nil {
		return err
	}
	first, shifted, err := s.health(ctx, len(spans) > 0)
	if err != nil {
		return err
	}
	if shifted { // what came behind a later commit, and later than asof waits for such, is shown behind that one
		for i, span := range spans {
			spans[i] = []string{span[0], span[2]}
		}
	}
	moments, err := s.moments(ctx, first, last)
	if err != nil {
		return err
	}
	everything := append(slices.Clone(tables), s.features...)
	for _, m := range moments {
		if contradicted(spans, m) {
			s.report.excluded++
			continue
		}
		for _, r := range everything {
			if err := s.compare(ctx, r, m); err != nil {
				return err
			}
		}
	}
	for q, got := range s.online {
		if contradicted(spans, q.asOf) {
			s.report.excluded++
			continue
		}
		want, err := q.feature.at(ctx, s.pg, q.asOf)
		if err == nil {
			err = q.feature.differ(q.asOf, got, want)
		}
		if err != nil {
			return fmt.Errorf("answered while it went on: %w", err)
		}
		s.report.online++
	}
	return s.beforeTheHistory(ctx, first)
}

// finalState waits until asof knows of the last commit, makes sure that the tables are there as they are, that the log leads to the same, and returns that commit's time.
func (s *story) finalState(ctx context.Context) (last string, err error) {
	rows, err := query(ctx, s.pg, "SET TimeZone = 'UTC'; SELECT MAX(c) FROM log")
	if err != nil {
		return "", err
	}
	last = rows[0][0]
	for _, r := range tables {
		rows, err := query(ctx, s.pg, strings.Replace(r.sql, "FROM ", "FROM public.", 1))
		if err != nil {
			return "", err
		}
		want, err := r.at(ctx, s.pg, last)
		if err == nil {
			err = r.differ(last, want, sorted(rows))
		}
		if err != nil {
			return "", fmt.Errorf("the log of row changes and the tables: %w", err)
		}
		got, err := s.ask(ctx, r, last)
		if err == nil {
			err = r.differ(last, got, want)
		}
		if err != nil {
			return "", err
		}
	}
	return last, nil
}

// ask asks asof for a relation at t. It waits for it as long as servers may take to come back.
func (s *story) ask(ctx context.Context, r relation, t string) ([]string, error) {
	rows, err := query(ctx, s.sql, fmt.Sprintf("SET as_of_wait = '120s'; SELECT * FROM %s AS OF '%s'", r.name, t))
	if err != nil {
		status, e := query(ctx, s.sql, "SHOW SOURCES")
		return nil, fmt.Errorf("%w\nSHOW SOURCES: %q, %v", err, status, e)
	}
	return sorted(rows), nil
}

func (s *story) compare(ctx context.Context, r relation, t string) error {
	want, err := r.at(ctx, s.pg, t)
	if err != nil {
		return err
	}
	got, err := s.ask(ctx, r, t)
	if err != nil {
		return err
	}
	s.report.compared++
	return r.differ(t, got, want)
}

// health makes sure that no source had to show anything in parts, nor, unless the database itself inverted commits, later than it was committed. It returns the moment at which the history of all of
// them has begun.
func (s *story) health(ctx context.Context, inverted bool) (first string, shifted bool, err error) {
	shown, err := s.shown(ctx)
	if err != nil {
		return "", false, err
	}
	for _, v := range shown {
		for _, wrong := range []string{"shifted_changes", "split_transactions", "rejected", "unknown_rows", "inverted_commits"} {
			if v[wrong] != "0" && !(inverted && (wrong == "inverted_commits" || wrong == "shifted_changes")) {
				return "", false, fmt.Errorf("%s: %s is %s: %v; inverted: %v", v["name"], wrong, v[wrong], v, inverted)
			}
		}
		shifted = shifted || v["shifted_changes"] != "0"
		s.report.repeated += v["name"] + " " + v["repeated"] + " "
		first = max(first, v["history_from"])
	}
	return first, shifted, nil
}

// shown is what SHOW SOURCES says of each source, by column.
func (s *story) shown(ctx context.Context) (sources []map[string]string, err error) {
	results, err := s.sql.Exec(ctx, "SHOW SOURCES").ReadAll()
	if err != nil {
		return nil, err
	}
	for _, row := range results[0].Rows {
		v := map[string]string{}
		for i, f := range results[0].FieldDescriptions {
			v[f.Name] = string(row[i])
		}
		sources = append(sources, v)
	}
	return sources, nil
}

// moments are every commit from first on, the last microsecond before it, and some moments in between.
func (s *story) moments(ctx context.Context, first, last string) ([]string, error) {
	commits, err := query(ctx, s.pg, fmt.Sprintf("SELECT c, c - INTERVAL '1 microsecond' FROM (SELECT DISTINCT c FROM log WHERE c > '%s') x ORDER BY c", first))
	if err != nil {
		return nil, err
	}
	moments := []string{first}
	for _, c := range commits {
		moments = append(moments, c...)
	}
	s.report.commits = len(commits)
	var drawn []string
	for range len(commits) / 2 {
		drawn = append(drawn, fmt.Sprintf("SELECT '%s'::timestamptz + ('%s'::timestamptz - '%[1]s') * %.9[3]f", first, last, s.rng.Float64()))
	}
	between, err := query(ctx, s.pg, strings.Join(drawn, " UNION ALL "))
	for _, m := range between {
		moments = append(moments, m...)
	}
	s.report.moments = len(moments) - len(commits)
	return moments, err
}

// contradicted reports whether commits around t have times that are not in the order of the log, so that it is not defined what was committed at t.
func contradicted(spans [][]string, t string) bool {
	return slices.ContainsFunc(spans, func(span []string) bool { return span[0] <= t && t < span[1] })
}

// beforeTheHistory makes sure that what was before the snapshot is refused.
func (s *story) beforeTheHistory(ctx context.Context, first string) error {
	rows, err := query(ctx, s.sql, fmt.Sprintf("SELECT * FROM customer AS OF TIMESTAMPTZ '%s' - INTERVAL '1 microsecond'", first))
	if err == nil {
		return fmt.Errorf("%d customers a microsecond before the history begins at %s", len(rows), first)
	}
	return nil
}

const (
	undefinedObject = "42704"
	notInState      = "55000"
)

// code is the SQLSTATE of an error.
func code(err error) string {
	var refusal *pgconn.PgError
	if errors.As(err, &refusal) {
		return refusal.Code
	}
	return ""
}

// until tries again what other processes have to come to.
func until(ctx context.Context, done func() (bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		ok, err := done()
		if ok {
			return err
		}
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}
