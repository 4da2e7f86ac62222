package types

import (
	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
)

// Batch is a run of rows as Arrow columns. NUMERIC travels as a binary column that holds coefficient and scale of each value,
// because PostgreSQL's AVG has another scale in every row.
//
// A Batch owns a reference to its Record: whoever gets the Batch calls Release once, and the values read from it are good
// until then.
type Batch struct {
	Schema Schema
	Record arrow.Record
}

// Rows returns the number of rows.
func (b *Batch) Rows() int { return int(b.Record.NumRows()) }

// Release gives the batch's memory back.
func (b *Batch) Release() { b.Record.Release() }

// Row writes row i to dst, which has a place for each column.
func (b *Batch) Row(i int, dst []Value) {
	for c := range b.Schema {
		dst[c] = b.Value(c, i)
	}
}

// Value returns the value in column col of row row. Its strings point into the batch.
func (b *Batch) Value(col, row int) Value {
	t := b.Schema[col].Type
	a := b.Record.Column(col)
	if a.IsNull(row) {
		return Value{}
	}
	switch a := a.(type) {
	case *array.Boolean:
		return NewBool(a.Value(row))
	case *array.Int16:
		return Value{Kind: t.Kind, I: int64(a.Value(row))}
	case *array.Int32:
		return Value{Kind: t.Kind, I: int64(a.Value(row))}
	case *array.Int64:
		return Value{Kind: t.Kind, I: a.Value(row)}
	case *array.Float32:
		return NewFloat4(a.Value(row))
	case *array.Float64:
		return NewFloat8(a.Value(row))
	case *array.String:
		return Value{Kind: t.Kind, S: a.Value(row)}
	case *array.FixedSizeBinary:
		return Value{Kind: t.Kind, S: stringOf(a.Value(row))}
	case *array.Date32:
		return Value{Kind: t.Kind, I: int64(a.Value(row))}
	case *array.Time64:
		return Value{Kind: t.Kind, I: int64(a.Value(row))}
	case *array.Timestamp:
		return Value{Kind: t.Kind, I: int64(a.Value(row))}
	case *array.Binary:
		if t.Kind == Bytea {
			return Value{Kind: t.Kind, S: stringOf(a.Value(row))}
		}
		v, _, err := ReadValue(a.Value(row), t)
		if err != nil {
			panic("types: a batch holds bytes that no builder wrote: " + err.Error())
		}
		return v
	}
	return Value{} // a column of NULLs without a type
}

// ArrowType returns the Arrow type of a column of type t. NUMERIC, INTERVAL, whose microseconds exceed Arrow's nanoseconds, and
// arrays are binary columns of the encoding of AppendValue.
func ArrowType(t Type) arrow.DataType {
	switch t.Kind {
	case Bool:
		return arrow.FixedWidthTypes.Boolean
	case Int2:
		return arrow.PrimitiveTypes.Int16
	case Int4:
		return arrow.PrimitiveTypes.Int32
	case Int8:
		return arrow.PrimitiveTypes.Int64
	case Float4:
		return arrow.PrimitiveTypes.Float32
	case Float8:
		return arrow.PrimitiveTypes.Float64
	case Text, Varchar, Char, JSON, JSONB, Unknown:
		return arrow.BinaryTypes.String
	case Date:
		return arrow.FixedWidthTypes.Date32
	case Time:
		return arrow.FixedWidthTypes.Time64us
	case Timestamp:
		return &arrow.TimestampType{Unit: arrow.Microsecond}
	case Timestamptz:
		return arrow.FixedWidthTypes.Timestamp_us
	case UUID:
		return &arrow.FixedSizeBinaryType{ByteWidth: 16}
	case Numeric, Interval, Bytea, Array:
		return arrow.BinaryTypes.Binary
	}
	return arrow.Null
}

// ArrowSchema returns the Arrow schema of batches of s. Every column is nullable: NOT NULL is checked where rows enter.
func ArrowSchema(s Schema) *arrow.Schema {
	fields := make([]arrow.Field, len(s))
	for i, c := range s {
		fields[i] = arrow.Field{Name: c.Name, Type: ArrowType(c.Type), Nullable: true}
	}
	return arrow.NewSchema(fields, nil)
}
