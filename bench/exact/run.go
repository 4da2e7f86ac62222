package exact

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/asofdb/asof/bench/exact/naive"
	"github.com/asofdb/asof/bench/exact/random"
	"github.com/asofdb/asof/connectors"
	"github.com/asofdb/asof/engine"
	"github.com/asofdb/asof/sql/types"
)

// scenario is a workload, the features over it, the moments to ask for, and how the engine is run. Everything follows from the seed.
type scenario struct {
	seed        uint64
	w           random.Workload
	definitions []random.Definition
	times       []int64
	run         how
	// plainly leaves out all but SELECT … AS OF at the moments: what a statement draws is others' once a transaction is left out, so that little can be.
	plainly bool
}

// how says in which of the ways that must not matter the engine is run.
type how struct {
	batch, flush int
	// before is set if the features are created before the data comes; segments is how many pieces the file grows in, with the engine closed and opened between
	// them (1: a complete file, read once).
	before   bool
	segments int
	// redeliver repeats, after each segment, all from a random earlier transaction on.
	redeliver bool
	// fromEmpty declares that no row existed before the first record.
	fromEmpty bool
	// partitions are those of the topic that the history goes through, to which each further segment adds one; 0: it goes through a file. told says that BEGIN and END are sent.
	partitions int
	told       bool
}

// newScenario draws everything from one seed.
func newScenario(seed uint64, transactions, features, moments int) scenario {
	rng := rand.New(rand.NewPCG(seed, 7))
	s := scenario{seed: seed}
	s.w = random.NewWorkload(rng, transactions)
	lengths := random.Windows(s.w.Step())
	for i := range features {
		s.definitions = append(s.definitions, random.NewDefinition(rng, fmt.Sprintf("f%d", i), lengths))
	}
	s.times = s.w.Moments(rng, lengths, moments)
	s.run = how{
		batch: []int{1, 2, 3, 7, 50, 8192}[rng.IntN(6)], flush: []int{1, 5, 40, 1_500_000}[rng.IntN(4)],
		before: rng.IntN(2) == 0, segments: []int{1, 1, 1, 2, 4}[rng.IntN(5)], redeliver: rng.IntN(2) == 0,
		fromEmpty: rng.IntN(4) == 0 && !s.w.Snapshot(),
	}
	return s
}

// session is an engine at work on a scenario.
type session struct {
	s    scenario
	ctx  context.Context
	dir  string
	eng  *engine.Engine
	sql  *engine.Session // in which moments before the history are answered with NULLs
	file *os.File
	// topic is where the history goes instead of the file where the scenario says so.
	topic *topic

	truth   *truth
	periods map[string]map[string][]period // what has been read of histories, by feature and entity
	spines  int                            // how many have been made
	// compared counts the values that were compared, by the way in which they were asked for.
	compared counts
}

// counts are numbers of values by what they were got by.
type counts map[string]int

func (c counts) total() int {
	n := 0
	for way, of := range c {
		if way != verifying { // it compares the engine with itself
			n += of
		}
	}
	return n
}

// compare holds an answer of all entities against the definition's and counts it.
func (r *session) compare(way string, d random.Definition, t int64, got, want map[string][]string) error {
	n, err := Compare(d, t, got, want)
	r.compared[way] += n
	if err != nil {
		return fmt.Errorf("%s: %w", way, err)
	}
	return nil
}

func (r *session) open() error {
	var err error
	r.eng, err = engine.Open(filepath.Join(r.dir, "data"), engine.Options{
		Connectors: connectors.Default(), BatchChanges: r.s.run.batch, FlushChanges: r.s.run.flush,
	})
	return err
}

func (r *session) path() string { return filepath.Join(r.dir, "t.ndjson") }

