package exact

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/asofdb/asof/bench/exact/naive"
	"github.com/asofdb/asof/bench/exact/random"
	"github.com/asofdb/asof/sql/types"
)

// postgres connects to the oracle, in a schema of the test's own.
func postgres(t *testing.T) *pgconn.PgConn {
	url := os.Getenv("ASOF_TEST_POSTGRES")
	if url == "" {
		if os.Getenv("CI") == "true" {
			t.Fatal("ASOF_TEST_POSTGRES is empty: this test compares with a real PostgreSQL")
		}
		t.Skip("set ASOF_TEST_POSTGRES to the URL of a PostgreSQL 15 server, or run .ci/test, which starts one")
	}
	pg, err := pgconn.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { pg.Close(context.Background()) })
	do(t, pg, "SET TimeZone = 'UTC'; CREATE TEMP TABLE t ("+random.ColumnList()+")")
	return pg
}

// do runs a script and returns the last statement's rows as text, NULL as the model has it.
func do(t *testing.T, pg *pgconn.PgConn, script string) [][]string {
	t.Helper()
	results, err := pg.Exec(t.Context(), script).ReadAll()
	if err != nil {
		t.Fatalf("PostgreSQL: %v\n%s", err, script)
	}
	var rows [][]string
	for _, r := range results[len(results)-1].Rows {
		row := make([]string, len(r))
		for i, v := range r {
			if row[i] = naive.Null; v != nil {
				row[i] = string(v)
			}
		}
		rows = append(rows, row)
	}
	return rows
}

