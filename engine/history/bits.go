package history

import "unsafe"

// How a set of bits is stored: all of a kind in one byte, or one bit each after that byte.
const (
	bitsNone  = 0
	bitsAll   = 1
	bitsMixed = 2
)

// appendBits appends a set of bits.
func appendBits(dst []byte, set []bool) []byte {
	n := 0
	for _, b := range set {
		if b {
			n++
		}
	}
	switch n {
	case 0:
		return append(dst, bitsNone)
	case len(set):
		return append(dst, bitsAll)
	}
	dst = append(dst, bitsMixed)
	at := len(dst)
	dst = append(dst, make([]byte, (len(set)+7)/8)...)
	for i, b := range set {
		if b {
			dst[at+i/8] |= 1 << (i % 8)
		}
	}
	return dst
}

// bits reads a set of len(out) bits and returns how many are set.
func (d *decoder) bits(out []bool) int {
	clear(out)
	switch d.byte() {
	case bitsNone:
		return 0
	case bitsAll:
		for i := range out {
			out[i] = true
		}
		return len(out)
	case bitsMixed:
		packed := d.bytes(uint64(len(out)+7) / 8)
		if packed == nil {
			return 0
		}
		n := 0
		for i := range out {
			bit := packed[i/8] >> (i % 8) & 1
			out[i] = bit != 0
			n += int(bit)
		}
		return n
	}
	d.fail()
	return 0
}

// view returns b as a string that shares its bytes: they do not change while a scan runs, which is as long as the string may be used.
func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
