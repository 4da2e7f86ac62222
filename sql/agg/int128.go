package agg

import (
	"math/big"
	"math/bits"
)

// int128 is a sum of int64 that cannot overflow before there have been 2^63 of them.
type int128 struct {
	hi int64
	lo uint64
}

func (s *int128) add(x int64) {
	lo, carry := bits.Add64(s.lo, uint64(x), 0)
	s.lo = lo
	s.hi += x>>63 + int64(carry)
}

func (s *int128) sub(x int64) {
	lo, borrow := bits.Sub64(s.lo, uint64(x), 0)
	s.lo = lo
	s.hi -= x>>63 + int64(borrow)
}

func (s *int128) addAll(o int128) {
	lo, carry := bits.Add64(s.lo, o.lo, 0)
	s.lo = lo
	s.hi += o.hi + int64(carry)
}

// int64 returns the sum if it fits.
func (s int128) int64() (int64, bool) {
	return int64(s.lo), s.hi == int64(s.lo)>>63
}

func (s int128) big() *big.Int {
	x := new(big.Int).Lsh(big.NewInt(s.hi), 64)
	return x.Add(x, new(big.Int).SetUint64(s.lo))
}

// setBig sets s to x if it fits.
func (s *int128) setBig(x *big.Int) bool {
	if x.BitLen() > 127 {
		return false
	}
	low := new(big.Int).And(x, new(big.Int).SetUint64(1<<64-1))
	s.lo = low.Uint64()
	s.hi = new(big.Int).Rsh(x, 64).Int64()
	return true
}
