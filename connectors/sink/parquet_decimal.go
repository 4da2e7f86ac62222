package sink

import (
	"encoding/binary"
	"math"
	"math/big"
	"math/bits"
	"unsafe"

	"github.com/apache/arrow/go/v17/parquet"

	"github.com/asofdb/asof/sql/types"
)

// maxDigits is the precision up to which pandas, polars and DuckDB read DECIMAL exactly.
const maxDigits = 38

// decimalOf decides how values of type t are written.
func decimalOf(t types.Type) decimal {
	precision, scale := int(t.Precision), int(t.Scale)
	switch {
	case precision == 0:
		return decimal{precision: maxDigits, size: decimalBytes(maxDigits), open: true}
	case scale < 0:
		precision, scale = precision-scale, 0 // NUMERIC(2,-3) goes up to 99000
	case scale > precision:
		precision = scale // NUMERIC(2,5) goes up to 0.00099
	}
	if precision > maxDigits {
		return decimal{} // as text
	}
	return decimal{precision: precision, scale: scale, size: decimalBytes(precision)}
}

// decimalBytes is the length of a fixed byte array for numbers of precision digits, in two's complement.
func decimalBytes(precision int) int {
	return int(math.Ceil((float64(precision)*math.Log2(10) + 1) / 8))
}

// pow10 are the powers of ten that fit 64 bits with a sign.
var pow10 = func() (p [19]uint64) {
	p[0] = 1
	for i := 1; i < len(p); i++ {
		p[i] = p[i-1] * 10
	}
	return p
}()

// fit makes the scale of a NUMERIC that declares none large enough for the values of a row group; before is how many rows come before it.
func (c *column) fit(group []*types.Batch, before int64) error {
	if !c.open {
		return nil
	}
	for _, b := range group {
		for i := range b.Rows() {
			if err := c.fitValue(b.Value(c.index, i)); err != nil {
				return c.refuse(err, before+int64(i))
			}
		}
		before += int64(b.Rows())
	}
	return nil
}

func (c *column) fitValue(v types.Value) error {
	if c.list {
		for _, e := range v.Elems() {
			if err := c.fitNumber(e); err != nil {
				return err
			}
		}
		return nil
	}
	return c.fitNumber(v)
}

func (c *column) fitNumber(v types.Value) error {
	if v.IsNull() {
		return nil
	}
	if v.Scale < 0 {
		return notFinite(v)
	}
	scale := max(c.scale, int(v.Scale))
	whole := max(c.whole, digits(v)-int(v.Scale))
	if scale+whole > maxDigits {
		return types.Errorf(types.CodeOutOfRange, "%s makes the column need %d digits before the point and %d behind it; a Parquet DECIMAL has %d altogether", v, whole, scale, maxDigits).
			WithHint("choose what it keeps with a cast, as ::numeric(38,10), ::float8 or ::text")
	}
	c.scale, c.whole = scale, whole
	return nil
}

func notFinite(v types.Value) error {
	return noPlace(v, "DECIMAL", "cast the column to double precision (::float8) or text (::text)")
}

// digits counts the digits of a finite numeric's coefficient.
func digits(v types.Value) int {
	if x, ok := v.X.(*big.Int); ok {
		return len(new(big.Int).Abs(x).Text(10))
	}
	n := 1
	for a := magnitude(v.I); n < len(pow10) && a >= pow10[n]; n++ {
	}
	return n
}

func magnitude(i int64) uint64 {
	if i < 0 {
		return -uint64(i)
	}
	return uint64(i)
}

// unscaledInt is v's coefficient at the column's scale, for a precision of up to 18 digits.
func (c *column) unscaledInt(v types.Value) (int64, error) {
	x, err := c.unscaled(v)
	if err != nil {
		return 0, err
	}
	return int64(x.lo), nil
}

// fixedBytes is v's coefficient at the column's scale, for more digits.
func (c *column) fixedBytes(v types.Value) (parquet.FixedLenByteArray, error) {
	x, err := c.unscaled(v)
	if err != nil {
		return nil, err
	}
	if len(c.room) < 16 {
		c.room = make([]byte, 16<<10)
	}
	b := c.room[:16:16] // never written again, see bytes
	c.room = c.room[16:]
	binary.BigEndian.PutUint64(b, x.hi)
	binary.BigEndian.PutUint64(b[8:], x.lo)
	return b[16-c.size:], nil
}

// int128 is a number of 128 bits in two's complement.
type int128 struct{ hi, lo uint64 }

func (x int128) negated() int128 {
	lo, borrow := bits.Sub64(0, x.lo, 0)
	hi, _ := bits.Sub64(0, x.hi, borrow)
	return int128{hi, lo}
}

// unscaled is v's coefficient at the column's scale. A value that has more digits than the declared type, which only a wrong type can have, is refused.
func (c *column) unscaled(v types.Value) (int128, error) {
	if v.Scale < 0 {
		return int128{}, notFinite(v)
	}
	shift := c.scale - int(v.Scale)
	if _, big := v.X.(*big.Int); big || shift < 0 || shift >= len(pow10) {
		return c.unscaledBig(v, shift)
	}
	a := magnitude(v.I)
	var x int128
	x.hi, x.lo = bits.Mul64(a, pow10[shift])
	if a != 0 && digits(v)+shift > c.precision {
		return int128{}, c.tooLong(v)
	}
	if v.I < 0 {
		x = x.negated()
	}
	return x, nil
}

func (c *column) unscaledBig(v types.Value, shift int) (int128, error) {
	x, ok := v.X.(*big.Int)
	if !ok {
		x = big.NewInt(v.I)
	}
	power := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(max(shift, -shift))), nil)
	switch {
	case shift >= 0:
		x = new(big.Int).Mul(x, power)
	default:
		rest := new(big.Int)
		if x, rest = new(big.Int).QuoRem(x, power, rest); rest.Sign() != 0 {
			return int128{}, c.tooLong(v)
		}
	}
	if x.Sign() != 0 && len(new(big.Int).Abs(x).Text(10)) > c.precision {
		return int128{}, c.tooLong(v)
	}
	var b [16]byte
	new(big.Int).Abs(x).FillBytes(b[:])
	out := int128{binary.BigEndian.Uint64(b[:]), binary.BigEndian.Uint64(b[8:])}
	if x.Sign() < 0 {
		out = out.negated()
	}
	return out, nil
}

func (c *column) tooLong(v types.Value) error {
	return types.Errorf(types.CodeOutOfRange, "%s does not fit the column's type, DECIMAL(%d,%d) in Parquet", v, c.precision, c.scale).
		WithHint("choose another with a cast, as ::numeric(38,10)")
}

// bytesOf returns the bytes of s, which are only read.
func bytesOf(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }
