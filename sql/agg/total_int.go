package agg

import (
	"encoding/binary"

	"github.com/asofdb/asof/sql/types"
)

// intTotal is the count and the exact sum of integers.
type intTotal struct {
	n      int64
	sum    int128
	finish func(*intTotal) (types.Value, error)
}

// ofInts is the function whose result is finish of the total.
func ofInts(result types.Type, finish func(*intTotal) (types.Value, error)) *Func {
	return &Func{
		Result: result, family: totals,
		New:  func() State { return &intTotal{finish: finish} },
		read: func(s State) (types.Value, error) { return s.(*intTotal).read(finish) },
	}
}

func (t *intTotal) Add(v types.Value) {
	if v.IsNull() {
		return
	}
	t.n++
	t.sum.add(v.I)
}

func (t *intTotal) Retract(v types.Value) {
	if v.IsNull() {
		return
	}
	t.n--
	t.sum.sub(v.I)
}

// AddPlain implements Plain.
func (t *intTotal) AddPlain(x int64, _ int16, sign int64) {
	t.n += sign
	if sign > 0 {
		t.sum.add(x)
	} else {
		t.sum.sub(x)
	}
}

func (t *intTotal) Merge(other State) {
	o := other.(*intTotal)
	t.n += o.n
	t.sum.addAll(o.sum)
}

func (t *intTotal) Result() (types.Value, error) { return t.read(t.finish) }

func (t *intTotal) read(finish func(*intTotal) (types.Value, error)) (types.Value, error) {
	if t.n == 0 {
		return null, nil
	}
	return finish(t)
}

func (t *intTotal) rows() int64 { return t.n }

func (t *intTotal) Reset() { t.n, t.sum = 0, int128{} }

func (t *intTotal) AppendTo(dst []byte) []byte {
	return appendBig(binary.AppendVarint(dst, t.n), t.sum.big())
}

func (t *intTotal) ReadFrom(src []byte) ([]byte, error) {
	r := reader{src: src}
	t.n = r.varint()
	if !t.sum.setBig(r.big()) {
		r.fail()
	}
	return r.end()
}

// numeric is the sum as NUMERIC.
func (s int128) numeric() types.Value {
	if i, ok := s.int64(); ok {
		return types.NewNumeric(i, 0)
	}
	return types.NewBigNumeric(s.big(), 0)
}
