package record

import (
	"encoding/binary"
	"runtime"
	"sync"

	"github.com/klauspost/compress/zstd"
)

const (
	// minCompress is the length from which compression can pay for zstd's frame.
	minCompress = 48
	// maxSection bounds what a section decompresses to.
	maxSection = 1 << 30
)

// The level is the fastest one: the byte planes leave zstd little but entropy to find. A block of 5,000 orders of a shop takes 64,900 bytes, 64,700 at
// the default level, and 68,200 as one section instead of six.
//
// The coders are shared: EncodeAll and DecodeAll may be called by several goroutines, run in the caller's, and start none. Each of
// GOMAXPROCS callers at a time gets its own tables.
var (
	encoderOnce = sync.OnceValue(func() *zstd.Encoder {
		e, err := zstd.NewWriter(nil,
			zstd.WithEncoderLevel(zstd.SpeedFastest),
			zstd.WithEncoderConcurrency(runtime.GOMAXPROCS(0)),
			zstd.WithEncoderCRC(false), // the block has one
			zstd.WithLowerEncoderMem(true),
			zstd.WithSingleSegment(true), // so that the frame says its size
		)
		if err != nil {
			panic(err) // only for options that contradict each other
		}
		return e
	})
	decoderOnce = sync.OnceValue(func() *zstd.Decoder {
		d, err := zstd.NewReader(nil,
			zstd.WithDecoderConcurrency(runtime.GOMAXPROCS(0)),
			zstd.WithDecoderMaxMemory(maxSection),
		)
		if err != nil {
			panic(err) // only for options that contradict each other
		}
		return d
	})
)

// appendSection appends what is gathered in raw with its lengths, compressed where that helps, and empties raw.
func (e *encoder) appendSection(dst []byte) []byte {
	raw := e.raw
	e.raw = raw[:0]
	dst = binary.AppendUvarint(dst, uint64(len(raw)))
	if len(raw) >= minCompress {
		e.packed = encoderOnce().EncodeAll(raw, e.packed[:0])
		if len(e.packed) < len(raw) {
			dst = binary.AppendUvarint(dst, uint64(len(e.packed)))
			return append(dst, e.packed...)
		}
	}
	dst = binary.AppendUvarint(dst, uint64(len(raw)))
	return append(dst, raw...)
}

// section reads the content of the next section, or nil, without decompressing it, where it is not wanted.
func (r *reader) section(wanted bool) []byte {
	size := r.count(maxSection)
	stored := r.bytes(r.count(len(r.b)))
	switch {
	case r.err != nil || !wanted:
		return nil
	case len(stored) == size:
		return stored
	}
	var h zstd.Header
	if err := h.Decode(stored); err != nil || !h.HasFCS || h.FrameContentSize != uint64(size) {
		r.fail("a section of %d bytes is no zstd frame of that size", size)
		return nil
	}
	raw, err := decoderOnce().DecodeAll(stored, nil)
	if err != nil || len(raw) != size {
		r.fail("a section of %d bytes does not decompress: %v", size, err)
		return nil
	}
	return raw
}
