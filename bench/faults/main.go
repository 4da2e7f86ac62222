// Command faults kills a running engine, again and again, and holds what it says afterwards against what it said before.
//
//	go run ./bench/faults --kills 1000 --seed 7
//	go run ./bench/faults --power-cuts 100 --seed 7
//
// A child process has a data directory open: it follows a file of Debezium records, declares features while the data flows, commits and flushes in tiny pieces, and
// answers questions about the past all the time. The parent appends transactions to the file, keeps every final answer that it was given, and ends
// the child with SIGKILL when it likes: under load, during recovery (several times in a row), during the backfill of a feature, while a feature is replaced, while the
// child closes. What it demands:
//
//  1. An answer never changes: a sample of all answers ever given is asked again after each start, and must be the same to the byte. So must they be in two
//     copies of the directory taken after a kill, each opened twice.
//  2. The frontier never goes back.
//  3. In the end every transaction counts exactly once: all features at many moments, the source's rows, the counters and the rejects are those of the naive model.
//
// With --power-cuts the data directory is on a disk in memory, and it is this disk that ends: what the child had not synced by then is gone, or there in pieces. The parent and what it
// keeps are elsewhere. The demands are the same.
//
// Transactions, features and kills follow from the seed; the moment at which a signal meets the child does not. A failure names the seed and the kill, and keeps the directory.
package main

import (
	"flag"
	"fmt"
	"os"
	"time"
)

func main() {
	if os.Getenv(childVariable) != "" {
		runChild()
		return
	}
	var o options
	flag.IntVar(&o.kills, "kills", 200, "how often the child is killed")
	cuts := flag.Int("power-cuts", 0, "how often the power of the child's disk is cut instead; takes a superuser")
	flag.Uint64Var(&o.seed, "seed", uint64(time.Now().Unix()), "the first run's seed; a run has at most 100 kills, the next one the seed after it, and every fourth is of a live source with late transactions")
	flag.StringVar(&o.parent, "dir", os.TempDir(), "where the data directories are made")
	verbose := flag.Bool("v", false, "tell about each kill")
	flag.Parse()
	if *verbose {
		o.tell = func(format string, args ...any) { fmt.Printf(format+"\n", args...) }
	}
	if *cuts > 0 {
		o.kills, o.power = *cuts, true
	}
	began := time.Now()
	killed, err := runs(o)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	what := "kills"
	if o.power {
		what = "power cuts"
	}
	fmt.Printf("%d %s in %s: nothing lost, nothing counted twice, no answer changed\n", killed, what, time.Since(began).Round(time.Second))
}

// killsPerRun bounds one run: what is asked again grows with it.
const killsPerRun = 100

// runs plays as many runs as it takes, each with a directory and a seed of its own, and returns the number of kills.
func runs(o options) (killed int, err error) {
	for left := o.kills; left > 0; left -= killsPerRun {
		o.kills, o.live, o.kafka = min(left, killsPerRun), o.seed%4 == 3, o.seed%4 == 1
		r, err := play(o)
		if err != nil {
			return killed, err
		}
		fmt.Println(r)
		killed += r.killed()
		o.seed++
	}
	return killed, nil
}
