package agg

import (
	"encoding/binary"
	"math"

	"github.com/asofdb/asof/sql/types"
)

// floatTotal is the count and the exact sum of floats. What has no place in a sum is counted, so that it can be taken back; so is
// -0, for a sum of nothing but -0 is -0.
type floatTotal struct {
	n                         int64
	nan, posInf, negInf, neg0 int64
	sum                       exactSum
	finish                    func(*floatTotal) (types.Value, error)
}

// ofFloats is the function whose result is finish of the total.
func ofFloats(result types.Type, finish func(*floatTotal) (types.Value, error)) *Func {
	return &Func{
		Result: result, family: totals,
		New:  func() State { return &floatTotal{finish: finish} },
		read: func(s State) (types.Value, error) { return s.(*floatTotal).read(finish) },
	}
}

func (t *floatTotal) Add(v types.Value)     { t.add(v, 1) }
func (t *floatTotal) Retract(v types.Value) { t.add(v, -1) }

func (t *floatTotal) add(v types.Value, sign int64) {
	if v.IsNull() {
		return
	}
	t.n += sign
	switch f := v.Float(); {
	case f != f:
		t.nan += sign
	case math.IsInf(f, 1):
		t.posInf += sign
	case math.IsInf(f, -1):
		t.negInf += sign
	case f == 0 && math.Signbit(f):
		t.neg0 += sign
	default:
		t.sum.add(f, sign)
	}
}

func (t *floatTotal) Merge(other State) {
	o := other.(*floatTotal)
	t.n += o.n
	t.nan += o.nan
	t.posInf += o.posInf
	t.negInf += o.negInf
	t.neg0 += o.neg0
	t.sum.addAll(&o.sum)
}

func (t *floatTotal) Result() (types.Value, error) { return t.read(t.finish) }

func (t *floatTotal) read(finish func(*floatTotal) (types.Value, error)) (types.Value, error) {
	if t.n == 0 {
		return null, nil
	}
	return finish(t)
}

func (t *floatTotal) rows() int64 { return t.n }

// special is the sum where it is none of finite values.
func (t *floatTotal) special() (float64, bool) {
	switch {
	case t.nan > 0 || (t.posInf > 0 && t.negInf > 0):
		return math.NaN(), true
	case t.posInf > 0:
		return math.Inf(1), true
	case t.negInf > 0:
		return math.Inf(-1), true
	case t.neg0 == t.n:
		return math.Copysign(0, -1), true
	}
	return 0, false
}

// float64 is the sum as a double, 22003 if it is beyond them.
func (t *floatTotal) float64() (float64, error) {
	if f, ok := t.special(); ok {
		return f, nil
	}
	f := t.sum.float64()
	if math.IsInf(f, 0) {
		return 0, floatOverflow()
	}
	return f, nil
}

// float32 is the sum as a REAL, 22003 if it is beyond them.
func (t *floatTotal) float32() (float32, error) {
	if f, ok := t.special(); ok {
		return float32(f), nil
	}
	f := t.sum.float32()
	if math.IsInf(float64(f), 0) {
		return 0, floatOverflow()
	}
	return f, nil
}

func floatOverflow() error {
	return types.Errorf(types.CodeOutOfRange, "value out of range: overflow")
}

func (t *floatTotal) Reset() {
	t.n, t.nan, t.posInf, t.negInf, t.neg0 = 0, 0, 0, 0, 0
	t.sum.reset()
}

func (t *floatTotal) AppendTo(dst []byte) []byte {
	for _, n := range [...]int64{t.n, t.nan, t.posInf, t.negInf, t.neg0} {
		dst = binary.AppendVarint(dst, n)
	}
	return t.sum.appendTo(dst)
}

func (t *floatTotal) ReadFrom(src []byte) ([]byte, error) {
	r := reader{src: src}
	t.n, t.nan, t.posInf, t.negInf, t.neg0 = r.varint(), r.varint(), r.varint(), r.varint(), r.varint()
	r.exactSum(&t.sum)
	return r.end()
}
