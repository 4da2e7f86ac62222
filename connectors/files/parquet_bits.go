package files

import (
	"encoding/binary"
	"errors"
)

// errBits is the error for encoded values that end before they should.
var errBits = errors.New("a page ends before its values do")

// hybrid reads Parquet's mix of runs and bit-packed numbers: levels, indexes into a dictionary, booleans.
type hybrid struct {
	data    []byte
	width   int // bits of a number, at most 32
	repeat  uint64
	value   uint32
	literal uint64 // bit-packed numbers left
	packed  []byte
	bit     int // of packed
}

func newHybrid(data []byte, width int) (*hybrid, error) {
	if width > 32 {
		return nil, errors.New("a page packs numbers of more than 32 bits")
	}
	return &hybrid{data: data, width: width}, nil
}

func (h *hybrid) next() (uint32, error) {
	for h.repeat == 0 && h.literal == 0 {
		if err := h.run(); err != nil {
			return 0, err
		}
	}
	if h.repeat > 0 {
		h.repeat--
		return h.value, nil
	}
	h.literal--
	v := bitsAt(h.packed, h.bit, h.width)
	h.bit += h.width
	return uint32(v), nil
}

// run reads the head of the next run. Every head takes a byte, so that there is an end.
func (h *hybrid) run() error {
	head, n := binary.Uvarint(h.data)
	if n <= 0 {
		return errBits
	}
	h.data = h.data[n:]
	if head&1 == 0 {
		size := (h.width + 7) / 8
		if len(h.data) < size {
			return errBits
		}
		h.value = 0
		for i := range size {
			h.value |= uint32(h.data[i]) << (8 * i)
		}
		h.data, h.repeat = h.data[size:], head>>1
		return nil
	}
	// Groups of eight; some writers leave off what the last one does not use.
	groups := min(head>>1, uint64(1)<<40)
	h.literal = groups * 8
	size := groups * uint64(h.width)
	if size > uint64(len(h.data)) {
		size = uint64(len(h.data))
		h.literal = size * 8 / uint64(h.width)
	}
	h.packed, h.data, h.bit = h.data[:size], h.data[size:], 0
	return nil
}

// bitsAt returns the width bits from bit on, the lowest first. There are as many.
func bitsAt(b []byte, bit, width int) uint64 {
	v, got := uint64(0), 0
	for i := bit / 8; got < width; i++ {
		skip := 0
		if got == 0 {
			skip = bit % 8
		}
		v |= uint64(b[i]>>skip) << got
		got += 8 - skip
	}
	if width < 64 {
		v &= 1<<width - 1
	}
	return v
}

// deltas reads DELTA_BINARY_PACKED: numbers as differences, in blocks of miniblocks that have a width each.
type deltas struct {
	data   []byte
	left   uint64 // numbers that have not been read
	first  bool
	value  int64
	block  uint64 // numbers in a block
	minis  int
	widths []byte // of the miniblocks of this block that have not begun
	min    int64
	packed []byte
	bit    int
	inMini uint64 // numbers left in the miniblock
	width  int
}

// maxBlock bounds what a head may claim; writers use 128 numbers a block.
const maxBlock = 1 << 20

// newDeltas reads the head; atMost is how many numbers there can be.
func newDeltas(data []byte, atMost int) (*deltas, error) {
	d := &deltas{data: data, first: true}
	minis := uint64(0)
	for _, p := range []*uint64{&d.block, &minis, &d.left} {
		var n int
		if *p, n = binary.Uvarint(d.data); n <= 0 {
			return nil, errBits
		}
		d.data = d.data[n:]
	}
	var n int
	if d.value, n = binary.Varint(d.data); n <= 0 {
		return nil, errBits
	}
	d.data = d.data[n:]
	if d.block == 0 || d.block > maxBlock || minis == 0 || d.block%(minis*8) != 0 || d.left > uint64(atMost) {
		return nil, errors.New("a page of differences has a head that cannot be")
	}
	d.minis = int(minis)
	return d, nil
}

func (d *deltas) next() (int64, error) {
	if d.left == 0 {
		return 0, errBits
	}
	d.left--
	if d.first {
		d.first = false
		return d.value, nil
	}
	for d.inMini == 0 {
		if err := d.miniblock(); err != nil {
			return 0, err
		}
	}
	d.inMini--
	d.value += d.min + int64(bitsAt(d.packed, d.bit, d.width)) // wraps around as the writer's did
	d.bit += d.width
	return d.value, nil
}

// miniblock begins the next miniblock, and with the first one the next block.
func (d *deltas) miniblock() error {
	if len(d.widths) == 0 {
		var n int
		if d.min, n = binary.Varint(d.data); n <= 0 || len(d.data)-n < d.minis {
			return errBits
		}
		d.widths, d.data = d.data[n:n+d.minis], d.data[n+d.minis:]
	}
	d.width, d.widths = int(d.widths[0]), d.widths[1:]
	d.inMini = d.block / uint64(d.minis)
	size := int(d.inMini) * d.width / 8
	if d.width > 64 || size > len(d.data) {
		return errBits
	}
	d.packed, d.data, d.bit = d.data[:size], d.data[size:], 0
	return nil
}

// all reads every number and returns what stands behind them.
func (d *deltas) all() (numbers []int64, rest []byte, err error) {
	for d.left > 0 {
		x, err := d.next()
		if err != nil {
			return nil, nil, err
		}
		numbers = append(numbers, x)
	}
	return numbers, d.data, nil
}
