package agg

import (
	"cmp"
	"math/bits"
	"slices"

	"github.com/asofdb/asof/sql/types"
)

// Ranking is a column of values in order, for MIN, MAX and COUNT(DISTINCT) over rows of it that come and go: a Ranked, of which there may be many, is
// such a set of rows. Rows are added and retracted, and results read, in a time that hardly depends on their number.
type Ranking struct {
	// ranks has the rank of each row's value, -1 for NULL. Values that are the same share one.
	ranks []int32
	// values are the values by rank, in ascending order; equal ones that are not the same stand side by side, in the order of their forms.
	values []types.Value
	// classes numbers the values that are not equal, by rank; nil where equal ones are the same.
	classes []int32
}

// Ranks reports whether f's result can be read off a Ranked of its argument.
func (f *Func) Ranks() bool { return f.ranked != nil }

// NewRanking ranks n values of type t. They are kept as they are: at's strings must stay.
func NewRanking(t types.Type, n int, at func(i int) types.Value) *Ranking {
	r := &Ranking{ranks: make([]int32, n)}
	if inIntOrder(t.Kind) || t.Kind == types.Numeric && oneScale(n, at) {
		r.rankInts(at)
		return r
	}
	b := newBag(t)
	for i := range r.ranks {
		r.ranks[i] = -1
		if v := at(i); !v.IsNull() {
			item := b.index(&v, true)
			b.items[item].n++ // of none must be left nothing, for then its place would be lost
			r.ranks[i] = int32(item)
		}
	}
	r.sort(&b)
	return r
}

// oneScale reports whether numerics have one scale and coefficients of 64 bits.
func oneScale(n int, at func(i int) types.Value) bool {
	scale := int16(-1)
	for i := range n {
		v := at(i)
		if v.IsNull() {
			continue
		}
		if v.X != nil || v.Scale < 0 || scale >= 0 && v.Scale != scale {
			return false
		}
		scale = v.Scale
	}
	return true
}

// rankInts ranks values that are in the order of their I, and the same where that is the same.
func (r *Ranking) rankInts(at func(i int) types.Value) {
	type place struct {
		x   int64
		row int32
	}
	places := make([]place, 0, len(r.ranks))
	for i := range r.ranks {
		r.ranks[i] = -1
		if v := at(i); !v.IsNull() {
			places = append(places, place{v.I, int32(i)})
		}
	}
	slices.SortFunc(places, func(a, b place) int { return cmp.Compare(a.x, b.x) })
	for i, p := range places {
		if i == 0 || places[i-1].x != p.x {
			r.values = append(r.values, at(int(p.row)))
		}
		r.ranks[p.row] = int32(len(r.values)) - 1
	}
}

// sort brings values, whose places in the bag the ranks are so far, into order.
func (r *Ranking) sort(b *bag) {
	order := make([]int32, len(b.items))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(x, y int32) int {
		v, w := &b.items[x].v, &b.items[y].v
		return cmp.Or(types.Compare(*v, *w), compareForms(*v, *w))
	})
	rankOf := make([]int32, len(order))
	r.values = make([]types.Value, len(order))
	for rank, item := range order {
		rankOf[item] = int32(rank)
		r.values[rank] = b.items[item].v
	}
	for i, item := range r.ranks {
		if item >= 0 {
			r.ranks[i] = rankOf[item]
		}
	}
	if b.ties {
		r.classes = make([]int32, len(order))
		for i := 1; i < len(order); i++ {
			r.classes[i] = r.classes[i-1]
			if types.Compare(r.values[i-1], r.values[i]) != 0 {
				r.classes[i]++
			}
		}
	}
}

// Ranked is the multiset of the values of some rows of a Ranking.
type Ranked struct {
	r *Ranking
	n []int32 // by rank
	// there are the ranks with a positive n, as bits: a bit of there[0] is a rank, a bit of there[i+1] a word of there[i] that is not zero.
	there [][]uint64
	// live is how many values there are that are not equal, and inClass how many ranks of each class; nil without classes.
	live    int64
	inClass []int32
}

// NewRanked returns an empty set of rows.
func (r *Ranking) NewRanked() *Ranked {
	s := &Ranked{r: r, n: make([]int32, len(r.values))}
	for size := len(r.values); ; size = len(s.there[len(s.there)-1]) {
		s.there = append(s.there, make([]uint64, (size+63)/64))
		if size <= 64 {
			break
		}
	}
	if r.classes != nil {
		s.inClass = make([]int32, len(r.classes))
	}
	return s
}

// Add adds a row, or retracts it where sign is -1.
func (s *Ranked) Add(row int, sign int8) {
	rank := s.r.ranks[row]
	if rank < 0 {
		return
	}
	s.n[rank] += int32(sign)
	switch n := s.n[rank]; {
	case n == 1 && sign > 0:
		s.appear(rank)
	case n == 0 && sign < 0:
		s.vanish(rank)
	}
}

func (s *Ranked) appear(rank int32) {
	s.count(rank, 1)
	for _, words := range s.there {
		w := &words[rank>>6]
		was := *w
		*w |= 1 << (rank & 63)
		if was != 0 {
			return
		}
		rank >>= 6
	}
}

func (s *Ranked) vanish(rank int32) {
	s.count(rank, -1)
	for _, words := range s.there {
		w := &words[rank>>6]
		*w &^= 1 << (rank & 63)
		if *w != 0 {
			return
		}
		rank >>= 6
	}
}

// count keeps the number of values that are not equal.
func (s *Ranked) count(rank, sign int32) {
	if s.inClass == nil {
		s.live += int64(sign)
		return
	}
	class := &s.inClass[s.r.classes[rank]]
	*class += sign
	if *class == 0 || *class == 1 && sign > 0 {
		s.live += int64(sign)
	}
}

// Result is f over the rows; f Ranks.
func (s *Ranked) Result(f *Func) types.Value { return f.ranked(s) }

func (s *Ranked) distinct() types.Value { return types.NewInt8(s.live) }

func (s *Ranked) max() types.Value {
	if s.live == 0 {
		return null
	}
	rank := 0
	for level := len(s.there) - 1; level >= 0; level-- {
		rank = rank<<6 + bits.Len64(s.there[level][rank]) - 1
	}
	return s.r.values[rank]
}

func (s *Ranked) min() types.Value {
	if s.live == 0 {
		return null
	}
	rank := 0
	for level := len(s.there) - 1; level >= 0; level-- {
		rank = rank<<6 + bits.TrailingZeros64(s.there[level][rank])
	}
	best := rank
	if c := s.r.classes; c != nil { // of equal values the last form
		for i := rank + 1; i < len(c) && c[i] == c[rank]; i++ {
			if s.n[i] > 0 {
				best = i
			}
		}
	}
	return s.r.values[best]
}

// Reset empties the set.
func (s *Ranked) Reset() {
	clear(s.n)
	for _, words := range s.there {
		clear(words)
	}
	clear(s.inClass)
	s.live = 0
}
