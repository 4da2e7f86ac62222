// Command mutants breaks the engine on purpose and demands that the tests notice.
//
//	go run ./bench/mutants                    all of them
//	go run ./bench/mutants --pick 3           three, drawn by the day
//	go run ./bench/mutants --part training    those of one part: ingest or training
//	go run ./bench/mutants --only NAME -v     one, with what the tests say
//
// A mutant is one edit of one file (mutants.go). It is built by way of -overlay, so that the tree stays as it is, and the tests that are to kill it are those
// that compare with the naive model, kill processes, or tell stories. A mutant whose text is no longer in its file, that does not compile, or that survives is an error; so is a
// test that fails without any mutant.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

func main() {
	pick := flag.Int("pick", 0, "how many mutants are drawn; 0 means all")
	seed := flag.Uint64("seed", uint64(time.Now().Unix()/86400), "what they are drawn by; the day if it is not given")
	part := flag.String("part", "", "the part that they are of; all if it is not given")
	only := flag.String("only", "", "the name of a single mutant")
	verbose := flag.Bool("v", false, "show what the tests said")
	flag.Parse()
	chosen := choose(*part, *only, *pick, *seed)
	if len(chosen) == 0 {
		fmt.Fprintf(os.Stderr, "there is no mutant %q of part %q\n", *only, *part)
		os.Exit(2)
	}
	r := runner{verbose: *verbose, passes: map[string]passed{}}
	failed := 0
	for _, m := range chosen {
		began := time.Now()
		if err := r.run(m); err != nil {
			failed++
			fmt.Printf("FAIL  %-40s %v\n", m.Name, err)
			continue
		}
		fmt.Printf("ok    %-40s killed in %s\n", m.Name, time.Since(began).Round(time.Second/10))
	}
	if failed > 0 {
		fmt.Printf("%d of %d mutants were not killed (seed %d)\n", failed, len(chosen), *seed)
		os.Exit(1)
	}
	fmt.Printf("%d mutants, all killed (seed %d)\n", len(chosen), *seed)
}

// choose returns the mutants of a part, or of all where it is "": the one of a name, or as many as are to be picked, or all.
func choose(part, only string, pick int, seed uint64) []mutant {
	var mutants []mutant
	for _, name := range slices.Sorted(maps.Keys(parts)) {
		if part == "" || part == name {
			mutants = append(mutants, parts[name]...)
		}
	}
	if only != "" {
		for _, m := range mutants {
			if m.Name == only {
				return []mutant{m}
			}
		}
		return nil
	}
	if pick == 0 {
		return mutants
	}
	var chosen []mutant
	for _, i := range rand.New(rand.NewPCG(seed, 19)).Perm(len(mutants))[:min(pick, len(mutants))] {
		chosen = append(chosen, mutants[i])
	}
	return chosen
}

// runner runs tests with and without mutants.
type runner struct {
	verbose bool
	passes  map[string]passed // by killer
}

// passed is what a killer does without a mutant: whether it passes, and how long it takes.
type passed struct {
	err  error
	took time.Duration
}

// run kills one mutant.
func (r *runner) run(m mutant) error {
	sources, err := m.apply()
	if err != nil {
		return err
	}
	killer := killers[m.Killer]
	if _, known := r.passes[m.Killer]; !known {
		began := time.Now()
		out, err := r.test(killer, longest)
		if err != nil {
			err = fmt.Errorf("%s fails without any mutant: %w\n%s", m.Killer, err, out)
		}
		r.passes[m.Killer] = passed{err, time.Since(began)}
	}
	as := r.passes[m.Killer]
	if as.err != nil {
		return as.err
	}
	dir, err := os.MkdirTemp("", "asof-mutant-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	overlay, err := writeOverlay(dir, sources)
	if err != nil {
		return err
	}
	out, err := r.test(killer, max(deadline, 4*as.took), "-overlay="+overlay, "-count=1")
	if r.verbose {
		fmt.Printf("%s: %s\n%s\n", m.Name, m.Breaks, out)
	}
	switch {
	case err == nil:
		return fmt.Errorf("survived %s: %s", m.Killer, m.Breaks)
	case !noticed.MatchString(out):
		return fmt.Errorf("did not come to be tested: %w\n%s", err, out)
	}
	return nil
}

// noticed is what a test says that has failed, unlike one that could not be built. A mutant may also be killed by the engine's own invariants, or hang.
var noticed = regexp.MustCompile(`(?m)^\s*--- FAIL: |^panic: `)

// A killer that takes longer than deadline, and four times as long as without a mutant, shows one that hangs. Without a mutant it may take longest.
const (
	deadline = time.Minute
	longest  = 10 * time.Minute
)

// test runs a killer.
func (r *runner) test(killer []string, timeout time.Duration, more ...string) (string, error) {
	args := append([]string{"test", "-timeout=" + timeout.String()}, more...)
	cmd := exec.Command("go", append(args, killer...)...)
	scratch, err := scratchDir()
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(scratch) // what a mutant leaves is of no interest
	cmd.Env = append(os.Environ(), "ASOF_FAULTS_DIR="+scratch)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// scratchDir makes a directory, in memory where there is a file system for that.
func scratchDir() (string, error) {
	if dir, err := os.MkdirTemp("/dev/shm", "asof-mutant-"); err == nil {
		return dir, nil
	}
	return os.MkdirTemp("", "asof-mutant-")
}

// writeOverlay writes the mutant's files and the JSON that puts them in the place of the originals.
func writeOverlay(dir string, sources map[string]string) (string, error) {
	replace := map[string]string{}
	for file, source := range sources {
		original, err := filepath.Abs(filepath.FromSlash(file))
		if err != nil {
			return "", err
		}
		replace[original] = filepath.Join(dir, strings.ReplaceAll(file, "/", "-"))
		if err := os.WriteFile(replace[original], []byte(source), 0o600); err != nil {
			return "", err
		}
	}
	text, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "overlay.json")
	return path, os.WriteFile(path, text, 0o600)
}

// apply returns the sources of the files that the mutant edits. Paths are from the module's directory, in which the command is run.
func (m *mutant) apply() (map[string]string, error) {
	sources := map[string]string{}
	for _, e := range []edit{m.edit, m.Likely} {
		if e.File == "" {
			continue
		}
		text, ok := sources[e.File]
		if !ok {
			b, err := os.ReadFile(filepath.FromSlash(e.File))
			if err != nil {
				return nil, err
			}
			text = string(b)
		}
		if n := strings.Count(text, e.Old); n != 1 {
			return nil, fmt.Errorf("its text is %d times in %s, not once: bring the mutant up to the code", n, e.File)
		}
		sources[e.File] = strings.Replace(text, e.Old, e.New, 1)
	}
	return sources, nil
}
