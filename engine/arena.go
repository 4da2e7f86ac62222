package engine

import (
	"unsafe"

	"github.com/asofdb/asof/sql/types"
)

// arena copies the strings of many values into few allocations.
type arena struct{ free []byte }

// arenaBlock is the size of one allocation: large enough to make allocating rare, small enough that one kept string does not keep much.
const arenaBlock = 64 << 10

// keep makes the values independent of whatever buffer their strings point into.
func (a *arena) keep(row []types.Value) {
	for i := range row {
		switch {
		case row[i].X != nil:
			row[i] = row[i].Clone()
		case len(row[i].S) > 0:
			row[i].S = a.copy(row[i].S)
		}
	}
}

func (a *arena) copy(s string) string {
	if len(s) > len(a.free) {
		if len(s) > arenaBlock/8 {
			return string([]byte(s))
		}
		a.free = make([]byte, arenaBlock)
	}
	n := copy(a.free, s)
	kept := a.free[:n:n]
	a.free = a.free[n:]
	return unsafe.String(unsafe.SliceData(kept), n)
}
