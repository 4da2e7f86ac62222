package engine

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"

	"github.com/asofdb/asof/engine/record"
	"github.com/asofdb/asof/sql/types"
)

// Rebuilt says what Rebuild has made anew.
type Rebuilt struct {
	What    string // "the rows of source orders", "the entity logs of spend, visits"
	Changes int64  // of the source's log, from which it was made
}

// Rebuild makes the derived state of a data directory that nobody has open anew from the stream log: the rows of sources and the entity logs of features. Answers about any moment are the same bytes afterwards, but for
// those that were wrong because derived state was. The stream log is only read; the space of half of the derived state, about, must be free.
//
// It may be interrupted, by ctx or by anything: until it has been run to its end, Open refuses the directory.
func Rebuild(ctx context.Context, dir string, o Options) (done []Rebuilt, err error) {
	if err := existing(dir); err != nil {
		return nil, err
	}
	e, err := openQuiet(dir, o, true)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, e.Close()) }()
	c := e.catalog.Load()
	for _, name := range slices.Sorted(maps.Keys(c.sources)) {
		s := c.sources[name]
		if s.rows != nil {
			if err := e.rebuildRows(ctx, s); err != nil {
				return done, err
			}
			done = append(done, Rebuilt{fmt.Sprintf("the rows of source %s", name), s.applied})
		}
		for _, g := range s.generations {
			if err := e.rebuildGeneration(ctx, g); err != nil {
				return done, err
			}
			done = append(done, Rebuilt{"the entity logs of " + c.servedBy(g), s.applied})
		}
	}
	passed(stepRebuilt)
	b := e.db.NewBatch()
	b.DeleteMeta(metaRebuilding)
	return done, e.commit(b)
}

// existing refuses what is no data directory, where opening would make one.
func existing(dir string) error {
	entries, err := os.ReadDir(dir)
	switch has := func(name string) bool {
		return slices.ContainsFunc(entries, func(f fs.DirEntry) bool { return f.Name() == name })
	}; {
	case errors.Is(err, fs.ErrNotExist):
		return types.Errorf(types.CodeBadFile, "there is no data directory %s", dir).WithHint("name it with --data-dir")
	case err != nil:
		return types.Errorf(types.CodeBadFile, "the data directory %s cannot be read: %v", dir, err)
	case len(entries) == 0:
		return types.Errorf(types.CodeBadFile, "the directory %s is empty: it is no data directory yet", dir)
	case has(backupData):
		return types.Errorf(types.CodeBadFile, "%s is a backup, and no data directory", dir).WithHint("asof restore %s --data-dir NEW makes one of it", dir)
	}
	return nil
}

// trustDerived refuses derived state that a rebuild has left half made. Where it is about to be made anew, it notes durably that what is there means nothing.
func (e *Engine) trustDerived() error {
	v := e.db.View()
	defer v.Close()
	mark, err := v.Meta(metaRebuilding)
	switch {
	case err != nil:
		return err
	case !e.rebuilding && mark != nil:
		return types.Errorf(types.CodeNotReady, "the derived state of data directory %s was being made anew, and that did not end", e.dir).WithHint("asof rebuild --data-dir %s", e.dir)
	case !e.rebuilding:
		return nil
	}
	b := e.db.NewBatch()
	b.PutMeta(metaRebuilding, []byte{1})
	if err := v.ScanMeta(metaFlushed, func(key string, _ []byte) error { b.DeleteMeta(key); return nil }); err != nil {
		return err
	}
	if err := e.commit(b); err != nil {
		return err
	}
	passed(stepRebuildBegun)
	return nil
}

func (e *Engine) rebuildRows(ctx context.Context, s *source) error {
	r := s.rows
	if err := e.db.DropRows(s.rec.ID); err != nil {
		return err
	}
	passed(stepRowsDropped)
	stop := e.progress(ctx, "making the rows of "+s.rec.Name, "changes", func() (int64, int64) {
		r.mu.RLock()
		defer r.mu.RUnlock()
		return r.applied, s.applied
	})
	defer stop()
	v := e.db.View()
	defer v.Close()
	err := s.replay(v, flushMark{C: NoTime}, nil, func(changes []record.Change) error {
		if err := context.Cause(ctx); err != nil {
			return interrupted()
		}
		r.mu.Lock()
		r.applyLocked(changes)
		full := r.bytes >= flushBytes || int(r.applied-r.flushed) >= e.options.FlushChanges
		r.mu.Unlock()
		if full {
			return e.checkpoints.flushRows(r)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return e.checkpoints.flushRows(r)
}

func (e *Engine) rebuildGeneration(ctx context.Context, g *generation) error {
	if err := e.db.DropGroup(g.rec.Entity, g.rec.ID); err != nil {
		return err
	}
	passed(stepGroupDropped)
	stop := e.progress(ctx, "making the entity logs of "+e.catalog.Load().servedBy(g), "changes", func() (int64, int64) {
		g.mu.RLock()
		defer g.mu.RUnlock()
		return g.applied, g.source.applied
	})
	defer stop()
	if err := e.catchUp(ctx, g, g.source.applied); err != nil {
		return err
	}
	return e.checkpoints.flushGeneration(g)
}

func interrupted() error {
	return types.Errorf(types.CodeCanceled, "the rebuild was interrupted").WithHint("run it again: until it has ended, the directory cannot be opened")
}
