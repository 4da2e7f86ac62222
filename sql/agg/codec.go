package agg

import (
	"encoding/binary"
	"errors"
	"math/big"
)

// errCorrupt is what ReadFrom returns for bytes that AppendTo did not write.
var errCorrupt = errors.New("encoded aggregate is corrupt")

// reader reads varints off a slice. The first failure sticks; end reports it.
type reader struct {
	src    []byte
	failed bool
}

func (r *reader) varint() int64 {
	v, n := binary.Varint(r.src)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.src = r.src[n:]
	return v
}

func (r *reader) uvarint() uint64 {
	v, n := binary.Uvarint(r.src)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.src = r.src[n:]
	return v
}

func (r *reader) bytes(n uint64) []byte {
	if n > uint64(len(r.src)) {
		r.fail()
		return nil
	}
	b := r.src[:n:n]
	r.src = r.src[n:]
	return b
}

func (r *reader) fail() { r.failed, r.src = true, nil }

// end returns what follows the state.
func (r *reader) end() ([]byte, error) {
	if r.failed {
		return nil, errCorrupt
	}
	return r.src, nil
}

// appendBig appends an integer of any size: twice its length plus its sign, and its bytes.
func appendBig(dst []byte, x *big.Int) []byte {
	b := x.Bytes()
	head := uint64(len(b)) << 1
	if x.Sign() < 0 {
		head |= 1
	}
	return append(binary.AppendUvarint(dst, head), b...)
}

func (r *reader) big() *big.Int {
	head := r.uvarint()
	x := new(big.Int).SetBytes(r.bytes(head >> 1))
	if head&1 != 0 {
		x.Neg(x)
	}
	return x
}
