package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/asofdb/asof/bench/exact"
	"github.com/asofdb/asof/bench/exact/random"
	"github.com/asofdb/asof/engine"
	"github.com/asofdb/asof/sql/types"
)

// judge opens what the kills have left, waits until all was read, and compares it with everything that is known.
func (r *run) judge() error {
	eng, err := open(r.data(), 500, 2000)
	if err != nil {
		return err
	}
	return errors.Join(r.verdict(eng), eng.Close())
}

func (r *run) verdict(eng *engine.Engine) error {
	if f := frontierOf(eng); f < r.ledger.frontier {
		return fmt.Errorf("the frontier went back from %d to %d", r.ledger.frontier, f)
	}
	if err := eng.Exec(context.Background(), createSource(r.input(), r.live)); err != nil {
		return err
	}
	for _, d := range r.definitions {
		if err := eng.Exec(context.Background(), featureOf(d).Create); err != nil {
			return fmt.Errorf("%s: %w", d.Create(), err)
		}
	}
	if err := r.caughtUp(eng); err != nil {
		return err
	}
	if r.live && !r.kafka { // one that is surely late
		if err := r.feed.late(time.Hour); err != nil {
			return err
		}
		if err := r.caughtUp(eng); err != nil {
			return err
		}
	}
	if err := r.counters(eng); err != nil {
		return err
	}
	if err := r.againstNaive(eng); err != nil {
		return err
	}
	return r.sameAnswers(eng, 1000)
}

// caughtUp waits until the last transaction was read and closed. In a live source its time must have come: the frontier has passed all commit times, and what
// it was when the last record had been read, for a late change becomes visible right after that.
func (r *run) caughtUp(eng *engine.Engine) error {
	until := r.feed.written.Last()
	if r.live {
		until = time.Now().UnixMicro()
		for _, x := range r.feed.written.Txs {
			until = max(until, x.Commit)
		}
	}
	read := false
	for began := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		s := shown(eng)
		f := frontierOf(eng)
		if s["records"].I == r.feed.records && !read {
			read = true
			if r.live {
				until = max(until, f+1)
			}
		}
		if read && f >= until {
			return nil
		}
		if time.Since(began) > hanging {
			return fmt.Errorf("the input was not read to its end: %d of %d records, frontier %s, which should come to %s; the source's state: %s",
				s["records"].I, r.feed.records, s["frontier"], types.NewTimestamptz(until), s["state"])
		}
	}
}

// counters compares what SHOW SOURCES and SHOW REJECTS count with what was written.
func (r *run) counters(eng *engine.Engine) error {
	s := shown(eng)
	wrong := func(what string, got, want int64) error {
		if got == want {
			return nil
		}
		return fmt.Errorf("SHOW SOURCES: %s is %d, want %d", what, got, want)
	}
	rejects, err := query(eng, "SHOW REJECTS")
	if err != nil {
		return err
	}
	errs := []error{
		wrong("records", s["records"].I, r.feed.records),
		wrong("changes + unchanged", s["changes"].I+s["unchanged"].I, r.feed.changes),
		wrong("repeated", s["repeated"].I, r.feed.repeated),
		wrong("rejected", s["rejected"].I, r.feed.rejected),
		wrong("the length of SHOW REJECTS, not rejected,", int64(len(rejects)), r.feed.rejected),
		wrong("unknown_rows", s["unknown_rows"].I, 0),
		wrong("truncates", s["truncates"].I, 0),
	}
	if !r.live || r.kafka {
		errs = append(errs, wrong("shifted_changes", s["shifted_changes"].I, 0), wrong("inverted_commits", s["inverted_commits"].I, 0),
			wrong("split_transactions", s["split_transactions"].I, 0))
	} else if s["shifted_changes"].I == 0 {
		errs = append(errs, errors.New("SHOW SOURCES: shifted_changes is 0, though a transaction was an hour late"))
	}
	return errors.Join(errs...)
}

// momentsCompared is at how many moments the naive model is asked.
const momentsCompared = 50

