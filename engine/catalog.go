package engine

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"sort"
	"strings"
	"sync/atomic"

	"github.com/asofdb/asof/sql/plan"
	"github.com/asofdb/asof/sql/syntax"
	"github.com/asofdb/asof/sql/types"
	"github.com/asofdb/asof/storage"
)

// Meta keys of the catalog. Everything below them is JSON, so that a data directory can be read by eye.
const (
	metaSource     = "catalog/source/"     // + name -> sourceRecord
	metaFeature    = "catalog/feature/"    // + name -> featureRecord
	metaGeneration = "catalog/generation/" // + id -> generationRecord
	metaEntity     = "catalog/entity/"     // + entity type name -> id
	metaDropping   = "dropping/"           // + source id: dropped, its data being deleted
	metaNext       = "catalog/next"        // the next id that has never been used
	metaState      = "state/"              // + source id -> sourceState
	metaFlushed    = "flushed/"            // + store -> mark
	metaRebuilding = "rebuilding"          // there while derived state is being made again
)

type sourceRecord struct {
	ID      uint32
	Name    string
	Text    string // CREATE SOURCE as the user wrote it
	Columns types.Schema
	Key     []int
	Options map[string]string
	Origin  string            `json:",omitempty"` // that the table is of
	Secrets map[string]string `json:",omitempty"` // the options that are secrets, by the secrets' names
	Format  string            // "DEBEZIUM JSON"
	Dir     string            // the working directory of CREATE SOURCE, which a relative path is relative to
	Created int64             // wall clock, µs
}

type featureRecord struct {
	Name       string
	Text       string // CREATE FEATURE as the user wrote it
	Generation uint32
	Ordinal    uint32 // creation order
	Created    int64
}

type generationRecord struct {
	ID        uint32
	Source    string
	Entity    uint16
	Keys      []int
	EventTime int
	Cols      []int
	// Serving is set by the record that swaps the generation in.
	Serving bool
}

// catalog is an immutable snapshot of what is defined. DDL, one statement at a time, publishes a new one.
type catalog struct {
	sources  map[string]*source
	origins  map[string]*sourceRecord
	features map[string]*feature
	users    map[string]*userRecord
	secrets  map[string]*secretRecord
	// seen is what entityLayouts made of the above, nil before it was asked for.
	seen atomic.Pointer[entityLayouts]
}

func (c *catalog) clone() *catalog {
	return &catalog{sources: maps.Clone(c.sources), origins: maps.Clone(c.origins), features: maps.Clone(c.features), users: maps.Clone(c.users), secrets: maps.Clone(c.secrets)}
}

// Relation implements plan.Catalog.
func (c *catalog) Relation(name string) (*plan.Relation, error) {
	if s := c.sources[name]; s != nil {
		return s.relation, nil
	}
	if f := c.features[name]; f != nil {
		return f.relation, nil
	}
	if f := c.historyOf(name); f != nil {
		return f.historyRelation(), nil
	}
	if c.origins[name] != nil {
		return nil, types.Errorf(types.CodeWrongObjectType, "%q is an origin, which has no rows of its own", name).WithHint("CREATE SOURCE orders (…) FROM %s TABLE public.orders declares a table of it", name)
	}
	e := types.Errorf(types.CodeUndefinedTable, "relation %q does not exist", name)
	if near := plan.Nearest(name, c.names()); near != "" {
		return nil, e.WithHint("did you mean %q?", near)
	}
	return nil, e.WithHint("SHOW SOURCES and SHOW FEATURES list what there is")
}

func (c *catalog) names() []string {
	var names []string
	for n := range c.sources {
		names = append(names, n)
	}
	for n := range c.features {
		names = append(names, n)
	}
	sort.Strings(names)
	return names
}

// dependents returns the names of the features over a source, in order.
func (c *catalog) dependents(source string) []string {
	var names []string
	for n, f := range c.features {
		if f.plan.Source == source {
			names = append(names, n)
		}
	}
	sort.Strings(names)
	return names
}

