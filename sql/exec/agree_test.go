package exec

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/asofdb/asof/sql/plan"
)

// TestQueriesOverSeveralTables compares random queries over random tables with PostgreSQL: as they are, with so little memory that everything goes to
// files, and with some of the rules turned off. A query that differs is made smaller first, and so are the tables.
func TestQueriesOverSeveralTables(t *testing.T) {
	s, n := seedOf(t), howMany()
	workers := make([]*worker, agreeWorkers)
	t.Run("workers", func(t *testing.T) {
		for i := range workers {
			t.Run(fmt.Sprint(i), func(t *testing.T) {
				t.Parallel()
				w := newWorker(t, s, uint64(i))
				workers[i] = w
				for w.count < n/agreeWorkers {
					w.round(min(perTables, n/agreeWorkers-w.count))
				}
			})
		}
	})
	var count, rows, refused int
	for _, w := range workers {
		if w != nil {
			count, rows, refused = count+w.count, rows+w.rows, refused+w.refused
		}
	}
	if refused > count/10 || rows < count/2 {
		t.Errorf("%d queries, %d rows, %d refused: the generator compares too little", count, rows, refused)
	}
	t.Logf("%d queries agree on %d rows, %d were refused", count, rows, refused)
}

const (
	// agreeWorkers compare side by side, each with tables of its own: as many as CI has cores.
	agreeWorkers = 2
	// perTables is how many queries are asked of the same tables.
	perTables = 200
)

// worker compares queries over its own tables, one table set after the other.
type worker struct {
	*testing.T
	name  string
	conn  *pgconn.PgConn
	db    *database
	maker *queryMaker
	ways  *rand.Rand
	temp  string

	count, rows, refused int
}

func newWorker(t *testing.T, seed, i uint64) *worker {
	w := &worker{T: t, name: fmt.Sprintf("worker %d of seed %d", i, seed), conn: connect(t), temp: t.TempDir()}
	w.maker = &queryMaker{Rand: rand.New(rand.NewPCG(seed, 2+i))}
	w.ways = rand.New(rand.NewPCG(seed, 1000+i))
	mustExec(t, w.conn, "SET statement_timeout = '1s'; SET jit = off; SET client_min_messages = 'error'")
	return w
}

// question is a query with PostgreSQL's answer.
type question struct {
	*tree
	ordered bool
	want    answer
}

// round makes new tables and compares n queries over them. PostgreSQL answers the next ones while these are answered here.
func (w *worker) round(n int) {
	w.db = newDatabase()
	w.maker.randomTables()
	w.makeTables()
	asked := make(chan []question, 1)
	stop := make(chan struct{})
	var failed error
	go func() {
		defer close(asked)
		for left := n; left > 0; left -= perTrip {
			var batch []question
			if batch, failed = w.ask(min(perTrip, left)); failed != nil {
				return
			}
			select {
			case asked <- batch:
			case <-stop:
				return
			}
		}
	}()
	ended := sync.OnceFunc(func() { // then the connection is free
		close(stop)
		for range asked {
		}
	})
	defer ended()
	for batch := range asked {
		for _, q := range batch {
			if how, differs := w.compare(q); differs {
				ended()
				w.fail(q, how)
			}
			w.count++
		}
	}
	if failed != nil {
		w.Fatal(failed)
	}
}

func (w *worker) makeTables() {
	for _, c := range w.maker.tables {
		if err := c.make(w.conn, w.db); err != nil {
			w.Fatal(err)
		}
	}
}

// ask makes n queries and asks PostgreSQL.
func (w *worker) ask(n int) ([]question, error) {
	batch, texts := make([]question, n), make([]string, n)
	for i := range batch {
		batch[i].tree, _, batch[i].ordered = w.maker.query(1+w.maker.IntN(2), nil)
		texts[i] = batch[i].String()
	}
	answers, err := manyOnPostgres(w.conn, texts)
	for i := range answers {
		batch[i].want = answers[i]
	}
	return batch, err
}

// compare runs a query here in some ways and returns the one whose answer differs.
func (w *worker) compare(q question) (how way, differs bool) {
	switch {
	case q.want.code == "0A000" || strings.Contains(q.want.text, "FULL JOIN"): // PostgreSQL cannot do it
		w.refused++
		return how, false
	case q.want.code == "57014": // it takes too long
		w.refused++
		return how, false
	case strings.HasPrefix(q.want.code, "22"): // whether a value is computed at all depends on the plan
		w.refused++
		return how, false
	case q.want.code == "42803": // an aggregate that belongs to a query around, in a place where that has none
		if got := here(w.db, q.String()); got.code != q.want.code || got.text != q.want.text {
			return how, true
		}
		w.refused++
		return how, false
	case q.want.code != "":
		w.Fatalf("query %d of %s is not valid: %s\n%s", w.count, w.name, q.want.text, q)
	}
	w.rows += len(q.want.rows)
	for _, how := range ways(w.ways, w.temp) {
		if d := differently(w.db, q.String(), how, q.ordered, q.want); d != "" {
			return how, true
		}
	}
	return how, false
}

// fail makes a query that differs smaller, and its tables, and tells of them.
func (w *worker) fail(q question, how way) {
	number := fmt.Sprintf("query %d of %s, %s", w.count, w.name, how)
	differs := func() string { return differently(w.db, q.String(), how, false, onPostgres(w.T, w.conn, q.String())) }
	d := differently(w.db, q.String(), how, q.ordered, q.want)
	if differs() == "" { // it is the order that differs
		w.Fatalf("%s\n%s\n%s", number, q, d)
	}
	bad := func() bool { return differs() != "" }
	for before := ""; before != q.String(); { // with smaller tables a smaller query may do, and the other way round
		before = q.String()
		q.shrink(bad)
		shrinkTables(w.maker.tables, func() bool {
			w.makeTables()
			return bad()
		})
		w.makeTables()
	}
	var tables strings.Builder
	for _, c := range w.maker.tables {
		if regexp.MustCompile(`\b` + c.name + `\b`).MatchString(q.String()) {
			tables.WriteString(c.String() + "\n")
		}
	}
	w.Fatalf("%s\n%s%s\n%s", number, &tables, q, differs())
}

// way is how a query is run.
type way struct {
	limit int64
	temp  string
	off   map[string]bool
}

func (w way) String() string {
	var off []string
	for r := range w.off {
		off = append(off, r)
	}
	slices.Sort(off)
	return fmt.Sprintf("memory %d, without %v", w.limit, off)
}

// ways are the plain way, one in which everything is spilled, and one without some rules.
func ways(r *rand.Rand, dir string) []way {
	off := map[string]bool{}
	for name := range plan.RuleSettings() {
		if r.IntN(2) == 0 {
			off[name] = true
		}
	}
	w := []way{{}}
	switch r.IntN(3) {
	case 0:
		w = append(w, way{limit: 4000 + r.Int64N(4000), temp: dir})
	case 1:
		w = append(w, way{off: off})
	default:
		w = append(w, way{limit: 4000 + r.Int64N(4000), temp: dir, off: off})
	}
	return w
}

// differently runs a query here in some way and says how the answer differs from PostgreSQL's; "" where they agree.
func differently(db *database, query string, how way, ordered bool, want answer) string {
	db.limit, db.temp, db.off = how.limit, how.temp, how.off
	got := here(db, query)
	if want.code == "57014" || got.code == "57014" || want.code != "" && got.code == want.code {
		return ""
	}
	if !ordered {
		slices.Sort(got.rows)
		want.rows = slices.Sorted(slices.Values(want.rows))
	}
	return got.differs(want)
}
