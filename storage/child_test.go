package storage

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/dgraph-io/badger/v4"

	"github.com/asofdb/asof/storage/key"
)

// childVariable names the directory in which the test binary, run again, commits until it is killed.
const childVariable = "ASOF_STORAGE_TEST_CHILD"

// childOptions rotate memtables every few hundred commits.
var childOptions = Options{MemTableSize: 1 << 20, MinFree: -1, Owner: "the child"}

// runChild commits numbered commits, the next ones after those that are there, and prints the number of each once it is acknowledged.
// Commit n sets meta last to n and logs two blocks that say n; after it row n is derived, in order.
func runChild() {
	if err := child(os.Getenv(childVariable)); err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
}

func child(dir string) error {
	db, err := Open(dir, childOptions)
	if err != nil {
		return err
	}
	last, err := lastCommit(db)
	if err != nil {
		return err
	}
	fmt.Println("open")
	filler := []byte(strings.Repeat("0123456789abcdef", 200))
	for n := last + 1; ; n++ {
		b := db.NewBatch()
		if n == 1 {
			b.AddSource(1)
		}
		b.Log(1, int64(n), append(fmt.Appendf(nil, "%d first ", n), filler...))
		b.PutMeta("last", fmt.Append(nil, n))
		b.Log(1, int64(n), append(fmt.Appendf(nil, "%d second ", n), filler...))
		if _, err := db.Commit(b); err != nil {
			return err
		}
		fmt.Println(n)
		d := db.NewDerived()
		d.PutRow(1, key.AppendInt64(nil, int64(n)), fmt.Append(nil, n))
		if err := d.Flush(); err != nil {
			return err
		}
	}
}

func lastCommit(db *DB) (n int, err error) {
	v := db.View()
	defer v.Close()
	b, err := v.Meta("last")
	if err != nil || b == nil {
		return 0, err
	}
	_, err = fmt.Sscan(string(b), &n)
	return n, err
}

// checkCommits verifies what a child that was killed has left, and returns the number of its last commit.
func checkCommits(t *testing.T, dir string) int {
	t.Helper()
	db, err := Open(dir, childOptions)
	if err != nil {
		t.Fatalf("open after the kill: %v", err)
	}
	defer closeDB(t, db)
	last, err := lastCommit(db)
	if err != nil {
		t.Fatal(err)
	}
	if last == 0 {
		return 0
	}
	v := db.View()
	defer v.Close()
	var blocks []string
	if err := v.ScanLog(1, 0, func(c int64, _ uint64, block []byte) error {
		words := strings.Fields(string(block[:20]))
		blocks = append(blocks, fmt.Sprint(c, " ", words[0], " ", words[1]))
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	for i, got := range blocks {
		n := i/2 + 1
		if want := fmt.Sprint(n, " ", n, " ", []string{"first", "second"}[i%2]); got != want {
			t.Fatalf("block %d of %d is %q, want %q", i, len(blocks), got, want)
		}
	}
	if len(blocks) != 2*last {
		t.Fatalf("%d blocks of %d commits", len(blocks), last)
	}
	// Every child derives the rows of its own commits, so that only the last of a child may be missing.
	rows := 0
	if err := v.ScanRows(1, func(_, value []byte) error { rows++; return nil }); err != nil {
		t.Fatal(err)
	}
	if rows > last {
		t.Fatalf("%d rows of %d commits", rows, last)
	}
	return last
}

// killAfter starts a child, kills it after d, and returns the last commit that it acknowledged, or at least the one it began with.
func killAfter(t *testing.T, dir string, d time.Duration) (acked int) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), childVariable+"="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	timer := time.AfterFunc(d, func() { cmd.Process.Kill() })
	defer timer.Stop()
	lines := bufio.NewReader(out)
	for {
		line, err := lines.ReadString('\n')
		if errors.Is(err, io.EOF) {
			break
		}
		if strings.HasPrefix(line, "error") {
			t.Errorf("the child: %s", line)
		}
		fmt.Sscan(line, &acked)
	}
	var exit *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		t.Errorf("the child ended with %v before it was killed", err)
	}
	return acked
}

// F01 and F04: kills at random moments, during opening too; nothing acknowledged is lost and nothing is there in part.
func TestF01KillsLoseNothing(t *testing.T) {
	dir := t.TempDir()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 0))
	kills, least := 30, 0
	for n := 0; n < kills || least < kills && n < 10*kills; n++ { // a slow machine kills more often before it has seen enough
		limit := 200
		if rnd.IntN(4) == 0 {
			limit = 40 // mostly while it opens
		}
		acked := killAfter(t, dir, time.Duration(1+rnd.IntN(limit))*time.Millisecond)
		last := checkCommits(t, dir)
		if last < max(acked, least) {
			t.Fatalf("the last commit is %d; %d was acknowledged, %d was there", last, acked, least)
		}
		least = last
	}
	if least < kills {
		t.Errorf("only %d commits in %d runs: the kills came too early to show anything", least, kills)
	}
	t.Logf("%d commits", least)
}

// F04: killed again and again while it recovers, without ever being closed in order between.
func TestF04KillsDuringRecovery(t *testing.T) {
	dir := t.TempDir()
	acked := killAfter(t, dir, 400*time.Millisecond)
	for i := range 10 {
		acked = max(acked, killAfter(t, dir, time.Duration(5+3*i)*time.Millisecond))
	}
	if last := checkCommits(t, dir); last < acked {
		t.Fatalf("the last commit is %d, %d was acknowledged", last, acked)
	}
}

// F12: the second opener learns who the first one is; a lock that a killed process has left does not matter.
func TestF12OneProcessAtATime(t *testing.T) {
	dir := t.TempDir()
	cmd := exec.Command(os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), childVariable+"="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "open\n" {
		t.Fatalf("%q, %v", line, err)
	}
	go io.Copy(io.Discard, out)
	refuse := func(what string) {
		t.Helper()
		var locked *LockedError
		if _, err := Open(dir, small); !errors.As(err, &locked) || locked.PID != cmd.Process.Pid || locked.Owner != "the child" || locked.Dir != dir {
			t.Errorf("%s: %v, the child is %d", what, err, cmd.Process.Pid)
		}
	}
	refuse("while the child runs")
	text, err := os.ReadFile(dir + "/" + lockFile)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(dir + "/" + lockFile); err != nil {
		t.Fatal(err)
	}
	var locked *LockedError
	if _, err := Open(dir, small); !errors.As(err, &locked) || locked.PID != 0 {
		t.Errorf("after the LOCK file was removed by hand: %v", err)
	}
	if err := os.WriteFile(dir+"/"+lockFile, text, 0o600); err != nil {
		t.Fatal(err)
	}
	refuse("once it is back")
	cmd.Process.Kill()
	cmd.Wait()
	if _, err := os.Stat(dir + "/" + lockFile); err != nil {
		t.Errorf("the killed child left no LOCK file: %v", err)
	}
	closeDB(t, open(t, dir, small))
}

func badgerKeysOnly(s space) badger.IteratorOptions {
	return badger.IteratorOptions{Prefix: prefix(s)}
}
