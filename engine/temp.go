package engine

import (
	"os"
	"path/filepath"
	"sync"

	"github.com/asofdb/asof/sql/types"
)

// tempDir is the folder of the data directory in which statements keep what does not fit into memory. Nothing in it outlives the statement that wrote it;
// what a killed process left there goes when the next one needs the folder, which nobody else can be using: the data directory is locked.
type tempDir struct {
	path  string
	clean sync.Once
	err   error
}

// use makes the folder, empty the first time.
func (t *tempDir) use() (string, error) {
	t.clean.Do(func() {
		if t.err = os.RemoveAll(t.path); t.err == nil {
			t.err = os.MkdirAll(t.path, 0o700)
		}
	})
	if t.err != nil {
		e := types.Errorf(types.CodeIO, "the folder for temporary files cannot be made: %v", t.err)
		e.Err = t.err
		return "", e
	}
	return t.path, nil
}

func newTempDir(dataDir string) *tempDir { return &tempDir{path: filepath.Join(dataDir, "tmp")} }
