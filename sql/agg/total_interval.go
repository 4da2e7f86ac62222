package agg

import (
	"encoding/binary"
	"math"

	"github.com/asofdb/asof/sql/types"
)

// intervalTotal is the count and the exact sums of the three fields of intervals, which PostgreSQL adds apart.
type intervalTotal struct {
	n                    int64
	months, days, micros int128
	finish               func(*intervalTotal) (types.Value, error)
}

// ofIntervals is the function whose result is finish of the total.
func ofIntervals(finish func(*intervalTotal) (types.Value, error)) *Func {
	interval := types.Type{Kind: types.Interval}
	return &Func{
		Arg: interval, Result: interval, family: totals,
		New:  func() State { return &intervalTotal{finish: finish} },
		read: func(s State) (types.Value, error) { return s.(*intervalTotal).read(finish) },
	}
}

func (t *intervalTotal) Add(v types.Value) {
	if v.IsNull() {
		return
	}
	t.n++
	t.micros.add(v.I)
	if span, ok := v.X.(types.Span); ok {
		t.months.add(int64(span.Months))
		t.days.add(int64(span.Days))
	}
}

func (t *intervalTotal) Retract(v types.Value) {
	if v.IsNull() {
		return
	}
	t.n--
	t.micros.sub(v.I)
	if span, ok := v.X.(types.Span); ok {
		t.months.sub(int64(span.Months))
		t.days.sub(int64(span.Days))
	}
}

func (t *intervalTotal) Merge(other State) {
	o := other.(*intervalTotal)
	t.n += o.n
	t.months.addAll(o.months)
	t.days.addAll(o.days)
	t.micros.addAll(o.micros)
}

func (t *intervalTotal) Result() (types.Value, error) { return t.read(t.finish) }

func (t *intervalTotal) read(finish func(*intervalTotal) (types.Value, error)) (types.Value, error) {
	if t.n == 0 {
		return null, nil
	}
	return finish(t)
}

func (t *intervalTotal) rows() int64 { return t.n }

// sum returns the fields of the sum, 22008 if one of them is out of range.
func (t *intervalTotal) sum() (span types.Span, micros int64, err error) {
	months, okM := t.months.int64()
	days, okD := t.days.int64()
	micros, ok := t.micros.int64()
	if !ok || !okM || !okD || months != int64(int32(months)) || days != int64(int32(days)) {
		return span, 0, intervalOutOfRange()
	}
	return types.Span{Months: int32(months), Days: int32(days)}, micros, nil
}

func intervalOutOfRange() error {
	return types.Errorf(types.CodeDatetimeOverflow, "interval out of range")
}

func newInterval(span types.Span, micros int64) types.Value {
	v := types.Value{Kind: types.Interval, I: micros}
	if span != (types.Span{}) {
		v.X = span
	}
	return v
}

// divide is PostgreSQL's interval / double precision for a positive whole number n: what does not divide
// cascades from months to days of a thirtieth of a month, and from days to microseconds.
func divide(span types.Span, micros, n int64) types.Value {
	const daysPerMonth, secondsPerDay, microsPerSecond = 30, 86400, 1e6
	by := float64(n)
	months, days := int32(float64(span.Months)/by), int32(float64(span.Days)/by)
	monthDays := roundMicros((float64(span.Months)/by - float64(months)) * daysPerMonth)
	seconds := roundMicros((float64(span.Days)/by - float64(days) + monthDays - math.Trunc(monthDays)) * secondsPerDay)
	if math.Abs(seconds) >= secondsPerDay {
		whole := math.Trunc(seconds / secondsPerDay)
		days += int32(whole)
		seconds -= whole * secondsPerDay
	}
	days += int32(monthDays)
	rest := math.RoundToEven(float64(micros)/by + seconds*microsPerSecond)
	return newInterval(types.Span{Months: months, Days: days}, int64(rest))
}

// roundMicros rounds to six places after the point, as PostgreSQL's TSROUND does.
func roundMicros(x float64) float64 { return math.RoundToEven(x*1e6) / 1e6 }

func (t *intervalTotal) Reset() {
	t.n, t.months, t.days, t.micros = 0, int128{}, int128{}, int128{}
}

func (t *intervalTotal) AppendTo(dst []byte) []byte {
	dst = binary.AppendVarint(dst, t.n)
	dst = appendBig(dst, t.months.big())
	dst = appendBig(dst, t.days.big())
	return appendBig(dst, t.micros.big())
}

func (t *intervalTotal) ReadFrom(src []byte) ([]byte, error) {
	r := reader{src: src}
	t.n = r.varint()
	if !t.months.setBig(r.big()) || !t.days.setBig(r.big()) || !t.micros.setBig(r.big()) {
		r.fail()
	}
	return r.end()
}
