package agg

import (
	"cmp"
	"encoding/binary"
	"hash/maphash"
	"slices"

	"github.com/asofdb/asof/sql/types"
)

// bag is a multiset of values of one type: for each value how often it was added, less how often it was retracted, which may be
// negative for a while. Equal values that are not the same are counted apart, under one item.
type bag struct {
	t types.Type
	// ints is set for types whose value is its I; they need no key bytes.
	ints bool
	// ties is set for types that have equal values which are not the same.
	ties bool

	items []bagItem
	// table holds indexes into items plus one, by hash, open addressing; nil while a search through the items is quicker.
	table []int32
	key   []byte // scratch
}

// bagItem is one value. Items whose counts have all come back to zero stay until the table grows.
type bagItem struct {
	key string // types.AppendKey's; "" for ints
	bagCount
	others []bagCount // equal to v and not the same
}

type bagCount struct {
	v types.Value // owned
	n int64
}

// searchItems is how many items are searched one by one rather than by a table.
const searchItems = 16

// bagSeed is for hashes, whose order never shows in a result or an encoding.
var bagSeed = maphash.MakeSeed()

func newBag(t types.Type) bag {
	b := bag{t: t}
	switch t.Kind {
	case types.Bool, types.Int2, types.Int4, types.Int8, types.Date, types.Time, types.Timestamp, types.Timestamptz:
		b.ints = true
	case types.Text, types.Varchar, types.UUID, types.Bytea:
	default:
		b.ties = true
	}
	return b
}

// add counts v n times, without NULLs. owned says that v shares nothing with anybody's buffer.
func (b *bag) add(v types.Value, n int64, owned bool) {
	if v.IsNull() {
		return
	}
	it := b.item(v, owned)
	if !b.ties || types.Identical(it.v, v) {
		it.n += n
		return
	}
	for i := range it.others {
		if types.Identical(it.others[i].v, v) {
			it.others[i].n += n
			return
		}
	}
	if !owned {
		v = v.Clone()
	}
	it.others = append(it.others, bagCount{v, n})
}

// item returns the item of v, a new one if there is none.
func (b *bag) item(v types.Value, owned bool) *bagItem {
	if !b.ints {
		b.key = types.AppendKey(b.key[:0], v)
	}
	if b.table == nil {
		for i := range b.items {
			if b.is(&b.items[i], v) {
				return &b.items[i]
			}
		}
		if len(b.items) == searchItems {
			b.grow()
		}
	} else {
		if 2*len(b.items) >= len(b.table) {
			b.grow()
		}
	}
	if b.table != nil {
		slot := b.slot(v)
		if i := b.table[slot]; i != 0 {
			return &b.items[i-1]
		}
		b.table[slot] = int32(len(b.items)) + 1
	}
	if !owned {
		v = v.Clone()
	}
	it := bagItem{bagCount: bagCount{v: v}}
	if !b.ints {
		it.key = string(b.key)
	}
	b.items = append(b.items, it)
	return &b.items[len(b.items)-1]
}

// is reports whether it is the item of v, whose key is in b.key.
func (b *bag) is(it *bagItem, v types.Value) bool {
	if b.ints {
		return it.v.I == v.I
	}
	return it.key == string(b.key)
}

// slot returns the table's slot of v: that of its item, or an empty one.
func (b *bag) slot(v types.Value) int {
	var h uint64
	if b.ints {
		h = hashInt(v.I)
	} else {
		h = maphash.Bytes(bagSeed, b.key)
	}
	slot := int(h % uint64(len(b.table)))
	for b.table[slot] != 0 && !b.is(&b.items[b.table[slot]-1], v) {
		if slot++; slot == len(b.table) {
			slot = 0
		}
	}
	return slot
}

func hashInt(i int64) uint64 {
	h := uint64(i) * 0x9e3779b97f4a7c15 // 2^64 over the golden ratio
	return h ^ h>>32
}

