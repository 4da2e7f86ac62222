package record

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/asofdb/asof/sql/types"
)

// allTypes has every kind that a column can have.
var allTypes = []types.Type{
	{Kind: types.Bool},
	{Kind: types.Int2},
	{Kind: types.Int4},
	{Kind: types.Int8},
	{Kind: types.Float4},
	{Kind: types.Float8},
	{Kind: types.Numeric},
	{Kind: types.Numeric, Precision: 12, Scale: 2},
	{Kind: types.Text},
	{Kind: types.Varchar, Len: 20},
	{Kind: types.Char, Len: 3},
	{Kind: types.Date},
	{Kind: types.Time},
	{Kind: types.Timestamp},
	{Kind: types.Timestamptz},
	{Kind: types.Interval},
	{Kind: types.UUID},
	{Kind: types.Bytea},
	{Kind: types.JSON},
	{Kind: types.JSONB},
	{Kind: types.Array, Elem: types.Int8},
	{Kind: types.Array, Elem: types.Text},
}

// randomValue draws a value of a column of type t: NULLs, ties, extremes, and what each form is for. style varies it per column.
func randomValue(r *rand.Rand, t types.Type, style int) types.Value {
	if r.IntN(10) < style%4 {
		return types.Value{}
	}
	integer := func() int64 {
		switch style % 5 {
		case 0:
			return r.Int64N(4)
		case 1:
			return 1_000_000 + r.Int64N(1000)
		case 2:
			return int64(r.Uint64())
		case 3:
			return []int64{math.MinInt64, math.MaxInt64, 0, -1}[r.IntN(4)]
		}
		return 7
	}
	text := func() string {
		switch style % 6 {
		case 0:
			return fmt.Sprint("cust_", r.IntN(1_000_000))
		case 1:
			return fmt.Sprintf("cust_%06d", r.IntN(1000))
		case 2:
			return []string{"new", "paid", "", "päid\x00"}[r.IntN(4)]
		case 3:
			return strings.Repeat("x", r.IntN(40))
		case 4:
			return fmt.Sprint(r.Uint64()) // up to 20 digits
		}
		return "7"
	}
	switch t.Kind {
	case types.Bool:
		return types.NewBool(r.IntN(2) == 0)
	case types.Float4:
		return types.Value{Kind: t.Kind, I: int64(math.Float64bits(float64(r.Float32())))}
	case types.Float8:
		f := []float64{r.NormFloat64(), math.NaN(), math.Inf(1), math.Copysign(0, -1), 3}[r.IntN(1+style%5)]
		return types.Value{Kind: t.Kind, I: int64(math.Float64bits(f))}
	case types.Numeric:
		switch style % 3 {
		case 0:
			return types.NewNumeric(integer(), 2)
		case 1:
			return types.Value{Kind: types.Numeric, I: r.Int64N(100), Scale: int16(r.IntN(6))}
		}
		if r.IntN(4) == 0 {
			return types.Value{Kind: types.Numeric, Scale: []int16{types.ScaleNaN, types.ScaleInf, types.ScaleNegInf}[r.IntN(3)]}
		}
		big1 := new(big.Int).Lsh(big.NewInt(1+r.Int64N(1000)), uint(r.IntN(200)))
		return types.NewBigNumeric(big1.Neg(big1), 5)
	case types.Interval:
		v := types.Value{Kind: t.Kind, I: r.Int64N(1e9)}
		if style%2 == 0 {
			v.X = types.Span{Months: int32(1 + r.IntN(20)), Days: -3}
		}
		return v
	case types.UUID:
		var b [16]byte
		binary.LittleEndian.PutUint64(b[:], r.Uint64())
		return types.Value{Kind: t.Kind, S: string(b[:])}
	case types.Array:
		elem := types.Type{Kind: t.Elem}
		vs := make([]types.Value, r.IntN(4))
		for i := range vs {
			vs[i] = randomValue(r, elem, style)
		}
		return types.Value{Kind: t.Kind, X: vs}
	case types.Int2:
		return types.NewInt(t.Kind, integer()%math.MaxInt16)
	case types.Int4, types.Date:
		return types.Value{Kind: t.Kind, I: integer() % math.MaxInt32}
	case types.Int8, types.Time, types.Timestamp, types.Timestamptz:
		return types.Value{Kind: t.Kind, I: integer()}
	case types.Char:
		return types.Value{Kind: t.Kind, S: (text() + "   ")[:3]}
	}
	return types.Value{Kind: t.Kind, S: text()}
}

