package sink

import (
	"fmt"

	"github.com/apache/arrow/go/v17/parquet"
	"github.com/apache/arrow/go/v17/parquet/file"
	"github.com/apache/arrow/go/v17/parquet/schema"

	"github.com/asofdb/asof/sql/types"
)

// column writes one column: values become levels, which say what is NULL and where a list begins, and physical values.
type column struct {
	index int
	name  string
	typ   types.Type // of the values, or of an array's elements
	list  bool
	decimal
	leaf leaf
	levels
}

// decimal is how a column of NUMERIC is written. Precision 0 means as text, or that it is none.
type decimal struct {
	precision, scale int
	size             int // in bytes, of a fixed byte array
	// open is set where the type declares no scale: then it is the largest that was met, and whole the largest number of digits before the point.
	open  bool
	whole int
	room  []byte // for fixed byte arrays, taken from its front
}

// levels of a run of values. rep is nil but for a list: 0 begins one, 1 goes on with it.
type levels struct{ def, rep []int16 }

// The definition levels of a list: NULL, empty, an element that is NULL, an element.
const (
	nullList int16 = iota
	emptyList
	nullElement
	element
)

func newColumn(index int, c types.Column) *column {
	t, list := c.Type, c.Type.Kind == types.Array
	if list {
		t = t.ElemType()
	}
	w := &column{index: index, name: c.Name, typ: t, list: list}
	if t.Kind == types.Numeric {
		w.decimal = decimalOf(t)
	}
	w.leaf = w.newLeaf()
	return w
}

// physical is how values of a type are stored: the physical type, its length, and what it means.
type physical struct {
	typ     parquet.Type
	length  int
	logical schema.LogicalType
}

func (c *column) physical() physical {
	none := schema.NoLogicalType{}
	switch c.typ.Kind {
	case types.Bool:
		return physical{parquet.Types.Boolean, -1, none}
	case types.Int2:
		return physical{parquet.Types.Int32, -1, schema.NewIntLogicalType(16, true)}
	case types.Int4:
		return physical{parquet.Types.Int32, -1, schema.NewIntLogicalType(32, true)}
	case types.Int8:
		return physical{parquet.Types.Int64, -1, schema.NewIntLogicalType(64, true)}
	case types.Float4:
		return physical{parquet.Types.Float, -1, none}
	case types.Float8:
		return physical{parquet.Types.Double, -1, none}
	case types.Date:
		return physical{parquet.Types.Int32, -1, schema.DateLogicalType{}}
	case types.Time:
		return physical{parquet.Types.Int64, -1, schema.NewTimeLogicalType(false, schema.TimeUnitMicros)}
	case types.Timestamp:
		return physical{parquet.Types.Int64, -1, schema.NewTimestampLogicalType(false, schema.TimeUnitMicros)}
	case types.Timestamptz:
		return physical{parquet.Types.Int64, -1, schema.NewTimestampLogicalType(true, schema.TimeUnitMicros)}
	case types.Bytea:
		return physical{parquet.Types.ByteArray, -1, none}
	}
	if c.precision == 0 {
		return physical{parquet.Types.ByteArray, -1, schema.StringLogicalType{}}
	}
	logical := schema.NewDecimalLogicalType(int32(c.precision), int32(c.scale))
	switch {
	case c.precision <= 9:
		return physical{parquet.Types.Int32, -1, logical}
	case c.precision <= 18:
		return physical{parquet.Types.Int64, -1, logical}
	}
	return physical{parquet.Types.FixedLenByteArray, c.size, logical}
}

// node is the column in the file's schema.
func (c *column) node() (schema.Node, error) {
	p := c.physical()
	n, err := schema.NewPrimitiveNodeLogical(c.name, parquet.Repetitions.Optional, p.logical, p.typ, p.length, -1)
	if err != nil || !c.list {
		return n, err
	}
	return schema.ListOf(n, parquet.Repetitions.Optional, -1)
}

// leaf collects physical values.
type leaf interface {
	reset()
	// add appends a value that is not NULL.
	add(v types.Value) error
	write(cw file.ColumnChunkWriter, l levels) error
}

// leafOf collects values of physical type T.
type leafOf[T any] struct {
	values []T
	of     func(types.Value) (T, error)
	out    func(cw file.ColumnChunkWriter, values []T, l levels) error
}

func (l *leafOf[T]) reset() { l.values = l.values[:0] }

func (l *leafOf[T]) add(v types.Value) error {
	x, err := l.of(v)
	if err == nil {
		l.values = append(l.values, x)
	}
	return err
}

func (l *leafOf[T]) write(cw file.ColumnChunkWriter, lv levels) error { return l.out(cw, l.values, lv) }

func (c *column) newLeaf() leaf {
	switch p := c.physical(); p.typ {
	case parquet.Types.Boolean:
		return &leafOf[bool]{of: func(v types.Value) (bool, error) { return v.I != 0, nil }, out: writeBools}
	case parquet.Types.Int32:
		return &leafOf[int32]{of: c.int32, out: writeInt32s}
	case parquet.Types.Int64:
		return &leafOf[int64]{of: c.int64, out: writeInt64s}
	case parquet.Types.Float:
		return &leafOf[float32]{of: func(v types.Value) (float32, error) { return float32(v.Float()), nil }, out: writeFloat32s}
	case parquet.Types.Double:
		return &leafOf[float64]{of: func(v types.Value) (float64, error) { return v.Float(), nil }, out: writeFloat64s}
	case parquet.Types.FixedLenByteArray:
		return &leafOf[parquet.FixedLenByteArray]{of: c.fixedBytes, out: writeFixed}
	default:
		return &leafOf[parquet.ByteArray]{of: c.bytes, out: writeBytes}
	}
}

