package history

import (
	"encoding/binary"
	"math/bits"

	"github.com/asofdb/asof/sql/types"
)

// The values of a tail are read one by one, in their compact encoding. Package types says what it is; here is what reads the ordinary encodings of
// the kinds that most columns have in place, and what skips a value that nobody looks at. Whatever is out of the ordinary, and what is wrong, is left to types.

// maxPlainScale and maxPlainTime bound what is read here: a numeric's scale, and how far from 1970 a timestamp is, in microseconds.
const (
	maxPlainScale = 1000
	maxPlainTime  = 1 << 57
)

// value reads a value of type t into v, which may hold one of the same column.
func (d *decoder) value(v *types.Value, t *types.Type) error {
	head, n := shortestUvarint(d.src)
	if n == 0 {
		return d.otherValue(v, t)
	}
	rest := d.src[n:]
	if head == 0 {
		*v, d.src = types.Value{}, rest
		return nil
	}
	switch t.Kind {
	case types.Numeric:
		scale := head>>1 - 2
		if head < 4 || head&1 != 0 || scale > maxPlainScale {
			return d.otherValue(v, t)
		}
		u, m := shortestUvarint(rest)
		if m == 0 {
			return d.otherValue(v, t)
		}
		setPlain(v, t.Kind, int16(scale), unzigzag(u))
		d.src = rest[m:]
		return nil
	case types.Text, types.Varchar, types.Char, types.JSON, types.JSONB, types.Bytea:
		if head-1 > uint64(len(rest)) {
			return d.otherValue(v, t)
		}
		*v = types.Value{Kind: t.Kind, S: view(rest[:head-1])}
		d.src = rest[head-1:]
		return nil
	}
	i := unzigzag(head - 1)
	plain := false
	switch t.Kind {
	case types.Int8:
		plain = true
	case types.Int4:
		plain = i == int64(int32(i))
	case types.Timestamp, types.Timestamptz:
		plain = -maxPlainTime < i && i < maxPlainTime
	}
	if !plain {
		return d.otherValue(v, t)
	}
	setPlain(v, t.Kind, 0, i)
	d.src = rest
	return nil
}

// setPlain sets v to a value without pointers. Pointers that are nil already are not written: the collector would have to be told.
func setPlain(v *types.Value, k types.Kind, scale int16, i int64) {
	v.Kind, v.Scale, v.I = k, scale, i
	if v.S != "" {
		v.S = ""
	}
	if v.X != nil {
		v.X = nil
	}
}

func (d *decoder) otherValue(v *types.Value, t *types.Type) error {
	x, rest, err := types.ReadValue(d.src, *t)
	if err != nil {
		return err
	}
	*v, d.src = x, rest
	return nil
}

// skipValue reads over a value of type t.
func (d *decoder) skipValue(t *types.Type) error {
	head, n := shortestUvarint(d.src)
	if n == 0 {
		return d.skipOther(t)
	}
	rest := d.src[n:]
	switch {
	case head == 0:
	case t.Kind == types.Numeric:
		_, m := shortestUvarint(rest)
		if head < 4 || head&1 != 0 || m == 0 {
			return d.skipOther(t)
		}
		rest = rest[m:]
	case t.Kind == types.Int2, t.Kind == types.Int4, t.Kind == types.Int8, t.Kind == types.Date, t.Kind == types.Time,
		t.Kind == types.Timestamp, t.Kind == types.Timestamptz, t.Kind == types.Bool:
	case t.Kind == types.Text, t.Kind == types.Varchar, t.Kind == types.Char, t.Kind == types.JSON, t.Kind == types.JSONB, t.Kind == types.Bytea:
		if head-1 > uint64(len(rest)) {
			return d.skipOther(t)
		}
		rest = rest[head-1:]
	default:
		return d.skipOther(t)
	}
	d.src = rest
	return nil
}

func (d *decoder) skipOther(t *types.Type) error {
	var v types.Value
	return d.otherValue(&v, t)
}

func unzigzag(u uint64) int64 { return int64(u>>1) ^ -int64(u&1) }

// shortestUvarint reads a varint of up to eight bytes in its shortest form; n = 0 for any other.
func shortestUvarint(src []byte) (u uint64, n int) {
	if len(src) > 0 && src[0] < 0x80 {
		return uint64(src[0]), 1
	}
	u, n = shortUvarint(src)
	if n > 0 && src[n-1] == 0 {
		return 0, 0
	}
	return u, n
}

// shortUvarint reads a varint of up to eight bytes; n = 0 for a longer one and for one too near the end of src to be read with the bytes after it.
func shortUvarint(src []byte) (u uint64, n int) {
	if len(src) < 8 {
		u, n = binary.Uvarint(src)
		return u, max(n, 0)
	}
	const more = 0x8080808080808080
	x := binary.LittleEndian.Uint64(src)
	last := ^x & more // the high bit of each byte that is a last one
	if last == 0 {
		return 0, 0
	}
	end := bits.TrailingZeros64(last) + 1
	x &= ^uint64(0) >> (64 - end) &^ more
	// Close the gaps between seven bits each, pairs first.
	x = x&0x00ff00ff00ff00ff | x&0xff00ff00ff00ff00>>1
	x = x&0x0000ffff0000ffff | x&0xffff0000ffff0000>>2
	x = x&0x00000000ffffffff | x&0xffffffff00000000>>4
	return x, end / 8
}
