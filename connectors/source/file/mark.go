package file

import (
	"errors"
	"hash/crc32"
	"io"

	"github.com/asofdb/asof/engine"
)

// markWindow is how many bytes a mark covers at the file's beginning, and as many before the position. The tail of a change record has
// its times in it, so that 256 bytes tell two files apart; more would be felt, because every record's position has a mark (20 ns).
const markWindow = 256

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// mark is the evidence in engine.Position.Mark that a file is the one that was read up to an offset: the checksum of the file's
// first bytes above that of the bytes before the offset.
func mark(headSum uint32, tail []byte) uint64 {
	return uint64(headSum)<<32 | uint64(checksum(tail))
}

func checksum(b []byte) uint32 { return crc32.Checksum(b, castagnoli) }

// markAt computes the mark of an offset from the file itself; io.EOF where the file is shorter.
func markAt(f io.ReaderAt, offset int64) (uint64, error) {
	b := make([]byte, min(offset, markWindow))
	if _, err := f.ReadAt(b, 0); err != nil {
		return 0, err
	}
	headSum := checksum(b)
	if _, err := f.ReadAt(b, offset-int64(len(b))); err != nil {
		return 0, err
	}
	return mark(headSum, b), nil
}

// holds reports whether the file still has what pos was taken behind; the error is of reading it.
func holds(f io.ReaderAt, pos engine.Position) (bool, error) {
	if pos.Offset == 0 {
		return true, nil
	}
	m, err := markAt(f, pos.Offset)
	if errors.Is(err, io.EOF) {
		return false, nil
	}
	return m == pos.Mark, err
}
