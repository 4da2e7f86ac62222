package plan

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/asofdb/asof/sql/expr"
	"github.com/asofdb/asof/sql/syntax"
	"github.com/asofdb/asof/sql/types"
)

const eventsSource = `CREATE SOURCE events (id BIGINT PRIMARY KEY, k TEXT, v INTEGER, tz TIMESTAMPTZ, ts TIMESTAMP, d DATE)
	WITH (connector = 'file', path = 'x') FORMAT DEBEZIUM ENCODE JSON`

// TestPredicatesMeanTheCondition compares, for random conditions, what a feature's predicate says of a row at a moment with what
// the condition says in a query at that moment. Every bound must also never decrease.
func TestPredicatesMeanTheCondition(t *testing.T) {
	w := &world{relations: map[string]*Relation{}}
	w.run(eventsSource)
	g := conditions{rand.New(rand.NewPCG(7, 7))}
	bound, accepted := 0, 0
	for range 2000 {
		text := g.condition(2, g.pick("tz", "tz", "ts", "d"))
		f := w.feature(t, "CREATE FEATURE f AS SELECT k, COUNT(*) FILTER (WHERE "+text+") AS n FROM events GROUP BY k")
		if f == nil {
			continue
		}
		accepted++
		p := f.Aggs[0].Pred
		bound += len(p.Bounds)
		q := w.query(t, "SELECT id FROM events WHERE "+text)
		for range 20 {
			row, now := g.row(), g.moment()
			got, want := p.holds(t, f, row, now), filterHolds(t, q, row, now)
			if got != want {
				t.Fatalf("%s\nrow %v at %v: predicate %v, condition %v\n%s", text, row, types.NewTimestamptz(now), got, want, f.Canonical())
			}
			p.mustGrow(t, now, now+int64(g.IntN(int(2*day))))
		}
	}
	if accepted < 1000 || bound < 500 {
		t.Errorf("%d conditions accepted with %d bounds: the generator tests too little", accepted, bound)
	}
}

const (
	hour = int64(3_600_000_000)
	day  = 24 * hour
)

