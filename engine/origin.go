package engine

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/asofdb/asof/sql/syntax"
	"github.com/asofdb/asof/sql/types"
)

// An origin is a database whose changes come over one connector: CREATE SOURCE shop WITH (connector = 'kafka', topics = 'shop.public.*') … declares it, and CREATE SOURCE orders (…) FROM shop TABLE
// public.orders a table of it. Nothing of a table that nobody has declared is read. Each table reads its own topic, and the origin's transactions and heartbeats: a transaction that touches
// several tables is whole in each at its commit time, and a statement over several of them is answered for the smallest of their frontiers.

const metaOrigin = "catalog/origin/" // + name -> sourceRecord without columns

// isOrigin reports whether a declaration is that of an origin.
func isOrigin(st *syntax.CreateSource) bool {
	return len(st.Columns) == 0 && st.Origin == "" && slices.ContainsFunc(st.Options, func(o syntax.Option) bool { return o.Name == "topics" })
}

// createOrigin declares an origin.
func (e *Engine) createOrigin(ctx context.Context, st *syntax.CreateSource) error {
	if err := e.lockCatalog(); err != nil {
		return err
	}
	defer e.ddl.Unlock()
	c := e.catalog.Load()
	if c.origins[st.Name] != nil && st.IfNotExists {
		e.notice(ctx, fmt.Sprintf("origin %q already exists, skipping", st.Name), "")
		return nil
	}
	if err := c.unused(st); err != nil {
		return err
	}
	r := sourceRecord{Name: st.Name, Text: st.Text, Options: map[string]string{}, Secrets: map[string]string{}, Created: e.options.Clock().UnixMicro()}
	if err := e.readOptions(&r, st, nil); err != nil {
		return err
	}
	options, err := e.resolved(&r)
	if err != nil {
		return err
	}
	if check := e.options.Connectors.Sources[r.Options["connector"]].Check; check != nil {
		if err := check(options); err != nil {
			return err
		}
	}
	b := e.db.NewBatch()
	putJSON(b, metaOrigin+r.Name, &r)
	if err := e.commit(b); err != nil {
		return err
	}
	next := c.clone()
	next.origins[r.Name] = &r
	e.catalog.Store(next)
	return nil
}

// unused refuses a name that something has.
func (c *catalog) unused(st *syntax.CreateSource) error {
	what := "relation"
	if c.origins[st.Name] != nil {
		what = "origin"
	} else if _, err := c.Relation(st.Name); err != nil {
		return nil
	}
	return types.Errorf(types.CodeDuplicateTable, "%s %q already exists", what, st.Name).At(int(st.NamePos.Pos), int(st.NamePos.End-st.NamePos.Pos)).
		WithHint("choose another name, or DROP it first")
}

// originOf is the origin that a table is declared from.
func (c *catalog) originOf(st *syntax.CreateSource) (*sourceRecord, error) {
	o := c.origins[st.Origin]
	if o != nil {
		return o, nil
	}
	e := types.Errorf(types.CodeUndefinedObject, "there is no origin %q", st.Origin)
	if len(c.origins) == 0 {
		return nil, e.WithHint("CREATE SOURCE %s WITH (connector = 'kafka', brokers = '…', topics = 'shop.public.*') FORMAT DEBEZIUM ENCODE JSON declares one", st.Origin)
	}
	return nil, e.WithHint("there is: %s", strings.Join(slices.Sorted(maps.Keys(c.origins)), ", "))
}

// inherit gives a table what its origin says.
func (r *sourceRecord) inherit(o *sourceRecord, table string) {
	for name, value := range o.Options {
		if _, own := r.Options[name]; !own {
			r.Options[name] = value
		}
	}
	maps.Copy(r.Secrets, o.Secrets)
	r.Origin, r.Format, r.Options["table"] = o.Name, o.Format, table
}

// tables are the sources of an origin, by name.
func (c *catalog) tables(origin string) (list []*source) {
	for _, name := range slices.Sorted(maps.Keys(c.sources)) {
		if c.sources[name].rec.Origin == origin {
			list = append(list, c.sources[name])
		}
	}
	return list
}

// siblings are the sources that are paused and resumed together with one: those of its origin.
func (c *catalog) siblings(s *source) []*source {
	if s.rec.Origin == "" {
		return []*source{s}
	}
	return c.tables(s.rec.Origin)
}

// dropOrigin deletes an origin that no table reads from.
func (e *Engine) dropOrigin(c *catalog, st *syntax.Drop) error {
	var names []string
	for _, s := range c.tables(st.Name) {
		names = append(names, "source "+s.rec.Name)
	}
	if names != nil {
		err := types.Errorf(types.CodeDependents, "cannot drop origin %q because sources are read from it", st.Name)
		err.Detail = strings.Join(names, ", ")
		return err.At(int(st.NamePos.Pos), int(st.NamePos.End-st.NamePos.Pos)).WithHint("drop them first")
	}
	next := c.clone()
	delete(next.origins, st.Name)
	next.forgetRelation(st.Name)
	b := e.db.NewBatch()
	b.DeleteMeta(metaOrigin + st.Name)
	putUsers(b, c.users, next.users)
	if err := e.commit(b); err != nil {
		return err
	}
	e.catalog.Store(next)
	return nil
}
