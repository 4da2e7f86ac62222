package files

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/apache/arrow/go/v17/parquet"
)

// raw is one physical value: an integer or a boolean in i, a float's bits in i, bytes of all other types in b.
type raw struct {
	i int64
	b []byte
}

// valueReader reads the values of a page. There may be fewer than the page says: then the last ones are an error.
type valueReader interface {
	next() (raw, error)
}

// newValues returns the reader for a page's values, of which there are at most n.
func (f *parquetField) newValues(e parquet.Encoding, data []byte, n int, dictionary []raw) (valueReader, error) {
	switch e {
	case parquet.Encodings.Plain:
		return &plainValues{field: f, data: data}, nil
	case parquet.Encodings.PlainDict, parquet.Encodings.RLEDict:
		if len(data) == 0 {
			return &plainValues{field: f}, nil // a page of NULLs
		}
		h, err := newHybrid(data[1:], int(data[0]))
		return &dictionaryValues{h, dictionary}, err
	case parquet.Encodings.RLE:
		if f.physical != parquet.Types.Boolean || len(data) < 4 {
			break
		}
		h, err := newHybrid(data[4:], 1) // behind its length
		return &booleanRuns{h}, err
	case parquet.Encodings.DeltaBinaryPacked:
		if f.physical != parquet.Types.Int32 && f.physical != parquet.Types.Int64 {
			break
		}
		d, err := newDeltas(data, n)
		return &deltaValues{d, f.physical == parquet.Types.Int32}, err
	case parquet.Encodings.DeltaLengthByteArray, parquet.Encodings.DeltaByteArray:
		if f.physical != parquet.Types.ByteArray && f.physical != parquet.Types.FixedLenByteArray {
			break
		}
		return newDeltaBytes(data, n, e == parquet.Encodings.DeltaByteArray)
	case byteStreamSplit:
		if size := f.size(); size > 0 {
			return &splitValues{field: f, data: data, n: len(data) / size, bytes: make([]byte, 0, size)}, nil
		}
	}
	return nil, fmt.Errorf("the encoding %s of %s is not supported", e, f.physical)
}

// byteStreamSplit is BYTE_STREAM_SPLIT, which the library knows by its number only.
const byteStreamSplit = parquet.Encoding(9)

// size is how many bytes a value has, 0 where they differ.
func (f *parquetField) size() int {
	switch f.physical {
	case parquet.Types.Int32, parquet.Types.Float:
		return 4
	case parquet.Types.Int64, parquet.Types.Double:
		return 8
	case parquet.Types.Int96:
		return 12
	case parquet.Types.FixedLenByteArray:
		return f.length
	}
	return 0
}

// fixed reads a value of a fixed size.
func (f *parquetField) fixed(b []byte) raw {
	switch f.physical {
	case parquet.Types.Int32:
		return raw{i: int64(int32(binary.LittleEndian.Uint32(b)))}
	case parquet.Types.Int64:
		return raw{i: int64(binary.LittleEndian.Uint64(b))}
	case parquet.Types.Float:
		return raw{i: int64(math.Float64bits(float64(math.Float32frombits(binary.LittleEndian.Uint32(b)))))}
	case parquet.Types.Double:
		return raw{i: int64(binary.LittleEndian.Uint64(b))}
	}
	return raw{b: b}
}

// plainValues reads PLAIN: values one after the other, booleans as bits, byte arrays behind their length.
type plainValues struct {
	field *parquetField
	data  []byte
	bit   int
}

func (p *plainValues) next() (raw, error) {
	switch p.field.physical {
	case parquet.Types.Boolean:
		if p.bit >= 8*len(p.data) {
			return raw{}, errBits
		}
		p.bit++
		return raw{i: int64(p.data[(p.bit-1)/8] >> ((p.bit - 1) % 8) & 1)}, nil
	case parquet.Types.ByteArray:
		if len(p.data) < 4 {
			return raw{}, errBits
		}
		n := uint64(binary.LittleEndian.Uint32(p.data))
		if n > uint64(len(p.data)-4) {
			return raw{}, errBits
		}
		b := p.data[4 : 4+n]
		p.data = p.data[4+n:]
		return raw{b: b}, nil
	}
	size := p.field.size()
	if len(p.data) < size {
		return raw{}, errBits
	}
	b := p.data[:size]
	p.data = p.data[size:]
	return p.field.fixed(b), nil
}

// dictionaryValues reads indexes into a dictionary.
type dictionaryValues struct {
	*hybrid
	dictionary []raw
}

func (d *dictionaryValues) next() (raw, error) {
	i, err := d.hybrid.next()
	if err == nil && i >= uint32(len(d.dictionary)) {
		err = fmt.Errorf("value %d of a dictionary that has %d", i, len(d.dictionary))
	}
	if err != nil {
		return raw{}, err
	}
	return d.dictionary[i], nil
}

// booleanRuns reads booleans as runs.
type booleanRuns struct{ *hybrid }

func (b *booleanRuns) next() (raw, error) {
	i, err := b.hybrid.next()
	return raw{i: int64(i)}, err
}

// deltaValues reads integers as differences; narrow ones wrap around at 32 bits.
type deltaValues struct {
	*deltas
	narrow bool
}

func (d *deltaValues) next() (raw, error) {
	i, err := d.deltas.next()
	if d.narrow {
		i = int64(int32(i))
	}
	return raw{i: i}, err
}

// deltaBytes reads byte arrays whose lengths stand before them, and, where prefixes is not nil, how much of the value before each begins with.
type deltaBytes struct {
	prefixes, lengths []int64
	data              []byte
	last              []byte
}

func newDeltaBytes(data []byte, n int, prefixed bool) (valueReader, error) {
	d := &deltaBytes{data: data}
	for _, p := range []*[]int64{&d.prefixes, &d.lengths} {
		if p == &d.prefixes && !prefixed {
			continue
		}
		numbers, err := newDeltas(d.data, n)
		if err != nil {
			return nil, err
		}
		if *p, d.data, err = numbers.all(); err != nil {
			return nil, err
		}
	}
	if prefixed && len(d.prefixes) != len(d.lengths) {
		return nil, errors.New("a page has more prefixes than values, or fewer")
	}
	return d, nil
}

func (d *deltaBytes) next() (raw, error) {
	if len(d.lengths) == 0 {
		return raw{}, errBits
	}
	n := d.lengths[0]
	d.lengths = d.lengths[1:]
	if n < 0 || n > int64(len(d.data)) {
		return raw{}, errBits
	}
	b := d.data[:n:n]
	d.data = d.data[n:]
	if d.prefixes == nil {
		return raw{b: b}, nil
	}
	prefix := d.prefixes[0]
	d.prefixes = d.prefixes[1:]
	if prefix < 0 || prefix > int64(len(d.last)) {
		return raw{}, errBits
	}
	d.last = append(d.last[:prefix:prefix], b...) // a new one: the value before may still be in use
	return raw{b: d.last}, nil
}

// splitValues reads BYTE_STREAM_SPLIT: the first bytes of all values, then the second bytes, and so on.
type splitValues struct {
	field *parquetField
	data  []byte
	n, at int
	bytes []byte
}

func (s *splitValues) next() (raw, error) {
	if s.at == s.n {
		return raw{}, errBits
	}
	s.bytes = make([]byte, cap(s.bytes))
	for i := range s.bytes {
		s.bytes[i] = s.data[i*s.n+s.at]
	}
	s.at++
	return s.field.fixed(s.bytes), nil
}
