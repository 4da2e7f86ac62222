package exact

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/asofdb/asof/bench/exact/naive"
	"github.com/asofdb/asof/bench/exact/random"
	"github.com/asofdb/asof/sql/types"
)

// label is a row of a spine.
type label struct {
	id   string
	keys map[string]string // what it has of the columns that features are keyed by, as text; naive.Null for NULL
	t    int64
	none bool // its moment is NULL
}

// keyTypes are the columns that features are keyed by, which most spines have.
var keyTypes = map[string]string{"cust": "TEXT", "grp": "BIGINT", "status": "TEXT", "id": "BIGINT"}

var keyColumns = []string{"cust", "grp", "status", "id"}

// spine is labels as a statement reads them, under the alias l.
type spine struct {
	with, from string
	id         string // an expression that tells a row from the others
	ts         string // the moment
	labels     []label
	ordered    bool // the rows come in the order of labels
	typed      bool // the columns have the types of the features' keys
}

// drawn makes labels: most of them of rows that lived at their moments, some of no entity, of NULL, of no moment, or from before the history.
func (r *session) drawn(rng *rand.Rand, n int) []label {
	known := r.askable()
	moments := make([]int64, 10)
	for i := range moments {
		moments[i] = known[rng.IntN(len(known))]
	}
	first := r.s.w.Txs[0].Commit
	var labels []label
	for i := range n {
		l := label{id: strconv.Itoa(i), t: choose(rng, moments...), keys: map[string]string{}}
		switch rng.IntN(25) {
		case 0:
			l.none = true
		case 1:
			l.t = first - choose[int64](rng, 1, 2, 1000)
		}
		rows := r.truth.table.At(max(l.t, first))
		for _, c := range keyColumns {
			l.keys[c] = choose(rng, "-77", naive.Null)
		}
		if len(rows) > 0 && !oneIn(rng, 12) {
			row := rows[rng.IntN(len(rows))]
			for _, c := range keyColumns {
				if !oneIn(rng, 15) {
					l.keys[c] = naive.Text(row, c)
				}
			}
		}
		labels = append(labels, l)
	}
	return labels
}

// literal is a label's column as SQL, with its type.
func (l label) literal(column string) string {
	v, ok := l.keys[column]
	if !ok || v == naive.Null {
		return "CAST(NULL AS " + keyTypes[column] + ")"
	}
	return "CAST('" + strings.ReplaceAll(v, "'", "''") + "' AS " + keyTypes[column] + ")"
}

func (l label) moment() string {
	if l.none {
		return "CAST(NULL AS TIMESTAMPTZ)"
	}
	return timestamp(l.t)
}

func timestamp(t int64) string { return "TIMESTAMPTZ '" + types.NewTimestamptz(t).String() + "'" }

// values is labels as a VALUES list of n, the key columns and ts.
func values(labels []label, id func(label) string) string {
	rows := make([]string, len(labels))
	for i, l := range labels {
		fields := []string{id(l)}
		for _, c := range keyColumns {
			fields = append(fields, l.literal(c))
		}
		rows[i] = "(" + strings.Join(append(fields, l.moment()), ", ") + ")"
	}
	return "(VALUES " + strings.Join(rows, ", ") + ")"
}

const spineColumns = "(n, cust, grp, status, id, ts)"

func number(l label) string { return l.id }

// drawSpine draws labels and a way to hand them to a statement.
func (r *session) drawSpine(rng *rand.Rand) (spine, error) {
	switch rng.IntN(12) {
	case 0, 1:
		return r.sourceSpine(rng), nil
	case 2:
		return r.featureSpine(rng)
	case 3:
		return r.historySpine(rng)
	}
	n := choose(rng, 1, 40, 40, 200)
	if oneIn(rng, 100) {
		n = 4000 // are answered by several goroutines
	}
	s := spine{id: "l.n", ts: "l.ts", labels: r.drawn(rng, n), ordered: true, typed: true}
	r.spines++
	table, err := r.labelTable(rng, &s)
	if err != nil {
		return s, err
	}
	switch rng.IntN(6) {
	case 0:
		s.from = "(SELECT * FROM " + table + " WHERE n % 3 > 0) AS l"
		s.labels = slices.DeleteFunc(s.labels, func(l label) bool { n, _ := strconv.Atoi(l.id); return n%3 == 0 })
	case 1:
		s.from = "(SELECT * FROM " + table + " ORDER BY n DESC) AS l"
		slices.Reverse(s.labels)
	case 2:
		s.with = "WITH l AS (SELECT * FROM " + table + ") "
		s.from = "l"
	default:
		s.from = table
		if !strings.HasSuffix(table, spineColumns) {
			s.from += " l"
		}
	}
	return s, nil
}

