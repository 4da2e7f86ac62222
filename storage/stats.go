package storage

import (
	"fmt"
	"strings"
)

// Stats are figures about a DB at one moment.
type Stats struct {
	// Tree is the disk space of Badger's files, in bytes: tables, and what the write-ahead logs take.
	Tree int64
	// Kinds are the bytes of tables by what they hold; a table that holds several kinds counts as "mixed".
	Kinds map[string]int64
	// Tables is the number of tables.
	Tables int
	// Seq is the sequence of the last transaction, Links how many the chain keeps.
	Seq   uint64
	Links int
	// Free is the free space of the disk, -1 where it cannot be told.
	Free int64
	// BackgroundErrors counts what Badger could not do behind our back, as flushing a memtable, and LastBackgroundError
	// is the newest of them.
	BackgroundErrors    int64
	LastBackgroundError string
}

// Stats returns the figures of now. It looks at every table's description, so it is not for a hot path.
func (db *DB) Stats() Stats {
	db.writing.Lock()
	s := Stats{Seq: db.chain.last.seq, Links: len(db.chain.kept), Kinds: map[string]int64{}, Free: -1}
	closed := db.closed
	db.writing.Unlock()
	if files, err := listTree(db.dir); err == nil {
		for _, f := range files {
			s.Tree += f.allocated
		}
	}
	if !closed {
		for _, t := range db.bdb.Tables() {
			s.Tables++
			s.Kinds[kindOf(t.Left, t.Right)] += int64(t.OnDiskSize)
		}
	}
	if free, err := db.guard.free(db.dir); err == nil {
		s.Free = free
	}
	db.trouble.mu.Lock()
	s.BackgroundErrors, s.LastBackgroundError = db.trouble.count, db.trouble.last
	db.trouble.mu.Unlock()
	return s
}

// kindOf names what a table from the key left to the key right holds.
func kindOf(left, right []byte) string {
	if len(left) > 0 && len(right) > 0 && left[0] == right[0] {
		if name, ok := spaceNames[space(left[0])]; ok {
			return name
		}
	}
	return "mixed"
}

func logText(format string, args []any) string {
	return strings.TrimSpace(fmt.Sprintf(format, args...))
}
