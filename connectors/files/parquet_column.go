package files

import (
	"encoding/binary"
	"errors"
	"math"
	"math/big"
	"strings"

	"github.com/apache/arrow/go/v17/parquet"
	"github.com/apache/arrow/go/v17/parquet/file"

	"github.com/asofdb/asof/sql/types"
)

// parquetColumn reads the values of one column, a row at a time.
type parquetColumn struct {
	field *parquetField
	chunk *chunkReader
	// ahead is the entry after the last row, if there is one.
	ahead entry
	more  bool
}

// begin goes on with the column in another row group.
func (c *parquetColumn) begin(pages file.PageReader) (err error) {
	if c.more {
		return errors.New("the column has more values than its row group has rows")
	}
	c.chunk = &chunkReader{field: c.field, pages: pages}
	return c.advance()
}

func (c *parquetColumn) advance() (err error) {
	c.ahead, c.more, err = c.chunk.next()
	return err
}

// next is the value of the next row.
func (c *parquetColumn) next() (types.Value, error) {
	if !c.more {
		return types.Value{}, errors.New("the column has fewer values than its row group has rows")
	}
	e := c.ahead
	if c.field.list {
		return c.list()
	}
	if err := c.advance(); err != nil {
		return types.Value{}, err
	}
	if e.def < c.field.maxDef {
		return types.Value{}, nil
	}
	return c.field.value(e.value)
}

// list collects the elements up to where the next list begins.
func (c *parquetColumn) list() (types.Value, error) {
	e := c.ahead
	if e.rep != 0 {
		return types.Value{}, errors.New("the column's first list has no beginning")
	}
	elems := []types.Value{}
	for {
		if e.def >= c.field.element {
			v, err := c.element(e)
			if err != nil {
				return v, err
			}
			elems = append(elems, v)
		}
		if err := c.advance(); err != nil {
			return types.Value{}, err
		}
		if !c.more || c.ahead.rep == 0 {
			break
		}
		e = c.ahead
	}
	if len(elems) == 0 && e.def < c.field.present {
		return types.Value{}, nil
	}
	return types.NewArray(elems), nil
}

func (c *parquetColumn) element(e entry) (types.Value, error) {
	if e.def < c.field.maxDef {
		return types.Value{}, nil
	}
	return c.field.value(e.value)
}

// value makes an SQL value of a physical one.
func (f *parquetField) value(r raw) (types.Value, error) {
	switch f.physical {
	case parquet.Types.Boolean:
		return types.NewBool(r.i != 0), nil
	case parquet.Types.Int32:
		return f.fromInt32(int32(r.i))
	case parquet.Types.Int64:
		return f.fromInt64(r.i)
	case parquet.Types.Int96:
		return fromInt96(r.b)
	case parquet.Types.Float:
		return types.NewFloat4(float32(math.Float64frombits(uint64(r.i)))), nil
	case parquet.Types.Double:
		return types.NewFloat8(math.Float64frombits(uint64(r.i))), nil
	}
	return f.fromBytes(r.b)
}

func (f *parquetField) kind() types.Kind {
	if f.list {
		return f.typ.Elem
	}
	return f.typ.Kind
}

func (f *parquetField) fromInt32(i int32) (types.Value, error) {
	switch k := f.kind(); k {
	case types.Date:
		return f.checkDate(int64(i))
	case types.Time:
		return f.timeOfDay(int64(i))
	case types.Int8: // unsigned
		return types.NewInt8(int64(uint32(i))), nil
	case types.Numeric:
		return types.NewNumeric(int64(i), f.typ.Scale), nil
	case types.Text: // a column of NULLs without a type
		return types.Value{}, nil
	case types.Int2, types.Int4:
		v, err := types.Coerce(types.NewInt(types.Int4, int64(i)), types.Type{Kind: k})
		return v, err
	default:
		return types.Value{}, errUnexpected
	}
}

func (f *parquetField) fromInt64(i int64) (types.Value, error) {
	switch k := f.kind(); k {
	case types.Timestamp, types.Timestamptz:
		return f.moment(k, i)
	case types.Time:
		return f.timeOfDay(i)
	case types.Numeric:
		if f.typ.Precision == 0 { // unsigned
			return types.NewBigNumeric(new(big.Int).SetUint64(uint64(i)), 0), nil
		}
		return types.NewNumeric(i, f.typ.Scale), nil
	case types.Int8:
		return types.NewInt8(i), nil
	default:
		return types.Value{}, errUnexpected
	}
}

