// Command peers runs DuckDB on the files of bench/labels, in the same run: the training set by a LATERAL join with row versions and by an ASOF join with a finished
// history, and the queries like TPC-H's. It compares the answers with asof's, which must be equal, and prints the ratios.
//
//	cd bench/peers && go run -mod=mod . [--short] [--changes 1000000] [--keep DIR]
//
// It is a module of its own, because DuckDB needs cgo. -mod=mod lets it follow the versions that asof requires.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/asofdb/asof/bench/training"
)

func main() {
	short := flag.Bool("short", false, "100,000 changes of 50,000 customers: half a minute")
	changes := flag.Int("changes", 1_000_000, "changes in the workload")
	customers := flag.Int("customers", 1_000_000, "customers in the workload")
	labels := flag.Int("labels", 1_000_000, "labels in a spine for asof and for the ASOF join")
	uniform := flag.Int("uniform", 100_000, "labels in a uniform spine for the LATERAL join")
	zipf := flag.Int("zipf", 500, "labels in a Zipf spine for the LATERAL join, which visits most versions for every one of the busiest customers")
	keep := flag.String("keep", "", "a folder that is kept, as that of bench/labels")
	flag.Parse()
	if *short {
		*changes, *customers, *labels, *uniform, *zipf = 100_000, 50_000, 50_000, 5_000, 200
	}
	folder := *keep
	if folder == "" {
		var err error
		folder, err = os.MkdirTemp("", "asof-peers-")
		check(err)
		defer os.RemoveAll(folder)
	}
	folder, err := filepath.Abs(folder)
	check(err)
	ctx := context.Background()
	spec := training.Spec{Folder: folder, Changes: *changes, Customers: *customers}
	check(spec.Prepare(ctx))
	c := &comparison{ctx: ctx, spec: spec, asof: openAsof(spec), duck: openDuck(folder), files: filepath.Join(folder, "peers")}
	check(os.MkdirAll(c.files, 0o755))
	defer os.RemoveAll(c.files)
	fmt.Printf("%d changes, %d customers; %d cores\n\n", *changes, *customers, runtime.NumCPU())
	c.prepare()
	fmt.Println("| what | asof | DuckDB | asof / DuckDB |\n|---|---|---|---|")
	for _, law := range []training.Law{training.Zipf, training.Uniform} {
		n := *zipf
		if law == training.Uniform {
			n = *uniform
		}
		c.labels(law, *labels, n)
	}
	c.queries()
	check(c.asof.Close())
	check(c.duck.Close())
}

// rate is how fast something was.
type rate struct {
	rows int
	took time.Duration
}

func (r rate) perSecond() float64 { return float64(r.rows) / r.took.Seconds() }

func (r rate) String() string {
	return fmt.Sprintf("%.1f K labels/s (%d in %.2f s)", r.perSecond()/1000, r.rows, r.took.Seconds())
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
