package exec

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/asofdb/asof/sql/expr"
	"github.com/asofdb/asof/sql/plan"
	"github.com/asofdb/asof/sql/syntax"
	"github.com/asofdb/asof/sql/types"
)

// TestFeaturesMeanTheirSelect: a compiled feature, evaluated row by row at a moment as its documentation says, gives what its own SELECT
// gives when it is run as a query with NOW() that moment.
func TestFeaturesMeanTheirSelect(t *testing.T) {
	db := newDatabase()
	mustCreate(t, db, `CREATE SOURCE e (id BIGINT PRIMARY KEY, k TEXT, m INTEGER, amount NUMERIC(8,2), at TIMESTAMPTZ)
		WITH (connector = 'file', path = 'x') FORMAT DEBEZIUM ENCODE JSON`)
	g := features{rand.New(rand.NewPCG(11, 11))}
	for i := range 80 {
		if err := db.insert("e", g.row(i)); err != nil {
			t.Fatal(err)
		}
	}
	for range 250 {
		body := g.body()
		f := compile(t, db, "CREATE FEATURE f AS "+body)
		for range 4 {
			now := g.moment()
			got, want := evaluate(t, db, f, now), run(t, db, body, now)
			if !slices.Equal(got, want) {
				t.Fatalf("%s\nat %s the feature says\n%s\nits SELECT\n%s\n%s", body, types.NewTimestamptz(now), strings.Join(got, "\n"), strings.Join(want, "\n"), f.Canonical())
			}
		}
	}
}

