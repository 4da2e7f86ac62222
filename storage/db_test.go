package storage

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/asofdb/asof/storage/key"
)

// small makes memtables rotate after little data.
var small = Options{MemTableSize: 1 << 20, MinFree: -1, Owner: "test"}

func open(t *testing.T, dir string, o Options) *DB {
	t.Helper()
	db, err := Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return db
}

func closeDB(t *testing.T, db *DB) {
	t.Helper()
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

func mustCommit(t *testing.T, db *DB, b *Batch) uint64 {
	t.Helper()
	seq, err := db.Commit(b)
	if err != nil {
		t.Fatal(err)
	}
	return seq
}

func entity(typ uint16, name string, group uint32) EntityKey {
	return NewEntityKey(typ, key.AppendString(nil, name), name, group)
}

// dump is everything that a reader can see of one source, one meta prefix and one group.
func dump(t *testing.T, db *DB) string {
	t.Helper()
	v := db.View()
	defer v.Close()
	var b bytes.Buffer
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	check(v.ScanMeta("", func(k string, value []byte) error { fmt.Fprintf(&b, "meta %s=%q\n", k, value); return nil }))
	check(v.ScanLog(1, -1<<62, func(c int64, seq uint64, block []byte) error {
		fmt.Fprintf(&b, "log %d %d %.40q %d\n", c, seq, block, len(block))
		return nil
	}))
	check(v.ScanRejects(1, func(seq uint64, n uint32, value []byte) error {
		fmt.Fprintf(&b, "reject %d %d %q\n", seq, n, value)
		return nil
	}))
	check(v.Publications(1, -1<<62, func(wall, f int64) error { fmt.Fprintf(&b, "published %d %d\n", wall, f); return nil }))
	check(v.ScanRows(1, func(k, value []byte) error { fmt.Fprintf(&b, "row %q=%.40q %d\n", k, value, len(value)); return nil }))
	check(v.ScanRoots(7, 3, func(k []byte, slot uint16, root []byte) error {
		fmt.Fprintf(&b, "root %d %q=%q\n", slot, k, root)
		return nil
	}))
	return b.String()
}

func fillSome(t *testing.T, db *DB) {
	t.Helper()
	b := db.NewBatch()
	b.AddSource(1)
	b.AddSource(2)
	b.PutMeta("a", []byte("1"))
	b.PutMeta("b", nil)
	b.Log(1, -5, []byte("older"))
	b.Log(1, 10, []byte("first"))
	b.Log(1, 10, []byte("second"))
	b.Log(2, 11, []byte("of another source"))
	b.Reject(1, []byte("bad"))
	b.Reject(1, []byte("worse"))
	b.Publish(1, 1_000_000, 9)
	b.Publish(1, 1_050_000, 10)
	b.Publish(1, 1_100_000, 11)
	mustCommit(t, db, b)
	b.Log(1, 10, []byte("third"))
	b.PutMeta("a", []byte("2"))
	mustCommit(t, db, b)
	d := db.NewDerived()
	for i := range 3 {
		d.PutRow(1, key.AppendInt64(nil, int64(i)), fmt.Appendf(nil, "row %d", i))
		d.PutRoot(entity(7, fmt.Sprint("e", i), 3), fmt.Appendf(nil, "root %d", i))
		d.PutRoot(entity(7, fmt.Sprint("e", i), 4), []byte("another group"))
		d.PutChunk(entity(7, "e0", 3), 1, int64(i), 2, fmt.Appendf(nil, "chunk %d", i))
		d.PutDir(entity(7, "e0", 3), 1, 0, uint32(i), fmt.Appendf(nil, "dir %d", i))
	}
	d.DeleteRow(1, key.AppendInt64(nil, 1))
	if err := d.Flush(); err != nil {
		t.Fatal(err)
	}
}

const someDump = `meta a="2"
meta b=""
log -5 2 "older" 5
log 10 2 "first" 5
log 10 2 "second" 6
log 10 3 "third" 5
reject 2 0 "bad"
reject 2 1 "worse"
published 1050000 10
published 1100000 11
row "\x10\x80\x00\x00\x00\x00\x00\x00\x00"="row 0" 5
row "\x10\x80\x00\x00\x00\x00\x00\x00\x02"="row 2" 5
root 652 "0e0\x00\x01"="root 0"
root 4781 "0e1\x00\x01"="root 1"
root 8910 "0e2\x00\x01"="root 2"
`

func TestWhatIsWrittenIsReadBackNowAndAfterReopening(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "d")
	db := open(t, dir, small)
	fillSome(t, db)
	if got := dump(t, db); got != someDump {
		t.Fatalf("got\n%swant\n%s", got, someDump)
	}
	for range 2 {
		closeDB(t, db)
		db = open(t, dir, small)
		if got := dump(t, db); got != someDump {
			t.Fatalf("after reopening: got\n%swant\n%s", got, someDump)
		}
	}
	v := db.View()
	defer v.Close()
	e0 := entity(7, "e0", 3)
	for i := range 3 {
		if b, err := v.Chunk(e0, 1, int64(i), 2); err != nil || string(b) != fmt.Sprint("chunk ", i) {
			t.Errorf("chunk %d: %q, %v", i, b, err)
		}
		if b, err := v.Dir(e0, 1, 0, uint32(i)); err != nil || string(b) != fmt.Sprint("dir ", i) {
			t.Errorf("dir %d: %q, %v", i, b, err)
		}
	}
	for name, get := range map[string]func() ([]byte, error){
		"meta":  func() ([]byte, error) { return v.Meta("none") },
		"row":   func() ([]byte, error) { return v.Row(1, key.AppendInt64(nil, 1)) },
		"root":  func() ([]byte, error) { return v.Root(entity(7, "none", 3)) },
		"chunk": func() ([]byte, error) { return v.Chunk(e0, 2, 0, 2) },
	} {
		if b, err := get(); b != nil || err != nil {
			t.Errorf("a missing %s: %q, %v", name, b, err)
		}
	}
	for source, want := range map[uint32][]byte{1: key.AppendInt64(nil, 2), 2: nil} {
		if k, err := v.LastRow(source); !bytes.Equal(k, want) || err != nil {
			t.Errorf("the last row of source %d: %x, %v", source, k, err)
		}
	}
	if b, err := v.Meta("b"); b == nil || len(b) != 0 || err != nil {
		t.Errorf("an empty value: %#v, %v", b, err)
	}
}