// TestAnswersEqualPostgres applies the transactions to a table there, and after each of many asks the feature's own SELECT with NOW() replaced by many moments.
func TestAnswersEqualPostgres(t *testing.T) {
	scenarios, prefixes := 12, 12
	if testing.Short() {
		scenarios = 2
	}
	total := 0
	for n := range uint64(scenarios) {
		n += *seed + 1_000_000
		pg := postgres(t)
		s := newScenario(n, 80, 4, 10)
		s.run.segments = 1
		err := s.play(t.TempDir(), func(r *session) error {
			rng := rand.New(rand.NewPCG(n, 13))
			done := 0
			for range prefixes {
				upTo := min(done+1+rng.IntN(2*len(s.w.Txs)/prefixes), len(s.w.Txs))
				for upTo < len(s.w.Txs) && s.w.Txs[upTo].Commit == s.w.Txs[upTo-1].Commit {
					upTo++
				}
				apply(t, pg, s.w.Txs[done:upTo])
				if done = upTo; done == len(s.w.Txs) {
					break
				}
				compared, err := r.againstPostgres(t, pg, rng, s.w.Txs[done-1].Commit, s.w.Txs[done].Commit)
				total += compared
				if err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			fail(t, s, err)
		}
		do(t, pg, "DROP TABLE t")
	}
	t.Logf("%d values compared with PostgreSQL", total)
}

// apply runs transactions on the table.
func apply(t *testing.T, pg *pgconn.PgConn, txs []random.Tx) {
	var b strings.Builder
	for _, x := range txs {
		b.WriteString("BEGIN;\n")
		for _, o := range x.Ops {
			if o.Kind == 't' {
				b.WriteString("TRUNCATE t;\n")
			}
			if o.Old != nil {
				fmt.Fprintf(&b, "DELETE FROM t WHERE id = %d;\n", o.Old.ID)
			}
			if o.New != nil {
				fmt.Fprintf(&b, "INSERT INTO t VALUES (%s);\n", literals(*o.New))
			}
		}
		b.WriteString("COMMIT;\n")
	}
	do(t, pg, b.String())
}

func literals(r naive.Row) string {
	var out []string
	for _, c := range random.Columns {
		v := naive.Null
		if c.Name == "created_at" {
			if r.Created != nil {
				v = types.NewTimestamptz(*r.Created).String()
			}
		} else {
			v = naive.Text(r, c.Name)
		}
		if v == naive.Null {
			out = append(out, "NULL")
		} else {
			out = append(out, "'"+strings.ReplaceAll(v, "'", "''")+"'")
		}
	}
	return strings.Join(out, ", ")
}

// againstPostgres compares every feature at twenty moments between two commits.
func (r *session) againstPostgres(t *testing.T, pg *pgconn.PgConn, rng *rand.Rand, from, to int64) (int, error) {
	times := []int64{from, to - 1}
	for _, at := range r.s.w.Moments(rng, []int64{r.s.w.Step(), r.s.w.Step() * 7}, 200) {
		if at >= from && at < to {
			times = append(times, at)
		}
	}
	for len(times) < 20 {
		times = append(times, from+rng.Int64N(to-from))
	}
	slices.Sort(times)
	total := 0
	for _, at := range slices.Compact(times) {
		for _, d := range r.s.definitions {
			now := "TIMESTAMPTZ '" + types.NewTimestamptz(at).String() + "'"
			want := map[string][]string{}
			for _, row := range do(t, pg, strings.ReplaceAll(d.SQL, "NOW()", now)) {
				want[strings.Join(row[:len(d.Keys)], ",")] = row[len(d.Keys):]
			}
			got, err := r.answers(d, at)
			if err != nil {
				return total, err
			}
			forgiveTies(d, got, want)
			n, err := Compare(d, at, got, want)
			total += n
			if err != nil {
				return total, err
			}
		}
	}
	return total, nil
}

// forgiveTies: of equal numbers with different digits PostgreSQL's MIN and MAX return whichever it met last; ours return the one with most digits.
func forgiveTies(d random.Definition, got, want map[string][]string) {
	for key := range want {
		if got[key] != nil {
			forgiveTiesOfRow(d, got[key], want[key])
		}
	}
}

func forgiveTiesOfRow(d random.Definition, got, want []string) {
	for i, a := range d.Aggs {
		if (a.Fn == "min" || a.Fn == "max") && (a.Col == "free" || a.Else0) && sameNumber(got[i], want[i]) {
			want[i] = got[i]
		}
	}
}

func sameNumber(a, b string) bool {
	x, err1 := types.Parse(types.Type{Kind: types.Numeric}, a)
	y, err2 := types.Parse(types.Type{Kind: types.Numeric}, b)
	return err1 == nil && err2 == nil && types.Equal(x, y)
}

// TestTrainingJoinsEqualPostgres: a join AS OF is a LATERAL join with the feature's SELECT over the versions of rows that lived then, and the article's own statement
// over a feature's history means there what it means here.
func TestTrainingJoinsEqualPostgres(t *testing.T) {
	scenarios, statements := 8, 60
	if testing.Short() {
		scenarios, statements = 2, 20
	}
	pg := postgres(t)
	total := 0
	for n := range uint64(scenarios) {
		s := newScenario(n+*seed+2_000_000, 100, 4, 20)
		err := s.play(t.TempDir(), func(r *session) error {
			versions(t, pg, s.w)
			rng := rand.New(rand.NewPCG(s.seed, 31))
			for range statements {
				q, err := r.drawTraining(rng)
				if err == nil && q != nil {
					err = q.againstPostgres(t, pg, r, &total)
				}
				if err != nil {
					return err
				}
			}
			for _, d := range s.definitions {
				if err := r.byHandOnPostgres(t, pg, d, rng, &total); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatalf("-seed %d: %v", s.seed-2_000_000, err)
		}
	}
	t.Logf("%d values compared with PostgreSQL", total)
}

// versions makes there the table of all versions of all rows, each of them from c until d.
func versions(t *testing.T, pg *pgconn.PgConn, w random.Workload) {
	var b strings.Builder
	b.WriteString("DROP TABLE IF EXISTS versions; CREATE TEMP TABLE versions (" + strings.Replace(random.ColumnList(), " PRIMARY KEY", "", 1) + ", c TIMESTAMPTZ, d TIMESTAMPTZ);\n")
	for _, x := range w.Txs {
		for _, o := range x.Ops {
			if o.Kind == 't' {
				fmt.Fprintf(&b, "UPDATE versions SET d = %s WHERE d = 'infinity';\n", timestamp(x.Commit))
			}
			if o.Old != nil {
				fmt.Fprintf(&b, "UPDATE versions SET d = %s WHERE id = %d AND d = 'infinity';\n", timestamp(x.Commit), o.Old.ID)
			}
			if o.New != nil {
				fmt.Fprintf(&b, "INSERT INTO versions VALUES (%s, %s, 'infinity');\n", literals(*o.New), timestamp(x.Commit))
			}
		}
	}
	do(t, pg, b.String())
}

// againstPostgres compares a statement's rows with those of its meaning there.
func (q *training) againstPostgres(t *testing.T, pg *pgconn.PgConn, r *session, total *int) error {
	got, err := q.ask(r)
	if err != nil {
		return err
	}
	want := do(t, pg, q.there)
	sortByLabel(got)
	sortByLabel(want)
	if len(got) != len(want) {
		return fmt.Errorf("%d rows where PostgreSQL has %d: %s\n%s", len(got), len(want), q.here, q.there)
	}
	for i := range want {
		col := 1
		for _, j := range q.joins {
			forgiveTiesOfRow(j.d, got[i][col:], want[i][col:])
			col += len(j.columns)
		}
		if !slices.Equal(got[i], want[i]) {
			return fmt.Errorf("row %q where PostgreSQL has %q: %s\n%s", got[i], want[i], q.here, q.there)
		}
		*total += col - 1
	}
	return nil
}

// byHandOnPostgres copies a feature's history there and runs the hand-written join over it on both sides.
func (r *session) byHandOnPostgres(t *testing.T, pg *pgconn.PgConn, d random.Definition, rng *rand.Rand, total *int) error {
	history, err := askRows(r.sql, "SELECT * FROM "+d.Name+"_history")
	if err != nil {
		return err
	}
	table := d.Name + "_history"
	script := fmt.Sprintf("DROP TABLE IF EXISTS %s; CREATE TEMP TABLE %s AS SELECT now() AS event_time, now() AS valid_to, x.* FROM (%s) x LIMIT 0;\n", table, table, d.SQL)
	for _, row := range history {
		fields := make([]string, len(row))
		for i, v := range row {
			if fields[i] = "NULL"; v != naive.Null {
				fields[i] = "'" + strings.ReplaceAll(v, "'", "''") + "'"
			}
		}
		script += "INSERT INTO " + table + " VALUES (" + strings.Join(fields, ", ") + ");\n"
	}
	do(t, pg, script)
	for range 4 {
		q := r.drawHandWritten(rng, d)
		want := do(t, pg, q.sql)
		for _, rule := range []string{"on", "off"} {
			if err := r.sql.Exec(r.ctx, "SET asof_rule = "+rule); err != nil {
				return err
			}
			got, err := askRows(r.sql, q.sql)
			if err != nil {
				return err
			}
			if !slices.EqualFunc(got, want, slices.Equal[[]string]) {
				return fmt.Errorf("asof_rule = %s: %q where PostgreSQL has %q: %s", rule, got, want, q.sql)
			}
			for _, row := range want {
				*total += len(row) - 1
			}
		}
	}
	return nil
}
