package window

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/asofdb/asof/engine/history"
	"github.com/asofdb/asof/sql/expr"
	"github.com/asofdb/asof/sql/plan"
	"github.com/asofdb/asof/sql/syntax"
	"github.com/asofdb/asof/sql/types"
)

// catalog is the source orders; created_at has the type given.
type catalog struct{ event types.Kind }

func (c catalog) Relation(string) (*plan.Relation, error) {
	columns := types.Schema{
		{Name: "order_id", Type: types.Type{Kind: types.Int8}, NotNull: true},
		{Name: "customer", Type: types.Type{Kind: types.Text}},
		{Name: "amount", Type: types.Type{Kind: types.Numeric, Precision: 12, Scale: 2}},
		{Name: "price", Type: types.Type{Kind: types.Float8}},
		{Name: "status", Type: types.Type{Kind: types.Text}},
		{Name: "qty", Type: types.Type{Kind: types.Int4}},
		{Name: "created_at", Type: types.Type{Kind: c.event}},
		{Name: "note", Type: types.Type{Kind: types.Text}},
	}
	r := &plan.Relation{Name: "orders", Columns: columns, Key: []int{0}, EventTime: -1}
	if c.event == types.Timestamptz {
		r.EventTime = 6
	}
	return r, nil
}

func compile(t testing.TB, event types.Kind, sql string) *plan.Feature {
	t.Helper()
	sts, err := syntax.Parse(sql)
	if err != nil {
		t.Fatalf("%v in %s", err, sql)
	}
	f, _, err := plan.BindFeature(sts[0].(*syntax.CreateFeature), catalog{event}, plan.Session{})
	if err != nil {
		t.Fatalf("%v in %s", err, sql)
	}
	return f
}

// version is a row of the source from its commit on, up to until.
type version struct {
	row         []types.Value
	from, until int64
}

// model is an entity's part of the source, as row versions and as the entries that say the same.
type model struct {
	versions    []version
	entries     []history.Entry // Cols are the whole row
	truncations []Truncation
}

const (
	second = 1_000_000
	hour   = 3600 * second
	start  = 1_700_000_000 * second
)

// randomModel makes some changes to the rows of one entity: inserts, updates, deletes, several at one commit, late and future rows, NULLs, now and
// then a TRUNCATE. attribute keeps to one row.
func randomModel(r *rand.Rand, event types.Kind, changes int, attribute bool) *model {
	m := &model{}
	c, pos := int64(start), int64(100)
	var live []int // indexes into versions
	add := func(row []types.Value) {
		live = append(live, len(m.versions))
		m.versions = append(m.versions, version{row, c, math.MaxInt64})
		m.entries = append(m.entries, entryOf(row, c, pos, 1))
	}
	end := func(i int) []types.Value {
		v := &m.versions[live[i]]
		v.until = c
		m.entries = append(m.entries, entryOf(v.row, c, pos, -1))
		live = slices.Delete(live, i, i+1)
		return v.row
	}
	updates := 35
	if attribute {
		updates = 70
	}
	for range changes {
		if r.IntN(4) > 0 {
			c += r.Int64N(4 * hour)
		}
		pos += 1 + r.Int64N(5)
		switch what := r.IntN(100); {
		case len(live) > 0 && what < updates:
			old := end(r.IntN(len(live)))
			row := randomRow(r, event, c)
			for i := range row {
				if r.IntN(2) == 0 {
					row[i] = old[i]
				}
			}
			add(row)
		case len(live) > 0 && what < updates+10:
			end(r.IntN(len(live)))
		case what == 99 && changes > 10:
			m.truncations = append(m.truncations, Truncation{C: c, Pos: pos})
			for _, i := range live {
				m.versions[i].until = c
			}
			live = live[:0]
		case !attribute || len(live) == 0:
			add(randomRow(r, event, c))
		}
	}
	return m
}

