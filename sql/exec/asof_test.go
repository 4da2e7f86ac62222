package exec

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/asofdb/asof/sql/plan"
	"github.com/asofdb/asof/sql/types"
)

// past is a world with a past: features f (keyed by k) and g (keyed by k, s) as row versions, the history of f, and a spine l.
type past struct {
	*rand.Rand
	db   *database
	conn *pgconn.PgConn
}

func newPast(t *testing.T, r *rand.Rand, spine int) *past {
	p := &past{Rand: r, db: newDatabase(), conn: connect(t)}
	p.db.visible = map[string]int{}
	p.table(t, "l", "id INTEGER, k BIGINT, s TEXT, ts TIMESTAMPTZ, d DATE", 0, 0)
	for i := range spine {
		p.insert(t, "l", fmt.Sprint(i), p.key(), p.pick("a", "b", ""), p.moment(), fmt.Sprintf("2025-01-%02d", 1+p.IntN(4)))
	}
	p.table(t, "f", "k BIGINT, x INTEGER, y TEXT", 1, plan.FeatureRelation)
	p.table(t, "g", "k INTEGER, s TEXT, n NUMERIC(8,2)", 2, plan.FeatureRelation)
	p.table(t, "f_history", "k BIGINT, event_time TIMESTAMPTZ, valid_to TIMESTAMPTZ, x INTEGER, y TEXT", 1, plan.FeatureHistory)
	for k := range 6 {
		moments := p.moments()
		for i, m := range moments {
			until := "infinity"
			if i+1 < len(moments) {
				until = moments[i+1]
			}
			x, y := p.pick("1", "2", "3", ""), p.pick("a", "b", "")
			if p.IntN(5) > 0 {
				p.insert(t, "f", fmt.Sprint(k), x, y, m, until)
			}
			p.insert(t, "g", fmt.Sprint(k), p.pick("a", "b"), p.pick("1.50", "2.00"), m, until)
			valid := until
			if valid == "infinity" {
				valid = ""
			}
			p.insert(t, "f_history", fmt.Sprint(k), m, valid, x, y)
		}
	}
	return p
}

// table makes a relation on both sides. That of a feature has the first columns as its key, and on the other side the columns since and until.
func (p *past) table(t *testing.T, name, columns string, keys int, kind plan.RelationKind) {
	mustCreate(t, p.db, "CREATE SOURCE "+name+" ("+columns+") WITH (connector = 'file', path = 'x') FORMAT DEBEZIUM ENCODE JSON")
	r := p.db.relations[name]
	r.Kind = kind
	for i := range keys {
		r.Key = append(r.Key, i)
	}
	if kind == plan.FeatureRelation {
		p.db.visible[name] = len(r.Columns)
		columns += ", since TIMESTAMPTZ, until TIMESTAMPTZ"
	}
	mustExec(t, p.conn, "CREATE TEMP TABLE "+name+" ("+strings.ReplaceAll(columns, "TEXT", `TEXT COLLATE "C"`)+")")
}

func (p *past) insert(t *testing.T, name string, fields ...string) {
	r := p.db.relations[name]
	n := len(r.Columns)
	if err := p.db.insert(name, fields[:n]); err != nil {
		t.Fatal(err)
	}
	last := len(p.db.rows[name]) - 1
	quoted := make([]string, len(fields))
	for i, f := range fields {
		if i >= n {
			v, err := types.Parse(types.Type{Kind: types.Timestamptz}, f)
			if err != nil {
				t.Fatal(err)
			}
			p.db.rows[name][last] = append(p.db.rows[name][last], v)
		}
		if quoted[i] = "'" + f + "'"; f == "" {
			quoted[i] = "NULL"
		}
	}
	mustExec(t, p.conn, "INSERT INTO "+name+" VALUES ("+strings.Join(quoted, ", ")+")")
}

func (p *past) pick(xs ...string) string { return xs[p.IntN(len(xs))] }

