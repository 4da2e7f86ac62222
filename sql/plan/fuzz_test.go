package plan

import (
	"errors"
	"slices"
	"testing"

	"github.com/asofdb/asof/sql/syntax"
	"github.com/asofdb/asof/sql/types"
)

// FuzzBind binds whatever parses: no panic, and every error is a user's error.
func FuzzBind(f *testing.F) {
	for _, text := range []string{
		`SELECT k, COUNT(*) FILTER (WHERE v > 1) + 1 AS n FROM events e WHERE id = ANY($1) GROUP BY 1 HAVING SUM(v) > 2 ORDER BY n DESC NULLS LAST, 1 LIMIT $2 OFFSET 1`,
		`SELECT DISTINCT *, e.* FROM events e WHERE (id, k) IN ((1, 'a'), (2, 'b')) OR id IN (1, 2.5) AS OF NOW() - INTERVAL '1 hour'`,
		`CREATE FEATURE f ENTITY c (k) AS SELECT k, SUM(CASE WHEN tz > NOW() - INTERVAL '1 day' THEN v END) AS n FROM events WHERE tz <= DATE_TRUNC('month', NOW()) GROUP BY k`,
		`CREATE FEATURE f WITH (event_time = 'ts') AS SELECT id, d FROM events WHERE ts BETWEEN NOW() - INTERVAL '1 day' AND NOW()`,
		`SELECT MAX(COUNT(*)) FROM events BEFORE '2025-01-01'`,
		`SELECT f_history.* FROM f_history`,
		`SELECT e.*, s.n, s.as_of FROM events e LEFT JOIN s AS OF e.tz - INTERVAL '5 minutes' ON s.k = e.k AND s.n > e.v JOIN events x USING (id, k) WHERE x.v = 1 AND EXISTS (SELECT 1 FROM events y WHERE y.id = e.id)`,
		`SELECT e.id FROM events e JOIN s_history h ON h.k = e.k AND h.event_time = (SELECT MAX(event_time) FROM s_history WHERE k = e.k AND event_time <= e.tz)`,
		`WITH a (x, y) AS (SELECT id, k FROM events), b AS (SELECT x + 1 AS x FROM a) SELECT (SELECT MAX(x) FROM b WHERE b.x < a.x), y IN (SELECT k FROM s) FROM a FULL JOIN b USING (x) ORDER BY 1`,
		`SELECT k FROM events UNION (SELECT NULL EXCEPT ALL VALUES ('a'), ('b')) INTERSECT SELECT y.k FROM (SELECT DISTINCT k FROM events) y ORDER BY k LIMIT (SELECT 1)`,
		`SELECT (id, k) > ALL (SELECT id, k FROM events e2 WHERE e2.v = e.v), (SELECT SUM(v) FROM events WHERE k = e.k) FROM events e GROUP BY e.v, id, k HAVING COUNT(*) NOT IN (SELECT id FROM events)`,
		`INSERT INTO events (id, k) SELECT 1, k FROM s UNION ALL VALUES (2, NULL)`,
		`INSERT INTO events VALUES (1, DEFAULT), ($1, 'a')`,
		`SELECT * FROM 'labels.csv' l, (VALUES (1, 'a')) v (a, b) RIGHT JOIN s ON s.k = b WHERE a IN (1, 2)`,
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		sts, err := syntax.Parse(text)
		if err != nil {
			return
		}
		w := &world{relations: map[string]*Relation{}}
		w.run(eventsSource)
		w.run("CREATE FEATURE s AS SELECT k, COUNT(*) AS n FROM events GROUP BY k")
		for _, st := range sts {
			var err error
			switch st := st.(type) {
			case *syntax.Query:
				var q *Query
				if q, err = BindQuery(st.Select, w, Session{}); err == nil {
					checkBound(t, text, q)
					off := Session{Off: map[string]bool{}}
					for rule := range RuleSettings() {
						off.Off[rule] = true
					}
					plainly, err := BindQuery(st.Select, w, off)
					if err != nil {
						t.Fatalf("%q: without rules %v", text, err)
					}
					checkBound(t, text, plainly)
					if !slices.Equal(q.Columns, plainly.Columns) || !slices.Equal(q.Params, plainly.Params) {
						t.Errorf("%q: %v with rules, %v without", text, q.Columns, plainly.Columns)
					}
				}
			case *syntax.Insert:
				var i *Insert
				if i, err = BindInsert(st, w, Session{}); err == nil {
					checkBound(t, text, i.Query)
				}
			case *syntax.CreateFeature:
				var feature *Feature
				if feature, _, err = BindFeature(st, w, Session{}); err == nil {
					_ = feature.Canonical()
				}
			}
			var e *types.Error
			if err != nil && !errors.As(err, &e) {
				t.Errorf("%q: %v is no user's error", text, err)
			}
			if e != nil && (e.Code == "" || e.Pos > len(text)+1) {
				t.Errorf("%q: code %q at %d", text, e.Code, e.Pos)
			}
		}
	})
}

// checkBound checks a query's tree, and that it can be printed.
func checkBound(t *testing.T, text string, q *Query) {
	if err := checkTree(q.Root); err != nil {
		t.Errorf("%q: %v\n%s", text, err, Explain(q.Root))
	}
	Explain(q.Root)
	if len(q.Root.Schema()) != len(q.Columns) {
		t.Errorf("%q: %d columns of %d", text, len(q.Root.Schema()), len(q.Columns))
	}
}
