package exec

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/asofdb/asof/sql/types"
)

var (
	queries = flag.Int("queries", 20_000, "random queries over several tables to compare with PostgreSQL, and a quarter as many over one")
	seed    = flag.Uint64("seed", 1, "seed of the random queries; 0 takes one from the clock, as the nightly run does")
)

// seedOf is the seed of a test's random queries.
func seedOf(t *testing.T) uint64 {
	s := *seed
	if s == 0 {
		s = uint64(time.Now().UnixNano())
	}
	t.Logf("seed %d", s)
	return s
}

// howMany is how many random queries are compared; fewer under the race detector, which runs them -short.
func howMany() int {
	if testing.Short() {
		return min(*queries, 1500)
	}
	return *queries
}

// perTrip is how many queries go to PostgreSQL in one round trip.
const perTrip = 50

// TestRandomQueriesAgreeWithPostgres runs random single-table queries here and on PostgreSQL and compares names, types and
// rows, or the SQLSTATE where both refuse.
func TestRandomQueriesAgreeWithPostgres(t *testing.T) {
	conn := connect(t)
	s, n := seedOf(t), howMany()/4
	g := &generator{Rand: rand.New(rand.NewPCG(s, 1))}
	db := newDatabase()
	g.fill(t, conn, db)
	refused := 0
	for i := 0; i < n; i += perTrip {
		texts, ordered := make([]string, perTrip), make([]bool, perTrip)
		for j := range texts {
			texts[j], ordered[j] = g.query()
		}
		wants, err := manyOnPostgres(conn, texts)
		if err != nil {
			t.Fatal(err)
		}
		for j, text := range texts {
			got, want := here(db, text), wants[j]
			if got.code != "" && got.code == want.code {
				if got.place != want.place || got.text != want.text {
					t.Fatalf("query %d of seed %d\n%s\nhere at %d: %s\nPostgreSQL at %d: %s", i+j, s, text, got.place, got.text, want.place, want.text)
				}
				refused++
				continue
			}
			if !ordered[j] {
				slices.Sort(got.rows)
				slices.Sort(want.rows)
			}
			if d := got.differs(want); d != "" {
				t.Fatalf("query %d of seed %d\n%s\n%s", i+j, s, text, d)
			}
		}
	}
	if refused > n/2 {
		t.Errorf("%d of %d queries are refused by both: the generator compares too little", refused, n)
	}
	t.Logf("%d queries agree, %d of them refused by both", n, refused)
}

// connect returns a connection to a schema of its own on the server of ASOF_TEST_POSTGRES.
func connect(t *testing.T) *pgconn.PgConn {
	url := os.Getenv("ASOF_TEST_POSTGRES")
	if url == "" {
		if os.Getenv("CI") == "true" {
			t.Fatal("ASOF_TEST_POSTGRES is not set")
		}
		t.Skip("set ASOF_TEST_POSTGRES to the URL of a PostgreSQL 15 to compare with it")
	}
	ctx := context.Background()
	c, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close(ctx) })
	conn := c.PgConn()
	mustExec(t, conn, "SET TimeZone = 'UTC'")
	return conn
}

