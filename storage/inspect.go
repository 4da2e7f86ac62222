package storage

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strconv"
	"strings"
	"syscall"

	"github.com/dgraph-io/badger/v4"
)

// Before Badger opens its files, they are inspected without touching them: Badger cuts a damaged write-ahead log
// at the damage, deletes tables that a damaged manifest does not name, and ends the process on some others.

// checkFormat verifies the FORMAT file, and writes it into a directory without database files.
func checkFormat(dir string) error {
	b, err := os.ReadFile(filepath.Join(dir, formatFile))
	switch {
	case err == nil && string(b) == formatText:
		return nil
	case err == nil:
		return &VersionError{Dir: dir, Found: strings.TrimSpace(string(b))}
	case !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("read %s: %w", formatFile, err)
	}
	for _, name := range []string{treeDir, headFile, cleanFile, badger.ManifestFilename} {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			return &VersionError{Dir: dir}
		}
	}
	return writeFile(dir, formatFile, []byte(formatText))
}

// inspect looks for damage and returns how many bytes the write-ahead logs take.
func inspect(dir string) (walBytes int64, err error) {
	files, err := listTree(dir)
	if err != nil {
		return 0, err
	}
	if err := checkClean(dir, files); err != nil {
		return 0, err
	}
	var tables, wals bool
	for _, f := range files {
		switch filepath.Ext(f.name) {
		case ".sst":
			tables = true
		case ".mem":
			wals = true
			walBytes += f.allocated
		}
	}
	if tables || wals {
		for _, name := range []string{badger.ManifestFilename, badger.KeyRegistryFileName} {
			if i := slices.IndexFunc(files, func(f treeFile) bool { return f.name == name }); i < 0 {
				return 0, &DamagedError{Detail: fmt.Sprintf("the file %s is missing", filepath.Join(treeDir, name))}
			} else if files[i].size == 0 {
				return 0, &DamagedError{Detail: fmt.Sprintf("the file %s is empty", filepath.Join(treeDir, name))}
			}
		}
	}
	return walBytes, checkWALs(dir, files)
}

// A treeFile is a file of Badger's.
type treeFile struct {
	name            string
	size, allocated int64
}

// listTree lists Badger's files by name.
func listTree(dir string) ([]treeFile, error) {
	entries, err := os.ReadDir(filepath.Join(dir, treeDir))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	files := make([]treeFile, 0, len(entries))
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			return nil, err
		}
		f := treeFile{name: e.Name(), size: info.Size(), allocated: info.Size()}
		if st, ok := info.Sys().(*syscall.Stat_t); ok {
			f.allocated = st.Blocks * 512
		}
		files = append(files, f)
	}
	sort.Slice(files, func(i, j int) bool { return files[i].name < files[j].name })
	return files, nil
}

