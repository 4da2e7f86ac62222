package agg

import (
	"bytes"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

// bigPrecision holds the sum of any doubles exactly: exponents span some 2100 bits.
const bigPrecision = 4000

// randomFloat is of any size, often near others, sometimes subnormal or at an end of the range.
func randomFloat(r *rand.Rand) float64 {
	switch r.IntN(12) {
	case 0:
		return math.Float64frombits(r.Uint64() & (1<<63 | 1<<52 - 1)) // subnormal
	case 1:
		return math.Copysign(math.MaxFloat64, float64(r.IntN(2))-0.5)
	case 2:
		return math.Copysign(math.SmallestNonzeroFloat64, float64(r.IntN(2))-0.5)
	case 3, 4:
		for {
			if f := math.Float64frombits(r.Uint64()); !math.IsNaN(f) && !math.IsInf(f, 0) {
				return f
			}
		}
	case 5:
		return math.Ldexp(float64(r.Int64N(9)-4), r.IntN(200)-100) // half-way cases
	case 6:
		return float64(r.Int64N(1<<53)) * 0x1p-30
	}
	return float64(r.IntN(2_000_000)-1_000_000) / 100
}

func bigFloat(f float64) *big.Float { return new(big.Float).SetPrec(bigPrecision).SetFloat64(f) }

func checkSum(t *testing.T, s *exactSum, want *big.Float) {
	t.Helper()
	f, _ := want.Float64()
	if got := s.float64(); math.Float64bits(got) != math.Float64bits(f) && (got != 0 || f != 0) {
		t.Fatalf("sum is %v (%x), want %v (%x)", got, got, f, f)
	}
	f32, _ := want.Float32()
	if got := s.float32(); got != f32 {
		t.Fatalf("sum as float32 is %v, want %v", got, f32)
	}
}

func encoded(s *exactSum) []byte { return s.appendTo(nil) }

func TestExactSumEqualsWideArithmetic(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for range 3000 {
		n := r.IntN(40)
		var s, reversed exactSum
		parts := make([]exactSum, 3)
		want := bigFloat(0)
		values := make([]float64, n)
		for i := range values {
			values[i] = randomFloat(r)
			want.Add(want, bigFloat(values[i]))
			s.add(values[i], 1)
			parts[r.IntN(3)].add(values[i], 1)
			if r.IntN(3) == 0 { // noise that is taken back
				noise := randomFloat(r)
				s.add(noise, 1)
				parts[r.IntN(3)].add(noise, -1)
				parts[r.IntN(3)].add(noise, 1)
				s.add(noise, -1)
			}
		}
		for i := range values {
			reversed.add(values[n-1-i], 1)
		}
		merged := parts[0]
		merged.addAll(&parts[1])
		merged.addAll(&parts[2])
		checkSum(t, &s, want)
		checkSum(t, &merged, want)
		if !bytes.Equal(encoded(&s), encoded(&reversed)) || !bytes.Equal(encoded(&s), encoded(&merged)) {
			t.Fatalf("equal sums of %v are encoded differently", values)
		}
		var back exactSum
		rd := reader{src: encoded(&s)}
		rd.exactSum(&back)
		if _, err := rd.end(); err != nil {
			t.Fatal(err)
		}
		checkSum(t, &back, want)
		back.addAll(&s)
		checkSum(t, &back, want.Add(want, want))
	}
}

func TestExactSumTakesBackToNothing(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	var s exactSum
	values := make([]float64, 500)
	for i := range values {
		values[i] = randomFloat(r)
		s.add(values[i], 1)
	}
	r.Shuffle(len(values), func(i, j int) { values[i], values[j] = values[j], values[i] })
	for _, f := range values {
		s.add(f, -1)
	}
	var empty exactSum
	if s.float64() != 0 || !bytes.Equal(encoded(&s), encoded(&empty)) {
		t.Fatalf("%v is left", s.float64())
	}
}

// Carries are made every maxPending additions; pretend that many have been made.
func TestExactSumCarriesInTime(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	var s, other exactSum
	want := bigFloat(0)
	for i := range 2000 {
		f := randomFloat(r)
		s.add(f, 1)
		want.Add(want, bigFloat(f))
		if i%10 == 0 {
			s.pending = maxPending
		}
		if i%7 == 0 {
			other.add(f, 1)
			other.pending = maxPending
			s.addAll(&other)
			other.reset()
			want.Add(want, bigFloat(f))
		}
		if s.pending > maxPending {
			t.Fatalf("%d additions without a carry", s.pending)
		}
	}
	checkSum(t, &s, want)
}

// A float32 that is subnormal has fewer bits; rounding to 24 of them first would round twice.
func TestExactSumRoundsSubnormalsOnce(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	for range 2000 {
		var s exactSum
		want := bigFloat(0)
		for _, f := range []float64{math.Ldexp(float64(r.IntN(64)), -150), math.Ldexp(float64(r.IntN(3)-1), -190)} {
			s.add(f, 1)
			want.Add(want, bigFloat(f))
		}
		checkSum(t, &s, want)
	}
}

func TestExactSumOfMany(t *testing.T) {
	// 1e20 + 1 - 1e20 is 1, and a tenth added a million times is what wide arithmetic says.
	var s exactSum
	for _, f := range []float64{1e20, 1, -1e20} {
		s.add(f, 1)
	}
	if s.float64() != 1 {
		t.Errorf("1e20 + 1 - 1e20 is %v", s.float64())
	}
	s.reset()
	for range 1_000_000 {
		s.add(-0.1, 1)
	}
	want, _ := new(big.Float).SetPrec(bigPrecision).Mul(bigFloat(-0.1), bigFloat(1e6)).Float64()
	if s.float64() != want {
		t.Errorf("a million times -0.1 is %v, want %v", s.float64(), want)
	}
	if n := len(encoded(&s)); n > 17 {
		t.Errorf("encoded in %d bytes", n)
	}
}

func FuzzExactSum(f *testing.F) {
	f.Add(1.0, -0.5, 0x1p-1074, 1e300)
	f.Add(math.MaxFloat64, math.MaxFloat64, -1.0, 0.0)
	f.Add(0x1.0000000000001p0, 0x1p-53, 0x1p-1074, 0.0)
	f.Fuzz(func(t *testing.T, a, b, c, d float64) {
		var s exactSum
		want := bigFloat(0)
		for _, x := range []float64{a, b, c, d} {
			if math.IsNaN(x) || math.IsInf(x, 0) {
				return
			}
			s.add(x, 1)
			want.Add(want, bigFloat(x))
		}
		checkSum(t, &s, want)
	})
}

func BenchmarkExactSumAdd(b *testing.B) {
	var s exactSum
	for b.Loop() {
		s.add(12.34, 1)
	}
}

func BenchmarkExactSumRound(b *testing.B) {
	var s exactSum
	for range 100 {
		s.add(12.34, 1)
	}
	for b.Loop() {
		s.float64()
	}
}
