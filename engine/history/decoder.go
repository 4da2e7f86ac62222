package history

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
)

// errCorrupt is the root of every decoding error.
var errCorrupt = errors.New("entity log is corrupt")

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

const checksumLen = 4

// seal appends the checksum of dst[from:].
func seal(dst []byte, from int) []byte {
	return binary.LittleEndian.AppendUint32(dst, crc32.Checksum(dst[from:], castagnoli))
}

// open verifies the format byte and the checksum of a root, chunk or node and returns what is between.
func open(src []byte, format byte, what string) ([]byte, error) {
	if len(src) < 1+checksumLen {
		return nil, fmt.Errorf("%w: %s of %d bytes", errCorrupt, what, len(src))
	}
	body, sum := src[:len(src)-checksumLen], src[len(src)-checksumLen:]
	if crc32.Checksum(body, castagnoli) != binary.LittleEndian.Uint32(sum) {
		return nil, fmt.Errorf("%w: checksum of a %s does not match", errCorrupt, what)
	}
	if body[0] != format {
		return nil, fmt.Errorf("%w: %s has format %#x, this version reads %#x", errCorrupt, what, body[0], format)
	}
	return body[1:], nil
}

// decoder reads varints off a slice. The first failure sticks: later reads return zeros, and err says so once at the end.
type decoder struct {
	src    []byte
	failed bool
}

func (d *decoder) uvarint() uint64 {
	if len(d.src) > 0 && d.src[0] < 0x80 {
		v := d.src[0]
		d.src = d.src[1:]
		return uint64(v)
	}
	v, n := anyUvarint(d.src)
	if n == 0 {
		d.fail()
		return 0
	}
	d.src = d.src[n:]
	return v
}

func (d *decoder) varint() int64 {
	v := d.uvarint()
	return int64(v>>1) ^ -int64(v&1)
}

func (d *decoder) byte() byte {
	if len(d.src) == 0 {
		d.fail()
		return 0
	}
	b := d.src[0]
	d.src = d.src[1:]
	return b
}

// bytes returns the next n bytes, which point into the source.
func (d *decoder) bytes(n uint64) []byte {
	if n > uint64(len(d.src)) {
		d.fail()
		return nil
	}
	b := d.src[:n:n]
	d.src = d.src[n:]
	return b
}

func (d *decoder) fail() {
	d.failed = true
	d.src = nil
}

func (d *decoder) err(what string) error {
	if d.failed {
		return fmt.Errorf("%w: %s ends early or is garbled", errCorrupt, what)
	}
	return nil
}
