package history

import (
	"encoding/binary"

	"github.com/asofdb/asof/sql/types"
)

// A chunk is columnar:
//
//	byte      format
//	header    class, level 0, ordinal, zone map, length-prefixed partials (empty)
//	ints      commit times
//	ints      positions
//	bits      retractions
//	bits      entries with event time
//	ints      commit time - event time, of those
//	per column of the layout: uvarint length, column
//	checksum

// encodeChunk encodes entries as chunk number ordinal.
func encodeChunk(l *Layout, entries []Entry, ordinal uint32) (Header, []byte) {
	h := emptyHeader()
	run := make([]int64, 0, 3*len(entries))
	events := run[2*len(entries) : 2*len(entries)]
	retractions, hasE := make([]bool, len(entries)), make([]bool, len(entries))
	for i := range entries {
		e := &entries[i]
		h.include(e)
		run = append(run, e.C)
		retractions[i], hasE[i] = e.Sign < 0, e.HasE
		if e.HasE {
			events = append(events, e.C-e.E)
		}
	}
	for i := range entries {
		run = append(run, entries[i].Pos)
	}
	h.Ordinal = ordinal
	b := appendHeader([]byte{formatChunk}, &h)
	b = appendInts(b, run[:len(entries)])
	b = appendInts(b, run[len(entries):])
	b = appendBits(b, retractions)
	b = appendBits(b, hasE)
	b = appendInts(b, events)
	for i, t := range l.Types {
		col := appendColumn(nil, t, entries, i)
		b = binary.AppendUvarint(b, uint64(len(col)))
		b = append(b, col...)
	}
	return h, seal(b, 0)
}

// chunkReader decodes chunks, reusing its buffers from one to the next.
type chunkReader struct {
	n, next     int // entries, and the next one to hand out
	c, pos, e   [ChunkEntries]int64
	retractions [ChunkEntries]bool
	hasE        [ChunkEntries]bool
	values      []types.Value // of the rows, one row after the other
	current     Entry         // what entry hands out
	columns     columnReader
}

// read decodes the chunk that want names. Columns that need does not ask for (nil: all are) stay NULL. A chunk of which no entry is in the window is
// as good as empty.
func (r *chunkReader) read(l *Layout, need []bool, w *Window, src []byte, want *Header) error {
	r.n, r.next = 0, 0
	body, err := open(src, formatChunk, "chunk")
	if err != nil {
		return err
	}
	d := decoder{src: body}
	if err := d.expect(want); err != nil {
		return err
	}
	if want.Level != 0 || want.Count > ChunkEntries {
		d.fail()
		return d.err("chunk")
	}
	n := int(want.Count)
	d.ints(r.c[:n])
	d.ints(r.pos[:n])
	d.bits(r.retractions[:n])
	// Event times come packed, those of the entries that have one; spread them from the end.
	k := d.bits(r.hasE[:n])
	d.ints(r.e[:k])
	for i := n - 1; i >= 0; i-- {
		if r.hasE[i] {
			k--
			r.e[i] = r.c[i] - r.e[k]
		}
	}
	if d.failed {
		return d.err("chunk")
	}
	if !r.touches(w, n) {
		return nil
	}
	if r.values == nil {
		r.values = make([]types.Value, ChunkEntries*len(l.Types))
		r.columns.pointers = make([]bool, len(l.Types))
	}
	for i, t := range l.Types {
		col := decoder{src: d.bytes(d.uvarint())}
		if d.failed || (need != nil && !need[i]) {
			continue
		}
		if err := r.columns.read(&col, t, r.values[i:], len(l.Types), n, i); err != nil {
			return err
		}
	}
	r.n = n
	return d.err("chunk")
}

// touches reports whether one of the first n entries is in the window.
func (r *chunkReader) touches(w *Window, n int) bool {
	for i := range n {
		switch {
		case r.c[i] > w.AsOf:
			return false
		case !r.hasE[i] || !w.outside(r.e[i]):
			return true
		}
	}
	return false
}

// entry returns entry i, valid until the next call; its Cols, width many, point into the reader's values.
func (r *chunkReader) entry(i int, width int) *Entry {
	e := &r.current
	e.C, e.Pos, e.HasE, e.E, e.Sign = r.c[i], r.pos[i], r.hasE[i], 0, 1
	if e.HasE {
		e.E = r.e[i]
	}
	if r.retractions[i] {
		e.Sign = -1
	}
	e.Cols = r.values[i*width : (i+1)*width : (i+1)*width]
	return e
}

// newRows returns n rows of the given width in one allocation.
func newRows(n, width int) [][]types.Value {
	values := make([]types.Value, n*width)
	rows := make([][]types.Value, n)
	for i := range rows {
		rows[i] = values[i*width : (i+1)*width : (i+1)*width]
	}
	return rows
}
