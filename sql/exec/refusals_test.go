package exec

import (
	"math/rand/v2"
	"testing"
)

// TestRefusalsOverSeveralTablesAgreeWithPostgres compares SQLSTATE and message of what neither side does. The place is what PostgreSQL points into, and
// where it points nowhere there is one all the same.
func TestRefusalsOverSeveralTablesAgreeWithPostgres(t *testing.T) {
	conn := connect(t)
	db := newDatabase()
	(&queryMaker{Rand: rand.New(rand.NewPCG(1, 1))}).fillTables(t, conn, db)
	for _, text := range []string{
		"SELECT k FROM r, t",
		"SELECT r.k FROM r x, t",
		"SELECT x.k FROM r x JOIN t x ON true",
		"SELECT 1 FROM r, r",
		"SELECT 1 FROM r JOIN t ON k = k",
		"SELECT 1 FROM r JOIN t ON r.k",
		"SELECT 1 FROM r JOIN t ON r.nope = t.k",
		"SELECT 1 FROM r JOIN t ON count(*) > 1",
		"SELECT 1 FROM r JOIN t ON r.s = t.k",
		"SELECT k, s FROM r JOIN t USING (k)",
		"SELECT nope FROM r JOIN t USING (k)",
		"SELECT x.nope FROM (SELECT k FROM r) x",
		"SELECT x.k FROM (SELECT k AS a FROM r) x",
		"SELECT a FROM (SELECT k FROM r) x (a, b)",
		"SELECT b FROM (SELECT k FROM r) x (a)",
		"SELECT 1 FROM (SELECT r.k FROM t) x, r",
		"SELECT (SELECT k, s FROM r)",
		"SELECT (SELECT k FROM r WHERE nope)",
		"SELECT (SELECT k FROM r WHERE x.k = 1)",
		"SELECT (SELECT k FROM r WHERE k + 1)",
		"SELECT 1 FROM r WHERE k IN (SELECT k, s FROM t)",
		"SELECT 1 FROM r WHERE k IN (SELECT s FROM t)",
		"SELECT 1 FROM r WHERE k = ANY (SELECT s FROM t)",
		"SELECT 1 FROM r WHERE (k, s) IN (SELECT k FROM t)",
		"SELECT 1 FROM r WHERE (k, s) IN (SELECT s, k FROM t)",
		"SELECT 1 FROM r WHERE (k, s) = (SELECT k FROM t LIMIT 1)",
		"SELECT 1 FROM r WHERE (k, s) = (SELECT k, s, k FROM t LIMIT 1)",
		"SELECT 1 FROM r WHERE k = (SELECT max(k), 1 FROM t)",
		"SELECT 1 FROM r WHERE EXISTS (SELECT nope FROM t)",
		"SELECT 1 FROM r WHERE (SELECT k FROM t LIMIT 1)",
		"SELECT 1 FROM r WHERE max(k) = (SELECT 1)",
		"SELECT s, (SELECT max(t.k) FROM t WHERE t.k = r.k) FROM r GROUP BY s",
		"SELECT s, count(*) FROM r GROUP BY s HAVING EXISTS (SELECT 1 FROM t WHERE t.k = r.k)",
		"SELECT s, k IN (SELECT k FROM t) FROM r GROUP BY s",
		"SELECT r.k FROM r JOIN t ON true GROUP BY t.k",
		"SELECT k FROM r UNION SELECT k, s FROM t",
		"SELECT k, s FROM r UNION ALL SELECT 1",
		"SELECT k FROM r UNION SELECT s FROM r",
		"SELECT k FROM r INTERSECT SELECT s FROM r",
		"SELECT 1 EXCEPT SELECT 'x'",
		"SELECT NULL UNION SELECT NULL UNION SELECT 1",
		"SELECT k FROM r UNION SELECT k FROM t ORDER BY k + 1",
		"SELECT k FROM r UNION SELECT k FROM t ORDER BY nope",
		"SELECT k FROM r UNION SELECT k FROM t ORDER BY r.k",
		"SELECT k FROM r UNION SELECT k FROM t ORDER BY 2",
		"SELECT k AS a FROM r UNION SELECT k AS b FROM t ORDER BY b",
		"SELECT k FROM r UNION SELECT k FROM t LIMIT k",
		"VALUES (1, 2), (3)",
		"VALUES (1), ('x')",
		"VALUES (1), (true)",
		"VALUES (k)",
		"VALUES (count(*))",
		"VALUES (1) ORDER BY nope",
		"WITH x AS (SELECT 1) SELECT * FROM y",
		"WITH x (a, b) AS (SELECT 1) SELECT * FROM x",
		"WITH x AS (SELECT nope) SELECT 1",
		"WITH x AS (SELECT 1 AS a) SELECT b FROM x",
		"WITH x AS (SELECT * FROM y), y AS (SELECT 1) SELECT * FROM x",
		"WITH x AS (SELECT * FROM x) SELECT * FROM x",
		"SELECT * FROM r JOIN t USING (nope)",
		"SELECT * FROM r JOIN w USING (n, z)",
		"SELECT * FROM (r JOIN t ON true) JOIN w USING (k)",
		"SELECT * FROM r JOIN e USING (d)",
		"SELECT 1 FROM r JOIN (SELECT s AS k FROM t) t USING (k)",
		"SELECT z.* FROM r, t",
		"SELECT 1 LIMIT (SELECT k FROM r)",
		"SELECT k FROM r LIMIT (SELECT r.k)",
		"SELECT (SELECT k FROM r)",
		"SELECT 1 WHERE 1 = (SELECT k FROM t)",
		"SELECT 1 WHERE (1, 'a') = (SELECT k, s FROM t)",
		"SELECT max((SELECT max(k) FROM t)) + max(max(k)) FROM r",
		"SELECT k FROM r GROUP BY (SELECT nope)",
		"SELECT k FROM r ORDER BY (SELECT nope)",
		"SELECT 1 FROM r WHERE (SELECT max(r.k) FROM t) > 0",
		"SELECT 1 FROM r WHERE EXISTS (SELECT 1 FROM t HAVING max(r.k) > 0)",
		"SELECT 1 FROM r JOIN t ON (SELECT max(r.k) > 0)",
		"SELECT 1 FROM r GROUP BY (SELECT max(r.k))",
		"SELECT r.k, (SELECT max(r.g) FROM t) FROM r",
		"SELECT max((SELECT max(r.k) FROM t)) FROM r",
		"SELECT (SELECT r.k HAVING count(*) FILTER (WHERE r.g = 3) > 0) FROM r",
		"SELECT 1 FROM r, LATERAL (SELECT max(r.k) FROM t) x",
		"SELECT 1 FROM r, LATERAL (SELECT r.nope FROM t) x",
		"SELECT 1 FROM r, LATERAL (SELECT t.k FROM e) x, t",
		"SELECT 1 FROM r RIGHT JOIN LATERAL (SELECT r.k) x ON true",
		"SELECT 1 FROM r FULL JOIN (t JOIN LATERAL (SELECT r.k) x ON true) ON true",
		"SELECT 1 FROM LATERAL (SELECT r.k) x, r",
		"SELECT 1 FROM r, t JOIN LATERAL (SELECT k) x ON true",
		"SELECT k FROM r, LATERAL (SELECT r.k) x",
		"SELECT 1 FROM r, LATERAL (SELECT 1) r",
		"SELECT (SELECT max(max(r.k)) FROM t) FROM r",
		"SELECT (SELECT (SELECT sum(r.s) FROM t) FROM w) FROM r",
		"SELECT (SELECT max(t.k + max(t.k)) FROM t) FROM r",
	} {
		got, want := here(db, text), onPostgres(t, conn, text)
		inside := want.place == 0 || got.place <= want.place && want.place < got.place+max(1, got.length)
		if got.code != want.code || got.text != want.text || !inside || got.place == 0 && want.code != "21000" {
			t.Errorf("%s\nhere       %s at %d: %s\nPostgreSQL %s at %d: %s", text, got.code, got.place, got.text, want.code, want.place, want.text)
		}
	}
}
