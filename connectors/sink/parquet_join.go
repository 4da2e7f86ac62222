package sink

import (
	"fmt"
	"math/big"
	"os"

	"github.com/apache/arrow/go/v17/parquet"
	"github.com/apache/arrow/go/v17/parquet/file"
)

// join writes the parts as one file, whose decimals have the scales of the last part: those are the largest. Only the decimals that had a smaller one change;
// everything else is copied as levels and physical values.
func (p *parquetSink) join() (*part, error) {
	joined, err := p.begin()
	if err != nil {
		return nil, err
	}
	parts := p.parts
	p.parts = append(p.parts, joined) // for Close
	if err := joined.start(p.columns, nil); err != nil {
		return nil, err
	}
	for _, from := range parts {
		if err := joined.appendPart(from, p.columns); err != nil {
			return nil, err
		}
	}
	return joined, joined.finish()
}

func (p *part) appendPart(from *part, columns []*column) (err error) {
	defer guard(&err)
	f, err := os.Open(from.file.temp)
	if err != nil {
		return from.file.failure("cannot be read again", err)
	}
	defer f.Close()
	r, err := file.NewParquetReader(f)
	if err != nil {
		return err
	}
	for g := range r.NumRowGroups() {
		in, out := r.RowGroup(g), p.w.AppendRowGroup()
		for i, c := range columns {
			cr, err := in.Column(i)
			if err != nil {
				return err
			}
			cw, err := out.NextColumn()
			if err != nil {
				return err
			}
			if err := copyChunk(cr, cw, c, p.scales[i]-from.scales[i]); err != nil {
				return err
			}
		}
		if err := out.Close(); err != nil {
			return err
		}
	}
	return p.file.err
}

// copyChunk copies a column chunk; shift is by how many digits its decimals grow.
func copyChunk(cr file.ColumnChunkReader, cw file.ColumnChunkWriter, c *column, shift int) error {
	switch cr := cr.(type) {
	case *file.BooleanColumnChunkReader:
		return copyValues(cr.ReadBatch, cw, c, writeBools, nil)
	case *file.Int32ColumnChunkReader:
		return copyValues(cr.ReadBatch, cw, c, writeInt32s, nil)
	case *file.Int64ColumnChunkReader:
		return copyValues(cr.ReadBatch, cw, c, writeInt64s, nil)
	case *file.Float32ColumnChunkReader:
		return copyValues(cr.ReadBatch, cw, c, writeFloat32s, nil)
	case *file.Float64ColumnChunkReader:
		return copyValues(cr.ReadBatch, cw, c, writeFloat64s, nil)
	case *file.ByteArrayColumnChunkReader:
		return copyValues(cr.ReadBatch, cw, c, writeBytes, cloneBytes)
	case *file.FixedLenByteArrayColumnChunkReader:
		return copyValues(cr.ReadBatch, cw, c, writeFixed, scaler(shift))
	}
	return fmt.Errorf("no copy of a column of type %s", cr.Type())
}

// copyBatch is how many values are copied at a time.
const copyBatch = 4096

// copyValues copies levels and values; keep, where it is not nil, makes of each value one that stays when the reader goes on.
func copyValues[T any](
	read func(n int64, values []T, def, rep []int16) (int64, int, error), cw file.ColumnChunkWriter, c *column,
	write func(file.ColumnChunkWriter, []T, levels) error, keep func(T) T,
) error {
	values := make([]T, copyBatch)
	def, rep := make([]int16, copyBatch), make([]int16, copyBatch)
	for {
		total, n, err := read(copyBatch, values, def, rep)
		if err != nil || total == 0 {
			return err
		}
		if keep != nil {
			for i := range values[:n] {
				values[i] = keep(values[i])
			}
		}
		l := levels{def: def[:total]}
		if c.list {
			l.rep = rep[:total]
		}
		if err := write(cw, values[:n], l); err != nil {
			return err
		}
	}
}

func cloneBytes(b parquet.ByteArray) parquet.ByteArray {
	return append(parquet.ByteArray{}, b...)
}

// scaler multiplies by 10^shift. That the product fits was seen when the larger scale was chosen.
func scaler(shift int) func(parquet.FixedLenByteArray) parquet.FixedLenByteArray {
	power := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(shift)), nil)
	return func(b parquet.FixedLenByteArray) parquet.FixedLenByteArray {
		out := append(make(parquet.FixedLenByteArray, 0, len(b)), b...)
		if shift == 0 {
			return out
		}
		negative := out[0]&0x80 != 0
		if negative {
			complement(out)
		}
		x := new(big.Int).SetBytes(out)
		x.Mul(x, power).FillBytes(out)
		if negative {
			complement(out)
		}
		return out
	}
}

// complement negates a number in two's complement.
func complement(b []byte) {
	carry := byte(1)
	for i := len(b) - 1; i >= 0; i-- {
		b[i] = ^b[i] + carry
		if b[i] != 0 {
			carry = 0
		}
	}
}
