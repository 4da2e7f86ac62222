package storage

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func backup(t *testing.T, db *DB) ([]byte, BackupInfo) {
	t.Helper()
	var b bytes.Buffer
	info, err := db.Backup(t.Context(), &b)
	if err != nil {
		t.Fatal(err)
	}
	if info.Bytes != int64(b.Len()) {
		t.Errorf("%d bytes, and %d are told", b.Len(), info.Bytes)
	}
	return b.Bytes(), info
}

// What is restored is what was there, goes on from it, and can be backed up again to the same bytes.
func TestABackupIsRestored(t *testing.T) {
	db := open(t, t.TempDir(), small)
	fillSome(t, db)
	for i := range 2000 { // the chain's first links are let go
		b := db.NewBatch()
		b.PutMeta(fmt.Sprintf("filler/%d", i%7), bytes.Repeat([]byte{byte(i)}, 3000))
		mustCommit(t, db, b)
	}
	want := dump(t, db)
	made, info := backup(t, db)
	checked, err := CheckBackup(bytes.NewReader(made))
	if err != nil || checked != info {
		t.Fatalf("checked %+v instead of %+v, %v", checked, info, err)
	}
	dir := filepath.Join(t.TempDir(), "restored")
	restored, err := Restore(t.Context(), dir, bytes.NewReader(made), small)
	if err != nil || restored != info {
		t.Fatalf("restored %+v instead of %+v, %v", restored, info, err)
	}
	for range 2 {
		again := open(t, dir, small)
		if got := dump(t, again); got != want {
			t.Errorf("restored\n%s\nwant\n%s", got, want)
		}
		second, _ := backup(t, again)
		if !bytes.Equal(second, made) {
			t.Errorf("a backup of it has other bytes: %d and %d", len(second), len(made))
		}
		closeDB(t, again)
	}
	again := open(t, dir, small)
	b := again.NewBatch()
	b.PutMeta("after", []byte("x"))
	if seq := mustCommit(t, again, b); seq != info.Seq+1 {
		t.Errorf("the next commit is %d behind %d", seq, info.Seq)
	}
	if _, err := Restore(t.Context(), dir, bytes.NewReader(made), small); err == nil || !strings.Contains(err.Error(), "is not empty") {
		t.Errorf("restored over something: %v", err)
	}
}

// A backup is of one moment, whatever is written meanwhile.
func TestF18ABackupUnderLoadIsOneMoment(t *testing.T) {
	db := open(t, t.TempDir(), small)
	pair := func(i int) {
		b := db.NewBatch()
		for j := range 40 {
			b.PutMeta(fmt.Sprintf("pair/%02d", j), []byte(fmt.Sprint(i, strings.Repeat("x", 500))))
		}
		if _, err := db.Commit(b); err != nil {
			t.Error(err)
		}
	}
	pair(0)
	ctx, stop := context.WithCancel(t.Context())
	var load sync.WaitGroup
	load.Go(func() {
		for i := 1; ctx.Err() == nil; i++ {
			pair(i)
		}
	})
	last := uint64(0)
	for n := range 5 {
		made, info := backup(t, db)
		if info.Seq < last {
			t.Errorf("backup %d is of commit %d, one before it of %d", n, info.Seq, last)
		}
		last = info.Seq
		dir := filepath.Join(t.TempDir(), "restored")
		if _, err := Restore(t.Context(), dir, bytes.NewReader(made), small); err != nil {
			t.Fatal(err)
		}
		again := open(t, dir, small)
		v := again.View()
		first := ""
		if err := v.ScanMeta("pair/", func(key string, value []byte) error {
			if first == "" {
				first = string(value)
			}
			if string(value) != first {
				t.Errorf("backup %d: %s is %.10s beside %.10s", n, key, value, first)
			}
			return nil
		}); err != nil {
			t.Error(err)
		}
		v.Close()
		closeDB(t, again)
	}
	stop()
	load.Wait()
}

// Whatever byte of a backup is another, or missing, or added: it is found before anything is written.
func TestDamagedBackupsAreRefused(t *testing.T) {
	db := open(t, t.TempDir(), small)
	b := db.NewBatch()
	b.PutMeta("a", []byte("some value"))
	mustCommit(t, db, b)
	made, _ := backup(t, db)
	dir := filepath.Join(t.TempDir(), "restored")
	refused := func(what string, bytesOf []byte) {
		t.Helper()
		_, err := Restore(t.Context(), dir, bytes.NewReader(bytesOf), small)
		if !errors.Is(err, errBackup) {
			t.Errorf("%s: %v", what, err)
		}
		if entries, _ := os.ReadDir(filepath.Dir(dir)); len(entries) > 0 {
			t.Fatalf("%s: %v is left", what, entries)
		}
	}
	for i := range made {
		flipped := bytes.Clone(made)
		flipped[i] ^= 1 << (i % 8)
		refused(fmt.Sprintf("byte %d flipped", i), flipped)
	}
	for n := range len(made) {
		refused(fmt.Sprintf("cut to %d bytes", n), made[:n])
	}
	refused("a byte more", append(bytes.Clone(made), 0))
}
