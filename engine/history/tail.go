package history

import (
	"encoding/binary"
	"fmt"

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

// head reads what comes before the columns of an entry into e, whose C and Pos are those of the entry before.
func (d *decoder) head(e *Entry) error {
	flags := d.byte()
	if flags&^flagsKnown != 0 {
		d.fail()
	}
	e.Sign = 1
	if flags&flagRetract != 0 {
		e.Sign = -1
	}
	if flags&flagSameChange == 0 {
		e.C += int64(d.uvarint())
		e.Pos += int64(d.uvarint())
	}
	e.HasE, e.E = flags&flagNoE == 0, 0
	if e.HasE {
		e.E = e.C - d.varint()
	}
	return d.err("tail")
}

// columns reads the columns of an entry into cols; those that need does not ask for (nil: all are) it leaves as they are. Strings point into the source.
func (d *decoder) columns(l *Layout, need []bool, cols []types.Value) error {
	for i := range l.Types {
		var err error
		if need == nil || need[i] {
			err = d.value(&cols[i], &l.Types[i])
		} else {
			err = d.skipValue(&l.Types[i])
		}
		if err != nil {
			return fmt.Errorf("%w: column %d of the tail: %w", errCorrupt, i, err)
		}
	}
	return nil
}

// skipColumns reads over the columns of an entry.
func (d *decoder) skipColumns(l *Layout) error {
	for i := range l.Types {
		if err := d.skipValue(&l.Types[i]); err != nil {
			return fmt.Errorf("%w: column %d of the tail: %w", errCorrupt, i, err)
		}
	}
	return nil
}