func (p *past) key() string { return p.pick("0", "1", "2", "3", "4", "5", "9", "") }

func (p *past) moment() string {
	if p.IntN(12) == 0 {
		return ""
	}
	return fmt.Sprintf("2025-01-%02d %02d:00:00%s", 1+p.IntN(4), p.IntN(4)*6, p.pick("+00", ".000001+00"))
}

// moments are distinct and ascending.
func (p *past) moments() []string {
	seen := map[string]bool{}
	for range 1 + p.IntN(6) {
		if m := p.moment(); m != "" {
			seen[m] = true
		}
	}
	var out []string
	for m := range seen {
		out = append(out, m)
	}
	slices.Sort(out)
	return out
}

// asOf is a moment: as it is written here, and as an expression on the other side.
func (p *past) asOf(of string) (here, there string) {
	x := p.pick(of+".ts", of+".ts", of+".ts - INTERVAL '6 hours'", of+".d", "COALESCE("+of+".ts, TIMESTAMPTZ '2025-01-02 00:00+00')", "'2025-01-03 06:00+00'")
	there = "(" + x + ")::timestamptz"
	switch p.IntN(4) {
	case 0:
		return "BEFORE " + x, there + " - INTERVAL '1 microsecond'"
	case 1:
		return "FOR SYSTEM_TIME AS OF " + x, there
	}
	return "AS OF " + x, there
}

// query is a chain of AS OF joins and what it means on row versions.
func (p *past) query() (here, there string) {
	spine := p.pick("l", "(SELECT id, k, s, ts, d FROM l WHERE id % 3 > 0) AS l", "(SELECT * FROM l ORDER BY id) AS l (id, k, s, ts, d)")
	from, lateral := spine, spine
	items := []string{"l.id"}
	for i := range 1 + p.IntN(2) {
		alias := fmt.Sprintf("j%d", i)
		at, moment := p.asOf("l")
		kind := p.pick("LEFT JOIN", "LEFT JOIN", "JOIN")
		rel, on := "f", p.pick(alias+".k = l.k", "l.k = "+alias+".k", alias+".k = l.k + 1", alias+".k = 2", alias+".k = l.id % 7")
		if p.IntN(2) == 0 {
			rel, on = "g", alias+".k = "+p.pick("l.k", "l.id % 5")+" AND l.s = "+alias+".s"
			items = append(items, alias+".n", alias+".k")
		} else {
			items = append(items, alias+".x", alias+".y")
		}
		if p.IntN(3) == 0 {
			on += " AND " + p.pick(alias+".k > 1", "l.id > "+alias+".k", "l.s IS NOT NULL", alias+".k IN (SELECT k FROM l)")
		}
		from += fmt.Sprintf(" %s %s %s %s ON %s", kind, rel, at, alias, on)
		lateral += fmt.Sprintf(" %s LATERAL (SELECT * FROM %s v WHERE v.since <= %s AND v.until > %s) %s ON %s", kind, rel, moment, moment, alias, on)
	}
	where := ""
	if p.IntN(3) == 0 {
		where = " WHERE " + p.pick("j0.k > 1", "l.id % 2 = 0", "j0.k IS NULL OR l.s = 'a'")
	}
	list := "SELECT " + strings.Join(items, ", ") + " FROM "
	return list + from + where, list + lateral + where + " ORDER BY l.id"
}

// TestAsOfJoinsAgreeWithPostgres compares AS OF joins with LATERAL joins over row versions on PostgreSQL, in the spine's order.
func TestAsOfJoinsAgreeWithPostgres(t *testing.T) {
	s := *seed
	if s == 0 {
		s = uint64(time.Now().UnixNano())
	}
	t.Logf("seed %d", s)
	p := newPast(t, rand.New(rand.NewPCG(s, 3)), 60)
	for i := range *queries / 4 {
		q, lateral := p.query()
		want := onPostgres(t, p.conn, lateral)
		if want.code != "" {
			t.Fatalf("%s\n%s", lateral, want.text)
		}
		for _, limit := range []int64{0, 2000} {
			p.db.limit, p.db.temp = limit, t.TempDir()
			got := here(p.db, q)
			got.names, got.kinds = want.names, want.kinds
			if d := got.differs(want); d != "" {
				t.Fatalf("query %d of seed %d, memory %d\n%s\n%s", i, s, limit, q, d)
			}
		}
	}
}

