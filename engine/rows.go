package engine

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"sync"

	"github.com/asofdb/asof/engine/record"
	"github.com/asofdb/asof/sql/types"
	"github.com/asofdb/asof/storage"
)

// rowStore is the current version of every row of a source, by primary key: what completes changes that come without a before image.
// It is derived from the log. Changes of durable commits wait in memory until a checkpoint writes them.
type rowStore struct {
	src *source

	// mu guards all below. The commit stage alone writes active; a checkpoint swaps the maps.
	mu       sync.RWMutex
	active   map[string][]byte // primary key -> encoded row, nil: deleted
	flushing map[string][]byte
	frozen   flushMark // what flushing is complete through
	// largest is a key that no row lies behind: most inserts have a larger one, and need not be looked up.
	largest  string
	bytes    int
	applied  int64
	appliedC int64
	flushed  int64
	scratch  []byte
}

func newRowStore(s *source) *rowStore {
	return &rowStore{src: s, active: map[string][]byte{}}
}

// appendKey appends the primary key of row.
func (s *source) appendKey(dst []byte, row []types.Value) []byte {
	for _, c := range s.rec.Key {
		dst = types.AppendKey(dst, row[c])
	}
	return dst
}

// get returns the encoded current version of a row, nil if there is none. The bytes must not be changed; they may be kept.
func (r *rowStore) get(key []byte) ([]byte, error) {
	r.mu.RLock()
	row, ok := r.active[string(key)]
	if !ok {
		row, ok = r.flushing[string(key)]
	}
	ok = ok || string(key) > r.largest
	r.mu.RUnlock()
	if ok {
		return row, nil
	}
	v := r.src.eng.db.View() // taken after the maps were asked: a checkpoint may move the row from them to the disk
	defer v.Close()
	row, err := v.Row(r.src.rec.ID, key)
	return row, err
}

// store makes the row versions of a durable commit current, whose last change is at pos and c.
func (r *rowStore) store(b *images, pos, c int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for key, v := range b.rows {
		if v == nil {
			r.putLocked(key, nil)
		} else {
			r.putLocked(key, r.encodeLocked(v.c, v.pos, v.row))
		}
	}
	r.applied, r.appliedC = pos, c
}

// applyLocked makes changes that the log holds current, as store does while they arrive. Applying them again, in order, gives the same rows.
func (r *rowStore) applyLocked(changes []record.Change) {
	var key []byte
	for i := range changes {
		ch := &changes[i]
		if ch.Pos <= r.applied {
			continue
		}
		r.applied, r.appliedC = ch.Pos, ch.C
		switch ch.Op {
		case record.Noop:
			continue
		case record.Truncate:
			// Every row goes; the rows on disk are hidden by the truncation itself, see live.
			continue
		case record.Delete:
			key = r.src.appendKey(key[:0], ch.Old)
			r.putLocked(string(key), nil)
		default:
			key = r.src.appendKey(key[:0], ch.New)
			r.putLocked(string(key), r.encodeLocked(ch.C, ch.Pos, ch.New))
		}
	}
}

// each calls fn with the key of every row version that is in memory; fn must not come back to the store.
func (r *rowStore) each(fn func(key string)) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	for _, rows := range []map[string][]byte{r.active, r.flushing} {
		for key := range rows {
			fn(key)
		}
	}
}

func (r *rowStore) putLocked(key string, row []byte) {
	r.active[key] = row
	r.largest = max(r.largest, key)
	r.bytes += len(key) + len(row) + 80 // 80: what a map entry costs beside its bytes
}

// encodeLocked is a row version in bytes of its own, as few as it has: they are what waits for a checkpoint.
func (r *rowStore) encodeLocked(c, pos int64, row []types.Value) []byte {
	r.scratch = appendRow(r.scratch[:0], r.src.types, c, pos, row)
	return bytes.Clone(r.scratch)
}

