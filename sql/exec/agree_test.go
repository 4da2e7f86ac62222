package exec

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/asofdb/asof/sql/plan"
)

// TestQueriesOverSeveralTables compares random queries with PostgreSQL: as they are, with so little memory that everything goes to files, and with some of
// the rules turned off. A query that differs is made smaller first.
func TestQueriesOverSeveralTables(t *testing.T) {
	conn := connect(t)
	s := *seed
	if s == 0 {
		s = uint64(time.Now().UnixNano())
	}
	t.Logf("seed %d", s)
	mustExec(t, conn, "SET statement_timeout = '1s'; SET jit = off")
	g := &queryMaker{Rand: rand.New(rand.NewPCG(s, 2))}
	var db *database
	rows, refused := 0, 0
	for i := range *queries {
		if i%500 == 0 {
			mustExec(t, conn, "DROP TABLE IF EXISTS r, t, w, e")
			db = newDatabase()
			g.fillTables(t, conn, db)
		}
		q, _, ordered := g.query(1+g.IntN(2), nil)
		want := onPostgres(t, conn, q.String())
		switch {
		case want.code == "0A000" || strings.Contains(want.text, "FULL JOIN"): // PostgreSQL cannot do it
			refused++
			continue
		case want.code == "57014", strings.Contains(here(db, q.String()).text, "an aggregate over an outer query's columns alone"): // it takes too long, or is not yet there
			refused++
			continue
		case want.code != "":
			t.Fatalf("query %d of seed %d is not valid: %s\n%s", i, s, want.text, q)
		}
		rows += len(want.rows)
		for _, how := range ways(g.Rand, t.TempDir) {
			d := differs(db, q.String(), how, ordered, want)
			if d == "" {
				continue
			}
			bad := func() bool { return differs(db, q.String(), how, false, onPostgres(t, conn, q.String())) != "" }
			if bad() {
				q.shrink(bad)
				d = differs(db, q.String(), how, false, onPostgres(t, conn, q.String()))
			}
			t.Fatalf("query %d of seed %d, %s\n%s\n%s", i, s, how, q, d)
		}
	}
	if refused > *queries/10 || rows < *queries/2 {
		t.Errorf("%d queries, %d rows, %d refused: the generator compares too little", *queries, rows, refused)
	}
	t.Logf("%d queries agree on %d rows, %d were refused", *queries, rows, refused)
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
func ways(r *rand.Rand, dir func() string) []way {
	off := map[string]bool{}
	for name := range plan.RuleSettings() {
		if r.IntN(2) == 0 {
			off[name] = true
		}
	}
	w := []way{{}}
	switch r.IntN(3) {
	case 0:
		w = append(w, way{limit: 4000 + r.Int64N(4000), temp: dir()})
	case 1:
		w = append(w, way{off: off})
	default:
		w = append(w, way{limit: 4000 + r.Int64N(4000), temp: dir(), off: off})
	}
	return w
}

// differs runs a query here in some way and says how the answer differs from PostgreSQL's; "" where they agree.
func differs(db *database, query string, how way, ordered bool, want answer) string {
	db.limit, db.temp, db.off = how.limit, how.temp, how.off
	got := here(db, query)
	if want.code == "57014" || want.code != "" && got.code == want.code {
		return ""
	}
	if !ordered {
		slices.Sort(got.rows)
		want.rows = slices.Sorted(slices.Values(want.rows))
	}
	return got.differs(want)
}
