package decode

import (
	"unsafe"

	"github.com/asofdb/asof/sql/types"
)

// An arena hands out memory that is written once and never used again, so that what lies in it may be kept
// for ever (invariant 4). It takes it from slabs: one allocation for some hundred values. Whoever keeps one image keeps its
// slab of about 16 KB alive.
type arena struct {
	values []types.Value
	bytes  []byte
}

const (
	slabValues = 340 // of 48 bytes
	slabBytes  = 16 << 10
)

// row returns n NULLs.
func (a *arena) row(n int) []types.Value {
	if len(a.values) < n {
		a.values = make([]types.Value, max(n, slabValues))
	}
	row := a.values[:n:n]
	a.values = a.values[n:]
	return row
}

// room returns an empty slice that has space for n bytes.
func (a *arena) room(n int) []byte {
	if len(a.bytes) < n {
		if n > slabBytes/4 {
			return make([]byte, 0, n)
		}
		a.bytes = make([]byte, slabBytes)
	}
	room := a.bytes[:0:n]
	a.bytes = a.bytes[n:]
	return room
}

// text returns b as a string without copying it. The caller sees to it that b is not written while the string is used:
// it is a record's, whose bytes rest until the reader's next Read, or an arena's.
func text(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// bytesOf returns the bytes of s, which are only read.
func bytesOf(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }
