package engine

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/asofdb/asof/engine/history"
	"github.com/asofdb/asof/sql/types"
	"github.com/asofdb/asof/storage"
)

// checkpoints writes what row stores and generations hold in memory. A checkpoint is fuzzy: each store notes the position it was frozen at, writes what it had changed by then
// while newer changes go on gathering, and then one durable record says through where it is flushed. A crash in between costs nothing but a longer replay.
type checkpoints struct {
	eng *Engine
	// run is held by the checkpoint that runs.
	run sync.Mutex

	// mu guards what follows.
	mu      sync.Mutex
	wake    chan struct{} // asks the background task for a checkpoint; buffered, one
	done    chan struct{} // closed and replaced after each checkpoint
	failure error         // of the last one
}

func newCheckpoints(e *Engine) *checkpoints {
	return &checkpoints{eng: e, wake: make(chan struct{}, 1), done: make(chan struct{})}
}

// behind is what the store that lags most would have to replay, in changes, and the bytes held in memory.
func (c *checkpoints) behind() (changes, bytes int) {
	for _, s := range c.eng.catalog.Load().sources {
		if r := s.rows; r != nil {
			r.mu.RLock()
			changes = max(changes, int(r.applied-r.flushed))
			bytes += r.bytes
			r.mu.RUnlock()
		}
		s.apply.Lock()
		generations := slices.Clone(s.generations)
		s.apply.Unlock()
		for _, g := range generations {
			g.mu.RLock()
			changes = max(changes, int(g.applied-g.flushed))
			bytes += g.bytes
			g.mu.RUnlock()
		}
	}
	return changes, bytes
}

const (
	// mapEntryBytes is what an entity in memory costs beside its key and its entries.
	mapEntryBytes = 120
	// flushBytes is how much memory makes a checkpoint start.
	flushBytes = 256 << 20
)

// consider starts a checkpoint in the background if it is time for one.
func (c *checkpoints) consider() {
	changes, bytes := c.behind()
	if changes >= c.eng.options.FlushChanges || bytes >= flushBytes {
		select {
		case c.wake <- struct{}{}:
		default:
		}
	}
}

// makeRoom waits while memory holds twice what starts a checkpoint: the disk is slower than the source.
func (c *checkpoints) makeRoom(ctx context.Context) error {
	for {
		changes, bytes := c.behind()
		if changes < 2*c.eng.options.FlushChanges && bytes < 2*flushBytes {
			return nil
		}
		c.mu.Lock()
		done := c.done
		c.mu.Unlock()
		c.consider()
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-done:
		case <-time.After(time.Second):
		}
	}
}

// loop runs checkpoints as they are asked for, until the engine closes.
func (c *checkpoints) loop(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-c.wake:
		}
		if err := c.checkpoint(); err != nil {
			c.eng.logger.Error("a checkpoint failed; it is tried again", "error", err)
			select {
			case <-ctx.Done():
				return
			case <-time.After(time.Second):
			}
			c.consider()
		}
	}
}

// checkpoint writes everything that is in memory now.
func (c *checkpoints) checkpoint() error {
	c.run.Lock()
	defer c.run.Unlock()
	var errs []error
	for _, s := range c.eng.catalog.Load().sources {
		if s.rows != nil {
			errs = append(errs, c.flushRows(s.rows))
		}
		s.apply.Lock()
		generations := slices.Clone(s.generations)
		s.apply.Unlock()
		for _, g := range generations {
			errs = append(errs, c.flushGeneration(g))
		}
	}
	err := errors.Join(errs...)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.failure = err
	close(c.done)
	c.done = make(chan struct{})
	return err
}

func (c *checkpoints) flushRows(r *rowStore) error {
	rows, mark := r.freeze()
	if mark.Pos == r.flushed {
		r.thaw()
		return nil
	}
	d := c.eng.db.NewDerived()
	for _, k := range sortedKeys(rows) {
		if row := rows[k]; row != nil {
			d.PutRow(r.src.rec.ID, []byte(k), row)
		} else {
			d.DeleteRow(r.src.rec.ID, []byte(k))
		}
	}
	if err := d.Flush(); err != nil {
		return err
	}
	passed(stepRowsWritten)
	b := c.eng.db.NewBatch()
	putMark(b, r.flushedKey(), mark)
	if err := c.eng.commit(b); err != nil {
		return err
	}
	passed(stepRowsMarked)
	r.thaw()
	return nil
}

func (c *checkpoints) flushGeneration(g *generation) error {
	g.flush.Lock()
	defer g.flush.Unlock()
	if g.dropped.Load() {
		return nil
	}
	pending, mark := g.freeze()
	if mark.Pos == g.flushed {
		g.thaw()
		return nil
	}
	f := flusher{g: g, d: c.eng.db.NewDerived(), view: c.eng.db.View(), through: mark.Pos}
	defer f.view.Close()
	if err := f.all(pending); err != nil {
		return err
	}
	passed(stepRootsWritten)
	b := c.eng.db.NewBatch()
	putMark(b, g.flushedKey(), mark)
	if err := c.eng.commit(b); err != nil {
		return err
	}
	passed(stepRootsMarked)
	g.thaw()
	return nil
}

// flusher appends pending entries to their roots.
type flusher struct {
	g       *generation
	d       *storage.Derived
	view    *storage.View
	through int64
	entries []history.Entry
	values  []types.Value
	buf     []byte
}

func (f *flusher) all(pending map[string]*history.Pending) error {
	for _, k := range sortedKeys(pending) {
		if err := f.entity(k, pending[k]); err != nil {
			return err
		}
	}
	return f.d.Flush()
}

// entity writes chunks and directory nodes before the root that names them: a root is never ahead of what it points to.
func (f *flusher) entity(k string, p *history.Pending) error {
	values, err := f.g.readKey(f.values[:0], []byte(k))
	if err != nil {
		return err
	}
	f.values = values
	ek := f.g.entityKey([]byte(k), values)
	stored, err := f.view.Root(ek)
	if err != nil {
		return err
	}
	root := history.NewRoot()
	if stored != nil {
		if root, err = history.ReadRoot(stored); err != nil {
			return damaged("the log of an entity", err)
		}
	}
	if f.entries, err = p.AppendEntries(&f.g.layout, f.entries[:0]); err != nil {
		return err
	}
	for _, s := range root.Append(&f.g.layout, f.entries, f.through) {
		if s.Header.Level == 0 {
			f.d.PutChunk(ek, s.Header.Class, s.Header.CMax, s.Header.Ordinal, s.Bytes)
		} else {
			f.d.PutDir(ek, s.Header.Class, s.Header.Level, s.Header.Ordinal, s.Bytes)
		}
	}
	f.buf = root.AppendTo(f.buf[:0])
	f.d.PutRoot(ek, slices.Clone(f.buf))
	return nil
}

// fetch loads what a root's directory names.
func fetch(v *storage.View, ek storage.EntityKey) history.Fetch {
	return func(h history.Header) (b []byte, err error) {
		if h.Level == 0 {
			b, err = v.Chunk(ek, h.Class, h.CMax, h.Ordinal)
		} else {
			b, err = v.Dir(ek, h.Class, h.Level, h.Ordinal)
		}
		if err == nil && b == nil {
			err = damaged("the log of an entity", errMissingChunk)
		}
		return b, err
	}
}

var errMissingChunk = errors.New("a chunk that the root names is missing")

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
