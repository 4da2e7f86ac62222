package engine

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/asofdb/asof/sql/syntax"
	"github.com/asofdb/asof/sql/types"
)

// pathOf is the absolute path of a file that a statement names. To embedded sessions, and where there are no users, it is relative to the working directory and may be any; an
// admin who came through a door names files below Options.FilesDir, and nobody else names any: files are the server's, and the program may read more than its users.
func (s *Session) pathOf(path string) (string, error) {
	u, err := s.actor()
	if err != nil {
		return "", err
	}
	if u != nil {
		return "", denied("file %q", path).WithHint("paths are the server's, for admins only; COPY … FROM STDIN and COPY … TO STDOUT move rows from and to the client")
	}
	if path == "" {
		return "", types.Errorf(types.CodeBadFile, "the name of a file is empty")
	}
	if s.options.Door == "" || !s.eng.HasUsers() {
		full, err := filepath.Abs(path)
		if err != nil {
			return "", types.Errorf(types.CodeIO, "the working directory of file %q is unknown: %v", path, err)
		}
		return full, nil
	}
	return s.eng.below(path)
}

// below is the path of a file below FilesDir. A link that leads out of it is refused as it stands now.
func (e *Engine) below(path string) (string, error) {
	dir := e.options.FilesDir
	if dir == "" {
		return "", denied("file %q", path).WithHint("start the server with --files-dir DIR to let admins read and write files below DIR")
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", types.Errorf(types.CodeIO, "the directory of files is unknown: %v", err)
	}
	rel := path
	if filepath.IsAbs(path) {
		if rel, err = filepath.Rel(dir, path); err != nil {
			rel = ".."
		}
	}
	outside := denied("file %q", path).WithHint("it is not below the server's --files-dir")
	if rel = filepath.Clean(rel); !filepath.IsLocal(rel) {
		return "", outside
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return "", types.Errorf(types.CodeBadFile, "the server's --files-dir cannot be opened: %v", errors.Unwrap(err))
	}
	defer root.Close()
	// What is to be written is not there yet: then its folder decides.
	if _, err = root.Stat(rel); errors.Is(err, fs.ErrNotExist) {
		_, err = root.Stat(filepath.Dir(rel))
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", outside
	}
	return filepath.Join(dir, rel), nil
}

// confine makes the paths among a source's options what pathOf makes of them.
func (s *Session) confine(st *syntax.CreateSource) error {
	if s.options.Door == "" || !s.eng.HasUsers() {
		return nil // it stays as it was written, relative to the directory that the source remembers
	}
	connector, err := s.eng.connectorOf(st)
	if st.Origin != "" || err != nil {
		return nil // a table has its origin's files; what is no connector is refused where it is bound
	}
	for i := range st.Options {
		o := &st.Options[i]
		if !slices.Contains(connector.Paths, o.Name) {
			continue
		}
		path, err := s.pathOf(o.Value)
		if err != nil {
			return placed(err, o.Span)
		}
		o.Value = path
	}
	return nil
}
