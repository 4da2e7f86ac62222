// Package naive is the definition of a feature's value, written to be obviously right and nothing else: it keeps every version of every row,
// and to answer for a moment it takes the rows that were there, applies the conditions one by one, and folds what passes with
// math/big. It shares no code with the engine it judges, and imports nothing but the standard library.
package naive

import (
	"fmt"
	"math/big"
	"sort"
	"strconv"
	"strings"
)

// Row is a row of the test table. A nil pointer is NULL.
type Row struct {
	ID      int64
	Cust    *string
	Grp     *int64
	Amount  *string // NUMERIC(12,2): always two digits after the point
	Free    *string // NUMERIC: any number of digits
	Qty     *int64  // INTEGER
	Score   *float64
	Status  *string
	Flag    *bool
	Created *int64 // µs
}

// Version is a row as it was from C (included) to D (excluded).
type Version struct {
	Row
	C, D int64
}

// Forever is the D of a version that lives.
const Forever int64 = 1<<63 - 1

// Table is all versions of all rows.
type Table struct {
	Versions []Version
	live     map[int64]int // id -> index of the live version
}

// Commit makes state, by primary key, what the table is from c on. ids are the rows that the transaction touched.
func (t *Table) Commit(c int64, ids []int64, state map[int64]Row) {
	if t.live == nil {
		t.live = map[int64]int{}
	}
	for _, id := range ids {
		if i, ok := t.live[id]; ok {
			t.Versions[i].D = c
			delete(t.live, id)
		}
		if r, ok := state[id]; ok {
			t.live[id] = len(t.Versions)
			t.Versions = append(t.Versions, Version{r, c, Forever})
		}
	}
}

// At returns the rows at moment t, by primary key.
func (t *Table) At(at int64) []Row {
	var rows []Row
	for _, v := range t.Versions {
		if v.C <= at && at < v.D {
			rows = append(rows, v.Row)
		}
	}
	sort.Slice(rows, func(i, j int) bool { return rows[i].ID < rows[j].ID })
	return rows
}

// Cond is a condition: a comparison of the event time with NOW(), or one of the row's own.
type Cond struct {
	// Op and Back say created_at Op NOW() - Back µs.
	Op   string
	Back int64
	// Where Own is set, it is the condition, and SQL its spelling.
	Own func(Row) *bool
	SQL string
}

// holds is three-valued: nil is unknown.
func (c Cond) holds(r Row, now int64) *bool {
	if c.Own != nil {
		return c.Own(r)
	}
	if r.Created == nil {
		return nil
	}
	e, bound := *r.Created, now-c.Back
	var b bool
	switch c.Op {
	case ">":
		b = e > bound
	case ">=":
		b = e >= bound
	case "<":
		b = e < bound
	case "<=":
		b = e <= bound
	}
	return &b
}

func all(cs []Cond, r Row, now int64) bool {
	for _, c := range cs {
		if b := c.holds(r, now); b == nil || !*b {
			return false
		}
	}
	return true
}

// Agg is one output: an aggregate over the rows that pass Filter. In the CASE spelling with Else0, rows that do not pass count as 0.
type Agg struct {
	Fn     string // count, sum, avg, min, max, bool_and, bool_or
	Star   bool
	Unique bool
	Col    string
	Filter []Cond
	Else0  bool
	Name   string
}

// Feature is a definition.
type Feature struct {
	Keys  []string // columns; none: one entity
	Where []Cond
	Aggs  []Agg
	// Attribute is set for a feature of the row itself: its entity is the primary key.
	Attribute bool
	Columns   []string
}

// Value evaluates the feature for all entities at a moment. The result maps the key's text, joined by commas, to the row's text: NULL is "∅".
func (f *Feature) Value(t *Table, now int64) map[string][]string {
	out := map[string][]string{}
	groups := map[string][]Row{}
	for _, r := range t.At(now) {
		if !all(f.Where, r, now) {
			continue
		}
		var key []string
		for _, k := range f.Keys {
			key = append(key, Text(r, k))
		}
		groups[strings.Join(key, ",")] = append(groups[strings.Join(key, ",")], r)
	}
	if len(f.Keys) == 0 && groups[""] == nil {
		groups[""] = []Row{}
	}
	for key, rows := range groups {
		var values []string
		if f.Attribute {
			for _, c := range f.Columns {
				values = append(values, Text(rows[0], c))
			}
		}
		for _, a := range f.Aggs {
			values = append(values, a.value(rows, now))
		}
		out[key] = values
	}
	return out
}

// Null is the text of NULL.
const Null = "∅"

// Text is a column's text as PostgreSQL prints it.
func Text(r Row, col string) string {
	switch col {
	case "id":
		return strconv.FormatInt(r.ID, 10)
	case "cust":
		return textOf(r.Cust)
	case "grp":
		return intOf(r.Grp)
	case "amount":
		return textOf(r.Amount)
	case "free":
		return textOf(r.Free)
	case "qty":
		return intOf(r.Qty)
	case "score":
		if r.Score == nil {
			return Null
		}
		return strconv.FormatFloat(*r.Score, 'f', -1, 64)
	case "status":
		return textOf(r.Status)
	case "flag":
		if r.Flag == nil {
			return Null
		}
		return map[bool]string{true: "t", false: "f"}[*r.Flag]
	}
	panic("naive: no column " + col)
}