func entryOf(row []types.Value, c, pos int64, sign int8) history.Entry {
	e := history.Entry{C: c, Pos: pos, Sign: sign, Cols: row}
	e.E, e.HasE = history.EventTime(row[6])
	return e
}

func randomRow(r *rand.Rand, event types.Kind, c int64) []types.Value {
	null := func(v types.Value) types.Value {
		if r.IntN(7) == 0 {
			return types.Value{}
		}
		return v
	}
	at := c - r.Int64N(second)
	switch r.IntN(8) {
	case 0:
		at = c - r.Int64N(60*24*hour)
	case 1:
		at = c + r.Int64N(48*hour)
	case 2:
		at = c
	case 3:
		if r.IntN(3) == 0 {
			at = []int64{types.Infinity, types.NegInfinity}[r.IntN(2)]
		}
	}
	created := types.Value{Kind: event, I: at}
	if event == types.Date {
		created = history.EventValue(types.Date, at)
	}
	return []types.Value{
		types.NewInt8(r.Int64N(1000)),
		types.NewText("ann"),
		null(types.NewNumeric(r.Int64N(100000)-20000, 2)),
		null(types.NewFloat8(float64(r.IntN(1000)) / 7)),
		null(types.NewText([]string{"paid", "open", "void"}[r.IntN(3)])),
		null(types.NewInt(types.Int4, r.Int64N(20))),
		null(created),
		null(types.NewText(strings.Repeat("x", r.IntN(4)))),
	}
}