// grow drops the items of which nothing is left and makes a table twice as large as the others need.
func (b *bag) grow() {
	b.items = slices.DeleteFunc(b.items, func(it bagItem) bool { return it.gone() })
	b.table = make([]int32, max(8*searchItems, 4*len(b.items)))
	for i := range b.items {
		it := &b.items[i]
		var slot int
		if b.ints {
			slot = int(hashInt(it.v.I) % uint64(len(b.table)))
		} else {
			slot = int(maphash.String(bagSeed, it.key) % uint64(len(b.table)))
		}
		for b.table[slot] != 0 {
			if slot++; slot == len(b.table) {
				slot = 0
			}
		}
		b.table[slot] = int32(i) + 1
	}
}

// total is how often the item's value is there, in whatever form.
func (it *bagItem) total() int64 {
	n := it.n
	for i := range it.others {
		n += it.others[i].n
	}
	return n
}

// gone reports whether every count is zero.
func (it *bagItem) gone() bool {
	if it.n != 0 {
		return false
	}
	for i := range it.others {
		if it.others[i].n != 0 {
			return false
		}
	}
	return true
}

// value is the form of the item's value that stands for all of them, as the package documentation says.
func (it *bagItem) value() types.Value {
	if len(it.others) == 0 {
		return it.v
	}
	best := -1
	for i := range it.others {
		if it.others[i].n > 0 && (best < 0 || compareForms(it.others[i].v, it.others[best].v) > 0) {
			best = i
		}
	}
	if best < 0 || (it.n > 0 && compareForms(it.v, it.others[best].v) > 0) {
		return it.v
	}
	return it.others[best].v
}

// compareForms orders the forms of one value.
func compareForms(a, b types.Value) int {
	if a.Scale != b.Scale {
		return cmp.Compare(a.Scale, b.Scale)
	}
	if a.Kind == types.Array {
		return slices.CompareFunc(a.Elems(), b.Elems(), compareForms)
	}
	s, _ := a.X.(types.Span)
	t, _ := b.X.(types.Span)
	return cmp.Or(cmp.Compare(s.Months, t.Months), cmp.Compare(s.Days, t.Days), cmp.Compare(a.I, b.I), cmp.Compare(a.S, b.S))
}

func (b *bag) merge(o *bag) {
	for i := range o.items {
		it := &o.items[i]
		if it.n != 0 {
			b.add(it.v, it.n, true)
		}
		for _, other := range it.others {
			if other.n != 0 {
				b.add(other.v, other.n, true)
			}
		}
	}
}

func (b *bag) reset() {
	clear(b.items)
	b.items = b.items[:0]
	if b.table != nil {
		clear(b.table)
	}
}

// appendTo appends the items in the order of their keys, with their forms in order.
func (b *bag) appendTo(dst []byte) []byte {
	live := make([]*bagItem, 0, len(b.items))
	for i := range b.items {
		if !b.items[i].gone() {
			live = append(live, &b.items[i])
		}
	}
	slices.SortFunc(live, func(x, y *bagItem) int {
		return cmp.Or(cmp.Compare(x.key, y.key), cmp.Compare(x.v.I, y.v.I))
	})
	dst = binary.AppendUvarint(dst, uint64(len(live)))
	for _, it := range live {
		dst = b.appendForms(dst, it)
	}
	return dst
}

func (b *bag) appendForms(dst []byte, it *bagItem) []byte {
	forms := append([]bagCount{it.bagCount}, it.others...)
	forms = slices.DeleteFunc(forms, func(c bagCount) bool { return c.n == 0 })
	slices.SortFunc(forms, func(x, y bagCount) int { return compareForms(x.v, y.v) })
	dst = binary.AppendUvarint(dst, uint64(len(forms)))
	for _, c := range forms {
		dst = binary.AppendVarint(dst, c.n)
		dst = types.AppendValue(dst, b.t, c.v)
	}
	return dst
}

// readFrom replaces the bag by an encoded one and returns what follows.
func (b *bag) readFrom(src []byte) ([]byte, error) {
	b.reset()
	r := reader{src: src}
	for items := r.uvarint(); items > 0 && !r.failed; items-- {
		for forms := r.uvarint(); forms > 0 && !r.failed; forms-- {
			n := r.varint()
			v, rest, err := types.ReadValue(r.src, b.t)
			if err != nil || v.IsNull() || n == 0 {
				r.fail()
				break
			}
			r.src = rest
			b.add(v, n, false)
		}
	}
	return r.end()
}