// errUnexpected is the error for a logical type that its physical type cannot hold.
var errUnexpected = errors.New("the column's logical type does not go with its physical type")

// moment is a timestamp counted in the field's unit.
func (f *parquetField) moment(k types.Kind, i int64) (types.Value, error) {
	us := i
	switch f.unit {
	case 1e3:
		us = i * 1000
		if us/1000 != i {
			return types.Value{}, outOfRange(k)
		}
	case 1e9:
		us = floorDiv(i, 1000)
	}
	if us < minTimestamp || us > maxTimestamp {
		return types.Value{}, outOfRange(k)
	}
	return types.Value{Kind: k, I: us}, nil
}

// floorDiv rounds down also below zero: a moment stays in its microsecond.
func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// The first and the last moment and day that the types have.
var (
	minTimestamp = mustParse(types.Timestamp, "4714-11-24 00:00:00 BC")
	maxTimestamp = mustParse(types.Timestamp, "294247-01-10 04:00:54.775806")
	minDate      = mustParse(types.Date, "4714-11-24 BC")
	maxDate      = mustParse(types.Date, "5874897-12-31")
)

func mustParse(k types.Kind, text string) int64 {
	v, err := types.Parse(types.Type{Kind: k}, text)
	if err != nil {
		panic(err)
	}
	return v.I
}

func outOfRange(k types.Kind) error {
	return types.Errorf(types.CodeDatetimeOverflow, "the value is out of range for type %s", k)
}

func (f *parquetField) checkDate(days int64) (types.Value, error) {
	if days < minDate || days > maxDate {
		return types.Value{}, outOfRange(types.Date)
	}
	return types.Value{Kind: types.Date, I: days}, nil
}

const dayMicros = 86_400_000_000

func (f *parquetField) timeOfDay(i int64) (types.Value, error) {
	us := i
	switch f.unit {
	case 1e3:
		us = i * 1000
	case 1e9:
		us = floorDiv(i, 1000)
	}
	if i < 0 || us < 0 || us > dayMicros {
		return types.Value{}, outOfRange(types.Time)
	}
	return types.Value{Kind: types.Time, I: us}, nil
}

// fromInt96 reads the timestamps that Impala and old Spark wrote: nanoseconds of a day, and its Julian day.
func fromInt96(x []byte) (types.Value, error) {
	nanos := int64(binary.LittleEndian.Uint64(x[:8]))
	days := int64(binary.LittleEndian.Uint32(x[8:])) - 2440588
	if nanos < 0 || nanos > dayMicros*1000 || days > maxTimestamp/dayMicros-1 || days < minTimestamp/dayMicros {
		return types.Value{}, outOfRange(types.Timestamp)
	}
	return types.Value{Kind: types.Timestamp, I: days*dayMicros + nanos/1000}, nil
}

// fromBytes reads a byte array. Text points into it.
func (f *parquetField) fromBytes(b []byte) (types.Value, error) {
	switch k := f.kind(); k {
	case types.Text:
		return types.Parse(types.Type{Kind: types.Text}, stringOf(b))
	case types.JSON:
		return types.Parse(types.Type{Kind: types.JSON}, stringOf(b))
	case types.Bytea:
		return types.Value{Kind: types.Bytea, S: stringOf(b)}, nil
	case types.UUID:
		if len(b) != 16 {
			return types.Value{}, errUnexpected
		}
		return types.Value{Kind: types.UUID, S: stringOf(b)}, nil
	case types.Numeric:
		return f.decimal(b)
	default:
		return types.Value{}, errUnexpected
	}
}

// decimal reads a number in two's complement, big end first.
func (f *parquetField) decimal(b []byte) (types.Value, error) {
	if len(b) == 0 {
		return types.NewNumeric(0, f.typ.Scale), nil
	}
	if len(b) <= 8 {
		x := int64(0)
		if b[0]&0x80 != 0 {
			x = -1
		}
		for _, c := range b {
			x = x<<8 | int64(c)
		}
		return types.NewNumeric(x, f.typ.Scale), nil
	}
	x := new(big.Int).SetBytes(b)
	if b[0]&0x80 != 0 {
		x.Sub(x, new(big.Int).Lsh(big.NewInt(1), uint(len(b))*8))
	}
	v := types.NewBigNumeric(x, f.typ.Scale)
	if digits := strings.TrimPrefix(x.String(), "-"); len(digits) > int(f.typ.Precision) {
		return v, types.Errorf(types.CodeOutOfRange, "a number has %d digits instead of at most %d", len(digits), f.typ.Precision)
	}
	return v, nil
}