// prepare makes a directory that was inspected ready for Badger.
func prepare(dir string) error {
	if err := os.MkdirAll(filepath.Join(dir, treeDir), 0o700); err != nil {
		return err
	}
	if err := removeEmptyLogs(dir); err != nil {
		return err
	}
	if err := os.Remove(filepath.Join(dir, cleanFile)); err == nil {
		if err := syncDir(dir); err != nil {
			return err
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// removeEmptyLogs removes logs of length 0: a process killed between making and sizing one, or between emptying and
// removing one, leaves it, and Badger would refuse to open ever after. Whether one had held something, the chain tells.
func removeEmptyLogs(dir string) error {
	files, err := listTree(dir)
	if err != nil {
		return err
	}
	for _, f := range files {
		if ext := filepath.Ext(f.name); f.size == 0 && (ext == ".mem" || ext == ".vlog") {
			if err := os.Remove(filepath.Join(dir, treeDir, f.name)); err != nil {
				return err
			}
		}
	}
	return nil
}

// namedTables returns the numbers of the tables that the manifest names, having checked that they are there and whole enough for
// Badger to open, and moves the others aside.
func namedTables(dir string, opt badger.Options) ([]uint64, error) {
	f, err := os.Open(filepath.Join(dir, treeDir, badger.ManifestFilename))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	manifest, _, err := badger.ReplayManifestFile(f, opt.ExternalMagicVersion, opt)
	if err != nil {
		return nil, &DamagedError{Detail: fmt.Sprintf("the file %s is damaged", filepath.Join(treeDir, badger.ManifestFilename)), Err: err}
	}
	var ids []uint64
	for id := range manifest.Tables {
		if err := checkTable(filepath.Join(dir, treeDir, tableName(id))); err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids, moveStrays(dir, manifest)
}

func tableName(id uint64) string { return fmt.Sprintf("%06d.sst", id) }

// moveStrays moves tables that the manifest does not name aside, where Badger would delete them: after a crash they are
// unfinished or replaced ones, but should the manifest have lost its end they are the data. Close deletes them.
func moveStrays(dir string, manifest badger.Manifest) error {
	files, err := listTree(dir)
	if err != nil {
		return err
	}
	for _, f := range files {
		id, err := strconv.ParseUint(strings.TrimSuffix(f.name, ".sst"), 10, 64)
		if err != nil || !strings.HasSuffix(f.name, ".sst") {
			continue
		}
		if _, named := manifest.Tables[id]; named {
			continue
		}
		if err := os.MkdirAll(filepath.Join(dir, strayDir), 0o700); err != nil {
			return err
		}
		if err := os.Rename(filepath.Join(dir, treeDir, f.name), filepath.Join(dir, strayDir, f.name)); err != nil {
			return err
		}
	}
	return nil
}

// The CLEAN file is written when a directory was closed in order and taken away when it is opened. It lists Badger's files with their
// sizes, and checksums of those that Badger does not sum itself.

const cleanHead = "closed in order\n"

func cleanText(dir string, files []treeFile) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString(cleanHead)
	for _, f := range files {
		sum := uint32(0)
		if f.name == badger.ManifestFilename || f.name == badger.KeyRegistryFileName {
			content, err := os.ReadFile(filepath.Join(dir, treeDir, f.name))
			if err != nil {
				return nil, err
			}
			sum = crc32.Checksum(content, castagnoli)
		}
		fmt.Fprintf(&b, "%s %d %08x\n", f.name, f.size, sum)
	}
	return b.Bytes(), nil
}

// writeClean notes that the directory is closed in order, and takes away what an earlier crash had left.
func writeClean(dir string) error {
	if err := os.RemoveAll(filepath.Join(dir, strayDir)); err != nil {
		return err
	}
	files, err := listTree(dir)
	if err != nil {
		return err
	}
	text, err := cleanText(dir, files)
	if err != nil {
		return err
	}
	return writeFile(dir, cleanFile, text)
}

// checkClean compares the files with the CLEAN file, where there is one.
func checkClean(dir string, files []treeFile) error {
	want, err := os.ReadFile(filepath.Join(dir, cleanFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if !bytes.HasPrefix(want, []byte(cleanHead)) {
		return &DamagedError{Detail: "the file " + cleanFile + " is not what was written"}
	}
	have, err := cleanText(dir, files)
	if err != nil {
		return err
	}
	if bytes.Equal(have, want) {
		return nil
	}
	return &DamagedError{Detail: "since it was closed its files have changed: " + firstDifference(want, have)}
}

func firstDifference(want, have []byte) string {
	w, h := bufio.NewScanner(bytes.NewReader(want)), bufio.NewScanner(bytes.NewReader(have))
	for w.Scan() {
		if !h.Scan() {
			return fmt.Sprintf("%q is missing", w.Text())
		}
		if w.Text() != h.Text() {
			return fmt.Sprintf("there was %q, there is %q", w.Text(), h.Text())
		}
	}
	h.Scan()
	return fmt.Sprintf("%q was not there", h.Text())
}

// writeFile writes a small file durably, whole or not at all.
func writeFile(dir, name string, content []byte) error {
	tmp := filepath.Join(dir, name+".new")
	f, err := os.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	if err := os.Rename(tmp, filepath.Join(dir, name)); err != nil {
		return err
	}
	return syncDir(dir)
}

func syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