// TestHandWrittenPointInTimeJoin: the join over a history that people write by hand gives the same rows by the rule that recognises it and without,
// and as PostgreSQL; and the rule does recognise it.
func TestHandWrittenPointInTimeJoin(t *testing.T) {
	s := *seed
	if s == 0 {
		s = uint64(time.Now().UnixNano())
	}
	t.Logf("seed %d", s)
	p := newPast(t, rand.New(rand.NewPCG(s, 4)), 200)
	for _, q := range []struct {
		text       string
		recognised bool
	}{
		{"SELECT l.id, h.* FROM l JOIN f_history h ON l.k = h.k AND h.event_time <= l.ts AND h.event_time = (SELECT MAX(event_time) FROM f_history WHERE k = l.k AND event_time <= l.ts) ORDER BY l.id", true},
		{"SELECT l.id, h.* FROM l LEFT JOIN f_history h ON h.k = l.k AND h.event_time = (SELECT MAX(x.event_time) FROM f_history x WHERE l.ts >= x.event_time AND l.k = x.k) ORDER BY l.id", true},
		{"SELECT l.id, h.x FROM l, f_history h WHERE h.event_time = (SELECT MAX(event_time) FROM f_history WHERE k = l.k AND event_time < l.ts) AND h.k = l.k ORDER BY l.id", true},
		{"SELECT l.id, h.x FROM l LEFT JOIN f_history h ON h.k = l.k AND h.x > 1 AND (SELECT MAX(event_time) FROM f_history WHERE k = l.k AND event_time <= l.ts - INTERVAL '6 hours') = h.event_time ORDER BY l.id", true},
		{"SELECT l.id, h.x FROM l JOIN f_history h ON h.k = l.k + 1 AND h.event_time = (SELECT MAX(event_time) FROM f_history WHERE k = l.k + 1 AND event_time <= l.d) ORDER BY l.id", true},
		{"SELECT l.id, h.x FROM l JOIN f_history h ON h.k = l.k AND h.event_time <= l.d AND h.event_time = (SELECT MAX(event_time) FROM f_history WHERE k = l.k AND event_time < l.ts) ORDER BY l.id", true},
		// What looks alike and is not.
		{"SELECT l.id, h.x FROM l JOIN f_history h ON h.k = l.k AND h.event_time = (SELECT MIN(event_time) FROM f_history WHERE k = l.k AND event_time <= l.ts) ORDER BY l.id", false},
		{"SELECT l.id, h.x FROM l JOIN f_history h ON h.k = l.k AND h.event_time = (SELECT MAX(event_time) FROM f_history WHERE k = l.k) ORDER BY l.id", false},
		{"SELECT l.id, h.x FROM l JOIN f_history h ON h.k = l.k AND h.event_time = (SELECT MAX(event_time) FROM f_history WHERE event_time <= l.ts) ORDER BY l.id", false},
		{"SELECT l.id, h.x FROM l JOIN f_history h ON h.k = l.k AND h.event_time = (SELECT MAX(event_time) FROM f_history WHERE k = l.id % 5 AND event_time <= l.ts) ORDER BY l.id", false},
		{"SELECT l.id, h.x FROM l JOIN f_history h ON h.k = l.k AND h.event_time = (SELECT MAX(event_time) FROM f_history WHERE k = l.k AND event_time <= l.ts AND x = 1) ORDER BY l.id", false},
		{"SELECT l.id, h.x FROM l JOIN f_history h ON h.k = l.k AND h.event_time = (SELECT MAX(valid_to) FROM f_history WHERE k = l.k AND event_time <= l.ts) ORDER BY l.id", false},
		{"SELECT l.id, h.x FROM l JOIN f_history h ON h.k = l.k AND h.event_time = (SELECT MAX(event_time) FROM f_history WHERE k = l.k AND event_time <= l.ts) + INTERVAL '0' ORDER BY l.id", false},
		{"SELECT l.id, h.x FROM l RIGHT JOIN f_history h ON h.k = l.k AND h.event_time = (SELECT MAX(event_time) FROM f_history WHERE k = l.k AND event_time <= l.ts) ORDER BY l.id, h.x", false},
	} {
		want := onPostgres(t, p.conn, q.text)
		if want.code != "" || q.recognised && len(want.rows) == 0 {
			t.Fatalf("%s\n%s", q.text, want.text)
		}
		for _, off := range []bool{false, true} {
			p.db.off = map[string]bool{"asof_rule": off}
			if d := here(p.db, q.text).differs(want); d != "" {
				t.Errorf("%s\nrule off: %v\n%s", q.text, off, d)
			}
		}
		p.db.off = nil
		if got := strings.Contains(plan.Explain(bind(t, p.db, q.text).Root), "AS OF"); got != q.recognised {
			t.Errorf("%s\nrecognised: %v\n%s", q.text, got, plan.Explain(bind(t, p.db, q.text).Root))
		}
	}
}

