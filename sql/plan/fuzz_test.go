package plan

import (
	"errors"
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
		for _, st := range sts {
			var err error
			switch st := st.(type) {
			case *syntax.Query:
				var q *Query
				if q, err = BindQuery(st.Select, w, Session{}); err == nil {
					Explain(q.Root)
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