// randomChanges draws a schema and n changes of it.
func randomChanges(r *rand.Rand, n int) ([]types.Type, []Change) {
	cols := make([]types.Type, r.IntN(8))
	styles := make([]int, len(cols))
	for i := range cols {
		cols[i], styles[i] = allTypes[r.IntN(len(allTypes))], r.IntN(60)
	}
	image := func() []types.Value {
		vs := make([]types.Value, len(cols))
		for i, t := range cols {
			vs[i] = randomValue(r, t, styles[i])
		}
		return vs
	}
	wild := r.IntN(4) == 0
	number := func(limit int64) int64 {
		if wild {
			return int64(r.Uint64())
		}
		return r.Int64N(limit)
	}
	changes := make([]Change, n)
	for i := range changes {
		c := &changes[i]
		*c = Change{
			Pos: int64(i) + 5, C: number(1000) + int64(i), Tx: number(50), LSN: number(1e12), Order: number(3),
			SentAs: "cudrt\x00"[r.IntN(6)], Op: Op(1 + r.IntN(5)), Snapshot: r.IntN(8) == 0, PrevC: NoPrevC,
		}
		c.Commit = c.C - number(2)
		if r.IntN(3) == 0 {
			c.PrevC = c.C - number(1000)
		}
		if c.Op != Delete && c.Op != Truncate {
			c.New = image()
		}
		if c.Op == Delete || c.Op == Update {
			c.Old = image()
			for k := range c.Old {
				if c.New != nil && r.IntN(3) > 0 {
					c.Old[k] = c.New[k]
				}
			}
		}
	}
	return cols, changes
}

// difference says how two runs of changes differ, "" where they do not.
func difference(got, want []Change) string {
	if len(got) != len(want) {
		return fmt.Sprintf("%d changes, want %d", len(got), len(want))
	}
	for i := range got {
		g, w := got[i], want[i]
		for name, pair := range map[string][2][]types.Value{"old": {g.Old, w.Old}, "new": {g.New, w.New}} {
			if len(pair[0]) != len(pair[1]) || (pair[0] == nil) != (pair[1] == nil) {
				return fmt.Sprintf("change %d: %s image of %d values, want %d", i, name, len(pair[0]), len(pair[1]))
			}
			for k := range pair[0] {
				if !types.Identical(pair[0][k], pair[1][k]) {
					return fmt.Sprintf("change %d: %s value %d is %#v, want %#v", i, name, k, pair[0][k], pair[1][k])
				}
			}
		}
		g.Old, g.New, w.Old, w.New = nil, nil, nil, nil
		if fmt.Sprint(g) != fmt.Sprint(w) {
			return fmt.Sprintf("change %d is %+v, want %+v", i, g, w)
		}
	}
	return ""
}

func TestEveryBlockReadsBackAsItWas(t *testing.T) {
	for seed := range uint64(400) {
		r := rand.New(rand.NewPCG(seed, 1))
		cols, changes := randomChanges(r, 1+r.IntN(300))
		prefix := []byte("before")
		block := AppendBlock(prefix, cols, changes)[len(prefix):]
		got, err := ReadBlock(block, cols, nil)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if d := difference(got, changes); d != "" {
			t.Fatalf("seed %d: columns %v: %s", seed, cols, d)
		}
		h, err := ReadHeader(block)
		if err != nil || h != headerOf(changes) {
			t.Fatalf("seed %d: header %+v, %v", seed, h, err)
		}
		if again := AppendBlock(nil, cols, changes); string(again) != string(block) {
			t.Fatalf("seed %d: the same changes give other bytes", seed)
		}
	}
}

