package storage

import (
	"encoding/binary"
	"fmt"
)

// A Batch gathers one durable, atomic commit. It copies what it is given, is not safe for concurrent use, and may be
// used again after Commit, which empties it.
type Batch struct {
	ops              ops
	blocks, rejected uint32
}

// NewBatch returns an empty batch.
func (db *DB) NewBatch() *Batch { return &Batch{ops: ops{limits: db.limits}} }

// Log adds a block of the stream log of a source whose newest change is at c. Its key ends with the sequence of the
// commit and the block's ordinal in it, so that equal c keep their order.
func (b *Batch) Log(source uint32, c int64, block []byte) {
	if c >= timeEnd {
		b.ops.refuse(fmt.Errorf("storage: a log block at c %d is beyond every time", c))
		return
	}
	b.numbered(logKey(source, c), &b.blocks, block)
}

// Reject adds a record that could not be read, numbered by the commit.
func (b *Batch) Reject(source uint32, value []byte) {
	b.numbered(sourcePrefix(spaceReject, source), &b.rejected, value)
}

// numbered puts a value whose key ends with the commit's sequence and a count within the commit.
func (b *Batch) numbered(k []byte, count *uint32, value []byte) {
	seqAt := len(k)
	k = binary.BigEndian.AppendUint32(append(k, make([]byte, 8)...), *count)
	*count++
	b.ops.put(k, value, seqAt)
}

// Publish records that readers of the source had the frontier at the wall clock's time, both in µs. Of several
// within 100 ms the last one stays.
func (b *Batch) Publish(source uint32, wall, frontier int64) {
	v := binary.BigEndian.AppendUint64(nil, uint64(wall))
	v = binary.BigEndian.AppendUint64(v, uint64(frontier))
	b.ops.put(publishKey(source, wall), v, 0)
}

// PutMeta sets a value of the meta space. The key is text, which never begins with byte 0xFF.
func (b *Batch) PutMeta(k string, value []byte) {
	if k != "" && k[0] == end {
		b.ops.refuse(fmt.Errorf("storage: meta key %q would lie behind the end of its space", k))
		return
	}
	b.ops.put(metaKey(k), value, 0)
}

// DeleteMeta deletes a value of the meta space.
func (b *Batch) DeleteMeta(k string) { b.ops.delete(metaKey(k)) }

// AddSource writes what ends the ranges of a source; before it is committed, scans of the source are short.
func (b *Batch) AddSource(source uint32) {
	for _, s := range sourceSpaces {
		b.ops.put(sentinel(sourcePrefix(s, source)), sentinelValue, 0)
	}
}

// Size is what the batch takes of MaxBatch, in bytes.
func (b *Batch) Size() int { return b.ops.size }

// Len is the number of entries that the batch writes.
func (b *Batch) Len() int { return b.ops.count }

// MaxBatch is how many bytes fit one commit. A log block or a value of about that length is the longest there is.
func (db *DB) MaxBatch() int { return db.limits.bytes }

// MaxEntries is how many entries fit one commit.
func (db *DB) MaxEntries() int { return db.limits.entries }

// Commit makes the batch durable, all of it or nothing, and returns its sequence. On *TooBigError and *SpaceError nothing was written
// and the batch is as before; any other error is a *FatalError, or ErrClosed. Views opened after Commit has returned see it.
func (db *DB) Commit(b *Batch) (seq uint64, err error) {
	if seq, err = db.write(kindCommit, &b.ops); err != nil {
		return 0, err
	}
	b.ops.reset()
	b.blocks, b.rejected = 0, 0
	return seq, nil
}
