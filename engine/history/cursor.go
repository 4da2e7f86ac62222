package history

import (
	"fmt"
	"iter"
	"math"

	"github.com/asofdb/asof/sql/types"
)

// Fetch loads a sealed chunk or directory node named by a header. The bytes stay valid while the scan runs.
type Fetch func(h Header) ([]byte, error)

// Window restricts a scan: entries with C > AsOf are left out, and so may be (never must) those whose event time is <= ELow or > EHigh, whole
// chunks at a time. Entries without event time are always included. An ELow of math.MinInt64 is no bound: it leaves out not even
// the event time -infinity, which has that value.
type Window struct {
	AsOf        int64
	ELow, EHigh int64
}

// All is the window of everything that is visible at asOf.
func All(asOf int64) Window {
	return Window{AsOf: asOf, ELow: math.MinInt64, EHigh: math.MaxInt64}
}

// outside reports whether event time e may be left out.
func (w *Window) outside(e int64) bool {
	return e > w.EHigh || (e <= w.ELow && w.ELow != math.MinInt64)
}

// skips reports whether no entry below h can be in the window.
func (w *Window) skips(h *Header) bool {
	return !h.NoE && (h.EMin > w.EHigh || (h.EMax <= w.ELow && w.ELow != math.MinInt64))
}

// Cursor walks logs of one layout, one after the other, without an allocation per entry; its buffers are reused. It is not safe
// for concurrent use.
type Cursor struct {
	l    *Layout
	need []bool

	root  *Root
	more  []Entry
	w     Window
	fetch Fetch

	entry Entry
	cols  []types.Value // of entry, while in the tail
	// dirs is a stack of lists of headers still to be visited, the list to go on with last.
	dirs  [][]Header
	chunk chunkReader
	tail  decoder
	left  int // entries left in the tail
	err   error
}

// NewCursor returns a cursor over logs of layout l. need says for each column whether the caller will look at it; nil means all.
// A column that is not needed may be NULL.
func NewCursor(l *Layout, need []bool) *Cursor {
	return &Cursor{l: l, need: need, cols: make([]types.Value, len(l.Types))}
}

// Open begins a scan of what Scan says. The cursor holds on to its arguments until the next Open.
func (c *Cursor) Open(r *Root, more []Entry, w Window, fetch Fetch) {
	c.root, c.more, c.w, c.fetch, c.err = r, more, w, fetch, nil
	c.dirs = c.dirs[:0]
	for _, level := range r.levels {
		c.dirs = append(c.dirs, level)
	}
	c.chunk.n, c.chunk.next = 0, 0
	c.tail, c.left = decoder{src: r.tail}, r.entries
	c.entry = Entry{C: r.firstC, Pos: r.firstPos}
	for len(c.more) > 0 && c.more[0].Pos <= r.applied {
		c.more = c.more[1:]
	}
}

// Next returns the next entry, valid until the call after, or nil at the end or after an error, which Err tells apart.
func (c *Cursor) Next() *Entry {
	for {
		switch {
		case c.chunk.next < c.chunk.n:
			if e := c.nextInChunk(); e != nil {
				return e
			}
		case len(c.dirs) > 0:
			c.descend()
		case c.left > 0:
			if e := c.nextInTail(); e != nil {
				return e
			}
		case len(c.more) > 0:
			if e := c.nextInMore(); e != nil {
				return e
			}
		default:
			return nil
		}
	}
}

// Err is the error that ended the scan, nil at its proper end.
func (c *Cursor) Err() error { return c.err }

// stop ends the scan: of what is left, all is later than AsOf, or there was an error.
func (c *Cursor) stop(err error) {
	c.err = err
	c.dirs, c.chunk.n, c.left, c.more = c.dirs[:0], 0, 0, nil
}

func (c *Cursor) nextInChunk() *Entry {
	r := &c.chunk
	for r.next < r.n {
		i := r.next
		r.next++
		if r.c[i] > c.w.AsOf {
			c.stop(nil)
			return nil
		}
		if r.hasE[i] && c.w.outside(r.e[i]) {
			continue
		}
		return r.entry(i)
	}
	return nil
}

// descend visits the next header: skips what it names, or opens the chunk, or stacks the node's headers.
func (c *Cursor) descend() {
	top := len(c.dirs) - 1
	if len(c.dirs[top]) == 0 {
		c.dirs = c.dirs[:top]
		return
	}
	h := &c.dirs[top][0]
	c.dirs[top] = c.dirs[top][1:]
	if h.CMin > c.w.AsOf {
		c.stop(nil)
		return
	}
	if c.w.skips(h) {
		return
	}
	src, err := c.fetch(*h)
	if err != nil {
		c.stop(fmt.Errorf("fetch level %d, number %d: %w", h.Level, h.Ordinal, err))
		return
	}
	if h.Level == 0 {
		err = c.chunk.read(c.l, c.need, src, h)
	} else {
		var hs []Header
		hs, err = decodeNode(src, h)
		c.dirs = append(c.dirs, hs)
	}
	if err != nil {
		c.stop(err)
	}
}

func (c *Cursor) nextInTail() *Entry {
	e := &c.entry
	e.Cols = c.cols
	for c.left > 0 {
		c.left--
		err := c.tail.entry(c.l, e)
		if err == nil && c.left == 0 && len(c.tail.src) > 0 {
			err = fmt.Errorf("%w: %d bytes after the last entry of the tail", errCorrupt, len(c.tail.src))
		}
		if err != nil {
			c.stop(err)
			return nil
		}
		if e.C > c.w.AsOf {
			c.stop(nil)
			return nil
		}
		if !e.HasE || !c.w.outside(e.E) {
			return e
		}
	}
	return nil
}

func (c *Cursor) nextInMore() *Entry {
	for len(c.more) > 0 {
		e := &c.more[0]
		c.more = c.more[1:]
		if e.C > c.w.AsOf {
			c.stop(nil)
			return nil
		}
		if !e.HasE || !c.w.outside(e.E) {
			return e
		}
	}
	return nil
}

// Scan yields the root's entries in log order, and then those of more with Pos > Applied() (the entries not flushed yet). It is a Cursor
// in the form of an iterator; who scans many logs keeps a Cursor.
func Scan(l *Layout, r *Root, more []Entry, w Window, fetch Fetch) iter.Seq2[*Entry, error] {
	return func(yield func(*Entry, error) bool) {
		c := NewCursor(l, nil)
		c.Open(r, more, w, fetch)
		for e := c.Next(); e != nil; e = c.Next() {
			if !yield(e, nil) {
				return
			}
		}
		if c.err != nil {
			yield(nil, c.err)
		}
	}
}
