package exact

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/asofdb/asof/bench/exact/naive"
	"github.com/asofdb/asof/bench/exact/random"
	"github.com/asofdb/asof/sql/types"
)

// shrink makes a failing scenario small while it still gives a wrong answer: one feature, one moment, the plainest way of running that fails, and as few transactions and
// changes as will do. Any subset of a history is a history: a change of a row that was left out is one of a row nobody has seen.
func (s scenario) shrink(m *mismatch) scenario {
	s.definitions, s.times = []random.Definition{m.d}, []int64{m.t}
	plain := s
	plain.run = how{batch: 8192, flush: 1_500_000, segments: 1}
	for range 2 {
		if plain.fails() {
			s = plain
		}
		plain.plainly = true
	}
	for size := len(s.w.Txs) / 2; size > 0; size /= 2 {
		for at := 0; at+size <= len(s.w.Txs); {
			smaller := s
			smaller.w.Txs = slices.Delete(slices.Clone(s.w.Txs), at, at+size)
			if len(smaller.w.Txs) > 0 && smaller.fails() {
				s = smaller
			} else {
				at += size
			}
		}
	}
	for i := range s.w.Txs {
		for j := len(s.w.Txs[i].Ops) - 1; j >= 0 && len(s.w.Txs[i].Ops) > 1; j-- {
			smaller := s
			smaller.w.Txs = slices.Clone(s.w.Txs)
			smaller.w.Txs[i].Ops = slices.Delete(slices.Clone(s.w.Txs[i].Ops), j, j+1)
			if smaller.fails() {
				s = smaller
			}
		}
	}
	return s
}

// fails plays the scenario and reports whether an answer is wrong; any other error is another matter.
func (s scenario) fails() bool {
	var m *mismatch
	_, err := s.check()
	return errors.As(err, &m)
}

// story writes a shrunk scenario as files that a person can read and the program can run: t.ndjson, story.sql, and story.out, what
// `asof sql --format csv -f story.sql` should print. It returns their folder.
func (s scenario) story() (string, error) {
	dir, err := os.MkdirTemp("", fmt.Sprintf("asof-story-%d-", s.seed))
	if err != nil {
		return "", err
	}
	d, at := s.definitions[0], s.times[0]
	var lines []string
	for _, x := range s.w.Txs {
		lines = append(lines, x.Lines()...)
	}
	var names []string
	for _, a := range d.Aggs {
		names = append(names, a.Name)
	}
	head := strings.Join(slices.Concat(d.Keys, d.Columns, names), ",")
	want := d.Value(s.w.Table(), at)
	rows := []string{head}
	for _, key := range slices.Sorted(maps.Keys(want)) {
		row := strings.Join(append([]string{key}, want[key]...), ",")
		if len(d.Keys) == 0 {
			row = strings.Join(want[key], ",")
		}
		rows = append(rows, strings.ReplaceAll(row, naive.Null, ""))
	}
	order := ""
	if len(d.Keys) > 0 {
		order = " ORDER BY " + strings.Join(d.Keys, ", ")
	}
	sql := fmt.Sprintf("CREATE SOURCE t (%s) WITH (connector = 'file', path = 't.ndjson', decimal_handling_mode = 'string') FORMAT DEBEZIUM ENCODE JSON;\n%s;\nSELECT * FROM %s AS OF '%s'%s;\n",
		random.ColumnList(), d.Create(), d.Name, types.NewTimestamptz(at), order)
	for name, text := range map[string]string{"t.ndjson": strings.Join(lines, "\n") + "\n", "story.sql": sql, "story.out": strings.Join(rows, "\n") + "\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			return "", err
		}
	}
	return dir, nil
}
