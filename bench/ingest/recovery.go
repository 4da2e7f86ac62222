package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/asofdb/asof/bench/service"
)

// How long a start after kill -9 takes depends on how far behind the last checkpoint was, so a size is killed several times, killDistance changes from each other: five of them span the 1.5 million changes after
// which a checkpoint begins. Every process reads on from where the last one was killed. The files are in the page cache, as they are after a crash of the process and are not after one of the machine.
const killDistance = 300_000

// killPoints are the changes at which a run is killed.
func killPoints(sizes string, kills int) (points []int, err error) {
	for text := range strings.SplitSeq(sizes, ",") {
		n, err := strconv.Atoi(text)
		if err != nil || n <= 0 || kills <= 0 {
			return nil, fmt.Errorf("--recovery %s --kills %d: there must be changes, and kills", sizes, kills)
		}
		for k := range kills {
			points = append(points, n+k*killDistance)
		}
	}
	if !slices.IsSorted(points) {
		return nil, fmt.Errorf("--recovery %s: smaller numbers come first, and %d kills are %d changes from each other", sizes, kills, killDistance)
	}
	return points, nil
}

const recoveryHeader = `| regime | changes | replayed at most | kill -9 to first answer | peak RSS until then | disk MB |
|---|---|---|---|---|---|`

// victim is what a process says of itself: when it has its first answer, and when it is to be killed.
type victim struct {
	Recovery time.Duration
	Changes  int64
	Replay   int64 // what a crash would make the next start replay
}

// measureRecovery runs one process after the other, kills each at its point, and prints how long its successor took.
func (c config) measureRecovery(points []int) {
	var killed victim
	for i := range len(points) + 1 {
		c.KillAt = 0 // the last is killed at once
		if i < len(points) {
			c.KillAt = points[i]
		}
		p := c.start("victim")
		said := json.NewDecoder(p.out)
		var first victim
		check(said.Decode(&first))
		if i > 0 {
			peak := peakRSS(p.Process.Pid)
			disk, err := service.DiskBytes(c.Dir)
			check(err)
			fmt.Printf("| %c | %d | %d | %.2f s | %d MB | %d |\n", c.Regime, killed.Changes, killed.Replay, first.Recovery.Seconds(), peak>>20, disk>>20)
		}
		if c.KillAt > 0 {
			check(said.Decode(&killed))
		}
		check(p.Process.Signal(syscall.SIGKILL))
		_ = p.Wait() // it says that it was killed
	}
}

// awaitKill opens the data directory, says how long that took until the first answer, reads on, and says so when it is to be killed.
func (c config) awaitKill() {
	began := time.Now()
	e := c.open()
	out := json.NewEncoder(os.Stdout)
	if len(e.Status().Sources) == 0 {
		c.begin(e)
		check(out.Encode(victim{}))
	} else {
		c.firstAnswer(e)
		check(out.Encode(victim{Recovery: time.Since(began)}))
		go func() { check(e.Exec(context.Background(), "ALTER SOURCE orders RESUME")) }() // returns at the end of the file
	}
	for c.KillAt > 0 {
		s := e.Status()
		if n := s.Sources[0].Changes; n >= int64(c.KillAt) {
			check(out.Encode(victim{Changes: n, Replay: s.ReplayChanges}))
			break
		}
		time.Sleep(time.Millisecond)
	}
	select {} // until it comes
}

// peakRSS is the most memory that a process has had resident, in bytes.
func peakRSS(pid int) int64 {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	check(err)
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kb, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			check(err)
			return kb << 10
		}
	}
	return 0
}
