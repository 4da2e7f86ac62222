package exec

import (
	"context"

	"github.com/asofdb/asof/sql/plan"
	"github.com/asofdb/asof/sql/types"
)

// distinct hands on the first of equal rows.
type distinct struct {
	in   Operator
	vals []types.Value
	seen map[string]struct{} // of AppendKey of the whole row
	key  []byte
	mem  account
	out  *types.Builder
}

func newDistinct(n *plan.Distinct, in Operator, c *Context) *distinct {
	s := n.Schema()
	return &distinct{
		in: in, vals: make([]types.Value, len(s)), out: types.NewBuilder(s),
		seen: map[string]struct{}{}, mem: newAccount("DISTINCT", c),
	}
}

func (d *distinct) Next(ctx context.Context) (*types.Batch, error) {
	for {
		b, err := pull(ctx, d.in)
		if b == nil || err != nil {
			return nil, err
		}
		for i := range b.Rows() {
			b.Row(i, d.vals)
			if err := d.take(d.vals); err != nil {
				return nil, err
			}
		}
		b.Release()
		if d.out.Len() > 0 {
			return d.out.Batch(), nil
		}
	}
}

// take adds the row to the next batch unless one like it was there.
func (d *distinct) take(row []types.Value) error {
	d.key = appendKeys(d.key[:0], row)
	if _, ok := d.seen[string(d.key)]; ok {
		return nil
	}
	d.seen[string(d.key)] = struct{}{}
	d.out.Append(row)
	return d.mem.grow(mapEntry + int64(len(d.key)))
}

func appendKeys(dst []byte, row []types.Value) []byte {
	for _, v := range row {
		dst = types.AppendKey(dst, v)
	}
	return dst
}

func (d *distinct) Close() error { return d.in.Close() }
