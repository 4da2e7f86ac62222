package window

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// mutant is a mistake that one could make in what is faster than the definition.
type mutant struct {
	file string // below the module's root
	old  string // stands in the file once
	new  string
}

// mutants are what the tests of window, history and agg must see. What cannot be seen is no mutant: a change that only costs time is not here.
var mutants = []mutant{
	// The sweep: who is in a cell.
	{"engine/window/sweep.go", "if x.e[i] >= lo {", "if x.e[i] > lo {"},
	{"engine/window/sweep.go", "i < s.seen && x.e[i] <= b.hi {", "i < s.seen {"},
	{"engine/window/sweep.go", "if s.dead <= i && i < s.seen && x.e[i] <= b.hi {", "if s.dead <= i && x.e[i] <= b.hi {"},
	{"engine/window/sweep.go", "i < s.seen && x.e[i] >= b.lo && x.e[i] > b.hi {", "i < s.seen && x.e[i] > b.hi {"},
	{"engine/window/sweep.go", "x.c[s.seen] <= t; s.seen++", "x.c[s.seen] < t; s.seen++"},
	{"engine/window/sweep.go", "if s.dead < s.seen {", "if false {"},
	{"engine/window/sweep.go", "if i < s.dead || i >= s.seen {", "if i >= s.seen {"},
	{"engine/window/sweep.go", "if err := s.entries.judgeAgain(i); err != nil {", "if err := error(nil); err != nil {"},
	{"engine/window/sweep.go", "case sign > 0:\n\t\t\t\tt.state.Add", "case true:\n\t\t\t\tt.state.Add"},
	{"engine/window/sweep.go", "s.bands[0].cells[0].n > 0; !s.exists", "s.bands[0].cells[0].n >= 0; !s.exists"},
	{"engine/window/sweep.go", "len(b.bounds) == 0 || x.hasE[i] && b.lo", "len(b.bounds) == 0 || b.lo"},
	// The sweep: when something changes.
	{"engine/window/sweep.go", "if found && (!any || at < first) {", "if found && (!any || at > first) {"},
	{"engine/window/sweep.go", "latest, any = max(latest, at), true", "latest, any = at, true"},
	{"engine/window/sweep.go", "earliest(s.turns[s.turned].t)", "_ = s.turned"},
	{"engine/window/sweep.go", "earliest(s.truncations[s.truncated].c)", "_ = s.truncated"},
	{"engine/window/sweep.go", "return x.place == place && (", "return x.place >= 0 && ("},
	{"engine/window/sweep.go", "(x.found || last <= x.upTo)", "true"},
	// When a row began to hold.
	{"engine/window/updated.go", "if row != nil && !u.known {", "if false {"},
	{"engine/window/updated.go", "u.since, u.known = t, t == u.from", "u.since, u.known = t, true"},
	{"engine/window/updated.go", "u.since, u.known = at, true", "u.since, u.known = t, true"},
	{"engine/window/updated.go", "last, any, ev.moved = at, true, ev.moved[:0]", "last, any = at, true"},
	{"engine/window/updated.go", "moves = see(at) || moves", "see(at)"},
	{"engine/window/updated.go", "e.Pos < first || e.C > t ||", "e.Pos < first && false || e.C > t ||"},
	{"engine/window/updated.go", "e.Pos < first || e.C > t ||", "e.Pos < first ||"},
	{"engine/window/updated.go", "if !now {\n\t\tn = -n", "if false {\n\t\tn = -n"},
	{"engine/window/updated.go", "ev.rests.pass(ev.filters[f].rest, &ev.rows)", "ev.rests.pass(-1, &ev.rows)"},
	{"engine/window/window.go", "if !ev.busy {", "if ev.f != nil {"},
	// What a sweep reads.
	{"engine/window/load.go", "ev.rows.env.Now = first\n", "ev.rows.env.Now = last\n"},
	{"engine/window/load.go", "s.truncations[placed].pos <= e.Pos", "s.truncations[placed].pos < e.Pos"},
	{"engine/window/load.go", "x.always[0] = !x.timed || ev.where.rest < 0", "x.always[0] = true"},
	{"engine/window/load.go", "x.e[onTime[i]] > x.e[late[j]]", "x.e[onTime[i]] < x.e[late[j]]"},
	{"engine/window/load.go", "if e.Pos < before {", "if e.Pos < before-1 {"},
	{"engine/window/column.go", "return v.Kind == c.kind && v.Scale == c.scale", "return v.Kind == c.kind"},
	// Bounds and edges.
	{"engine/window/bound.go", "\t\tif beyond {\n\t\t\tat++\n", "\t\tif !beyond {\n\t\t\tat++\n"},
	{"engine/window/bound.go", "v > e || v == e && !beyond", "v >= e"},
	{"engine/window/bound.go", "sign = -1", "sign = 1"},
	{"engine/window/filter.go", "return max(lo, b.value+1), hi", "return max(lo, b.value), hi"},
	{"engine/window/filter.go", "return lo, min(hi, b.value-1)", "return lo, min(hi, b.value)"},
	{"engine/window/filter.go", "b.upper == b.open, after", "b.upper != b.open, after"},
	{"engine/window/filter.go", "x.upper == b.upper && x.open == b.open &&", "x.upper == b.upper &&"},
	{"engine/window/timed.go", "moving, still = still, moving\n\t\t}", "}"},
	// The steps of one evaluation.
	{"engine/window/ladder.go", "l.cuts[k] <= e {", "l.cuts[k] < e {"},
	{"engine/window/ladder.go", "l.cuts = append(l.cuts, f.hi+1)", "l.cuts = append(l.cuts, f.hi)"},
	{"engine/window/ladder.go", "s.nested = s.nested && s.windows[i-1].within(&s.windows[i])", "s.nested = true"},
	{"engine/window/ladder.go", "steps != len(l.seen) || !slices.Equal(l.spans, l.before)", "steps != len(l.seen)"},
	{"engine/window/ladder.go", "edge = edge || k == w.first || k == w.last", "edge = edge || k == w.first"},
	{"engine/window/ladder.go", "if held.none < 0 && w.none >= 0 {", "if false {"},
	{"engine/window/ladder.go", "\t\tif full {\n\t\t\tp.state = fn.New()\n\t\t}\n", ""},
	// Changes, versions, the last change, contributors.
	{"engine/window/changes.go", "types.Identical)", "types.Equal)"},
	{"engine/window/versions.go", "case e.Pos < v.first:\n", ""},
	{"engine/window/versions.go", "ev.live[0].Pos < first {", "false {"},
	{"engine/window/versions.go", "if err == nil && v.changed {", "if err == nil && false {"},
	{"engine/window/updated.go", "if change > begin || begin == from {", "if change >= begin || begin == from {"},
	{"engine/window/contributors.go", "ended[same[n-1]] = true\n\t\t\topen[string(id)] = same[:n-1]", "ended[same[0]] = true\n\t\t\topen[string(id)] = same[1:]"},
	{"engine/window/contributors.go", "} else if v.IsNull() {", "} else if v == nil {"},
	// Aggregates.
	{"sql/agg/top.go", "if o.low && (!s.low || s.compare(&o.floor, &s.floor) < 0) {", "if o.low && !s.low {"},
	{"sql/agg/top.go", "return null, !s.low", "return null, true"},
	{"sql/agg/rank.go", "*w &^= 1 << (rank & 63)\n\t\tif *w != 0 {", "*w &^= 1 << (rank & 63)\n\t\tif false {"},
	{"sql/agg/rank.go", "if *class == 0 || *class == 1 && sign > 0 {", "if *class == 0 || *class == 1 {"},
	{"sql/agg/rank.go", "if s.n[i] > 0 {\n\t\t\t\tbest = i", "if s.n[i] > 1 {\n\t\t\t\tbest = i"},
	{"sql/agg/rank.go", "v.Scale != r.scale ||", ""},
	{"sql/agg/share.go", "return g.family == totals", "return g.family != alone"},
	{"sql/agg/total_numeric.go", "if v := s.value(); !any && v.X == nil {", "if v := s.value(); (!any || len(t.scales) > 1) && v.X == nil {"},
	// Reading the log.
	{"engine/history/values.go", "if n > 0 && src[n-1] == 0 {", "if false {"},
	{"engine/history/values.go", "plain = i == int64(int32(i))", "plain = true"},
	{"engine/history/values.go", "\tif v.X != nil {\n\t\tv.X = nil\n\t}\n", ""},
	{"engine/history/column.go", "if r.pointers[col] {", "if false {"},
	{"engine/history/chunk.go", "case !r.hasE[i] || !w.outside(r.e[i]):", "case r.hasE[i] && !w.outside(r.e[i]):"},
	{"engine/history/cursor.go", "out := e.Pos <= c.skip || e.HasE", "out := e.Pos < c.skip || e.HasE"},
}

