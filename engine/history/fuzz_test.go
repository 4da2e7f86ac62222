package history

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// sealed gives garbage a checksum, so that the decoders behind it see it.
func withChecksum(b []byte) []byte { return seal(slices.Clone(b), 0) }

func FuzzRoot(f *testing.F) {
	r := rand.New(rand.NewPCG(20, 20))
	for _, n := range []int{0, 1, 5, 200, 300, 64*256 + 10} {
		root, _ := build(f, r, everyType, randomLog(r, everyType, n))
		b := root.AppendTo(nil)
		f.Add(b[:len(b)-checksumLen])
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		root, err := ReadRoot(withChecksum(b))
		if err != nil {
			return
		}
		for _, l := range []*Layout{everyType, shop} {
			for _, err := range Scan(l, root, nil, All(math.MaxInt64), func(Header) ([]byte, error) { return b, nil }) {
				if err != nil {
					break
				}
			}
		}
		again, err := ReadRoot(root.AppendTo(nil))
		if err != nil || !bytes.Equal(again.AppendTo(nil), root.AppendTo(nil)) {
			t.Fatalf("a root that was read is written differently: %v", err)
		}
	})
}

func FuzzChunk(f *testing.F) {
	r := rand.New(rand.NewPCG(21, 21))
	for range 3 {
		h, b := encodeChunk(everyType, randomLog(r, everyType, ChunkEntries), 7)
		f.Add(b[:len(b)-checksumLen], h.CMin, h.CMax)
	}
	f.Fuzz(func(t *testing.T, b []byte, cMin, cMax int64) {
		b = withChecksum(b)
		for _, want := range []Header{headerOf(b), {Count: 3, CMin: cMin, CMax: cMax}} {
			root := &Root{levels: [][]Header{{want}}}
			for e, err := range Scan(everyType, root, nil, All(math.MaxInt64), func(Header) ([]byte, error) { return b, nil }) {
				if err == nil && len(e.Cols) != len(everyType.Types) {
					t.Fatal("an entry of another width")
				}
			}
		}
	})
}

// headerOf reads the header of a chunk, that it may be taken for the one named.
func headerOf(b []byte) Header {
	d := decoder{src: b[1:]}
	h := Header{Class: d.byte(), Level: d.byte(), Ordinal: uint32(d.uvarint())}
	d.zone(&h, &Header{})
	return h
}

func FuzzNode(f *testing.F) {
	r := rand.New(rand.NewPCG(22, 22))
	var hs []Header
	for i := range NodeHeaders {
		h, _ := encodeChunk(shop, randomLog(r, shop, 5), uint32(i))
		h.CMin, h.CMax = int64(i)*1000, int64(i)*1000+999
		hs = append(hs, h)
	}
	_, b := encodeNode(hs, 0)
	f.Add(b[:len(b)-checksumLen])
	f.Fuzz(func(t *testing.T, b []byte) {
		b = withChecksum(b)
		h := headerOf(b)
		got, err := decodeNode(b, &h)
		if err == nil && len(got) > NodeHeaders {
			t.Fatalf("%d headers", len(got))
		}
	})
}

func FuzzInts(f *testing.F) {
	f.Add([]byte{}, uint8(0))
	f.Add(binary.LittleEndian.AppendUint64(nil, 1<<63), uint8(3))
	f.Add(bytes.Repeat([]byte{1, 2, 3, 4, 5, 6, 7, 200}, 40), uint8(40))
	f.Fuzz(func(t *testing.T, b []byte, shift uint8) {
		var v []int64
		for ; len(b) >= 8 && len(v) < maxInts; b = b[8:] {
			v = append(v, int64(binary.LittleEndian.Uint64(b))>>(shift%64))
		}
		enc := appendInts(nil, v)
		d := decoder{src: append(enc, 1, 2, 3)}
		got := make([]int64, len(v))
		d.ints(got)
		if d.failed || !slices.Equal(got, v) || !bytes.Equal(d.src, []byte{1, 2, 3}) {
			t.Fatalf("%v came back as %v, %d bytes left", v, got, len(d.src))
		}
		// Garbage of the same length.
		d = decoder{src: b}
		d.ints(make([]int64, 1+int(shift)))
	})
}
