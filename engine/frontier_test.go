package engine

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"
)

// Every block of testdata/timeline tells a timeline of its own, a line at a time, in microseconds. Its lines:
//
//	row 100 tx=7             a change of the source, committed at 100
//	snapshot 100             a row of the initial snapshot
//	other 100 tx=7           a change of another table
//	heartbeat 200            the connector's clock
//	begin tx=7, end 100 tx=7 transaction metadata
//	snapshot ended           its last row was read
//	batch                    a commit while more is at hand
//	silent, final            the end of the input: close_after has passed; nothing will follow
//	clock 500 lag=50         the end of a live source's input at that time of the wall clock; silent or not, as the word before says
func TestTimeline(t *testing.T) {
	datadriven.Walk(t, filepath.Join("testdata", "timeline"), func(t *testing.T, path string) {
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			tl := newTimeline()
			var b strings.Builder
			for line := range strings.Lines(d.Input) {
				line = strings.TrimSpace(line)
				b.WriteString(strings.TrimRight(fmt.Sprintf("%-24s %s", line, tellTimeline(&tl, line)), " ") + "\n")
			}
			return b.String()
		})
	})
}

// tellTimeline does what a line says and returns what came of it.
func tellTimeline(t *timeline, line string) string {
	words := strings.Fields(line)
	number := func(i int) int64 {
		if i >= len(words) {
			return NoTime
		}
		n, err := strconv.ParseInt(words[i], 10, 64)
		if err != nil {
			return NoTime
		}
		return n
	}
	named := map[string]int64{}
	for _, w := range words {
		if name, value, ok := strings.Cut(w, "="); ok {
			named[name], _ = strconv.ParseInt(value, 10, 64)
		}
	}
	frontier := func(ev evidence, clock bool) string {
		f := t.bound(ev, clock, named["lag"])
		if f == NoTime {
			return "F none"
		}
		return fmt.Sprintf("F %d", f)
	}
	switch words[0] {
	case "snapshot":
		if words[1] == "ended" {
			t.endSnapshot()
			return frontier(evidence{}, false)
		}
		if t.Snapshot == noSnapshot {
			t.Snapshot, t.SnapshotAt = snapshotRunning, number(1)
		}
		fallthrough
	case "row":
		c, shifted, inverted := t.assign(number(1), named["tx"])
		out := fmt.Sprintf("c %d", c)
		if shifted > 0 {
			out += fmt.Sprintf(" shifted by %d", shifted)
		}
		if inverted {
			out += " inverted"
		}
		if t.Split {
			out += " split"
		}
		return out
	case "other":
		t.observe(number(1), named["tx"])
		return ""
	case "heartbeat":
		t.heartbeat(number(1))
		return ""
	case "begin":
		t.begin(named["tx"], NoTime)
		return ""
	case "end":
		t.end(named["tx"], number(1))
		return ""
	case "batch":
		return frontier(evidence{}, false)
	case "silent":
		if len(words) > 1 {
			return frontier(evidence{atEnd: true, silent: true, polled: number(2)}, true)
		}
		return frontier(evidence{atEnd: true, silent: true}, false)
	case "final":
		return frontier(evidence{atEnd: true, final: true}, false)
	case "clock":
		return frontier(evidence{atEnd: true, polled: number(1)}, true)
	default:
		return "what?"
	}
}

// Whatever is read in whatever order and however it is cut into batches: no change gets a c that readers were told is complete, the order of the log is that of c, the
// frontier never goes back, and rows that follow one another in a transaction are seen together unless something has closed it between them.
func TestTimelineKeepsItsPromises(t *testing.T) {
	for seed := range uint64(400) {
		rng := rand.New(rand.NewPCG(seed, 1))
		tl := newTimeline()
		now, tx, lastC, lastTx := int64(1000), int64(1), NoTime, int64(-1)
		commit := now                // of the transaction
		lastF, over := NoTime, false // over: something says that the transaction of the last change is
		for range 200 {
			switch rng.IntN(12) {
			case 0:
				clock := now + rng.Int64N(30) - 10
				over = over || clock > tl.Newest
				tl.heartbeat(clock)
			case 1:
				commit := now - rng.Int64N(5)
				over = over || commit > lastC
				tl.observe(commit, 0)
			case 2, 3:
				ev := evidence{atEnd: rng.IntN(2) == 0, polled: now + 5, silent: rng.IntN(3) == 0, final: rng.IntN(20) == 0}
				over = over || ev.silent || ev.final
				f := tl.bound(ev, rng.IntN(2) == 0, rng.Int64N(20))
				if f < lastF {
					t.Fatalf("seed %d: F went back from %d to %d", seed, lastF, f)
				}
				if lastC != NoTime && f >= lastC && !over {
					t.Fatalf("seed %d: F %d has reached c %d, and nothing says that its transaction is over", seed, f, lastC)
				}
				lastF = f
			default:
				if rng.IntN(3) == 0 {
					now += rng.Int64N(20)
				}
				if rng.IntN(3) == 0 {
					tx++
				}
				if tx != lastTx {
					commit = now - rng.Int64N(3)*rng.Int64N(15)
				}
				f := tl.Frontier
				c, shifted, _ := tl.assign(commit, tx)
				switch {
				case f != NoTime && c <= f:
					t.Fatalf("seed %d: c %d is not after F %d", seed, c, f)
				case c < lastC:
					t.Fatalf("seed %d: c %d follows %d", seed, c, lastC)
				case c < commit:
					t.Fatalf("seed %d: c %d is before its commit %d", seed, c, commit)
				case shifted < 0 || shifted > c-commit:
					t.Fatalf("seed %d: commit %d, c %d, shifted by %d", seed, commit, c, shifted)
				}
				if tx == lastTx && !over && c != lastC {
					t.Fatalf("seed %d: the rows of transaction %d have c %d and %d", seed, tx, lastC, c)
				}
				lastC, lastTx, over = c, tx, false
			}
		}
	}
}

func TestIdleLag(t *testing.T) {
	start := time.Date(2025, 5, 20, 12, 0, 0, 0, time.UTC)
	at := func(d time.Duration) time.Time { return start.Add(d) }
	var d delays
	want := func(when, lag time.Duration) {
		t.Helper()
		if got := d.lag(at(when)); got != lag {
			t.Errorf("after %s: %s instead of %s", when, got, lag)
		}
	}
	want(0, minIdleLag)
	d.add(at(0), 100*time.Millisecond)
	want(time.Second, minIdleLag) // twice as much is less than the least
	d.add(at(10*time.Second), 1500*time.Millisecond)
	d.add(at(20*time.Second), 20*time.Millisecond)
	want(30*time.Second, 3*time.Second)
	want(9*time.Minute+59*time.Second, 3*time.Second)
	want(10*time.Minute, minIdleLag) // it is forgotten after ten minutes
	d.add(at(11*time.Minute), time.Hour)
	want(11*time.Minute, maxIdleLag)
	d.add(at(21*time.Minute), 400*time.Millisecond)
	want(21*time.Minute, 800*time.Millisecond)
	d.add(time.Unix(-1e9, 0), time.Second) // a clock that is very wrong
}
