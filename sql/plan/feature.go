package plan

import (
	"slices"

	"github.com/asofdb/asof/sql/expr"
	"github.com/asofdb/asof/sql/syntax"
	"github.com/asofdb/asof/sql/types"
)

// BindFeature compiles a feature's definition, or refuses it: with the words "not yet" for what the language will have, with what to write instead for what it never will.
// The second result are notices for the user.
func BindFeature(st *syntax.CreateFeature, cat Catalog, s Session) (*Feature, []string, error) {
	f := &Feature{Name: st.Name, Text: st.Text}
	var err error
	if f.Options, err = bindOptions(st.Options); err != nil {
		return nil, nil, err
	}
	if err := featureForm(st.Select); err != nil {
		return nil, nil, err
	}
	// A feature means the same whoever reads it: its literals and its days are UTC, whatever the session says.
	b := &binder{cat: featureCatalog{cat}, inFeature: true, params: params{none: true}}
	q, err := b.bindSelect(st.Select, around{}, false)
	if err != nil {
		return nil, nil, err
	}
	c := &compiler{f: f, st: st, q: q, rel: q.scope.tables[0].rel}
	c.windows = windows{columns: c.rel.Columns, event: -1}
	if err := c.compile(); err != nil {
		return nil, nil, err
	}
	return f, c.notices, nil
}

// KeyOutputs returns, for each of Keys, the output that carries it.
func (f *Feature) KeyOutputs() []int {
	out := make([]int, len(f.Keys))
	for i, k := range f.Keys {
		column := i
		if f.Attribute {
			column = k
		}
		out[i] = slices.IndexFunc(f.Outputs, func(o Output) bool {
			c, ok := o.X.(*expr.Column)
			return ok && c.Index == column
		})
	}
	return out
}

// featureCatalog shows a feature's body only what a feature can be made of.
type featureCatalog struct{ Catalog }

// Relation hides the system columns: they speak of a read, and a definition is read at every moment.
func (c featureCatalog) Relation(name string) (*Relation, error) {
	rel, err := c.Catalog.Relation(name)
	if err != nil {
		return nil, err
	}
	switch {
	case rel.Kind == FeatureRelation || rel.Kind == FeatureHistory:
		return nil, types.Errorf(types.CodeNotSupported, "a feature over the feature %q is not yet supported", name)
	case rel.PlainTable:
		return nil, types.Errorf(types.CodeWrongObjectType, "%q is a plain table: it has no timeline for a feature to follow", name).
			WithHint("say which of its columns is the commit time: CREATE SOURCE … WITH (commit_time = '…')")
	}
	r := *rel
	r.System = nil
	return &r, nil
}

// featureForm refuses the clauses that a feature cannot have.
func featureForm(sel *syntax.Select) error {
	switch from := sel.From.(type) {
	case *syntax.Join:
		return notYet(from.Span, "a JOIN in a feature is")
	case *syntax.Derived:
		return notYet(from.Span, "a subquery in FROM of a feature is")
	case *syntax.TableFunc:
		return notYet(from.Span, "a function in FROM of a feature is")
	case *syntax.Table:
		if from.File {
			return notYet(from.Span, "a feature over a file is").WithHint("make a source of it: CREATE SOURCE … WITH (connector = 'file', commit_time = '…')")
		}
	}
	switch {
	case len(sel.With) > 0:
		return notYet(sel.Span, "WITH in a feature is")
	case sel.Values != nil:
		return notYet(sel.Span, "a feature of VALUES is")
	case sel.Set != nil:
		return notYet(sel.Set.OpPos, sel.Set.Op+" in a feature is")
	}
	never := func(place syntax.Span, what, hint string) error {
		return errorAt(place, types.CodeInvalidFunctionDef, "%s cannot stand in a feature", what).WithHint("%s", hint)
	}
	switch {
	case sel.Distinct:
		return never(keyword(sel, "SELECT DISTINCT"), "DISTINCT", "a feature has one row per entity: GROUP BY its columns")
	case sel.Having != nil:
		return never(sel.Having.Place(), "HAVING", "filter when reading: SELECT … FROM the feature WHERE …")
	case len(sel.OrderBy) > 0:
		return never(sel.OrderBy[0].X.Place(), "ORDER BY", "order when reading: SELECT … FROM the feature ORDER BY …")
	case sel.Limit != nil:
		return never(sel.Limit.Place(), "LIMIT", "limit when reading: SELECT … FROM the feature LIMIT …")
	case sel.Offset != nil:
		return never(sel.Offset.Place(), "OFFSET", "limit when reading: SELECT … FROM the feature LIMIT …")
	case sel.From == nil:
		return never(keyword(sel, "SELECT"), "a SELECT without FROM", "a feature is computed from a source: SELECT … FROM source")
	}
	asOf := sel.AsOf
	if t, ok := sel.From.(*syntax.Table); ok && asOf == nil {
		asOf = t.AsOf
	}
	if asOf != nil {
		return never(asOf.Span, "AS OF", "the moment is the reader's: it is NOW() in the feature, and AS OF stands in the SELECT that reads it")
	}
	return nil
}

// keyword is the place of the words that sel begins with.
func keyword(sel *syntax.Select, words string) syntax.Span {
	return syntax.Span{Pos: sel.Pos, End: min(sel.End, sel.Pos+syntax.Pos(len(words)))}
}

