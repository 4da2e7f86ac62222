package plan

import "testing"

// TestVersionIgnoresSpelling: definitions that mean the same have one version, others have others.
func TestVersionIgnoresSpelling(t *testing.T) {
	w := &world{relations: map[string]*Relation{}}
	w.run(eventsSource)
	same := []string{
		`CREATE FEATURE a AS SELECT k, COUNT(*) FILTER (WHERE tz > NOW() - INTERVAL '1 hour' AND v = 1) AS n, SUM(v) AS s FROM events WHERE v < 5 AND k <> '' GROUP BY k`,
		`CREATE FEATURE b ENTITY who (k) WITH (owner = 'x') AS select K, count(*) filter (where v = 1 and now() - interval '60 minutes' < tz) as n, sum(v) as s from events where k <> '' and v < 5 group by 1`,
		`CREATE FEATURE c AS SELECT e.k, COUNT(CASE WHEN e.v = 1 AND tz > CURRENT_TIMESTAMP - INTERVAL '1 hour' THEN 'x' END) AS n, SUM(v) AS s FROM events AS e WHERE (v < 5) AND (k <> '') GROUP BY e.k`,
	}
	others := []string{
		`CREATE FEATURE a AS SELECT k, COUNT(*) FILTER (WHERE tz >= NOW() - INTERVAL '1 hour' AND v = 1) AS n, SUM(v) AS s FROM events WHERE v < 5 AND k <> '' GROUP BY k`,
		`CREATE FEATURE a AS SELECT k, COUNT(*) FILTER (WHERE tz > NOW() - INTERVAL '1 hour' AND v = 1) AS m, SUM(v) AS s FROM events WHERE v < 5 AND k <> '' GROUP BY k`,
		`CREATE FEATURE a AS SELECT k, COUNT(*) FILTER (WHERE tz > NOW() - INTERVAL '1 hour' AND v = 1) AS n, SUM(DISTINCT v) AS s FROM events WHERE v < 5 AND k <> '' GROUP BY k`,
		`CREATE FEATURE a AS SELECT k, COUNT(v) FILTER (WHERE tz > NOW() - INTERVAL '1 hour' AND v = 1) AS n, SUM(v) AS s FROM events WHERE v < 5 AND k <> '' GROUP BY k`,
		`CREATE FEATURE a AS SELECT k, COUNT(*) FILTER (WHERE tz > NOW() - INTERVAL '1 hour' AND v = 1) AS n, SUM(v) AS s FROM events WHERE v < 5 OR k <> '' GROUP BY k`,
		`CREATE FEATURE a AS SELECT k, SUM(v) AS s, COUNT(*) FILTER (WHERE tz > NOW() - INTERVAL '1 hour' AND v = 1) AS n FROM events WHERE v < 5 AND k <> '' GROUP BY k`,
		`CREATE FEATURE a AS SELECT COUNT(*) AS n FROM events`,
	}
	version := func(text string) string {
		f := w.feature(t, text)
		if f == nil {
			t.Fatalf("refused: %s", text)
		}
		return f.Version
	}
	first := version(same[0])
	if len(first) != 16 {
		t.Errorf("version %q", first)
	}
	for _, text := range same[1:] {
		if v := version(text); v != first {
			t.Errorf("%s\nhas version %s, not %s\n%s", text, v, first, w.feature(t, text).Canonical())
		}
	}
	seen := map[string]string{first: same[0]}
	for _, text := range others {
		v := version(text)
		if before, ok := seen[v]; ok {
			t.Errorf("%s\nand\n%s\nhave one version", text, before)
		}
		seen[v] = text
	}
}

// TestKeyOutputs: the outputs that carry the entity, in its order.
func TestKeyOutputs(t *testing.T) {
	w := &world{relations: map[string]*Relation{}}
	w.run(eventsSource)
	f := w.feature(t, `CREATE FEATURE a ENTITY e (v, k) AS SELECT COUNT(*) AS n, k AS name, v FROM events GROUP BY k, v`)
	if got := f.KeyOutputs(); len(got) != 2 || got[0] != 2 || got[1] != 1 {
		t.Errorf("key outputs %v", got)
	}
	f = w.feature(t, `CREATE FEATURE a AS SELECT v, id AS name FROM events`)
	if got := f.KeyOutputs(); len(got) != 1 || got[0] != 1 {
		t.Errorf("key outputs of an attribute feature %v", got)
	}
}
