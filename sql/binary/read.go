package binary

import (
	"encoding/binary"
	"math"
	"unicode/utf8"

	"github.com/asofdb/asof/sql/types"
)

// Read reads the binary form of type t; ok is false where b is none. An integer or a float of another width is read as it is: clients declare what is narrow enough. A
// text is copied.
func Read(t types.Type, b []byte) (v types.Value, ok bool, err error) {
	be := binary.BigEndian
	switch t.Kind {
	case types.Bool:
		return types.NewBool(len(b) == 1 && b[0] != 0), len(b) == 1, nil
	case types.Int2, types.Int4, types.Int8:
		return readInteger(t.Kind, b)
	case types.Float4, types.Float8:
		switch len(b) {
		case 4:
			return types.NewFloat4(math.Float32frombits(be.Uint32(b))), true, nil
		case 8:
			return types.NewFloat8(math.Float64frombits(be.Uint64(b))), true, nil
		}
		return v, false, nil
	case types.Numeric:
		v, ok = readNumeric(b)
		return v, ok, nil
	case types.Date:
		if len(b) != 4 {
			return v, false, nil
		}
		return types.NewDate(fromEpoch(int64(int32(be.Uint32(b))), types.InfinityDays, types.NegInfinityDays, epochDays)), true, nil
	case types.Time:
		if len(b) != 8 || be.Uint64(b) > 86400_000_000 {
			return v, false, nil
		}
		return types.Value{Kind: types.Time, I: int64(be.Uint64(b))}, true, nil
	case types.Timestamp, types.Timestamptz:
		if len(b) != 8 {
			return v, false, nil
		}
		n := int64(be.Uint64(b))
		if n != types.Infinity && n > math.MaxInt64-epochMicros {
			return v, false, types.Errorf(types.CodeDatetimeOverflow, "timestamp out of range")
		}
		return types.Value{Kind: t.Kind, I: fromEpoch(n, types.Infinity, types.NegInfinity, epochMicros)}, true, nil
	case types.Interval:
		if len(b) != 16 {
			return v, false, nil
		}
		return types.NewInterval(int32(be.Uint32(b[12:])), int32(be.Uint32(b[8:])), int64(be.Uint64(b))), true, nil
	case types.UUID:
		return types.Value{Kind: types.UUID, S: string(b)}, len(b) == 16, nil
	case types.Bytea:
		return types.NewBytea(string(b)), true, nil
	case types.JSONB:
		if len(b) < 1 || b[0] != 1 {
			return v, false, nil
		}
		b = b[1:]
	case types.Array:
		return readArray(t, b)
	}
	s := string(b)
	return types.NewText(s), true, CheckText(s)
}

func readInteger(k types.Kind, b []byte) (v types.Value, ok bool, err error) {
	be := binary.BigEndian
	switch len(b) {
	case 2:
		return types.NewInt(types.Int2, int64(int16(be.Uint16(b)))), true, nil
	case 4:
		return types.NewInt(types.Int4, int64(int32(be.Uint32(b)))), true, nil
	case 8:
		return types.NewInt8(int64(be.Uint64(b))), true, nil
	}
	return v, false, nil
}

// fromEpoch counts from 1970; the infinities stay.
func fromEpoch(n, inf, negInf, epoch int64) int64 {
	if n == inf || n == negInf {
		return n
	}
	return n + epoch
}

// readArray reads an array of one dimension or none. Its elements' type is the one it names, which may be narrower than the parameter's.
func readArray(t types.Type, b []byte) (v types.Value, ok bool, err error) {
	be := binary.BigEndian
	if len(b) < 12 {
		return v, false, nil
	}
	dimensions := be.Uint32(b)
	elem := t.ElemType()
	if named, ok := types.TypeOfOID(be.Uint32(b[8:]), -1); ok && named.Kind != types.Unknown && named.Kind != types.Array {
		elem = named
	}
	switch {
	case dimensions == 0:
		return types.NewArray(nil), len(b) == 12, nil
	case dimensions > 1:
		return v, false, types.Errorf(types.CodeNotSupported, "arrays of %d dimensions are not supported", dimensions)
	case len(b) < 20:
		return v, false, nil
	}
	n := int(be.Uint32(b[12:]))
	b = b[20:]
	if n > len(b)/4 {
		return v, false, nil
	}
	elems := make([]types.Value, n)
	for i := range elems {
		if len(b) < 4 {
			return v, false, nil
		}
		size := int(int32(be.Uint32(b)))
		b = b[4:]
		if size == -1 {
			continue
		}
		if size < 0 || size > len(b) {
			return v, false, nil
		}
		if elems[i], ok, err = Read(elem, b[:size]); err != nil || !ok {
			return v, false, err
		}
		b = b[size:]
	}
	return types.NewArray(elems), len(b) == 0, nil
}

// CheckText refuses what is not UTF-8, or has a zero byte, in PostgreSQL's words.
func CheckText(s string) error {
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n == 1 || r == 0 {
			return types.Errorf(types.CodeBadUTF8, "invalid byte sequence for encoding \"UTF8\": 0x%02x", s[i])
		}
		i += n
	}
	return nil
}
