package agg

import (
	"cmp"
	"math/bits"
	"slices"

	"github.com/asofdb/asof/sql/types"
)

// Ranking is a column of values in order, for MIN, MAX and COUNT(DISTINCT) over rows of it that come and go: a Ranked, of which there may be many, is
// such a set of rows. Rows are added and retracted, and results read, in a time that hardly depends on their number. The zero value ranks no rows.
type Ranking struct {
	// ranks has the rank of each row's value, -1 for NULL. Values that are the same share one.
	ranks []int32
	// The values by rank, in ascending order; equal ones that are not the same stand side by side, in the order of their forms. Those of one kind
	// and scale that are in the order of their I are kept as that.
	ints   []int64
	kind   types.Kind
	scale  int16
	values []types.Value
	// classes numbers the values that are not equal, by rank; nil where equal ones are the same.
	classes []int32

	keys, moved []uint64 // scratch of rankInts, and so are places
	places      []place
}

// place is a row's value.
type place struct {
	x   int64
	row int32
}

// Ranks reports whether f's result can be read off a Ranked of its argument.
func (f *Func) Ranks() bool { return f.ranked != nil }

// Rank ranks n values of type t in place of what was ranked. The values are kept as they are: at's strings must stay.
func (r *Ranking) Rank(t types.Type, n int, at func(i int) types.Value) {
	clear(r.values)
	r.ranks, r.ints, r.values, r.classes = r.ranks[:0], r.ints[:0], r.values[:0], nil
	r.kind, r.scale = t.Kind, 0
	if r.gather(n, at) {
		r.rankInts(n)
		return
	}
	b := newBag(t)
	r.ranks = r.ranks[:0]
	for i := range n {
		rank := int32(-1)
		if v := at(i); !v.IsNull() {
			item := b.index(&v, true)
			b.items[item].n++ // of none must be left nothing, for then its place would be lost
			rank = int32(item)
		}
		r.ranks = append(r.ranks, rank)
	}
	r.sort(&b)
}

// gather collects values that are in the order of their I, and the same where that is the same; it returns false where not all are such.
func (r *Ranking) gather(n int, at func(i int) types.Value) bool {
	numeric := r.kind == types.Numeric
	if !numeric && !inIntOrder(r.kind) {
		return false
	}
	r.places = r.places[:0]
	for i := range n {
		v := at(i)
		r.ranks = append(r.ranks, -1)
		if v.IsNull() {
			continue
		}
		if numeric {
			if len(r.places) == 0 {
				r.scale = v.Scale
			}
			if v.X != nil || v.Scale != r.scale || v.Scale < 0 {
				return false
			}
		}
		r.places = append(r.places, place{v.I, int32(i)})
	}
	return true
}

// rankInts ranks what was gathered of n rows. Where a value and its row fit into 64 bits they are sorted as one number.
func (r *Ranking) rankInts(n int) {
	if len(r.places) == 0 {
		return
	}
	lo, hi := r.places[0].x, r.places[0].x
	for _, p := range r.places {
		lo, hi = min(lo, p.x), max(hi, p.x)
	}
	shift := bits.Len(uint(n))
	if bits.Len64(uint64(hi)-uint64(lo))+shift > 64 {
		slices.SortFunc(r.places, func(a, b place) int { return cmp.Compare(a.x, b.x) })
	} else {
		r.keys = r.keys[:0]
		for _, p := range r.places {
			r.keys = append(r.keys, (uint64(p.x)-uint64(lo))<<shift|uint64(p.row))
		}
		r.sortKeys(shift, bits.Len64(uint64(hi)-uint64(lo)))
		for i, k := range r.keys {
			r.places[i] = place{int64(k>>shift + uint64(lo)), int32(k & (1<<shift - 1))}
		}
	}
	for _, p := range r.places {
		if n := len(r.ints); n == 0 || r.ints[n-1] != p.x {
			r.ints = append(r.ints, p.x)
		}
		r.ranks[p.row] = int32(len(r.ints)) - 1
	}
}

// Keys are sorted digit by digit if there are so many that counting a digit's values costs little.
const (
	digitBits = 11
	manyKeys  = 1 << digitBits
)

// sortKeys sorts keys by the bits from shift on, of which there are width; the bits below ascend already.
func (r *Ranking) sortKeys(shift, width int) {
	if len(r.keys) < manyKeys {
		slices.Sort(r.keys)
		return
	}
	if cap(r.moved) < len(r.keys) {
		r.moved = make([]uint64, len(r.keys))
	}
	for ; width > 0; shift, width = shift+digitBits, width-digitBits {
		var at [1 << digitBits]int32
		for _, k := range r.keys {
			at[k>>shift&(1<<digitBits-1)]++
		}
		from := int32(0)
		for digit, n := range at {
			at[digit] = from
			from += n
		}
		to := r.moved[:len(r.keys)]
		for _, k := range r.keys {
			p := &at[k>>shift&(1<<digitBits-1)]
			to[*p] = k
			*p++
		}
		r.keys, r.moved = to, r.keys
	}
}

// count is the number of ranks.
func (r *Ranking) count() int { return len(r.ints) + len(r.values) }

func (r *Ranking) value(rank int) types.Value {
	if len(r.ints) > 0 {
		return types.Value{Kind: r.kind, Scale: r.scale, I: r.ints[rank]}
	}
	return r.values[rank]
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
	for rank, item := range order {
		rankOf[item] = int32(rank)
		r.values = append(r.values, b.items[item].v)
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

// Ranked is the multiset of the values of some rows of a Ranking. Begin comes first.
type Ranked struct {
	r *Ranking
	n []int32 // by rank
	// there are the ranks with a positive n, as bits: a bit of there[0] is a rank, a bit of there[i+1] a word of there[i] that is not zero.
	there [][]uint64
	// live is how many values there are that are not equal, and inClass how many ranks of each class; none without classes.
	live    int64
	inClass []int32
}

// Begin makes s an empty set of rows of r, which is ranked already.
func (s *Ranked) Begin(r *Ranking) {
	s.r, s.live = r, 0
	s.n = zeroed(s.n, r.count())
	levels := 0
	for size := r.count(); ; levels++ {
		words := (size + 63) / 64
		if levels == len(s.there) {
			s.there = append(s.there, nil)
		}
		s.there[levels] = zeroed(s.there[levels], words)
		if words <= 1 {
			break
		}
		size = words
	}
	s.there = s.there[:levels+1]
	s.inClass = zeroed(s.inClass, len(r.classes))
}

// zeroed returns n zeros, in s if there is room.
func zeroed[T int32 | uint64](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	s = s[:n]
	clear(s)
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
	if len(s.inClass) == 0 {
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
	return s.r.value(rank)
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
	return s.r.value(best)
}
