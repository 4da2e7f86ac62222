package sink

import (
	"bufio"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/asofdb/asof/sql/types"
)

// whole is a file that appears whole or not at all: until commit it has another name in the same directory, so that a rename is
// all that is missing. It keeps the first failure of writing, because not every caller of Write hands it on.
type whole struct {
	path string // as the user knows it
	real string // where a symbolic link at path leads
	temp string // "" once it has been renamed or removed
	f    *os.File
	w    *bufio.Writer
	err  error
}

// writeBuffer is how much is gathered for one system call.
const writeBuffer = 256 << 10

// create begins a file that is to be at path.
func create(path string) (*whole, error) {
	w := &whole{path: path}
	var err error
	if w.real, err = target(path); err != nil {
		return nil, err
	}
	w.f, w.temp, err = createTemp(filepath.Dir(w.real))
	if err != nil {
		return nil, w.failure("cannot be written", err)
	}
	w.w = bufio.NewWriterSize(w.f, writeBuffer)
	return w, nil
}

// target follows a symbolic link, which stays, and refuses what a file cannot replace.
func target(path string) (string, error) {
	dir := filepath.Dir(path)
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return "", types.Errorf(types.CodeBadFile, "there is no directory %s to write %s in", dir, filepath.Base(path)).
			WithHint("a path that does not begin with / is relative to the working directory of the process that writes it")
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return path, nil
	case err != nil:
		return "", failure(path, "cannot be written", err)
	case info.IsDir():
		return "", types.Errorf(types.CodeBadFile, "%s is a directory", path).WithHint("name a file, as 'train.parquet'")
	case !info.Mode().IsRegular():
		return "", types.Errorf(types.CodeBadFile, "%s is not a regular file", path).WithHint("a file that appears whole or not at all needs a name of its own, as 'train.parquet'")
	}
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return "", failure(path, "cannot be written", err)
	}
	return real, nil
}

// createTemp creates a file with a name that nobody has. os.CreateTemp would make it readable by its owner only.
func createTemp(dir string) (*os.File, string, error) {
	for {
		var id [8]byte
		_, _ = rand.Read(id[:]) // never fails
		path := filepath.Join(dir, ".asof-"+hex.EncodeToString(id[:])+".tmp")
		f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o666)
		if !errors.Is(err, fs.ErrExist) {
			return f, path, err
		}
	}
}

// Write implements io.Writer.
func (w *whole) Write(p []byte) (int, error) {
	if w.err != nil {
		return 0, w.err
	}
	n, err := w.w.Write(p)
	if err != nil {
		w.err = w.failure("cannot be written", err)
	}
	return n, w.err
}

// flush hands what was written to the operating system.
func (w *whole) flush() error {
	if w.err == nil {
		if err := w.w.Flush(); err != nil {
			w.err = w.failure("cannot be written", err)
		}
	}
	return w.err
}

// commit gives the file its name once it is on disk. The directory is synced too: the name is part of what was promised.
func (w *whole) commit() error {
	if err := w.flush(); err != nil {
		return err
	}
	if err := w.f.Sync(); err != nil {
		return w.failure("cannot be written", err)
	}
	if err := w.f.Close(); err != nil {
		return w.failure("cannot be written", err)
	}
	if err := os.Rename(w.temp, w.real); err != nil {
		return w.failure("cannot be put in its place", err)
	}
	w.temp = ""
	dir, err := os.Open(filepath.Dir(w.real))
	if err != nil {
		return w.failure("is written, but its directory cannot be synced", err)
	}
	defer dir.Close()
	if err := dir.Sync(); err != nil {
		return w.failure("is written, but its directory cannot be synced", err)
	}
	return nil
}

// abandon removes what was written, unless it was committed. It is idempotent.
func (w *whole) abandon() error {
	if w.temp == "" {
		return nil
	}
	w.f.Close()
	temp := w.temp
	w.temp = ""
	if err := os.Remove(temp); err != nil {
		return w.failure("was not written, and what was begun cannot be removed", err)
	}
	return nil
}

func (w *whole) failure(what string, err error) error { return failure(w.path, what, err) }

// failure says what became of the file at path. The name that it has while it is written tells the user nothing.
func failure(path, what string, err error) error {
	reason := err
	var onPath *fs.PathError
	var onLink *os.LinkError
	switch {
	case errors.As(err, &onPath):
		reason = onPath.Err
	case errors.As(err, &onLink):
		reason = onLink.Err
	}
	e := &types.Error{Code: types.CodeIO, Message: fmt.Sprintf("file %s %s: %v", path, what, reason), Err: err}
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		e.Code = types.CodeDiskFull
	case errors.Is(err, fs.ErrPermission):
		e.Code = types.CodeBadFile
	}
	return e
}