func compile(t *testing.T, db *database, text string) *plan.Feature {
	t.Helper()
	sts, err := syntax.Parse(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	f, _, err := plan.BindFeature(sts[0].(*syntax.CreateFeature), db, plan.Session{})
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return f
}

func run(t *testing.T, db *database, text string, now int64) []string {
	t.Helper()
	op := mustBuild(t, db, text, &Context{Tables: db, Now: now})
	defer op.Close()
	var out []string
	for {
		b, err := op.Next(context.Background())
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if b == nil {
			slices.Sort(out)
			return out
		}
		for i := range b.Rows() {
			row := make([]types.Value, len(b.Schema))
			b.Row(i, row)
			out = append(out, fmt.Sprint(row))
		}
	}
}

// entity is the rows of one entity that pass WHERE.
type entity struct{ rows [][]types.Value }

// evaluate is the specification of a compiled feature, as plainly as it can be written.
func evaluate(t *testing.T, db *database, f *plan.Feature, now int64) []string {
	t.Helper()
	entities := map[string]*entity{}
	if len(f.Keys) == 0 {
		entities[""] = &entity{}
	}
	for _, row := range db.rows[f.Source] {
		if !holds(t, f.Where, f, row, now) {
			continue
		}
		var key []byte
		for _, k := range f.Keys {
			key = types.AppendKey(key, row[k])
		}
		if entities[string(key)] == nil {
			entities[string(key)] = &entity{}
		}
		entities[string(key)].rows = append(entities[string(key)].rows, row)
	}
	var out []string
	for _, e := range entities {
		in := e.outputRow(t, f, now)
		row := make([]types.Value, len(f.Outputs))
		for i, o := range f.Outputs {
			row[i] = mustEval(t, o.X, in, now)
		}
		out = append(out, fmt.Sprint(row))
	}
	slices.Sort(out)
	return out
}

// outputRow is what the outputs see: the keys and the aggregates, or the source's row.
func (e *entity) outputRow(t *testing.T, f *plan.Feature, now int64) []types.Value {
	if f.Attribute {
		return e.rows[0]
	}
	var in []types.Value
	for _, k := range f.Keys {
		in = append(in, e.rows[0][k])
	}
	for _, a := range f.Aggs {
		state := a.Fn.New()
		for _, row := range e.rows {
			switch {
			case !holds(t, a.Pred, f, row, now):
			case a.Arg == nil:
				state.Add(types.NewBool(true))
			default:
				state.Add(mustEval(t, a.Arg, row, now))
			}
		}
		v, err := state.Result()
		if err != nil {
			t.Fatal(err)
		}
		in = append(in, v)
	}
	return in
}

func holds(t *testing.T, p plan.Predicate, f *plan.Feature, row []types.Value, now int64) bool {
	for _, b := range p.Bounds {
		if row[f.EventTime].IsNull() {
			return false
		}
		c := types.Compare(row[f.EventTime], mustEval(t, b.At, row, now))
		if !(map[string]bool{"<": c < 0, "<=": c <= 0, "=": c == 0, ">=": c >= 0, ">": c > 0}[b.Op]) {
			return false
		}
	}
	return p.Rest == nil || mustEval(t, p.Rest, row, now).I == 1
}

func mustEval(t *testing.T, x expr.Expr, row []types.Value, now int64) types.Value {
	v, err := x.Eval(&expr.Env{Row: row, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// features makes random bodies of features over e.
type features struct{ *rand.Rand }

func (g features) pick(xs ...string) string { return xs[g.IntN(len(xs))] }

// moment is a quarter of an hour of 2025-05-01, give or take a microsecond: bounds are met exactly.
func (g features) moment() int64 {
	const mayDay, quarter = 1_746_057_600_000_000, 900_000_000
	return mayDay + int64(g.IntN(24))*quarter + int64(g.IntN(3)-1)*int64(g.IntN(2))
}

func (g features) row(id int) []string {
	null := func(s string) string {
		if g.IntN(8) == 0 {
			return ""
		}
		return s
	}
	at := types.NewTimestamptz(g.moment()).String()
	return []string{
		fmt.Sprint(id), null(g.pick("a", "b", "c")), null(fmt.Sprint(g.IntN(3))), null(fmt.Sprintf("%d.%02d", g.IntN(30), g.IntN(100))), null(at),
	}
}

func (g features) body() string {
	where := ""
	if g.IntN(2) == 0 {
		where = " WHERE " + g.condition(1)
	}
	switch g.IntN(6) {
	case 0:
		return "SELECT id, amount, upper(k) AS u FROM e" + where
	case 1:
		return "SELECT " + g.outputs() + " FROM e" + where
	case 2:
		return "SELECT k, m, " + g.outputs() + " FROM e" + where + " GROUP BY m, k"
	}
	return "SELECT k, " + g.outputs() + " FROM e" + where + " GROUP BY k"
}

func (g features) outputs() string {
	var out []string
	for i := range 1 + g.IntN(4) {
		out = append(out, fmt.Sprintf("%s AS x%d", g.pick(g.aggregate(), g.aggregate(), g.aggregate()+" + 1", "COALESCE("+g.aggregate()+", 0)", g.aggregate()+" / NULLIF("+g.aggregate()+", 0)"), i))
	}
	return strings.Join(out, ", ")
}

func (g features) aggregate() string {
	x := g.pick("amount", "m", "amount * 2", "1", "NULL::int")
	if g.IntN(2) == 0 {
		x = "CASE WHEN " + g.condition(1) + " THEN " + x + g.pick("", "", " ELSE 0", " ELSE NULL") + " END"
	}
	call := g.pick("COUNT", "SUM", "AVG", "MIN", "MAX") + "(" + x + ")"
	switch g.IntN(6) {
	case 0:
		call = "COUNT(*)"
	case 1:
		call = "COUNT(DISTINCT " + x + ")"
	}
	if g.IntN(2) == 0 {
		call += " FILTER (WHERE " + g.condition(1) + ")"
	}
	return call
}

func (g features) condition(depth int) string {
	if depth > 0 && g.IntN(3) == 0 {
		return "(" + g.condition(depth-1) + g.pick(" AND ", " AND ", " OR ") + g.condition(depth-1) + ")"
	}
	window := "at" + g.pick(" > ", " >= ", " < ", " <= ") + "NOW() - INTERVAL '" + g.pick("15 minutes", "30 minutes", "1 hour", "3 hours") + "'"
	return g.pick(window, window, window, "NOT "+window, "m = 1", "amount > 10", "k IS NULL", "at >= DATE_TRUNC('hour', NOW())", "at BETWEEN NOW() - INTERVAL '1 hour' AND NOW()")
}
