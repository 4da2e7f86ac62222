package decode

import "encoding/binary"

// eightDigits returns the number that the first eight bytes of b spell, false where one of them is no digit. It adds
// neighbours pairwise: digits to pairs, pairs to fours, fours to eight.
func eightDigits(b []byte) (uint64, bool) {
	w := binary.LittleEndian.Uint64(b)
	if notDigits(w) != 0 {
		return 0, false
	}
	w -= lowBits * '0'
	w = w*10 + w>>8
	w = (w&0x000000ff000000ff*(100+1000000<<32) + w>>16&0x000000ff000000ff*(1+10000<<32)) >> 32
	return w, true
}
