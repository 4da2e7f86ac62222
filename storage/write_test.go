package storage

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/dgraph-io/badger/v4"

	"github.com/asofdb/asof/storage/key"
)

// A refused batch leaves nothing, in the directory and of the chain, and may be committed later.
func TestARefusedBatchWritesNothing(t *testing.T) {
	free := int64(1 << 40)
	o := small
	o.MinFree = 100 << 20
	o.freeSpace = func(string) (int64, error) { return free, nil }
	db := open(t, t.TempDir(), o)
	fillSome(t, db)
	before := dump(t, db)

	b := db.NewBatch()
	b.PutMeta("new", []byte("x"))
	b.Log(1, 12, []byte("new"))
	free = 100<<20 - 1
	var full *SpaceError
	if _, err := db.Commit(b); !errors.As(err, &full) || full.Free != free || full.Need != 100<<20 || full.Ballast == "" {
		t.Errorf("a nearly full disk: %v", err)
	}
	d := db.NewDerived()
	d.PutRow(1, key.AppendInt64(nil, 0), []byte("row 0"))
	if err := d.Flush(); err != nil {
		t.Errorf("derived state at half of the limit: %v", err)
	}
	free = 50<<20 - 1
	d.PutRow(1, key.AppendInt64(nil, 0), []byte("lost"))
	if err := d.Flush(); !errors.As(err, &full) {
		t.Errorf("derived state below half of the limit: %v", err)
	}
	if after := dump(t, db); after != before {
		t.Errorf("got\n%swant\n%s", after, before)
	}
	free = 1 << 40
	mustCommit(t, db, b)
	if after := dump(t, db); !strings.Contains(after, `meta new="x"`) {
		t.Errorf("the batch was lost: %s", after)
	}

	for range db.MaxEntries() + 1 {
		b.PutMeta("many", nil)
	}
	var tooBig *TooBigError
	if _, err := db.Commit(b); !errors.As(err, &tooBig) || tooBig.Entries != db.MaxEntries()+1 {
		t.Errorf("too many entries: %v", err)
	}
	long := db.NewBatch()
	long.PutMeta(strings.Repeat("k", 65_000), nil)
	var tooLong *key.TooLongError
	if _, err := db.Commit(long); !errors.As(err, &tooLong) {
		t.Errorf("a long key: %v", err)
	}
}

// What MaxBatch and MaxEntries promise fits.
func TestTheLargestBatchFits(t *testing.T) {
	db := open(t, t.TempDir(), small)
	b := db.NewBatch()
	b.AddSource(1)
	for i := 0; b.Len() < db.MaxEntries() && b.Size()+40 < db.MaxBatch(); i++ {
		b.PutMeta(fmt.Sprint("k", i), nil)
	}
	mustCommit(t, db, b)
	b.Log(1, 1, make([]byte, db.MaxBatch()-20*pieceCost(db)))
	for b.Size()+100 < db.MaxBatch() {
		b.PutMeta(fmt.Sprint("f", b.Len()), make([]byte, 50))
	}
	mustCommit(t, db, b)
}

func pieceCost(db *DB) int { return logKeyLen + pieceKeyOverhead + entryOverhead + stubLen }

// F08: a disk that is full at the start gives up the ballast once, then refuses, and opens when there is space again.
func TestF08StartingOnAFullDisk(t *testing.T) {
	dir := t.TempDir()
	o := small
	o.MinFree = 100 << 20
	free := int64(1 << 40)
	o.freeSpace = func(string) (int64, error) {
		if _, err := os.Stat(filepath.Join(dir, ballastFile)); err != nil {
			return free + 1<<20, nil // what the ballast gave back
		}
		return free, nil
	}
	db := open(t, dir, o)
	fillSome(t, db)
	closeDB(t, db)
	ballast := filepath.Join(dir, ballastFile)
	if info, err := os.Stat(ballast); err != nil || info.Size() != 1<<20 || info.Mode().Perm() != 0o600 {
		t.Fatalf("the ballast: %v, %v", info, err)
	}
	free = openSpare - 1<<20
	db = open(t, dir, o)
	if _, err := os.Stat(ballast); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the ballast is still there: %v", err)
	}
	if got := dump(t, db); got != someDump {
		t.Errorf("reads on a full disk: %s", got)
	}
	closeDB(t, db)
	free -= 1
	var full *SpaceError
	if _, err := Open(dir, o); !errors.As(err, &full) || full.Ballast != "" {
		t.Errorf("with nothing to give up: %v", err)
	}
	free = 1 << 40
	closeDB(t, open(t, dir, o))
	if _, err := os.Stat(ballast); err != nil {
		t.Errorf("the ballast was not put back: %v", err)
	}
}

