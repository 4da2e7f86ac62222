package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/asofdb/asof/connectors"
	"github.com/asofdb/asof/engine"
)

// onDisk is an engine whose data directory is on a disk of its own, and a file elsewhere that it follows.
type onDisk struct {
	*testing.T
	disk *disk
	eng  *engine.Engine
	path string
	rows int

	mu      sync.Mutex // guards notices
	notices []string
}

func newOnDisk(t *testing.T) *onDisk {
	t.Helper()
	mustMount(t)
	d, err := newDisk(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.close(); err != nil {
			t.Error(err)
		}
	})
	w := &onDisk{T: t, disk: d, path: filepath.Join(t.TempDir(), "t.ndjson")}
	w.write(100)
	if w.eng, err = engine.Open(filepath.Join(d.mounted, "data"), engine.Options{Connectors: connectors.Default(), BatchChanges: 50, Notice: func(n engine.Notice) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.notices = append(w.notices, n.Message)
	}}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.eng.Close(); err != nil {
			t.Error(err)
		}
	})
	err = w.eng.Exec(t.Context(), "CREATE SOURCE t (id BIGINT PRIMARY KEY, k TEXT) WITH (connector = 'file', path = '"+w.path+"', follow = 'true') FORMAT DEBEZIUM ENCODE JSON; CREATE FEATURE f ENTITY k (k) AS SELECT k, COUNT(*) AS n FROM t GROUP BY k")
	if err != nil {
		t.Fatal(err)
	}
	w.await(w.rows)
	return w
}

func (w *onDisk) write(n int) {
	w.Helper()
	f, err := os.OpenFile(w.path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		w.Fatal(err)
	}
	defer f.Close()
	for range n {
		w.rows++
		if _, err := fmt.Fprintf(f, `{"op":"c","before":null,"after":{"id":%d,"k":"one"},"source":{"ts_us":%d,"txId":%d,"lsn":%d}}`+"\n", w.rows, 1_700_000_000_000_000+w.rows, w.rows, w.rows); err != nil {
			w.Fatal(err)
		}
	}
}

func (w *onDisk) count() (n int64) {
	w.Helper()
	row, err := w.eng.Lookup(w.Context(), "f", "one")
	if err != nil {
		w.Fatal(err)
	}
	return row[1].I
}

func (w *onDisk) await(rows int) {
	w.Helper()
	w.until(fmt.Sprint(rows, " rows"), func() bool { return w.count() == int64(rows) })
}

func (w *onDisk) until(what string, cond func() bool) {
	w.Helper()
	ctx, cancel := context.WithTimeout(w.Context(), time.Minute)
	defer cancel()
	for !cond() {
		select {
		case <-ctx.Done():
			w.Fatalf("%s: there are %d", what, w.count())
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func (w *onDisk) noticed(part string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, n := range w.notices {
		if strings.Contains(n, part) {
			return true
		}
	}
	return false
}

// TestF08TheDiskFillsUp fills the disk while changes come: reading goes on, ingest waits and says why, and goes on by itself once there is space; nothing is lost and the process stays.
func TestF08TheDiskFillsUp(t *testing.T) {
	w := newOnDisk(t)
	before := w.rows
	var st syscall.Statfs_t
	if err := syscall.Statfs(w.disk.mounted, &st); err != nil {
		t.Fatal(err)
	}
	const left = 100 << 20 // less than what must stay free
	filler := filepath.Join(w.disk.mounted, "filler")
	if err := command("fallocate", "-l", fmt.Sprint(int64(st.Bavail)*st.Bsize-left), filler); err != nil {
		t.Fatal(err)
	}
	w.write(1000)
	w.until("the notice of a full disk", func() bool { return w.noticed("the disk is full") })
	if n := w.count(); n != int64(before) {
		t.Errorf("%d rows are read on a full disk, %d before", n, before)
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	w.await(w.rows)
}

// TestF10TheDiskStandsStill freezes the disk for a while, as a stalled one would: what is written waits, readers are answered, and everything goes on when the disk does.
func TestF10TheDiskStandsStill(t *testing.T) {
	w := newOnDisk(t)
	before := w.rows
	if err := command("fsfreeze", "--freeze", w.disk.mounted); err != nil {
		t.Fatal(err)
	}
	frozen := true
	thaw := func() {
		if frozen {
			frozen = false
			if err := command("fsfreeze", "--unfreeze", w.disk.mounted); err != nil {
				t.Error(err)
			}
		}
	}
	defer thaw()
	w.write(1000)
	for began := time.Now(); time.Since(began) < 2*time.Second; time.Sleep(time.Millisecond) {
		if n := w.count(); n > int64(w.rows) || n < int64(before) {
			t.Fatalf("%d rows are read while the disk stands still", n)
		}
	}
	stuck := w.count()
	thaw()
	w.await(w.rows)
	if stuck == int64(w.rows) {
		t.Error("everything was written to a disk that stood still")
	}
}
