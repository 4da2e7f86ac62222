package exec

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/asofdb/asof/sql/plan"
	"github.com/asofdb/asof/sql/syntax"
	"github.com/asofdb/asof/sql/types"
)

// TestInsertsAgreeWithPostgres compares the rows that INSERT stores, or why it refuses.
func TestInsertsAgreeWithPostgres(t *testing.T) {
	conn := connect(t)
	db := newDatabase()
	(&queryMaker{Rand: rand.New(rand.NewPCG(1, 1))}).fillTables(t, conn, db)
	columns := "a INTEGER, b NUMERIC(4,1), c VARCHAR(3), d TIMESTAMPTZ, e TEXT, f SMALLINT"
	mustCreate(t, db, "CREATE SOURCE x ("+columns+") WITH (connector = 'file', path = 'x') FORMAT DEBEZIUM ENCODE JSON")
	mustExec(t, conn, "CREATE TEMP TABLE x ("+columns+")")
	for _, text := range []string{
		"INSERT INTO x VALUES (1, 2, 'abc', '2025-01-01', 5, 6)",
		"INSERT INTO x VALUES (1.5, 2.25, 'abc   ', DATE '2025-01-01', true::text, 6.4)",
		"INSERT INTO x VALUES (1), (NULL), (DEFAULT)",
		"INSERT INTO x (e, a) VALUES ('t', 1), (DEFAULT, '2'), (1.50, 2.5::float8)",
		"INSERT INTO x (a) VALUES (true)",
		"INSERT INTO x (a) VALUES ('x')",
		"INSERT INTO x (c) VALUES ('abcd')",
		"INSERT INTO x (c) VALUES ('abcd'::text)",
		"INSERT INTO x (b) VALUES (1234.5)",
		"INSERT INTO x (f) VALUES (40000)",
		"INSERT INTO x (d) VALUES (1)",
		"INSERT INTO x (d) VALUES ('2025-01-01'::text)",
		"INSERT INTO x (nope) VALUES (1)",
		"INSERT INTO x (a, b) VALUES (1)",
		"INSERT INTO x (a) VALUES (1, 2)",
		"INSERT INTO x VALUES (1, 2, 'a', '2025-01-01', 'e', 6, 7)",
		"INSERT INTO nope VALUES (1)",
		"INSERT INTO x SELECT k, n, s FROM r",
		"INSERT INTO x (e, d) SELECT k, z FROM t",
		"INSERT INTO x (a) SELECT s FROM t",
		"INSERT INTO x (c, a) SELECT 'abc', '7'",
		"INSERT INTO x (c, a) SELECT NULL, k FROM r GROUP BY k",
		"INSERT INTO x (d) SELECT '2025-01-01' UNION SELECT '2025-01-02'",
		"INSERT INTO x (a, e) SELECT 1, 'x' UNION ALL SELECT k, s FROM r",
		"INSERT INTO x (a, e) VALUES (1, 'y'), (2, 'z') ORDER BY 1 DESC LIMIT 1",
		"INSERT INTO x (a) WITH y AS (SELECT 5 AS v) SELECT v FROM y",
		"INSERT INTO x (a, b) SELECT k FROM r",
		"INSERT INTO x (a) SELECT k, s FROM r",
		"INSERT INTO x (a) SELECT (SELECT max(k) FROM r)",
		"INSERT INTO x (a) SELECT nope FROM r",
		"INSERT INTO x (f, b) SELECT k + 0.5, k FROM w",
	} {
		mustExec(t, conn, "DELETE FROM x")
		want := onPostgres(t, conn, text)
		if want.code == "" {
			want = onPostgres(t, conn, "SELECT * FROM x")
		}
		rows, err := db.insertRows(text)
		var e *types.Error
		switch {
		case errors.As(err, &e):
			if e.Code != want.code || e.Message != want.text {
				t.Errorf("%s\nhere       %s %s\nPostgreSQL %s %s", text, e.Code, e.Message, want.code, want.text)
			}
			if e.Pos == 0 && want.place > 0 {
				t.Errorf("%s: no place", text)
			}
			continue
		case err != nil:
			t.Fatal(err)
		}
		slices.Sort(rows)
		slices.Sort(want.rows)
		if want.code != "" || !slices.Equal(rows, want.rows) {
			t.Errorf("%s\nhere\n%s\nPostgreSQL %s %s\n%s", text, strings.Join(rows, "\n"), want.code, want.text, strings.Join(want.rows, "\n"))
		}
	}
}

// insertRows runs an INSERT up to the rows that it would store.
func (db *database) insertRows(text string) ([]string, error) {
	sts, err := syntax.Parse(text)
	if err != nil {
		return nil, err
	}
	ins, err := plan.BindInsert(sts[0].(*syntax.Insert), db, plan.Session{})
	if err != nil {
		return nil, err
	}
	for i, c := range ins.Query.Columns {
		if want := ins.Target.Columns[i]; c.Type != want.Type || c.Name != want.Name {
			return nil, errors.New("column " + c.Name + " is not that of the table")
		}
	}
	rows, err := db.run(context.Background(), ins.Query)
	var out []string
	for _, r := range rows {
		out = append(out, strings.Join(r, " | "))
	}
	return out, err
}
