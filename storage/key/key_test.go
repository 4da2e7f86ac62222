package key

import (
	"bytes"
	"cmp"
	"errors"
	"math"
	"strings"
	"testing"
)

// An element is any value that can be encoded, for comparing.
type element struct {
	kind Kind
	b    bool
	i    int64
	u    uint64
	f    float64
	s    string
}

func (e element) append(dst []byte) []byte {
	switch e.kind {
	case Bool:
		return AppendBool(dst, e.b)
	case Int:
		return AppendInt64(dst, e.i)
	case Uint:
		return AppendUint64(dst, e.u)
	case Float:
		return AppendFloat64(dst, e.f)
	case Bytes:
		return AppendString(dst, e.s)
	default:
		return AppendNull(dst)
	}
}

// read reads an element of any kind.
func read(k []byte) (e element, rest []byte, err error) {
	if e.kind, err = Next(k); err != nil {
		return e, nil, err
	}
	switch e.kind {
	case Bool:
		e.b, rest, err = ReadBool(k)
	case Int:
		e.i, rest, err = ReadInt64(k)
	case Uint:
		e.u, rest, err = ReadUint64(k)
	case Float:
		e.f, rest, err = ReadFloat64(k)
	case Bytes:
		var b []byte
		b, rest, err = ReadBytes(nil, k)
		e.s = string(b)
	default:
		rest, err = ReadNull(k)
	}
	return e, rest, err
}

// compare is the model: NULL last, and within a kind by value, NaN above all floats.
func (e element) compare(o element) int {
	if e.kind != o.kind {
		return cmp.Compare(e.kind, o.kind)
	}
	switch e.kind {
	case Bool:
		return bytes.Compare([]byte{boolByte(e.b)}, []byte{boolByte(o.b)})
	case Int:
		return cmp.Compare(e.i, o.i)
	case Uint:
		return cmp.Compare(e.u, o.u)
	case Float:
		if math.IsNaN(e.f) || math.IsNaN(o.f) {
			return cmp.Compare(boolByte(math.IsNaN(e.f)), boolByte(math.IsNaN(o.f)))
		}
		return cmp.Compare(e.f, o.f)
	case Bytes:
		return strings.Compare(e.s, o.s)
	}
	return 0
}

func boolByte(b bool) byte {
	if b {
		return 1
	}
	return 0
}

// uglyElements are the edges of each kind.
func uglyElements() (es []element) {
	for _, b := range []bool{false, true} {
		es = append(es, element{kind: Bool, b: b})
	}
	for _, i := range []int64{math.MinInt64, math.MinInt64 + 1, -256, -1, 0, 1, 255, 256, math.MaxInt64} {
		es = append(es, element{kind: Int, i: i})
	}
	for _, u := range []uint64{0, 1, 255, 256, 1 << 63, math.MaxUint64} {
		es = append(es, element{kind: Uint, u: u})
	}
	for _, f := range []float64{
		math.Inf(-1), -math.MaxFloat64, -1, -math.SmallestNonzeroFloat64, math.Copysign(0, -1), 0, math.SmallestNonzeroFloat64, 1,
		math.Nextafter(1, 2), math.MaxFloat64, math.Inf(1), math.NaN(), math.Float64frombits(0xFFF8000000000001),
	} {
		es = append(es, element{kind: Float, f: f})
	}
	for _, s := range []string{"", "\x00", "\x00\x00", "\x00\x01", "\x00\xff", "\x01", "a", "a\x00", "a\x00b", "ab", "b", "\xff", "\xff\xff", "ä"} {
		es = append(es, element{kind: Bytes, s: s})
	}
	return append(es, element{kind: Null})
}

func TestBytesOrderAsValues(t *testing.T) {
	es := uglyElements()
	for _, a := range es {
		for _, b := range es {
			ka, kb := a.append(nil), b.append(nil)
			if got, want := bytes.Compare(ka, kb), a.compare(b); got != want {
				t.Errorf("%+v and %+v: bytes compare %d, values %d", a, b, got, want)
			}
			// The element after decides only between equal ones, and a prefix is smaller.
			if a.compare(b) == 0 {
				continue
			}
			ta, tb := AppendInt64(ka, 9), AppendInt64(kb, -9)
			if got, want := bytes.Compare(ta, tb), a.compare(b); got != want {
				t.Errorf("tuples of %+v and %+v: bytes compare %d, values %d", a, b, got, want)
			}
		}
	}
}

func TestTuplesReadBack(t *testing.T) {
	var k []byte
	es := uglyElements()
	for _, e := range es {
		k = e.append(k)
	}
	skipped := k
	for i, want := range es {
		got, rest, err := read(k)
		if err != nil {
			t.Fatalf("element %d: %v", i, err)
		}
		if got.compare(want) != 0 || got.kind != want.kind {
			t.Errorf("element %d: got %+v, want %+v", i, got, want)
		}
		if k[0] == 0xFF {
			t.Errorf("element %d begins with 0xFF", i)
		}
		k = rest
		if skipped, err = Skip(skipped); err != nil || !bytes.Equal(skipped, k) {
			t.Errorf("element %d: Skip leaves %x, reading %x, %v", i, skipped, k, err)
		}
	}
	if len(k) != 0 {
		t.Errorf("%x is left", k)
	}
}

