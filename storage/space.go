package storage

import (
	"encoding/binary"
	"fmt"

	"github.com/asofdb/asof/storage/key"
)

// A space is the first byte of a key: what kind of thing it is.
type space byte

const (
	spaceChain   space = 'c'
	spaceDir     space = 'd'
	spaceRoot    space = 'e'
	spaceReject  space = 'j'
	spaceChunk   space = 'k'
	spaceLog     space = 'l'
	spaceMeta    space = 'm'
	spacePiece   space = 'o'
	spacePublish space = 'p'
	spaceRow     space = 'r'
)

// spaceNames are all spaces, by the name that Stats and messages give them.
var spaceNames = map[space]string{
	spaceChain: "chain", spaceDir: "directories", spaceRoot: "roots", spaceReject: "rejects", spaceChunk: "chunks",
	spaceLog: "log", spaceMeta: "meta", spacePiece: "pieces", spacePublish: "publications", spaceRow: "rows",
}

// globalSpaces end with one sentinel each; sourceSpaces end with one per source.
var (
	globalSpaces = []space{spaceChain, spaceDir, spaceRoot, spaceChunk, spaceMeta, spacePiece}
	sourceSpaces = []space{spaceReject, spaceLog, spacePublish, spaceRow}
)

// end is the byte after a space's or a source's prefix that makes the sentinel. Nothing else has it there: slots are below
// 0x4000, tuples and meta keys never begin with it, commit sequences stay below 1<<56 and times below timeEnd.
const end = 0xFF

// timeEnd is the first time whose key would sort behind a sentinel; some year beyond 290,000.
const timeEnd int64 = 0x7F << 56

const signBit = 1 << 63

func prefix(s space) []byte { return []byte{byte(s)} }

func sourcePrefix(s space, source uint32) []byte {
	return binary.BigEndian.AppendUint32([]byte{byte(s)}, source)
}

// sentinel ends the range of all keys that begin with the prefix p.
func sentinel(p []byte) []byte { return append(p[:len(p):len(p)], end) }

// sentinelValue is what a sentinel holds; an empty value would look like a missing one.
var sentinelValue = []byte{1}

// appendTime appends a signed time so that it sorts by value.
func appendTime(dst []byte, t int64) []byte {
	return binary.BigEndian.AppendUint64(dst, uint64(t)^signBit)
}

func readTime(b []byte) int64 { return int64(binary.BigEndian.Uint64(b) ^ signBit) }

// An EntityKey names what belongs to one entity and group.
type EntityKey struct {
	Type  uint16
	Key   []byte // a tuple of package key: it delimits itself
	Group uint32
	Slot  uint16 // hash slot of the entity's text
}

// NewEntityKey returns the key of an entity of the type typ whose tuple is k and whose text is slotText. It keeps k.
func NewEntityKey(typ uint16, k []byte, slotText string, group uint32) EntityKey {
	return EntityKey{Type: typ, Key: k, Group: group, Slot: key.Slot(slotText)}
}

const entityHead = 1 + 2 + 2 // space, slot, type

func (k EntityKey) append(dst []byte, s space) []byte {
	dst = append(dst, byte(s))
	dst = binary.BigEndian.AppendUint16(dst, k.Slot)
	dst = binary.BigEndian.AppendUint16(dst, k.Type)
	dst = append(dst, k.Key...)
	return binary.BigEndian.AppendUint32(dst, k.Group)
}

func (k EntityKey) root(dst []byte) []byte { return k.append(dst, spaceRoot) }

func (k EntityKey) chunk(dst []byte, class uint8, c int64, ordinal uint32) []byte {
	dst = append(k.append(dst, spaceChunk), class)
	return binary.BigEndian.AppendUint32(appendTime(dst, c), ordinal)
}

func (k EntityKey) dir(dst []byte, class, level uint8, ordinal uint32) []byte {
	dst = append(k.append(dst, spaceDir), class, level)
	return binary.BigEndian.AppendUint32(dst, ordinal)
}

// tailLen is how many bytes follow the entity's key in a key of an entity space: the group and what is behind it.
func tailLen(s space) int {
	switch s {
	case spaceChunk:
		return 4 + 1 + 8 + 4
	case spaceDir:
		return 4 + 1 + 1 + 4
	default:
		return 4
	}
}

// parseEntity splits a key of an entity space. The parts point into b.
func parseEntity(b []byte) (k EntityKey, err error) {
	if len(b) < entityHead {
		return k, fmt.Errorf("storage: key %x is too short", b)
	}
	tail := len(b) - tailLen(space(b[0]))
	if tail < entityHead {
		return k, fmt.Errorf("storage: key %x is too short", b)
	}
	return EntityKey{
		Slot:  binary.BigEndian.Uint16(b[1:]),
		Type:  binary.BigEndian.Uint16(b[3:]),
		Key:   b[entityHead:tail],
		Group: binary.BigEndian.Uint32(b[tail:]),
	}, nil
}

func logKey(source uint32, c int64) []byte { return appendTime(sourcePrefix(spaceLog, source), c) }

const logKeyLen = 1 + 4 + 8 + 8 + 4

// parseLog splits a key of the stream log.
func parseLog(b []byte) (c int64, seq uint64, ordinal uint32, err error) {
	if len(b) != logKeyLen {
		return 0, 0, 0, fmt.Errorf("storage: key %x is no key of a log block", b)
	}
	return readTime(b[5:]), binary.BigEndian.Uint64(b[13:]), binary.BigEndian.Uint32(b[21:]), nil
}

// publishBucket is the resolution of the publication log, in µs: the last publication of each 100 ms is kept.
const publishBucket = 100_000

func publishKey(source uint32, wall int64) []byte {
	bucket := wall / publishBucket
	if wall%publishBucket < 0 {
		bucket--
	}
	return appendTime(sourcePrefix(spacePublish, source), bucket)
}

func rowKey(source uint32, k []byte) []byte { return append(sourcePrefix(spaceRow, source), k...) }

func metaKey(k string) []byte { return append(prefix(spaceMeta), k...) }
