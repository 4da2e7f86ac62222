package exact

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/asofdb/asof/bench/exact/naive"
	"github.com/asofdb/asof/bench/exact/random"
	"github.com/asofdb/asof/engine"
	"github.com/asofdb/asof/sql/types"
)

// training is a statement that joins a spine with features and with the table as they were.
type training struct {
	spine spine
	joins []joined
	args  []any
	limit string // of memory, or ""
	// here is the statement, there what it means on PostgreSQL, which has the row versions of the table in versions.
	here, there string
}

// joined is one join of a training statement.
type joined struct {
	d     random.Definition
	inner bool
	// at is the moment asked for by a label; false: none.
	at func(label) (int64, bool)
	// present is a column that must not be NULL for a row to count, or "". only, where it is not nil, is the one value of the key that counts.
	present string
	only    *string
	columns []string // as_of is the moment
}

// drawTraining draws a statement, nil where nothing can be joined with the spine.
func (r *session) drawTraining(rng *rand.Rand) (*training, error) {
	s, err := r.drawSpine(rng)
	if err != nil || len(s.labels) == 0 {
		return nil, err
	}
	q := &training{spine: s}
	items, from := []string{s.id}, s.from
	there := values(s.labels, func(l label) string { return "'" + strings.ReplaceAll(l.id, "'", "''") + "'" }) + " AS l " + spineColumns
	whatItems := []string{"l.n"}
	for i := range 1 + rng.IntN(3) {
		d := choose(rng, append(slices.Clone(r.s.definitions), sourceRows)...)
		if !s.has(d.Keys) {
			continue
		}
		alias := string(rune('a' + i))
		j := joined{d: d, inner: oneIn(rng, 3), columns: append(outputs(d), "as_of")}
		moment, what := q.moment(rng, r, &j)
		var on, onThere []string
		for _, k := range d.Keys {
			l := "l." + k
			if !s.typed || oneIn(rng, 4) {
				l = "CAST(l." + k + " AS " + keyTypes[k] + ")"
			}
			on = append(on, choose(rng, alias+"."+k+" = "+l, l+" = "+alias+"."+k))
			onThere = append(onThere, alias+"."+k+" = l."+k)
		}
		if len(on) == 0 {
			on, onThere = []string{"TRUE"}, []string{"TRUE"}
		}
		if oneIn(rng, 6) {
			j.present = choose(rng, outputs(d)...)
			on = append(on, alias+"."+j.present+" IS NOT NULL")
			onThere = append(onThere, alias+"."+j.present+" IS NOT NULL")
		}
		if len(d.Keys) > 0 && d.Keys[0] == "cust" && oneIn(rng, 6) { // a second equality with the key
			j.only = new("a")
			first := alias + ".cust = 'a'"
			on, onThere = append(on, first), append(onThere, first)
			if oneIn(rng, 2) {
				slices.Reverse(on)
			}
		}
		kind := map[bool]string{true: "JOIN", false: "LEFT JOIN"}[j.inner]
		condition := " ON " + strings.Join(on, " AND ")
		switch before := strings.HasPrefix(moment, "BEFORE"); {
		case before || oneIn(rng, 3):
			from += fmt.Sprintf(" %s %s %s %s%s", kind, d.Name, moment, alias, condition)
		case oneIn(rng, 3):
			from += fmt.Sprintf(" ASOF %s %s %s%s %s", kind, d.Name, alias, condition, moment)
		case oneIn(rng, 2):
			from += fmt.Sprintf(" %s %s FOR SYSTEM_TIME %s AS %s%s", kind, d.Name, moment, alias, condition)
		default:
			from += fmt.Sprintf(" %s %s %s FOR SYSTEM_TIME %s%s", kind, d.Name, alias, moment, condition)
		}
		there += fmt.Sprintf(" %s LATERAL (SELECT x.*, %s AS as_of FROM (%s) x WHERE %s >= %s) %s ON %s", kind, what, asOfThere(d, what), what, timestamp(r.begin()), alias, strings.Join(onThere, " AND "))
		for _, c := range j.columns {
			items = append(items, alias+"."+c)
			whatItems = append(whatItems, alias+"."+c)
		}
		q.joins = append(q.joins, j)
	}
	if len(q.joins) == 0 {
		return nil, nil
	}
	if !slices.ContainsFunc(q.joins, func(j joined) bool { return j.d.Name == sourceRows.Name }) { // whose versions must fit
		q.limit = choose(rng, "", "", "1kB", "10kB", "100kB")
	}
	q.here = s.with + "SELECT " + strings.Join(items, ", ") + " FROM " + from
	q.there = "SELECT " + strings.Join(whatItems, ", ") + " FROM " + there
	return q, nil
}

