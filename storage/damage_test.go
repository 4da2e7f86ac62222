package storage

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// crashImage is a data directory as a crash leaves it, with commits in two write-ahead logs, and the last commit that was
// acknowledged. Badger flushes a full log too quickly to be caught between, so the one log of a killed child is cut in
// two at the end of a transaction: entries do not depend on where they lie.
func crashImage(t *testing.T) (dir string, acked int) {
	t.Helper()
	dir = t.TempDir()
	var older string
	var cut int64
	for tries := 0; cut == 0; tries++ {
		if tries == 20 {
			t.Fatal("no child left a write-ahead log with transactions to cut between")
		}
		acked = max(acked, killAfter(t, dir, 300*time.Millisecond))
		older, cut = newestWAL(t, dir)
	}
	content, err := os.ReadFile(older)
	if err != nil {
		t.Fatal(err)
	}
	newer := append(append([]byte{}, content[:walHeader]...), content[cut:]...)
	clear(content[cut:])
	for path, b := range map[string][]byte{older: content, filepath.Join(dir, treeDir, "99999.mem"): newer} {
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir, acked
}

// newestWAL returns the newest write-ahead log and where a transaction in its middle ends, 0 if it holds too few.
func newestWAL(t *testing.T, dir string) (path string, cut int64) {
	t.Helper()
	logs, err := filepath.Glob(filepath.Join(dir, treeDir, "*.mem"))
	if err != nil || len(logs) == 0 {
		return "", 0
	}
	path = slices.Max(logs)
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	r := &walReader{r: bufio.NewReader(bytes.NewReader(b[min(len(b), walHeader):]))}
	at := int64(walHeader)
	var ends []int64
	for {
		k, n := r.entry()
		if n == 0 {
			break
		}
		at += int64(n)
		if strings.HasPrefix(string(k), walCommit) {
			ends = append(ends, at)
		}
	}
	if len(ends) < 4 {
		return path, 0
	}
	return path, ends[len(ends)/2]
}

func copyDir(t *testing.T, from, to string) {
	t.Helper()
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
}

// snapshotFiles maps the files of a directory to their content, without those that opening writes whatever happens.
func snapshotFiles(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Name() == lockFile {
			return err
		}
		b, err := os.ReadFile(path)
		files[strings.TrimPrefix(path, dir)] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// openDamaged opens a damaged copy: it must be refused, or hold all that was acknowledged. It reports whether it was refused.
func openDamaged(t *testing.T, what, dir string, acked int) bool {
	t.Helper()
	db, err := Open(dir, childOptions)
	var damaged *DamagedError
	var version *VersionError
	if errors.As(err, &damaged) || errors.As(err, &version) {
		return true
	}
	if err != nil {
		t.Errorf("%s: %v", what, err)
		return true
	}
	closeDB(t, db)
	if last := checkCommits(t, dir); last < acked {
		t.Errorf("%s: opened without a word with commit %d of %d", what, last, acked)
	}
	return false
}

// flip changes one bit of a file.
func flip(t *testing.T, path string, at int64, bit int) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var b [1]byte
	if _, err := f.ReadAt(b[:], at); err != nil && !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	b[0] ^= 1 << bit
	if _, err := f.WriteAt(b[:], at); err != nil {
		t.Fatal(err)
	}
}

// F05: a flipped bit in a write-ahead log is found, with the commits that it costs, before Badger cuts the log there.
func TestF05FlippedBitsInWriteAheadLogs(t *testing.T) {
	image, acked := crashImage(t)
	files, err := listTree(image)
	if err != nil {
		t.Fatal(err)
	}
	rnd := rand.New(rand.NewPCG(5, 5))
	refused := 0
	for _, f := range files {
		if !strings.HasSuffix(f.name, ".mem") {
			continue
		}
		s, err := scanWAL(filepath.Join(image, treeDir, f.name))
		if err != nil {
			t.Fatal(err)
		}
		for range 8 {
			if s.end <= walHeader {
				break
			}
			at := walHeader + rnd.Int64N(s.end-walHeader)
			what := fmt.Sprintf("bit of byte %d of %d in %s", at, s.end, f.name)
			dir := filepath.Join(t.TempDir(), "d")
			copyDir(t, image, dir)
			flip(t, filepath.Join(dir, treeDir, f.name), at, rnd.IntN(8))
			before := snapshotFiles(t, dir)
			if openDamaged(t, what, dir, acked) {
				refused++
				for name, content := range snapshotFiles(t, dir) {
					if before[name] != content {
						t.Errorf("%s: the refusal changed %s", what, name)
					}
				}
			}
		}
	}
	if refused == 0 {
		t.Error("no flipped bit was found")
	}
	db := open(t, image, childOptions)
	closeDB(t, db)
	if last := checkCommits(t, image); last < acked {
		t.Errorf("the image itself has commit %d of %d", last, acked)
	}
}

// closedDir is a directory of a few hundred commits that was closed in order, and the last of them.
func closedDir(t *testing.T) (dir string, last int) {
	t.Helper()
	dir = t.TempDir()
	killAfter(t, dir, 500*time.Millisecond)
	return dir, checkCommits(t, dir)
}

// F06 and F07: whatever happens to a file of a closed directory is found when it is opened.
func TestF06F07DamagedFilesOfAClosedDirectory(t *testing.T) {
	dir, last := closedDir(t)
	rnd := rand.New(rand.NewPCG(6, 7))
	for name := range snapshotFiles(t, dir) {
		if raceDetector && strings.HasSuffix(name, ".sst") {
			continue // Badger gives up opening while its other goroutines go on to open tables: a race of its own, of an error that ends it
		}
		info, err := os.Stat(dir + name)
		if err != nil {
			t.Fatal(err)
		}
		for what, damage := range map[string]func(path string) error{
			"missing": os.Remove,
			"empty":   func(path string) error { return os.Truncate(path, 0) },
			"halved":  func(path string) error { return os.Truncate(path, info.Size()/2) },
			"flipped": func(path string) error { flip(t, path, rnd.Int64N(max(1, info.Size())), rnd.IntN(8)); return nil },
		} {
			d := filepath.Join(t.TempDir(), "d")
			copyDir(t, dir, d)
			if err := damage(d + name); err != nil {
				t.Fatal(err)
			}
			refused := openDamaged(t, name+" "+what, d, last)
			// Of the value log, which holds nothing, and of its statistics the content does not matter.
			tree := strings.HasPrefix(name, "/"+treeDir) && !strings.HasSuffix(name, ".vlog") && !strings.HasSuffix(name, "/DISCARD")
			if tree && !refused {
				t.Errorf("%s %s: not refused", name, what)
			}
		}
	}
}

// F07 once more after a crash, when there is no CLEAN file to compare with.
func TestF07ManifestAndRegistryAfterACrash(t *testing.T) {
	closed, last := closedDir(t)
	for _, name := range []string{"MANIFEST", "KEYREGISTRY"} {
		for what, damage := range map[string]func(path string) error{
			"missing": os.Remove,
			"empty":   func(path string) error { return os.Truncate(path, 0) },
			"cut":     func(path string) error { return os.Truncate(path, 6) },
			"halved":  func(path string) error { return os.Truncate(path, 24) },
		} {
			d := filepath.Join(t.TempDir(), "d")
			copyDir(t, closed, d)
			if err := os.Remove(filepath.Join(d, cleanFile)); err != nil {
				t.Fatal(err)
			}
			if err := damage(filepath.Join(d, treeDir, name)); err != nil {
				t.Fatal(err)
			}
			tables := func() (n int) {
				for name := range snapshotFiles(t, d) {
					if strings.HasSuffix(name, ".sst") {
						n++
					}
				}
				return n
			}
			before := tables()
			if !openDamaged(t, name+" "+what, d, last) {
				t.Errorf("%s %s: not refused", name, what)
			}
			if after := tables(); after != before {
				t.Errorf("%s %s: %d of %d tables are left", name, what, after, before)
			}
		}
	}
}

func TestAnotherFormatIsRefused(t *testing.T) {
	dir := t.TempDir()
	closeDB(t, open(t, dir, small))
	if err := os.WriteFile(filepath.Join(dir, formatFile), []byte("asof storage 99\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var version *VersionError
	if _, err := Open(dir, small); !errors.As(err, &version) || version.Found != "asof storage 99" {
		t.Errorf("format 99: %v", err)
	}
	if err := os.Remove(filepath.Join(dir, formatFile)); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir, small); !errors.As(err, &version) || version.Found != "" {
		t.Errorf("no format: %v", err)
	}
}

// A directory put back from an older copy would hand out sequences, and so identities, a second time.
func TestAnOlderCopyUnderANewerHeadIsRefused(t *testing.T) {
	dir, old := t.TempDir(), filepath.Join(t.TempDir(), "old")
	db := open(t, dir, small)
	fillSome(t, db)
	closeDB(t, db)
	copyDir(t, dir, old)
	db = open(t, dir, small)
	b := db.NewBatch()
	b.PutMeta("later", []byte("x"))
	seq := mustCommit(t, db, b)
	closeDB(t, db)
	content, err := os.ReadFile(filepath.Join(dir, headFile))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(old, headFile), content, 0o600); err != nil {
		t.Fatal(err)
	}
	var damaged *DamagedError
	if _, err := Open(old, small); !errors.As(err, &damaged) || damaged.From != seq || damaged.To != seq || damaged.Dir != old {
		t.Errorf("got %v, want commit %d missing", err, seq)
	}
}

func FuzzScanWAL(f *testing.F) {
	f.Add([]byte("0123456789abcdefghij\x40\x00\x09\x01\x00c\x00\x00\x00\x00\x00\x00\x00\x00v"))
	f.Fuzz(func(t *testing.T, content []byte) {
		path := filepath.Join(t.TempDir(), "00001.mem")
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := scanWAL(path)
		if err != nil {
			t.Fatal(err)
		}
		if s.end > int64(max(len(content), walHeader)) {
			t.Errorf("valid to byte %d of %d", s.end, len(content))
		}
	})
}

func FuzzDecodeLink(f *testing.F) {
	f.Add(link{seq: 9, prev: 1, content: 2, kind: kindDrop, entries: 3, written: 4, first: 5}.encode())
	f.Fuzz(func(t *testing.T, b []byte) {
		l, err := decodeLink(b)
		if err == nil && string(l.encode()) != string(b) {
			t.Errorf("%x reads as %+v", b, l)
		}
	})
}