// servedBy names the features that a generation serves.
func (c *catalog) servedBy(g *generation) string {
	var names []string
	for name, f := range c.features {
		if f.gen == g {
			names = append(names, syntax.QuoteIdent(name))
		}
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

// loadCatalog reads every record; features are compiled again from their text.
func (e *Engine) loadCatalog() error {
	v := e.db.View()
	defer v.Close()
	e.entities = map[string]uint16{}
	e.next = 1
	if err := e.loadMock(v); err != nil {
		return err
	}
	if b, err := v.Meta(metaNext); err != nil {
		return err
	} else if b != nil {
		if err := json.Unmarshal(b, &e.next); err != nil {
			return damaged(metaNext, err)
		}
	}
	c := &catalog{sources: map[string]*source{}, origins: map[string]*sourceRecord{}, features: map[string]*feature{}, users: map[string]*userRecord{}, secrets: map[string]*secretRecord{}}
	var features []featureRecord
	generations := map[uint32]*generation{}
	err := scanMeta(v, metaEntity, func(name string, id uint16) error { e.entities[name] = id; return nil })
	if err == nil {
		err = scanMeta(v, metaOrigin, func(name string, r sourceRecord) error { c.origins[name] = &r; return nil })
	}
	if err == nil {
		err = scanMeta(v, metaSource, func(_ string, r sourceRecord) error {
			s, err := e.newSource(r)
			if err != nil {
				return err
			}
			c.sources[r.Name] = s
			return s.load(v)
		})
	}
	if err == nil {
		err = scanMeta(v, metaGeneration, func(_ string, r generationRecord) error {
			s := c.sources[r.Source]
			if s == nil || !r.Serving {
				e.abandoned = append(e.abandoned, r) // a crash came between its record and its swap, or while it was deleted
				return nil
			}
			generations[r.ID] = newGeneration(e, s, r)
			return nil
		})
	}
	if err == nil {
		err = scanMeta(v, metaSecret, func(name string, r secretRecord) error { c.secrets[name] = &r; return nil })
	}
	if err == nil {
		err = scanMeta(v, metaUser, func(name string, r userRecord) error { c.users[name] = &r; return nil })
	}
	if err == nil {
		err = scanMeta(v, metaFeature, func(_ string, r featureRecord) error { features = append(features, r); return nil })
	}
	if err != nil {
		return err
	}
	sort.Slice(features, func(i, j int) bool { return features[i].Ordinal < features[j].Ordinal })
	used := map[uint32]bool{}
	for _, r := range features {
		g := generations[r.Generation]
		if g == nil {
			return damaged(metaFeature+r.Name, fmt.Errorf("generation %d is missing", r.Generation))
		}
		f, err := e.compile(r, c, g)
		if err != nil {
			return damaged(metaFeature+r.Name, err)
		}
		c.features[r.Name] = f
		used[r.Generation] = true
	}
	for id, g := range generations {
		if !used[id] {
			e.abandoned = append(e.abandoned, g.rec)
			continue
		}
		if err := g.load(v); err != nil {
			return err
		}
		g.source.generations = append(g.source.generations, g)
	}
	e.catalog.Store(c)
	return nil
}

// compile binds a feature's text against the catalog and ties it to the generation that carries its columns.
func (e *Engine) compile(r featureRecord, c *catalog, g *generation) (*feature, error) {
	p, _, err := bindFeatureText(r.Text, c)
	if err != nil {
		return nil, err
	}
	return newFeature(r, p, g)
}

func bindFeatureText(text string, c plan.Catalog) (*plan.Feature, []string, error) {
	sts, err := syntax.Parse(text)
	if err != nil {
		return nil, nil, err
	}
	st, ok := sts[0].(*syntax.CreateFeature)
	if !ok || len(sts) != 1 {
		return nil, nil, fmt.Errorf("not a CREATE FEATURE: %.80q", text)
	}
	return plan.BindFeature(st, c, plan.Session{})
}

func scanMeta[T any](v *storage.View, prefix string, fn func(name string, record T) error) error {
	return v.ScanMeta(prefix, func(key string, value []byte) error {
		var r T
		if err := json.Unmarshal(value, &r); err != nil {
			return damaged(key, err)
		}
		return fn(strings.TrimPrefix(key, prefix), r)
	})
}

func putJSON(b *storage.Batch, key string, record any) {
	value, err := json.Marshal(record)
	if err != nil {
		panic("engine: a catalog record cannot be encoded: " + err.Error())
	}
	b.PutMeta(key, value)
}

func damaged(what string, err error) error {
	return &types.Error{Code: types.CodeCorrupted, Message: fmt.Sprintf("the data directory is damaged at %s: %v", what, err), Err: err}
}
