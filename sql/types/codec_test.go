package types

import (
	"bytes"
	"math"
	"math/rand/v2"
	"testing"
)

func TestValueRoundTrip(t *testing.T) {
	for _, typ := range testTypes {
		for _, v := range sampleValues(typ, rand.New(rand.NewPCG(5, uint64(typ.Kind))), 300) {
			b := AppendValue([]byte("before"), typ, v)
			if !bytes.HasPrefix(b, []byte("before")) {
				t.Fatalf("%s: AppendValue of %s changed what stood before", typ, v)
			}
			got, rest, err := ReadValue(append(b[len("before"):], "after"...), typ)
			if err != nil || !Identical(got, v) || string(rest) != "after" {
				t.Fatalf("%s: %s came back as %s, %q, %v", typ, v, got, rest, err)
			}
		}
	}
}

// TestValueSizes holds the sizes that storage counts on.
func TestValueSizes(t *testing.T) {
	for _, c := range []struct {
		t    Type
		v    Value
		size int
	}{
		{Type{Kind: Int8}, Value{}, 1},
		{Type{Kind: Int8}, NewInt8(63), 1},
		{Type{Kind: Int8}, NewInt8(math.MinInt64), 2},
		{Type{Kind: Int8}, NewInt8(math.MaxInt64), 10},
		{Type{Kind: Bool}, NewBool(true), 1},
		{Type{Kind: Numeric, Precision: 12, Scale: 2}, NewNumeric(1234, 2), 3},
		{Type{Kind: Timestamptz}, NewTimestamptz(1747751400123456), 8},
		{Type{Kind: Text}, NewText("paid"), 5},
		{Type{Kind: Interval}, NewInterval(0, 0, 5), 2},
	} {
		if got := len(AppendValue(nil, c.t, c.v)); got != c.size {
			t.Errorf("%s of type %s takes %d bytes, not %d", c.v, c.t, got, c.size)
		}
	}
}

// TestReadValueRefuses shows garbage that a decoder written carelessly would take.
func TestReadValueRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		t   Type
		src []byte
	}{
		"nothing":                       {Type{Kind: Int4}, nil},
		"an int4 that is none":          {Type{Kind: Int4}, AppendValue(nil, Type{Kind: Int8}, NewInt8(1<<40))},
		"an overlong varint":            {Type{Kind: Int8}, []byte{0x85, 0x00}},
		"a length beyond the end":       {Type{Kind: Text}, []byte{10, 'a'}},
		"a length near 2^64":            {Type{Kind: Text}, []byte{255, 255, 255, 255, 255, 255, 255, 255, 255, 1, 'a'}},
		"the overlong zero as a length": {Type{Kind: Text}, []byte{0x80, 0}},
		"a bool that is neither":        {Type{Kind: Bool}, []byte{3}},
		"a scale beyond the limit":      {Type{Kind: Numeric}, []byte{0xff, 0xff, 0x7f, 1}},
		"a big coefficient that is not": {Type{Kind: Numeric}, []byte{5, 2, 7}},
		"a time beyond midnight":        {Type{Kind: Time}, AppendValue(nil, Type{Kind: Int8}, NewInt8(day+1))},
		"an empty span":                 {Type{Kind: Interval}, []byte{2, 0, 0, 2}},
		"an array longer than its text": {Type{Kind: Array, Elem: Int4}, []byte{200, 1, 2, 2}},
		"an array of arrays":            {Type{Kind: Array, Elem: Array}, []byte{2, 1}},
		"half a uuid":                   {Type{Kind: UUID}, []byte{1, 2, 3}},
		"a NaN with a payload":          {Type{Kind: Float8}, []byte{1, 1, 0, 0, 0, 0, 0, 0xf8, 0x7f}},
		"a kind without values":         {Type{Kind: Unavailable}, []byte{2, 1}},
	} {
		v, _, err := ReadValue(c.src, c.t)
		if err == nil {
			t.Errorf("%s reads as %s", name, v)
		}
	}
}

// FuzzReadValue checks that no bytes make ReadValue panic, and that each value has one encoding.
func FuzzReadValue(f *testing.F) {
	for i, typ := range testTypes {
		for _, v := range sampleValues(typ, rand.New(rand.NewPCG(6, uint64(typ.Kind))), 5) {
			f.Add(uint8(i), AppendValue(nil, typ, v))
		}
	}
	f.Fuzz(func(t *testing.T, i uint8, src []byte) {
		typ := testTypes[int(i)%len(testTypes)]
		v, rest, err := ReadValue(src, typ)
		if err != nil {
			return
		}
		if again := AppendValue(nil, typ, v); !bytes.Equal(again, src[:len(src)-len(rest)]) {
			t.Fatalf("%s: %x reads as %s, which is written as %x", typ, src, v, again)
		}
		AppendText(nil, v)
	})
}

var benchRow = []struct {
	t Type
	v Value
}{
	{Type{Kind: Int8}, NewInt8(987654321)},
	{Type{Kind: Text}, NewText("cust_12345")},
	{Type{Kind: Numeric, Precision: 12, Scale: 2}, NewNumeric(123456, 2)},
	{Type{Kind: Timestamptz}, NewTimestamptz(1747751400123456)},
	{Type{Kind: Text}, NewText("paid")},
}

func BenchmarkAppendValue(b *testing.B) {
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		buf = buf[:0]
		for i := range benchRow {
			buf = AppendValue(buf, benchRow[i].t, benchRow[i].v)
		}
	}
}

func BenchmarkReadValue(b *testing.B) {
	var buf []byte
	for i := range benchRow {
		buf = AppendValue(buf, benchRow[i].t, benchRow[i].v)
	}
	b.ReportAllocs()
	for b.Loop() {
		src := buf
		for i := range benchRow {
			_, src, _ = ReadValue(src, benchRow[i].t)
		}
	}
}

func BenchmarkAppendText(b *testing.B) {
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		buf = buf[:0]
		for i := range benchRow {
			buf = AppendText(buf, benchRow[i].v)
		}
	}
}

func BenchmarkAddNumeric(b *testing.B) {
	sum, x := IntNumeric(0).withScale(2), NewNumeric(12345, 2)
	b.ReportAllocs()
	for b.Loop() {
		sum, _ = AddNumeric(sum, x)
	}
}

func BenchmarkCompare(b *testing.B) {
	x, y := NewTimestamptz(1), NewTimestamptz(2)
	p, q := NewNumeric(12345, 2), NewNumeric(12346, 2)
	b.ReportAllocs()
	for b.Loop() {
		if Compare(x, y) > 0 || Compare(p, q) > 0 || Equal(x, y) {
			b.Fatal("wrong order")
		}
	}
}
