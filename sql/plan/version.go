package plan

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/asofdb/asof/sql/expr"
	"github.com/asofdb/asof/sql/syntax"
)

// version is the hash of the canonical text.
func (f *Feature) version() string {
	sum := sha256.Sum256([]byte(f.Canonical()))
	return hex.EncodeToString(sum[:8])
}

// Canonical is the text that Version is the hash of: all that the values depend on, and nothing else. What is spelled differently and means the
// same by the rules of binding (names in another case, BETWEEN, CASE for FILTER, the order of conditions, an alias of the source) is equal here. The feature's
// own name is left out.
func (f *Feature) Canonical() string {
	var b strings.Builder
	line := func(head string, parts ...string) {
		b.WriteString(head + " " + strings.Join(parts, ", ") + "\n")
	}
	line("source", syntax.QuoteIdent(f.Source))
	if f.Attribute {
		line("row")
	}
	line("keys", f.typed(f.Keys)...)
	line("reads", f.typed(f.Reads)...)
	if f.EventTime >= 0 {
		line("event time", f.typed([]int{f.EventTime})...)
	}
	if where := f.conditions(f.Where); where != "" {
		line("where", where)
	}
	for _, o := range f.Outputs {
		line("output", syntax.QuoteIdent(o.Name)+" "+o.T.String()+" = "+f.canonicalOutput(o.X).String())
	}
	return b.String()
}

// typed prints columns with their types.
func (f *Feature) typed(columns []int) []string {
	out := make([]string, len(columns))
	for i, c := range columns {
		out[i] = syntax.QuoteIdent(f.Columns[c].Name) + " " + f.Columns[c].Type.String()
	}
	return out
}

// conditions prints a predicate, its conjuncts sorted.
func (f *Feature) conditions(p Predicate) string {
	var parts []string
	for _, b := range p.Bounds {
		parts = append(parts, "event time "+b.Op+" "+b.At.String())
	}
	if p.Rest != nil {
		for _, c := range expr.Conjuncts(p.Rest) {
			parts = append(parts, c.String())
		}
	}
	slices.Sort(parts)
	return strings.Join(slices.Compact(parts), " AND ")
}

// canonicalOutput names the columns of an output's expression after what they are: keys and aggregates.
func (f *Feature) canonicalOutput(x expr.Expr) expr.Expr {
	if f.Attribute {
		return x
	}
	if c, ok := x.(*expr.Column); ok {
		name := ""
		if c.Index < len(f.Keys) {
			name = f.Columns[f.Keys[c.Index]].Name
		} else {
			name = f.aggregate(f.Aggs[c.Index-len(f.Keys)])
		}
		return &expr.Column{Index: c.Index, Name: name, T: c.T}
	}
	return expr.Rebuild(x, f.canonicalOutput)
}

func (f *Feature) aggregate(a Aggregate) string {
	text := AggCall{Fn: a.Fn, Arg: a.Arg}.describe()
	if where := f.conditions(a.Pred); where != "" {
		text += " FILTER (WHERE " + where + ")"
	}
	return text
}
