package types

import (
	"bytes"
	"math/big"
	"math/rand/v2"
	"testing"
)

// TestKeyOrder checks that bytes order and equal as values do, over every pair of many values of a kind.
func TestKeyOrder(t *testing.T) {
	for _, typ := range testTypes {
		values := sampleValues(typ, rand.New(rand.NewPCG(1, uint64(typ.Kind))), 120)
		keys := make([][]byte, len(values))
		for i, v := range values {
			keys[i] = AppendKey(nil, v)
		}
		for i, a := range values {
			for j, b := range values {
				want := compareNullable(a, b)
				if got := bytes.Compare(keys[i], keys[j]); got != want {
					t.Fatalf("%s: keys of %s and %s compare as %d, values as %d", typ, a, b, got, want)
				}
				if Equal(a, b) != (want == 0) {
					t.Fatalf("%s: Equal(%s, %s) is not Compare == 0", typ, a, b)
				}
			}
		}
	}
}

// TestKeysDelimitThemselves checks that no key begins another one, so that tuples of keys compare as tuples of values.
func TestKeysDelimitThemselves(t *testing.T) {
	for _, typ := range testTypes {
		values := sampleValues(typ, rand.New(rand.NewPCG(2, uint64(typ.Kind))), 60)
		for _, a := range values {
			for _, b := range values {
				k, l := AppendKey(nil, a), AppendKey(nil, b)
				if len(k) < len(l) && bytes.HasPrefix(l, k) {
					t.Fatalf("%s: the key of %s begins that of %s", typ, a, b)
				}
			}
		}
	}
}

func TestReadKey(t *testing.T) {
	for _, typ := range testTypes {
		if !KeyReadable(typ) {
			continue
		}
		for _, v := range sampleValues(typ, rand.New(rand.NewPCG(3, uint64(typ.Kind))), 200) {
			key := AppendKey(nil, v)
			got, rest, err := ReadKey(append(key, "rest"...), typ)
			if err != nil || string(rest) != "rest" || !Equal(got, v) {
				t.Fatalf("%s: %s came back as %s, %q, %v", typ, v, got, rest, err)
			}
			if exact := typ.Kind != Float4 && typ.Kind != Float8 && typ.Elem != Numeric && (typ.Kind != Numeric || typ.Precision > 0); exact && !Identical(got, v) {
				t.Fatalf("%s: %s came back as %s", typ, v, got)
			}
		}
	}
}

// TestReadKeyOfUndeclaredScale shows the value that stands for all that are equal.
func TestReadKeyOfUndeclaredScale(t *testing.T) {
	huge, _ := new(big.Int).SetString("-123456789012345678901234567890", 10)
	for text, want := range map[string]string{
		"12300": "12300", "1.500": "1.5", "0.000000001": "0.000000001", "0.00": "0", "-1e30": "-1000000000000000000000000000000",
		NewBigNumeric(huge, 11).String(): "-1234567890123456789.0123456789", "NaN": "NaN", "-Infinity": "-Infinity",
	} {
		v, err := Parse(Type{Kind: Numeric}, text)
		if err != nil {
			t.Fatal(err)
		}
		got, _, err := ReadKey(AppendKey(nil, v), Type{Kind: Numeric})
		if err != nil || got.String() != want {
			t.Errorf("the key of %s reads as %s, %v; want %s", text, got, err, want)
		}
	}
}

func FuzzReadKey(f *testing.F) {
	for i, typ := range testTypes {
		for _, v := range sampleValues(typ, rand.New(rand.NewPCG(4, uint64(typ.Kind))), 5) {
			f.Add(uint8(i), AppendKey(nil, v))
		}
	}
	f.Fuzz(func(t *testing.T, i uint8, key []byte) {
		typ := testTypes[int(i)%len(testTypes)]
		v, rest, err := ReadKey(key, typ)
		if err != nil {
			return
		}
		again := AppendKey(nil, v)
		if !bytes.Equal(again, key[:len(key)-len(rest)]) {
			t.Fatalf("%s: key %x reads as %s, whose key is %x", typ, key, v, again)
		}
	})
}

func BenchmarkAppendKey(b *testing.B) {
	row := []Value{NewText("customer-12345"), NewInt8(987654321), NewNumeric(123456, 2), NewTimestamptz(1747751400123456)}
	var key []byte
	b.ReportAllocs()
	for b.Loop() {
		key = key[:0]
		for _, v := range row {
			key = AppendKey(key, v)
		}
	}
}
