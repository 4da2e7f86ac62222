package types

import "math/bits"

// NewInterval returns an INTERVAL.
func NewInterval(months, days int32, us int64) Value {
	v := Value{Kind: Interval, I: us}
	if months != 0 || days != 0 {
		v.X = Span{Months: months, Days: days}
	}
	return v
}

// Span returns the calendar part of an Interval value.
func (v Value) Span() Span {
	s, _ := v.X.(Span)
	return s
}

// checkedInterval returns the interval of these parts, or 22008 where months or days leave int32.
func checkedInterval(months, days, us int64) (Value, error) {
	if months != int64(int32(months)) || days != int64(int32(days)) {
		return Value{}, intervalOutOfRange()
	}
	return NewInterval(int32(months), int32(days), us), nil
}

// int128 is a signed number of 128 bits in two's complement.
type int128 struct {
	hi int64
	lo uint64
}

func (a int128) compare(b int128) int {
	if a.hi != b.hi {
		return compareInt(a.hi, b.hi)
	}
	switch {
	case a.lo < b.lo:
		return -1
	case a.lo > b.lo:
		return 1
	}
	return 0
}

// intervalLength returns the microseconds by which intervals are ordered: a month counts 30 days and a day 24 hours. They
// may need more than 64 bits.
func intervalLength(v Value) int128 {
	s := v.Span()
	days := int64(s.Months)*30 + int64(s.Days)
	hi, lo := bits.Mul64(absInt(days), uint64(day))
	if days < 0 {
		lo = -lo
		hi = ^hi
		if lo == 0 {
			hi++
		}
	}
	low, carry := bits.Add64(lo, uint64(v.I), 0)
	high, _ := bits.Add64(hi, uint64(v.I>>63), carry)
	return int128{hi: int64(high), lo: low}
}

func compareInterval(a, b Value) int {
	if a.X == nil && b.X == nil {
		return compareInt(a.I, b.I)
	}
	return intervalLength(a).compare(intervalLength(b))
}

// appendInterval prints in IntervalStyle postgres: "1 year 2 mons -3 days +04:05:06.789".
func appendInterval(dst []byte, v Value) []byte {
	w := intervalWriter{dst: dst}
	s := v.Span()
	w.part(int64(s.Months/12), "year")
	w.part(int64(s.Months%12), "mon")
	w.part(int64(s.Days), "day")
	return w.time(v.I)
}

// intervalWriter remembers what decides about blanks and plus signs: whether anything was printed, and whether the last
// part was negative, after which a positive one needs its sign.
type intervalWriter struct {
	dst         []byte
	some, minus bool
}

func (w *intervalWriter) part(n int64, unit string) {
	if n == 0 {
		return
	}
	w.separate()
	if w.minus && n > 0 {
		w.dst = append(w.dst, '+')
	}
	w.dst = appendInt(w.dst, n)
	w.dst = append(w.dst, ' ')
	w.dst = append(w.dst, unit...)
	if n != 1 {
		w.dst = append(w.dst, 's')
	}
	w.minus = n < 0
}

func (w *intervalWriter) separate() {
	if w.some {
		w.dst = append(w.dst, ' ')
	}
	w.some = true
}

func (w *intervalWriter) time(us int64) []byte {
	if us == 0 && w.some {
		return w.dst
	}
	w.separate()
	switch {
	case us < 0:
		w.dst = append(w.dst, '-')
	case w.minus:
		w.dst = append(w.dst, '+')
	}
	// The smallest int64 has no positive twin, so the parts are made positive one by one.
	w.dst = appendPadded(w.dst, int64(absInt(us/hour)), 2)
	w.dst = append(w.dst, ':')
	w.dst = appendPadded(w.dst, int64(absInt(us%hour/minute)), 2)
	w.dst = append(w.dst, ':')
	w.dst = appendPadded(w.dst, int64(absInt(us%minute/second)), 2)
	return appendFraction(w.dst, int64(absInt(us%second)))
}