// compiler turns a bound SELECT into a Feature.
type compiler struct {
	f       *Feature
	st      *syntax.CreateFeature
	q       *selection
	rel     *Relation
	windows windows
	notices []string
}

func (c *compiler) compile() error {
	f, g := c.f, c.q.scope.group
	f.Source, f.Columns = c.rel.Name, c.rel.Columns
	f.Attribute = !g.active()
	if err := c.entity(); err != nil {
		return err
	}
	if err := c.predicates(); err != nil {
		return err
	}
	if err := c.q.group(); err != nil {
		return err
	}
	if err := c.outputs(); err != nil {
		return err
	}
	if err := c.eventTime(); err != nil {
		return err
	}
	f.Reads = f.reads()
	f.Version = f.version()
	return nil
}

// predicates finds the windows in WHERE and in each aggregate.
func (c *compiler) predicates() (err error) {
	if c.f.Where, err = c.windows.predicate(c.q.where); err != nil {
		return err
	}
	for _, call := range c.q.scope.group.aggs {
		a := Aggregate{Fn: call.Fn, Arg: settle(call.Arg)}
		if call.Arg != nil {
			if err := c.windows.check(call.Arg); err != nil {
				return err
			}
		}
		if a.Pred, err = c.windows.predicate(call.Filter); err != nil {
			return err
		}
		c.f.Aggs = append(c.f.Aggs, a)
	}
	return nil
}

// outputs names and checks the columns of the result.
func (c *compiler) outputs() error {
	seen := map[string]bool{}
	for _, t := range c.q.targets {
		if now := findNow(t.x); now != nil {
			return otherNow(now.place, "NOW()")
		}
		if seen[t.name] {
			return errorAt(t.place, types.CodeDuplicateColumn, "column %q specified more than once", t.name).
				WithHint("give each column of a feature a name of its own: … AS name")
		}
		seen[t.name] = true
		c.f.Outputs = append(c.f.Outputs, Output{Name: t.name, X: t.x, T: t.x.Type()})
	}
	for i, o := range c.f.KeyOutputs() {
		if o < 0 {
			name := c.rel.Columns[c.f.Keys[i]].Name
			return errorAt(keyword(c.st.Select, "SELECT"), types.CodeInvalidFunctionDef, "the entity column %q is not in the select list", name).
				WithHint("rows of a feature are found by it: SELECT %s, …", syntax.QuoteIdent(name))
		}
	}
	return nil
}

// eventTime settles the event time: the windows' column, else the option, else the source's only one.
func (c *compiler) eventTime() error {
	f := c.f
	f.EventTime = c.windows.event
	if name, ok := f.Options["event_time"]; ok {
		i, err := c.eventOption(name)
		if err != nil {
			return err
		}
		f.EventTime = i
	}
	if f.EventTime < 0 {
		f.EventTime = c.rel.EventTime
	}
	if i := c.windows.event; i >= 0 && !c.rel.Columns[i].NotNull {
		c.notices = append(c.notices, "rows whose "+syntax.QuoteIdent(c.rel.Columns[i].Name)+" is NULL are in no window")
	}
	return nil
}

// eventOption checks WITH (event_time = 'name').
func (c *compiler) eventOption(name string) (int, error) {
	place := c.st.Options[slices.IndexFunc(c.st.Options, func(o syntax.Option) bool { return o.Name == "event_time" })].Span
	i := c.rel.Columns.Index(name)
	if i < 0 {
		err := errorAt(place, types.CodeUndefinedColumn, "column %q does not exist", name)
		names := make([]string, len(c.rel.Columns))
		for j, col := range c.rel.Columns {
			names[j] = col.Name
		}
		if near := Nearest(name, names); near != "" {
			return 0, err.WithHint("did you mean %q?", near)
		}
		return 0, err
	}
	if t := c.rel.Columns[i].Type; !isTime(t.Kind) {
		return 0, errorAt(place, types.CodeDatatypeMismatch, "the event time %q is of type %s", name, t).
			WithHint("an event time is a TIMESTAMPTZ, a TIMESTAMP or a DATE")
	}
	if w := c.windows.event; w >= 0 && w != i {
		return 0, errorAt(place, types.CodeInvalidFunctionDef, "the event time is declared as %q, but the windows speak of %q", name, c.rel.Columns[w].Name).
			WithHint("leave the option away, or make a feature of each")
	}
	return i, nil
}

// reads lists the source's columns that a row must carry for the feature.
func (f *Feature) reads() []int {
	var xs []expr.Expr
	for _, p := range f.predicates() {
		xs = append(xs, p.Rest)
	}
	for _, a := range f.Aggs {
		xs = append(xs, a.Arg)
	}
	if f.Attribute {
		xs = append(xs, expressions(f.Outputs)...)
	}
	read := slices.DeleteFunc(columnsOf(xs...), func(i int) bool { return slices.Contains(f.Keys, i) })
	slices.Sort(read)
	return read
}

// predicates are all conditions of the feature.
func (f *Feature) predicates() []Predicate {
	out := []Predicate{f.Where}
	for _, a := range f.Aggs {
		out = append(out, a.Pred)
	}
	return out
}
