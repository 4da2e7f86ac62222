package exact

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"github.com/asofdb/asof/bench/exact/naive"
	"github.com/asofdb/asof/bench/exact/random"
	"github.com/asofdb/asof/sql/types"
)

// askable are the moments up to which the source is known.
func (r *session) askable() []int64 {
	return slices.DeleteFunc(slices.Clone(r.s.times), func(t int64) bool { return t > r.s.w.Last() && r.s.run.segments > 1 })
}

// label is a row of a spine.
type label struct {
	keys []string // texts; naive.Null for NULL
	t    int64
}

// spines joins random labels with each feature AS OF the labels' moments: every label comes back once, in order, with the values of the definition; one with an
// unknown or a NULL key, or of a moment at which its entity has no row, with NULLs.
func (r *session) spines(table *naive.Table) (int, error) {
	rng := rand.New(rand.NewPCG(r.s.seed, 17))
	total := 0
	for _, d := range r.s.definitions {
		if len(d.Keys) == 0 {
			continue
		}
		var labels []label
		var want [][]string
		for range 60 {
			at := r.askable()[rng.IntN(len(r.askable()))]
			values := d.Value(table, at)
			l := label{t: at, keys: slices.Repeat([]string{"-77"}, len(d.Keys))}
			if known := slices.Sorted(maps.Keys(values)); len(known) > 0 && rng.IntN(8) > 0 {
				l.keys = splitKey(known[rng.IntN(len(known))], len(d.Keys))
			}
			labels = append(labels, l)
			row := values[strings.Join(l.keys, ",")]
			if row == nil || slices.Contains(l.keys, naive.Null) { // NULL = NULL is not true
				row = slices.Repeat([]string{naive.Null}, max(len(d.Aggs), len(d.Columns)))
			}
			want = append(want, row)
		}
		n, err := r.spine(d, labels, want)
		total += n
		if err != nil {
			return total, err
		}
	}
	return total, nil
}

// splitKey parts a key's text; only the first column of the test table's keys can hold a comma.
func splitKey(key string, n int) []string {
	if n == 1 {
		return []string{key}
	}
	i := strings.LastIndexByte(key, ',')
	return []string{key[:i], key[i+1:]}
}

func (r *session) spine(d random.Definition, labels []label, want [][]string) (int, error) {
	var values, on, columns []string
	for i, l := range labels {
		row := []string{strconv.Itoa(i)}
		for _, k := range l.keys {
			if k == naive.Null {
				row = append(row, "NULL")
			} else {
				row = append(row, "'"+strings.ReplaceAll(k, "'", "''")+"'")
			}
		}
		values = append(values, fmt.Sprintf("(%s, TIMESTAMPTZ '%s')", strings.Join(row, ", "), types.NewTimestamptz(l.t)))
	}
	spine := []string{"n"}
	for i, k := range d.Keys {
		spine = append(spine, fmt.Sprintf("k%d", i))
		sqlType := "TEXT"
		if k == "grp" || k == "id" {
			sqlType = "BIGINT"
		}
		on = append(on, fmt.Sprintf("f.%s = CAST(l.k%d AS %s)", k, i, sqlType))
	}
	for i := range d.Aggs {
		columns = append(columns, "f."+d.Aggs[i].Name)
	}
	for _, c := range d.Columns {
		columns = append(columns, "f."+c)
	}
	sql := fmt.Sprintf("SELECT l.n, %s FROM (VALUES %s) AS l (%s, ts) LEFT JOIN %s AS OF l.ts f ON %s",
		strings.Join(columns, ", "), strings.Join(values, ", "), strings.Join(spine, ", "), d.Name, strings.Join(on, " AND "))
	rows, err := r.eng.Query(context.Background(), sql)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", sql, err)
	}
	defer rows.Close()
	n := 0
	for rows.Next() {
		texts := Texts(rows.Values())
		if n >= len(labels) || texts[0] != strconv.Itoa(n) {
			return n, fmt.Errorf("label %d is row %s of: %s", n, texts[0], sql)
		}
		if !slices.Equal(texts[1:], want[n]) {
			return n, &mismatch{d, labels[n].t, strings.Join(labels[n].keys, ",") + " of a spine", texts[1:], want[n]}
		}
		n++
	}
	if n != len(labels) && rows.Err() == nil {
		return n, fmt.Errorf("%d labels came back of %d: %s", n, len(labels), sql)
	}
	return n * len(columns), rows.Err()
}

// period is a row of a feature's history.
type period struct {
	from, until int64
	row         []string
}

// histories reads each feature's history and holds the period that covers a moment against the definition at that moment. Periods have no gaps, and no
// two that meet are the same.
func (r *session) histories(table *naive.Table) (int, error) {
	total := 0
	for _, d := range r.s.definitions {
		periods, err := r.history(d)
		if err != nil {
			return total, err
		}
		for _, t := range r.askable() {
			if t > r.s.w.Last() {
				continue // a history goes up to now, which is the last commit
			}
			want := d.Value(table, t)
			for key, ps := range periods {
				i := slices.IndexFunc(ps, func(p period) bool { return p.from <= t && t < p.until })
				var got []string
				if i >= 0 {
					got = ps[i].row
				}
				if want[key] == nil && allNull(got) {
					continue
				}
				if !slices.Equal(got, want[key]) {
					return total, &mismatch{d, t, key + " in the history", got, want[key]}
				}
				total += len(got)
			}
			for key := range want {
				if periods[key] == nil {
					return total, &mismatch{d, t, key + " in the history", nil, want[key]}
				}
			}
		}
	}
	return total, nil
}

func allNull(row []string) bool {
	return !slices.ContainsFunc(row, func(s string) bool { return s != naive.Null })
}

func (r *session) history(d random.Definition) (map[string][]period, error) {
	rows, err := r.eng.Query(context.Background(), fmt.Sprintf("SELECT * FROM %s_history", d.Name))
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
	return out, rows.Err()
}
