package types

import (
	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
)

// Builder collects rows for a Batch. It copies what it is given. It is used by one goroutine and can be used again after
// Batch; Release ends it.
type Builder struct {
	schema  Schema
	record  *array.RecordBuilder
	rows    int
	scratch []byte
}

// NewBuilder returns a Builder of batches of s.
func NewBuilder(s Schema) *Builder {
	return &Builder{schema: s, record: array.NewRecordBuilder(memory.DefaultAllocator, ArrowSchema(s))}
}

// Len returns the number of rows appended since the last Batch.
func (b *Builder) Len() int { return b.rows }

// Append adds a row: one value, NULL or of the column's type, for each column.
func (b *Builder) Append(row []Value) {
	for c := range b.schema {
		b.appendValue(c, row[c])
	}
	b.rows++
}

// AppendNulls adds a row of NULLs.
func (b *Builder) AppendNulls() {
	for _, f := range b.record.Fields() {
		f.AppendNull()
	}
	b.rows++
}

// AppendEncoded adds the row whose values AppendValue has put into src one behind the other. Values that batches hold encoded are not decoded.
func (b *Builder) AppendEncoded(src []byte) error {
	for c, f := range b.record.Fields() {
		t := b.schema[c].Type
		if f, ok := f.(*array.BinaryBuilder); ok && t.Kind != Bytea {
			n, err := encodedLen(src, t)
			if err != nil {
				return err
			}
			if src[0] == headNull {
				f.AppendNull()
			} else {
				f.Append(src[:n])
			}
			src = src[n:]
			continue
		}
		v, rest, err := ReadValue(src, t)
		if err != nil {
			return err
		}
		b.appendValue(c, v)
		src = rest
	}
	b.rows++
	return nil
}

// Reserve makes room for n rows more.
func (b *Builder) Reserve(n int) { b.record.Reserve(n) }

// Batch returns the rows appended so far and begins anew. The caller releases it.
func (b *Builder) Batch() *Batch {
	record := b.record.NewRecord()
	if len(b.schema) == 0 {
		record.Release()
		record = array.NewRecord(record.Schema(), nil, int64(b.rows))
	}
	b.rows = 0
	return &Batch{Schema: b.schema, Record: record}
}

// Release gives the builder's memory back.
func (b *Builder) Release() { b.record.Release() }

func (b *Builder) appendValue(col int, v Value) {
	field := b.record.Field(col)
	if v.Kind == Null {
		field.AppendNull()
		return
	}
	switch f := field.(type) {
	case *array.BooleanBuilder:
		f.Append(v.I != 0)
	case *array.Int16Builder:
		f.Append(int16(v.I))
	case *array.Int32Builder:
		f.Append(int32(v.I))
	case *array.Int64Builder:
		f.Append(v.I)
	case *array.Float32Builder:
		f.Append(float32(v.Float()))
	case *array.Float64Builder:
		f.Append(v.Float())
	case *array.StringBuilder:
		f.Append(v.S)
	case *array.FixedSizeBinaryBuilder:
		f.Append([]byte(v.S))
	case *array.Date32Builder:
		f.Append(arrow.Date32(v.I))
	case *array.Time64Builder:
		f.Append(arrow.Time64(v.I))
	case *array.TimestampBuilder:
		f.Append(arrow.Timestamp(v.I))
	case *array.BinaryBuilder:
		b.appendBinary(f, b.schema[col].Type, v)
	default:
		field.AppendNull()
	}
}

func (b *Builder) appendBinary(f *array.BinaryBuilder, t Type, v Value) {
	if t.Kind == Bytea {
		f.AppendString(v.S)
		return
	}
	b.scratch = AppendValue(b.scratch[:0], t, v)
	f.Append(b.scratch)
}