func TestScansBeginAndStopWhereAsked(t *testing.T) {
	db := open(t, t.TempDir(), small)
	fillSome(t, db)
	v := db.View()
	defer v.Close()
	var got []string
	if err := v.ScanLog(1, 10, func(_ int64, _ uint64, b []byte) error {
		got = append(got, string(b))
		if string(b) == "second" {
			return ErrStop
		}
		return nil
	}); err != nil || fmt.Sprint(got) != "[first second]" {
		t.Errorf("ScanLog from 10: %v, %v", got, err)
	}
	got = nil
	if err := v.ScanLogBack(1, func(_ int64, _ uint64, b []byte) error { got = append(got, string(b)); return nil }); err != nil ||
		fmt.Sprint(got) != "[third second first older]" {
		t.Errorf("ScanLogBack: %v, %v", got, err)
	}
	if c, seq, b, err := v.LastLog(1); c != 10 || seq != 3 || string(b) != "third" || err != nil {
		t.Errorf("LastLog: %d %d %q %v", c, seq, b, err)
	}
	boom := errors.New("boom")
	if err := v.ScanMeta("", func(string, []byte) error { return boom }); !errors.Is(err, boom) {
		t.Errorf("the function's error: %v", err)
	}
	n := 0
	if err := v.ScanMeta("b", func(string, []byte) error { n++; return nil }); err != nil || n != 1 {
		t.Errorf("ScanMeta of a prefix: %d, %v", n, err)
	}
}

func TestAScanWithoutItsSentinelIsAnError(t *testing.T) {
	db := open(t, t.TempDir(), small)
	fillSome(t, db)
	v := db.View()
	if err := v.ScanRows(9, func(k, value []byte) error { return nil }); !errors.Is(err, ErrShortScan) {
		t.Errorf("rows of a source that was never added: %v", err)
	}
	v.Close()
	for _, p := range [][]byte{sourcePrefix(spaceLog, 1), prefix(spaceRoot)} {
		o := ops{limits: db.limits}
		o.delete(sentinel(p))
		if _, err := db.write(kindDrop, &o); err != nil {
			t.Fatal(err)
		}
	}
	v = db.View()
	defer v.Close()
	if err := v.ScanLog(1, 0, func(int64, uint64, []byte) error { return nil }); !errors.Is(err, ErrShortScan) {
		t.Errorf("ScanLog: %v", err)
	}
	if err := v.ScanLogBack(1, func(int64, uint64, []byte) error { return nil }); !errors.Is(err, ErrShortScan) {
		t.Errorf("ScanLogBack: %v", err)
	}
	if err := v.ScanRoots(7, 3, func([]byte, uint16, []byte) error { return nil }); !errors.Is(err, ErrShortScan) {
		t.Errorf("ScanRoots: %v", err)
	}
}