// begin is the first moment at which the source has a state.
func (r *session) begin() int64 {
	if r.s.run.fromEmpty {
		return r.s.w.Txs[0].Commit - 1_000_000_000
	}
	return r.s.w.Txs[0].Commit
}

// asOfThere is a feature's SELECT over the row versions that live at a moment, with NOW() that moment.
func asOfThere(d random.Definition, moment string) string {
	sql := strings.ReplaceAll(d.SQL, "NOW()", moment)
	return strings.Replace(sql, " FROM t", fmt.Sprintf(" FROM (SELECT * FROM versions WHERE c <= %s AND %s < d) t", moment, moment), 1)
}

// moment draws a moment to join as of: as it stands behind the relation, and as an expression over the labels on PostgreSQL.
func (q *training) moment(rng *rand.Rand, r *session, j *joined) (here, there string) {
	own := func(back int64) func(label) (int64, bool) {
		return func(l label) (int64, bool) { return l.t - back, !l.none }
	}
	fixed := choose(rng, r.askable()...)
	constant := func(label) (int64, bool) { return fixed, true }
	ts := q.spine.ts
	if !q.spine.typed {
		ts = "CAST(l.ts AS TIMESTAMPTZ)"
	}
	step := r.s.w.Step()
	switch rng.IntN(10) {
	case 0:
		j.at = own(step)
		return "AS OF " + ts + " - " + naive.Interval(step), "(l.ts - " + naive.Interval(step) + ")"
	case 1:
		j.at = constant
		return "AS OF " + timestamp(fixed), timestamp(fixed)
	case 2:
		j.at = constant
		q.args = append(q.args, types.NewTimestamptz(fixed))
		return fmt.Sprintf("AS OF $%d", len(q.args)), timestamp(fixed)
	case 3:
		j.at = func(l label) (int64, bool) {
			if l.none {
				return fixed, true
			}
			return min(l.t, fixed), true
		}
		return "AS OF LEAST(" + ts + ", " + timestamp(fixed) + ")", "LEAST(l.ts, " + timestamp(fixed) + ")"
	case 4, 5:
		j.at = own(1)
		return "BEFORE " + ts, "(l.ts - INTERVAL '1 microsecond')"
	default:
		j.at = own(0)
		return "AS OF " + ts, "l.ts"
	}
}

// has reports whether the spine has these columns.
func (s *spine) has(keys []string) bool {
	for _, k := range keys {
		if _, ok := s.labels[0].keys[k]; !ok {
			return false
		}
	}
	return true
}

// want is what the join finds for a label by the definition: nil where there is no row.
func (j *joined) want(r *session, l label) []string {
	t, ok := j.at(l)
	if !ok || !r.s.readable(t) {
		return nil
	}
	key := make([]string, len(j.d.Keys))
	for i, k := range j.d.Keys {
		if key[i] = l.keys[k]; key[i] == naive.Null || i == 0 && j.only != nil && key[i] != *j.only { // NULL = NULL is not true
			return nil
		}
	}
	row := r.truth.at(j.d, t)[strings.Join(key, ",")]
	if i := slices.Index(j.columns, j.present); row == nil || i >= 0 && row[i] == naive.Null {
		return nil
	}
	return append(slices.Clip(row), types.NewTimestamptz(t).String())
}