func writeBools(cw file.ColumnChunkWriter, v []bool, l levels) error {
	_, err := cw.(*file.BooleanColumnChunkWriter).WriteBatch(v, l.def, l.rep)
	return err
}

func writeInt32s(cw file.ColumnChunkWriter, v []int32, l levels) error {
	_, err := cw.(*file.Int32ColumnChunkWriter).WriteBatch(v, l.def, l.rep)
	return err
}

func writeInt64s(cw file.ColumnChunkWriter, v []int64, l levels) error {
	_, err := cw.(*file.Int64ColumnChunkWriter).WriteBatch(v, l.def, l.rep)
	return err
}

func writeFloat32s(cw file.ColumnChunkWriter, v []float32, l levels) error {
	_, err := cw.(*file.Float32ColumnChunkWriter).WriteBatch(v, l.def, l.rep)
	return err
}

func writeFloat64s(cw file.ColumnChunkWriter, v []float64, l levels) error {
	_, err := cw.(*file.Float64ColumnChunkWriter).WriteBatch(v, l.def, l.rep)
	return err
}

func writeFixed(cw file.ColumnChunkWriter, v []parquet.FixedLenByteArray, l levels) error {
	_, err := cw.(*file.FixedLenByteArrayColumnChunkWriter).WriteBatch(v, l.def, l.rep)
	return err
}

func writeBytes(cw file.ColumnChunkWriter, v []parquet.ByteArray, l levels) error {
	_, err := cw.(*file.ByteArrayColumnChunkWriter).WriteBatch(v, l.def, l.rep)
	return err
}

// writeGroup writes the column of a row group; before is how many rows come before it.
func (c *column) writeGroup(cw file.ColumnChunkWriter, group []*types.Batch, before int64) (err error) {
	defer guard(&err)
	for _, b := range group {
		if err := c.write(cw, b, before); err != nil {
			return err
		}
		before += int64(b.Rows())
	}
	return nil
}

// write appends a batch's values to a column chunk; before is how many rows come before the batch.
func (c *column) write(cw file.ColumnChunkWriter, b *types.Batch, before int64) error {
	c.leaf.reset()
	c.def, c.rep = c.def[:0], c.rep[:0]
	for i := range b.Rows() {
		if err := c.add(b.Value(c.index, i)); err != nil {
			return c.refuse(err, before+int64(i))
		}
	}
	l := c.levels
	if !c.list {
		l.rep = nil
	}
	return c.leaf.write(cw, l)
}

func (c *column) add(v types.Value) error {
	switch {
	case c.list:
		return c.addList(v)
	case v.IsNull():
		c.def = append(c.def, 0)
		return nil
	}
	c.def = append(c.def, 1)
	return c.leaf.add(v)
}

func (c *column) addList(v types.Value) error {
	elems := v.Elems()
	switch {
	case v.IsNull():
		c.def, c.rep = append(c.def, nullList), append(c.rep, 0)
	case len(elems) == 0:
		c.def, c.rep = append(c.def, emptyList), append(c.rep, 0)
	}
	for i, e := range elems {
		rep := int16(1)
		if i == 0 {
			rep = 0
		}
		c.rep = append(c.rep, rep)
		if e.IsNull() {
			c.def = append(c.def, nullElement)
			continue
		}
		c.def = append(c.def, element)
		if err := c.leaf.add(e); err != nil {
			return err
		}
	}
	return nil
}

// refuse says which value has no place in the file. Rows count from 1 as a user does.
func (c *column) refuse(err error, row int64) error {
	e, ok := err.(*types.Error)
	if !ok {
		return fmt.Errorf("column %q, row %d: %w", c.name, row+1, err)
	}
	e.Message = fmt.Sprintf("column %q, row %d: %s", c.name, row+1, e.Message)
	return e
}

// noPlace is the error for a value that Parquet's type cannot hold.
func noPlace(v types.Value, what, cast string) error {
	return types.Errorf(types.CodeOutOfRange, "%s has no place in a Parquet %s", v, what).WithHint("%s", cast)
}

func (c *column) int32(v types.Value) (int32, error) {
	switch v.Kind {
	case types.Numeric:
		i, err := c.unscaledInt(v)
		return int32(i), err
	case types.Date:
		if v.I == types.InfinityDays || v.I == types.NegInfinityDays {
			return 0, noPlace(v, "DATE", "write it as text (::text), or as NULL: NULLIF(…, 'infinity')")
		}
	}
	return int32(v.I), nil
}

// dayMicros is the length of a day; 24:00:00 is the one time of day that has it.
const dayMicros = 86_400_000_000

func (c *column) int64(v types.Value) (int64, error) {
	switch v.Kind {
	case types.Numeric:
		return c.unscaledInt(v)
	case types.Timestamp, types.Timestamptz:
		if v.I == types.Infinity || v.I == types.NegInfinity {
			return 0, noPlace(v, "TIMESTAMP", "write it as text (::text), or as NULL: NULLIF(…, 'infinity')")
		}
	case types.Time:
		if v.I == dayMicros {
			return 0, noPlace(v, "TIME", "write it as text (::text)")
		}
	}
	return v.I, nil
}

// bytes returns a value's bytes. They are never written again: the library keeps the smallest and the largest of a chunk.
func (c *column) bytes(v types.Value) (parquet.ByteArray, error) {
	switch v.Kind {
	case types.Text, types.Varchar, types.Char, types.JSON, types.JSONB, types.Bytea, types.Unknown:
		return parquet.ByteArray(bytesOf(v.S)), nil
	}
	return parquet.ByteArray(types.AppendText(nil, v)), nil
}