func textOf(s *string) string {
	if s == nil {
		return Null
	}
	return *s
}

func intOf(i *int64) string {
	if i == nil {
		return Null
	}
	return strconv.FormatInt(*i, 10)
}

// value folds the rows.
func (a Agg) value(rows []Row, now int64) string {
	var args []string // texts of the arguments that are not NULL
	n := 0
	for _, r := range rows {
		arg := "1"
		if !a.Star {
			arg = Text(r, a.Col)
		}
		if !all(a.Filter, r, now) {
			if !a.Else0 {
				continue
			}
			arg = "0"
		}
		n++
		if arg != Null {
			args = append(args, arg)
		}
	}
	if a.Unique {
		args = distinct(args, a.Col)
	}
	switch a.Fn {
	case "count":
		if a.Star {
			return strconv.Itoa(n)
		}
		return strconv.Itoa(len(args))
	case "sum", "avg":
		return sum(a.Fn, args, a.Col)
	case "bool_and", "bool_or":
		return truths(a.Fn, args)
	default:
		return extreme(a.Fn, args, a.Col)
	}
}

// truths is whether all are true, or any is.
func truths(fn string, args []string) string {
	if len(args) == 0 {
		return Null
	}
	for _, s := range args {
		if decides := map[string]string{"bool_and": "f", "bool_or": "t"}[fn]; s == decides {
			return decides
		}
	}
	return args[0]
}

func distinct(args []string, col string) []string {
	seen := map[string]bool{}
	var out []string
	for _, s := range args {
		k := s
		if numeric(col) {
			k = number(s).RatString()
		}
		if !seen[k] {
			seen[k] = true
			out = append(out, s)
		}
	}
	return out
}

func numeric(col string) bool {
	return col == "amount" || col == "free" || col == "qty" || col == "score" || col == "grp" || col == "id"
}

func number(s string) *big.Rat {
	r, ok := new(big.Rat).SetString(s)
	if !ok {
		panic("naive: not a number: " + s)
	}
	return r
}

func scaleOf(s string) int {
	if _, after, ok := strings.Cut(s, "."); ok {
		return len(after)
	}
	return 0
}

func sum(fn string, args []string, col string) string {
	if len(args) == 0 {
		return Null
	}
	total, scale := new(big.Rat), 0
	for _, s := range args {
		total.Add(total, number(s))
		scale = max(scale, scaleOf(s))
	}
	if col == "score" {
		if fn == "avg" {
			f, _ := total.Float64()
			return strconv.FormatFloat(f/float64(len(args)), 'g', -1, 64)
		}
		f, _ := total.Float64()
		return strconv.FormatFloat(f, 'g', -1, 64)
	}
	if fn == "sum" {
		return total.FloatString(scale)
	}
	return quotient(total, scale, int64(len(args)))
}

// quotient is total / n with as many digits as PostgreSQL's numeric division gives: at least 16 significant ones, estimated from the operands' first
// base-10000 digits, at least the operands' own, and at most 1000 after the point.
func quotient(total *big.Rat, scale int, n int64) string {
	w1, d1 := leading(total, scale)
	w2, d2 := leading(new(big.Rat).SetInt64(n), 0)
	weight := w1 - w2
	if d1 <= d2 {
		weight--
	}
	digits := max(16-weight*4, scale, 0)
	return new(big.Rat).Quo(total, new(big.Rat).SetInt64(n)).FloatString(min(digits, 1000))
}

// leading is the weight and value of the first non-zero base-10000 digit.
func leading(r *big.Rat, scale int) (weight, digit int) {
	if r.Sign() == 0 {
		return 0, 0
	}
	text := strings.TrimPrefix(r.FloatString(scale), "-")
	whole, frac, _ := strings.Cut(text, ".")
	for len(whole)%4 != 0 {
		whole = "0" + whole
	}
	for len(frac)%4 != 0 {
		frac += "0"
	}
	all := whole + frac
	for i := 0; i < len(all); i += 4 {
		if d, _ := strconv.Atoi(all[i : i+4]); d != 0 {
			return len(whole)/4 - 1 - i/4, d
		}
	}
	panic("naive: no digit in " + text)
}

func extreme(fn string, args []string, col string) string {
	if len(args) == 0 {
		return Null
	}
	best := args[0]
	for _, s := range args[1:] {
		var order int
		if numeric(col) {
			order = number(s).Cmp(number(best))
			if order == 0 && scaleOf(s) > scaleOf(best) {
				best = s // of equal numbers the one with more digits
			}
		} else {
			order = strings.Compare(s, best)
		}
		if order > 0 && fn == "max" || order < 0 && fn == "min" {
			best = s
		}
	}
	return best
}

// Interval is µs as SQL.
func Interval(us int64) string { return fmt.Sprintf("INTERVAL '%d microseconds'", us) }
