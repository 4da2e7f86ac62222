package history

import "fmt"

// Sealed is a chunk or directory node that Append produced: to be stored under its header before the root is.
type Sealed struct {
	Header Header
	Bytes  []byte
}

// Append adds entries in log order, sealing chunks as the tail fills and directory nodes as 64 headers gather. Entries with Pos <= Applied()
// as it was before the call are skipped, so that a replay is idempotent; applied becomes through, the position up to which the caller has
// applied, and never falls. Entries are copied. Cost is independent of how long the log is.
func (r *Root) Append(l *Layout, entries []Entry, through int64) []Sealed {
	var sealed []Sealed
	for i := range entries {
		e := &entries[i]
		if e.Pos <= r.applied {
			continue
		}
		c, pos, any := r.end()
		if any && (e.C < c || e.Pos < pos) {
			panic(fmt.Sprintf("history: invariant 1: entry at commit time %d, position %d after %d, %d", e.C, e.Pos, c, pos))
		}
		r.tail.Append(l, e)
		if r.tail.entries == ChunkEntries || len(r.tail.encoded) >= tailBytes {
			sealed = r.seal(l, sealed)
		}
	}
	if len(entries) > 0 {
		through = max(through, entries[len(entries)-1].Pos)
	}
	r.applied = max(r.applied, through)
	return sealed
}

// seal turns the full tail into a chunk and full levels into directory nodes.
func (r *Root) seal(l *Layout, sealed []Sealed) []Sealed {
	entries, err := r.tail.AppendEntries(l, make([]Entry, 0, ChunkEntries))
	if err != nil {
		panic("history: invariant 5: a tail that was accepted cannot be read by its layout: " + err.Error())
	}
	h, b := encodeChunk(l, entries, r.nextOrdinal(0))
	// The entry that filled the tail made its bytes the root's own, and a root of an active entity fills them again.
	r.tail = Pending{encoded: r.tail.encoded[:0]}
	return r.gather(append(sealed, Sealed{h, b}), h)
}

// gather puts the header of what was sealed last into its level, and empties the level into a node of the next one when it is full.
func (r *Root) gather(sealed []Sealed, h Header) []Sealed {
	n := int(h.Level)
	for len(r.levels) <= n {
		r.levels = append(r.levels, nil)
	}
	r.levels[n] = append(r.levels[n], h)
	if len(r.levels[n]) < NodeHeaders {
		return sealed
	}
	node, b := encodeNode(r.levels[n], r.nextOrdinal(n+1))
	r.levels[n] = r.levels[n][:0]
	return r.gather(append(sealed, Sealed{node, b}), node)
}

// nextOrdinal is the number of chunks or nodes that level has had so far.
func (r *Root) nextOrdinal(level int) uint32 {
	if level >= len(r.levels) {
		return 0
	}
	if n := len(r.levels[level]); n > 0 {
		return r.levels[level][n-1].Ordinal + 1
	}
	return r.nextOrdinal(level+1) * NodeHeaders
}

// encodeNode encodes a directory node over headers of one level.
func encodeNode(hs []Header, ordinal uint32) (Header, []byte) {
	h := emptyHeader()
	for i := range hs {
		h.cover(&hs[i])
	}
	h.Class, h.Level, h.Ordinal = hs[0].Class, hs[0].Level+1, ordinal
	b := appendHeader([]byte{formatNode}, &h)
	b = appendHeaders(b, hs)
	return h, seal(b, 0)
}

// decodeNode returns the headers of the node that want names.
func decodeNode(src []byte, want *Header) ([]Header, error) {
	body, err := open(src, formatNode, "directory node")
	if err != nil {
		return nil, err
	}
	d := decoder{src: body}
	if err := d.expect(want); err != nil {
		return nil, err
	}
	if want.Level == 0 {
		return nil, fmt.Errorf("%w: directory node of level 0", errCorrupt)
	}
	hs := d.headers(want.Level - 1)
	return hs, d.err("directory node")
}
