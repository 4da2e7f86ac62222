package engine

import (
	"context"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/asofdb/asof/engine/pgcatalog"
	"github.com/asofdb/asof/sql/exec"
	"github.com/asofdb/asof/sql/plan"
	"github.com/asofdb/asof/sql/syntax"
	"github.com/asofdb/asof/sql/types"
)

// opener reads columns of a relation that has no timeline and is none of the catalog's: a file, or a session's own table.
type opener func(ctx context.Context, columns []int) (exec.Rows, error)

// names is what a statement can name: the session's temporary tables, then the relations of the catalog, and files. It lives as long as the
// statement is bound.
type names struct {
	ctx  context.Context
	s    *Session
	st   *statement
	read map[string]*plan.Relation // files, by their paths: each is looked at once
	// system are pg_catalog and information_schema.
	system systemTables
}

func (s *Session) names(ctx context.Context, st *statement) *names {
	n := &names{ctx: ctx, s: s, st: st, read: map[string]*plan.Relation{}}
	n.system = systemTables{n: n, read: map[*pgcatalog.Table]*plan.Relation{}}
	return n
}

// Relation implements plan.Catalog. A temporary table hides a relation of its name.
func (n *names) Relation(name string) (*plan.Relation, error) {
	if t := n.s.tables[name]; t != nil {
		if t.view == nil {
			n.st.plain[t.relation] = t.open
		}
		return t.relation, nil
	}
	if t := pgcatalog.Find("pg_catalog", name); t != nil && n.st.cat.sources[name] == nil && n.st.cat.features[name] == nil {
		return n.system.relation(t), nil
	}
	r, err := n.st.cat.Relation(name)
	if near := plan.Nearest(name, slices.Sorted(maps.Keys(n.s.tables))); err != nil && near != "" {
		return nil, types.Errorf(types.CodeUndefinedTable, "relation %q does not exist", name).WithHint("did you mean %q?", near)
	}
	return r, err
}

// View implements plan.ViewCatalog.
func (n *names) View(name string) *syntax.CTE {
	if t := n.s.tables[name]; t != nil {
		return t.view
	}
	return nil
}

// File implements plan.FileCatalog.
func (n *names) File(path string) (*plan.Relation, error) {
	full, err := n.s.pathOf(path)
	if err != nil {
		return nil, err
	}
	if r := n.read[full]; r != nil {
		return r, nil
	}
	ending := endingOf(path)
	connector, ok := n.s.eng.options.Connectors.Files[ending]
	if !ok {
		return nil, n.s.eng.unknownFormat("the name of file '"+path+"' does not say what it holds", n.s.eng.fileFormats())
	}
	f, err := n.s.eng.openFile(n.ctx, connector, full, FileSpec{Zone: n.s.zone})
	if err != nil {
		return nil, err
	}
	r := &plan.Relation{Name: path, Kind: plan.FileRelation, Columns: f.Columns, EventTime: -1, PlainTable: true}
	n.st.plain[r] = f.Rows
	n.read[full] = r
	return r, nil
}

// openFile opens a file, and shows how far it is when that takes long.
func (e *Engine) openFile(ctx context.Context, c FileConnector, path string, s FileSpec) (*File, error) {
	var done, total atomic.Int64
	s.Progress = func(d, t int64) { done.Store(d); total.Store(t) }
	defer e.progress(ctx, "reading "+filepath.Base(path), "bytes", func() (int64, int64) { return done.Load(), total.Load() })()
	return c.Open(ctx, path, s)
}

// endingOf is the ending of a file's name, which says what it holds: "csv".
func endingOf(path string) string {
	return strings.ToLower(strings.TrimPrefix(filepath.Ext(path), "."))
}

func (e *Engine) fileFormats() []string { return slices.Sorted(maps.Keys(e.options.Connectors.Files)) }

func (e *Engine) unknownFormat(what string, formats []string) error {
	err := types.Errorf(types.CodeInvalidParameter, "%s", what)
	if len(formats) == 0 {
		return err
	}
	return err.WithHint("it ends in .%s", strings.Join(formats, ", ."))
}
