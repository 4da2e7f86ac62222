package key

import "strings"

// Slots is the number of hash slots, Redis Cluster's.
const Slots = 16384

// crcTable is the table of CRC-16/XMODEM: polynomial 0x1021, initial value 0, nothing reflected.
var crcTable = func() (t [256]uint16) {
	for i := range t {
		crc := uint16(i) << 8
		for range 8 {
			if crc&0x8000 != 0 {
				crc = crc<<1 ^ 0x1021
			} else {
				crc <<= 1
			}
		}
		t[i] = crc
	}
	return t
}()

// CRC16 is the CRC-16/XMODEM of s.
func CRC16(s string) uint16 {
	var crc uint16
	for i := 0; i < len(s); i++ {
		crc = crc<<8 ^ crcTable[byte(crc>>8)^s[i]]
	}
	return crc
}

// Slot is the hash slot of an entity's text by the rule of Redis Cluster: CRC16 modulo Slots, of the part
// between the first '{' and the first '}' after it where that part exists and is not empty, else of all of it.
func Slot(text string) uint16 {
	if open := strings.IndexByte(text, '{'); open >= 0 {
		if n := strings.IndexByte(text[open+1:], '}'); n > 0 {
			text = text[open+1 : open+1+n]
		}
	}
	return CRC16(text) % Slots
}
