package engine_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/asofdb/asof/connectors"
	"github.com/asofdb/asof/connectors/decode/golden"
	"github.com/asofdb/asof/engine"
	"github.com/asofdb/asof/sql/types"
)

// Every capture of what Debezium really sent goes through the whole engine, a source for each of its tables, in batches of every size. The tables must be what the
// database printed when the snapshot was taken and at the end, but for the losses that the captures' package lists.
func TestCapturesGiveTheTables(t *testing.T) {
	for _, c := range golden.Captures() {
		for _, batch := range batchSizes() {
			if c.Partial && batch != 2 {
				continue // the same few rows as in its whole twin, encoded otherwise
			}
			t.Run(fmt.Sprintf("%s/%d", c.Name, batch), func(t *testing.T) {
				g := openCapture(t, c, batch)
				for _, table := range slices.Sorted(maps.Keys(c.Tables)) {
					g.create(t, table)
					g.compareTables(t, table)
				}
			})
		}
	}
}

func batchSizes() []int {
	if testing.Short() {
		return []int{2}
	}
	return []int{1, 2, 7, 8192}
}

// goldenEngine is an engine over the files of one capture.
type goldenEngine struct {
	*engine.Engine
	capture golden.Capture
	records map[string][]golden.Record
	dir     string
	// partitions are those of each table's topic, where the records went through Kafka.
	partitions map[string]int
}

func openCapture(t *testing.T, c golden.Capture, batch int) *goldenEngine {
	t.Helper()
	g := &goldenEngine{capture: c, dir: t.TempDir(), records: map[string][]golden.Record{}, partitions: map[string]int{}}
	g.Engine = openEngine(t, filepath.Join(g.dir, "data"), engine.Options{BatchChanges: batch, FlushChanges: 4 * batch})
	for _, r := range golden.Records(t, c.Name) {
		if strings.Count(r.Topic, ".") == 2 {
			g.records[r.Table()] = append(g.records[r.Table()], r)
		}
	}
	if c.Name == "shop_parts3" {
		for table := range g.records {
			g.merge(t, table)
		}
	}
	return g
}

// openEngine opens a directory with all connectors, and closes it at the end of the test.
func openEngine(t testing.TB, dir string, o engine.Options) *engine.Engine {
	t.Helper()
	o.Connectors = connectors.Default()
	e, err := engine.Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return e
}

// merge brings the partitions of a topic into the order of the commits, and leaves out tombstones, which have none.
func (g *goldenEngine) merge(t *testing.T, table string) {
	t.Helper()
	type place struct {
		Source struct {
			Us int64 `json:"ts_us"`
		}
		Transaction *struct {
			Order int64 `json:"total_order"`
		}
	}
	places := map[string]place{}
	all := slices.DeleteFunc(g.records[table], func(r golden.Record) bool { return string(r.Value) == "null" })
	for _, r := range all {
		var p place
		if err := json.Unmarshal(r.Value, &p); err != nil {
			t.Fatal(err)
		}
		places[string(r.Value)] = p
	}
	slices.SortStableFunc(all, func(a, b golden.Record) int {
		x, y := places[string(a.Value)], places[string(b.Value)]
		if x.Transaction == nil || y.Transaction == nil {
			return cmp.Compare(x.Source.Us, y.Source.Us)
		}
		return cmp.Or(cmp.Compare(x.Source.Us, y.Source.Us), cmp.Compare(x.Transaction.Order, y.Transaction.Order))
	})
	g.records[table] = all
}

