package storage

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"

	"github.com/dgraph-io/badger/v4"
)

// A kind says who wrote a transaction.
type kind byte

const (
	kindCreate  kind = 1 + iota // the first one
	kindCommit                  // DB.Commit
	kindDerived                 // a step of Derived
	kindDrop                    // a step of DropGroup, DropSource or TrimPublications
)

// A link is the chain's record of one transaction. Every transaction carries one, written under its sequence, so
// that one that is lost while a later one survives leaves a gap, or a checksum that does not fit.
type link struct {
	seq     uint64
	prev    uint32 // checksum of the encoded link before, 0 for the first
	content uint32 // checksum of all keys and values of the transaction
	kind    kind
	entries uint32
	written uint64 // bytes of all transactions so far, this one included
	first   uint64 // the oldest link that is kept, this transaction's trimming included
}

const (
	linkVersion = 1
	linkLen     = 1 + 1 + 8 + 4 + 4 + 4 + 8 + 8 + 4
	// trimPerCommit bounds the trimming of one transaction; two would already keep up, four catch up.
	trimPerCommit = 4
)

func (l link) encode() []byte {
	b := make([]byte, 0, linkLen)
	b = append(b, linkVersion, byte(l.kind))
	b = binary.BigEndian.AppendUint64(b, l.seq)
	b = binary.BigEndian.AppendUint32(b, l.prev)
	b = binary.BigEndian.AppendUint32(b, l.content)
	b = binary.BigEndian.AppendUint32(b, l.entries)
	b = binary.BigEndian.AppendUint64(b, l.written)
	b = binary.BigEndian.AppendUint64(b, l.first)
	return binary.BigEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
}

func decodeLink(b []byte) (l link, err error) {
	if len(b) != linkLen || b[0] != linkVersion {
		return l, fmt.Errorf("storage: chain record %x is unknown", b)
	}
	if crc32.Checksum(b[:linkLen-4], castagnoli) != binary.BigEndian.Uint32(b[linkLen-4:]) {
		return l, fmt.Errorf("storage: chain record %x has a wrong checksum", b)
	}
	return link{
		kind:    kind(b[1]),
		seq:     binary.BigEndian.Uint64(b[2:]),
		prev:    binary.BigEndian.Uint32(b[10:]),
		content: binary.BigEndian.Uint32(b[14:]),
		entries: binary.BigEndian.Uint32(b[18:]),
		written: binary.BigEndian.Uint64(b[22:]),
		first:   binary.BigEndian.Uint64(b[30:]),
	}, nil
}

func linkKey(seq uint64) []byte {
	return binary.BigEndian.AppendUint64(prefix(spaceChain), seq)
}

// linkSeq is the inverse of linkKey. The sentinel of the space is no link.
func linkSeq(k []byte) (seq uint64, ok bool) {
	if len(k) != 1+8 || space(k[0]) != spaceChain {
		return 0, false
	}
	return binary.BigEndian.Uint64(k[1:]), true
}

// chain is the state of the commit chain in memory.
type chain struct {
	last link
	sum  uint32 // checksum of the encoded last link
	// kept are the sequence and the written bytes of the links on disk, oldest first.
	kept []keptLink
	// keep is how many bytes of transactions the kept links reach back: more than all write-ahead logs together
	// can hold, because a hole in those is what the chain is to find.
	keep uint64
}

type keptLink struct{ seq, written uint64 }

// next returns the link of the next transaction and the sequences that it trims. It changes nothing.
func (c *chain) next(k kind, o *ops, content uint32) (l link, trim []keptLink) {
	l = link{
		seq: c.last.seq + 1, prev: c.sum, content: content, kind: k, entries: uint32(o.count),
		written: c.last.written + uint64(o.size), first: 1,
	}
	n := 0
	for n < len(c.kept)-1 && n < trimPerCommit && c.kept[n+1].written+c.keep < l.written {
		n++
	}
	if len(c.kept) > 0 {
		l.first = c.kept[n].seq
	}
	return l, c.kept[:n]
}

// advance makes l, which is durable now, the last link.
func (c *chain) advance(l link, encoded []byte, trimmed int) {
	c.last, c.sum = l, crc32.Checksum(encoded, castagnoli)
	c.kept = append(c.kept[trimmed:], keptLink{seq: l.seq, written: l.written})
}

// load reads and verifies the kept chain.
func (c *chain) load(v *View) error {
	damaged := func(from, to uint64, format string, args ...any) error {
		return &DamagedError{From: from, To: to, Detail: fmt.Sprintf(format, args...)}
	}
	err := v.scan(prefix(spaceChain), nil, func(k, value []byte) error {
		l, err := decodeLink(value)
		if err != nil {
			return err
		}
		if seq, ok := linkSeq(k); !ok || seq != l.seq {
			return damaged(0, 0, "the chain record of commit %d lies under the key %x", l.seq, k)
		}
		if len(c.kept) > 0 && l.seq != c.last.seq+1 {
			return damaged(c.last.seq+1, l.seq-1, "the chain of commits has a gap")
		}
		if len(c.kept) > 0 && l.prev != c.sum {
			return damaged(0, 0, "commit %d does not follow the commit %d that is stored", l.seq, c.last.seq)
		}
		c.advance(l, value, 0)
		return nil
	})
	if err != nil {
		return err
	}
	if len(c.kept) == 0 {
		return damaged(0, 0, "the chain of commits is empty")
	}
	if c.kept[0].seq != c.last.first {
		return damaged(c.last.first, c.kept[0].seq-1, "the beginning of the chain of commits is lost")
	}
	return nil
}

// write makes the operations one durable transaction with its link.
func (db *DB) write(k kind, o *ops) (seq uint64, err error) {
	if err := o.check(); err != nil {
		return 0, err
	}
	db.writing.Lock()
	defer db.writing.Unlock()
	if err := db.writableLocked(k); err != nil {
		return 0, err
	}
	if seq, err = db.commitLocked(k, o); err != nil {
		db.fatal = &FatalError{Err: err}
		return 0, db.fatal
	}
	return seq, nil
}

// writableLocked refuses where nothing may be written, or not now.
func (db *DB) writableLocked(k kind) error {
	switch {
	case db.closed:
		return ErrClosed
	case db.fatal != nil:
		return db.fatal
	}
	return db.guard.check(k)
}

func (db *DB) commitLocked(k kind, o *ops) (uint64, error) {
	txn := db.bdb.NewTransaction(true)
	defer txn.Discard()
	content, err := o.fill(txn, db.chain.last.seq+1)
	if err != nil {
		return 0, err
	}
	l, trim := db.chain.next(k, o, content)
	encoded := l.encode()
	if err := txn.Set(linkKey(l.seq), encoded); err != nil {
		return 0, err
	}
	for _, old := range trim {
		if err := txn.Delete(linkKey(old.seq)); err != nil {
			return 0, err
		}
	}
	if err := commit(txn); err != nil {
		return 0, err
	}
	db.chain.advance(l, encoded, len(trim))
	if err := db.head.write(l.seq, db.chain.sum); err != nil {
		return 0, err
	}
	db.snapshots.replace(db.bdb.NewTransaction(false))
	return l.seq, nil
}

// commit is Txn.Commit; tests that want a failing disk replace it.
var commit = (*badger.Txn).Commit
