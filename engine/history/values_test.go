package history

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/asofdb/asof/sql/types"
)

// sameReading compares what is read in place, and what is skipped, with what package types reads.
func sameReading(t *testing.T, typ types.Type, src []byte) {
	t.Helper()
	want, rest, wantErr := types.ReadValue(src, typ)
	for _, old := range []types.Value{{}, types.NewText("old"), types.NewInterval(1, 2, 3)} {
		got := old
		n, err := readValue(src, &got, &typ)
		if (err == nil) != (wantErr == nil) {
			t.Fatalf("%s of % x: error %v, want %v", typ, src, err, wantErr)
		}
		if err == nil && (!types.Identical(got, want) || len(src)-n != len(rest)) {
			t.Fatalf("%s of % x: %v in %d bytes, want %v with %d left", typ, src, got, n, want, len(rest))
		}
		if err == nil && ((got.S != "") != (want.S != "") || (got.X != nil) != (want.X != nil)) {
			t.Fatalf("%s of % x: something is left of %v", typ, src, old)
		}
	}
	if wantErr == nil {
		if n, err := skipValue(src, &typ); err != nil || len(src)-n != len(rest) {
			t.Fatalf("%s of % x: skipped %d bytes (%v), want %d left", typ, src, n, err, len(rest))
		}
	}
}

// plainTypes are those whose ordinary values are read in place, and some others.
var plainTypes = append([]types.Type{
	{Kind: types.Int2}, {Kind: types.Int4}, {Kind: types.Timestamp}, {Kind: types.Time}, {Kind: types.Varchar}, {Kind: types.Char}, {Kind: types.JSON}, {Kind: types.JSONB},
}, everyType.Types...)

func TestValuesAreReadAsTypesReadsThem(t *testing.T) {
	r := rand.New(rand.NewPCG(31, 31))
	for _, typ := range plainTypes {
		for range 3000 {
			v := randomValue(r, typ)
			switch typ.Kind {
			case types.Int2, types.Int4, types.Int8, types.Timestamp, types.Timestamptz, types.Time:
				v = types.Value{Kind: typ.Kind, I: r.Int64() >> r.IntN(64)}
				if r.IntN(20) == 0 {
					v.I = []int64{math.MaxInt64, math.MinInt64, 0, -1}[r.IntN(4)]
				}
			}
			src := types.AppendValue(nil, typ, v)
			for range r.IntN(12) {
				src = append(src, byte(r.Uint32()))
			}
			sameReading(t, typ, src)
			if len(src) > 0 {
				src[r.IntN(len(src))] ^= 1 << r.IntN(8)
				sameReading(t, typ, src[:r.IntN(len(src)+1)])
			}
		}
	}
}

func FuzzValue(f *testing.F) {
	for i, typ := range plainTypes {
		f.Add(byte(i), types.AppendValue(nil, typ, randomValue(rand.New(rand.NewPCG(1, uint64(i))), typ)))
	}
	f.Add(byte(8), []byte{0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0})
	f.Add(byte(8), []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1})
	f.Add(byte(9), []byte{0x84, 0x80, 1, 5, 0, 0, 0, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, kind byte, src []byte) { sameReading(t, plainTypes[int(kind)%len(plainTypes)], src) })
}

func TestShortUvarint(t *testing.T) {
	r := rand.New(rand.NewPCG(32, 32))
	for range 100_000 {
		src := make([]byte, r.IntN(14))
		for i := range src {
			src[i] = byte(r.Uint32()) | byte(r.IntN(2))<<7
		}
		want, wantN := binary.Uvarint(src)
		got, n := shortUvarint(src)
		switch {
		case wantN <= 0, wantN > 8 && len(src) >= 8:
			if n != 0 {
				t.Fatalf("% x: %d in %d bytes, want none", src, got, n)
			}
		case got != want || n != wantN:
			t.Fatalf("% x: %d in %d bytes, want %d in %d", src, got, n, want, wantN)
		}
	}
}
