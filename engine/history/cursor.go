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

	w     Window
	fetch Fetch

	// What is still to be visited, in this order: the open chunk, a stack of lists of headers, the list to go on with last, the
	// open run, the runs after it, and decoded entries.
	chunk chunkReader
	dirs  [][]Header
	run   runReader
	runs  []*Pending
	more  []Entry
	// applied is the root's position: of the other runs and of more, entries up to it are repetitions.
	applied int64
	// skip is the position up to which entries of the open run are repetitions.
	skip int64

	back blocks

	entry Entry // of the open run
	cols  []types.Value
	err   error
}

// NewCursor returns a cursor over logs of layout l. need says for each column whether the caller will look at it; nil means all.
// A column that is not needed may be NULL.
func NewCursor(l *Layout, need []bool) *Cursor {
	return &Cursor{l: l, need: need, cols: make([]types.Value, len(l.Types))}
}

// Open begins a scan of the root's entries, and then, as far as the root does not hold them, those of runs and of more: what is not
// flushed yet, in log order. The cursor holds on to its arguments until the next Open.
func (c *Cursor) Open(r *Root, more []Entry, w Window, fetch Fetch, runs ...*Pending) {
	c.w, c.fetch, c.err = w, fetch, nil
	c.chunk.n, c.chunk.next = 0, 0
	c.dirs = append(c.dirs[:0], r.levels...)
	c.run, c.skip = r.tail.read(), math.MinInt64
	c.runs, c.more, c.applied = runs, more, r.applied
	c.entry.Cols = c.cols
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
		case c.run.left > 0:
			if e := c.nextInRun(); e != nil {
				return e
			}
		case len(c.runs) > 0:
			c.run, c.skip = c.runs[0].read(), c.applied
			c.runs = c.runs[1:]
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
	c.chunk.n, c.dirs, c.run.left, c.runs, c.more = 0, c.dirs[:0], 0, nil, nil
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
		return r.entry(i, len(c.l.Types))
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
	if hs, err := c.load(h); err != nil {
		c.stop(err)
	} else if hs != nil {
		c.dirs = append(c.dirs, hs)
	}
}

// load opens the chunk that h names, or returns the headers of the node.
func (c *Cursor) load(h *Header) ([]Header, error) {
	src, err := c.fetch(*h)
	if err != nil {
		return nil, fmt.Errorf("fetch level %d, number %d: %w", h.Level, h.Ordinal, err)
	}
	if h.Level == 0 {
		return nil, c.chunk.read(c.l, c.need, &c.w, src, h)
	}
	return decodeNode(src, h)
}

func (c *Cursor) nextInRun() *Entry {
	e := &c.entry
	for c.run.left > 0 {
		if err := c.run.head(e); err != nil {
			c.stop(err)
			return nil
		}
		if e.C > c.w.AsOf {
			c.stop(nil)
			return nil
		}
		out := e.Pos <= c.skip || e.HasE && c.w.outside(e.E)
		var err error
		if out {
			err = c.run.skipColumns(c.l)
		} else {
			err = c.run.columns(c.l, c.need, e.Cols)
		}
		if err != nil {
			c.stop(err)
			return nil
		}
		if !out {
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
		if e.Pos > c.applied && !(e.HasE && c.w.outside(e.E)) {
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
