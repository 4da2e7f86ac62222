package engine

import (
	"cmp"
	"maps"
	"slices"

	"github.com/asofdb/asof/sql/types"
)

// The fields of an entity that are there beside its features' columns, after them. No column takes their names.
const (
	FieldAsOf      = "as_of"      // the moment that the values are of, TIMESTAMPTZ
	FieldUpdatedAt = "updated_at" // when one of them last changed, BIGINT: milliseconds since 1970
)

// entityLayout is how the features of one entity are read as one record of fields: those columns of its features that are not the key.
//
// A field is called as its column. Where several features have a column of a name, it is the oldest feature's; the others' are "feature.column", by which
// every column can be asked for.
type entityLayout struct {
	name     string
	keys     types.Schema
	features []*feature // the oldest first
	groups   []entityGroup
	fields   []entityField
	// names are all names of the fields, and as_of and updated_at: the field's place among fields, or one of the places below.
	names map[string]int
}

// Places of what is no feature's column.
const (
	placeAsOf = -1 - iota
	placeUpdatedAt
)

// entityField is a column of a feature. Both are places: among the layout's features, and among the feature's outputs.
type entityField struct {
	name            string
	feature, column int
}

// entityGroup is the features that share a generation, by their places. One read of its log serves them all.
type entityGroup struct {
	gen      *generation
	features []int
}

// entityLayouts are the entities of a catalog. A feature without key is an entity of its own, by its own name; its key has no parts. An entity of
// the same name with a key is another.
type entityLayouts struct {
	keyed, single map[string]*entityLayout
}

// layouts returns the catalog's entities, which are found out once.
func (c *catalog) layouts() *entityLayouts {
	if l := c.seen.Load(); l != nil {
		return l
	}
	l := &entityLayouts{keyed: map[string]*entityLayout{}, single: map[string]*entityLayout{}}
	for _, f := range slices.SortedFunc(maps.Values(c.features), func(a, b *feature) int { return cmp.Compare(a.rec.Ordinal, b.rec.Ordinal) }) {
		in, name := l.keyed, f.plan.Entity
		if len(f.plan.Keys) == 0 {
			in, name = l.single, f.rec.Name
		}
		if in[name] == nil {
			in[name] = &entityLayout{name: name, names: map[string]int{FieldAsOf: placeAsOf, FieldUpdatedAt: placeUpdatedAt}}
			for _, k := range f.plan.Keys {
				in[name].keys = append(in[name].keys, f.plan.Columns[k])
			}
		}
		in[name].add(f)
	}
	for _, in := range []map[string]*entityLayout{l.keyed, l.single} {
		for _, e := range in {
			e.addFullNames()
		}
	}
	c.seen.Store(l)
	return l
}

// of returns an entity by its name and whether it has a key; nil where there is none.
func (l *entityLayouts) of(name string, keyed bool) *entityLayout {
	if keyed {
		return l.keyed[name]
	}
	return l.single[name]
}

// sorted are all entities, those without a key first, by name.
func (l *entityLayouts) sorted() []*entityLayout {
	var all []*entityLayout
	for _, in := range []map[string]*entityLayout{l.single, l.keyed} {
		for _, name := range slices.Sorted(maps.Keys(in)) {
			all = append(all, in[name])
		}
	}
	return all
}

func (l *entityLayout) add(f *feature) {
	place := len(l.features)
	l.features = append(l.features, f)
	group := slices.IndexFunc(l.groups, func(g entityGroup) bool { return g.gen == f.gen })
	if group < 0 {
		group = len(l.groups)
		l.groups = append(l.groups, entityGroup{gen: f.gen})
	}
	l.groups[group].features = append(l.groups[group].features, place)
	keys := f.plan.KeyOutputs()
	for i, o := range f.plan.Outputs {
		if slices.Contains(keys, i) {
			continue
		}
		name := o.Name
		if _, taken := l.names[name]; taken {
			name = f.rec.Name + "." + o.Name
		} else {
			l.names[name] = len(l.fields)
		}
		l.fields = append(l.fields, entityField{name, place, i})
	}
}

// addFullNames makes every column answer to feature.column, unless a column is called so.
func (l *entityLayout) addFullNames() {
	for i, fd := range l.fields {
		f := l.features[fd.feature]
		name := f.rec.Name + "." + f.plan.Outputs[fd.column].Name
		if _, taken := l.names[name]; !taken {
			l.names[name] = i
		}
	}
}
