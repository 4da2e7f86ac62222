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
	src    []byte
	at     int // how far it was read
	left   int
	c, pos int64 // of the entry before
}

func (p *Pending) read() runReader {
	return runReader{src: p.encoded, left: p.entries, c: p.firstC, pos: p.firstPos}
}

// head reads what comes before the columns of the next entry, of which there is one left, into e; then columns or skipColumns reads the rest of it.
func (r *runReader) head(e *Entry) error {
	src := r.src[r.at:]
	if len(src) == 0 || src[0]&^flagsKnown != 0 {
		return errTail
	}
	flags, at := src[0], 1
	e.Sign = 1
	if flags&flagRetract != 0 {
		e.Sign = -1
	}
	if flags&flagSameChange == 0 {
		c, n := anyUvarint(src[at:])
		pos, m := anyUvarint(src[at+n:])
		if n == 0 || m == 0 {
			return errTail
		}
		r.c += int64(c)
		r.pos += int64(pos)
		at += n + m
	}
	e.C, e.Pos = r.c, r.pos
	e.HasE, e.E = flags&flagNoE == 0, 0
	if e.HasE {
		lateness, n := anyUvarint(src[at:])
		if n == 0 {
			return errTail
		}
		e.E = e.C - unzigzag(lateness)
		at += n
	}
	r.at += at
	return nil
}

var errTail = fmt.Errorf("%w: tail ends early or is garbled", errCorrupt)

// columns reads the columns of an entry into cols; those that need does not ask for (nil: all are) it leaves as they are. Strings point into the source.
func (r *runReader) columns(l *Layout, need []bool, cols []types.Value) error {
	at := r.at
	for i := range l.Types {
		var n int
		var err error
		if need == nil || need[i] {
			n, err = readValue(r.src[at:], &cols[i], &l.Types[i])
		} else {
			n, err = skipValue(r.src[at:], &l.Types[i])
		}
		if err != nil {
			return fmt.Errorf("%w: column %d of the tail: %w", errCorrupt, i, err)
		}
		at += n
	}
	return r.end(at)
}

// skipColumns reads over the columns of an entry.
func (r *runReader) skipColumns(l *Layout) error {
	at := r.at
	for i := range l.Types {
		n, err := skipValue(r.src[at:], &l.Types[i])
		if err != nil {
			return fmt.Errorf("%w: column %d of the tail: %w", errCorrupt, i, err)
		}
		at += n
	}
	return r.end(at)
}

// end counts the entry that was read, up to at.
func (r *runReader) end(at int) error {
	r.at = at
	r.left--
	if r.left == 0 && at < len(r.src) {
		return fmt.Errorf("%w: %d bytes after the last entry of a tail", errCorrupt, len(r.src)-at)
	}
	return nil
}
