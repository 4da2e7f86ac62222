package random

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/asofdb/asof/bench/exact/naive"
)

// Definition is a random feature: what the naive model evaluates, and its SQL.
type Definition struct {
	naive.Feature
	Name string
	SQL  string // the SELECT
}

// Windows are the lengths, in µs, of the windows over a workload whose commits are step apart.
func Windows(step int64) []int64 { return []int64{step, step * 7, step * 50} }

// conditions of the row's own, with what they mean.
var own = []naive.Cond{
	{SQL: "status = 'paid'", Own: func(r naive.Row) *bool { return equal(r.Status, "paid") }},
	{SQL: "status <> 'void'", Own: func(r naive.Row) *bool { return not(equal(r.Status, "void")) }},
	{SQL: "status IN ('open', 'paid')", Own: func(r naive.Row) *bool { return or(equal(r.Status, "open"), equal(r.Status, "paid")) }},
	{SQL: "flag", Own: func(r naive.Row) *bool { return r.Flag }},
	{SQL: "NOT flag", Own: func(r naive.Row) *bool { return not(r.Flag) }},
	{SQL: "flag IS NOT TRUE", Own: func(r naive.Row) *bool { return new(r.Flag == nil || !*r.Flag) }},
	{SQL: "qty > 0", Own: func(r naive.Row) *bool { return over(r.Qty, func(q int64) bool { return q > 0 }) }},
	{SQL: "qty IS NULL", Own: func(r naive.Row) *bool { return new(r.Qty == nil) }},
	{SQL: "qty BETWEEN 0 AND 2", Own: func(r naive.Row) *bool { return over(r.Qty, func(q int64) bool { return 0 <= q && q <= 2 }) }},
	{SQL: "cust LIKE '%a%'", Own: func(r naive.Row) *bool { return over(r.Cust, func(s string) bool { return strings.Contains(s, "a") }) }},
	{SQL: "COALESCE(qty, 5) - 1 = 4", Own: func(r naive.Row) *bool { return new(r.Qty == nil || *r.Qty == 5) }},
}

func equal(s *string, to string) *bool { return over(s, func(s string) bool { return s == to }) }

func over[T any](v *T, f func(T) bool) *bool {
	if v == nil {
		return nil
	}
	return new(f(*v))
}

func not(b *bool) *bool { return over(b, func(b bool) bool { return !b }) }

func or(a, b *bool) *bool {
	if a != nil && *a || b != nil && *b {
		return new(true)
	}
	if a == nil || b == nil {
		return nil
	}
	return new(false)
}

// window is a random window: sliding, closed, offset, or none.
func window(rng *rand.Rand, lengths []int64) []naive.Cond {
	w := lengths[rng.IntN(len(lengths))]
	lower := []string{">", ">="}[rng.IntN(2)]
	upper := []string{"<", "<="}[rng.IntN(2)]
	switch rng.IntN(8) {
	case 0:
		return []naive.Cond{{Op: lower, Back: w}, {Op: upper, Back: 0}}
	case 1:
		return []naive.Cond{{Op: lower, Back: w}, {Op: upper, Back: w / 3}}
	case 2:
		return []naive.Cond{{Op: upper, Back: w}}
	default:
		return []naive.Cond{{Op: lower, Back: w}}
	}
}

func conditionSQL(cs []naive.Cond, rng *rand.Rand) string {
	var parts []string
	for _, c := range cs {
		switch {
		case c.Own != nil:
			parts = append(parts, c.SQL)
		case c.Back == 0:
			parts = append(parts, fmt.Sprintf("created_at %s NOW()", c.Op))
		case rng.IntN(4) == 0: // turned round
			parts = append(parts, fmt.Sprintf("NOW() - %s %s created_at", naive.Interval(c.Back), map[string]string{">": "<", ">=": "<=", "<": ">", "<=": ">="}[c.Op]))
		default:
			parts = append(parts, fmt.Sprintf("created_at %s NOW() - %s", c.Op, naive.Interval(c.Back)))
		}
	}
	return strings.Join(parts, " AND ")
}

// aggregates over columns that PostgreSQL has them for.
var aggregable = map[string][]string{
	"count":    {"amount", "cust", "flag", "qty"},
	"sum":      {"amount", "free", "qty", "score", "grp"},
	"avg":      {"amount", "free", "qty", "score"},
	"min":      {"amount", "free", "qty", "score", "status", "cust"},
	"max":      {"amount", "free", "qty", "score", "status", "cust"},
	"bool_and": {"flag"},
	"bool_or":  {"flag"},
}

