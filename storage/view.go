package storage

import (
	"bytes"
	"errors"
	"fmt"
	"sync"

	"github.com/dgraph-io/badger/v4"
)

// snapshots hands out the read transaction of the newest finished write. Badger's own NewTransaction would wait for the writes
// that are under way, a whole sync long; here a view is a count.
type snapshots struct {
	mu      sync.Mutex // guards all below
	current *snapshot
	open    int        // views handed out and not closed
	idle    *sync.Cond // signalled when open falls to 0
	closed  bool
}

// A snapshot is a read transaction shared by the views opened between two writes.
type snapshot struct {
	txn  *badger.Txn
	refs int // views, and one for being current
}

func newSnapshots(txn *badger.Txn) *snapshots {
	s := &snapshots{current: &snapshot{txn: txn, refs: 1}}
	s.idle = sync.NewCond(&s.mu)
	return s
}

func (s *snapshots) acquire() *snapshot {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.current.refs++
	s.open++
	return s.current
}

func (s *snapshots) release(v *snapshot) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open--
	s.dropLocked(v)
	if s.open == 0 {
		s.idle.Broadcast()
	}
}

func (s *snapshots) dropLocked(v *snapshot) {
	if v.refs--; v.refs == 0 {
		v.txn.Discard()
	}
}

// replace makes txn the snapshot of later views.
func (s *snapshots) replace(txn *badger.Txn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dropLocked(s.current)
	s.current = &snapshot{txn: txn, refs: 1}
}

// close refuses further views, waits until those handed out are closed, and ends the current snapshot.
func (s *snapshots) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for s.open > 0 {
		s.idle.Wait()
	}
	s.dropLocked(s.current)
}

// A View is a consistent snapshot: what the newest finished write left. Opening one costs next to nothing and waits for nothing. The
// reading methods may be called by several goroutines at once, Close by none besides. Slices that they return belong to the
// caller; those passed to a scan's function are valid until it returns. DB.Close waits until all views are closed.
type View struct {
	db   *DB
	snap *snapshot // nil after Close, and in a view of a closed DB
}

// View opens a view. The caller closes it. The methods of a view of a closed DB return ErrClosed.
func (db *DB) View() *View { return &View{db: db, snap: db.snapshots.acquire()} }

// Close ends the view. It may be called twice.
func (v *View) Close() {
	if v.snap != nil {
		v.db.snapshots.release(v.snap)
		v.snap = nil
	}
}

// get returns the value of a key, nil where there is none. An empty value is not nil.
func (v *View) get(k []byte) ([]byte, error) {
	if v.snap == nil {
		return nil, ErrClosed
	}
	item, err := v.snap.txn.Get(k)
	if errors.Is(err, badger.ErrKeyNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read key %x: %w", k, err)
	}
	// Get copies the value into an item of its own, so that it may be kept without copying again.
	var value []byte
	err = item.Value(func(b []byte) error { value = b; return nil })
	if err != nil {
		return nil, fmt.Errorf("read key %x: %w", k, err)
	}
	if item.UserMeta() == markStub {
		return joinPieces(v.snap.txn, k, value)
	}
	if value == nil {
		value = []byte{}
	}
	return value, nil
}

// scan calls fn for the keys that begin with p, from the key from on (nil: from the first), in order. It
// has succeeded when it met a key behind the range; where the iterator ends without one, keys are missing, and the error wraps
// ErrShortScan. So the last key of each space, or of each source in it, is a sentinel, which fn does not see.
func (v *View) scan(p, from []byte, fn func(k, value []byte) error) error {
	return v.scanItems(p, from, func(k []byte, item *badger.Item) error {
		return item.Value(func(value []byte) error {
			if item.UserMeta() != markStub {
				return fn(k, value)
			}
			value, err := joinPieces(v.snap.txn, k, value)
			if err != nil {
				return err
			}
			return fn(k, value)
		})
	})
}

// scanItems is scan without reading values.
func (v *View) scanItems(p, from []byte, fn func(k []byte, item *badger.Item) error) error {
	if v.snap == nil {
		return ErrClosed
	}
	it := v.snap.txn.NewIterator(badger.IteratorOptions{Prefix: iteratorPrefix(p)})
	defer it.Close()
	if from == nil {
		from = p
	}
	last := sentinel(p)
	for it.Seek(from); it.Valid(); it.Next() {
		item := it.Item()
		k := item.Key()
		if bytes.Equal(k, last) || !bytes.HasPrefix(k, p) {
			return nil
		}
		switch err := fn(k, item); {
		case errors.Is(err, ErrStop):
			return nil
		case err != nil:
			return err
		}
	}
	return fmt.Errorf("%w: no end of %s %x", ErrShortScan, spaceNames[space(p[0])], p[1:])
}

// scanBack calls fn for the keys of a range that ends with a sentinel, the last one first.
func (v *View) scanBack(p []byte, fn func(k, value []byte) error) error {
	if v.snap == nil {
		return ErrClosed
	}
	it := v.snap.txn.NewIterator(badger.IteratorOptions{Prefix: p, Reverse: true})
	defer it.Close()
	last := sentinel(p)
	it.Seek(last)
	if !it.Valid() || !bytes.Equal(it.Item().Key(), last) {
		return fmt.Errorf("%w: no end of %s %x", ErrShortScan, spaceNames[space(p[0])], p[1:])
	}
	for it.Next(); it.Valid(); it.Next() {
		item := it.Item()
		k := item.Key()
		err := item.Value(func(value []byte) (err error) {
			if item.UserMeta() == markStub {
				if value, err = joinPieces(v.snap.txn, k, value); err != nil {
					return err
				}
			}
			return fn(k, value)
		})
		switch {
		case errors.Is(err, ErrStop):
			return nil
		case err != nil:
			return err
		}
	}
	return nil
}

// iteratorPrefix is what Badger may narrow its tables to: the part of p within which the sentinel lies.
func iteratorPrefix(p []byte) []byte {
	const sourceLen = 1 + 4
	for _, s := range sourceSpaces {
		if space(p[0]) == s {
			return p[:min(len(p), sourceLen)]
		}
	}
	return p[:1]
}