func TestOnlyTheColumnsWantedAreRead(t *testing.T) {
	changes := shopOrders(300)
	block := AppendBlock(nil, shopTypes, changes)
	want := append([]Change(nil), changes...)
	for i := range want {
		for _, image := range []*[]types.Value{&want[i].Old, &want[i].New} {
			if *image != nil {
				*image = []types.Value{{}, (*image)[1], {}, (*image)[3], {}}
			}
		}
	}
	got, err := ReadBlock(block, shopTypes, []int{3, 1})
	if err != nil {
		t.Fatal(err)
	}
	if d := difference(got, want); d != "" {
		t.Error(d)
	}
	got, err = ReadBlock(block, shopTypes, []int{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range got {
		for k := range got[i].New {
			if !got[i].New[k].IsNull() {
				t.Fatalf("change %d has a value that nobody asked for", i)
			}
		}
	}
}

func TestABlockOfShopOrdersIsSmall(t *testing.T) {
	changes := shopOrders(5000)
	if n := len(AppendBlock(nil, shopTypes, changes)); n > 15*len(changes) {
		t.Errorf("%d bytes for %d changes", n, len(changes))
	}
}

func TestDamageIsAnError(t *testing.T) {
	cols, changes := shopTypes, shopOrders(50)
	block := AppendBlock(nil, cols, changes)
	for i := range block {
		damaged := append([]byte(nil), block...)
		damaged[i] ^= 0x10
		if _, err := ReadBlock(damaged, cols, nil); !errors.Is(err, ErrCorrupt) {
			t.Fatalf("byte %d of %d flipped: %v", i, len(block), err)
		}
		if _, err := ReadBlock(block[:i], cols, nil); !errors.Is(err, ErrCorrupt) {
			t.Fatalf("cut to %d bytes: %v", i, err)
		}
	}
	if _, err := ReadBlock(block, cols[1:], nil); !errors.Is(err, ErrCorrupt) {
		t.Errorf("fewer columns: %v", err)
	}
	other := append([]types.Type(nil), cols...)
	other[0].Kind = types.Text
	if _, err := ReadBlock(block, other, nil); !errors.Is(err, ErrCorrupt) {
		t.Errorf("another type: %v", err)
	}
}

// reseal gives a damaged block checksums that fit, so that a fuzzer gets past them.
func reseal(block []byte) []byte {
	r := reader{b: block}
	r.byte()
	for range 5 {
		r.uvarint()
	}
	n := len(block) - len(r.b)
	if r.err != nil || len(r.b) < 2*crcLen {
		return block
	}
	binary.LittleEndian.PutUint32(block[n:], crc32.Checksum(block[:n], castagnoli))
	last := len(block) - crcLen
	binary.LittleEndian.PutUint32(block[last:], crc32.Checksum(block[:last], castagnoli))
	return block
}

func FuzzReadBlock(f *testing.F) {
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 2))
		n := 1 + r.IntN(20)
		cols, changes := randomChanges(r, n)
		f.Add(AppendBlock(nil, cols, changes), seed)
	}
	f.Add([]byte{}, uint64(0))
	f.Fuzz(func(t *testing.T, block []byte, seed uint64) {
		r := rand.New(rand.NewPCG(seed, 2))
		cols, _ := randomChanges(r, 1+r.IntN(20))
		if _, err := ReadBlock(block, cols, nil); err != nil && !errors.Is(err, ErrCorrupt) {
			t.Errorf("%v is no ErrCorrupt", err)
		}
		changes, err := ReadBlock(reseal(append([]byte(nil), block...)), cols, nil)
		if err != nil {
			if !errors.Is(err, ErrCorrupt) {
				t.Errorf("%v is no ErrCorrupt", err)
			}
			return
		}
		again, err := ReadBlock(AppendBlock(nil, cols, changes), cols, nil)
		if err != nil {
			t.Fatalf("what was read and written cannot be read: %v", err)
		}
		if d := difference(again, changes); d != "" {
			t.Error(d)
		}
	})
}

func FuzzRoundTrip(f *testing.F) {
	f.Add(uint64(1), uint16(10))
	f.Fuzz(func(t *testing.T, seed uint64, n uint16) {
		r := rand.New(rand.NewPCG(seed, 3))
		cols, changes := randomChanges(r, 1+int(n%2000))
		got, err := ReadBlock(AppendBlock(nil, cols, changes), cols, nil)
		if err != nil {
			t.Fatal(err)
		}
		if d := difference(got, changes); d != "" {
			t.Error(d)
		}
	})
}
