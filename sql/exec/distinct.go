package exec

import (
	"context"
	"hash/maphash"

	"github.com/asofdb/asof/sql/plan"
	"github.com/asofdb/asof/sql/types"
)

// distinct hands on the first of equal rows. Rows that are new when there is no more memory to remember them are divided into partitions, which are
// worked on when the input has ended.
type distinct struct {
	in     Operator
	c      *Context
	schema types.Schema
	seed   maphash.Seed
}

func newDistinct(n *plan.Distinct, in Operator, c *Context) Operator {
	d := &distinct{in: in, c: c, schema: n.Schema(), seed: maphash.MakeSeed()}
	return &loop{body: d.run, closed: in.Close}
}

func (d *distinct) run(ctx context.Context, emit func(*types.Batch) error) error {
	return d.pass(ctx, d.in, 0, newOutput(d.schema, emit))
}

// pass hands on the distinct rows of op, which have been divided depth times. What is ready at the end of a batch is handed on at once: who
// wants few rows does not wait for many.
func (d *distinct) pass(ctx context.Context, op Operator, depth int, out *output) error {
	mem := newAccount("DISTINCT", d.c)
	seen := map[string]struct{}{} // of AppendKey of the whole row
	var key []byte
	var rest *partitioning
	row := make([]types.Value, len(d.schema))
	for {
		b, err := pull(ctx, op)
		if err != nil {
			return err
		}
		if b == nil {
			break
		}
		for i := range b.Rows() {
			b.Row(i, row)
			key = appendKeys(key[:0], row)
			if _, ok := seen[string(key)]; ok {
				continue
			}
			if rest != nil {
				if err := rest.add(key, row); err != nil {
					return err
				}
				continue
			}
			seen[string(key)] = struct{}{}
			if err := out.row(row); err != nil {
				return err
			}
			full, err := mem.full(mapEntry + int64(len(key)))
			if err != nil {
				return err
			}
			if full && depth < maxDepth {
				rest = newPartitioning(d.c, typesOf(d.schema), d.seed, depth)
			}
		}
		b.Release()
		if err := out.flush(); err != nil {
			return err
		}
	}
	if rest == nil {
		return nil
	}
	clear(seen)
	if err := rest.finish(); err != nil {
		return err
	}
	for _, r := range rest.runs {
		if r == nil {
			continue
		}
		if err := d.pass(ctx, newFileScan(r, d.schema), depth+1, out); err != nil {
			return err
		}
		if err := r.close(); err != nil {
			return err
		}
	}
	return nil
}

func appendKeys(dst []byte, row []types.Value) []byte {
	for _, v := range row {
		dst = types.AppendKey(dst, v)
	}
	return dst
}
