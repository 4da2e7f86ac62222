package window

import (
	"cmp"
	"math"
	"slices"

	"github.com/asofdb/asof/engine/history"
	"github.com/asofdb/asof/sql/agg"
	"github.com/asofdb/asof/sql/types"
)

// ladder is what is accumulated over one row filter at one moment. The ends of its windows cut the event times into steps; an entry is applied once, on
// the step where it is, and what a window holds is merged of its steps at the end. So nested windows cost hardly more than the widest.
type ladder struct {
	rest    int   // the row filter among the verdicts, -1 for none
	filters []int // the windows
	sums    []stepSum

	// cuts ascend: step k is the event times from cuts[k-1] on and before cuts[k]. The step after these is that of entries without event time.
	cuts []int64
	// spans are the steps of each window; seen says of each step that some window has it. They are seldom others than at the moment before, and so is
	// all that follows from them.
	spans, before []span
	seen          []bool
}

// span is the steps of a window, from first on and before last. all is set for a window without bounds: it has entries without event time too.
type span struct {
	first, last int
	all         bool
}

// stepSum is a measure's accumulation by step. Steps that are in the same of its windows share a partial.
type stepSum struct {
	measure
	place    []int // of each step's partial, -1 for a step in none of the windows
	partials []partial
	windows  []window // those of fewer partials first
	nested   bool     // each window has all partials of the window before
	spare    partial
}

// window is the partials that make up a window of a measure: from first on and before last, and none, where it is not negative.
type window struct {
	use
	first, last, none int
}

// partial is what is accumulated of some entries: in a state, for MIN and MAX in a top while that will do, or the number of rows.
type partial struct {
	state agg.State
	top   *agg.Top
	n     int64
}

// climb makes the evaluator's ladders.
func (ev *Evaluator) climb() {
	var measures [][]measure // by ladder
	for i := range ev.f.Aggs {
		f := ev.filterOf[i]
		k := ev.ladderOf(ev.filters[f].rest)
		if k == len(measures) {
			measures = append(measures, nil)
		}
		if l := &ev.ladders[k]; !slices.Contains(l.filters, f) {
			l.filters = append(l.filters, f)
		}
		measures[k] = join(measures[k], ev.argOf[i], ev.f.Aggs[i].Fn, f, i, shareState)
	}
	for k := range measures {
		for _, m := range measures[k] {
			s := stepSum{measure: m, windows: make([]window, len(m.uses))}
			s.spare = s.newPartial()
			ev.ladders[k].sums = append(ev.ladders[k].sums, s)
		}
	}
}

// ladderOf returns the place of the ladder of a row filter, a new one's if there is none.
func (ev *Evaluator) ladderOf(rest int) int {
	for k := range ev.ladders {
		if ev.ladders[k].rest == rest {
			return k
		}
	}
	ev.ladders = append(ev.ladders, ladder{rest: rest})
	return len(ev.ladders) - 1
}

// stand cuts the steps for the moment to which the filters were moved, and empties the partials. With full, MIN and MAX are accumulated in states.
func (l *ladder) stand(filters []filter, full bool) {
	l.cuts, l.spans, l.before = l.cuts[:0], l.before[:0], l.spans
	for _, i := range l.filters {
		if f := &filters[i]; f.lo <= f.hi {
			if f.lo > math.MinInt64 {
				l.cuts = append(l.cuts, f.lo)
			}
			if f.hi < math.MaxInt64 {
				l.cuts = append(l.cuts, f.hi+1)
			}
		}
	}
	slices.Sort(l.cuts)
	l.cuts = slices.Compact(l.cuts)
	for _, i := range l.filters {
		f := &filters[i]
		x := span{all: len(f.bounds) == 0}
		if f.lo <= f.hi {
			x.first, x.last = l.step(f.lo), l.step(f.hi)+1
		}
		l.spans = append(l.spans, x)
	}
	if steps := len(l.cuts) + 2; steps != len(l.seen) || !slices.Equal(l.spans, l.before) {
		l.arrange(steps)
	}
	for i := range l.sums {
		l.sums[i].reset(full)
	}
}

// arrange finds what follows from the spans.
func (l *ladder) arrange(steps int) {
	l.seen = make([]bool, steps)
	for _, x := range l.spans {
		for k := x.first; k < x.last; k++ {
			l.seen[k] = true
		}
		l.seen[steps-1] = l.seen[steps-1] || x.all
	}
	for i := range l.sums {
		l.sums[i].arrange(l)
	}
}

// step returns the step of an event time.
func (l *ladder) step(e int64) int {
	k := 0
	for k < len(l.cuts) && l.cuts[k] <= e {
		k++
	}
	return k
}

// stepOf returns the step of an entry, -1 where it is in no window.
func (l *ladder) stepOf(e *history.Entry) int {
	k := len(l.cuts) + 1
	if e.HasE {
		k = l.step(e.E)
	}
	if !l.seen[k] {
		return -1
	}
	return k
}

