package plan

import (
	"strconv"
	"strings"

	"github.com/asofdb/asof/sql/expr"
	"github.com/asofdb/asof/sql/syntax"
	"github.com/asofdb/asof/sql/types"
)

// Column returns the relation's column i, counting the system columns after the others.
func (r *Relation) Column(i int) types.Column {
	if i < len(r.Columns) {
		return r.Columns[i]
	}
	return r.System[i-len(r.Columns)]
}

// Schema has the columns that the scan reads.
func (s *Scan) Schema() types.Schema {
	out := make(types.Schema, len(s.Columns))
	for i, c := range s.Columns {
		out[i] = s.Relation.Column(c)
	}
	return out
}

// Schema of One has no columns.
func (*One) Schema() types.Schema { return nil }

// Schema of a Filter is its input's.
func (f *Filter) Schema() types.Schema { return f.In.Schema() }

// Schema of a Project is its outputs.
func (p *Project) Schema() types.Schema { return outputSchema(p.Exprs) }

// Schema of an Aggregation is its keys, then its aggregates.
func (a *Aggregation) Schema() types.Schema {
	out := outputSchema(a.Keys)
	for _, c := range a.Aggs {
		out = append(out, types.Column{Name: c.Name, Type: c.Fn.Result})
	}
	return out
}

// Schema of a Sort, a Distinct and a Limit is their input's.
func (s *Sort) Schema() types.Schema     { return s.In.Schema() }
func (d *Distinct) Schema() types.Schema { return d.In.Schema() }
func (l *Limit) Schema() types.Schema    { return l.In.Schema() }

func outputSchema(outputs []Output) types.Schema {
	s := make(types.Schema, len(outputs))
	for i, o := range outputs {
		s[i] = types.Column{Name: o.Name, Type: o.T}
	}
	return s
}

// Children of each node, in the order of its input rows.
func (*Scan) Children() []Node          { return nil }
func (*One) Children() []Node           { return nil }
func (f *Filter) Children() []Node      { return []Node{f.In} }
func (p *Project) Children() []Node     { return []Node{p.In} }
func (a *Aggregation) Children() []Node { return []Node{a.In} }
func (s *Sort) Children() []Node        { return []Node{s.In} }
func (d *Distinct) Children() []Node    { return []Node{d.In} }
func (l *Limit) Children() []Node       { return []Node{l.In} }

// Describe of a Scan names the columns, the moment and the keys.
func (s *Scan) Describe() string {
	var b strings.Builder
	name := syntax.QuoteIdent(s.Relation.Name)
	if s.Relation.Kind == FileRelation {
		name = syntax.QuoteString(s.Relation.Name)
	}
	b.WriteString("Scan " + name)
	names := make([]string, len(s.Columns))
	for i, c := range s.Columns {
		names[i] = syntax.QuoteIdent(s.Relation.Column(c).Name)
	}
	b.WriteString(" (" + strings.Join(names, ", ") + ")")
	if s.AsOf.X != nil {
		b.WriteString(s.AsOf.describe())
	}
	if s.Any != nil {
		b.WriteString(" key = ANY (" + s.Any.String() + ")")
	}
	if s.Keys != nil {
		b.WriteString(" key IN (" + describeKeys(s.Keys) + ")")
	}
	return b.String()
}

// maxKeysShown bounds the line that EXPLAIN prints for a long IN list.
const maxKeysShown = 8

func describeKeys(keys [][]expr.Expr) string {
	shown := make([]string, 0, maxKeysShown+1)
	for i, k := range keys {
		if i == maxKeysShown {
			shown = append(shown, strconv.Itoa(len(keys)-i)+" more")
			break
		}
		parts := make([]string, len(k))
		for j, x := range k {
			parts[j] = x.String()
		}
		text := strings.Join(parts, ", ")
		if len(parts) > 1 {
			text = "(" + text + ")"
		}
		shown = append(shown, text)
	}
	return strings.Join(shown, ", ")
}

func (a AsOf) describe() string {
	switch {
	case a.Before:
		return " BEFORE " + a.X.String()
	case a.Served:
		return " AS OF SERVED " + a.X.String()
	}
	return " AS OF " + a.X.String()
}

// Describe of One.
func (*One) Describe() string { return "One row" }

// Describe of a Filter is its condition.
func (f *Filter) Describe() string { return "Filter " + f.X.String() }

// Describe of a Project is its expressions.
func (p *Project) Describe() string { return "Project " + describeOutputs(p.Exprs) }

// Describe of an Aggregation is its aggregates and its keys.
func (a *Aggregation) Describe() string {
	names := make([]string, len(a.Aggs))
	for i, c := range a.Aggs {
		names[i] = c.Name
	}
	text := "Aggregate"
	if len(names) > 0 {
		text += " " + strings.Join(names, ", ")
	}
	if len(a.Keys) > 0 {
		text += " by " + describeOutputs(a.Keys)
	}
	return text
}

// Describe of a Sort is its keys.
func (s *Sort) Describe() string {
	keys := make([]string, len(s.Keys))
	for i, k := range s.Keys {
		keys[i] = k.describe()
	}
	return "Sort by " + strings.Join(keys, ", ")
}

func (k SortKey) describe() string {
	text := k.X.String()
	if k.Desc {
		text += " DESC"
	}
	if k.NullsFirst != k.Desc { // PostgreSQL's default is last if ascending, first if descending
		if k.NullsFirst {
			text += " NULLS FIRST"
		} else {
			text += " NULLS LAST"
		}
	}
	return text
}

// Describe of a Distinct.
func (*Distinct) Describe() string { return "Distinct" }

// Describe of a Limit is what it cuts.
func (l *Limit) Describe() string {
	text := "Limit"
	if l.Limit != nil {
		text += " " + l.Limit.String()
	}
	if l.Offset != nil {
		text += " offset " + l.Offset.String()
	}
	return text
}

func describeOutputs(outputs []Output) string {
	parts := make([]string, len(outputs))
	for i, o := range outputs {
		parts[i] = o.X.String()
		name, own := syntax.QuoteIdent(o.Name), parts[i]
		if c, ok := o.X.(*expr.Column); ok {
			own = syntax.QuoteIdent(c.Name)
		}
		if name != own {
			parts[i] += " AS " + name
		}
	}
	return strings.Join(parts, ", ")
}
