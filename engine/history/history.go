// Package history is the entity log: everything a group of features keeps for one entity, in the order of commit time.
//
// It is pure: bytes or entries in, entries out. It knows no Badger, no goroutines, no clock and no catalog.
package history

import "github.com/asofdb/asof/sql/types"

// Entry says that a row version becomes visible (Sign +1) or ceases to be (Sign -1) at C.
type Entry struct {
	// C is the effective commit time and Pos the position in the source's stream log of the change that made the entry;
	// within a log both never decrease.
	C, Pos int64
	// E is the event time of the row version; HasE is false where it is NULL (or the group has no event time).
	E    int64
	HasE bool
	Sign int8
	// Cols are the values of the layout's columns. While scanning they are valid until the next entry.
	Cols []types.Value
}

// Layout is what the entries of one generation of a group carry.
type Layout struct {
	// Types are the types of the columns in Entry.Cols, in order.
	Types []types.Type
}

// ChunkEntries is the number of entries of every sealed chunk: boundaries are a function of the log alone.
const ChunkEntries = 256
