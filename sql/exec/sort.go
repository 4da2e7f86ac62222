package exec

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
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
	types  codec
	mem    account
	// atMost is how many rows are wanted, 0 for all. No more than twice as many, or a batch, are kept.
	atMost int
	// worst is the key of the last of the first atMost rows so far, nil before there are so many: a row that does not come before it is
	// not wanted.
	worst []byte
	kept  []sortedRow
	arena arena  // of the kept rows: of each its key, then the row
	buf   []byte // of the row at hand
	count uint32
	runs  []*rowFile
}

// sortedRow is a kept row.
type sortedRow struct {
	prefix uint64 // the first bytes of its key: most rows are told apart without a look at the arena
	place  place  // in the arena
	key    uint32 // length of the key
	number uint32 // in the input
}

// sortedSize is what a sortedRow takes besides what the arena has.
const sortedSize = 32

func newSort(n *plan.Sort, in Operator, c *Context, atMost int64) Operator {
	s := &sorter{in: in, c: c, keys: n.Keys, schema: n.Schema(), types: typesOf(n.Schema()), mem: newAccount("ORDER BY", c), atMost: int(atMost)}
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
	row := make([]types.Value, len(s.schema))
	for i := range s.kept {
		if _, err := s.types.read(s.arena.bytes(s.kept[i].place)[s.kept[i].key:], row); err != nil {
			return err
		}
		if err := out.row(row); err != nil {
			return err
		}
	}
	return out.flush()
}

// keep adds the row at hand; with a limit, the rows that can no longer be among the first are dropped now and then.
func (s *sorter) keep() error {
	s.buf = s.buf[:0]
	for _, k := range s.keys {
		v, err := k.X.Eval(&s.env)
		if err != nil {
			return err
		}
		s.buf = appendSortKey(s.buf, v, k)
	}
	if s.worst != nil && bytes.Compare(s.buf, s.worst) >= 0 {
		return nil
	}
	n := len(s.buf)
	r := sortedRow{prefix: prefixOf(s.buf), key: uint32(n), number: s.count}
	s.buf = s.types.append(s.buf, s.env.Row)
	r.place = s.arena.keep(s.buf)
	s.count++
	s.kept = append(s.kept, r)
	full, err := s.mem.full(int64(len(s.buf)) + sortedSize)
	if err != nil {
		return err
	}
	if full {
		return s.spill()
	}
	if s.atMost > 0 && len(s.kept) >= 2*s.atMost && len(s.kept) > batchRows {
		s.dropLast()
	}
	return nil
}

// dropLast keeps the first atMost of the rows so far.
func (s *sorter) dropLast() {
	s.sort()
	s.kept = s.kept[:s.atMost]
	old := s.arena
	s.arena, s.mem.used = arena{}, 0
	for i := range s.kept {
		b := old.bytes(s.kept[i].place)
		s.kept[i].place = s.arena.keep(b)
		s.mem.used += int64(len(b)) + sortedSize
	}
	s.worst = bytes.Clone(s.keyOf(&s.kept[s.atMost-1]))
}

func (s *sorter) keyOf(r *sortedRow) []byte { return s.arena.bytes(r.place)[:r.key] }

// prefixOf is a number that orders as the first bytes of key do.
func prefixOf(key []byte) uint64 {
	if len(key) >= 8 {
		return binary.BigEndian.Uint64(key)
	}
	var b [8]byte
	copy(b[:], key)
	return binary.BigEndian.Uint64(b[:])
}

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
		if a.prefix != b.prefix {
			return cmp.Compare(a.prefix, b.prefix)
		}
		if c := bytes.Compare(s.keyOf(&a), s.keyOf(&b)); c != 0 {
			return c
		}
		return cmp.Compare(a.number, b.number)
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
	for i := range s.kept {
		b := s.arena.bytes(s.kept[i].place)
		n := s.kept[i].key
		s.buf = binary.AppendUvarint(s.buf[:0], uint64(n)+1) // the key as a BYTEA
		if err := r.appendEncoded(s.buf, b[:n], b[n:]); err != nil {
			return err
		}
	}
	s.kept, s.arena, s.mem.used, s.count = s.kept[:0], arena{}, 0, 0
	return r.finish()
}

// runTypes are the types of a sorted run: the key, then the row.
func runTypes(s types.Schema) codec {
	return append(codec{{Kind: types.Bytea}}, typesOf(s)...)
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
	s.kept, s.arena = nil, arena{}
	return errors.Join(s.in.Close(), closeRuns(s.runs))
}
