package history

import (
	"fmt"

	"github.com/asofdb/asof/sql/types"
)

// Pending is a run of entries, encoded as a tail is: those of an entity that no stored root holds yet, so that a million of them fit
// into memory, or the tail of a root. The zero value is empty.
//
// One goroutine appends; a copy of the struct is a snapshot that others may read meanwhile, because encoded bytes are never changed.
type Pending struct {
	encoded          []byte
	entries          int
	firstC, firstPos int64
	lastC, lastPos   int64
}

// Append adds e, which is not earlier than what is there. It is copied.
func (p *Pending) Append(l *Layout, e *Entry) {
	c, pos := p.lastC, p.lastPos
	if p.entries == 0 {
		c, pos = e.C, e.Pos
		p.firstC, p.firstPos = c, pos
	}
	p.encoded = appendEntry(p.encoded, l, e, c, pos)
	p.entries++
	p.lastC, p.lastPos = e.C, e.Pos
}

// Count is the number of entries; Size the bytes they take.
func (p *Pending) Count() int { return p.entries }
func (p *Pending) Size() int  { return cap(p.encoded) }

// AppendEntries decodes the run and appends it to dst. Strings point into the run.
func (p *Pending) AppendEntries(l *Layout, dst []Entry) ([]Entry, error) {
	cols := newRows(p.entries, len(l.Types))
	r := p.read()
	for i := range cols {
		e := Entry{Cols: cols[i]}
		if err := r.head(&e); err != nil {
			return nil, err
		}
		if err := r.columns(l, nil, e.Cols); err != nil {
			return nil, err
		}
		dst = append(dst, e)
	}
	return dst, nil
}

// runReader reads a run from its beginning.
type runReader struct {
	d      decoder
	left   int
	c, pos int64 // of the entry before
}

func (p *Pending) read() runReader {
	return runReader{d: decoder{src: p.encoded}, left: p.entries, c: p.firstC, pos: p.firstPos}
}

// head reads the head of the next entry, of which there is one left, into e; then columns or skipColumns reads the rest of it.
func (r *runReader) head(e *Entry) error {
	e.C, e.Pos = r.c, r.pos
	if err := r.d.head(e); err != nil {
		return err
	}
	r.c, r.pos = e.C, e.Pos
	return nil
}

func (r *runReader) columns(l *Layout, need []bool, cols []types.Value) error {
	if err := r.d.columns(l, need, cols); err != nil {
		return err
	}
	return r.end()
}

func (r *runReader) skipColumns(l *Layout) error {
	if err := r.d.skipColumns(l); err != nil {
		return err
	}
	return r.end()
}

// end counts the entry that was read.
func (r *runReader) end() error {
	r.left--
	if r.left == 0 && len(r.d.src) > 0 {
		return fmt.Errorf("%w: %d bytes after the last entry of a tail", errCorrupt, len(r.d.src))
	}
	return nil
}
