// Package history is the entity log: everything a group of features keeps for one entity, in the order of commit time.
//
// A log is a Root and what it names. The root holds the newest entries, fewer than ChunkEntries of them, in its tail. Each
// time the tail is full it becomes a sealed chunk, columnar and never written again, and the root keeps its Header; 64 headers of
// one level become a directory node, of which the root keeps one header of the next level, like the digits of a counter. A root so
// grows with the logarithm of the log, and an append costs the same however long the log is.
//
// It is pure: bytes or entries in, entries out. It knows no Badger, no goroutines, no clock and no catalog.
//
// Invariants:
//
//  1. Within a log C and Pos never decrease; entries of one change share both.
//  2. Root, chunks and directory nodes are a function of the entries and of the applied position alone: however the entries
//     are cut into calls of Append, the bytes are the same. Writing a chunk again after a crash therefore changes nothing.
//  3. The root is the commit point: what its directory does not name does not exist.
//  4. Append never decodes what is there but to seal the ChunkEntries entries of a full tail.
//  5. Bytes that were not written by this package, or were cut or changed, are an error and never a panic.
package history

import "github.com/asofdb/asof/sql/types"

// Entry says that a row version becomes visible (Sign +1) or ceases to be (Sign -1) at C.
type Entry struct {
	// C is the effective commit time and Pos the position in the source's stream log of the change that made the entry;
	// within a log both never decrease.
	C, Pos int64
	// E is the event time of the row version; HasE is false where it is NULL (or the group has no event time).
	// It is in microseconds whatever the column's type: see EventTime.
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

// ChunkEntries is the number of entries of a sealed chunk: boundaries are a function of the log alone.
const ChunkEntries = 256

// tailBytes is the length from which a tail is sealed although it has fewer entries: a root is rewritten whenever its entity changes, and must fit
// one transaction of the store, also where columns hold whole documents.
const tailBytes = 1 << 20

// NodeHeaders is the number of headers of every directory node.
const NodeHeaders = 64