// F09: after a failed write nothing is written any more, and what the file says of the last commit stays true.
func TestF09AFailedWriteIsFatal(t *testing.T) {
	dir := t.TempDir()
	db := open(t, dir, small)
	fillSome(t, db)
	before := dump(t, db)
	eio := errors.New("input/output error")
	commit = func(*badger.Txn) error { return eio }
	defer func() { commit = (*badger.Txn).Commit }()
	b := db.NewBatch()
	b.PutMeta("x", []byte("x"))
	var fatal *FatalError
	if _, err := db.Commit(b); !errors.As(err, &fatal) || !errors.Is(err, eio) {
		t.Errorf("the failing commit: %v", err)
	}
	commit = (*badger.Txn).Commit
	if _, err := db.Commit(b); !errors.As(err, &fatal) {
		t.Errorf("the next commit: %v", err)
	}
	d := db.NewDerived()
	d.DeleteRow(1, nil)
	if err := d.Flush(); !errors.As(err, &fatal) {
		t.Errorf("derived state: %v", err)
	}
	if got := dump(t, db); got != before {
		t.Errorf("reads: got\n%swant\n%s", got, before)
	}
	closeDB(t, db)
	db = open(t, dir, small)
	if got := dump(t, db); got != before {
		t.Errorf("after reopening: got\n%swant\n%s", got, before)
	}
}

// The chain keeps more than all write-ahead logs together hold, and little more.
func TestTheChainIsTrimmed(t *testing.T) {
	dir := t.TempDir()
	db := open(t, dir, small)
	b := db.NewBatch()
	value := make([]byte, db.MaxBatch()/2)
	keep := int((numMemtables + 2) * small.MemTableSize)
	want := keep/len(value) + 1
	for range want * 2 {
		b.PutMeta("x", value)
		mustCommit(t, db, b)
	}
	check := func(when string) {
		t.Helper()
		links := allKeys(t, db, spaceChain)
		if n := len(links) - 1; n < want-2 || n > want+2 || n != db.Stats().Links {
			t.Errorf("%s: %d links on disk, %d in memory, want about %d", when, n, db.Stats().Links, want)
		}
	}
	check("now")
	closeDB(t, db)
	db = open(t, dir, small)
	check("after reopening")
	for range 10 {
		b.PutMeta("x", value)
		mustCommit(t, db, b)
	}
	check("ten commits later")
}

