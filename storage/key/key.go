package key

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// Kind is the type of an encoded element.
type Kind byte

// The kinds, by the first byte of the element. True and false are two first bytes of one kind.
const (
	Bool   Kind = 0x08
	Int    Kind = 0x10
	Uint   Kind = 0x18
	Float  Kind = 0x20
	Bytes  Kind = 0x30
	Null   Kind = 0xF0
	isTrue      = 0x09
)

const (
	escape     = 0x00 // begins a two-byte sequence inside a byte string
	escaped00  = 0xFF // escape, escaped00: a zero byte
	terminator = 0x01 // escape, terminator: the end
	signBit    = 1 << 63
)

// MaxLen is the longest key that Badger stores, less what a key space puts around a tuple.
const MaxLen = 65_000 - 64

// ErrCorrupt is wrapped by every decoding error.
var ErrCorrupt = errors.New("corrupt key")

// TooLongError refuses a key that cannot be stored.
type TooLongError struct{ Len int }

func (e *TooLongError) Error() string {
	return fmt.Sprintf("the key is %d bytes long, at most %d can be stored", e.Len, MaxLen)
}

// Check returns a *TooLongError where a key is too long to be stored.
func Check(k []byte) error {
	if len(k) > MaxLen {
		return &TooLongError{Len: len(k)}
	}
	return nil
}

// AppendNull appends a NULL, which sorts last.
func AppendNull(dst []byte) []byte { return append(dst, byte(Null)) }

// AppendBool appends a bool; false sorts before true.
func AppendBool(dst []byte, b bool) []byte {
	if b {
		return append(dst, isTrue)
	}
	return append(dst, byte(Bool))
}

// AppendInt64 appends a signed integer.
func AppendInt64(dst []byte, i int64) []byte {
	return binary.BigEndian.AppendUint64(append(dst, byte(Int)), uint64(i)^signBit)
}

// AppendUint64 appends an unsigned integer.
func AppendUint64(dst []byte, u uint64) []byte {
	return binary.BigEndian.AppendUint64(append(dst, byte(Uint)), u)
}

// AppendFloat64 appends a float: -0.0 as 0.0, and every NaN as one NaN above +Inf.
func AppendFloat64(dst []byte, f float64) []byte {
	bits := math.Float64bits(f)
	switch {
	case f != f:
		bits = math.Float64bits(math.NaN()) &^ signBit
	case f == 0:
		bits = 0
	}
	if bits&signBit != 0 {
		bits = ^bits
	} else {
		bits |= signBit
	}
	return binary.BigEndian.AppendUint64(append(dst, byte(Float)), bits)
}

// AppendString appends a string of any bytes.
func AppendString(dst []byte, s string) []byte {
	dst = append(dst, byte(Bytes))
	start := 0
	for i := 0; i < len(s); i++ {
		if s[i] == escape {
			dst = append(append(dst, s[start:i+1]...), escaped00)
			start = i + 1
		}
	}
	return append(append(dst, s[start:]...), escape, terminator)
}

// Next returns the kind of the element that k begins with.
func Next(k []byte) (Kind, error) {
	if len(k) == 0 {
		return 0, fmt.Errorf("%w: an element is missing", ErrCorrupt)
	}
	switch kind := Kind(k[0]); kind {
	case Bool, Int, Uint, Float, Bytes, Null:
		return kind, nil
	case isTrue:
		return Bool, nil
	}
	return 0, fmt.Errorf("%w: no element begins with byte %#02x", ErrCorrupt, k[0])
}

func expect(k []byte, want Kind, size int) error {
	kind, err := Next(k)
	if err != nil {
		return err
	}
	if kind != want {
		return fmt.Errorf("%w: an element of kind %#02x, not %#02x", ErrCorrupt, byte(kind), byte(want))
	}
	if len(k) < size {
		return fmt.Errorf("%w: an element of %d bytes is cut to %d", ErrCorrupt, size, len(k))
	}
	return nil
}

// ReadNull reads a NULL and returns what follows it.
func ReadNull(k []byte) (rest []byte, err error) {
	if err := expect(k, Null, 1); err != nil {
		return nil, err
	}
	return k[1:], nil
}

// ReadBool reads a bool and returns what follows it.
func ReadBool(k []byte) (b bool, rest []byte, err error) {
	if err := expect(k, Bool, 1); err != nil {
		return false, nil, err
	}
	return k[0] == isTrue, k[1:], nil
}

// ReadInt64 reads a signed integer and returns what follows it.
func ReadInt64(k []byte) (i int64, rest []byte, err error) {
	if err := expect(k, Int, 9); err != nil {
		return 0, nil, err
	}
	return int64(binary.BigEndian.Uint64(k[1:]) ^ signBit), k[9:], nil
}

// ReadUint64 reads an unsigned integer and returns what follows it.
func ReadUint64(k []byte) (u uint64, rest []byte, err error) {
	if err := expect(k, Uint, 9); err != nil {
		return 0, nil, err
	}
	return binary.BigEndian.Uint64(k[1:]), k[9:], nil
}

// ReadFloat64 reads a float and returns what follows it.
func ReadFloat64(k []byte) (f float64, rest []byte, err error) {
	if err := expect(k, Float, 9); err != nil {
		return 0, nil, err
	}
	bits := binary.BigEndian.Uint64(k[1:])
	if bits&signBit != 0 {
		bits &^= signBit
	} else {
		bits = ^bits
	}
	f = math.Float64frombits(bits)
	if !bytes.Equal(AppendFloat64(nil, f), k[:9]) {
		return 0, nil, fmt.Errorf("%w: a float that is written otherwise", ErrCorrupt)
	}
	return f, k[9:], nil
}

// ReadBytes reads a byte string, appended to dst, and returns what follows it.
func ReadBytes(dst, k []byte) (b, rest []byte, err error) {
	if err := expect(k, Bytes, 3); err != nil {
		return nil, nil, err
	}
	k = k[1:]
	for {
		i := bytes.IndexByte(k, escape)
		if i < 0 || i+1 == len(k) {
			return nil, nil, fmt.Errorf("%w: a byte string has no end", ErrCorrupt)
		}
		dst = append(dst, k[:i]...)
		mark := k[i+1]
		k = k[i+2:]
		switch mark {
		case terminator:
			return dst, k, nil
		case escaped00:
			dst = append(dst, 0)
		default:
			return nil, nil, fmt.Errorf("%w: byte %#02x after an escape", ErrCorrupt, mark)
		}
	}
}

// Skip returns what follows the element that k begins with.
func Skip(k []byte) (rest []byte, err error) {
	kind, err := Next(k)
	if err != nil {
		return nil, err
	}
	switch kind {
	case Null, Bool:
		return k[1:], nil
	case Bytes:
		_, rest, err = ReadBytes(nil, k)
		return rest, err
	default:
		if err := expect(k, kind, 9); err != nil {
			return nil, err
		}
		return k[9:], nil
	}
}
