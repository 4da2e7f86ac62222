// Package derive turns completed changes into the signed entries of entity logs.
//
// It is pure: a change and the group's shape in, keys and entries out. Live processing, recovery and backfill
// call the same code, and it reads nothing but the change, so that a log may be rebuilt at any time.
package derive

import (
	"github.com/asofdb/asof/engine/history"
	"github.com/asofdb/asof/engine/record"
	"github.com/asofdb/asof/sql/types"
)

// Shape is what one generation of a group takes from its source's rows.
type Shape struct {
	// Keys are the source's columns that make the entity's key, in the entity's order.
	Keys []int
	// EventTime is the source's column whose value is an entry's E, -1 for none.
	EventTime int
	// Cols are the source's columns that entries carry, in the order of the layout.
	Cols []int
}

// Entries calls emit for every entry that ch appends: the end of its old version, then the beginning of the new one. The image that the entry's
// columns come from is row; it is the caller's, and emit must not keep it. An update that changes nothing the shape looks at emits nothing.
func (s *Shape) Entries(ch *record.Change, emit func(sign int8, row []types.Value)) {
	switch ch.Op {
	case record.Noop, record.Truncate:
		return
	case record.Update:
		if s.same(ch.Old, ch.New) {
			return
		}
	}
	if ch.Old != nil {
		emit(-1, ch.Old)
	}
	if ch.New != nil {
		emit(+1, ch.New)
	}
}

// Entry fills e, whose Cols has the shape's length, from the image of a version that begins or ends by ch.
func (s *Shape) Entry(e *history.Entry, ch *record.Change, sign int8, row []types.Value) {
	e.C, e.Pos, e.Sign = ch.C, ch.Pos, sign
	e.E, e.HasE = 0, false
	if s.EventTime >= 0 {
		e.E, e.HasE = history.EventTime(row[s.EventTime])
	}
	for i, c := range s.Cols {
		e.Cols[i] = row[c]
	}
}

func (s *Shape) same(a, b []types.Value) bool {
	if s.EventTime >= 0 && !types.Identical(a[s.EventTime], b[s.EventTime]) {
		return false
	}
	for _, c := range s.Keys {
		if !types.Identical(a[c], b[c]) {
			return false
		}
	}
	for _, c := range s.Cols {
		if !types.Identical(a[c], b[c]) {
			return false
		}
	}
	return true
}

// AppendKey appends the entity key of row.
func (s *Shape) AppendKey(dst []byte, row []types.Value) []byte {
	for _, c := range s.Keys {
		dst = types.AppendKey(dst, row[c])
	}
	return dst
}
