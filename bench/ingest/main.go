// Command ingest measures the way in and the reads of one feature: changes a second from a file until they are durable and readable, disk bytes
// a change, memory, recovery after kill -9, and the latency of reads, for the regimes of package workload.
//
//	go run ./bench/ingest [--short] [--regimes ABC] [--changes 10000000]
//	go run ./bench/ingest --recovery 10000000,50000000 [--kills 5]    # only how long a start after kill -9 takes (recovery.go)
//
// It prints a table in Markdown. Every regime runs in processes of its own, so that peak memory is that of one run.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/asofdb/asof/bench/service"
	"github.com/asofdb/asof/bench/workload"
)

type config struct {
	Changes   int
	Customers int
	Regime    workload.Regime
	Dir       string // the data directory
	File      string // the workload
	Lookups   int
	Profile   string
	KillAt    int // how many changes a victim reads
}

// result is what the measuring process reports.
type result struct {
	Ingest    time.Duration // CREATE SOURCE until the last change is readable through the feature
	Close     time.Duration
	DiskBytes int64
	Open      time.Duration // after an orderly close, until the first answer
	Uniform   percentiles
	Zipf      percentiles
	Scan      time.Duration
	Entities  int
	MaxRSS    int64         // bytes
	Recovery  time.Duration // after kill -9, until the first answer
}

type percentiles struct{ P50, P99 time.Duration }

func main() {
	short := flag.Bool("short", false, "300,000 changes of 100,000 customers: under two minutes")
	changes := flag.Int("changes", 10_000_000, "changes in the workload")
	customers := flag.Int("customers", 1_000_000, "customers in the workload")
	regimes := flag.String("regimes", "ABC", "which regimes to run")
	keep := flag.String("keep", "", "a folder for workload files that is kept, so that they need not be made again")
	recovery := flag.String("recovery", "", "measure nothing but recovery, when so many changes have been read; numbers with commas in between")
	kills := flag.Int("kills", 5, "how often each --recovery is killed, within the distance of two checkpoints")
	profile := flag.String("cpuprofile", "", "write a CPU profile of each regime's ingest to this path plus the regime")
	child := flag.String("child", "", "used by the program itself")
	flag.Parse()
	if *child != "" {
		runChild(*child)
		return
	}
	if *short {
		*changes, *customers = 300_000, 100_000
	}
	work, err := os.MkdirTemp("", "asof-bench-")
	check(err)
	defer os.RemoveAll(work)
	files := work
	if *keep != "" {
		files = *keep
		check(os.MkdirAll(files, 0o755))
	}
	if bad := strings.Trim(*regimes, "ABC"); bad != "" || *regimes == "" {
		log.Fatalf("--regimes %q: there are A, B and C, as in --regimes AC", *regimes)
	}
	var points []int
	if *recovery != "" {
		points, err = killPoints(*recovery, *kills)
		check(err)
		*changes = points[len(points)-1] + killDistance
	}
	fmt.Printf("%d changes, %d customers, Zipf %.1f; %s, %d cores, %s\n\n", *changes, *customers, workload.Exponent, cpu(), runtime.NumCPU(), runtime.Version())
	if points == nil {
		fmt.Println(header)
	} else {
		fmt.Println(recoveryHeader)
	}
	for _, r := range *regimes {
		c := config{Changes: *changes, Customers: *customers, Regime: workload.Regime(r), Dir: filepath.Join(work, string(r)), Lookups: 20_000}
		c.File = filepath.Join(files, fmt.Sprintf("%c-%d-%d.ndjson", r, c.Changes, c.Customers))
		if *profile != "" {
			c.Profile = *profile + string(r)
		}
		c.write()
		if points == nil {
			fmt.Println(c.measureAll().row(c))
		} else {
			c.measureRecovery(points)
		}
		check(os.RemoveAll(c.Dir))
		if *keep == "" {
			check(os.Remove(c.File)) // tens of gigabytes
		}
	}
}

const header = `| regime | changes/s | disk B/change | peak RSS | kill -9 to first answer | open to first answer | Lookup uniform p50 / p99 | Lookup Zipf p50 / p99 | all entities |
|---|---|---|---|---|---|---|---|---|`

func (r result) row(c config) string {
	return fmt.Sprintf("| %c | %.0f K | %.0f | %d MB | %.1f s | %.1f s | %.1f / %.1f µs | %.1f / %.0f µs | %.1f s for %d |",
		c.Regime, float64(c.Changes)/r.Ingest.Seconds()/1000, float64(r.DiskBytes)/float64(c.Changes), r.MaxRSS>>20,
		r.Recovery.Seconds(), r.Open.Seconds(), micros(r.Uniform.P50), micros(r.Uniform.P99), micros(r.Zipf.P50), micros(r.Zipf.P99), r.Scan.Seconds(), r.Entities)
}

func micros(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1000 }

// write makes the workload if it is not there.
func (c config) write() {
	if _, err := os.Stat(c.File); err == nil {
		return
	}
	f, err := os.Create(c.File)
	check(err)
	check(workload.Write(f, workload.Spec{Regime: c.Regime, Changes: c.Changes, Customers: c.Customers, Seed: 1, Span: 40 * 24 * time.Hour}))
	check(f.Close())
}

// measureAll measures one undisturbed run, and then one that is killed.
func (c config) measureAll() result {
	var r result
	cmd := c.start("measure")
	check(json.NewDecoder(cmd.out).Decode(&r))
	check(cmd.Wait())
	r.MaxRSS = cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss << 10
	var err error
	r.DiskBytes, err = service.DiskBytes(c.Dir)
	check(err)
	check(os.RemoveAll(c.Dir))

	// Killed when some two thirds have been read, judged by the time the whole took.
	c.Profile = ""
	victim := c.start("measure")
	time.Sleep(r.Ingest * 2 / 3)
	check(victim.Process.Signal(syscall.SIGKILL))
	victim.Wait()
	survivor := c.start("recover")
	var after result
	check(json.NewDecoder(survivor.out).Decode(&after))
	check(survivor.Wait())
	r.Recovery = after.Recovery
	return r
}

type process struct {
	*exec.Cmd
	out interface{ Read([]byte) (int, error) }
}

func (c config) start(what string) process {
	arg, err := json.Marshal(c)
	check(err)
	self, err := os.Executable()
	check(err)
	cmd := exec.Command(self, "--child", what+string(arg))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	check(err)
	check(cmd.Start())
	return process{cmd, out}
}

func cpu() string {
	b, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(b)) {
		if name, ok := strings.CutPrefix(line, "model name"); ok {
			return strings.TrimSpace(strings.TrimLeft(name, "\t :"))
		}
	}
	return runtime.GOARCH
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
