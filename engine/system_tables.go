package engine

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/asofdb/asof/engine/pgcatalog"
	"github.com/asofdb/asof/engine/setting"
	"github.com/asofdb/asof/sql/exec"
	"github.com/asofdb/asof/sql/expr"
	"github.com/asofdb/asof/sql/plan"
	"github.com/asofdb/asof/sql/syntax"
	"github.com/asofdb/asof/sql/types"
)

// systemTables are pg_catalog and information_schema as a statement sees them: the snapshot is taken when something asks for it, once.
type systemTables struct {
	n        *names
	snapshot *pgcatalog.Snapshot
	read     map[*pgcatalog.Table]*plan.Relation
}

// SchemaRelation implements plan.SchemaCatalog.
func (n *names) SchemaRelation(schema, name string) (*plan.Relation, error) {
	t := pgcatalog.Find(schema, name)
	if t == nil {
		return nil, types.Errorf(types.CodeUndefinedTable, "relation \"%s.%s\" does not exist", schema, name)
	}
	return n.system.relation(t), nil
}

// Functions implements plan.FunctionCatalog.
func (n *names) Functions(name string) []expr.Function { return n.system.taken().Functions(name) }

func (c *systemTables) relation(t *pgcatalog.Table) *plan.Relation {
	if r := c.read[t]; r != nil {
		return r
	}
	r := &plan.Relation{Name: t.Name, Kind: plan.SystemRelation, Columns: t.Columns, System: pgcatalog.System, EventTime: -1, PlainTable: true}
	c.n.st.plain[r] = func(_ context.Context, columns []int) (exec.Rows, error) {
		return &systemRows{rows: c.taken().Rows(t), columns: columns, out: make([]types.Value, len(columns))}, nil
	}
	c.read[t] = r
	return r
}

// taken is the snapshot.
func (c *systemTables) taken() *pgcatalog.Snapshot {
	if c.snapshot == nil {
		c.snapshot = c.n.s.systemSnapshot(c.n.st.cat)
	}
	return c.snapshot
}

// systemRows are the rows of a system table.
type systemRows struct {
	rows    [][]types.Value
	columns []int
	out     []types.Value
}

// Next implements exec.Rows.
func (r *systemRows) Next(context.Context) ([]types.Value, error) {
	if len(r.rows) == 0 {
		return nil, nil
	}
	r.out = project(r.out, r.columns, r.rows[0])
	r.rows = r.rows[1:]
	return r.out, nil
}

// Close implements exec.Rows.
func (*systemRows) Close() error { return nil }

// Each relation has OIDs of its own: the relation's, its key's and its index's, and a feature its history's.
const (
	keyOID = 1 + iota
	indexOID
	historyOID
	oidsEach
	// firstTempOID is where those of temporary tables begin, which last as long as the session.
	firstTempOID = 1 << 30
)

func relationOID(id uint32) uint32 { return pgcatalog.FirstOID + oidsEach*id }

// systemSnapshot is what this session can see: what it may read.
func (s *Session) systemSnapshot(c *catalog) *pgcatalog.Snapshot {
	snap := &pgcatalog.Snapshot{Database: s.options.Database, User: s.options.User, Started: s.eng.started}
	add := func(oid uint32, r *plan.Relation, right, definition, description string) {
		rel := pgcatalog.Relation{OID: oid, Name: r.Name, Right: right, Columns: r.Columns, Definition: definition, Description: description}
		if r.Kind != plan.FeatureHistory {
			rel.Key, rel.KeyOID, rel.IndexOID = r.Key, oid+keyOID, oid+indexOID
		}
		if s.MayRead(right) != nil {
			snap.Hidden = append(snap.Hidden, rel)
			return
		}
		snap.Relations = append(snap.Relations, rel)
	}
	for _, name := range slices.Sorted(maps.Keys(c.sources)) {
		if src := c.sources[name]; s.tables[name] == nil {
			add(relationOID(src.rec.ID), src.relation, name, selectAll(src.relation), "source")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.features)) {
		f := c.features[name]
		if s.tables[name] == nil {
			add(relationOID(f.rec.Ordinal), f.relation, name, bodyOf(f.rec.Text), f.plan.Options["description"])
		}
		if h := f.historyRelation(); c.historyOf(h.Name) == f && s.tables[h.Name] == nil && c.sources[h.Name] == nil && c.features[h.Name] == nil {
			add(relationOID(f.rec.Ordinal)+historyOID, h, name, selectAll(h), "every change of "+name)
		}
	}
	for _, t := range slices.SortedFunc(maps.Values(s.tables), func(a, b *tempTable) int { return cmp.Compare(a.relation.Name, b.relation.Name) }) {
		oid := firstTempOID + oidsEach*t.ordinal
		rel := pgcatalog.Relation{OID: oid, Name: t.relation.Name, Temp: true, Columns: t.relation.Columns, Key: t.key, KeyOID: oid + keyOID, IndexOID: oid + indexOID}
		if t.view != nil {
			rel.Definition = " " + syntax.PrintSelect(t.view.Select) + ";"
		}
		snap.Relations = append(snap.Relations, rel)
	}
	for _, name := range slices.Sorted(maps.Keys(c.users)) {
		u := c.users[name]
		may := maps.Clone(u.Select)
		if may == nil {
			may = map[string]bool{}
		}
		maps.Copy(may, u.Owned)
		snap.Users = append(snap.Users, pgcatalog.User{Name: name, Admin: u.Admin, MayCreate: u.Define, MaySelect: may})
	}
	for _, name := range setting.Names() {
		if v, ok := s.Setting(name); ok {
			snap.Settings = append(snap.Settings, pgcatalog.Setting{Name: name, Value: v})
		}
	}
	return snap
}

// bodyOf is the SELECT of a CREATE FEATURE as it was written, as pg_get_viewdef shows one: with a semicolon.
func bodyOf(text string) string {
	statements, err := syntax.Parse(text)
	if err != nil || len(statements) != 1 {
		return ""
	}
	f, ok := statements[0].(*syntax.CreateFeature)
	if !ok {
		return ""
	}
	return " " + text[f.Select.Pos:f.Select.End] + ";"
}

// selectAll is the query that a relation's rows come from where nobody wrote one.
func selectAll(r *plan.Relation) string {
	columns := make([]string, len(r.Columns))
	for i, c := range r.Columns {
		columns[i] = syntax.QuoteIdent(c.Name)
	}
	return " SELECT " + strings.Join(columns, ", ") + " FROM " + syntax.QuoteIdent(r.Name) + ";"
}
