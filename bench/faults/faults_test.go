package main

import (
	"flag"
	"os"
	"testing"
)

var (
	seed  = flag.Uint64("seed", 1, "the first run's seed")
	kills = flag.Int("kills", 60, "how often a child is killed")
	cuts  = flag.Int("power-cuts", 16, "how often a child's disk loses its power")
)

func TestMain(m *testing.M) {
	if os.Getenv(childVariable) != "" {
		runChild()
		return
	}
	os.Exit(m.Run())
}

// TestNothingIsLostAndNothingCountsTwice kills children over one history whose commit times grow, which is compared with the naive model in the end,
// and over a live one with late transactions.
func TestNothingIsLostAndNothingCountsTwice(t *testing.T) {
	n := *kills
	if testing.Short() {
		n /= 6
	}
	for _, o := range []options{{kills: n * 2 / 3, seed: *seed, live: false}, {kills: n - n*2/3, seed: *seed + 1, live: true}} {
		o.parent, o.tell = directory(t), t.Logf
		r, err := play(o)
		if err != nil {
			t.Fatal(err)
		}
		t.Log(r)
	}
}

// TestNothingIsLostFromKafka kills children that read a topic of several partitions: one silent, one three seconds late, one added on the way, transactions spread over all of them and sent
// again under new offsets. Nothing is shifted, and everything counts once.
func TestNothingIsLostFromKafka(t *testing.T) {
	n := *kills / 4
	if testing.Short() {
		n /= 4
	}
	r, err := play(options{kills: n, seed: *seed + 20, kafka: true, parent: directory(t), tell: t.Logf})
	if err != nil {
		t.Fatal(err)
	}
	t.Log(r)
}

// TestF02F03PowerCuts cuts the power of the children's disk instead: what was not synced is gone, or, of every other cut, there in part, sector by sector.
func TestF02F03PowerCuts(t *testing.T) {
	n := *cuts
	if testing.Short() {
		n /= 4
	}
	mustMount(t)
	for _, o := range []options{{kills: n * 3 / 4, seed: *seed + 10, live: false}, {kills: n - n*3/4, seed: *seed + 11, live: true}} {
		o.power, o.parent, o.tell = true, directory(t), t.Logf
		r, err := play(o)
		if err != nil {
			t.Fatal(err)
		}
		t.Log(r)
	}
}

// mustMount skips a test where no disk can be made, unless it is CI's, whose machine must be able to.
func mustMount(t *testing.T) {
	t.Helper()
	d, err := newDisk(t.TempDir())
	if err == nil {
		err = d.close()
	}
	switch {
	case err == nil:
	case os.Getenv("CI") != "":
		t.Fatal(err)
	default:
		t.Skip("a disk whose power can be cut takes a superuser, ext4 and a loop device: ", err)
	}
}

// directory is where data directories are made: what ASOF_FAULTS_DIR says, else in memory where there is such a file system, for a process that is killed
// leaves to its files what it had written, on any of them, and a machine's disk may be slow.
func directory(t *testing.T) string {
	if dir := os.Getenv("ASOF_FAULTS_DIR"); dir != "" {
		return dir
	}
	dir, err := os.MkdirTemp("/dev/shm", "asof-faults-test-")
	if err != nil {
		return os.TempDir()
	}
	t.Cleanup(func() { _ = os.Remove(dir) }) // it stays while something in it was kept
	return dir
}
