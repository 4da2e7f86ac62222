package storage

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"

	"github.com/dgraph-io/badger/v4"

	"github.com/asofdb/asof/storage/key"
)

// castagnoli is the polynomial of every checksum here; amd64 and arm64 have an instruction for it.
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// An op is one key to be written or deleted in a transaction.
type op struct {
	key   []byte
	value []byte
	seqAt int // where in key the sequence of the commit goes, 0 for nowhere
	del   bool
}

// ops gathers what one transaction writes. It owns copies of all keys and values.
type ops struct {
	limits limits
	list   []op
	size   int   // of all entries, as Badger counts them
	count  int   // entries, pieces included
	err    error // the first refusal
}

// limits are what one transaction and one value may hold.
type limits struct {
	bytes, entries int
	inline         int // the longest value that is not cut into pieces
}

// Badger's count of an entry beyond key and value: two meta bytes and ten for the version in the key.
const entryOverhead = 12

// spare is what is left in a transaction for the chain record and the trimmed ones.
const (
	spareBytes   = 4 << 10
	spareEntries = 1 + trimPerCommit
)

func (o *ops) put(k, value []byte, seqAt int) {
	o.add(op{key: k, value: append([]byte(nil), value...), seqAt: seqAt})
}

func (o *ops) delete(k []byte) { o.add(op{key: k, del: true}) }

func (o *ops) add(p op) {
	if len(p.key) > 65_000-pieceKeyOverhead {
		o.refuse(&key.TooLongError{Len: len(p.key)})
		return
	}
	size, count := o.limits.cost(len(p.key), len(p.value))
	o.size += size
	o.count += count
	o.list = append(o.list, p)
}

func (o *ops) refuse(err error) {
	if o.err == nil {
		o.err = err
	}
}

func (o *ops) reset() {
	clear(o.list) // lets go of the values
	*o = ops{limits: o.limits, list: o.list[:0]}
}

// cost is what a key and a value take of a transaction.
func (l limits) cost(k, v int) (size, count int) {
	if v <= l.inline {
		return k + v + entryOverhead, 1
	}
	n := (v + l.inline - 1) / l.inline
	return v + n*(k+pieceKeyOverhead+entryOverhead) + k + stubLen + entryOverhead, n + 1
}

// check refuses what does not fit one transaction.
func (o *ops) check() error {
	if o.err != nil {
		return o.err
	}
	if o.size > o.limits.bytes || o.count > o.limits.entries {
		return &TooBigError{Bytes: o.size, Limit: o.limits.bytes, Entries: o.count, EntryLimits: o.limits.entries}
	}
	return nil
}

// fill writes the operations into txn, with the commit's sequence where keys have a place for it, and returns
// their checksum.
func (o *ops) fill(txn *badger.Txn, seq uint64) (sum uint32, err error) {
	for i := range o.list {
		p := &o.list[i]
		if p.seqAt > 0 {
			binary.BigEndian.PutUint64(p.key[p.seqAt:], seq)
		}
		sum = crc32.Update(sum, castagnoli, p.key)
		sum = crc32.Update(sum, castagnoli, p.value)
		if p.del {
			err = txn.Delete(p.key)
		} else {
			err = setValue(txn, p.key, p.value, o.limits.inline)
		}
		if err != nil {
			return 0, fmt.Errorf("gather key %d of %d: %w", i+1, len(o.list), err)
		}
	}
	return sum, nil
}
