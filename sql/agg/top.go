package agg

import (
	"cmp"

	"github.com/asofdb/asof/sql/types"
)

// Top is MIN or MAX with little memory: it keeps how often each of the few best values was added less how often it was retracted, and forgets
// the others. What it has forgotten are values not better than its floor, so all that it keeps is exact. It does not know the result where nothing is
// left of the values that it keeps and others were forgotten; that takes as many values retracted as it keeps, and the best ones.
type Top struct {
	sign int
	// byInt is set for types whose values are in order by I alone.
	byInt bool

	items []topItem // the best first
	// floor is the best value that was forgotten; low is set once there is one.
	floor types.Value
	low   bool
	spare []topItem
}

type topItem struct {
	v types.Value // owned
	n int64
}

// topItems is how many values a Top keeps.
const topItems = 8

// NewTop returns an empty Top for f, nil where f is not MIN or MAX.
func (f *Func) NewTop() *Top {
	if f.extreme == 0 {
		return nil
	}
	return &Top{sign: f.extreme, byInt: inIntOrder(f.Arg.Kind)}
}

// inIntOrder reports whether values of kind k are in the order of their I, and the same where that is the same.
func inIntOrder(k types.Kind) bool {
	switch k {
	case types.Bool, types.Int2, types.Int4, types.Int8, types.Date, types.Time, types.Timestamp, types.Timestamptz:
		return true
	}
	return false
}

// Add adds n rows whose argument is v, or takes -n of them back. What it keeps of v is its own.
func (s *Top) Add(v *types.Value, n int64) {
	if v.IsNull() || s.low && s.compare(v, &s.floor) >= 0 {
		return
	}
	i := 0
	for ; i < len(s.items); i++ {
		c := s.compare(v, &s.items[i].v)
		if c > 0 {
			continue
		}
		if c < 0 {
			break
		}
		if s.items[i].n += n; s.items[i].n == 0 {
			s.items = append(s.items[:i], s.items[i+1:]...)
		}
		return
	}
	if len(s.items) == topItems {
		if i == topItems {
			s.floor, s.low = v.Clone(), true
			return
		}
		s.floor, s.low = s.items[topItems-1].v, true
		s.items = s.items[:topItems-1]
	}
	s.items = append(s.items, topItem{})
	copy(s.items[i+1:], s.items[i:])
	s.items[i] = topItem{v: v.Clone(), n: n}
}

// compare is negative where a is better than b, and 0 where they are the same. Among equal values the form decides, as the package documentation says.
func (s *Top) compare(a, b *types.Value) int {
	if s.byInt || a.Kind == types.Numeric && a.Scale == b.Scale && a.Scale >= 0 && a.X == nil && b.X == nil {
		return -s.sign * cmp.Compare(a.I, b.I)
	}
	if c := types.Compare(*a, *b); c != 0 {
		return -s.sign * c
	}
	return compareForms(*b, *a)
}

// Merge adds all of o, a Top of the same function, which stays as it is.
func (s *Top) Merge(o *Top) {
	if len(s.items) == 0 && !s.low {
		s.items = append(s.items, o.items...)
		s.floor, s.low = o.floor, o.low
		return
	}
	if o.low && (!s.low || s.compare(&o.floor, &s.floor) < 0) {
		s.floor, s.low = o.floor, true
	}
	merged := s.spare[:0]
	i, j := 0, 0
	for i < len(s.items) || j < len(o.items) {
		var next topItem
		switch c := s.compareAt(o, i, j); {
		case c < 0:
			next = s.items[i]
			i++
		case c > 0:
			next = o.items[j]
			j++
		default:
			next = topItem{s.items[i].v, s.items[i].n + o.items[j].n}
			i, j = i+1, j+1
		}
		switch {
		case s.low && s.compare(&next.v, &s.floor) >= 0:
			i, j = len(s.items), len(o.items) // all that follow are below the floor too
		case next.n == 0:
		case len(merged) == topItems:
			s.floor, s.low = next.v, true
			i, j = len(s.items), len(o.items)
		default:
			merged = append(merged, next)
		}
	}
	s.items, s.spare = merged, s.items
}

// compareAt compares item i of s with item j of o, where a list that has ended comes last.
func (s *Top) compareAt(o *Top, i, j int) int {
	switch {
	case i == len(s.items):
		return 1
	case j == len(o.items):
		return -1
	}
	return s.compare(&s.items[i].v, &o.items[j].v)
}

// Result is the aggregate now; known is false where it takes a State to say.
func (s *Top) Result() (v types.Value, known bool) {
	for i := range s.items {
		if s.items[i].n > 0 {
			return s.items[i].v, true
		}
	}
	return null, !s.low
}

// Reset empties the Top, keeping its memory.
func (s *Top) Reset() { s.items, s.low = s.items[:0], false }
