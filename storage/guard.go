package storage

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// The guard keeps the disk from filling up: Badger writes through memory maps, where a full disk is a SIGBUS that
// kills the process, and kills it again at each start. Commits stop at minFree; derived state and drops, which lead to
// less memory and less disk, go on down to half of it. A ballast file is what can be given up when another program
// has filled the disk nevertheless.
type guard struct {
	dir     string
	minFree int64 // 0: no guard
	free    func(dir string) (int64, error)
	log     *slog.Logger
}

const (
	defaultMinFree = 256 << 20
	// openSpare is what opening needs beyond the write-ahead logs that it flushes to tables: table indexes, manifest.
	openSpare = 16 << 20
)

// freeSpace is what an unprivileged user may still write to the file system of dir.
func freeSpace(dir string) (int64, error) {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return 0, fmt.Errorf("free space of %s: %w", dir, err)
	}
	return int64(st.Bavail) * int64(st.Bsize), nil
}

// check refuses a write for which there is too little space.
func (g *guard) check(k kind) error {
	need := g.minFree
	if k != kindCommit && k != kindCreate {
		need /= 2
	}
	return g.need(need)
}

func (g *guard) need(need int64) error {
	if g.minFree == 0 {
		return nil
	}
	free, err := g.free(g.dir)
	if err != nil {
		return err
	}
	if free >= need {
		return nil
	}
	e := &SpaceError{Dir: g.dir, Free: free, Need: need}
	if _, err := os.Stat(g.ballastPath()); err == nil {
		e.Ballast = g.ballastPath()
	}
	return e
}

func (g *guard) ballastPath() string { return filepath.Join(g.dir, ballastFile) }

// beforeOpen makes sure that there is room to open a store whose write-ahead logs take walBytes, and gives up the ballast where there is not.
func (g *guard) beforeOpen(walBytes int64) error {
	err := g.need(min(walBytes+openSpare, g.minFree))
	var full *SpaceError
	if !errors.As(err, &full) || full.Ballast == "" {
		return err
	}
	if err := os.Remove(g.ballastPath()); err != nil {
		return fmt.Errorf("give up the ballast: %w", err)
	}
	g.log.Warn("the disk is full: the ballast file was deleted to open the data directory", "dir", g.dir)
	return g.need(full.Need)
}

// restock writes the ballast file anew where it is missing and there is plenty of space. That it cannot is no error.
func (g *guard) restock(size int64) {
	if g.minFree == 0 {
		return
	}
	if _, err := os.Stat(g.ballastPath()); !errors.Is(err, fs.ErrNotExist) {
		return
	}
	if g.need(g.minFree+size) != nil {
		return
	}
	if err := g.writeBallast(size); err != nil {
		os.Remove(g.ballastPath())
		g.log.Warn("no ballast file could be written", "dir", g.dir, "error", err)
	}
}

// writeBallast reserves blocks rather than writing them.
func (g *guard) writeBallast(size int64) error {
	f, err := os.OpenFile(g.ballastPath(), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(reserve(f, size), f.Close())
}