func TestABrokenChainIsDamage(t *testing.T) {
	for what, story := range map[string]struct {
		tamper   func(txn *badger.Txn) error
		from, to uint64
	}{
		"a link is missing":    {func(txn *badger.Txn) error { return txn.Delete(linkKey(2)) }, 2, 2},
		"the first is missing": {func(txn *badger.Txn) error { return txn.Delete(linkKey(1)) }, 1, 1},
		"the last is missing":  {func(txn *badger.Txn) error { return txn.Delete(linkKey(4)) }, 4, 4},
		"a link is another one": {func(txn *badger.Txn) error {
			return txn.Set(linkKey(3), link{seq: 3, kind: kindCommit, first: 1}.encode())
		}, 0, 0},
		"the sentinel is missing": {func(txn *badger.Txn) error { return txn.Delete(sentinel(prefix(spaceChain))) }, 0, 0},
	} {
		dir := t.TempDir()
		db := open(t, dir, small)
		fillSome(t, db)
		if seq := db.Stats().Seq; seq != 4 {
			t.Fatalf("%d commits", seq)
		}
		if err := db.bdb.Update(story.tamper); err != nil {
			t.Fatal(err)
		}
		closeDB(t, db)
		var damaged *DamagedError
		if _, err := Open(dir, small); !errors.As(err, &damaged) || damaged.From != story.from || damaged.To != story.to || damaged.Dir != dir {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestDropsDeleteAllTheyNameAndNothingElse(t *testing.T) {
	dir := t.TempDir()
	db := open(t, dir, small)
	fillSome(t, db)
	d := db.NewDerived()
	n := dropStep + 300
	for i := range n {
		for group := uint32(3); group < 5; group++ {
			d.PutRoot(entity(7, fmt.Sprint("e", i), group), []byte("r"))
		}
		d.PutRow(2, key.AppendInt64(nil, int64(i)), []byte("r"))
	}
	if err := d.Flush(); err != nil {
		t.Fatal(err)
	}
	before := db.Stats().Seq
	if err := db.DropGroup(7, 4); err != nil {
		t.Fatal(err)
	}
	if steps := db.Stats().Seq - before; steps < 2 {
		t.Errorf("the drop took %d transactions", steps)
	}
	count := func(typ uint16, group uint32) (n int) {
		v := db.View()
		defer v.Close()
		if err := v.ScanRoots(typ, group, func([]byte, uint16, []byte) error { n++; return nil }); err != nil {
			t.Fatal(err)
		}
		return n
	}
	if got := count(7, 4); got != 0 {
		t.Errorf("%d roots are left of the dropped group", got)
	}
	if got := count(7, 3); got != n { // those of fillSome are among them
		t.Errorf("%d roots of the other group, want %d", got, n)
	}
	if err := db.DropGroup(7, 3); err != nil {
		t.Fatal(err)
	}
	for _, s := range []space{spaceRoot, spaceChunk, spaceDir, spacePiece} {
		if keys := allKeys(t, db, s); len(keys) != 1 {
			t.Errorf("%d keys of %s are left", len(keys)-1, spaceNames[s])
		}
	}
	if err := db.DropSource(2); err != nil {
		t.Fatal(err)
	}
	if got := dump(t, db); got != strings.Join(strings.SplitAfter(someDump, "\n")[:12], "") {
		t.Errorf("source 1 after the drop of source 2:\n%s", got)
	}
	v := db.View()
	defer v.Close()
	if err := v.ScanRows(2, func([]byte, []byte) error { return nil }); !errors.Is(err, ErrShortScan) {
		t.Errorf("rows of the dropped source: %v", err)
	}
}

func TestPublicationsAreTrimmed(t *testing.T) {
	db := open(t, t.TempDir(), small)
	fillSome(t, db)
	if err := db.TrimPublications(1, 1_150_000); err != nil {
		t.Fatal(err)
	}
	v := db.View()
	defer v.Close()
	var got []int64
	if err := v.Publications(1, -1<<40, func(wall, _ int64) error { got = append(got, wall); return nil }); err != nil || fmt.Sprint(got) != "[1100000]" {
		t.Errorf("%v, %v", got, err)
	}
}

// Derived state goes out in the order of the calls, in steps.
func TestDerivedStateIsWrittenInSteps(t *testing.T) {
	db := open(t, t.TempDir(), small)
	fillSome(t, db)
	before := db.Stats().Seq
	d := db.NewDerived()
	value := make([]byte, 1000)
	for i := range 1000 {
		d.PutRow(1, key.AppendInt64(nil, int64(i)), value)
	}
	d.PutRow(1, key.AppendInt64(nil, 5), []byte("again"))
	if err := d.Flush(); err != nil {
		t.Fatal(err)
	}
	if steps := db.Stats().Seq - before; steps < 5 {
		t.Errorf("1 MB in %d transactions of at most %d bytes", steps, db.MaxBatch())
	}
	v := db.View()
	defer v.Close()
	if b, err := v.Row(1, key.AppendInt64(nil, 5)); string(b) != "again" || err != nil {
		t.Errorf("%q, %v", b, err)
	}
	if err := d.Flush(); err != nil {
		t.Errorf("an empty flush: %v", err)
	}
}

// Readers see commits whole while commits, derived state and drops go on.
func TestReadersSeeWholeCommitsMeanwhile(t *testing.T) {
	db := open(t, t.TempDir(), small)
	fillSome(t, db)
	var wg sync.WaitGroup
	stop := make(chan struct{})
	for range 3 {
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				v := db.View()
				a, err1 := v.Meta("pair a")
				blocks := 0
				err2 := v.ScanLog(1, 1000, func(int64, uint64, []byte) error { blocks++; return nil })
				b, err3 := v.Meta("pair b")
				v.Close()
				if err := errors.Join(err1, err2, err3); err != nil || string(a) != string(b) || a != nil && fmt.Sprint(blocks) != string(a) {
					t.Errorf("a %q, b %q, %d blocks, %v", a, b, blocks, err)
					return
				}
			}
		})
	}
	wg.Go(func() {
		d := db.NewDerived()
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
			}
			d.PutRoot(entity(1, fmt.Sprint(i), 1), make([]byte, 200))
			if i%50 == 0 {
				if err := errors.Join(d.Flush(), db.DropGroup(1, 1)); err != nil {
					t.Error(err)
					return
				}
			}
		}
	})
	b := db.NewBatch()
	for n := 1; n <= 150; n++ {
		b.PutMeta("pair a", fmt.Append(nil, n))
		b.Log(1, 1000+int64(n), make([]byte, 10_000))
		b.PutMeta("pair b", fmt.Append(nil, n))
		mustCommit(t, db, b)
	}
	close(stop)
	wg.Wait()
}
