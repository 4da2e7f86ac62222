// Package record is the completed change, the unit of the stream log, and the columnar block that carries
// many of them. It is pure: changes in, bytes out, and back.
//
// # The block
//
//	+--------+------------------------------------------+-------+---------+-----------+-----+--------+
//	| format | count, columns, first pos, cmin, cmax     | CRC   | changes | column 0  | ... | CRC    |
//	| 1 byte | varints: the zone map                     | 4     | section | section   |     | 4      |
//	+--------+------------------------------------------+-------+---------+-----------+-----+--------+
//
// The first CRC-32C covers the bytes before it, so that the zone map alone can be trusted; the last one all before it. A section is
//
//	length | stored length | content, compressed with zstd where that made it shorter
//
// so that a reader that wants few columns leaves the others compressed. The first section holds what is not a column: per change a byte
// of operation and flags, the letter it was sent as, and streams of position, c, commit, transaction, LSN, order and previous c. The section
// of a column holds which old values are the same as the new ones, the new values of all changes that have some, and the old values of those
// that have one of their own.
//
// Invariants:
//
//  1. ReadBlock(AppendBlock(changes)) gives changes back, value for value, for images that types.Coerce has
//     brought to the column types.
//  2. The bytes are a function of the changes and types alone.
//  3. Bytes that AppendBlock did not write are an error, never a panic, and never need more memory than a fixed multiple of
//     MaxChanges and of what they decompress to, which is bounded.
package record