// againstNaive compares all features and the source's rows with the naive model. When a late transaction became visible is the engine's decision; of a live source it is
// therefore the present that is compared, where every change has come to count.
func (r *run) againstNaive(eng *engine.Engine) error {
	table := r.feed.written.Table()
	times := []int64{frontierOf(eng)}
	if !r.live {
		times = r.feed.written.Moments(r.rng, random.Windows(r.feed.gen.Step()), momentsCompared)
	}
	source := random.Definition{Name: "t"}
	source.Keys, source.Columns, source.Attribute = []string{"id"}, sourceColumns()[1:], true
	for _, t := range times {
		if t > frontierOf(eng) {
			continue
		}
		for _, d := range append(r.definitions, source) {
			got, err := exact.Ask(eng, d, question(d.Name, "", t))
			if err != nil {
				return err
			}
			n, err := exact.Compare(d, t, got, d.Value(table, t))
			if r.report.compared += n; err != nil {
				return fmt.Errorf("in the end, against the naive model: %w", err)
			}
		}
	}
	return nil
}

// sameAnswers asks a sample of all questions again.
func (r *run) sameAnswers(eng *engine.Engine, n int) error {
	for _, q := range r.ledger.sample(r.rng, n) {
		rows, err := query(eng, q)
		if err != nil {
			return fmt.Errorf("%s: %w", q, err)
		}
		if err := r.ledger.answer(q, answerText(texts(rows))); err != nil {
			return err
		}
	}
	return nil
}

// copies takes two copies of what a kill left, and opens each twice: recovery gives the same from the same, and again from what it left itself.
func (r *run) copies() error {
	r.report.copies++
	for _, name := range []string{"copy-1", "copy-2"} {
		dir := filepath.Join(r.dir, name)
		if err := copyDir(r.data(), dir); err != nil {
			return err
		}
		for range 2 {
			eng, err := open(dir, 1+r.rng.IntN(50), 1+r.rng.IntN(300))
			if err != nil {
				return err
			}
			if err := errors.Join(r.copyAnswers(eng), eng.Close()); err != nil {
				return err
			}
		}
		if err := os.RemoveAll(dir); err != nil {
			return err
		}
	}
	return nil
}

// copyAnswers asks a copy what is known, leaving out the feature whose replacing the kill cut off, for nobody creates it again there.
func (r *run) copyAnswers(eng *engine.Engine) error {
	if f := frontierOf(eng); f < r.ledger.frontier {
		return fmt.Errorf("the frontier went back from %d to %d", r.ledger.frontier, f)
	}
	var missing []string
	for _, d := range r.definitions {
		if _, err := query(eng, "DESCRIBE "+d.Name); err != nil {
			missing = append(missing, " FROM "+d.Name+" ")
		}
	}
	for _, q := range r.ledger.sample(r.rng, 60) {
		gone := false
		for _, m := range missing {
			gone = gone || strings.Contains(q, m)
		}
		if gone {
			continue
		}
		rows, err := query(eng, q)
		if err != nil {
			return fmt.Errorf("%s: %w", q, err)
		}
		if err := r.ledger.answer(q, answerText(texts(rows))); err != nil {
			return err
		}
	}
	return nil
}

// copyDir copies a directory tree. Runs of zeros become holes again: log files are mostly reserved space.
func copyDir(from, to string) error {
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		if d.IsDir() {
			return os.Mkdir(filepath.Join(to, rel), 0o700)
		}
		return copyFile(path, filepath.Join(to, rel))
	})
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer out.Close()
	buf := make([]byte, 64<<10)
	size := int64(0)
	for {
		n, err := in.Read(buf)
		if n > 0 && !allZero(buf[:n]) {
			if _, err := out.WriteAt(buf[:n], size); err != nil {
				return err
			}
		}
		if size += int64(n); err == io.EOF {
			return out.Truncate(size)
		} else if err != nil {
			return err
		}
	}
}

func allZero(b []byte) bool {
	for _, x := range b {
		if x != 0 {
			return false
		}
	}
	return true
}
