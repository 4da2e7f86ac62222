package record

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"slices"

	"github.com/asofdb/asof/sql/types"
)

const (
	blockFormat = 1
	// MaxChanges is the largest number of changes in one block: it bounds what a reader allocates for a count that it cannot trust yet.
	MaxChanges = 1 << 20
	crcLen     = 4
)

// ErrCorrupt is wrapped by every error about bytes that are no block.
var ErrCorrupt = errors.New("corrupt block of the stream log")

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// AppendBlock appends the columnar, compressed encoding of changes (at least one, at most MaxChanges, and fewer where there
// are more than 64 columns) whose images have the given column types.
func AppendBlock(dst []byte, cols []types.Type, changes []Change) []byte {
	if len(changes) == 0 || len(changes) > MaxChanges || 2*len(changes)*len(cols) > maxImages {
		panic(fmt.Sprintf("record: a block of %d changes of %d columns breaks invariant 1, for it could not be read", len(changes), len(cols)))
	}
	start := len(dst)
	dst = appendHeader(dst, len(cols), changes)
	e := encoder{changes: changes, ints: make([]int64, 0, len(changes)), refs: make([]int64, 0, len(changes)), run: make([]*types.Value, 0, len(changes))}
	e.meta()
	dst = e.appendSection(dst)
	for i, t := range cols {
		e.column(i, t)
		dst = e.appendSection(dst)
	}
	return appendCRC(dst, start)
}

// appendCRC appends the checksum of dst from start on.
func appendCRC(dst []byte, start int) []byte {
	return binary.LittleEndian.AppendUint32(dst, crc32.Checksum(dst[start:], castagnoli))
}

func appendHeader(dst []byte, cols int, changes []Change) []byte {
	start := len(dst)
	h := headerOf(changes)
	dst = append(dst, blockFormat)
	dst = binary.AppendUvarint(dst, uint64(h.Count))
	dst = binary.AppendUvarint(dst, uint64(cols))
	dst = binary.AppendVarint(dst, h.FirstPos)
	dst = binary.AppendVarint(dst, h.CMin)
	dst = binary.AppendVarint(dst, h.CMax)
	return appendCRC(dst, start)
}

func headerOf(changes []Change) Header {
	h := Header{Count: len(changes), FirstPos: changes[0].Pos, CMin: changes[0].C, CMax: changes[0].C}
	for i := range changes {
		h.CMin = min(h.CMin, changes[i].C)
		h.CMax = max(h.CMax, changes[i].C)
	}
	return h
}

// ReadHeader reads only the zone map.
func ReadHeader(block []byte) (Header, error) {
	h, _, _, err := readHeader(block)
	return h, err
}

// readHeader also returns the number of columns and what follows the header.
func readHeader(block []byte) (h Header, cols int, rest []byte, err error) {
	r := reader{b: block}
	if format := r.byte(); format != blockFormat && r.err == nil {
		return h, 0, nil, fmt.Errorf("%w: format %d, this program reads %d", ErrCorrupt, format, blockFormat)
	}
	h.Count = r.count(MaxChanges)
	cols = r.count(len(block))
	h.FirstPos, h.CMin, h.CMax = r.varint(), r.varint(), r.varint()
	n := len(block) - len(r.b)
	sum := r.bytes(crcLen)
	if r.err != nil {
		return Header{}, 0, nil, r.err
	}
	if crc32.Checksum(block[:n], castagnoli) != binary.LittleEndian.Uint32(sum) {
		return Header{}, 0, nil, fmt.Errorf("%w: the header has a wrong checksum", ErrCorrupt)
	}
	if h.Count == 0 {
		return Header{}, 0, nil, fmt.Errorf("%w: no changes", ErrCorrupt)
	}
	return h, cols, r.b, nil
}

// ReadBlock decodes a block. With want non-nil only those columns of Old and New are filled, the others are NULL. Old
// and New of one change, and strings of one column, share memory that belongs to the result. Garbage is an error, never a panic.
func ReadBlock(block []byte, cols []types.Type, want []int) ([]Change, error) {
	h, n, rest, err := readHeader(block)
	if err != nil {
		return nil, err
	}
	if n != len(cols) {
		return nil, fmt.Errorf("%w: %d columns where %d are declared", ErrCorrupt, n, len(cols))
	}
	if len(rest) < crcLen || crc32.Checksum(block[:len(block)-crcLen], castagnoli) != binary.LittleEndian.Uint32(block[len(block)-crcLen:]) {
		return nil, fmt.Errorf("%w: wrong checksum", ErrCorrupt)
	}
	r := reader{b: rest[:len(rest)-crcLen]}
	d := decoder{changes: make([]Change, 0)}
	if err := d.meta(r.section(true), h.Count, len(cols)); err != nil {
		return nil, err
	}
	for i, t := range cols {
		wanted := want == nil || slices.Contains(want, i)
		raw := r.section(wanted)
		if r.err != nil {
			return nil, r.err
		}
		if !wanted {
			continue
		}
		if err := d.column(raw, i, t); err != nil {
			return nil, fmt.Errorf("column %d: %w", i+1, err)
		}
	}
	if r.err == nil && len(r.b) != 0 {
		r.fail("%d bytes are left over", len(r.b))
	}
	if r.err != nil {
		return nil, r.err
	}
	return d.changes, nil
}
