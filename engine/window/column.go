package window

import "github.com/asofdb/asof/sql/types"

// bits is a set of entries.
type bits []uint64

func (b bits) has(i int) bool { return b[i>>6]>>(i&63)&1 != 0 }

func (b bits) set(i int, on bool) {
	if on {
		b[i>>6] |= 1 << (i & 63)
	} else {
		b[i>>6] &^= 1 << (i & 63)
	}
}

// grown returns b with room for n entries, the new ones out.
func (b bits) grown(n int) bits {
	for len(b) < (n+63)/64 {
		b = append(b, 0)
	}
	return b
}

// column is the values of one argument. As long as all of them are plain numbers of one kind and scale, they are kept as such: a sixth of the memory,
// and nothing in it for the garbage collector to look at.
type column struct {
	n     int
	plain bool
	// numbers is set where the values are plain and integers or finite numerics, or NULL.
	numbers bool
	kind    types.Kind // of plain values that are not NULL
	scale   int16
	ints    []int64
	nulls   bits
	// values are the values where they are not plain.
	values []types.Value
}

func (c *column) reset() {
	clear(c.values)
	clear(c.nulls)
	*c = column{plain: true, ints: c.ints[:0], nulls: c.nulls[:0], values: c.values[:0]}
}

// put sets value i, which is one that is there or the next.
func (c *column) put(i int, v *types.Value) {
	if i == c.n {
		c.append(v)
		return
	}
	if c.plain {
		c.unpack()
	}
	c.values[i] = *v
}

func (c *column) append(v *types.Value) {
	if c.plain && !c.fits(v) {
		c.unpack()
	}
	if !c.plain {
		c.values = append(c.values, *v)
		c.n++
		return
	}
	c.ints = append(c.ints, v.I)
	c.n++
	if v.IsNull() {
		c.nulls = c.nulls.grown(c.n)
		c.nulls.set(c.n-1, true)
	}
}

// fits reports whether v is NULL or a plain value like the others.
func (c *column) fits(v *types.Value) bool {
	if v.IsNull() {
		return true
	}
	if v.X != nil || v.S != "" {
		return false
	}
	if c.kind == types.Null {
		c.kind, c.scale = v.Kind, v.Scale
		switch v.Kind {
		case types.Int2, types.Int4, types.Int8, types.Numeric:
			c.numbers = v.Scale >= 0
		}
	}
	return v.Kind == c.kind && v.Scale == c.scale
}

// unpack keeps the values as they are from now on.
func (c *column) unpack() {
	for i := range c.n {
		c.values = append(c.values, c.at(i))
	}
	c.plain, c.numbers = false, false
}

// number is value i of a column of numbers; ok is false for NULL.
func (c *column) number(i int) (x int64, ok bool) {
	return c.ints[i], i>>6 >= len(c.nulls) || !c.nulls.has(i)
}

func (c *column) at(i int) types.Value {
	if !c.plain {
		return c.values[i]
	}
	if i>>6 < len(c.nulls) && c.nulls.has(i) {
		return types.Value{}
	}
	return types.Value{Kind: c.kind, Scale: c.scale, I: c.ints[i]}
}
