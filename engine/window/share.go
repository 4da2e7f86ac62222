package window

import (
	"slices"
	"strings"

	"github.com/asofdb/asof/sql/expr"
	"github.com/asofdb/asof/sql/plan"
	"github.com/asofdb/asof/sql/types"
)

// share lays out the feature's aggregates so that what is equal among them stands once: predicates, row filters and arguments. Expressions are equal
// where their canonical texts are.
func (ev *Evaluator) share() (err error) {
	if ev.where, err = ev.newFilter(&ev.f.Where); err != nil {
		return err
	}
	filters := map[string]int{}
	for i := range ev.f.Aggs {
		a := &ev.f.Aggs[i]
		text := predicateText(&a.Pred)
		f, ok := filters[text]
		if !ok {
			f = len(ev.filters)
			filters[text] = f
			made, err := ev.newFilter(&a.Pred)
			if err != nil {
				return err
			}
			ev.filters = append(ev.filters, made)
		}
		arg := ev.args.index(a.Arg, &ev.rows)
		ev.filterOf, ev.argOf = append(ev.filterOf, f), append(ev.argOf, arg)
		if arg >= 0 {
			ev.args.list[arg].neededBy(ev.filters[f].rest + 1)
		}
	}
	for _, x := range ev.rests.exprs {
		ev.edges = append(ev.edges, edgesIn(x)...)
	}
	for i := range ev.args.list {
		x := &ev.args.list[i]
		edges := edgesIn(x.x)
		x.timed = len(edges) > 0
		ev.edges = append(ev.edges, edges...)
	}
	return nil
}

func (ev *Evaluator) newFilter(p *plan.Predicate) (filter, error) {
	bounds, err := ev.addBounds(p.Bounds)
	return filter{bounds: bounds, rest: ev.rests.index(p.Rest)}, err
}

func predicateText(p *plan.Predicate) string {
	var b strings.Builder
	for _, x := range p.Bounds {
		b.WriteString(x.Op + x.At.String() + "\x00")
	}
	if p.Rest != nil {
		b.WriteString(p.Rest.String())
	}
	return b.String()
}

// verdicts are the row filters of the feature, each evaluated once per entry at most.
type verdicts struct {
	exprs []expr.Expr
	texts []string
	known []verdict
}

type verdict uint8

const (
	unknown verdict = iota
	passes
	fails
)

// index returns the place of x, -1 for nil.
func (v *verdicts) index(x expr.Expr) int {
	if x == nil {
		return -1
	}
	text := x.String()
	for i := range v.texts {
		if v.texts[i] == text {
			return i
		}
	}
	v.exprs, v.texts, v.known = append(v.exprs, x), append(v.texts, text), append(v.known, unknown)
	return len(v.exprs) - 1
}

// pass evaluates filter i (-1 passes always) for the row.
func (v *verdicts) pass(i int, r *rows) (bool, error) {
	if i < 0 {
		return true, nil
	}
	if v.known[i] == unknown {
		ok, err := expr.True(v.exprs[i], r.at())
		if err != nil {
			return false, err
		}
		v.known[i] = fails
		if ok {
			v.known[i] = passes
		}
	}
	return v.known[i] == passes, nil
}

// arguments are the arguments of the aggregates, each evaluated once per entry at most; a plain column is taken from the entry.
type arguments struct {
	list []argument
}

type argument struct {
	x      expr.Expr
	text   string
	column int  // of the layout, -1 where x must be evaluated
	timed  bool // x reads NOW()
	// verdicts are those of the entries for which a sweep needs the value.
	verdicts []int
	known    bool
	v        types.Value
}

// neededBy notes that a sweep needs the argument of entries with a verdict.
func (x *argument) neededBy(verdict int) {
	if !slices.Contains(x.verdicts, verdict) {
		x.verdicts = append(x.verdicts, verdict)
	}
}

// index returns the place of x, -1 for nil.
func (a *arguments) index(x expr.Expr, r *rows) int {
	if x == nil {
		return -1
	}
	text := x.Type().String() + " " + x.String()
	for i := range a.list {
		if a.list[i].text == text {
			return i
		}
	}
	a.list = append(a.list, argument{x: x, text: text, column: r.layoutColumn(x)})
	return len(a.list) - 1
}

// layoutColumn returns the layout's column that x is, or -1.
func (r *rows) layoutColumn(x expr.Expr) int {
	if c, ok := x.(*expr.Column); ok {
		for _, p := range r.fill {
			if p.to == c.Index {
				return p.from
			}
		}
	}
	return -1
}

// value evaluates argument i for the row. The value is good until the next row.
func (a *arguments) value(i int, r *rows) (*types.Value, error) {
	x := &a.list[i]
	if x.column >= 0 {
		return &r.entry.Cols[x.column], nil
	}
	if !x.known {
		v, err := x.x.Eval(r.at())
		if err != nil {
			return nil, err
		}
		x.v, x.known = v, true
	}
	return &x.v, nil
}
