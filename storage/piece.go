package storage

import (
	"encoding/binary"
	"hash/crc32"

	"github.com/dgraph-io/badger/v4"
)

// Badger moves a value of 1 MiB or more out of its tree into a value log whose failed syncs it only logs. So a
// longer value is cut: its own key holds a stub, marked by the entry's user byte, and its pieces lie under keys of
// their own in one space, all written by one transaction. Pieces of a value that was replaced by a shorter one
// stay until they are written again or dropped; the stub says how many count.

const (
	// markStub is the user byte of an entry whose value is a stub.
	markStub = 1
	// maxInline is the longest value kept whole; half of Badger's threshold for the value log.
	maxInline        = 512 << 10
	stubLen          = 4 + 8 + 4 // pieces, total length, checksum
	pieceKeyOverhead = 1 + 4     // space before the key, ordinal behind it
)

func pieceKey(dst, k []byte, ordinal uint32) []byte {
	dst = append(append(dst, byte(spacePiece)), k...)
	return binary.BigEndian.AppendUint32(dst, ordinal)
}

// setValue writes a value into txn, in pieces where it is longer than inline.
func setValue(txn *badger.Txn, k, value []byte, inline int) error {
	if len(value) <= inline {
		return txn.Set(k, value)
	}
	n := uint32(0)
	for rest := value; len(rest) > 0; n++ {
		size := min(len(rest), inline)
		if err := txn.Set(pieceKey(nil, k, n), rest[:size]); err != nil {
			return err
		}
		rest = rest[size:]
	}
	stub := binary.BigEndian.AppendUint32(nil, n)
	stub = binary.BigEndian.AppendUint64(stub, uint64(len(value)))
	stub = binary.BigEndian.AppendUint32(stub, crc32.Checksum(value, castagnoli))
	return txn.SetEntry(badger.NewEntry(k, stub).WithMeta(markStub))
}

// joinPieces reads the value that the stub under the key k stands for.
func joinPieces(txn *badger.Txn, k, stub []byte) ([]byte, error) {
	if len(stub) != stubLen {
		return nil, &TornValueError{Key: k}
	}
	n, size := binary.BigEndian.Uint32(stub), binary.BigEndian.Uint64(stub[4:])
	var value []byte
	for i := range n {
		item, err := txn.Get(pieceKey(nil, k, i))
		if err != nil {
			return nil, &TornValueError{Key: k}
		}
		err = item.Value(func(b []byte) error { value = append(value, b...); return nil })
		if err != nil {
			return nil, err
		}
	}
	if uint64(len(value)) != size || crc32.Checksum(value, castagnoli) != binary.BigEndian.Uint32(stub[12:]) {
		return nil, &TornValueError{Key: k}
	}
	return value, nil
}
