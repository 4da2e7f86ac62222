package history

import (
	"encoding/binary"

	"github.com/asofdb/asof/sql/types"
)

// The tail codes one entry after the other: a byte of flags, commit time and position as differences from the entry before
// (left out where both are the same, as in the second entry of an update), the event time's distance from the commit time, and the
// values of the columns.

// Flags of an entry in the tail.
const (
	flagRetract    = 1 << 0
	flagNoE        = 1 << 1
	flagSameChange = 1 << 2
	flagsKnown     = flagRetract | flagNoE | flagSameChange
)

// appendEntry appends e, which follows an entry with commit time c and position pos.
func appendEntry(dst []byte, l *Layout, e *Entry, c, pos int64) []byte {
	var flags byte
	if e.Sign < 0 {
		flags |= flagRetract
	}
	if !e.HasE {
		flags |= flagNoE
	}
	if e.C == c && e.Pos == pos {
		flags |= flagSameChange
	}
	dst = append(dst, flags)
	if flags&flagSameChange == 0 {
		dst = binary.AppendUvarint(dst, uint64(e.C-c))
		dst = binary.AppendUvarint(dst, uint64(e.Pos-pos))
	}
	if e.HasE {
		dst = binary.AppendVarint(dst, e.C-e.E)
	}
	for i, t := range l.Types {
		dst = types.AppendValue(dst, t, e.Cols[i])
	}
	return dst
}
