package exec

import "github.com/asofdb/asof/sql/types"

// arena keeps bytes in few large pieces without pointers: millions of rows in it cost the garbage collector nothing. What is kept never moves and
// is freed with the whole, so values that are read from it may point into it.
type arena struct {
	slabs [][]byte
	used  int64 // bytes kept
}

// place is where bytes lie in an arena.
type place struct{ slab, from, to uint32 }

// The first slab is small, because most statements keep little; each is twice as large as the one before, up to the last size.
const (
	firstSlab = 4 << 10
	lastSlab  = 1 << 20
)

// keep copies b into the arena.
func (a *arena) keep(b []byte) place {
	n := len(a.slabs) - 1
	if n < 0 || cap(a.slabs[n])-len(a.slabs[n]) < len(b) {
		size := firstSlab
		if n >= 0 {
			size = min(lastSlab, 2*cap(a.slabs[n]))
		}
		a.slabs = append(a.slabs, make([]byte, 0, max(size, len(b))))
		n++
	}
	from := len(a.slabs[n])
	a.slabs[n] = append(a.slabs[n], b...)
	a.used += int64(len(b))
	return place{uint32(n), uint32(from), uint32(from + len(b))}
}

// bytes are what lies at p.
func (a *arena) bytes(p place) []byte { return a.slabs[p.slab][p.from:p.to:p.to] }

// codec writes rows of some types as bytes and reads them back.
type codec []types.Type

func (c codec) append(dst []byte, row []types.Value) []byte {
	for i, t := range c {
		dst = types.AppendValue(dst, t, row[i])
	}
	return dst
}

// read reads the row that begins src, whose bytes the values may point into.
func (c codec) read(src []byte, row []types.Value) (rest []byte, err error) {
	for i, t := range c {
		if row[i], src, err = types.ReadValue(src, t); err != nil {
			return nil, err
		}
	}
	return src, nil
}