// NewDefinition draws a feature.
func NewDefinition(rng *rand.Rand, name string, lengths []int64) Definition {
	d := Definition{Name: name}
	if rng.IntN(7) == 0 {
		return attribute(rng, d)
	}
	d.Keys = [][]string{{"cust"}, {"cust"}, {"grp"}, {"cust", "grp"}, {"status"}, nil}[rng.IntN(6)]
	if rng.IntN(2) == 0 {
		d.Where = append(d.Where, own[rng.IntN(len(own))])
	}
	if rng.IntN(3) == 0 {
		d.Where = append(d.Where, window(rng, lengths)...)
	}
	var items []string
	items = append(items, d.Keys...)
	for i := range 1 + rng.IntN(4) {
		a, sql := aggregate(rng, lengths)
		a.Name = fmt.Sprintf("v%d", i)
		d.Aggs = append(d.Aggs, a)
		items = append(items, sql+" AS "+a.Name)
	}
	d.SQL = "SELECT " + strings.Join(items, ", ") + " FROM t"
	if len(d.Where) > 0 {
		d.SQL += " WHERE " + conditionSQL(d.Where, rng)
	}
	if len(d.Keys) > 0 {
		d.SQL += " GROUP BY " + strings.Join(d.Keys, ", ")
	}
	return d
}

func attribute(rng *rand.Rand, d Definition) Definition {
	d.Attribute, d.Keys, d.Columns = true, []string{"id"}, []string{"amount", "status", "cust", "score"}
	d.SQL = "SELECT id, amount, status, cust, score FROM t"
	if rng.IntN(2) == 0 {
		d.Where = []naive.Cond{own[rng.IntN(len(own))]}
		d.SQL += " WHERE " + conditionSQL(d.Where, rng)
	}
	return d
}

// aggregate draws one, in one of the three spellings.
func aggregate(rng *rand.Rand, lengths []int64) (naive.Agg, string) {
	fn := []string{"count", "count", "sum", "sum", "sum", "avg", "avg", "min", "min", "max", "max", "bool_and", "bool_or"}[rng.IntN(13)]
	a := naive.Agg{Fn: fn}
	cols := aggregable[fn]
	a.Col = cols[rng.IntN(len(cols))]
	arg := a.Col
	switch {
	case fn == "count" && rng.IntN(2) == 0:
		a.Star, arg = true, "*"
	case fn == "count" && rng.IntN(2) == 0:
		a.Unique = true
	}
	if rng.IntN(4) > 0 {
		a.Filter = append(a.Filter, window(rng, lengths)...)
	}
	if rng.IntN(4) == 0 {
		a.Filter = append(a.Filter, own[rng.IntN(len(own))])
	}
	distinct := map[bool]string{true: "DISTINCT "}[a.Unique]
	if len(a.Filter) == 0 {
		return a, fmt.Sprintf("%s(%s%s)", fn, distinct, arg)
	}
	cond := conditionSQL(a.Filter, rng)
	switch {
	case rng.IntN(3) > 0:
		return a, fmt.Sprintf("%s(%s%s) FILTER (WHERE %s)", fn, distinct, arg, cond)
	case a.Star:
		a.Star, a.Col = false, "id"
		return a, fmt.Sprintf("count(CASE WHEN %s THEN 1 END)", cond)
	case (fn == "sum" || fn == "max") && (a.Col == "amount" || a.Col == "free" || a.Col == "qty") && rng.IntN(2) == 0:
		a.Else0 = true
		return a, fmt.Sprintf("%s(CASE WHEN %s THEN %s ELSE 0 END)", fn, cond, arg)
	default:
		return a, fmt.Sprintf("%s(%sCASE WHEN %s THEN %s END)", fn, distinct, cond, arg)
	}
}

// Create is the statement that creates the feature.
func (d Definition) Create() string {
	entity := "ENTITY e_" + strings.Join(d.Keys, "_") + " (" + strings.Join(d.Keys, ", ") + ") "
	if len(d.Keys) == 0 {
		entity = ""
	}
	return fmt.Sprintf("CREATE FEATURE %s %sAS %s", d.Name, entity, d.SQL)
}

// KeysOf parts an entity's key, as the naive model writes it. Only the first column of the test table's keys can hold a comma.
func (d Definition) KeysOf(key string) map[string]string {
	switch len(d.Keys) {
	case 0:
		return nil
	case 1:
		return map[string]string{d.Keys[0]: key}
	default:
		i := strings.LastIndexByte(key, ',')
		return map[string]string{d.Keys[0]: key[:i], d.Keys[1]: key[i+1:]}
	}
}