// create writes a table's records into a file and makes a source of it.
func (g *goldenEngine) create(t *testing.T, table string) {
	t.Helper()
	var lines strings.Builder
	for _, r := range g.records[table] {
		lines.Write(append(r.Value, '\n'))
	}
	path := filepath.Join(g.dir, table+".ndjson")
	if err := os.WriteFile(path, []byte(lines.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	d := g.capture.Tables[table]
	columns := d.DDL
	if len(d.Key) > 0 {
		columns += ", PRIMARY KEY (" + strings.Join(d.Key, ", ") + ")"
	}
	with := fmt.Sprintf("connector = 'file', path = '%s'", path)
	for _, name := range slices.Sorted(maps.Keys(g.capture.Options)) {
		with += fmt.Sprintf(", %s = '%s'", name, g.capture.Options[name])
	}
	if len(g.capture.LostRows(table)) > 0 {
		with += ", on_bad_record = 'reject'"
	}
	mustExec(t, g.Engine, fmt.Sprintf("CREATE SOURCE %s (%s) WITH (%s) FORMAT DEBEZIUM ENCODE JSON", table, columns, with))
}

func mustExec(t testing.TB, e *engine.Engine, sql string) {
	t.Helper()
	if err := e.Exec(t.Context(), sql); err != nil {
		t.Fatalf("%s\n%s", sql, errorText(sql, err))
	}
}

// compareTables compares a source with the truth, now and as the snapshot saw it.
func (g *goldenEngine) compareTables(t *testing.T, table string) {
	t.Helper()
	c, d := g.capture, g.capture.Tables[table]
	if t0, ok := g.snapshotAt(t, table); ok && c.Group != "incremental" && c.Group != "restart" {
		want := c.Expected(t, table, true)
		got := g.rows(t, table, d.Key, fmt.Sprintf(" AS OF '%s'", types.NewTimestamptz(t0)))
		if c.Partial {
			want = want.Only(slices.Collect(maps.Keys(got))...)
		}
		compareTruth(t, table+" at the snapshot", got, want)
	}
	got, want := g.rows(t, table, d.Key, ""), c.Expected(t, table, false)
	if c.Partial { // of the streamed changes only those of one row of types were kept
		if table != "types" {
			return
		}
		got, want = got.Only("5"), want.Only("5")
	}
	compareTruth(t, table+" at the end", got, want)
}

// snapshotAt is the commit time that all snapshot rows of a table have.
func (g *goldenEngine) snapshotAt(t *testing.T, table string) (int64, bool) {
	t.Helper()
	for _, r := range g.records[table] {
		var v struct {
			Op     string
			Source struct {
				TsUs int64 `json:"ts_us"`
			}
			Payload struct {
				Op     string
				Source struct {
					TsUs int64 `json:"ts_us"`
				}
			}
		}
		if err := json.Unmarshal(r.Value, &v); err != nil {
			t.Fatal(err)
		}
		if v.Op == "r" {
			return v.Source.TsUs, true
		}
		if v.Payload.Op == "r" {
			return v.Payload.Source.TsUs, true
		}
	}
	return 0, false
}

// rows reads a table as the database would print it.
func (g *goldenEngine) rows(t *testing.T, table string, key []string, asOf string) golden.Truth {
	t.Helper()
	out := golden.Truth{}
	rows, err := g.Query(t.Context(), "SELECT * FROM "+table+asOf)
	if err != nil {
		t.Fatalf("%s%s: %v", table, asOf, err)
	}
	defer rows.Close()
	for rows.Next() {
		row := map[string]string{}
		for i, v := range rows.Values() {
			text := golden.Null
			if !v.IsNull() {
				text = string(types.AppendText(nil, v))
			}
			row[rows.Columns()[i].Name] = text
		}
		out.Add(row, key)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

func compareTruth(t *testing.T, what string, got, want golden.Truth) {
	t.Helper()
	if g, w := slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want)); !slices.Equal(g, w) {
		t.Errorf("%s: rows %q instead of %q", what, g, w)
	}
	for id, row := range want {
		for column, w := range row {
			if g, ok := got[id][column]; got[id] != nil && ok && g != w {
				t.Errorf("%s: row %s: %s is %.300s instead of %.300s", what, id, column, g, w)
			}
		}
	}
}

// The changes that a restarted connector sent again change nothing, and nothing of any capture is shifted.
func TestCapturesAreCountedOnce(t *testing.T) {
	for _, c := range golden.Captures() {
		switch c.Group {
		case "restart", "incremental", "shop":
		default:
			continue
		}
		t.Run(c.Name, func(t *testing.T) {
			g := openCapture(t, c, 3)
			for table := range c.Tables {
				g.create(t, table)
			}
			repeated := int64(0)
			for name, row := range showSources(t, g.Engine) {
				repeated += row["repeated"].I
				for _, counter := range []string{"shifted_changes", "inverted_commits", "split_transactions"} {
					if n := row[counter].I; n != 0 {
						t.Errorf("%s: %s is %d", name, counter, n)
					}
				}
			}
			if want := map[string]int64{"restart": 7}[c.Group]; repeated != want {
				t.Errorf("%d changes are repeated, not %d", repeated, want)
			}
		})
	}
}

// sourceRow is a row of SHOW SOURCES, by column.
type sourceRow map[string]types.Value

// showSources returns what SHOW SOURCES says of each source, by column.
func showSources(t testing.TB, e *engine.Engine) map[string]sourceRow {
	t.Helper()
	rows, err := e.Query(t.Context(), "SHOW SOURCES")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	all := map[string]sourceRow{}
	for rows.Next() {
		row := map[string]types.Value{}
		for i, v := range rows.Values() {
			row[rows.Columns()[i].Name] = v.Clone()
		}
		all[rows.Values()[0].S] = row
	}
	return all
}

// Features over the shop's tables, asked at every commit of the captured database and a microsecond before it, are what a map of rows gives that is
// brought to the same commit change by change.
func TestCapturedCommits(t *testing.T) {
	for _, name := range []string{"shop_json", "shop_schema", "shop_parts3"} {
		i := slices.IndexFunc(golden.Captures(), func(c golden.Capture) bool { return c.Name == name })
		c := golden.Captures()[i]
		for _, batch := range batchSizes() {
			t.Run(fmt.Sprintf("%s/%d", name, batch), func(t *testing.T) {
				g := openCapture(t, c, batch)
				g.create(t, "orders")
				g.create(t, "customers")
				mustExec(t, g.Engine, `
					CREATE FEATURE spend AS SELECT customer_id, COUNT(*) AS orders, SUM(amount) AS total, COUNT(DISTINCT state) AS states,
						COUNT(*) FILTER (WHERE created_at > NOW() - INTERVAL '2 seconds') AS recent FROM orders GROUP BY customer_id;
					CREATE FEATURE profile ENTITY customer_profile (customer_id) AS SELECT customer_id, email, tier FROM customers`)
				orders, customers := g.model(t, "orders"), g.model(t, "customers")
				asked := 0
				for _, tx := range golden.Commits(c.Group) {
					for _, at := range []int64{tx.Time - 1, tx.Time} {
						if at < orders.first || at < customers.first {
							continue
						}
						asked++
						g.compareAt(t, "spend", at, orders.spend(at))
						g.compareAt(t, "profile", at, customers.profile(at))
					}
				}
				if asked < 40 {
					t.Errorf("only %d moments were asked for", asked)
				}
			})
		}
	}
}

func (g *goldenEngine) compareAt(t *testing.T, feature string, at int64, want golden.Truth) {
	t.Helper()
	moment := types.NewTimestamptz(at).String()
	compareTruth(t, feature+" at "+moment, g.rows(t, feature, []string{"customer_id"}, fmt.Sprintf(" AS OF '%s'", moment)), want)
}

// commitModel is a table's changes in order. It takes after images and its own rows, never before images but for their key.
type commitModel struct {
	columns types.Schema
	key     []int
	events  []engine.Event
	first   int64
}

func (g *goldenEngine) model(t *testing.T, table string) *commitModel {
	t.Helper()
	spec := g.capture.Tables[table].Spec(t, g.capture.Options)
	decoder, err := connectors.Default().Formats["DEBEZIUM JSON"].New(spec)
	if err != nil {
		t.Fatal(err)
	}
	m := &commitModel{columns: spec.Columns, key: spec.Key}
	for _, r := range g.records[table] {
		var ev engine.Event
		if err := decoder.Decode(r.Sent(), &ev); err != nil {
			t.Fatal(err)
		}
		if ev.Kind == engine.ChangeEvent || ev.Kind == engine.TruncateEvent {
			m.events = append(m.events, ev)
		}
	}
	m.first = m.events[0].Commit
	return m
}

// at returns the rows as texts by column.
func (m *commitModel) at(t int64) []map[string]string {
	state := map[string]map[string]string{}
	for i := range m.events {
		ev := &m.events[i]
		if ev.Commit > t {
			continue
		}
		if ev.Kind == engine.TruncateEvent {
			clear(state)
			continue
		}
		if ev.Before != nil {
			delete(state, m.keyOf(ev.Before))
		}
		if ev.After == nil {
			continue
		}
		row := map[string]string{}
		for i, v := range ev.After {
			row[m.columns[i].Name] = golden.Null
			if !v.IsNull() {
				row[m.columns[i].Name] = v.String()
			}
		}
		state[m.keyOf(ev.After)] = row
	}
	return slices.Collect(maps.Values(state))
}

func (m *commitModel) keyOf(row []types.Value) string {
	var parts []string
	for _, i := range m.key {
		parts = append(parts, row[i].String())
	}
	return strings.Join(parts, "|")
}

func (m *commitModel) spend(t int64) golden.Truth {
	type sums struct {
		n, recent int
		total     *big.Rat
		states    map[string]bool
	}
	by := map[string]*sums{}
	for _, r := range m.at(t) {
		s := by[r["customer_id"]]
		if s == nil {
			s = &sums{total: new(big.Rat), states: map[string]bool{}}
			by[r["customer_id"]] = s
		}
		s.n++
		amount, _ := new(big.Rat).SetString(r["amount"])
		s.total.Add(s.total, amount)
		if r["state"] != golden.Null {
			s.states[r["state"]] = true
		}
		created, err := types.Parse(types.Type{Kind: types.Timestamptz}, r["created_at"])
		if err == nil && created.I > t-2_000_000 {
			s.recent++
		}
	}
	out := golden.Truth{}
	for customer, s := range by {
		out[customer] = map[string]string{
			"customer_id": customer, "orders": strconv.Itoa(s.n), "total": s.total.FloatString(4), "states": strconv.Itoa(len(s.states)), "recent": strconv.Itoa(s.recent),
		}
	}
	return out
}

func (m *commitModel) profile(t int64) golden.Truth {
	out := golden.Truth{}
	for _, r := range m.at(t) {
		out[r["customer_id"]] = map[string]string{"customer_id": r["customer_id"], "email": r["email"], "tier": r["tier"]}
	}
	return out
}
