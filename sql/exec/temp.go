package exec

import (
	"errors"
	"os"
	"syscall"

	"github.com/asofdb/asof/sql/types"
)

// tempFiles makes and removes the files of one statement.
type tempFiles struct {
	dir   string // "" where nothing may be written
	files map[*os.File]struct{}
}

// create makes an empty file.
func (t *tempFiles) create() (*os.File, error) {
	f, err := os.CreateTemp(t.dir, "statement-*.tmp")
	if err != nil {
		return nil, writeError(err)
	}
	if t.files == nil {
		t.files = map[*os.File]struct{}{}
	}
	t.files[f] = struct{}{}
	return f, nil
}

// remove closes and deletes a file; a second time it does nothing.
func (t *tempFiles) remove(f *os.File) error {
	if _, ok := t.files[f]; !ok {
		return nil
	}
	delete(t.files, f)
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

// removeAll deletes what is left, after an error mostly.
func (t *tempFiles) removeAll() error {
	var err error
	for f := range t.files {
		err = errors.Join(err, t.remove(f))
	}
	return err
}

// writeError is a failure to write a temporary file as the user sees it.
func writeError(err error) error {
	code := types.CodeIO
	if errors.Is(err, syscall.ENOSPC) {
		code = types.CodeDiskFull
	}
	e := types.Errorf(code, "could not write a temporary file: %v", err).
		WithHint("make room on the disk, SET memory_limit to more, or let the statement read or keep fewer rows")
	e.Err = err
	return e
}