func (w *world) feature(t *testing.T, text string) *Feature {
	t.Helper()
	sts, err := syntax.Parse(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	f, _, err := BindFeature(sts[0].(*syntax.CreateFeature), w, w.session)
	if err != nil {
		if e, ok := err.(*types.Error); !ok || e.Pos == 0 {
			t.Fatalf("%s: %v has no place", text, err)
		}
		return nil
	}
	return f
}

func (w *world) query(t *testing.T, text string) *Query {
	t.Helper()
	sts, err := syntax.Parse(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	q, err := BindQuery(sts[0].(*syntax.Query).Select, w, w.session)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return q
}

// holds evaluates the predicate as an engine does.
func (p Predicate) holds(t *testing.T, f *Feature, row []types.Value, now int64) bool {
	t.Helper()
	env := &expr.Env{Row: row, Now: now}
	for _, b := range p.Bounds {
		e := row[f.EventTime]
		if e.IsNull() {
			return false
		}
		at, err := b.At.Eval(env)
		if err != nil {
			t.Fatal(err)
		}
		c := types.Compare(e, at)
		if !(map[string]bool{"<": c < 0, "<=": c <= 0, "=": c == 0, ">=": c >= 0, ">": c > 0}[b.Op]) {
			return false
		}
	}
	if p.Rest == nil {
		return true
	}
	ok, err := expr.True(p.Rest, env)
	if err != nil {
		t.Fatal(err)
	}
	return ok
}

func (p Predicate) mustGrow(t *testing.T, before, after int64) {
	t.Helper()
	for _, b := range p.Bounds {
		x, err := b.At.Eval(&expr.Env{Now: before})
		if err != nil {
			t.Fatal(err)
		}
		y, err := b.At.Eval(&expr.Env{Now: after})
		if err != nil {
			t.Fatal(err)
		}
		if b.At.Type().Kind != types.Timestamptz || types.Compare(x, y) > 0 {
			t.Fatalf("%s goes back from %s to %s", b.At, x, y)
		}
	}
}

// filterHolds evaluates the filter of a query of the form SELECT … WHERE.
func filterHolds(t *testing.T, q *Query, row []types.Value, now int64) bool {
	t.Helper()
	n := q.Root
	if p, ok := n.(*Project); ok {
		n = p.In
	}
	f, ok := n.(*Filter)
	if !ok {
		t.Fatalf("no filter:\n%s", Explain(q.Root))
	}
	env := &expr.Env{Now: now}
	for _, c := range f.In.(*Scan).Columns {
		env.Row = append(env.Row, row[c])
	}
	holds, err := expr.True(f.X, env)
	if err != nil {
		t.Fatal(err)
	}
	return holds
}

// conditions makes random conditions on events.
type conditions struct{ *rand.Rand }

func (g conditions) pick(xs ...string) string { return xs[g.IntN(len(xs))] }

// moment is around the first of the months from December 2023, or days and an hour from there, give or take a microsecond: moments that
// meet the bounds exactly are frequent.
func (g conditions) moment() int64 {
	const newYear = 1_704_067_200_000_000
	days := []int64{-31, -1, 0, 0, 1, 30, 31, 59, 60}
	return newYear + days[g.IntN(len(days))]*day + int64(g.IntN(2))*hour + int64(max(0, g.IntN(5)-2)-1)*int64(g.IntN(2))
}

func (g conditions) row() []types.Value {
	row := []types.Value{types.NewInt8(1), types.NewText("k"), types.NewInt(types.Int4, int64(g.IntN(3)))}
	for _, kind := range []types.Kind{types.Timestamptz, types.Timestamp, types.Date} {
		v := types.Value{Kind: kind, I: g.moment()}
		switch {
		case g.IntN(12) == 0:
			v = types.Value{}
		case kind == types.Date:
			v.I /= day
		}
		row = append(row, v)
	}
	return row
}

func (g conditions) condition(depth int, event string) string {
	if depth > 0 && g.IntN(2) == 0 {
		a, b := g.condition(depth-1, event), g.condition(depth-1, event)
		return g.pick(a+" AND "+b, a+" AND "+b, "("+a+" OR "+b+")", "NOT ("+a+")", "CASE WHEN "+a+" THEN "+b+" ELSE false END")
	}
	if g.IntN(5) == 0 {
		return g.pick("v = 1", "v > 0", "v IS NULL", event+" > '2024-01-03'")
	}
	op := g.pick(" > ", " >= ", " < ", " <= ", " = ", " <> ")
	side := g.event(event)
	switch g.IntN(6) {
	case 0:
		return g.bound() + op + side
	case 1:
		return side + g.pick("", " NOT") + " BETWEEN " + g.bound() + " AND " + g.bound()
	}
	return side + op + g.bound()
}

func (g conditions) event(column string) string {
	if g.IntN(3) > 0 {
		return column
	}
	return g.pick(column+"::date", column+"::timestamptz", column+"::timestamp", "date_trunc('day', "+column+"::timestamptz)", "("+column+" + INTERVAL '1 day')", "date_trunc('month', "+column+"::timestamp)")
}

func (g conditions) bound() string {
	base := g.pick("NOW()", "NOW()", "NOW()", "CURRENT_DATE", "LOCALTIMESTAMP", "NOW()::date", "NOW()::timestamp", "(NOW() AT TIME ZONE 'UTC')")
	if g.IntN(3) == 0 {
		base = fmt.Sprintf("DATE_TRUNC('%s', %s)", g.pick("hour", "day", "week", "month", "quarter", "year"), base)
	}
	switch g.IntN(6) {
	case 0:
		return base
	case 1:
		return "DATE_BIN('6 hours', " + base + ", TIMESTAMP '2001-01-01')"
	case 2:
		return "GREATEST(" + base + ", '2024-01-02')"
	}
	return base + g.pick(" - ", " + ") + "INTERVAL '" + g.pick("1 hour", "1 day", "30 days", "36 hours", "1 month", "1 year 2 months", "1 month 3 days") + "'"
}
