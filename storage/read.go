package storage

import (
	"encoding/binary"
	"fmt"

	"github.com/dgraph-io/badger/v4"

	"github.com/asofdb/asof/storage/key"
)

// Meta returns a value of the meta space, nil where there is none.
func (v *View) Meta(k string) ([]byte, error) { return v.get(metaKey(k)) }

// ScanMeta calls fn for the values of the meta space whose keys begin with p, in order of the keys.
func (v *View) ScanMeta(p string, fn func(k string, value []byte) error) error {
	return v.scan(metaKey(p), nil, func(k, value []byte) error { return fn(string(k[1:]), value) })
}

// Row returns a row of a source's row store, nil where there is none.
func (v *View) Row(source uint32, k []byte) ([]byte, error) { return v.get(rowKey(source, k)) }

// ScanRows calls fn for all rows of a source, in order of their keys.
func (v *View) ScanRows(source uint32, fn func(k, value []byte) error) error {
	p := sourcePrefix(spaceRow, source)
	return v.scan(p, nil, func(k, value []byte) error { return fn(k[len(p):], value) })
}

// LastRow returns the largest key of a source's row store, nil where it is empty.
func (v *View) LastRow(source uint32) (k []byte, err error) {
	p := sourcePrefix(spaceRow, source)
	err = v.scanBack(p, func(last, _ []byte) error {
		k = append([]byte{}, last[len(p):]...)
		return ErrStop
	})
	return k, err
}

// Root returns the root of an entity's log, nil where there is none.
func (v *View) Root(k EntityKey) ([]byte, error) { return v.get(k.root(nil)) }

// Chunk returns a sealed chunk, nil where there is none.
func (v *View) Chunk(k EntityKey, class uint8, c int64, ordinal uint32) ([]byte, error) {
	return v.get(k.chunk(nil, class, c, ordinal))
}

// Dir returns a directory node, nil where there is none.
func (v *View) Dir(k EntityKey, class, level uint8, ordinal uint32) ([]byte, error) {
	return v.get(k.dir(nil, class, level, ordinal))
}

// ScanRoots calls fn for the roots of all entities of a type in a group, in order of slot and key.
func (v *View) ScanRoots(typ uint16, group uint32, fn func(k []byte, slot uint16, root []byte) error) error {
	return v.ScanRootsOf(typ, group, 0, key.Slots-1, fn)
}

// ScanRootsOf is ScanRoots of the slots low to high, both included.
func (v *View) ScanRootsOf(typ uint16, group uint32, low, high uint16, fn func(k []byte, slot uint16, root []byte) error) error {
	from := binary.BigEndian.AppendUint16(prefix(spaceRoot), low)
	return v.scan(prefix(spaceRoot), from, func(k, root []byte) error {
		e, err := parseEntity(k)
		if err != nil {
			return err
		}
		if e.Slot > high {
			return ErrStop
		}
		if e.Type != typ || e.Group != group {
			return nil
		}
		return fn(e.Key, e.Slot, root)
	})
}

// ScanEntities calls fn for the keys of all entities of a type in a group that have a root, from a slot on, in order of slot and key.
func (v *View) ScanEntities(typ uint16, group uint32, from uint16, fn func(k []byte, slot uint16) error) error {
	p := prefix(spaceRoot)
	return v.scanItems(p, binary.BigEndian.AppendUint16(prefix(spaceRoot), from), func(k []byte, _ *badger.Item) error {
		e, err := parseEntity(k)
		if err != nil {
			return err
		}
		if e.Type != typ || e.Group != group {
			return nil
		}
		return fn(e.Key, e.Slot)
	})
}

// ScanLog calls fn for the blocks of a source's stream log whose newest change is at fromC or later, in order of (c, sequence).
func (v *View) ScanLog(source uint32, fromC int64, fn func(c int64, seq uint64, block []byte) error) error {
	p := sourcePrefix(spaceLog, source)
	return v.scan(p, logKey(source, fromC), func(k, block []byte) error {
		c, seq, _, err := parseLog(k)
		if err != nil {
			return err
		}
		return fn(c, seq, block)
	})
}

// ScanLogBack is ScanLog over the whole log from its end: the newest block first.
func (v *View) ScanLogBack(source uint32, fn func(c int64, seq uint64, block []byte) error) error {
	return v.scanBack(sourcePrefix(spaceLog, source), func(k, block []byte) error {
		c, seq, _, err := parseLog(k)
		if err != nil {
			return err
		}
		return fn(c, seq, block)
	})
}

// LastLog returns the newest block of a source's stream log, a nil block where the log is empty.
func (v *View) LastLog(source uint32) (c int64, seq uint64, block []byte, err error) {
	err = v.ScanLogBack(source, func(lastC int64, lastSeq uint64, b []byte) error {
		c, seq, block = lastC, lastSeq, append([]byte{}, b...)
		return ErrStop
	})
	return c, seq, block, err
}

// ScanRejects calls fn for the rejects of a source in the order in which they were committed.
func (v *View) ScanRejects(source uint32, fn func(seq uint64, ordinal uint32, value []byte) error) error {
	p := sourcePrefix(spaceReject, source)
	return v.scan(p, nil, func(k, value []byte) error {
		if len(k) != len(p)+12 {
			return fmt.Errorf("storage: key %x is no key of a reject", k)
		}
		return fn(binary.BigEndian.Uint64(k[len(p):]), binary.BigEndian.Uint32(k[len(p)+8:]), value)
	})
}

// Publications calls fn for what was published for a source in the 100 ms that contain fromWall and later, in order of the wall clock.
func (v *View) Publications(source uint32, fromWall int64, fn func(wall, frontier int64) error) error {
	return v.scan(sourcePrefix(spacePublish, source), publishKey(source, fromWall), func(k, value []byte) error {
		if len(value) != 16 {
			return fmt.Errorf("storage: publication record %x has a wrong length", value)
		}
		return fn(int64(binary.BigEndian.Uint64(value)), int64(binary.BigEndian.Uint64(value[8:])))
	})
}
