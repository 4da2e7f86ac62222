// Package key encodes tuples of values as bytes whose order is the order of the tuples, and computes the
// hash slot of an entity.
//
// A tuple is the concatenation of its encoded elements, without a count: each element delimits itself, so
// the encoding of a tuple is a prefix of the encoding of a longer tuple that begins with it, and a shorter
// tuple sorts before it.
//
// Invariants:
//
//  1. Two elements have equal bytes exactly if they have the same type and are the same value (two NaNs are
//     one value, and so are 0.0 and -0.0).
//  2. Bytes compare (bytes.Compare) as the values do within one type: numbers by value, NaN above every
//     other float, strings and byte strings by their bytes. NULL sorts after everything.
//  3. No encoded element begins with 0xFF, so a key space may use 0xFF to end its ranges.
//  4. Decoding never panics, and what it accepts encodes again to the bytes that it read.
//
// What an element looks like:
//
//	null    0xF0
//	int64   0x10, 8 bytes big-endian with the sign bit flipped
//	uint64  0x18, 8 bytes big-endian
//	float64 0x20, 8 bytes: sign bit flipped for positive numbers, all bits flipped for negative ones
//	bytes   0x30, the bytes with 0x00 written as 0x00 0xFF, then 0x00 0x01
//	bool    0x08 false, 0x09 true
package key