// appendRow encodes a row version with the c and position it became visible at.
func appendRow(dst []byte, ts []types.Type, c, pos int64, row []types.Value) []byte {
	dst = binary.AppendVarint(dst, c)
	dst = binary.AppendVarint(dst, pos)
	for i, v := range row {
		dst = types.AppendValue(dst, ts[i], v)
	}
	return dst
}

// readRow decodes a row version. Strings point into src.
func readRow(src []byte, ts []types.Type, row []types.Value) (c, pos int64, err error) {
	c, n := binary.Varint(src)
	if n <= 0 {
		return 0, 0, fmt.Errorf("a stored row has no commit time")
	}
	pos, m := binary.Varint(src[n:])
	if m <= 0 {
		return 0, 0, fmt.Errorf("a stored row has no position")
	}
	src = src[n+m:]
	for i, t := range ts {
		if row[i], src, err = types.ReadValue(src, t); err != nil {
			return 0, 0, fmt.Errorf("column %d of a stored row: %w", i+1, err)
		}
	}
	return c, pos, nil
}

func (r *rowStore) flushedKey() string { return fmt.Sprintf("%srows/%d", metaFlushed, r.src.rec.ID) }

// load replays the log from where the last checkpoint of the rows ended.
func (r *rowStore) load(v *storage.View) error {
	mark, err := loadMark(v, r.flushedKey())
	if err != nil {
		return err
	}
	r.applied, r.appliedC, r.flushed = mark.Pos, mark.C, mark.Pos
	if r.src.eng.rebuilding {
		return nil
	}
	largest, err := v.LastRow(r.src.rec.ID)
	if err != nil {
		return err
	}
	r.largest = string(largest)
	return r.src.replay(v, mark, nil, func(changes []record.Change) error {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.applyLocked(changes)
		return nil
	})
}

// flushMark says through which position a store is on disk; C is that change's, from where a replay starts to look.
type flushMark struct{ Pos, C int64 }

func loadMark(v *storage.View, key string) (flushMark, error) {
	b, err := v.Meta(key)
	if err != nil || b == nil {
		return flushMark{C: NoTime}, err
	}
	if len(b) != 16 {
		return flushMark{}, damaged(key, fmt.Errorf("%d bytes instead of 16", len(b)))
	}
	return flushMark{Pos: int64(binary.BigEndian.Uint64(b)), C: int64(binary.BigEndian.Uint64(b[8:]))}, nil
}

func putMark(b *storage.Batch, key string, m flushMark) {
	v := binary.BigEndian.AppendUint64(nil, uint64(m.Pos))
	b.PutMeta(key, binary.BigEndian.AppendUint64(v, uint64(m.C)))
}

// replay calls fn with the log's changes after mark, block by block, with the columns that want names (nil: all of them).
func (s *source) replay(v *storage.View, mark flushMark, want []int, fn func([]record.Change) error) error {
	return v.ScanLog(s.rec.ID, mark.C, func(_ int64, _ uint64, block []byte) error {
		h, err := record.ReadHeader(block)
		if err != nil {
			return s.blockError(err)
		}
		if h.FirstPos+int64(h.Count)-1 <= mark.Pos {
			return nil
		}
		changes, err := record.ReadBlock(block, s.types, want)
		if err != nil {
			return s.blockError(err)
		}
		return fn(changes)
	})
}

func (s *source) blockError(err error) error {
	return damaged(fmt.Sprintf("the log of source %q", s.rec.Name), err)
}

// freeze takes the rows to write; until thaw they are still read from memory. A checkpoint that failed freezes the same rows again.
func (r *rowStore) freeze() (rows map[string][]byte, mark flushMark) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.flushing == nil {
		r.flushing, r.active, r.bytes = r.active, map[string][]byte{}, 0
		r.frozen = flushMark{r.applied, r.appliedC}
	}
	return r.flushing, r.frozen
}

// thaw forgets what freeze took: it is on disk.
func (r *rowStore) thaw() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.flushing, r.flushed = nil, r.frozen.Pos
}
