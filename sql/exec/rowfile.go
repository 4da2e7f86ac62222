package exec

import (
	"encoding/binary"
	"hash/crc32"
	"io"
	"os"

	"github.com/asofdb/asof/sql/types"
)

// A row file is rows in a temporary file, written once and read from the beginning as often as wanted. The file is eight bytes, fileMagic, and blocks:
//
//	payload length (4 bytes)  rows (4 bytes)  CRC-32C of these eight bytes and the payload (4 bytes)  payload
//
// all little-endian. The payload is the rows' values one after the other, as types.AppendValue writes them. A temporary file does not outlive its
// statement, so the checksum is there for disks that return something else than was written: better an error than another answer.

const (
	fileMagic       = "asofrun\x01"
	blockHeader     = 12
	maxBlockBytes   = 64 << 10 // a block is written when it has as many, whatever its last row took
	leastFileBuffer = 4 << 10
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// rowFile is being written until finish, read after it.
type rowFile struct {
	temp  *tempFiles
	file  *os.File
	types codec
	block []byte // the block being written, its header included
	rows  int    // in the block
	size  int64  // of the file so far
	total int64  // rows of the file
	flush int    // bytes at which a block is written
}

// newRun begins a run of rows of these types. memory is the statement's limit: its buffer is a small part of it.
func newRowFile(temp *tempFiles, ts codec, memory int64) (*rowFile, error) {
	f, err := temp.create()
	if err != nil {
		return nil, err
	}
	r := &rowFile{temp: temp, file: f, types: ts, flush: int(min(maxBlockBytes, max(leastFileBuffer, memory/256)))}
	if _, err := f.WriteString(fileMagic); err != nil {
		return nil, writeError(err)
	}
	r.size = int64(len(fileMagic))
	r.block = make([]byte, blockHeader)
	return r, nil
}

// append adds a row.
func (r *rowFile) append(row []types.Value) error {
	r.block = r.types.append(r.block, row)
	return r.added()
}

// appendEncoded adds a row that is encoded already, in parts.
func (r *rowFile) appendEncoded(parts ...[]byte) error {
	for _, b := range parts {
		r.block = append(r.block, b...)
	}
	return r.added()
}

// added counts a row that has been put into the block.
func (r *rowFile) added() error {
	r.rows++
	r.total++
	if len(r.block) < r.flush {
		return nil
	}
	return r.write()
}

// write writes the block at hand.
func (r *rowFile) write() error {
	if r.rows == 0 {
		return nil
	}
	binary.LittleEndian.PutUint32(r.block, uint32(len(r.block)-blockHeader))
	binary.LittleEndian.PutUint32(r.block[4:], uint32(r.rows))
	binary.LittleEndian.PutUint32(r.block[8:], blockSum(r.block))
	if _, err := r.file.Write(r.block); err != nil {
		return writeError(err)
	}
	r.size += int64(len(r.block))
	r.block, r.rows = r.block[:blockHeader], 0
	return nil
}

// blockSum is the checksum of a block.
func blockSum(block []byte) uint32 {
	return crc32.Update(crc32.Checksum(block[:8], castagnoli), castagnoli, block[blockHeader:])
}

// finish ends the writing and gives the buffer back.
func (r *rowFile) finish() error {
	err := r.write()
	r.block = nil
	return err
}

// close deletes the file.
func (r *rowFile) close() error {
	if r == nil {
		return nil
	}
	return r.temp.remove(r.file)
}

// open begins to read the rows. Several readers may read one file.
func (r *rowFile) open() *rowReader {
	return &rowReader{src: io.NewSectionReader(r.file, 0, r.size), size: r.size, types: r.types}
}

// rowReader reads the rows of a file.
type rowReader struct {
	src   io.ReaderAt
	size  int64
	at    int64
	types codec
	block []byte
	rest  []byte // of the block's payload
	rows  int    // left in the block
}

// next reads the next row into dst; ok is false at the end. What dst then holds is good until the next call.
func (r *rowReader) next(dst []types.Value) (ok bool, err error) {
	for r.rows == 0 {
		if len(r.rest) > 0 {
			return false, corruptFile("a block has more bytes than rows")
		}
		if r.at == r.size && r.at > 0 {
			return false, nil
		}
		if err := r.readBlock(); err != nil {
			return false, err
		}
	}
	if r.rest, err = r.types.read(r.rest, dst); err != nil {
		return false, corruptFile(err.Error())
	}
	r.rows--
	return true, nil
}

func (r *rowReader) readBlock() error {
	if r.at == 0 {
		var magic [len(fileMagic)]byte
		if err := r.read(magic[:]); err != nil {
			return err
		}
		if string(magic[:]) != fileMagic {
			return corruptFile("it does not begin as one")
		}
		return nil
	}
	var head [blockHeader]byte
	if err := r.read(head[:]); err != nil {
		return err
	}
	n := int64(binary.LittleEndian.Uint32(head[:]))
	if n > r.size-r.at {
		return corruptFile("a block is longer than the file")
	}
	if int64(cap(r.block)) < blockHeader+n {
		r.block = make([]byte, blockHeader+n)
	}
	r.block = r.block[:blockHeader+n]
	copy(r.block, head[:])
	if err := r.read(r.block[blockHeader:]); err != nil {
		return err
	}
	if binary.LittleEndian.Uint32(head[8:]) != blockSum(r.block) {
		return corruptFile("a block differs from what was written")
	}
	r.rest, r.rows = r.block[blockHeader:], int(binary.LittleEndian.Uint32(head[4:]))
	return nil
}

// read fills dst from where the reader is.
func (r *rowReader) read(dst []byte) error {
	if int64(len(dst)) > r.size-r.at {
		return corruptFile("it ends in the middle of a block")
	}
	n, err := r.src.ReadAt(dst, r.at)
	r.at += int64(n)
	if n < len(dst) {
		e := types.Errorf(types.CodeIO, "could not read a temporary file: %v", err)
		e.Err = err
		return e
	}
	return nil
}

func corruptFile(why string) error {
	return types.Errorf(types.CodeCorrupted, "a temporary file is damaged: %s", why).WithHint("run the statement again; if it happens again, look at the disk")
}

// typesOf are the types of a schema's columns.
func typesOf(s types.Schema) codec {
	ts := make(codec, len(s))
	for i, c := range s {
		ts[i] = c.Type
	}
	return ts
}
