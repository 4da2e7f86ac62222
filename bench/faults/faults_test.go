package main

import (
	"flag"
	"os"
	"testing"
)

var (
	seed  = flag.Uint64("seed", 1, "the first run's seed")
	kills = flag.Int("kills", 60, "how often a child is killed")
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