// createSource declares the test table over the file. A file that grows is followed; it is given longer than any scheduling delay to be silent, and closed by the last record's heartbeat instead.
func (r *session) createSource() error {
	if r.topic != nil {
		return r.eng.Exec(r.ctx, r.topic.createSource(r.s.run.fromEmpty))
	}
	more := ""
	if r.s.followed() {
		more = ", follow = 'true'"
	}
	if r.s.run.fromEmpty {
		more += ", history = 'from_empty'"
	}
	return r.eng.Exec(r.ctx, fmt.Sprintf("CREATE SOURCE t (%s) WITH (connector = 'file', path = '%s', decimal_handling_mode = 'string'%s) FORMAT DEBEZIUM ENCODE JSON", random.ColumnList(), r.path(), more))
}

func (r *session) createFeatures() error {
	for _, d := range r.s.definitions {
		if err := r.eng.Exec(r.ctx, d.Create()); err != nil {
			return fmt.Errorf("%s: %w", d.Create(), err)
		}
	}
	return nil
}

// play runs the scenario in dir and calls check with the open engine once everything has been read.
func (s scenario) play(dir string, check func(*session) error) (err error) {
	r := &session{s: s, ctx: context.Background(), dir: dir, truth: newTruth(s.w.Table()), periods: map[string]map[string][]period{}, compared: counts{}}
	if r.file, err = os.Create(r.path()); err != nil {
		return err
	}
	defer r.file.Close()
	if s.run.partitions > 0 {
		if r.topic, err = newTopic(r.ctx, s.run.partitions, s.run.told); err != nil {
			return err
		}
		defer r.topic.close()
	}
	if err := r.open(); err != nil {
		return err
	}
	defer func() {
		if closing := r.eng.Close(); err == nil {
			err = closing
		}
	}()
	for i := range s.run.segments {
		if err := r.segment(i); err != nil {
			return fmt.Errorf("segment %d: %w", i, err)
		}
	}
	r.sql = r.eng.NewSession()
	defer func() {
		if closing := r.sql.Close(); err == nil {
			err = closing
		}
	}()
	if err := r.sql.Exec(r.ctx, "SET before_history = 'null'"); err != nil {
		return err
	}
	return check(r)
}

// check plays the scenario in a directory of its own and compares with the model.
func (s scenario) check() (compared counts, err error) {
	dir, err := os.MkdirTemp("", "asof-exact-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	err = s.play(dir, func(r *session) error {
		compared = r.compared
		return r.againstNaive()
	})
	return compared, err
}

// segment appends a piece of the workload, reads it, and, if more is to come, closes and opens the engine.
func (r *session) segment(i int) error {
	cuts := r.s.cuts()
	if i > 0 && r.topic != nil {
		if err := r.addPartition(); err != nil {
			return err
		}
	}
	if err := r.write(cuts[i], cuts[i+1]); err != nil {
		return err
	}
	if i == 0 {
		if r.s.run.before && r.s.followed() {
			// The source must exist before its features: it is created over the empty file.
			if err := r.restartWith(r.createSource, r.createFeatures); err != nil {
				return err
			}
		} else if err := r.createSource(); err != nil {
			return err
		}
	}
	if r.s.followed() {
		if err := r.caughtUp(cuts[i+1]); err != nil {
			return err
		}
	}
	if i == 0 && !(r.s.run.before && r.s.followed()) {
		if err := r.createFeatures(); err != nil {
			return err
		}
	}
	if to := cuts[i+1]; to > 0 && !r.s.plainly {
		if err := r.online(r.s.w.Txs[to-1].Commit); err != nil {
			return err
		}
	}
	if i+1 < r.s.run.segments {
		if err := r.eng.Close(); err != nil {
			return err
		}
		return r.open()
	}
	return nil
}

func (r *session) restartWith(steps ...func() error) error {
	for _, f := range steps {
		if err := f(); err != nil {
			return err
		}
	}
	return nil
}

// cuts are the transactions at which segments begin. No two transactions of one commit time are parted: the frontier would have passed the second.
func (s scenario) cuts() []int {
	cuts := []int{0}
	for i := 1; i < s.run.segments; i++ {
		at := len(s.w.Txs) * i / s.run.segments
		for at < len(s.w.Txs) && at > 0 && s.w.Txs[at].Commit == s.w.Txs[at-1].Commit {
			at++
		}
		cuts = append(cuts, max(at, cuts[len(cuts)-1]))
	}
	return append(cuts, len(s.w.Txs))
}

