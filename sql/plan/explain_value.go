package plan

import (
	"slices"
	"strings"

	"github.com/asofdb/asof/sql/expr"
	"github.com/asofdb/asof/sql/syntax"
	"github.com/asofdb/asof/sql/types"
)

// ValueQuery is a bound EXPLAIN VALUE: which value of which entity.
type ValueQuery struct {
	// Query is the SELECT of that value. Its one scan says what is read and at which moment.
	*Query
	// Output is the column, an index of the feature's Outputs.
	Output int
	// Key has an expression for each column of the feature's key, constant over the statement; nil stands for the entity whose column is NULL.
	Key []expr.Expr
}

// BindExplainValue binds EXPLAIN VALUE column OF feature WHERE key = ….
func BindExplainValue(st *syntax.ExplainValue, cat Catalog, s Session) (*ValueQuery, error) {
	b := newBinder(cat, s)
	sel := st.Select
	asOf, err := b.asOf(sel.AsOf, b.newScope(around{}))
	if err != nil {
		return nil, err
	}
	q, err := b.bindSelect(sel, around{}, false)
	if err != nil {
		return nil, err
	}
	rel := q.scope.tables[0].rel
	if rel.Kind != FeatureRelation {
		err := errorAt(sel.From.(*syntax.Table).NamePos, types.CodeWrongObjectType, "%q is not a feature", rel.Name)
		if rel.Kind == FeatureHistory {
			return nil, err.WithHint("it is the history of one: EXPLAIN VALUE column OF %s WHERE … AS OF the moment", syntax.QuoteIdent(strings.TrimSuffix(rel.Name, historySuffix)))
		}
		return nil, err.WithHint("EXPLAIN VALUE tells which rows of its source made a feature's value; those of a source are the values")
	}
	v := &ValueQuery{}
	column := q.targets[0]
	if c, ok := column.x.(*expr.Column); ok {
		v.Output = c.Index
	}
	if v.Output >= len(rel.Columns) {
		return nil, errorAt(column.place, types.CodeWrongObjectType, "%q is a system column: no rows of the source made it", column.name).
			WithHint("the columns of %q are %s", rel.Name, strings.Join(columnNames(rel.Columns), ", "))
	}
	if v.Key, err = oneEntity(rel, q.where, sel); err != nil {
		return nil, err
	}
	v.Query = b.whole(q.arrange(), asOf)
	return v, nil
}

// oneEntity finds the one value that a condition leaves to each key column.
func oneEntity(rel *Relation, where expr.Expr, sel *syntax.Select) ([]expr.Expr, error) {
	key, given := make([]expr.Expr, len(rel.Key)), make([]bool, len(rel.Key))
	for _, c := range conjuncts(where) {
		k, x := keyCondition(rel, c)
		if k < 0 || given[k] {
			return nil, errorAt(sel.Where.Place(), types.CodeInvalidParameter, "EXPLAIN VALUE takes one entity, and nothing else in WHERE").WithHint("%s", entityHint(rel, sel))
		}
		key[k], given[k] = x, true
	}
	if k := slices.Index(given, false); k >= 0 {
		return nil, errorAt(sel.From.Place(), types.CodeInvalidParameter, "EXPLAIN VALUE takes one entity, and %q is not given", rel.Columns[rel.Key[k]].Name).
			WithHint("%s", entityHint(rel, sel))
	}
	return key, nil
}

// keyCondition returns the key column that x gives a value, and the value, nil for NULL; -1 where x is something else.
func keyCondition(rel *Relation, x expr.Expr) (k int, value expr.Expr) {
	switch x := x.(type) {
	case *expr.Compare:
		if tuples := (pushdown{rel: rel}).narrow(x); len(tuples) == 1 {
			k := slices.IndexFunc(tuples[0], func(v expr.Expr) bool { return v != nil })
			return k, tuples[0][k]
		}
	case *expr.IsNull:
		if c, ok := x.X.(*expr.Column); ok && !x.Not {
			return slices.Index(rel.Key, c.Index), nil
		}
	}
	return -1, nil
}

// entityHint is the statement as it can be written.
func entityHint(rel *Relation, sel *syntax.Select) string {
	if len(rel.Key) == 0 {
		return "leave WHERE away: " + syntax.QuoteIdent(rel.Name) + " has one row for all"
	}
	var conditions []string
	for _, k := range rel.Key {
		conditions = append(conditions, syntax.QuoteIdent(rel.Columns[k].Name)+" = …")
	}
	return "write EXPLAIN VALUE " + syntax.PrintExpr(sel.Items[0].X) + " OF " + syntax.QuoteIdent(rel.Name) + " WHERE " + strings.Join(conditions, " AND ")
}

func columnNames(s types.Schema) []string {
	names := make([]string, len(s))
	for i, c := range s {
		names[i] = c.Name
	}
	return names
}

// AggregateText is an aggregate of the feature as people read it, with its FILTER if that is asked for.
func (f *Feature) AggregateText(i int, filter bool) string {
	a := f.Aggs[i]
	text := AggCall{Fn: a.Fn, Arg: a.Arg}.describe()
	var conditions []string
	for _, b := range a.Pred.Bounds {
		conditions = append(conditions, syntax.QuoteIdent(f.Columns[f.EventTime].Name)+" "+b.Op+" "+b.At.String())
	}
	for _, c := range conjuncts(a.Pred.Rest) {
		conditions = append(conditions, c.String())
	}
	if !filter || len(conditions) == 0 {
		return text
	}
	return text + " FILTER (WHERE " + strings.Join(conditions, " AND ") + ")"
}
