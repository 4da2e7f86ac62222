package storage

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// A dirLock holds a data directory for one DB. What holds it is a flock on the directory itself, which the kernel gives up
// with the process, however that ends, and which nobody can delete; the LOCK file only says who.
type dirLock struct {
	dir  *os.File
	path string
}

// lockDir locks dir, or returns a *LockedError.
func lockDir(dir, owner string) (*dirLock, error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	l := &dirLock{dir: f, path: filepath.Join(dir, lockFile)}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		f.Close()
		if !errors.Is(err, unix.EWOULDBLOCK) {
			return nil, fmt.Errorf("lock %s: %w", dir, err)
		}
		locked := &LockedError{Dir: dir}
		locked.PID, locked.Owner = readLock(l.path)
		return nil, locked
	}
	text := fmt.Sprintf("pid %d\nowner %s\nsince %s\n", os.Getpid(), strings.ReplaceAll(owner, "\n", " "), time.Now().UTC().Format(time.RFC3339))
	if err := os.WriteFile(l.path, []byte(text), 0o600); err != nil {
		f.Close()
		return nil, fmt.Errorf("write %s: %w", lockFile, err)
	}
	return l, nil
}

// readLock returns what the LOCK file says, as far as it says it: its owner may be writing it right now.
func readLock(path string) (pid int, owner string) {
	b, err := os.ReadFile(path)
	if err != nil {
		return 0, ""
	}
	for line := range strings.Lines(string(b)) {
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		switch name {
		case "pid":
			pid, _ = strconv.Atoi(value)
		case "owner":
			owner = value
		}
	}
	return pid, owner
}

// release gives the directory free. The LOCK file goes first, while nobody else can hold the lock.
func (l *dirLock) release() error {
	return errors.Join(os.Remove(l.path), l.dir.Close())
}
