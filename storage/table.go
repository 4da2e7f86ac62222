package storage

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"

	"github.com/dgraph-io/badger/v4/pb"
	"google.golang.org/protobuf/proto"
)

// checkTable verifies the footer and the index of one of Badger's tables, which Badger trusts: it ends the process, or panics in a
// goroutine, where they are damaged. It checks the data blocks itself. A table ends with
//
//	index | length of index (4) | checksum of index (protobuf) | length of checksum (4)
func checkTable(path string) error {
	name := filepath.Join(treeDir, filepath.Base(path))
	damaged := func(what string) error {
		return &DamagedError{Detail: fmt.Sprintf("the table %s %s", name, what)}
	}
	f, err := os.Open(path)
	if err != nil {
		return &DamagedError{Detail: fmt.Sprintf("the table %s cannot be read", name), Err: err}
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	end := info.Size()
	tail := func(n int64) []byte {
		if n < 0 || n > end {
			return nil
		}
		b := make([]byte, n)
		if _, err := f.ReadAt(b, end-n); err != nil {
			return nil
		}
		end -= n
		return b
	}
	tailLen := func() int64 {
		if b := tail(4); b != nil {
			return int64(binary.BigEndian.Uint32(b))
		}
		return -1
	}
	var sum pb.Checksum
	if b := tail(tailLen()); b == nil || proto.Unmarshal(b, &sum) != nil {
		return damaged("is cut off")
	}
	index := tail(tailLen())
	if len(index) == 0 {
		return damaged("is cut off")
	}
	if sum.Algo != pb.Checksum_CRC32C || sum.Sum != uint64(crc32.Checksum(index, castagnoli)) {
		return damaged("has a damaged index")
	}
	return nil
}
