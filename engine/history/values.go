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

// readValue reads a value of type t into v, which may hold one of the same column, and returns how many bytes it takes.
func readValue(src []byte, v *types.Value, t *types.Type) (int, error) {
	head, n := shortestUvarint(src)
	if n == 0 {
		return readOther(src, v, t)
	}
	if head == 0 {
		*v = types.Value{}
		return n, nil
	}
	switch t.Kind {
	case types.Numeric:
		scale := head>>1 - 2
		u, m := shortestUvarint(src[n:])
		if head < 4 || head&1 != 0 || scale > maxPlainScale || m == 0 {
			return readOther(src, v, t)
		}
		setPlain(v, t.Kind, int16(scale), unzigzag(u))
		return n + m, nil
	case types.Text, types.Varchar, types.Char, types.JSON, types.JSONB, types.Bytea:
		length := head - 1
		if length > uint64(len(src)-n) {
			return readOther(src, v, t)
		}
		*v = types.Value{Kind: t.Kind, S: view(src[n : n+int(length)])}
		return n + int(length), nil
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
		return readOther(src, v, t)
	}
	setPlain(v, t.Kind, 0, i)
	return n, nil
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

func readOther(src []byte, v *types.Value, t *types.Type) (int, error) {
	x, rest, err := types.ReadValue(src, *t)
	if err != nil {
		return 0, err
	}
	*v = x
	return len(src) - len(rest), nil
}

// skipValue returns how many bytes a value of type t takes.
func skipValue(src []byte, t *types.Type) (int, error) {
	head, n := shortestUvarint(src)
	if n == 0 {
		return skipOther(src, t)
	}
	if head == 0 {
		return n, nil
	}
	switch t.Kind {
	case types.Int2, types.Int4, types.Int8, types.Date, types.Time, types.Timestamp, types.Timestamptz, types.Bool:
		return n, nil
	case types.Numeric:
		if _, m := shortestUvarint(src[n:]); head >= 4 && head&1 == 0 && m > 0 {
			return n + m, nil
		}
	case types.Text, types.Varchar, types.Char, types.JSON, types.JSONB, types.Bytea:
		if head-1 <= uint64(len(src)-n) {
			return n + int(head-1), nil
		}
	}
	return skipOther(src, t)
}

func skipOther(src []byte, t *types.Type) (int, error) {
	var v types.Value
	return readOther(src, &v, t)
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

// anyUvarint reads a varint; n = 0 where there is none.
func anyUvarint(src []byte) (u uint64, n int) {
	if u, n = shortUvarint(src); n == 0 {
		u, n = binary.Uvarint(src)
	}
	return u, max(n, 0)
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
