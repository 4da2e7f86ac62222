package exec

import (
	"math/rand/v2"
	"testing"
)

// TestSetsAgreeWithPostgres compares functions that return sets, aggregates that keep their rows and recursive queries.
func TestSetsAgreeWithPostgres(t *testing.T) {
	conn := connect(t)
	db := newDatabase()
	random := rand.New(rand.NewPCG(1, 1))
	(&queryMaker{Rand: random}).fillTables(t, conn, db)
	for _, text := range []string{
		"SELECT generate_series(1, 3)",
		"SELECT generate_series(1, 3) AS a, generate_series(10, 11) AS b",
		"SELECT generate_series(1, 0)",
		"SELECT generate_series(1, 0), generate_series(1, 2)",
		"SELECT generate_series(1, NULL), 1",
		"SELECT 2 * generate_series(1, 3) + 1 AS x",
		"SELECT unnest(ARRAY[3, 1, NULL, 2]) AS x ORDER BY x DESC",
		"SELECT unnest(ARRAY[3, 1, 2]) AS x, generate_subscripts(ARRAY[3, 1, 2], 1) AS n ORDER BY n DESC",
		"SELECT DISTINCT unnest(ARRAY[1, 1, 2]) AS x ORDER BY 1",
		"SELECT unnest(ARRAY[1, 2, 3]) LIMIT 2",
		"SELECT unnest(ARRAY[1, 2, 3]) OFFSET 1",
		"SELECT 1 AS a ORDER BY unnest(ARRAY[2, 1])",
		"SELECT g.i, generate_series(1, g.i) AS j FROM generate_series(0, 3) AS g(i) ORDER BY 1, 2",
		"SELECT x.i, count(*) FROM (SELECT generate_series(1, g.i) AS i FROM generate_series(0, 3) AS g(i)) x GROUP BY 1 ORDER BY 1",
		"SELECT i FROM (SELECT generate_series(1, 9) AS i) x WHERE i % 2 = 0 ORDER BY 1",
		"SELECT (SELECT count(*) FROM (SELECT unnest(ARRAY[g.i, 1])) x) FROM generate_series(1, 2) AS g(i)",
		"SELECT generate_series(1, 2) UNION ALL SELECT generate_series(5, 6)",
		"SELECT a.i, b.j FROM generate_series(1, 3) AS a(i), generate_series(1, a.i) AS b(j) ORDER BY 1, 2",
		"SELECT a.i, b.j FROM generate_series(1, 3) AS a(i) LEFT JOIN generate_series(2, a.i) AS b(j) ON true ORDER BY 1, 2",
		"SELECT a.i, b.v, b.n FROM generate_series(1, 2) AS a(i) CROSS JOIN unnest(ARRAY[a.i, 7]) WITH ORDINALITY AS b(v, n) ORDER BY 1, 3",
		"SELECT array_agg(i) FROM generate_series(1, 3) AS g(i)",
		"SELECT array_agg(i ORDER BY i DESC) FROM generate_series(1, 3) AS g(i)",
		"SELECT array_agg(i ORDER BY i % 2 DESC, i) FILTER (WHERE i <> 3) FROM generate_series(1, 5) AS g(i)",
		"SELECT array_agg(i) FROM generate_series(1, 0) AS g(i)",
		"SELECT array_agg(NULLIF(i, 2) ORDER BY i) FROM generate_series(1, 3) AS g(i)",
		"SELECT array_agg(i ORDER BY NULLIF(i, 2)) AS a, array_agg(i ORDER BY NULLIF(i, 2) DESC) AS b, array_agg(i ORDER BY NULLIF(i, 2) NULLS FIRST) AS c FROM generate_series(1, 3) AS g(i)",
		"SELECT i % 3 AS k, array_agg(i ORDER BY i), count(*) FROM generate_series(1, 10) AS g(i) GROUP BY 1 ORDER BY 1",
		"SELECT array_agg(s ORDER BY s NULLS FIRST, k)::text FROM r",
		"SELECT k, array_agg(s ORDER BY s)::text AS a, min(s) FROM r GROUP BY k ORDER BY k",
		"SELECT (array_agg(i ORDER BY i DESC))[1] AS x FROM generate_series(1, 3) AS g(i)",
		"SELECT string_agg(i::text, ',' ORDER BY i DESC) FROM generate_series(1, 3) AS g(i)",
		"SELECT string_agg(NULLIF(i, 2)::text, '-') FROM generate_series(1, 3) AS g(i)",
		"SELECT string_agg(i::text, NULLIF('x', 'x')) FROM generate_series(1, 3) AS g(i)",
		"SELECT string_agg(i::text, i::text ORDER BY i) FROM generate_series(1, 3) AS g(i)",
		"SELECT string_agg(i::text, ',') FROM generate_series(1, 0) AS g(i)",
		"SELECT g.i, (SELECT array_agg(j ORDER BY j DESC) FROM generate_series(1, g.i) AS h(j)) AS a FROM generate_series(0, 2) AS g(i) ORDER BY 1",
		"SELECT unnest((SELECT array_agg(i ORDER BY i DESC) FROM generate_series(1, 3) AS g(i))) AS x",
		"WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 5) SELECT n FROM t ORDER BY n",
		"WITH RECURSIVE t(n) AS (SELECT 1 UNION SELECT (n + 1) % 4 FROM t) SELECT n FROM t ORDER BY n",
		"WITH RECURSIVE t AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM t) SELECT n FROM t LIMIT 3",
		"WITH RECURSIVE t(n, path) AS (SELECT 1, '1' UNION ALL SELECT n + 1, path || '>' || (n + 1)::text FROM t WHERE n < 4) SELECT * FROM t ORDER BY n",
		"WITH RECURSIVE t(n) AS (VALUES (1) UNION ALL SELECT t.n + g.i FROM t, generate_series(1, 2) AS g(i) WHERE t.n + g.i < 5) SELECT n, count(*) FROM t GROUP BY n ORDER BY n",
		"WITH RECURSIVE e(a, b) AS (VALUES (1, 2), (2, 3), (3, 1), (4, 5)), t(x) AS (SELECT 1 UNION SELECT b FROM t JOIN e ON a = x) SELECT x FROM t ORDER BY x",
		"WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 3) SELECT a.n, b.n AS m FROM t a JOIN t b ON a.n = b.n ORDER BY 1",
		"WITH RECURSIVE a AS (SELECT 1 AS x), b AS (SELECT x + 1 AS y FROM a) SELECT * FROM b",
		"SELECT g.i, (WITH RECURSIVE f(n, v) AS (SELECT g.i, 1 UNION ALL SELECT n - 1, v * n FROM f WHERE n > 1) SELECT v FROM f ORDER BY n LIMIT 1) AS factorial FROM generate_series(1, 5) AS g(i) ORDER BY 1",
		"SELECT g.i, (WITH RECURSIVE f(n) AS (SELECT g.i UNION ALL SELECT f.n + 1 FROM f, (SELECT 1 AS one) o WHERE f.n < 3) SELECT count(*) FROM f) AS n FROM generate_series(1, 5) AS g(i) ORDER BY 1",
		"WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM (SELECT n FROM t) x WHERE n < 3) SELECT n FROM t ORDER BY n",
		"WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL (WITH u AS (SELECT 1 AS one) SELECT n + one FROM t, u WHERE n < 3)) SELECT n FROM t ORDER BY n",
		// What is refused.
		"SELECT 1 WHERE generate_series(1, 2) = 1",
		"SELECT CASE WHEN true THEN generate_series(1, 2) END",
		"SELECT COALESCE(generate_series(1, 2), 1)",
		"SELECT max(generate_series(1, 2))",
		"SELECT 1 LIMIT generate_series(1, 2)",
		"SELECT unnest(1)",
		"SELECT string_agg('a')",
		"SELECT string_agg(1, ',')",
		"SELECT array_agg(1, 2)",
		"SELECT array_agg(array_agg(1))",
		"SELECT 1 WHERE array_agg(1) IS NULL",
		"SELECT * FROM generate_series(1, 3) AS a(i) RIGHT JOIN generate_series(1, a.i) AS b(j) ON true",
		"SELECT * FROM generate_series(1, b.j) AS a(i), generate_series(1, 2) AS b(j)",
		"WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1.5 FROM t) SELECT n FROM t",
		"WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT 1, 2 FROM t) SELECT n FROM t",
		"WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT a.n FROM t a, t b) SELECT n FROM t",
		"WITH RECURSIVE t(n) AS (SELECT 1 EXCEPT SELECT n FROM t) SELECT n FROM t",
		"WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT 2 WHERE EXISTS (SELECT 1 FROM t)) SELECT n FROM t",
		"WITH RECURSIVE t(n, m) AS (SELECT 1 UNION ALL SELECT n FROM t) SELECT n FROM t",
		"WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t ORDER BY 1) SELECT n FROM t",
	} {
		want := onPostgres(t, conn, text)
		if d := here(db, text).differs(want); d != "" {
			t.Errorf("%s\n%s", text, d)
		}
		for _, how := range ways(random, t.TempDir()) {
			if d := differently(db, text, how, false, want); d != "" {
				t.Errorf("%s, %s\n%s", text, how, d)
			}
		}
		db.limit, db.temp, db.off = 0, "", nil
	}
}
