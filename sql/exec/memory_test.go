package exec

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"strings"
	"testing"

	"github.com/asofdb/asof/sql/plan"
	"github.com/asofdb/asof/sql/syntax"
	"github.com/asofdb/asof/sql/types"
)

// database is tables in memory: a catalog for the planner and rows for the operators.
type database struct {
	relations map[string]*plan.Relation
	rows      map[string][][]types.Value
	// opened counts scans by how they were opened: "all", or the number of keys.
	opened []string
	limit  int64
	temp   string // where temporary files go
	off    map[string]bool
	params []types.Value
	// visible are the tables that hold row versions, with the column from which on a row is visible; the one behind it says until when.
	visible map[string]int
}

func newDatabase() *database {
	return &database{relations: map[string]*plan.Relation{}, rows: map[string][][]types.Value{}}
}

func (db *database) Relation(name string) (*plan.Relation, error) {
	if r, ok := db.relations[name]; ok {
		return r, nil
	}
	return nil, types.Errorf(types.CodeUndefinedTable, "relation %q does not exist", name)
}

// create makes the table of a CREATE SOURCE statement.
func (db *database) create(text string) error {
	sts, err := syntax.Parse(text)
	if err != nil {
		return err
	}
	st, ok := sts[0].(*syntax.CreateSource)
	if !ok {
		return fmt.Errorf("no CREATE SOURCE: %s", text)
	}
	r := &plan.Relation{Name: st.Name, EventTime: -1}
	for _, c := range st.Columns {
		r.Columns = append(r.Columns, types.Column{Name: c.Name, Type: c.Type, NotNull: c.NotNull || c.PrimaryKey})
	}
	for _, k := range st.Key {
		r.Key = append(r.Key, r.Columns.Index(k))
	}
	db.relations[st.Name] = r
	return nil
}

// insert adds a row given as texts; an empty one is NULL.
func (db *database) insert(name string, fields []string) error {
	r := db.relations[name]
	row := make([]types.Value, len(r.Columns))
	for i, f := range fields {
		if f == "" {
			continue
		}
		v, err := types.Parse(r.Columns[i].Type, f)
		if err != nil {
			return err
		}
		row[i] = v
	}
	db.rows[name] = append(db.rows[name], row)
	return nil
}

func (db *database) load(name, text string) error {
	records, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		return err
	}
	for _, fields := range records {
		if err := db.insert(name, fields); err != nil {
			return err
		}
	}
	return nil
}

// Open implements Tables. Rows share one buffer that is scribbled over, as a reader of storage would.
func (db *database) Open(_ context.Context, s *plan.Scan, keys [][]types.Value) (Rows, error) {
	r := &memoryRows{scan: s, rows: db.rows[s.Relation.Name], out: make([]types.Value, len(s.Columns))}
	if keys == nil {
		db.opened = append(db.opened, "all")
		return r, nil
	}
	db.opened = append(db.opened, fmt.Sprintf("%d keys", len(keys)))
	r.wanted = map[string]bool{}
	for _, k := range keys {
		for i, v := range k {
			if t := s.Relation.Columns[s.Relation.Key[i]].Type; v.Kind != t.Kind {
				return nil, fmt.Errorf("key %v is no %s", v, t)
			}
		}
		id := string(appendKeys(nil, k))
		if r.wanted[id] {
			return nil, fmt.Errorf("key %v is asked for twice", k)
		}
		r.wanted[id] = true
	}
	return r, nil
}

// Sweep implements Tables: a table in memory has at any moment the rows that it has, and a history those whose event_time has come.
func (db *database) Sweep(_ context.Context, s *plan.Scan, qs *Questions, answers []Answer) error {
	event := -1
	if s.Relation.Kind == plan.FeatureHistory {
		event = s.Relation.Columns.Index("event_time")
	}
	out := make([]types.Value, len(s.Columns))
	for i := qs.Len() - 1; i >= 0; i-- { // in any order
		var best []types.Value
		key, ok := qs.Key(i)
		for _, row := range db.rows[s.Relation.Name] {
			if !ok || !matches(s.Relation, row, key) {
				continue
			}
			if v := db.versions(s.Relation); v >= 0 && (row[v].I > qs.At[i] || row[v+1].I <= qs.At[i]) {
				continue
			}
			if event >= 0 && (row[event].I > qs.At[i] || best != nil && best[event].I > row[event].I) {
				continue
			}
			best = row
		}
		if best == nil {
			if err := answers[i%len(answers)](i, nil); err != nil {
				return err
			}
			continue
		}
		for n, c := range s.Columns {
			out[n] = best[c]
		}
		if err := answers[i%len(answers)](i, out); err != nil {
			return err
		}
		clear(out)
	}
	return nil
}

// versions is the column from which on a row of r is visible, -1 where rows always are.
func (db *database) versions(r *plan.Relation) int {
	if v, ok := db.visible[r.Name]; ok {
		return v
	}
	return -1
}

func matches(r *plan.Relation, row []types.Value, key []byte) bool {
	var its []byte
	for _, k := range r.Key {
		if row[k].IsNull() {
			return false
		}
		its = types.AppendKey(its, row[k])
	}
	return bytes.Equal(its, key)
}

type memoryRows struct {
	scan   *plan.Scan
	rows   [][]types.Value
	wanted map[string]bool // nil: all
	out    []types.Value
}

func (r *memoryRows) Next(context.Context) ([]types.Value, error) {
	for len(r.rows) > 0 {
		row := r.rows[0]
		r.rows = r.rows[1:]
		if r.wanted != nil && !r.wanted[r.key(row)] {
			continue
		}
		for i, c := range r.scan.Columns {
			r.out[i] = row[c]
		}
		return r.out, nil
	}
	return nil, nil
}

func (r *memoryRows) key(row []types.Value) string {
	var key []types.Value
	for _, k := range r.scan.Relation.Key {
		key = append(key, row[k])
	}
	return string(appendKeys(nil, key))
}

func (r *memoryRows) Close() error {
	r.rows = nil
	return nil
}

// query runs a SELECT and returns its rows as texts, NULL as "NULL".
func (db *database) query(ctx context.Context, text string) (*plan.Query, [][]string, error) {
	sts, err := syntax.Parse(text)
	if err != nil {
		return nil, nil, err
	}
	q, err := plan.BindQuery(sts[0].(*syntax.Query).Select, db, plan.Session{Off: db.off})
	if err != nil {
		return nil, nil, err
	}
	rows, err := db.run(ctx, q)
	return q, rows, err
}

func (db *database) run(ctx context.Context, q *plan.Query) ([][]string, error) {
	op, err := Build(q, &Context{Tables: db, MemoryLimit: db.limit, TempDir: db.temp, Params: db.params, Now: 1_750_000_000_000_000})
	if err != nil {
		return nil, err
	}
	defer op.Close()
	out := [][]string{}
	vals := make([]types.Value, len(q.Columns))
	for {
		b, err := pull(ctx, op)
		if b == nil || err != nil {
			return out, err
		}
		if b.Rows() == 0 || b.Rows() > batchRows {
			return nil, fmt.Errorf("a batch of %d rows", b.Rows())
		}
		for i := range b.Rows() {
			b.Row(i, vals)
			texts := make([]string, len(vals))
			for c, v := range vals {
				texts[c] = v.String()
			}
			out = append(out, texts)
		}
		b.Release()
	}
}

func mustCreate(t testing.TB, db *database, text string) {
	t.Helper()
	if err := db.create(text); err != nil {
		t.Fatal(err)
	}
}