// write appends transactions, and then repeats some of them if the scenario says so.
func (r *session) write(from, to int) error {
	txs := slices.Clone(r.s.w.Txs[from:to])
	if r.s.run.redeliver && to > 0 {
		from := to * int(r.s.seed%7) / 7
		if from == 0 && r.s.w.Snapshot() {
			from = 1 // a snapshot that comes again is a new one
		}
		txs = append(txs, r.s.w.Txs[from:to]...)
	}
	if r.topic != nil {
		return r.topic.send(r.ctx, txs)
	}
	var b strings.Builder
	for _, x := range txs {
		for _, l := range x.Lines() {
			b.WriteString(l + "\n")
		}
	}
	_, err := r.file.WriteString(b.String())
	return err
}

// caughtUp waits until the frontier has come to the last of the first n transactions, which in small batches on a busy machine takes its time.
func (r *session) caughtUp(n int) error {
	if n == 0 {
		return nil
	}
	waiting := r.eng.NewSession()
	defer waiting.Close()
	return waiting.Exec(r.ctx, fmt.Sprintf("SET as_of_wait = '60s'; SELECT count(*) FROM t AS OF %s", timestamp(r.s.w.Txs[n-1].Commit)))
}

// answers asks a feature for all entities at a moment.
func (r *session) answers(d random.Definition, t int64) (map[string][]string, error) {
	return Ask(r.eng, d, fmt.Sprintf("SELECT * FROM %s AS OF '%s'", d.Name, types.NewTimestamptz(t)))
}

// againstNaive asks for every feature at every moment and compares with the model; a sample is asked by key as well. Then what reads many moments in one statement
// is compared: training joins, histories.
func (r *session) againstNaive() error {
	rng := rand.New(rand.NewPCG(r.s.seed, 11))
	for i, t := range r.askable() {
		for _, d := range r.s.definitions {
			if err := r.asOf(d, t, oneIn(rng, 4)); err != nil {
				return err
			}
		}
		if i%5 == 0 {
			if err := r.table(t); err != nil {
				return err
			}
		}
	}
	if r.s.plainly {
		return nil
	}
	if err := r.histories(); err != nil {
		return err
	}
	if err := r.verified(); err != nil {
		return err
	}
	return r.trainings()
}

// asOf asks a feature for all entities at a moment, and, with byKey, for each of them.
func (r *session) asOf(d random.Definition, t int64, byKey bool) error {
	want := r.truth.at(d, t)
	got, err := r.answers(d, t)
	if err != nil {
		return err
	}
	if err := r.compare("AS OF", d, t, got, want); err != nil || !byKey {
		return err
	}
	return r.byKey(d, t, want)
}

// byKey asks for each entity by its key.
func (r *session) byKey(d random.Definition, t int64, want map[string][]string) error {
	for key := range want {
		if len(d.Keys) != 1 || key == naive.Null {
			continue
		}
		got, err := Ask(r.eng, d, fmt.Sprintf("SELECT * FROM %s WHERE %s = '%s' AS OF %s", d.Name, d.Keys[0], strings.ReplaceAll(key, "'", "''"), timestamp(t)))
		if err != nil {
			return err
		}
		if err := r.compare("AS OF by key", d, t, got, map[string][]string{key: want[key]}); err != nil {
			return err
		}
	}
	return nil
}

// table asks for the table itself as it was, and for one of its rows by its key.
func (r *session) table(t int64) error {
	want := r.truth.at(sourceRows, t)
	sql := fmt.Sprintf("%s AS OF %s", sourceRows.SQL, timestamp(t))
	got, err := Ask(r.eng, sourceRows, sql)
	if err != nil {
		return err
	}
	if err := r.compare("table", sourceRows, t, got, want); err != nil {
		return err
	}
	for key := range want {
		if got, err = Ask(r.eng, sourceRows, sql+" WHERE id = "+key); err != nil {
			return err
		}
		return r.compare("table", sourceRows, t, got, map[string][]string{key: want[key]})
	}
	return nil
}
