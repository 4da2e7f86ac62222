package agg

import (
	"encoding/binary"
	"math/big"

	"github.com/asofdb/asof/sql/types"
)

// numericTotal is the exact sum of numerics, apart for each display scale: the scale of the whole is the largest
// among the rows that are in it now. NaN and the infinities are only counted, so that they can be taken back.
type numericTotal struct {
	scales              []scaleTotal // ascending by scale
	nan, posInf, negInf int64
	finish              func(*numericTotal) (types.Value, error)
}

// scaleTotal is the count and the sum of the coefficients of one scale: small + big.
type scaleTotal struct {
	scale int16
	n     int64
	small int128
	big   *big.Int // of coefficients that do not fit int64; nil while there was none
}

// ofNumerics is the function whose result is finish of the total.
func ofNumerics(finish func(*numericTotal) (types.Value, error)) *Func {
	return &Func{
		Result: numeric, family: totals,
		New:  func() State { return &numericTotal{finish: finish} },
		read: func(s State) (types.Value, error) { return s.(*numericTotal).read(finish) },
	}
}

func (t *numericTotal) Add(v types.Value)     { t.add(v, 1) }
func (t *numericTotal) Retract(v types.Value) { t.add(v, -1) }

func (t *numericTotal) add(v types.Value, sign int64) {
	if v.IsNull() {
		return
	}
	switch v.Scale {
	case types.ScaleNaN:
		t.nan += sign
		return
	case types.ScaleInf:
		t.posInf += sign
		return
	case types.ScaleNegInf:
		t.negInf += sign
		return
	}
	if c, ok := v.X.(*big.Int); ok {
		s := t.at(v.Scale)
		s.n += sign
		s.addBig(c, sign)
		return
	}
	t.AddPlain(v.I, v.Scale, sign)
}

// AddPlain implements Plain.
func (t *numericTotal) AddPlain(x int64, scale int16, sign int64) {
	s := t.at(scale)
	s.n += sign
	if sign > 0 {
		s.small.add(x)
	} else {
		s.small.sub(x)
	}
}

// at returns the total of one scale, making room for it if it is new.
func (t *numericTotal) at(scale int16) *scaleTotal {
	i := 0
	for i < len(t.scales) && t.scales[i].scale < scale {
		i++
	}
	if i == len(t.scales) || t.scales[i].scale != scale {
		t.scales = append(t.scales, scaleTotal{})
		copy(t.scales[i+1:], t.scales[i:])
		t.scales[i] = scaleTotal{scale: scale}
	}
	return &t.scales[i]
}

func (s *scaleTotal) addBig(c *big.Int, sign int64) {
	if s.big == nil {
		s.big = new(big.Int)
	}
	if sign > 0 {
		s.big.Add(s.big, c)
	} else {
		s.big.Sub(s.big, c)
	}
}

// sum is the sum of the coefficients, as a number of the caller's.
func (s *scaleTotal) sum() *big.Int {
	x := s.small.big()
	if s.big != nil {
		x.Add(x, s.big)
	}
	return x
}

func (t *numericTotal) Merge(other State) {
	o := other.(*numericTotal)
	t.nan += o.nan
	t.posInf += o.posInf
	t.negInf += o.negInf
	for i := range o.scales {
		from := &o.scales[i]
		s := t.at(from.scale)
		s.n += from.n
		s.small.addAll(from.small)
		if from.big != nil {
			s.addBig(from.big, 1)
		}
	}
}

// rows is the number of values.
func (t *numericTotal) rows() int64 {
	n := t.nan + t.posInf + t.negInf
	for i := range t.scales {
		n += t.scales[i].n
	}
	return n
}

func (t *numericTotal) Result() (types.Value, error) { return t.read(t.finish) }

func (t *numericTotal) read(finish func(*numericTotal) (types.Value, error)) (types.Value, error) {
	if t.rows() == 0 {
		return null, nil
	}
	return finish(t)
}

// sum is the sum of all values, at the largest scale among them.
func (t *numericTotal) sum() (types.Value, error) {
	switch {
	case t.nan > 0 || (t.posInf > 0 && t.negInf > 0):
		return types.Value{Kind: types.Numeric, Scale: types.ScaleNaN}, nil
	case t.posInf > 0:
		return types.Value{Kind: types.Numeric, Scale: types.ScaleInf}, nil
	case t.negInf > 0:
		return types.Value{Kind: types.Numeric, Scale: types.ScaleNegInf}, nil
	}
	sum := types.NewNumeric(0, 0)
	any := false
	for i := range t.scales {
		s := &t.scales[i]
		if s.n == 0 {
			continue
		}
		if v := s.value(); !any && v.X == nil { // mostly the only scale
			sum, any = v, true
			continue
		}
		any = true
		var err error
		// AddNumeric takes the larger scale and checks the range.
		if sum, err = types.AddNumeric(sum, s.value()); err != nil {
			return null, err
		}
	}
	return sum, nil
}

func (s *scaleTotal) value() types.Value {
	if i, ok := s.small.int64(); ok && s.big == nil {
		return types.NewNumeric(i, s.scale)
	}
	return types.NewBigNumeric(s.sum(), s.scale)
}

func (t *numericTotal) Reset() {
	t.scales = t.scales[:0]
	t.nan, t.posInf, t.negInf = 0, 0, 0
}

// AppendTo leaves out the scales that nothing is left of.
func (t *numericTotal) AppendTo(dst []byte) []byte {
	dst = binary.AppendVarint(dst, t.nan)
	dst = binary.AppendVarint(dst, t.posInf)
	dst = binary.AppendVarint(dst, t.negInf)
	var kept []byte
	scales := 0
	for i := range t.scales {
		s := &t.scales[i]
		sum := s.sum()
		if s.n == 0 && sum.Sign() == 0 {
			continue
		}
		scales++
		kept = binary.AppendVarint(kept, int64(s.scale))
		kept = binary.AppendVarint(kept, s.n)
		kept = appendBig(kept, sum)
	}
	return append(binary.AppendUvarint(dst, uint64(scales)), kept...)
}

func (t *numericTotal) ReadFrom(src []byte) ([]byte, error) {
	t.Reset()
	r := reader{src: src}
	t.nan, t.posInf, t.negInf = r.varint(), r.varint(), r.varint()
	for scales := r.uvarint(); scales > 0 && !r.failed; scales-- {
		scale, n, sum := r.varint(), r.varint(), r.big()
		if scale < 0 || scale > 1<<15-1 || (len(t.scales) > 0 && int64(t.scales[len(t.scales)-1].scale) >= scale) {
			r.fail()
			break
		}
		s := scaleTotal{scale: int16(scale), n: n}
		if !s.small.setBig(sum) {
			s.big = sum
		}
		t.scales = append(t.scales, s)
	}
	return r.end()
}
