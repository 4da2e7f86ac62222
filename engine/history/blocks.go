package history

import "math"

// blocks is what is still to be visited of a scan by blocks, from the newest to the oldest. A block is the entries of a chunk, of a run, of the
// root's tail, or the decoded ones.
type blocks struct {
	more []Entry
	runs []*Pending
	tail *Pending // nil once it was visited
	// dirs is a stack of lists of headers; the list to go on with is last, and so is the newest header of each.
	dirs [][]Header
}

// OpenBlocks begins a scan of the entries that Open would scan, by blocks, the newest first: for who wants the newest of something and seldom has
// to go back far. PrevBlock turns to a block, then Next yields its entries in log order.
func (c *Cursor) OpenBlocks(r *Root, more []Entry, w Window, fetch Fetch, runs ...*Pending) {
	c.w, c.fetch, c.applied = w, fetch, r.applied
	c.entry.Cols = c.cols
	c.stop(nil)
	c.back.more, c.back.runs, c.back.tail = more, runs, &r.tail
	c.back.dirs = c.back.dirs[:0]
	for i := len(r.levels) - 1; i >= 0; i-- {
		c.back.dirs = append(c.back.dirs, r.levels[i])
	}
}

// PrevBlock turns to the block before. It returns false after the oldest and after an error, which Err tells apart.
func (c *Cursor) PrevBlock() bool {
	b := &c.back
	if c.err != nil {
		return false
	}
	c.stop(nil) // what is left of the block before
	switch {
	case len(b.more) > 0:
		c.more, b.more = b.more, nil
	case len(b.runs) > 0:
		last := len(b.runs) - 1
		c.run, c.skip = b.runs[last].read(), c.applied
		b.runs = b.runs[:last]
	case b.tail != nil:
		c.run, c.skip = b.tail.read(), math.MinInt64
		b.tail = nil
	default:
		return c.prevChunk()
	}
	return true
}

// prevChunk opens the newest chunk that was not visited and that may hold entries of the window.
func (c *Cursor) prevChunk() bool {
	b := &c.back
	for len(b.dirs) > 0 {
		top := len(b.dirs) - 1
		last := len(b.dirs[top]) - 1
		if last < 0 {
			b.dirs = b.dirs[:top]
			continue
		}
		h := &b.dirs[top][last]
		b.dirs[top] = b.dirs[top][:last]
		if h.CMin > c.w.AsOf || c.w.skips(h) {
			continue
		}
		hs, err := c.load(h)
		if err != nil {
			c.stop(err)
			return false
		}
		if hs == nil {
			return true
		}
		b.dirs = append(b.dirs, hs)
	}
	return false
}
