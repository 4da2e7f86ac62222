package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/asofdb/asof/sql/syntax"
	"github.com/asofdb/asof/sql/types"
	"github.com/asofdb/asof/storage"
)

// Files of a backup's directory: the data, and what is in it for people.
const (
	backupData     = "data.asof"
	backupManifest = "MANIFEST.json"
	// partialSuffix ends the name of a backup that is being written.
	partialSuffix = ".partial"
)

// manifest says what a backup is.
type manifest struct {
	Sequence uint64 // of the last commit in it
	Entries  uint64
	Bytes    int64
	TakenAt  time.Time
	From     string // the data directory
}

var backupColumns = []types.Column{textColumn("directory"), intColumn("sequence"), intColumn("bytes"), timeColumn("taken_at")}

// backup answers BACKUP TO: a copy of everything that is durable at one moment, while all else goes on. The directory is there, whole, once it returns. The key of the secrets is no part of it: secrets in a
// restored directory can be used where the key is given, and are to be created again where it is not.
func (s *Session) backup(ctx context.Context, st *syntax.Backup) (*Rows, error) {
	at := func(err error) error { return placed(err, st.DirPos) }
	dir, err := s.pathOf(st.Dir)
	if err != nil {
		return nil, at(err)
	}
	m, err := s.eng.backup(ctx, dir)
	if err != nil {
		return nil, at(err)
	}
	return fixedRows("BACKUP", backupColumns, [][]types.Value{{
		types.NewText(dir), types.NewInt8(int64(m.Sequence)), types.NewInt8(m.Bytes), types.NewTimestamptz(m.TakenAt.UnixMicro()),
	}}), nil
}

func (e *Engine) backup(ctx context.Context, dir string) (m manifest, err error) {
	if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 || err != nil && !errors.Is(err, fs.ErrNotExist) {
		return m, types.Errorf(types.CodeBadFile, "a backup cannot be written to %s: there is something", dir).WithHint("name a directory that is not there, or an empty one")
	}
	partial := dir + partialSuffix
	if err := os.RemoveAll(partial); err != nil { // of one that was cut off
		return m, backupError(err)
	}
	if err := os.MkdirAll(partial, 0o700); err != nil {
		return m, backupError(err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(partial))
		}
	}()
	m.TakenAt, m.From = e.options.Clock().UTC(), e.dir
	err = writeSynced(filepath.Join(partial, backupData), func(f *os.File) error {
		info, err := e.db.Backup(ctx, f)
		m.Sequence, m.Entries, m.Bytes = info.Seq, info.Entries, info.Bytes
		return err
	})
	if err == nil {
		err = writeSynced(filepath.Join(partial, backupManifest), func(f *os.File) error {
			enc := json.NewEncoder(f)
			enc.SetIndent("", "  ")
			return enc.Encode(m)
		})
	}
	if err == nil {
		err = syncDirectory(partial)
	}
	if err == nil {
		if err = os.Remove(dir); errors.Is(err, fs.ErrNotExist) { // it is empty
			err = nil
		}
	}
	if err == nil {
		err = os.Rename(partial, dir)
	}
	if err == nil {
		err = syncDirectory(filepath.Dir(dir))
	}
	return m, backupError(err)
}

// writeSynced writes a file and makes it durable.
func writeSynced(path string, write func(*os.File) error) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	err = write(f)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

func syncDirectory(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// backupError is an error of the file system in words for the user.
func backupError(err error) error {
	var said *types.Error
	if err == nil || errors.As(err, &said) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return &types.Error{Code: types.CodeIO, Message: "the backup cannot be written: " + err.Error(), Err: err}
}

// Restored says what Restore has made.
type Restored struct {
	Sequence uint64
	Bytes    int64
}

// Restore makes the data directory dir, which must be missing or empty, of the backup in the directory from. The backup is checked to its last byte before anything is written, and dir is there, whole, once Restore
// returns nil.
func Restore(ctx context.Context, from, dir string) (r Restored, err error) {
	f, err := os.Open(filepath.Join(from, backupData))
	if err != nil {
		return r, types.Errorf(types.CodeBadFile, "%s is no backup: %v", from, err).WithHint("it is a directory that BACKUP TO has written")
	}
	defer f.Close()
	info, err := storage.Restore(ctx, dir, f, storage.Options{Owner: "asof restore"})
	if err != nil {
		return r, &types.Error{Code: types.CodeBadFile, Message: fmt.Sprintf("the backup in %s cannot be restored to %s: %v", from, dir, err), Err: err}
	}
	return Restored{info.Seq, info.Bytes}, nil
}
