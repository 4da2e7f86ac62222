package history

import (
	"encoding/binary"
	"fmt"
	"math"
)

// Header is the zone map of a sealed chunk or of a directory node: what a reader needs to skip it and a Fetcher to find it.
type Header struct {
	Class      uint8 // 0: not split by lateness (the only one so far)
	Level      uint8 // 0: a chunk; n: a directory node over level n-1
	Ordinal    uint32
	Count      uint32 // entries
	CMin, CMax int64
	EMin, EMax int64 // over entries with HasE; EMin > EMax where there is none
	NoE        bool  // some entry has no event time
	PosMax     int64
}

// maxLevel is more levels than 64^level chunks of uint32 ordinals can fill.
const maxLevel = 6

// What the event times of a header's entries are.
const (
	eventsNone  = 0 // no entry has an event time
	eventsAll   = 1
	eventsMixed = 2
)

// emptyHeader is the zone map of no entries, to be grown by cover and include.
func emptyHeader() Header {
	return Header{CMin: math.MaxInt64, CMax: math.MinInt64, EMin: math.MaxInt64, EMax: math.MinInt64, PosMax: math.MinInt64}
}

// cover grows h's zone map by the entries below child.
func (h *Header) cover(child *Header) {
	h.Count += child.Count
	h.CMin, h.CMax = min(h.CMin, child.CMin), max(h.CMax, child.CMax)
	h.EMin, h.EMax = min(h.EMin, child.EMin), max(h.EMax, child.EMax)
	h.NoE = h.NoE || child.NoE
	h.PosMax = max(h.PosMax, child.PosMax)
}

// include grows h's zone map by one entry.
func (h *Header) include(e *Entry) {
	h.Count++
	h.CMin, h.CMax = min(h.CMin, e.C), max(h.CMax, e.C)
	if e.HasE {
		h.EMin, h.EMax = min(h.EMin, e.E), max(h.EMax, e.E)
	} else {
		h.NoE = true
	}
	h.PosMax = max(h.PosMax, e.Pos)
}

// appendZone appends h's zone map, coded against the zone map before it in the same list (the zero Header for the first), and the
// length-prefixed place for partial aggregates, which is empty in this format. Class, level and ordinal are the list's.
func appendZone(dst []byte, h, prev *Header) []byte {
	dst = binary.AppendUvarint(dst, uint64(h.Count))
	dst = binary.AppendVarint(dst, h.CMin-prev.CMax)
	dst = binary.AppendUvarint(dst, uint64(h.CMax-h.CMin))
	switch {
	case h.EMin > h.EMax:
		dst = append(dst, eventsNone)
	case h.NoE:
		dst = append(dst, eventsMixed)
	default:
		dst = append(dst, eventsAll)
	}
	if h.EMin <= h.EMax {
		dst = binary.AppendVarint(dst, h.CMin-h.EMin)
		dst = binary.AppendUvarint(dst, uint64(h.EMax-h.EMin))
	}
	dst = binary.AppendVarint(dst, h.PosMax-prev.PosMax)
	return binary.AppendUvarint(dst, 0)
}

// zone reads what appendZone wrote into h.
func (d *decoder) zone(h, prev *Header) {
	h.Count = uint32(d.uvarint())
	h.CMin = prev.CMax + d.varint()
	h.CMax = h.CMin + int64(d.uvarint())
	events := d.byte()
	h.EMin, h.EMax = math.MaxInt64, math.MinInt64
	if events != eventsNone {
		h.EMin = h.CMin - d.varint()
		h.EMax = h.EMin + int64(d.uvarint())
	}
	h.NoE = events != eventsAll
	h.PosMax = prev.PosMax + d.varint()
	d.bytes(d.uvarint())
	if h.CMin > h.CMax || events > eventsMixed || (events != eventsNone && h.EMin > h.EMax) || h.Count == 0 {
		d.fail()
	}
}

// appendHeaders appends a list of headers of one class and level with consecutive ordinals.
func appendHeaders(dst []byte, hs []Header) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(hs)))
	if len(hs) == 0 {
		return dst
	}
	dst = append(dst, hs[0].Class)
	dst = binary.AppendUvarint(dst, uint64(hs[0].Ordinal))
	prev := &Header{}
	for i := range hs {
		dst = appendZone(dst, &hs[i], prev)
		prev = &hs[i]
	}
	return dst
}

// headers reads a list written by appendHeaders.
func (d *decoder) headers(level uint8) []Header {
	n := d.uvarint()
	if n == 0 {
		return nil
	}
	class, ordinal := d.byte(), d.uvarint()
	if n > NodeHeaders || ordinal > math.MaxUint32-n {
		d.fail()
		return nil
	}
	hs := make([]Header, n)
	prev := &Header{}
	for i := range hs {
		h := &hs[i]
		h.Class, h.Level, h.Ordinal = class, level, uint32(ordinal)+uint32(i)
		d.zone(h, prev)
		if d.failed || (i > 0 && h.CMin < prev.CMax) {
			d.fail()
			return nil
		}
		prev = h
	}
	return hs
}

// appendHeader appends a header that stands alone, at the beginning of a chunk or node.
func appendHeader(dst []byte, h *Header) []byte {
	dst = append(dst, h.Class, h.Level)
	dst = binary.AppendUvarint(dst, uint64(h.Ordinal))
	return appendZone(dst, h, &Header{})
}

// expect reads the header at the beginning of a chunk or node and compares it with the one that named it.
func (d *decoder) expect(want *Header) error {
	got := Header{Class: d.byte(), Level: d.byte(), Ordinal: uint32(d.uvarint())}
	d.zone(&got, &Header{})
	if d.failed || got != *want {
		return fmt.Errorf("%w: level %d, number %d is not what its directory names", errCorrupt, want.Level, want.Ordinal)
	}
	return nil
}
