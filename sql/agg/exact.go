package agg

import (
	"encoding/binary"
	"math"
	"math/bits"
)

// exactSum is the exact sum of finite doubles: an integer in units of 2^-1074, the smallest double, in limbs of 32 bits. It is
// sum(limbs[i] * 2^(32 i)); limbs are signed and wider than their 32 bits, so that adding is three additions, and carries
// are made only every maxPending additions. Nothing is lost, so order does not matter and subtracting undoes adding.
type exactSum struct {
	limbs [exactLimbs]int64
	// Limbs outside lo, hi are zero.
	lo, hi int
	// No limb is larger than pending * 2^32.
	pending int64
}

const (
	limbBits = 32
	limbMask = 1<<limbBits - 1
	// The largest double has bit 1023+1074; 2^63 of them 63 more. Two limbs are spare for signs and carries.
	exactLimbs = (1023+1074+63)/limbBits + 3
	// Limbs stay below 2^62.
	maxPending = 1 << 30
	// minExponent is the exponent of the unit.
	minExponent = -1074
)

// add adds f, which is finite, or subtracts it where sign is -1.
func (s *exactSum) add(f float64, sign int64) {
	b := math.Float64bits(f)
	mantissa, exponent := b&(1<<52-1), int(b>>52&0x7ff)
	if exponent == 0 {
		exponent = 1
	} else {
		mantissa |= 1 << 52
	}
	if mantissa == 0 {
		return
	}
	if b>>63 != 0 {
		sign = -sign
	}
	i, shift := (exponent-1)/limbBits, uint((exponent-1)%limbBits)
	low, high := mantissa<<shift, mantissa>>(64-shift)
	s.touch(i, i+3)
	s.limbs[i] += sign * int64(low&limbMask)
	s.limbs[i+1] += sign * int64(low>>limbBits)
	s.limbs[i+2] += sign * int64(high)
	if s.pending++; s.pending > maxPending {
		s.carry()
	}
}

// touch widens the range of limbs in use.
func (s *exactSum) touch(lo, hi int) {
	if s.lo == s.hi {
		s.lo, s.hi = lo, hi
		return
	}
	s.lo, s.hi = min(s.lo, lo), max(s.hi, hi)
}

// carry brings every limb into [-2^31, 2^31). Balanced limbs keep the range in use short for negative sums too.
func (s *exactSum) carry() {
	var c int64
	for i := s.lo; i < s.hi || c != 0; i++ {
		x := s.limbs[i] + c
		c = (x + 1<<(limbBits-1)) >> limbBits
		s.limbs[i] = x - c<<limbBits
		s.hi = max(s.hi, i+1)
	}
	s.pending = 1
}

// addAll adds all of o, which stays as it is.
func (s *exactSum) addAll(o *exactSum) {
	if o.lo == o.hi {
		return
	}
	if s.pending+o.pending > maxPending {
		s.carry()
		carried := *o
		carried.carry()
		o = &carried
	}
	s.touch(o.lo, o.hi)
	for i := o.lo; i < o.hi; i++ {
		s.limbs[i] += o.limbs[i]
	}
	s.pending += o.pending
}

func (s *exactSum) reset() {
	clear(s.limbs[s.lo:s.hi])
	s.lo, s.hi, s.pending = 0, 0, 0
}

// magnitude returns the sum's sign and a copy of it made positive, every limb in [0, 2^32) and none at either end of lo, hi zero.
func (s *exactSum) magnitude() (negative bool, m exactSum) {
	m = *s
	m.carry()
	m.trim()
	if m.lo == m.hi {
		return false, m
	}
	if negative = m.limbs[m.hi-1] < 0; negative {
		for i := m.lo; i < m.hi; i++ {
			m.limbs[i] = -m.limbs[i]
		}
	}
	// The top limb is positive and outweighs all below it, so that what is borrowed is there.
	var c int64
	for i := m.lo; i < m.hi; i++ {
		x := m.limbs[i] + c
		c = x >> limbBits
		m.limbs[i] = x & limbMask
	}
	m.trim()
	return negative, m
}