// TestAsOfJoinOfManyRows: all rows of a long spine come out in order, once each, however small the chunks.
func TestAsOfJoinOfManyRows(t *testing.T) {
	db := numbers(t, 5000)
	mustCreate(t, db, "CREATE SOURCE f (k BIGINT PRIMARY KEY, v TEXT) WITH (connector = 'file', path = 'x') FORMAT DEBEZIUM ENCODE JSON")
	db.relations["f"].Kind = plan.FeatureRelation
	for k := range 7 {
		if err := db.insert("f", []string{fmt.Sprint(k), strings.Repeat("v", 50*k+1)}); err != nil {
			t.Fatal(err)
		}
	}
	for _, limit := range []int64{0, 1, 10_000, 100_000} {
		db.limit = limit
		rows := mustQuery(t, db, "SELECT n.id, f.k, length(f.v) FROM n LEFT JOIN f AS OF TIMESTAMPTZ '2025-01-01' + n.id * INTERVAL '1 second' ON f.k = n.id % 9")
		if len(rows) != 5000 {
			t.Fatalf("memory %d: %d rows", limit, len(rows))
		}
		for at, r := range rows {
			i := int(db.rows["n"][at][0].I)
			want := []string{fmt.Sprint(i), fmt.Sprint(i % 9), fmt.Sprint(50*(i%9) + 1)}
			if i%9 > 6 {
				want[1], want[2] = "NULL", "NULL"
			}
			if !slices.Equal(r, want) {
				t.Fatalf("memory %d, row %d: %v", limit, at, r)
			}
		}
	}
}

// TestErrorsOfTheSweep are handed up.
func TestErrorsOfTheSweep(t *testing.T) {
	p := numbers(t, 5)
	mustCreate(t, p, "CREATE SOURCE f (k BIGINT PRIMARY KEY) WITH (connector = 'file', path = 'x') FORMAT DEBEZIUM ENCODE JSON")
	op := mustBuild(t, p, "SELECT * FROM n JOIN f AS OF NOW() - n.id * INTERVAL '1 second' ON f.k = n.id", &Context{Tables: onlyOpen{p}})
	defer op.Close()
	if _, err := op.Next(context.Background()); !errors.Is(err, errNoPast) {
		t.Errorf("got %v", err)
	}
}

type onlyOpen struct{ *database }

var errNoPast = errors.New("there is no past")

func (onlyOpen) Sweep(context.Context, *plan.Scan, *Questions, []Answer) error {
	return errNoPast
}
