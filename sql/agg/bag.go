package agg

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"hash/maphash"
	"slices"

	"github.com/asofdb/asof/sql/types"
)

// bag is a multiset of values of one type: for each value how often it was added, less how often it was retracted, which may be
// negative for a while. Equal values that are not the same are apart; distinct puts them together.
type bag struct {
	t types.Type
	// ties is set for types that have equal values which are not the same.
	ties bool

	// items are all different. Those whose count has come back to zero stay until the table grows.
	items []bagItem
	// table holds indexes into items plus one, by hash, open addressing; nil while a search through the items is quicker.
	table   []int32
	scratch []byte
}

type bagItem struct {
	v types.Value // owned
	n int64
}

// searchItems is how many items are searched one by one rather than by a table.
const searchItems = 16

// bagSeed is for hashes, whose order never shows in a result or an encoding.
var bagSeed = maphash.MakeSeed()

func newBag(t types.Type) bag {
	switch t.Kind {
	case types.Float4, types.Float8, types.Numeric, types.Char, types.Interval, types.Array:
		return bag{t: t, ties: true}
	}
	return bag{t: t}
}

// add counts v n times; NULLs are not counted. owned says that v shares nothing with anybody's buffer.
func (b *bag) add(v types.Value, n int64, owned bool) {
	if !v.IsNull() {
		b.items[b.index(&v, owned)].n += n
	}
}

// index returns the place of v's item, a new one if there is none. It may move the others.
func (b *bag) index(v *types.Value, owned bool) int {
	if b.table == nil {
		for i := range b.items {
			if b.same(&b.items[i].v, v) {
				return i
			}
		}
	}
	if len(b.items) >= max(searchItems, len(b.table)/2) {
		b.grow()
	}
	if b.table != nil {
		slot := b.slot(v)
		if i := b.table[slot]; i != 0 {
			return int(i) - 1
		}
		b.table[slot] = int32(len(b.items)) + 1
	}
	it := bagItem{v: *v}
	if !owned {
		it.v = v.Clone()
	}
	b.items = append(b.items, it)
	return len(b.items) - 1
}

// same reports whether x and y are the same to the byte.
func (b *bag) same(x, y *types.Value) bool {
	if x.I != y.I || x.Scale != y.Scale || x.S != y.S {
		return false
	}
	return (x.X == nil && y.X == nil) || types.Identical(*x, *y)
}

func (b *bag) hash(v *types.Value) uint64 {
	h := (uint64(v.I) + uint64(v.Scale)) * 0x9e3779b97f4a7c15 // 2^64 over the golden ratio
	if v.S != "" {
		h ^= maphash.String(bagSeed, v.S)
	}
	if v.X != nil {
		b.scratch = types.AppendValue(b.scratch[:0], b.t, *v)
		h ^= maphash.Bytes(bagSeed, b.scratch)
	}
	return h ^ h>>32
}

// slot returns the table's slot of v: that of its item, or an empty one.
func (b *bag) slot(v *types.Value) int {
	slot := int(b.hash(v) % uint64(len(b.table)))
	for b.table[slot] != 0 && !b.same(&b.items[b.table[slot]-1].v, v) {
		if slot++; slot == len(b.table) {
			slot = 0
		}
	}
	return slot
}

// grow drops the items of which nothing is left and makes a table four times as large as the others.
func (b *bag) grow() {
	b.items = slices.DeleteFunc(b.items, func(it bagItem) bool { return it.n == 0 })
	b.table = make([]int32, max(8*searchItems, 4*len(b.items)))
	for i := range b.items {
		b.table[b.slot(&b.items[i].v)] = int32(i) + 1
	}
}

// distinct calls f for each value that is there, once for equal ones: with the form that the package documentation says.
func (b *bag) distinct(f func(types.Value)) {
	if !b.ties {
		for i := range b.items {
			if b.items[i].n > 0 {
				f(b.items[i].v)
			}
		}
		return
	}
	live := make([]types.Value, 0, len(b.items))
	for i := range b.items {
		if b.items[i].n > 0 {
			live = append(live, b.items[i].v)
		}
	}
	slices.SortFunc(live, func(x, y types.Value) int { return cmp.Or(types.Compare(x, y), compareForms(y, x)) })
	for i, v := range live {
		if i == 0 || types.Compare(live[i-1], v) != 0 {
			f(v)
		}
	}
}

// compareForms orders equal values that are not the same.
func compareForms(a, b types.Value) int {
	if a.Kind == types.Array {
		return slices.CompareFunc(a.Elems(), b.Elems(), compareForms)
	}
	s, _ := a.X.(types.Span)
	t, _ := b.X.(types.Span)
	return cmp.Or(cmp.Compare(a.Scale, b.Scale), cmp.Compare(s.Months, t.Months), cmp.Compare(s.Days, t.Days),
		cmp.Compare(a.I, b.I), cmp.Compare(a.S, b.S))
}

func (b *bag) merge(o *bag) {
	for i := range o.items {
		b.add(o.items[i].v, o.items[i].n, true)
	}
}

func (b *bag) reset() {
	clear(b.items)
	b.items = b.items[:0]
	clear(b.table)
}

// appendTo appends the values and how often each is there, in the order of their encodings.
func (b *bag) appendTo(dst []byte) []byte {
	var encoded [][]byte
	for i := range b.items {
		if it := &b.items[i]; it.n != 0 {
			encoded = append(encoded, binary.AppendVarint(types.AppendValue(nil, b.t, it.v), it.n))
		}
	}
	slices.SortFunc(encoded, bytes.Compare)
	dst = binary.AppendUvarint(dst, uint64(len(encoded)))
	return append(dst, bytes.Join(encoded, nil)...)
}

// readFrom replaces the bag by an encoded one and returns what follows.
func (b *bag) readFrom(src []byte) ([]byte, error) {
	b.reset()
	r := reader{src: src}
	for n := r.uvarint(); n > 0 && !r.failed; n-- {
		v, rest, err := types.ReadValue(r.src, b.t)
		if err != nil || v.IsNull() {
			r.fail()
			break
		}
		r.src = rest
		b.add(v, r.varint(), false)
	}
	return r.end()
}