func TestAViewIsASnapshot(t *testing.T) {
	db := open(t, t.TempDir(), small)
	fillSome(t, db)
	v := db.View()
	before, err := v.Meta("a")
	if err != nil {
		t.Fatal(err)
	}
	b := db.NewBatch()
	b.PutMeta("a", []byte("3"))
	b.DeleteMeta("b")
	mustCommit(t, db, b)
	if again, err := v.Meta("a"); err != nil || !bytes.Equal(again, before) {
		t.Errorf("an open view changed from %q to %q, %v", before, again, err)
	}
	v.Close()
	v.Close()
	if _, err := v.Meta("a"); !errors.Is(err, ErrClosed) {
		t.Errorf("a closed view: %v", err)
	}
	v = db.View()
	defer v.Close()
	if b, err := v.Meta("a"); string(b) != "3" || err != nil {
		t.Errorf("a new view: %q, %v", b, err)
	}
	if b, err := v.Meta("b"); b != nil || err != nil {
		t.Errorf("a deleted value: %q, %v", b, err)
	}
}

func TestLongValuesAreKeptInPieces(t *testing.T) {
	dir := t.TempDir()
	o := small
	o.MemTableSize = 8 << 20
	db := open(t, dir, o)
	long := bytes.Repeat([]byte("0123456789"), 80_000)
	b := db.NewBatch()
	b.AddSource(1)
	b.Log(1, 1, long)
	b.PutMeta("x", []byte("x"))
	mustCommit(t, db, b)
	d := db.NewDerived()
	d.PutRow(1, key.AppendString(nil, "r"), long[1:])
	if err := d.Flush(); err != nil {
		t.Fatal(err)
	}
	closeDB(t, db)
	db = open(t, dir, o)
	func() {
		v := db.View()
		defer v.Close()
		if _, _, got, err := v.LastLog(1); err != nil || !bytes.Equal(got, long) {
			t.Errorf("log: %d bytes, %v", len(got), err)
		}
		if got, err := v.Row(1, key.AppendString(nil, "r")); err != nil || !bytes.Equal(got, long[1:]) {
			t.Errorf("row: %d bytes, %v", len(got), err)
		}
		if err := v.ScanRows(1, func(_, got []byte) error {
			if !bytes.Equal(got, long[1:]) {
				t.Errorf("scanned row: %d bytes", len(got))
			}
			return nil
		}); err != nil {
			t.Error(err)
		}
	}()
	if err := db.DropSource(1); err != nil {
		t.Fatal(err)
	}
	if keys := allKeys(t, db, spacePiece); len(keys) != 1 { // the sentinel
		t.Errorf("%d pieces are left after the drop", len(keys)-1)
	}
	b.PutMeta("too long", bytes.Repeat(long, 2))
	var tooBig *TooBigError
	if _, err := db.Commit(b); !errors.As(err, &tooBig) || tooBig.Limit != db.MaxBatch() {
		t.Errorf("a value larger than a transaction: %v", err)
	}
}

// allKeys lists the keys of a space.
func allKeys(t *testing.T, db *DB, s space) []string {
	t.Helper()
	v := db.View()
	defer v.Close()
	it := v.snap.txn.NewIterator(badgerKeysOnly(s))
	defer it.Close()
	var keys []string
	for it.Rewind(); it.Valid(); it.Next() {
		keys = append(keys, string(it.Item().KeyCopy(nil)))
	}
	return keys
}

func TestClosedDB(t *testing.T) {
	dir := t.TempDir()
	db := open(t, dir, small)
	closeDB(t, db)
	if err := db.Close(); err != nil {
		t.Errorf("second Close: %v", err)
	}
	if _, err := db.Commit(db.NewBatch()); !errors.Is(err, ErrClosed) {
		t.Errorf("Commit: %v", err)
	}
	v := db.View()
	defer v.Close()
	if _, err := v.Meta("a"); !errors.Is(err, ErrClosed) {
		t.Errorf("Meta: %v", err)
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("mode of the directory: %v, %v", info.Mode(), err)
	}
}
