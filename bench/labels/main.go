// Command labels measures how a training set is made: labels a second of a spine in a Parquet file joined AS OF with a feature of twelve values, drained and
// into a Parquet file, rows a second of the feature's history, and queries like TPC-H's over the source.
//
//	go run ./bench/labels [--short] [--changes 10000000] [--labels 1000000] [--many 10000000] [--keep DIR] [--only labels,history]
//
// It prints a table in Markdown. Every figure is of a process of its own, with its peak memory; the files are in the page cache.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/asofdb/asof/bench/training"
)

// run is one measured statement.
type run struct {
	Kind string // which --only names
	Name string
	SQL  string
	Per  string // what its rows are called
	Spec training.Spec
	// Settings are SET before.
	Settings string
	Profile  string
}

// result is what the measuring process reports.
type result struct {
	Rows   int64
	Took   time.Duration
	CPU    time.Duration // of the process while the statement ran
	MaxRSS int64         // bytes, of the process
}

func main() {
	short := flag.Bool("short", false, "300,000 changes of 100,000 customers and 100,000 labels: under two minutes")
	changes := flag.Int("changes", 10_000_000, "changes in the workload")
	customers := flag.Int("customers", 1_000_000, "customers in the workload")
	labels := flag.Int("labels", 1_000_000, "labels in a spine")
	many := flag.Int("many", 10_000_000, "labels in the spine that shows the memory; 0 leaves it out")
	keep := flag.String("keep", "", "a folder for changes, data directory and spines that is kept, so that they need not be made again")
	only := flag.String("only", "labels,updated,history,many,queries", "what is measured")
	settings := flag.String("set", "", "settings of the session: \"memory_limit = '1GB'\"")
	profile := flag.String("cpuprofile", "", "write a CPU profile of each statement to this path plus a number")
	child := flag.String("child", "", "used by the program itself")
	flag.Parse()
	if *child != "" {
		measureHere(*child)
		return
	}
	if *short {
		*changes, *customers, *labels, *many = 300_000, 100_000, 100_000, 0
	}
	folder := *keep
	if folder == "" {
		var err error
		folder, err = os.MkdirTemp("", "asof-bench-")
		check(err)
		defer os.RemoveAll(folder)
	}
	folder, err := filepath.Abs(folder)
	check(err)
	spec := training.Spec{Folder: folder, Changes: *changes, Customers: *customers}
	ctx := context.Background()
	check(spec.Prepare(ctx))
	fmt.Printf("%d changes, %d customers; %s, %d cores, %s\n\n", *changes, *customers, cpu(), runtime.NumCPU(), runtime.Version())
	fmt.Println("| statement | rows | K rows/s | s | CPU s | peak RSS MB |\n|---|---|---|---|---|---|")
	for i, r := range runs(ctx, spec, *labels, *many, strings.Split(*only, ",")) {
		r.Settings = *settings
		if *profile != "" {
			r.Profile = fmt.Sprintf("%s%d", *profile, i)
		}
		got := measure(r)
		fmt.Printf("| %s | %d %s | %.1f | %.2f | %.2f | %d |\n", r.Name, got.Rows, r.Per, float64(got.Rows)/got.Took.Seconds()/1000, got.Took.Seconds(), got.CPU.Seconds(), got.MaxRSS>>20)
	}
}

// runs lists what is measured, and makes the spines.
func runs(ctx context.Context, spec training.Spec, labels, many int, only []string) []run {
	var rs []run
	add := func(kind, name, per, sql string) {
		if slices.Contains(only, kind) {
			rs = append(rs, run{Kind: kind, Name: name, Per: per, SQL: sql, Spec: spec})
		}
	}
	out := filepath.Join(spec.Folder, "out.parquet")
	drained := func(sql string) string { return fmt.Sprintf("COPY (%s) TO '%s' (FORMAT drain)", sql, out) }
	for _, law := range []training.Law{training.Zipf, training.Uniform} {
		spine, err := spec.Spine(ctx, law, labels)
		check(err)
		add("labels", string(law)+" labels, drained", "labels", drained(training.Labels(spine)))
		add("labels", string(law)+" labels, into Parquet", "labels", fmt.Sprintf("COPY (%s) TO '%s'", training.Labels(spine), out))
		add("updated", string(law)+" labels with updated_at, drained", "labels", drained(training.UpdatedLabels(spine)))
	}
	if slices.Contains(only, "many") && many > 0 {
		spine, err := spec.Spine(ctx, training.Zipf, many)
		check(err)
		add("many", "zipf labels, into Parquet", "labels", fmt.Sprintf("COPY (%s) TO '%s'", training.Labels(spine), out))
	}
	add("history", "the history, drained", "rows", drained(training.History))
	if slices.Contains(only, "queries") {
		segments, err := spec.Segments(ctx)
		check(err)
		for _, q := range training.Queries {
			add("queries", q.Name+" over the source", "rows", drained(q.Over("orders", segments)))
		}
	}
	return rs
}

// measure runs a statement in a process of its own.
func measure(r run) result {
	arg, err := json.Marshal(r)
	check(err)
	self, err := os.Executable()
	check(err)
	cmd := exec.Command(self, "--child", string(arg))
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	check(err)
	var got result
	check(json.Unmarshal(out, &got))
	return got
}

// measureHere is the measuring process.
func measureHere(arg string) {
	var r run
	check(json.Unmarshal([]byte(arg), &r))
	ctx := context.Background()
	e, err := r.Spec.Open()
	check(err)
	s := e.NewSession()
	if r.Settings != "" {
		check(s.Exec(ctx, "SET "+r.Settings))
	}
	if r.Profile != "" {
		f, err := os.Create(r.Profile)
		check(err)
		check(pprof.StartCPUProfile(f))
		defer pprof.StopCPUProfile()
	}
	before, began := processorTime(), time.Now()
	rows, err := s.Query(ctx, r.SQL)
	check(err)
	got := result{Took: time.Since(began), CPU: processorTime() - before}
	_, err = fmt.Sscanf(rows.Tag(), "COPY %d", &got.Rows)
	check(err)
	check(e.Close())
	got.MaxRSS = peakMemory()
	w := bufio.NewWriter(os.Stdout)
	check(json.NewEncoder(w).Encode(got))
	check(w.Flush())
}

// processorTime is what the process has used of all cores.
func processorTime() time.Duration {
	var u syscall.Rusage
	check(syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// peakMemory is the most that the process has had resident. Its rusage would say what its parent had, if that was more.
func peakMemory() int64 {
	b, err := os.ReadFile("/proc/self/status")
	check(err)
	for line := range strings.Lines(string(b)) {
		var kib int64
		if _, err := fmt.Sscanf(line, "VmHWM: %d kB", &kib); err == nil {
			return kib << 10
		}
	}
	return 0
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
