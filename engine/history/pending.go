package history

import "github.com/asofdb/asof/sql/types"

// Pending is a run of entries that no stored root holds yet, encoded as a tail is, so that a million of them fit into memory. The zero value is empty.
//
// One goroutine appends; a copy of the struct is a snapshot that others may read meanwhile, because encoded bytes are never changed.
type Pending struct {
	tail             []byte
	entries          int
	firstC, firstPos int64
	lastC, lastPos   int64
}

// Append adds e, which is not earlier than what is there.
func (p *Pending) Append(l *Layout, e *Entry) {
	c, pos := p.lastC, p.lastPos
	if p.entries == 0 {
		c, pos = e.C, e.Pos
		p.firstC, p.firstPos = c, pos
	}
	p.tail = appendEntry(p.tail, l, e, c, pos)
	p.entries++
	p.lastC, p.lastPos = e.C, e.Pos
}

// Count is the number of entries; Size the bytes they take.
func (p *Pending) Count() int { return p.entries }
func (p *Pending) Size() int  { return cap(p.tail) }

// AppendEntries decodes the run and appends it to dst. Strings point into the run.
func (p *Pending) AppendEntries(l *Layout, dst []Entry) ([]Entry, error) {
	d := decoder{src: p.tail}
	cols := make([]types.Value, p.entries*len(l.Types))
	c, pos := p.firstC, p.firstPos
	for range p.entries {
		e := Entry{C: c, Pos: pos, Cols: cols[:len(l.Types):len(l.Types)]}
		cols = cols[len(l.Types):]
		if err := d.entry(l, &e); err != nil {
			return nil, err
		}
		c, pos = e.C, e.Pos
		dst = append(dst, e)
	}
	return dst, nil
}