func mustExec(t *testing.T, conn *pgconn.PgConn, sql string) {
	t.Helper()
	if _, err := conn.Exec(context.Background(), sql).ReadAll(); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// answer is what one side says: rows as texts, or the SQLSTATE of its refusal.
type answer struct {
	names, kinds []string
	rows         []string
	code, text   string
	place        int // of the refusal, from 1; 0 where there is none
	length       int // of what is underlined there
}

func (a answer) differs(want answer) string {
	switch {
	case a.code != want.code:
		return fmt.Sprintf("error here %q %s\nPostgreSQL %q %s", a.code, a.text, want.code, want.text)
	case !slices.Equal(a.names, want.names):
		return fmt.Sprintf("names here %q\nPostgreSQL %q", a.names, want.names)
	case !slices.Equal(a.kinds, want.kinds):
		return fmt.Sprintf("types here %q\nPostgreSQL %q", a.kinds, want.kinds)
	case !slices.Equal(a.rows, want.rows):
		return fmt.Sprintf("rows here\n%s\nPostgreSQL\n%s", strings.Join(a.rows, "\n"), strings.Join(want.rows, "\n"))
	}
	return ""
}

// tooLong is when a query is given up, here; some are random products of many tables.
const tooLong = 5 * time.Second

func here(db *database, text string) (a answer) {
	ctx, cancel := context.WithTimeout(context.Background(), tooLong)
	defer cancel()
	q, rows, err := db.query(ctx, text)
	if err != nil {
		var e *types.Error
		if !errors.As(err, &e) {
			return answer{code: "?", text: err.Error()}
		}
		return answer{code: e.Code, text: e.Message, place: e.Pos, length: e.Len}
	}
	for _, c := range q.Columns {
		a.names = append(a.names, c.Name)
		a.kinds = append(a.kinds, oids[c.Type.Kind])
	}
	for _, r := range rows {
		a.rows = append(a.rows, strings.Join(r, " | "))
	}
	return a
}

var oids = map[types.Kind]string{
	types.Bool: "16", types.Int8: "20", types.Int2: "21", types.Int4: "23", types.Text: "25", types.Float4: "700", types.Float8: "701", types.Varchar: "1043",
	types.Char: "1042", types.Time: "1083", types.UUID: "2950", types.Bytea: "17", types.Array: "1007",
	types.Date: "1082", types.Timestamp: "1114", types.Timestamptz: "1184", types.Interval: "1186", types.Numeric: "1700",
}

func onPostgres(t *testing.T, conn *pgconn.PgConn, text string) answer {
	t.Helper()
	a, err := manyOnPostgres(conn, []string{text})
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return a[0]
}

// manyOnPostgres asks all queries in one round trip.
func manyOnPostgres(conn *pgconn.PgConn, texts []string) ([]answer, error) {
	p := conn.StartPipeline(context.Background())
	for _, text := range texts {
		p.SendQueryParams(text, nil, nil, nil, nil)
		p.SendPipelineSync() // a query that fails takes no other with it
	}
	if err := p.Flush(); err != nil {
		return nil, err
	}
	answers := make([]answer, len(texts))
	for i := 0; i < len(texts); {
		var failed *pgconn.PgError
		switch r, err := p.GetResults(); r := r.(type) {
		case *pgconn.ResultReader:
			answers[i], err = readAnswer(r)
			if err != nil && !errors.As(err, &failed) {
				return nil, err
			}
		case *pgconn.PipelineSync:
			i++
		default:
			if !errors.As(err, &failed) {
				return nil, fmt.Errorf("PostgreSQL answers %T, %w", r, err)
			}
		}
		if failed != nil {
			answers[i] = answer{code: failed.Code, text: failed.Message, place: int(failed.Position)}
		}
	}
	return answers, p.Close()
}

func readAnswer(r *pgconn.ResultReader) (a answer, err error) {
	for _, f := range r.FieldDescriptions() {
		a.names = append(a.names, f.Name)
		a.kinds = append(a.kinds, fmt.Sprint(f.DataTypeOID))
	}
	for r.NextRow() {
		a.rows = append(a.rows, rowText(r.Values()))
	}
	_, err = r.Close()
	return a, err
}

func rowText(values [][]byte) string {
	texts := make([]string, len(values))
	for i, v := range values {
		texts[i] = string(v)
		if v == nil {
			texts[i] = "NULL"
		}
	}
	return strings.Join(texts, " | ")
}

// TestRefusalsAgreeWithPostgres compares refusals that random queries seldom meet: SQLSTATE, place and message.
func TestRefusalsAgreeWithPostgres(t *testing.T) {
	conn := connect(t)
	db := newDatabase()
	(&generator{Rand: rand.New(rand.NewPCG(1, 1))}).fill(t, conn, db)
	for _, text := range []string{
		"SELECT nope FROM t",
		"SELECT o.nope FROM t o",
		"SELECT t.i FROM t o",
		"SELECT z.i FROM t",
		"SELECT z.* FROM t",
		"SELECT * FROM nope",
		"SELECT *",
		"SELECT i FROM t WHERE n",
		"SELECT i FROM t WHERE i + 1",
		"SELECT i FROM t WHERE COUNT(*) > 1",
		"SELECT COUNT(*) FROM t HAVING i",
		"SELECT COUNT(*) FROM t HAVING 1",
		"SELECT SUM(MAX(i)) FROM t",
		"SELECT SUM(i) FILTER (WHERE MAX(i) > 1) FROM t",
		"SELECT SUM(i) FILTER (WHERE i) FROM t",
		"SELECT SUM(*) FROM t",
		"SELECT COUNT() FROM t",
		"SELECT SUM(i, j) FROM t",
		"SELECT SUM(n, i) FROM t",
		"SELECT SUM(s) FROM t",
		"SELECT SUM('1') FROM t",
		"SELECT COUNT(DISTINCT *) FROM t",
		"SELECT upper(DISTINCT s) FROM t",
		"SELECT upper(s) FILTER (WHERE true) FROM t",
		"SELECT nope(DISTINCT s) FROM t",
		"SELECT nope(s) FROM t",
		"SELECT i FROM t GROUP BY s",
		"SELECT i, COUNT(*) FROM t",
		"SELECT o.i, COUNT(*) FROM t o",
		"SELECT COUNT(*) FROM t ORDER BY i",
		"SELECT s FROM t GROUP BY s HAVING i > 1",
		"SELECT s FROM t GROUP BY 'x'",
		"SELECT s FROM t GROUP BY 1.5",
		"SELECT s FROM t GROUP BY 0",
		"SELECT s FROM t GROUP BY true",
		"SELECT s FROM t ORDER BY NULL",
		"SELECT s FROM t ORDER BY 99999999999",
		"SELECT s AS x, i AS x FROM t ORDER BY x",
		"SELECT s AS x, i AS x FROM t GROUP BY x",
		"SELECT SUM(i) AS x FROM t GROUP BY x",
		"SELECT COUNT(*) FROM t GROUP BY COUNT(*)",
		"SELECT DISTINCT s FROM t ORDER BY i",
		"SELECT s FROM t LIMIT i",
		"SELECT s FROM t LIMIT COUNT(*)",
		"SELECT s FROM t LIMIT 'x'",
		"SELECT s FROM t LIMIT true",
		"SELECT s FROM t LIMIT -1",
		"SELECT s FROM t OFFSET -1",
		"SELECT s FROM t OFFSET j",
		"SELECT 1 / 0",
		"SELECT i FROM t WHERE i / 0 = 1",
	} {
		got, want := here(db, text), onPostgres(t, conn, text)
		if got.code != want.code || got.place != want.place || got.text != want.text {
			t.Errorf("%s\nhere       %s at %d: %s\nPostgreSQL %s at %d: %s", text, got.code, got.place, got.text, want.code, want.place, want.text)
		}
	}
}