func (s *exactSum) trim() {
	for s.lo < s.hi && s.limbs[s.hi-1] == 0 {
		s.hi--
	}
	for s.lo < s.hi && s.limbs[s.lo] == 0 {
		s.lo++
	}
}

// float64 returns the nearest double, ties to even; an infinity where the sum is beyond them all. A sum of zero is +0.
func (s *exactSum) float64() float64 { return s.round(53, minExponent) }

// float32 returns the nearest float32 in the same way; it is rounded once, not by way of a double.
func (s *exactSum) float32() float32 {
	// A value of 24 bits converts exactly, or is beyond the largest float32 and becomes an infinity.
	return float32(s.round(24, -149))
}

// round returns the sum rounded to a number of bits, none of them below 2^least.
func (s *exactSum) round(precision, least int) float64 {
	negative, m := s.magnitude()
	if m.lo == m.hi {
		return 0
	}
	top := (m.hi-1)*limbBits + bits.Len64(uint64(m.limbs[m.hi-1])) - 1
	low := max(top-precision+1, least-minExponent)
	f := float64(m.bits(low, top))
	if m.roundsUp(low) {
		f++
	}
	f = math.Ldexp(f, low+minExponent)
	if negative {
		return -f
	}
	return f
}

// bits returns bits low to top of a magnitude, at most 64 of them; none where low > top.
func (s *exactSum) bits(low, top int) uint64 {
	var x uint64
	for i := top / limbBits; i >= max(low, 0)/limbBits && i >= 0; i-- {
		limb := uint64(s.limbs[i])
		if shift := i*limbBits - low; shift >= 0 {
			x |= limb << shift
		} else {
			x |= limb >> -shift
		}
	}
	return x
}

// roundsUp reports whether a magnitude cut below bit low is nearer to the next value above, or is half-way and odd.
func (s *exactSum) roundsUp(low int) bool {
	if low == 0 || !s.bit(low-1) {
		return false
	}
	if s.bit(low) {
		return true
	}
	half := low - 1
	i := half / limbBits
	if s.limbs[i]&(1<<(half%limbBits)-1) != 0 {
		return true
	}
	for i--; i >= s.lo; i-- {
		if s.limbs[i] != 0 {
			return true
		}
	}
	return false
}

func (s *exactSum) bit(i int) bool { return s.limbs[i/limbBits]>>(i%limbBits)&1 != 0 }

// appendTo appends the bytes of the magnitude from its first to its last that is not zero, after twice their number plus the sign,
// and the place of the first.
func (s *exactSum) appendTo(dst []byte) []byte {
	negative, m := s.magnitude()
	var b []byte
	for i := m.lo; i < m.hi; i++ {
		b = binary.LittleEndian.AppendUint32(b, uint32(m.limbs[i]))
	}
	first := m.lo * 4
	for len(b) > 0 && b[len(b)-1] == 0 {
		b = b[:len(b)-1]
	}
	for len(b) > 0 && b[0] == 0 {
		b, first = b[1:], first+1
	}
	head := uint64(len(b)) << 1
	if negative {
		head |= 1
	}
	dst = binary.AppendUvarint(dst, head)
	if len(b) == 0 {
		return dst
	}
	return append(binary.AppendUvarint(dst, uint64(first)), b...)
}

// exactSum reads what appendTo wrote into s.
func (r *reader) exactSum(s *exactSum) {
	s.reset()
	head := r.uvarint()
	if head>>1 == 0 {
		return
	}
	first := r.uvarint()
	b := r.bytes(head >> 1)
	// The last limb stays free for carries.
	if r.failed || first+uint64(len(b)) > (exactLimbs-1)*4 || first > exactLimbs*4 {
		r.fail()
		return
	}
	sign := int64(1)
	if head&1 != 0 {
		sign = -1
	}
	s.touch(int(first)/4, (int(first)+len(b)+3)/4)
	for i, x := range b {
		at := int(first) + i
		s.limbs[at/4] += sign * int64(x) << (at % 4 * 8)
	}
	s.pending = 1
}
