package engine_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/asofdb/asof/engine"
	"github.com/asofdb/asof/sql/types"
)

// prepared is a statement that a session has prepared, and what it answers.
func prepare(t *testing.T, s *engine.Session, sql string, params ...types.Type) *engine.Prepared {
	t.Helper()
	statements, err := s.Split(sql)
	if err != nil {
		t.Fatal(err)
	}
	p, err := s.Prepare(t.Context(), statements[0], params)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return p
}

// told is what a statement answers, errors included, with its columns.
func told(t *testing.T, p *engine.Prepared, values ...types.Value) string {
	t.Helper()
	rows, err := p.Query(t.Context(), values)
	if err != nil {
		return "ERROR " + err.Error()
	}
	var b strings.Builder
	for _, c := range rows.Columns() {
		fmt.Fprintf(&b, "%s %s,", c.Name, c.Type)
	}
	for rows.Next() {
		b.WriteString(" |")
		for _, v := range rows.Values() {
			b.WriteString(" " + string(types.AppendText(nil, v)))
		}
	}
	if err := rows.Err(); err != nil {
		b.WriteString(" ERROR " + err.Error())
	}
	rows.Close()
	return b.String() + " " + rows.Tag()
}

// A prepared read of a feature by its key answers the same however often it has run: planned anew and by operators, and without either.
func TestPointReadsAreThePlannedOnes(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "o.ndjson")
	var lines strings.Builder
	for i := range 60 {
		fmt.Fprintf(&lines, `{"op":"c","source":{"ts_us":%d},"before":null,"after":{"id":%d,"who":"w%d","kind":%d,"n":%d,"at":"2025-05-20T10:%02d:00Z"}}`+"\n", 1747735200000000+int64(i)*60_000_000, i, i%5, i%3, i*i%17, i)
	}
	if err := os.WriteFile(path, []byte(lines.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	e := openEngine(t, filepath.Join(dir, "data"), engine.Options{})
	mustExec(t, e, "CREATE SOURCE o (id BIGINT PRIMARY KEY, who TEXT, kind INTEGER, n BIGINT, at TIMESTAMPTZ) WITH (connector = 'file', path = '"+path+`') FORMAT DEBEZIUM ENCODE JSON;
		CREATE FEATURE f ENTITY who (who) AS SELECT who, COUNT(*) AS c, SUM(n) FILTER (WHERE at > NOW() - INTERVAL '30 minutes') AS recent, MAX(at) AS latest FROM o GROUP BY who;
		CREATE FEATURE g ENTITY pair (who, kind) AS SELECT kind, who, AVG(n) AS mean FROM o WHERE at > NOW() - INTERVAL '20 minutes' GROUP BY kind, who`)
	text, list, number := types.NewText, func(words ...string) types.Value {
		var vs []types.Value
		for _, w := range words {
			vs = append(vs, types.NewText(w))
		}
		return types.NewArray(vs)
	}, types.NewInt8
	null := types.Value{}
	for _, c := range []struct {
		sql    string
		values [][]types.Value
		point  bool
	}{
		{"SELECT * FROM f WHERE who = $1", [][]types.Value{{text("w1")}, {text("nobody")}, {null}, {text("")}}, true},
		{"SELECT c, latest, who FROM f WHERE $1 = who", [][]types.Value{{text("w2")}}, true},
		{"SELECT who, as_of, updated_at, reconstructed, feature_version FROM f WHERE who = $1", [][]types.Value{{text("w3")}, {text("nobody")}}, true},
		{"SELECT c + $2 AS more, latest - NOW(), upper(who) FROM f x WHERE x.who = $1 AND c > 3", [][]types.Value{{text("w4"), number(7)}, {text("w4"), null}}, true},
		{"SELECT who, c FROM f WHERE who = ANY($1)", [][]types.Value{{list("w1", "w2", "w1", "nobody")}, {list()}, {null}}, true},
		{"SELECT who, recent FROM f WHERE who IN ($1, $2)", [][]types.Value{{text("w1"), text("w0")}, {text("w1"), text("w1")}}, true},
		{"SELECT * FROM g WHERE kind = $1 AND who = $2", [][]types.Value{{number(1), text("w1")}, {number(2), text("w2")}, {number(1 << 40), text("w2")}}, true},
		{"SELECT 1 / (c - $2) FROM f WHERE who = $1", [][]types.Value{{text("w1"), number(12)}, {text("w1"), number(1)}}, true},
		{"SELECT who FROM f WHERE who = 'w1'", [][]types.Value{nil}, true},
		{"SELECT c FROM f WHERE who = $1 ORDER BY c", [][]types.Value{{text("w1")}}, false},
		{"SELECT c, (SELECT COUNT(*) FROM o) FROM f WHERE who = $1", [][]types.Value{{text("w1")}}, false},
		{"SELECT c FROM f AS OF '2025-05-20 10:30:00+00' WHERE who = $1", [][]types.Value{{text("w1")}}, false},
		{"SELECT c FROM f WHERE who LIKE $1", [][]types.Value{{text("w%")}}, false},
		{"SELECT n FROM o WHERE id = $1", [][]types.Value{{number(3)}}, false},
	} {
		for _, values := range c.values {
			s := e.NewSession()
			p := prepare(t, s, c.sql)
			first := told(t, p, values...)
			for range 2 {
				if again := told(t, p, values...); again != first {
					t.Errorf("%s %v\nfirst %s\nthen  %s", c.sql, values, first, again)
				}
			}
			if p.IsPointRead() != c.point {
				t.Errorf("%s: a point read is %v", c.sql, p.IsPointRead())
			}
			s.Close()
		}
	}
}

// What a session and the catalog are when a statement runs is what counts, not what they were when it was prepared.
func TestPointReadsFollowTheSession(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "o.csv")
	if err := os.WriteFile(path, []byte("id,n,at\n1,10,2025-05-20 10:00:00+00\n1,20,2025-05-20 11:00:00+00\n2,5,2025-05-20 11:30:00+00\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	e := openEngine(t, filepath.Join(dir, "data"), engine.Options{})
	const feature = "CREATE FEATURE f AS SELECT id, SUM(n) AS total, MAX(at) AS latest FROM o GROUP BY id"
	mustExec(t, e, "CREATE SOURCE o (id BIGINT, n BIGINT, at TIMESTAMPTZ) WITH (connector = 'file', path = '"+path+"', commit_time = 'at') FORMAT PLAIN ENCODE CSV; "+feature)
	s := e.NewSession()
	defer s.Close()
	const sql = "SELECT total, date_part('hour', latest) AS hour FROM f WHERE id = $1"
	p := prepare(t, s, sql)
	exec := func(script string) {
		t.Helper()
		if err := s.Exec(t.Context(), script); err != nil {
			t.Fatalf("%s: %v", script, err)
		}
	}
	one := types.NewInt8(1)
	same := func(when, want string) {
		t.Helper()
		told(t, p, one)
		got, fresh := told(t, p, one), told(t, prepare(t, s, sql), one)
		if got != fresh || !strings.Contains(got, want) {
			t.Errorf("%s: %s, prepared anew %s, want %s", when, got, fresh, want)
		}
	}
	same("at first", "| 30 11")
	exec("SET TimeZone = 'Asia/Kolkata'")
	same("in another zone", "| 30 16")
	exec("SET as_of = '2025-05-20 10:30:00+00'")
	same("in the past", "| 10 15")
	exec("RESET as_of; RESET TimeZone; BEGIN AS OF '2025-05-20 10:00:00+00'")
	same("in a transaction of the past", "| 10 10")
	exec("COMMIT; BEGIN ISOLATION LEVEL REPEATABLE READ")
	same("in a snapshot", "| 30 11")
	exec("COMMIT; CREATE TEMP TABLE f (id BIGINT, total BIGINT, latest TIMESTAMPTZ)")
	same("behind a table of the session", "SELECT 0")
	exec("DROP TABLE f; DROP FEATURE f; " + strings.Replace(feature, "SUM(n)", "SUM(n + 1)", 1))
	same("redefined", "| 32 11")
	exec("DROP FEATURE f")
	if got := told(t, p, one); !strings.Contains(got, `relation "f" does not exist`) {
		t.Errorf("dropped: %s", got)
	}
	exec(feature)
	same("again", "| 30 11")
	if !p.IsPointRead() {
		t.Error("it is no point read")
	}
}