func TestReadingAnotherKindIsAnError(t *testing.T) {
	if _, _, err := ReadInt64(AppendString(nil, "12345678")); !errors.Is(err, ErrCorrupt) {
		t.Errorf("an integer of a string: %v", err)
	}
	if _, _, err := ReadBytes(nil, AppendString(nil, "abc")[:3]); !errors.Is(err, ErrCorrupt) {
		t.Errorf("a cut string: %v", err)
	}
	if _, err := Next(nil); !errors.Is(err, ErrCorrupt) {
		t.Errorf("nothing: %v", err)
	}
}

func TestCheckRefusesWhatCannotBeStored(t *testing.T) {
	if err := Check(make([]byte, MaxLen)); err != nil {
		t.Error(err)
	}
	var long *TooLongError
	if err := Check(make([]byte, MaxLen+1)); !errors.As(err, &long) || long.Len != MaxLen+1 {
		t.Errorf("one byte more: %v", err)
	}
}

// The values are those of Redis's CLUSTER KEYSLOT and of the CRC-16/XMODEM check word.
func TestSlotIsRedisClusters(t *testing.T) {
	if got := CRC16("123456789"); got != 0x31C3 {
		t.Errorf("CRC16(123456789) = %#04x", got)
	}
	for text, want := range map[string]uint16{
		"123456789": 12739, "user1000": 3443, "foo": 12182, "": 0,
		"{user1000}.following": 3443, "{user1000}.followers": 3443,
		"foo{}{bar}":        CRC16("foo{}{bar}") % Slots,
		"foo{{bar}}zap":     CRC16("{bar") % Slots,
		"foo{bar}{zap}":     CRC16("bar") % Slots,
		"foo{bar":           CRC16("foo{bar") % Slots,
		"foo}bar{user1000}": 3443,
	} {
		if got := Slot(text); got != want {
			t.Errorf("Slot(%q) = %d, want %d", text, got, want)
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, e := range uglyElements() {
		f.Add(e.append(nil))
		f.Add(AppendInt64(e.append(nil), 1))
	}
	f.Fuzz(func(t *testing.T, k []byte) {
		for len(k) > 0 {
			e, rest, err := read(k)
			skipped, skipErr := Skip(k)
			if err != nil {
				if !errors.Is(err, ErrCorrupt) {
					t.Fatalf("%v is no ErrCorrupt", err)
				}
				return
			}
			if skipErr != nil || !bytes.Equal(skipped, rest) {
				t.Fatalf("Skip leaves %x, %v, reading %x", skipped, skipErr, rest)
			}
			if again := e.append(nil); !bytes.Equal(again, k[:len(k)-len(rest)]) {
				t.Fatalf("%x reads as %+v, which is %x", k[:len(k)-len(rest)], e, again)
			}
			k = rest
		}
	})
}

func FuzzOrder(f *testing.F) {
	f.Add("a", "a\x00", int64(1), int64(-1), 0.0, math.NaN())
	f.Fuzz(func(t *testing.T, s1, s2 string, i1, i2 int64, f1, f2 float64) {
		for _, pair := range [][2][]element{
			{{{kind: Bytes, s: s1}, {kind: Int, i: i1}}, {{kind: Bytes, s: s2}, {kind: Int, i: i2}}},
			{{{kind: Float, f: f1}, {kind: Bytes, s: s2}}, {{kind: Float, f: f2}, {kind: Bytes, s: s1}}},
			{{{kind: Uint, u: uint64(i1)}, {kind: Null}}, {{kind: Uint, u: uint64(i2)}, {kind: Bytes, s: s1}}},
		} {
			want := pair[0][0].compare(pair[1][0])
			if want == 0 {
				want = pair[0][1].compare(pair[1][1])
			}
			var ks [2][]byte
			for n, tuple := range pair {
				for _, e := range tuple {
					ks[n] = e.append(ks[n])
				}
			}
			if got := bytes.Compare(ks[0], ks[1]); got != want {
				t.Errorf("%+v and %+v: bytes compare %d, values %d", pair[0], pair[1], got, want)
			}
		}
	})
}

func BenchmarkAppend(b *testing.B) {
	var k []byte
	for b.Loop() {
		k = AppendString(AppendInt64(k[:0], 12345), "cust_123456")
	}
}

func BenchmarkRead(b *testing.B) {
	k := AppendString(AppendInt64(nil, 12345), "cust_123456")
	var buf []byte
	for b.Loop() {
		_, rest, err := ReadInt64(k)
		if err != nil {
			b.Fatal(err)
		}
		if buf, _, err = ReadBytes(buf[:0], rest); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSlot(b *testing.B) {
	for b.Loop() {
		Slot("customer:123456")
	}
}