// rows are the statement's rows by the definition, each with its label in front, and the labels of the rows.
func (q *training) rows(r *session) (rows [][]string, of []label) {
	for _, l := range q.spine.labels {
		row := []string{l.id}
		for i := range q.joins {
			j := &q.joins[i]
			found := j.want(r, l)
			if found == nil && j.inner {
				row = nil
				break
			}
			if found == nil {
				found = nulls(len(j.columns))
			}
			row = append(row, found...)
		}
		if row != nil {
			rows, of = append(rows, row), append(of, l)
		}
	}
	return rows, of
}

// trainings joins random spines with random features as of random moments, in one statement each: every label comes back once, in the spine's order, with the values
// of the definition; one with an unknown or a NULL key, without a moment, of a moment before the history, or at which its entity has no row, with NULLs.
func (r *session) trainings() error {
	rng := rand.New(rand.NewPCG(r.s.seed, 17))
	for range 40 {
		q, err := r.drawTraining(rng)
		if err == nil && q != nil {
			err = q.compare(r)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// compare runs the statement and holds its rows against the definition.
func (q *training) compare(r *session) error {
	got, err := q.ask(r)
	if err != nil {
		return err
	}
	want, labels := q.rows(r)
	if !q.spine.ordered {
		sortByLabel(got)
		sortByLabel(want)
		slices.SortFunc(labels, func(a, b label) int { return strings.Compare(a.id, b.id) })
	}
	n, err := q.hold(got, want, labels)
	r.compared["training"] += n
	return err
}

// ask runs the statement with the memory that it is to have.
func (q *training) ask(r *session) ([][]string, error) {
	if q.limit == "" {
		return askRows(r.sql, q.here, q.args...)
	}
	if err := r.sql.Exec(r.ctx, "SET memory_limit = '"+q.limit+"'"); err != nil {
		return nil, err
	}
	rows, err := askRows(r.sql, q.here, q.args...)
	return rows, errors.Join(err, r.sql.Exec(r.ctx, "RESET memory_limit"))
}

func sortByLabel(rows [][]string) {
	slices.SortFunc(rows, func(a, b []string) int { return strings.Compare(a[0], b[0]) })
}

// hold compares rows that stand in the same order.
func (q *training) hold(got, want [][]string, labels []label) (int, error) {
	total := 0
	for i := range want {
		if i >= len(got) || got[i][0] != want[i][0] {
			return total, fmt.Errorf("row %d is not that of label %s but %q: %s", i, want[i][0], at(got, i), q.here)
		}
		col := 1
		for k := range q.joins {
			j := &q.joins[k]
			g, w := got[i][col:col+len(j.columns)], want[i][col:col+len(j.columns)]
			if col += len(j.columns); !slices.Equal(g, w) {
				t, _ := j.at(labels[i])
				return total, &mismatch{j.d, t, fmt.Sprintf("%v of label %s", labels[i].keys, labels[i].id), slices.Clone(g), w, q.here}
			}
			total += len(w)
		}
	}
	if len(got) > len(want) {
		return total, fmt.Errorf("%d rows came back where there are %d, as %q: %s", len(got), len(want), got[len(want)], q.here)
	}
	return total, nil
}

func at(rows [][]string, i int) []string {
	if i < len(rows) {
		return rows[i]
	}
	return nil
}

// askRows runs a query and returns its rows as text.
func askRows(s *engine.Session, sql string, args ...any) ([][]string, error) {
	rows, err := s.Query(context.Background(), sql, args...)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", sql, err)
	}
	var out [][]string
	for rows.Next() {
		out = append(out, Texts(rows.Values()))
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return nil, fmt.Errorf("%s: %w", sql, err)
	}
	return out, nil
}