// arrange gives each step its partial.
func (s *stepSum) arrange(l *ladder) {
	steps := len(l.seen)
	s.place = make([]int, steps)
	for i, u := range s.uses {
		x := l.spans[slices.Index(l.filters, u.filter)]
		s.windows[i] = window{use: u, first: x.first, last: x.last, none: -1}
		if x.all {
			s.windows[i].none = steps - 1
		}
	}
	n := 0
	for k := range steps {
		within, edge := false, k == 0 || k == steps-1
		for i := range s.windows {
			w := &s.windows[i]
			within = within || w.first <= k && k < w.last || k == w.none
			edge = edge || k == w.first || k == w.last
		}
		switch {
		case !within:
			s.place[k] = -1
		case edge || s.place[k-1] < 0:
			s.place[k] = n
			n++
		default:
			s.place[k] = n - 1
		}
	}
	for i := range s.windows {
		s.windows[i].settle(s.place)
	}
	for len(s.partials) < n {
		s.partials = append(s.partials, s.newPartial())
	}
	s.partials = s.partials[:n]
	slices.SortStableFunc(s.windows, func(a, b window) int { return cmp.Compare(a.size(), b.size()) })
	s.nested = true
	for i := 1; i < len(s.windows); i++ {
		s.nested = s.nested && s.windows[i-1].within(&s.windows[i])
	}
}

func (s *stepSum) reset(full bool) {
	for i := range s.partials {
		s.partials[i].reset(s.fn, full)
	}
	s.spare.reset(s.fn, full)
}

// settle turns a window's steps into the places of their partials.
func (w *window) settle(place []int) {
	if w.first < w.last {
		w.first, w.last = place[w.first], place[w.last-1]+1
	} else {
		w.first, w.last = 0, 0
	}
	if w.none >= 0 {
		w.none = place[w.none]
	}
}

// within reports whether all of w's partials are x's too.
func (w *window) within(x *window) bool {
	return (w.first == w.last || x.first <= w.first && w.last <= x.last) && (w.none < 0 || x.none >= 0)
}

func (w *window) size() int {
	n := w.last - w.first
	if w.none >= 0 {
		n++
	}
	return n
}

func (s *stepSum) newPartial() partial {
	switch {
	case s.arg < 0:
		return partial{}
	case s.fn.NewTop() != nil:
		return partial{top: s.fn.NewTop()}
	}
	return partial{state: s.fn.New()}
}

func (p *partial) reset(fn *agg.Func, full bool) {
	p.n = 0
	if p.top != nil {
		p.top.Reset()
		p.state = nil
		if full {
			p.state = fn.New()
		}
		return
	}
	if p.state != nil {
		p.state.Reset()
	}
}

// add adds a row whose argument is v, or retracts it where sign is -1. COUNT(*) does not look at v.
func (p *partial) add(v *types.Value, sign int8) {
	switch {
	case p.state != nil && sign > 0:
		p.state.Add(*v)
	case p.state != nil:
		p.state.Retract(*v)
	case p.top != nil:
		p.top.Add(v, int64(sign))
	default:
		p.n += int64(sign)
	}
}

func (p *partial) merge(o *partial) {
	switch {
	case p.state != nil:
		p.state.Merge(o.state)
	case p.top != nil:
		p.top.Merge(o.top)
	default:
		p.n += o.n
	}
}

// result is fn over the entries; known is false where it takes a state to say.
func (p *partial) result(fn *agg.Func) (v types.Value, known bool, err error) {
	switch {
	case p.state != nil:
		v, err = fn.Read(p.state)
		return v, true, err
	case p.top != nil:
		v, known = p.top.Result()
		return v, known, nil
	}
	return types.NewInt8(p.n), true, nil
}

// read calls take with each window and what it holds. A window is merged onto the one within it, where there is one.
func (s *stepSum) read(take func(u *use, p *partial)) {
	if w := &s.windows[0]; len(s.windows) == 1 && w.first+1 == w.last && w.none < 0 {
		take(&w.use, &s.partials[w.first])
		return
	}
	var held window // what sum holds
	held.none = -1
	sum := &s.spare
	for i := range s.windows {
		w := &s.windows[i]
		if !s.nested {
			s.spare.reset(s.fn, s.spare.state != nil)
			held = window{none: -1}
		}
		if held.first == held.last && w.first < w.last {
			held.first, held.last = w.first, w.first
		}
		for held.first > w.first {
			held.first--
			sum.merge(&s.partials[held.first])
		}
		for held.last < w.last {
			sum.merge(&s.partials[held.last])
			held.last++
		}
		if held.none < 0 && w.none >= 0 {
			held.none = w.none
			sum.merge(&s.partials[held.none])
		}
		take(&w.use, sum)
	}
}