// labelTable hands the labels over and returns how FROM names them.
func (r *session) labelTable(rng *rand.Rand, s *spine) (string, error) {
	list := values(s.labels, number) + " AS l " + spineColumns
	name := fmt.Sprintf("labels%d", r.spines)
	file := filepath.Join(r.dir, name)
	create := "CREATE TEMP TABLE " + name + " (n INTEGER, cust TEXT, grp BIGINT, status TEXT, id BIGINT, ts TIMESTAMPTZ)"
	run := func(statements ...string) error {
		for _, sql := range statements {
			if err := r.sql.Exec(context.Background(), sql); err != nil {
				return fmt.Errorf("%s: %w", sql, err)
			}
		}
		return nil
	}
	switch rng.IntN(7) {
	case 0:
		s.typed = false
		return "'" + file + ".csv'", os.WriteFile(file+".csv", csv(s.labels), 0o600)
	case 1:
		s.typed = false
		return "'" + file + ".ndjson'", os.WriteFile(file+".ndjson", ndjson(s.labels), 0o600)
	case 2:
		return "'" + file + ".parquet'", run("COPY (SELECT * FROM " + list + ") TO '" + file + ".parquet' (FORMAT parquet)")
	case 3:
		return name, run(create, "INSERT INTO "+name+" "+strings.TrimSuffix(strings.TrimPrefix(values(s.labels, number), "("), ")"))
	case 4:
		return name, run(create, "INSERT INTO "+name+" SELECT * FROM "+list)
	case 5:
		if err := os.WriteFile(file+".csv", csv(s.labels), 0o600); err != nil {
			return "", err
		}
		return name, run(create, "COPY "+name+" FROM '"+file+".csv' (FORMAT csv, HEADER true)")
	default:
		return list, nil
	}
}

// csv writes NULL as an empty field and everything else between quotes.
func csv(labels []label) []byte {
	var b strings.Builder
	b.WriteString("n,cust,grp,status,id,ts\n")
	for _, l := range labels {
		b.WriteString(l.id)
		for _, c := range keyColumns {
			b.WriteByte(',')
			if v := l.keys[c]; v != naive.Null {
				b.WriteString(`"` + strings.ReplaceAll(v, `"`, `""`) + `"`)
			}
		}
		b.WriteByte(',')
		if !l.none {
			b.WriteString(types.NewTimestamptz(l.t).String())
		}
		b.WriteByte('\n')
	}
	return []byte(b.String())
}

func ndjson(labels []label) []byte {
	var out []byte
	for _, l := range labels {
		n, _ := strconv.Atoi(l.id)
		m := map[string]any{"n": n, "ts": nil}
		for _, c := range keyColumns {
			switch v := l.keys[c]; {
			case v == naive.Null:
				m[c] = nil
			case keyTypes[c] == "BIGINT":
				m[c] = json.Number(v)
			default:
				m[c] = v
			}
		}
		if !l.none {
			m["ts"] = types.NewTimestamptz(l.t).String()
		}
		b, err := json.Marshal(m)
		if err != nil {
			panic(err)
		}
		out = append(append(out, b...), '\n')
	}
	return out
}

// sourceSpine is the test table's own rows, now or as they were, each at its event time.
func (r *session) sourceSpine(rng *rand.Rand) spine {
	at := r.s.w.Last()
	s := spine{from: "t l", id: "l.id", ts: "l.created_at", typed: true}
	if oneIn(rng, 2) {
		at = choose(rng, r.askable()...)
		s.from = "t AS OF " + timestamp(at) + " l"
	}
	if r.s.followed() { // what is to come is not known yet
		s.ts = "LEAST(l.created_at, " + timestamp(r.s.w.Last()) + ")"
	}
	for _, row := range r.truth.table.At(at) {
		l := label{id: naive.Text(row, "id"), keys: map[string]string{}, none: row.Created == nil}
		for _, c := range keyColumns {
			l.keys[c] = naive.Text(row, c)
		}
		switch {
		case row.Created != nil:
			l.t = *row.Created
		case r.s.followed():
			l.t, l.none = r.s.w.Last(), false // LEAST passes over NULL
		}
		if r.s.followed() {
			l.t = min(l.t, r.s.w.Last())
		}
		s.labels = append(s.labels, l)
	}
	return s
}

// featureSpine is a feature's entities as they were, each at the moment for which the feature answers.
func (r *session) featureSpine(rng *rand.Rand) (spine, error) {
	d := choose(rng, r.s.definitions...)
	at := choose(rng, r.askable()...)
	s := spine{from: d.Name + " AS OF " + timestamp(at) + " l", id: keyText(d), ts: "l.as_of", typed: true}
	for key := range r.truth.at(d, at) {
		s.labels = append(s.labels, label{id: key, keys: d.KeysOf(key), t: at})
	}
	return s, nil
}

// historySpine is a feature's history, each period at its begin.
func (r *session) historySpine(rng *rand.Rand) (spine, error) {
	d := choose(rng, r.s.definitions...)
	periods, err := r.history(d)
	s := spine{from: d.Name + "_history l", id: keyText(d) + " || '@' || CAST(l.event_time AS TEXT)", ts: "l.event_time", typed: true}
	for key, ps := range periods {
		for _, p := range ps {
			s.labels = append(s.labels, label{id: key + "@" + types.NewTimestamptz(p.from).String(), keys: d.KeysOf(key), t: p.from})
		}
	}
	return s, err
}

// keyText is the key of l's entity as the naive model writes it.
func keyText(d random.Definition) string {
	parts := []string{"''"}
	for i, k := range d.Keys {
		if i > 0 {
			parts = append(parts, "','")
		}
		parts = append(parts, "COALESCE(CAST(l."+k+" AS TEXT), '"+naive.Null+"')")
	}
	return strings.Join(parts, " || ")
}
