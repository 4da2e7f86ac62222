package exec

import (
	"bytes"
	"context"
	"slices"

	"github.com/asofdb/asof/sql/expr"
	"github.com/asofdb/asof/sql/plan"
	"github.com/asofdb/asof/sql/types"
)

// sorter reads all rows and hands them on in order; rows with equal keys stay in the order in which they came.
type sorter struct {
	in   Operator
	keys []plan.SortKey
	env  expr.Env
	out  *types.Builder
	mem  account
	// atMost is how many rows are wanted, 0 for all. No more than twice as many, or a batch, are kept.
	atMost int
	// worst is the key of the last of the first atMost rows so far, nil before there are so many: a row that does not come before it is
	// not wanted.
	worst  []byte
	kept   []sortedRow
	key    []byte // of the row at hand
	count  int
	sorted bool
	next   int
}

// sortedRow is a row with the bytes it is ordered by and its place in the input.
type sortedRow struct {
	key   []byte
	place int
	row   []types.Value
}

func newSort(n *plan.Sort, in Operator, c *Context, atMost int64) *sorter {
	s := n.Schema()
	return &sorter{
		in: in, keys: n.Keys, env: c.env(len(s)), out: types.NewBuilder(s),
		mem: newAccount("ORDER BY", c), atMost: int(atMost),
	}
}

func (s *sorter) Next(ctx context.Context) (*types.Batch, error) {
	if !s.sorted {
		if err := s.readAll(ctx); err != nil {
			return nil, err
		}
		s.sort()
		s.sorted = true
	}
	for ; s.next < len(s.kept) && s.out.Len() < batchRows; s.next++ {
		s.out.Append(s.kept[s.next].row)
	}
	return finish(s.out), nil
}

func (s *sorter) readAll(ctx context.Context) error {
	for {
		b, err := pull(ctx, s.in)
		if b == nil || err != nil {
			return err
		}
		for i := range b.Rows() {
			b.Row(i, s.env.Row)
			if err := s.keep(); err != nil {
				return err
			}
		}
		b.Release()
	}
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
	if err := s.mem.grow(r.size()); err != nil {
		return err
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

func (s *sorter) Close() error {
	s.kept = nil
	return s.in.Close()
}
