package exec

import (
	"bytes"
	"context"
	"errors"
	"slices"

	"github.com/asofdb/asof/sql/expr"
	"github.com/asofdb/asof/sql/plan"
	"github.com/asofdb/asof/sql/types"
)

// sorter reads all rows and hands them on in order; rows with equal keys stay in the order in which they came. What does not fit into memory is
// sorted piece by piece into runs, which are merged.
type sorter struct {
	in     Operator
	c      *Context
	keys   []plan.SortKey
	env    expr.Env
	schema types.Schema
	mem    account
	// atMost is how many rows are wanted, 0 for all. No more than twice as many, or a batch, are kept.
	atMost int
	// worst is the key of the last of the first atMost rows so far, nil before there are so many: a row that does not come before it is
	// not wanted.
	worst []byte
	kept  []sortedRow
	key   []byte // of the row at hand
	count int
	runs  []*rowFile
}

// sortedRow is a row with the bytes it is ordered by and its place in the input.
type sortedRow struct {
	key   []byte
	place int
	row   []types.Value
}

func newSort(n *plan.Sort, in Operator, c *Context, atMost int64) Operator {
	s := &sorter{in: in, c: c, keys: n.Keys, schema: n.Schema(), mem: newAccount("ORDER BY", c), atMost: int(atMost)}
	s.env = c.env(len(s.schema))
	return &loop{body: s.run, closed: s.close}
}

func (s *sorter) run(ctx context.Context, emit func(*types.Batch) error) error {
	out := newOutput(s.schema, emit)
	err := eachRow(ctx, s.in, len(s.schema), func(row []types.Value) error {
		s.env.Row = row
		return s.keep()
	})
	if err != nil {
		return err
	}
	if len(s.runs) > 0 {
		if err := s.spill(); err != nil {
			return err
		}
		return s.merge(out)
	}
	s.sort()
	for i := range s.kept {
		if err := out.row(s.kept[i].row); err != nil {
			return err
		}
	}
	return out.flush()
}

// keep adds the row at hand; with a limit, the rows that can no longer be among the first are dropped now and then.
func (s *sorter) keep() error {
	s.key = s.key[:0]
	for _, k := range s.keys {
		v, err := k.X.Eval(&s.env)
		if err != nil {
			return err
		}
		s.key = appendSortKey(s.key, v, k)
	}
	if s.worst != nil && bytes.Compare(s.key, s.worst) >= 0 {
		return nil
	}
	r := sortedRow{key: bytes.Clone(s.key), place: s.count, row: cloneRow(s.env.Row)}
	s.count++
	s.kept = append(s.kept, r)
	full, err := s.mem.full(r.size())
	if err != nil {
		return err
	}
	if full {
		return s.spill()
	}
	if s.atMost > 0 && len(s.kept) >= 2*s.atMost && len(s.kept) > batchRows {
		s.sort()
		for _, dropped := range s.kept[s.atMost:] {
			s.mem.used -= dropped.size()
		}
		clear(s.kept[s.atMost:])
		s.kept = s.kept[:s.atMost]
		s.worst = s.kept[s.atMost-1].key
	}
	return nil
}

func (r sortedRow) size() int64 { return 2*sliceHeader + int64(cap(r.key)) + 8 + rowSize(r.row) }

// appendSortKey appends bytes that order as the key says. The encoding of a value is no prefix of another's, so inverting it turns
// the order around; a first byte puts NULLs where they belong.
func appendSortKey(dst []byte, v types.Value, k plan.SortKey) []byte {
	if v.IsNull() {
		if k.NullsFirst {
			return append(dst, 0)
		}
		return append(dst, 2)
	}
	dst = append(dst, 1)
	from := len(dst)
	dst = types.AppendKey(dst, v)
	if k.Desc {
		for i := from; i < len(dst); i++ {
			dst[i] = ^dst[i]
		}
	}
	return dst
}

func (s *sorter) sort() {
	slices.SortFunc(s.kept, func(a, b sortedRow) int {
		if c := bytes.Compare(a.key, b.key); c != 0 {
			return c
		}
		return a.place - b.place
	})
}

// spill writes what is kept to a run, in order.
func (s *sorter) spill() error {
	if len(s.kept) == 0 {
		return nil
	}
	s.sort()
	r, err := newRowFile(&s.c.state.temp, runTypes(s.schema), s.mem.limit)
	if err != nil {
		return err
	}
	s.runs = append(s.runs, r)
	row := make([]types.Value, 1, 1+len(s.schema))
	for i := range s.kept {
		row[0] = types.Value{Kind: types.Bytea, S: string(s.kept[i].key)}
		if err := r.append(append(row[:1], s.kept[i].row...)); err != nil {
			return err
		}
	}
	clear(s.kept)
	s.kept, s.mem.used = s.kept[:0], 0
	return r.finish()
}

// runTypes are the types of a sorted run: the key, then the row.
func runTypes(s types.Schema) []types.Type {
	return append([]types.Type{{Kind: types.Bytea}}, typesOf(s)...)
}

// fanIn is how many runs are merged at a time: each has a block in memory and an open file.
const fanIn = 32

// merge hands the rows of all runs out in order. Runs that stand side by side are merged into one until there are few, so that
// rows with equal keys stay in order.
func (s *sorter) merge(out *output) error {
	for len(s.runs) > fanIn {
		var merged []*rowFile
		for group := range slices.Chunk(s.runs, fanIn) {
			r, err := newRowFile(&s.c.state.temp, runTypes(s.schema), s.mem.limit)
			if err != nil {
				return err
			}
			merged = append(merged, r)
			if err := mergeRuns(group, r.append); err != nil {
				return err
			}
			if err := r.finish(); err != nil {
				return err
			}
			if err := closeRuns(group); err != nil {
				return err
			}
		}
		s.runs = merged
	}
	err := mergeRuns(s.runs, func(row []types.Value) error { return out.row(row[1:]) })
	if err != nil {
		return err
	}
	return out.flush()
}

func closeRuns(runs []*rowFile) error {
	var err error
	for _, r := range runs {
		err = errors.Join(err, r.close())
	}
	return err
}

func (s *sorter) close() error {
	s.kept = nil
	return errors.Join(s.in.Close(), closeRuns(s.runs))
}
