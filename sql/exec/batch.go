package exec

import (
	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"

	"github.com/asofdb/asof/sql/expr"
	"github.com/asofdb/asof/sql/types"
)

// reader reads some columns of batches into rows for expressions.
type reader []int

// newReader reads the columns that xs use; nil expressions count for nothing.
func newReader(xs ...expr.Expr) reader {
	used := map[int]bool{}
	var r reader
	for _, x := range xs {
		if x == nil {
			continue
		}
		expr.Walk(x, func(y expr.Expr) bool {
			if c, ok := y.(*expr.Column); ok && !used[c.Index] {
				used[c.Index] = true
				r = append(r, c.Index)
			}
			return true
		})
	}
	return r
}

// read writes the reader's columns of row i to dst, whose other columns stay.
func (r reader) read(b *types.Batch, i int, dst []types.Value) {
	for _, c := range r {
		dst[c] = b.Value(c, i)
	}
}

// finish returns the builder's rows as a batch, nil where there are none.
func finish(b *types.Builder) *types.Batch {
	if b.Len() == 0 {
		return nil
	}
	return b.Batch()
}

// slice is rows from..to of b, which it releases.
func slice(b *types.Batch, from, to int) *types.Batch {
	if from == 0 && to == b.Rows() {
		return b
	}
	defer b.Release()
	return part(b, from, to)
}

// part is rows from..to of b, which stays with its owner.
func part(b *types.Batch, from, to int) *types.Batch {
	return &types.Batch{Schema: b.Schema, Record: b.Record.NewSlice(int64(from), int64(to))}
}

// assemble makes a batch of columns that others hold.
func assemble(s types.Schema, arrowSchema *arrow.Schema, columns []arrow.Array, rows int) *types.Batch {
	return &types.Batch{Schema: s, Record: array.NewRecord(arrowSchema, columns, int64(rows))}
}

// batchSize is the memory that a batch holds. A slice of another batch counts as the whole.
func batchSize(b *types.Batch) int64 {
	n := int64(0)
	for _, c := range b.Record.Columns() {
		for _, buffer := range c.Data().Buffers() {
			if buffer != nil {
				n += int64(buffer.Cap())
			}
		}
	}
	return n
}