// naive is the definition: it looks at every row that is live at t, one expression after the other, and shares nothing with the evaluator.
func naive(f *plan.Feature, key []types.Value, m *model, t int64) ([]types.Value, error) {
	env := &expr.Env{Now: t}
	var rows [][]types.Value
	for _, v := range m.versions {
		if v.from <= t && t < v.until {
			env.Row = v.row
			if ok, err := naivePass(f, &f.Where, env); err != nil {
				return nil, err
			} else if ok {
				rows = append(rows, v.row)
			}
		}
	}
	if f.Attribute {
		if len(rows) == 0 {
			return nil, nil
		}
		env.Row = rows[len(rows)-1]
		return naiveOutputs(f, env)
	}
	if len(rows) == 0 && len(f.Keys) > 0 {
		return nil, nil
	}
	out := slices.Clone(key)
	for i := range f.Aggs {
		v, err := naiveAggregate(f, &f.Aggs[i], rows, env)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return naiveOutputs(f, &expr.Env{Now: t, Row: out})
}

func naiveAggregate(f *plan.Feature, a *plan.Aggregate, rows [][]types.Value, env *expr.Env) (types.Value, error) {
	s := a.Fn.New()
	for _, row := range rows {
		env.Row = row
		ok, err := naivePass(f, &a.Pred, env)
		if err != nil {
			return types.Value{}, err
		}
		if !ok {
			continue
		}
		var v types.Value
		if a.Arg != nil {
			if v, err = a.Arg.Eval(env); err != nil {
				return types.Value{}, err
			}
		}
		s.Add(v)
	}
	return s.Result()
}

func naivePass(f *plan.Feature, p *plan.Predicate, env *expr.Env) (bool, error) {
	for _, b := range p.Bounds {
		at, err := b.At.Eval(env)
		if err != nil {
			return false, err
		}
		e := env.Row[f.EventTime]
		if e.IsNull() || at.IsNull() {
			return false, nil
		}
		c := types.Compare(e, at)
		ok := map[string]bool{">": c > 0, ">=": c >= 0, "<": c < 0, "<=": c <= 0, "=": c == 0}[b.Op]
		if !ok {
			return false, nil
		}
	}
	if p.Rest == nil {
		return true, nil
	}
	v, err := p.Rest.Eval(env)
	return v.Kind == types.Bool && v.I == 1, err
}

func naiveOutputs(f *plan.Feature, env *expr.Env) ([]types.Value, error) {
	var out []types.Value
	for _, o := range f.Outputs {
		v, err := o.X.Eval(env)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

// windowLengths are those that features are made of: moments are drawn around the edges they make.
var windowLengths = []string{"1 second", "1 hour", "5 hours", "1 day", "7 days", "30 days"}

var lengthMicros = []int64{second, hour, 5 * hour, 24 * hour, 7 * 24 * hour, 30 * 24 * hour}

func randomBound(r *rand.Rand) string {
	length := func() string { return "INTERVAL '" + windowLengths[r.IntN(len(windowLengths))] + "'" }
	switch r.IntN(13) {
	case 9:
		return "created_at >= DATE_BIN('15 minutes', NOW(), TIMESTAMPTZ '2000-01-01')"
	case 10:
		return "created_at = NOW()"
	case 11:
		return "created_at > LEAST(NOW() - INTERVAL '1 day', TIMESTAMPTZ '2023-11-20 00:00+00')"
	case 12:
		return "created_at >= CURRENT_DATE - 1 AND created_at < CURRENT_DATE"
	case 0:
		return "created_at >= NOW() - " + length()
	case 1:
		return "created_at > NOW() - INTERVAL '7 days' AND created_at <= NOW() - " + length()
	case 2:
		return "created_at <= NOW()"
	case 3:
		return "created_at >= DATE_TRUNC('day', NOW())"
	case 4:
		return "created_at < NOW() + " + length()
	case 5:
		return "created_at > NOW() - " + length() + " AND created_at <= NOW()"
	}
	return "created_at > NOW() - " + length()
}

func randomCondition(r *rand.Rand, fallible bool) string {
	conditions := []string{
		"status = 'paid'", "amount > 100", "qty BETWEEN 3 AND 12", "status IS NULL", "status <> 'void' OR qty < 5", "note = 'xx'",
		"created_at > TIMESTAMPTZ '2023-11-20 00:00+00'", "(status = 'paid' OR created_at > NOW() - INTERVAL '1 day')",
		"NOT (created_at >= NOW() - INTERVAL '5 hours')", "(created_at <> NOW() AND qty > 2)",
		"DATE_TRUNC('day', created_at) = DATE_TRUNC('day', NOW())", "(created_at < NOW() OR amount < 0)",
	}
	if fallible {
		conditions = append(conditions, "100 / qty > 8", "10 / (qty - 3) >= 0")
	}
	return conditions[r.IntN(len(conditions))]
}

func randomPredicate(r *rand.Rand, fallible bool) string {
	var parts []string
	if r.IntN(3) > 0 {
		parts = append(parts, randomBound(r))
	}
	if r.IntN(2) == 0 || len(parts) == 0 {
		parts = append(parts, "("+randomCondition(r, fallible)+")")
	}
	return strings.Join(parts, " AND ")
}

// randomFeature writes a feature's definition.
func randomFeature(r *rand.Rand, keyed, fallible bool) string {
	aggregates := []string{
		"COUNT(*)", "COUNT(amount)", "SUM(amount)", "AVG(amount)", "MIN(amount)", "MAX(amount)", "SUM(qty)", "AVG(qty)", "SUM(price)", "AVG(price)",
		"MAX(status)", "MIN(created_at)", "MAX(created_at)", "COUNT(DISTINCT status)", "COUNT(DISTINCT qty)", "SUM(amount * qty)", "SUM(qty + 1)",
		"BOOL_OR(status = 'paid')", "BOOL_AND(qty > 3)", "SUM(DISTINCT qty)", "COUNT(qty)", "COUNT(price)", "MAX(price)", "MIN(status)", "COUNT(DISTINCT price)",
		"SUM(CASE WHEN created_at > NOW() - INTERVAL '1 day' THEN amount ELSE qty END)",
		"SUM(CASE WHEN qty > 5 THEN amount ELSE qty END)", "MIN(CASE WHEN qty > 5 THEN amount / 10 ELSE qty END)",
		"COUNT(DISTINCT CASE WHEN qty > 5 THEN ROUND(amount, -2) ELSE qty * 100 END)",
		"MAX(CASE WHEN created_at > NOW() - INTERVAL '7 days' THEN 'new' WHEN created_at < NOW() - INTERVAL '30 days' THEN 'old' END)",
	}
	var b strings.Builder
	b.WriteString("CREATE FEATURE f AS SELECT ")
	if keyed {
		b.WriteString("customer, ")
	}
	// Few predicates, so that aggregates share some.
	predicates := []string{randomPredicate(r, fallible), randomPredicate(r, fallible), randomPredicate(r, fallible)}
	if r.IntN(3) == 0 { // several windows over the same rows
		condition := ""
		if r.IntN(2) == 0 {
			condition = " AND (" + randomCondition(r, fallible) + ")"
		}
		for i := range predicates {
			predicates[i] = randomBound(r) + condition
		}
	}
	for i := range 1 + r.IntN(6) {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(aggregates[r.IntN(len(aggregates))])
		if p := r.IntN(5); p < len(predicates) {
			b.WriteString(" FILTER (WHERE " + predicates[p] + ")")
		}
		fmt.Fprintf(&b, " AS a%d", i)
	}
	b.WriteString(" FROM orders")
	if r.IntN(2) == 0 {
		b.WriteString(" WHERE " + randomPredicate(r, fallible))
	}
	if keyed {
		b.WriteString(" GROUP BY customer")
	}
	return b.String()
}

func randomAttribute(r *rand.Rand) string {
	sql := "CREATE FEATURE f ENTITY account (order_id) AS SELECT order_id, amount, status || '!' AS s, qty + 1 AS q, created_at AS at FROM orders"
	if r.IntN(2) == 0 {
		sql += " WHERE " + randomPredicate(r, false)
	}
	return sql
}

// projection is how a group lays out the source's columns: in any order, with more than the feature reads.
type projection struct {
	layout *history.Layout
	cols   []int
}

func randomProjection(r *rand.Rand, f *plan.Feature) projection {
	p := projection{layout: &history.Layout{}}
	for _, c := range r.Perm(len(f.Columns)) {
		needed := slices.Contains(f.Reads, c) && (c != f.EventTime || r.IntN(2) == 0)
		if needed || r.IntN(4) == 0 {
			p.cols = append(p.cols, c)
			p.layout.Types = append(p.layout.Types, f.Columns[c].Type)
		}
	}
	return p
}

func (p projection) entries(in []history.Entry) []history.Entry {
	out := slices.Clone(in)
	for i := range out {
		cols := make([]types.Value, len(p.cols))
		for j, c := range p.cols {
			cols[j] = in[i].Cols[c]
		}
		out[i].Cols = cols
	}
	return out
}

// randomLog stores a random part of the entries in a root, chunks and nodes, and leaves the others, with some of the stored ones, unflushed.
func (p projection) randomLog(t testing.TB, r *rand.Rand, m *model) Log {
	t.Helper()
	entries := p.entries(m.entries)
	log := Log{More: entries, Truncations: m.truncations}
	if r.IntN(4) == 0 {
		return log
	}
	root, sealed := history.NewRoot(), map[history.Header][]byte{}
	cut := 0
	if len(entries) > 0 {
		cut = r.IntN(len(entries) + 1)
	}
	for cut > 0 && cut < len(entries) && entries[cut].Pos == entries[cut-1].Pos {
		cut++
	}
	if cut > 0 {
		for _, x := range root.Append(p.layout, entries[:cut], entries[cut-1].Pos) {
			sealed[x.Header] = x.Bytes
		}
	}
	var err error
	if log.Root, err = history.ReadRoot(root.AppendTo(nil)); err != nil {
		t.Fatal(err)
	}
	log.More = entries[r.IntN(cut+1):]
	for range r.IntN(3) {
		run := &history.Pending{}
		n := r.IntN(len(log.More) + 1)
		for i := range log.More[:n] {
			run.Append(p.layout, &log.More[i])
		}
		log.Pending, log.More = append(log.Pending, run), log.More[n:]
	}
	log.Fetch = func(h history.Header) ([]byte, error) {
		b, ok := sealed[h]
		if !ok {
			return nil, fmt.Errorf("nothing stored for %+v", h)
		}
		return b, nil
	}
	return log
}

// moments are the times at which something may change, and their neighbours.
func (m *model) moments(r *rand.Rand, n int) []int64 {
	out := make([]int64, 0, n)
	for len(m.entries) > 0 && len(out) < n {
		e := m.entries[r.IntN(len(m.entries))]
		t := e.C
		if e.HasE && e.E > math.MinInt64/2 && e.E < math.MaxInt64/2 && r.IntN(3) > 0 {
			t = e.E
			if r.IntN(4) > 0 {
				t += lengthMicros[r.IntN(len(lengthMicros))]
			}
		}
		out = append(out, t+int64(r.IntN(3))-1)
	}
	return append(out, start-1)
}

func text(row []types.Value, err error) string {
	if err != nil {
		if e, ok := err.(*types.Error); ok {
			return "error " + e.Code
		}
		return "error " + err.Error()
	}
	if row == nil {
		return "no row"
	}
	parts := make([]string, len(row))
	for i, v := range row {
		parts[i] = fmt.Sprintf("%s:%d", v, v.Kind)
	}
	return strings.Join(parts, " | ")
}

// TestEvalIsTheDefinition compares the evaluator with the definition over random logs, features and moments.
func TestEvalIsTheDefinition(t *testing.T) {
	rounds, compared, rowsSeen, errorsSeen := 1200, 0, 0, 0
	if testing.Short() {
		rounds = 300
	}
	kinds := []types.Kind{types.Timestamptz, types.Timestamptz, types.Timestamp, types.Date}
	for seed := range rounds {
		r := rand.New(rand.NewPCG(42, uint64(seed)))
		event := kinds[r.IntN(len(kinds))]
		attribute, keyed := r.IntN(5) == 0, r.IntN(5) > 0
		sql := randomFeature(r, keyed, keyed && r.IntN(3) == 0)
		if attribute {
			sql = randomAttribute(r)
		}
		f := compile(t, event, sql)
		p := randomProjection(r, f)
		ev, err := New(f, p.layout, p.cols)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		for range 3 { // one evaluator, several entities
			changes := r.IntN(40)
			if r.IntN(20) == 0 {
				changes = 300 + r.IntN(900)
			}
			m := randomModel(r, event, changes, attribute)
			var key []types.Value
			if attribute {
				key = []types.Value{types.NewInt8(7)}
				for i := range m.versions {
					m.versions[i].row[0] = key[0]
				}
			} else if keyed {
				key = []types.Value{types.NewText("ann")}
			}
			log := p.randomLog(t, r, m)
			for _, at := range m.moments(r, 30) {
				want, wantErr := naive(f, key, m, at)
				got, gotErr := ev.Eval(key, log, at)
				if text(got, gotErr) != text(want, wantErr) {
					t.Fatalf("seed %d: %s\nat %d: %s\nwant    %s", seed, sql, at, text(got, gotErr), text(want, wantErr))
				}
				compared++
				if got != nil {
					rowsSeen++
				}
				if gotErr != nil {
					errorsSeen++
				}
			}
		}
	}
	t.Logf("%d comparisons, %d rows, %d errors", compared, rowsSeen, errorsSeen)
	if rowsSeen < compared/3 || errorsSeen == 0 {
		t.Errorf("of %d comparisons only %d saw a row and %d an error", compared, rowsSeen, errorsSeen)
	}
}