// apply returns the mutated file.
func (m *mutant) apply(t *testing.T, root string) []byte {
	t.Helper()
	src := m.original(t, root)
	if n := strings.Count(string(src), m.old); n != 1 {
		t.Fatalf("%s: %q stands in it %d times", m.file, m.old, n)
	}
	return []byte(strings.Replace(string(src), m.old, m.new, 1))
}

func (m *mutant) original(t *testing.T, root string) []byte {
	t.Helper()
	src, err := os.ReadFile(filepath.Join(root, m.file))
	if err != nil {
		t.Fatal(err)
	}
	return src
}

// TestMutantsAreKilled runs the tests of the three packages against mistakes. ASOF_TEST_MUTANTS says how many of them, by ASOF_TEST_SEED, or
// all, or those of the files whose name it is a part of; without it the test only sees to it that all of them still are mistakes in the code as it is.
func TestMutantsAreKilled(t *testing.T) {
	root := filepath.Join("..", "..")
	for i := range mutants {
		mutants[i].apply(t, root)
	}
	how := os.Getenv("ASOF_TEST_MUTANTS")
	if how == "" {
		t.Skip("set ASOF_TEST_MUTANTS to a number, to all, or to a part of a file's name")
	}
	seed, _ := strconv.ParseUint(os.Getenv("ASOF_TEST_SEED"), 10, 64)
	order := rand.New(rand.NewPCG(seed, 0)).Perm(len(mutants))
	if n, err := strconv.Atoi(how); err == nil {
		order = order[:min(n, len(order))]
	} else if how != "all" {
		order = slices.DeleteFunc(order, func(i int) bool { return !strings.Contains(mutants[i].file, how) })
	}
	if len(order) == 0 {
		t.Fatalf("ASOF_TEST_MUTANTS = %q names none", how)
	}
	passes := map[string]bool{} // by folder
	for _, i := range order {
		m := &mutants[i]
		if dir := filepath.Dir(m.file); !passes[dir] {
			if out, failed := tested(t, root, m.file, m.original(t, root)); failed {
				t.Fatalf("without any mistake the tests fail\n%s", out)
			}
			passes[dir] = true
		}
		if out, killed := tested(t, root, m.file, m.apply(t, root)); !killed {
			t.Errorf("%s: nobody sees %q in place of %q\n%s", m.file, m.new, m.old, out)
		}
	}
}

// tested runs the tests with content in place of a file.
func tested(t *testing.T, root, name string, content []byte) (out string, failed bool) {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, filepath.Base(name))
	if err := os.WriteFile(file, content, 0o644); err != nil {
		t.Fatal(err)
	}
	abs, err := filepath.Abs(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": {abs: file}})
	if err != nil {
		t.Fatal(err)
	}
	list := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(list, overlay, 0o644); err != nil {
		t.Fatal(err)
	}
	// The nearest tests first: they see most.
	for _, pkg := range []string{"./" + filepath.Dir(name), "./engine/window"} {
		cmd := exec.Command("go", "test", "-short", "-failfast", "-vet=off", "-timeout", time.Minute.String(), "-overlay", list, pkg)
		cmd.Dir = root
		cmd.Env = append(os.Environ(), "ASOF_TEST_MUTANTS=")
		b, err := cmd.CombinedOutput()
		out = string(b)
		if strings.Contains(out, "[build failed]") || strings.Contains(out, "[setup failed]") {
			t.Errorf("%s does not compile\n%s", name, out)
			return out, true
		}
		if err != nil {
			return out, true
		}
	}
	return out, false
}
