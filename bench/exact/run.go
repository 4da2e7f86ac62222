package exact

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/asofdb/asof/bench/exact/naive"
	"github.com/asofdb/asof/connectors"
	"github.com/asofdb/asof/engine"
	"github.com/asofdb/asof/sql/types"
)

// scenario is a workload, the features over it, the moments to ask for, and how the engine is run. Everything follows from the seed.
type scenario struct {
	seed        uint64
	w           workload
	definitions []definition
	times       []int64
	run         how
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
}

// newScenario draws everything from one seed.
func newScenario(seed uint64, transactions, features, moments int) scenario {
	rng := rand.New(rand.NewPCG(seed, 7))
	s := scenario{seed: seed}
	s.w = newWorkload(rng, transactions)
	g := &generator{rng: rng, step: stepOf(s.w)}
	for i := range features {
		s.definitions = append(s.definitions, newDefinition(rng, fmt.Sprintf("f%d", i), g.windows()))
	}
	s.times = s.moments(rng, g.windows(), moments)
	s.run = how{
		batch: []int{1, 2, 3, 7, 50, 8192}[rng.IntN(6)], flush: []int{1, 5, 40, 1_500_000}[rng.IntN(4)],
		before: rng.IntN(2) == 0, segments: []int{1, 1, 1, 2, 4}[rng.IntN(5)], redeliver: rng.IntN(2) == 0,
	}
	return s
}

// stepOf is a distance that windows of the workload can be measured in.
func stepOf(w workload) int64 {
	span := w.txs[len(w.txs)-1].commit - w.txs[0].commit
	return max(3, span/int64(len(w.txs)))
}

// moments draws times on every kind of edge: c, e, e + W, and a microsecond to either side.
func (s scenario) moments(rng *rand.Rand, lengths []int64, n int) []int64 {
	var edges []int64
	first := s.w.txs[0].commit
	for _, v := range s.w.table().Versions {
		edges = append(edges, v.C)
		if v.D != naive.Forever {
			edges = append(edges, v.D)
		}
		if v.Created != nil {
			edges = append(edges, *v.Created)
			for _, l := range lengths {
				edges = append(edges, *v.Created+l, *v.Created+l/3)
			}
		}
	}
	times := []int64{first, s.last(), s.last() + 1}
	for len(times) < n {
		t := edges[rng.IntN(len(edges))] + int64(rng.IntN(3)) - 1
		if t >= first {
			times = append(times, t)
		}
	}
	slices.Sort(times)
	return slices.Compact(times)
}

func (s scenario) last() int64 { return s.w.txs[len(s.w.txs)-1].commit }

// session is an engine at work on a scenario.
type session struct {
	s    scenario
	dir  string
	eng  *engine.Engine
	file *os.File
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
	follow := ""
	if r.s.run.segments > 1 {
		follow = ", follow = 'true'"
	}
	return r.eng.Exec(context.Background(), fmt.Sprintf("CREATE SOURCE t (%s) WITH (connector = 'file', path = '%s', decimal_handling_mode = 'string'%s) FORMAT DEBEZIUM ENCODE JSON", columnList(), r.path(), follow))
}

func (r *session) createFeatures() error {
	for _, d := range r.s.definitions {
		if err := r.eng.Exec(context.Background(), d.create()); err != nil {
			return fmt.Errorf("%s: %w", d.create(), err)
		}
	}
	return nil
}

func (d definition) create() string {
	entity := "ENTITY e_" + strings.Join(d.Keys, "_") + " (" + strings.Join(d.Keys, ", ") + ") "
	if len(d.Keys) == 0 {
		entity = ""
	}
	return fmt.Sprintf("CREATE FEATURE %s %sAS %s", d.name, entity, d.sql)
}

// play runs the scenario in dir and calls check with the open engine once everything has been read.
func (s scenario) play(dir string, check func(*session) error) (err error) {
	r := &session{s: s, dir: dir}
	if r.file, err = os.Create(r.path()); err != nil {
		return err
	}
	defer r.file.Close()
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
	return check(r)
}

// segment appends a piece of the workload, reads it, and, if more is to come, closes and opens the engine.
func (r *session) segment(i int) error {
	cuts := r.s.cuts()
	if err := r.write(cuts[i], cuts[i+1]); err != nil {
		return err
	}
	if i == 0 {
		if r.s.run.before && r.s.run.segments > 1 {
			// The source must exist before its features: it is created over the empty file.
			if err := r.restartWith(r.createSource, r.createFeatures); err != nil {
				return err
			}
		} else if err := r.createSource(); err != nil {
			return err
		}
	}
	if r.s.run.segments > 1 {
		if err := r.caughtUp(cuts[i+1]); err != nil {
			return err
		}
	}
	if i == 0 && !(r.s.run.before && r.s.run.segments > 1) {
		if err := r.createFeatures(); err != nil {
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
		at := len(s.w.txs) * i / s.run.segments
		for at < len(s.w.txs) && at > 0 && s.w.txs[at].commit == s.w.txs[at-1].commit {
			at++
		}
		cuts = append(cuts, max(at, cuts[len(cuts)-1]))
	}
	return append(cuts, len(s.w.txs))
}

// write appends transactions, and then repeats some of them if the scenario says so.
func (r *session) write(from, to int) error {
	var b strings.Builder
	put := func(from int) {
		for _, x := range r.s.w.txs[from:to] {
			for _, l := range x.lines() {
				b.WriteString(l + "\n")
			}
		}
	}
	put(from)
	if r.s.run.redeliver && to > 0 {
		put(to * int(r.s.seed%7) / 7)
	}
	_, err := r.file.WriteString(b.String())
	return err
}

// caughtUp waits until the frontier has come to the last of the first n transactions.
func (r *session) caughtUp(n int) error {
	if n == 0 {
		return nil
	}
	want := types.NewTimestamptz(r.s.w.txs[n-1].commit).String()
	rows, err := r.eng.Query(context.Background(), fmt.Sprintf("SELECT count(*) FROM t AS OF '%s'", want))
	if err != nil {
		return err
	}
	return rows.Close()
}

// answers asks a feature for all entities at a moment.
func (r *session) answers(d definition, t int64) (map[string][]string, error) {
	return r.ask(d, fmt.Sprintf("SELECT * FROM %s AS OF '%s'", d.name, types.NewTimestamptz(t)))
}

func (r *session) ask(d definition, sql string) (map[string][]string, error) {
	rows, err := r.eng.Query(context.Background(), sql)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", sql, err)
	}
	defer rows.Close()
	out := map[string][]string{}
	for rows.Next() {
		texts := textsOf(rows.Values())
		key := strings.Join(texts[:len(d.Keys)], ",")
		if _, twice := out[key]; twice {
			return nil, fmt.Errorf("%s: entity %q comes twice", sql, key)
		}
		out[key] = texts[len(d.Keys):]
	}
	return out, rows.Err()
}

