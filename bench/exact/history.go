package exact

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/asofdb/asof/bench/exact/naive"
	"github.com/asofdb/asof/bench/exact/random"
	"github.com/asofdb/asof/sql/types"
)

// period is a row of a feature's history.
type period struct {
	from, until int64
	row         []string
}

// holding is the place of the period that holds at t, -1 where none does.
func holding(ps []period, t int64) int {
	return slices.IndexFunc(ps, func(p period) bool { return p.from <= t && t < p.until })
}

// histories reads each feature's history and holds the period that covers a moment against the definition at that moment. Periods have no gaps, and no
// two that meet are the same.
func (r *session) histories() error {
	for _, d := range r.s.definitions {
		periods, err := r.history(d)
		if err == nil {
			err = r.hold(d, periods)
		}
		if err == nil {
			err = r.updated(d, periods)
		}
		if err == nil {
			err = r.byHand(d, periods)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// hold compares the periods that hold at the scenario's moments.
func (r *session) hold(d random.Definition, periods map[string][]period) error {
	for _, t := range r.askable() {
		if t > r.s.w.Last() {
			continue // a history goes up to now, which is the last commit
		}
		want := r.truth.at(d, t)
		for key, ps := range periods {
			var got []string
			if i := holding(ps, t); i >= 0 {
				got = ps[i].row
			}
			if want[key] == nil && allNull(got) {
				continue
			}
			if !slices.Equal(got, want[key]) {
				return &mismatch{d, t, key, got, want[key], d.Name + "_history"}
			}
			r.compared["history"] += len(got)
		}
		for key := range want {
			if periods[key] == nil {
				return &mismatch{d, t, key, nil, want[key], d.Name + "_history"}
			}
		}
	}
	return nil
}

func allNull(row []string) bool {
	return !slices.ContainsFunc(row, func(s string) bool { return s != naive.Null })
}

// history reads a feature's history once.
func (r *session) history(d random.Definition) (map[string][]period, error) {
	if h, ok := r.periods[d.Name]; ok {
		return h, nil
	}
	rows, err := r.sql.Query(r.ctx, "SELECT * FROM "+d.Name+"_history")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[string][]period{}
	for rows.Next() {
		v := rows.Values()
		p := period{from: v[0].I, until: naive.Forever}
		if !v[1].IsNull() {
			p.until = v[1].I
		}
		texts := Texts(v[2:])
		key := strings.Join(texts[:len(d.Keys)], ",")
		p.row = texts[len(d.Keys):]
		if ps := out[key]; len(ps) > 0 {
			last := ps[len(ps)-1]
			if last.until != p.from || slices.Equal(last.row, p.row) && !allNull(p.row) {
				return nil, fmt.Errorf("history of %s, entity %q: %v is followed by %v", d.Name, key, last, p)
			}
		}
		out[key] = append(out[key], p)
	}
	r.periods[d.Name] = out
	return out, rows.Err()
}

// updated holds the system column updated_at against the begin of the period that holds.
func (r *session) updated(d random.Definition, periods map[string][]period) error {
	rng := rand.New(rand.NewPCG(r.s.seed, 23))
	for range 2 {
		t := min(choose(rng, r.askable()...), r.s.w.Last())
		sql := fmt.Sprintf("SELECT %s, updated_at FROM %s l AS OF %s", keyText(d), d.Name, timestamp(t))
		got, err := askRows(r.sql, sql)
		if err != nil {
			return err
		}
		for _, row := range got {
			ps := periods[row[0]]
			i := holding(ps, t)
			if i < 0 || row[1] != types.NewTimestamptz(ps[i].from).String() {
				return &mismatch{d, t, row[0], row[1:], []string{fmt.Sprint(ps)}, sql}
			}
			r.compared["updated_at"]++
		}
	}
	return nil
}

// byHand joins labels with a feature's history as people write it, with the greatest event_time up to the label's moment, by the rule that recognises it and by
// the general operators: what comes back is the period that holds, which has the values of the definition.
func (r *session) byHand(d random.Definition, periods map[string][]period) error {
	rng := rand.New(rand.NewPCG(r.s.seed, 29))
	q := r.drawHandWritten(rng, d)
	for _, rule := range []string{"on", "off"} {
		if err := r.sql.Exec(r.ctx, "SET asof_rule = "+rule+"; SET memory_limit = '"+choose(rng, "1kB", "100kB", "1GB")+"'"); err != nil {
			return err
		}
		got, err := askRows(r.sql, q.sql)
		if err != nil {
			return err
		}
		n, err := q.hold(got, periods)
		r.compared["by hand, rule "+rule] += n
		if err != nil {
			return fmt.Errorf("asof_rule = %s: %w", rule, err)
		}
		plan, err := askRows(r.sql, "EXPLAIN "+q.sql)
		if err != nil {
			return err
		}
		if recognised := slices.ContainsFunc(plan, func(line []string) bool { return strings.Contains(line[0], "AS OF ") }); recognised != (rule == "on") {
			return fmt.Errorf("asof_rule = %s is not followed: %s\n%v", rule, q.sql, plan)
		}
	}
	return r.sql.Exec(r.ctx, "RESET asof_rule; RESET memory_limit")
}

// handWritten is a join with a history by a correlated subquery.
type handWritten struct {
	d             random.Definition
	labels        []label
	inner, strict bool // strict: the moment is excluded
	// within is set where the condition says once more that the period begins before the moment.
	within bool
	sql    string
}

func (r *session) drawHandWritten(rng *rand.Rand, d random.Definition) handWritten {
	q := handWritten{d: d, inner: oneIn(rng, 2), strict: oneIn(rng, 4)}
	for _, l := range r.drawn(rng, 40) {
		if l.t <= r.s.w.Last() { // the last period of a history is open, and says nothing of what is later
			q.labels = append(q.labels, l)
		}
	}
	op := map[bool]string{true: "<", false: "<="}[q.strict]
	history := d.Name + "_history"
	on, inside := []string{}, []string{}
	for _, k := range d.Keys {
		on = append(on, choose(rng, "h."+k+" = l."+k, "l."+k+" = h."+k))
		inside = append(inside, k+" = l."+k)
	}
	switch rng.IntN(3) {
	case 0:
		on = append(on, "h.event_time <= l.ts")
	case 1:
		q.within = true
		on = append(on, "h.event_time < l.ts")
	}
	inside = append(inside, choose(rng, "event_time "+op+" l.ts", "l.ts "+strings.Replace(op, "<", ">", 1)+" event_time"))
	on = append(on, "h.event_time = (SELECT MAX(event_time) FROM "+history+" WHERE "+strings.Join(inside, " AND ")+")")
	items := []string{"l.n", "h.event_time", "h.valid_to"}
	for _, c := range outputs(d) {
		items = append(items, "h."+c)
	}
	kind := map[bool]string{true: "JOIN", false: "LEFT JOIN"}[q.inner]
	q.sql = fmt.Sprintf("SELECT %s FROM %s AS l %s %s %s h ON %s ORDER BY l.n",
		strings.Join(items, ", "), values(q.labels, number), spineColumns, kind, history, strings.Join(on, " AND "))
	return q
}

// want is the period that holds for a label as the statement shows it, nil where there is none.
func (q *handWritten) want(l label, periods map[string][]period) []string {
	var key []string
	for _, k := range q.d.Keys {
		if l.keys[k] == naive.Null {
			return nil
		}
		key = append(key, l.keys[k])
	}
	t := l.t
	if q.strict {
		t--
	}
	ps := periods[strings.Join(key, ",")]
	i := holding(ps, t)
	if l.none || i < 0 || q.within && ps[i].from >= l.t {
		return nil
	}
	until := naive.Null
	if ps[i].until != naive.Forever {
		until = types.NewTimestamptz(ps[i].until).String()
	}
	return append([]string{types.NewTimestamptz(ps[i].from).String(), until}, ps[i].row...)
}

// hold compares the rows, which stand in the labels' order.
func (q *handWritten) hold(got [][]string, periods map[string][]period) (int, error) {
	total := 0
	for _, l := range q.labels {
		want := q.want(l, periods)
		if want == nil && q.inner {
			continue
		}
		if want == nil {
			want = nulls(2 + len(outputs(q.d)))
		}
		if want = append([]string{l.id}, want...); len(got) == 0 || !slices.Equal(got[0], want) {
			return total, &mismatch{q.d, l.t, fmt.Sprint(l.keys), at(got, 0), want, q.sql}
		}
		got = got[1:]
		total += len(want) - 1
	}
	if len(got) > 0 {
		return total, fmt.Errorf("%d rows too many, the first is %q: %s", len(got), got[0], q.sql)
	}
	return total, nil
}
