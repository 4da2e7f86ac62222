package history

import (
	"encoding/binary"
	"fmt"
)

// Format bytes; the first byte of each thing that is stored.
const (
	formatRoot  = 0x11
	formatChunk = 0x21
	formatNode  = 0x31
)

// Root is the decoded head of one entity's log: the position applied, the directory of sealed chunks and the tail.
// The root is the commit point: what its directory does not name does not exist.
//
// A Root is not safe for concurrent use while Append runs; readers may share one that nobody appends to.
type Root struct {
	applied int64
	// levels[n] are the headers of level n that no directory node has gathered yet, fewer than NodeHeaders; those of a higher
	// level are older than all of a lower one.
	levels [][]Header

	// tail is the newest entries, fewer than ChunkEntries. After ReadRoot its bytes are the caller's, their capacity clipped, so
	// that an append copies them.
	tail Pending
}

// NewRoot returns the root of an empty log.
func NewRoot() *Root { return &Root{} }

// Applied is the largest position whose entries the root holds (0 when empty).
func (r *Root) Applied() int64 { return r.applied }

// Count is the number of entries in the log.
func (r *Root) Count() int64 {
	n := int64(r.tail.entries)
	for _, level := range r.levels {
		for i := range level {
			n += int64(level[i].Count)
		}
	}
	return n
}

// AppendTo appends the root's encoding.
func (r *Root) AppendTo(dst []byte) []byte {
	from := len(dst)
	dst = append(dst, formatRoot)
	dst = binary.AppendVarint(dst, r.applied)
	dst = binary.AppendUvarint(dst, uint64(len(r.levels)))
	for i := len(r.levels) - 1; i >= 0; i-- {
		dst = appendHeaders(dst, r.levels[i])
	}
	t := &r.tail
	dst = binary.AppendUvarint(dst, uint64(t.entries))
	if t.entries > 0 {
		dst = binary.AppendVarint(dst, t.firstC)
		dst = binary.AppendUvarint(dst, uint64(t.lastC-t.firstC))
		dst = binary.AppendVarint(dst, r.applied-t.lastPos)
		dst = binary.AppendUvarint(dst, uint64(t.lastPos-t.firstPos))
	}
	dst = append(dst, t.encoded...)
	return seal(dst, from)
}

// ReadRoot decodes a root. It does not copy src, which must stay as it is while the root is used. Garbage is an error, never a panic.
func ReadRoot(src []byte) (*Root, error) {
	body, err := open(src, formatRoot, "root")
	if err != nil {
		return nil, err
	}
	d := decoder{src: body}
	r := &Root{applied: d.varint()}
	levels := d.uvarint()
	if levels > maxLevel+1 {
		return nil, fmt.Errorf("%w: root with %d levels", errCorrupt, levels)
	}
	if levels > 0 {
		r.levels = make([][]Header, levels)
		for i := int(levels) - 1; i >= 0; i-- {
			r.levels[i] = d.headers(uint8(i))
		}
	}
	r.readTail(&d)
	return r, d.err("root")
}

// readTail reads the tail, which goes to the end.
func (r *Root) readTail(d *decoder) {
	t := &r.tail
	if n := d.uvarint(); n >= ChunkEntries {
		d.fail()
	} else {
		t.entries = int(n)
	}
	if t.entries > 0 {
		t.firstC = d.varint()
		t.lastC = t.firstC + int64(d.uvarint())
		t.lastPos = r.applied - d.varint()
		t.firstPos = t.lastPos - int64(d.uvarint())
	}
	t.encoded = d.src[:len(d.src):len(d.src)]
}

// end is the commit time and position of the newest entry.
func (r *Root) end() (c, pos int64, ok bool) {
	if r.tail.entries > 0 {
		return r.tail.lastC, r.tail.lastPos, true
	}
	for _, level := range r.levels {
		if n := len(level); n > 0 {
			return level[n-1].CMax, level[n-1].PosMax, true
		}
	}
	return 0, 0, false
}
