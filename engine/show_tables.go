package engine

import (
	"maps"
	"slices"
	"strings"

	"github.com/asofdb/asof/sql/plan"
	"github.com/asofdb/asof/sql/types"
)

// showTables lists everything that a query can read by name, sorted by it: what it is, its key or entity, and where its rows come from.
func (s *Session) showTables() *Rows {
	c := s.eng.catalog.Load()
	shown := map[string][]types.Value{}
	add := func(kind string, r *plan.Relation, key []int, from string) {
		var keys []string
		for _, k := range key {
			keys = append(keys, r.Columns[k].Name)
		}
		shown[r.Name] = []types.Value{types.NewText(r.Name), types.NewText(kind), textOrNull(strings.Join(keys, ", ")), textOrNull(from)}
	}
	for name := range c.features {
		if f := c.historyOf(name + historySuffix); f != nil {
			r := f.historyRelation()
			add("history", r, r.Key, name)
		}
	}
	for _, f := range c.features {
		add("feature", f.relation, f.relation.Key, f.plan.Source)
	}
	for _, src := range c.sources {
		add("source", src.relation, src.relation.Key, src.rec.Options["connector"])
	}
	for _, t := range s.tables { // they hide what else has their name
		add("temporary "+t.kind(), t.relation, t.key, "")
	}
	rows := make([][]types.Value, 0, len(shown))
	for _, name := range slices.Sorted(maps.Keys(shown)) {
		rows = append(rows, shown[name])
	}
	return fixedRows("SHOW", []types.Column{textColumn("name"), textColumn("kind"), textColumn("key"), textColumn("from")}, rows)
}
