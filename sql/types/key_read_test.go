package types

import (
	"bytes"
	"math"
	"math/big"
	"testing"
)

func TestReadKeyIsTheInverseOfAppendKey(t *testing.T) {
	huge, _ := new(big.Int).SetString("-123456789012345678901234567890", 10)
	for _, c := range []struct {
		t Type
		v Value
	}{
		{Type{Kind: Int8}, NewInt8(0)},
		{Type{Kind: Int8}, NewInt8(math.MinInt64)},
		{Type{Kind: Int8}, NewInt8(math.MaxInt64)},
		{Type{Kind: Int8}, NewInt8(-1)},
		{Type{Kind: Int8}, NewInt8(-256)},
		{Type{Kind: Int8}, NewInt8(255)},
		{Type{Kind: Text}, NewText("")},
		{Type{Kind: Text}, NewText("a\x00b\x00")},
		{Type{Kind: Text}, Value{}},
		{Type{Kind: Bool}, NewBool(true)},
		{Type{Kind: Timestamptz}, NewTimestamptz(Infinity)},
		{Type{Kind: Float8}, Value{Kind: Float8, I: int64(math.Float64bits(-1.5))}},
		{Type{Kind: UUID}, Value{Kind: UUID, S: "0123456789abcdef"}},
		{Type{Kind: Numeric, Precision: 12, Scale: 2}, NewNumeric(1200, 2)},
		{Type{Kind: Numeric, Precision: 12, Scale: 2}, NewNumeric(-5, 2)},
		{Type{Kind: Numeric, Precision: 12, Scale: 2}, NewNumeric(0, 2)},
		{Type{Kind: Numeric}, NewNumeric(12300, 0)},
		{Type{Kind: Numeric}, NewNumeric(1, 9)},
		{Type{Kind: Numeric}, NewBigNumeric(huge, 11)},
		{Type{Kind: Numeric}, Value{Kind: Numeric, Scale: ScaleNaN}},
	} {
		key := AppendKey(nil, c.v)
		got, rest, err := ReadKey(append(bytes.Clone(key), "rest"...), c.t)
		if err != nil || string(rest) != "rest" {
			t.Errorf("%v %+v: rest %q, error %v", c.t.Kind, c.v, rest, err)
			continue
		}
		if !Identical(got, c.v) {
			t.Errorf("%v: %+v came back as %+v", c.t.Kind, c.v, got)
		}
	}
}

func FuzzReadKey(f *testing.F) {
	f.Add(AppendKey(nil, NewNumeric(-12345, 3)), uint8(Numeric))
	f.Add(AppendKey(nil, NewText("a\x00b")), uint8(Text))
	f.Fuzz(func(t *testing.T, src []byte, kind uint8) {
		typ := Type{Kind: Kind(kind % uint8(Array))}
		v, rest, err := ReadKey(src, typ)
		if err != nil {
			return
		}
		again, _, err := ReadKey(AppendKey(nil, v), typ)
		if err != nil || !Equal(v, again) {
			t.Fatalf("%v from %x (rest %x) comes back as %v, %v", v, src, rest, again, err)
		}
	})
}