func textsOf(row []types.Value) []string {
	texts := make([]string, len(row))
	for i, v := range row {
		if texts[i] = naive.Null; !v.IsNull() {
			texts[i] = string(types.AppendText(nil, v))
		}
	}
	return texts
}

// mismatch is an answer that differs from the model's.
type mismatch struct {
	d         definition
	t         int64
	key       string
	got, want []string
}

func (m *mismatch) Error() string {
	return fmt.Sprintf("%s AS OF %s, entity %q: got %q, want %q\n%s", m.d.name, types.NewTimestamptz(m.t), m.key, m.got, m.want, m.d.create())
}

// compare holds two results against each other and counts the values compared.
func compare(d definition, t int64, got, want map[string][]string) (int, error) {
	n := 0
	for _, key := range slices.Sorted(maps.Keys(want)) {
		if !slices.Equal(got[key], want[key]) || got[key] == nil {
			return n, &mismatch{d, t, key, got[key], want[key]}
		}
		n += max(1, len(want[key]))
	}
	for _, key := range slices.Sorted(maps.Keys(got)) {
		if want[key] == nil {
			return n, &mismatch{d, t, key, got[key], nil}
		}
	}
	return n, nil
}

// againstNaive asks for every feature at every moment and compares with the model; a sample is asked by key as well, and the newest by Lookup.
func (r *session) againstNaive() (int, error) {
	table := r.s.w.table()
	total := 0
	rng := rand.New(rand.NewPCG(r.s.seed, 11))
	for _, t := range r.s.times {
		if t > r.s.last() && r.s.run.segments > 1 {
			continue // a followed file is known up to its last commit
		}
		for _, d := range r.s.definitions {
			want := d.Value(table, t)
			got, err := r.answers(d, t)
			if err != nil {
				return total, err
			}
			n, err := compare(d, t, got, want)
			total += n
			if err != nil {
				return total, err
			}
			if rng.IntN(4) == 0 {
				if n, err = r.byKey(d, t, want); err != nil {
					return total, err
				}
				total += n
			}
		}
	}
	n, err := r.sourceRows(table)
	return total + n, err
}

// byKey asks for each entity by its key.
func (r *session) byKey(d definition, t int64, want map[string][]string) (int, error) {
	total := 0
	for key := range want {
		if len(d.Keys) != 1 || key == naive.Null {
			continue
		}
		got, err := r.ask(d, fmt.Sprintf("SELECT * FROM %s WHERE %s = '%s' AS OF '%s'", d.name, d.Keys[0], strings.ReplaceAll(key, "'", "''"), types.NewTimestamptz(t)))
		if err != nil {
			return total, err
		}
		n, err := compare(d, t, got, map[string][]string{key: want[key]})
		total += n
		if err != nil {
			return total, fmt.Errorf("by key: %w", err)
		}
	}
	return total, nil
}

// sourceRows compares the table itself, as it was.
func (r *session) sourceRows(table *naive.Table) (int, error) {
	d := definition{name: "t"}
	d.Keys = []string{"id"}
	d.Columns = []string{"cust", "grp", "amount", "free", "qty", "score", "status", "flag"}
	d.Attribute = true
	total := 0
	for i, t := range r.s.times {
		if t > r.s.last() && r.s.run.segments > 1 || i%5 > 0 {
			continue
		}
		want := d.Value(table, t)
		got, err := r.ask(d, fmt.Sprintf("SELECT id, %s FROM t AS OF '%s'", strings.Join(d.Columns, ", "), types.NewTimestamptz(t)))
		if err != nil {
			return total, err
		}
		n, err := compare(d, t, got, want)
		total += n
		if err != nil {
			return total, err
		}
		for key := range want {
			got, err := r.ask(d, fmt.Sprintf("SELECT id, %s FROM t AS OF '%s' WHERE id = %s", strings.Join(d.Columns, ", "), types.NewTimestamptz(t), key))
			if err != nil {
				return total, err
			}
			if n, err = compare(d, t, got, map[string][]string{key: want[key]}); err != nil {
				return total, fmt.Errorf("by key: %w", err)
			}
			total += n
			break
		}
	}
	return total, nil
}

// wait is how long a test may take to be told that something hangs.
const wait = 2 * time.Minute
