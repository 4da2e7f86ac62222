package storage

import (
	"errors"

	"github.com/dgraph-io/badger/v4"
)

// dropStep is how many keys one transaction of a drop deletes. Commits wait behind it.
const dropStep = 2000

// DropGroup deletes everything of one type of entity in one group, in steps that commits go between. A drop that was
// interrupted is finished by calling it again. Nobody may write to the group meanwhile or read what is being deleted.
func (db *DB) DropGroup(typ uint16, group uint32) error {
	return db.dropMatching([]space{spaceRoot, spaceDir, spaceChunk, spacePiece}, func(k []byte) (bool, error) {
		if space(k[0]) == spacePiece {
			k = k[1 : len(k)-4]
			switch space(k[0]) {
			case spaceRoot, spaceDir, spaceChunk:
			default:
				return false, nil
			}
		}
		e, err := parseEntity(k)
		return err == nil && e.Type == typ && e.Group == group, err
	})
}

// DropSource deletes the rows, the stream log, the rejects and the publications of a source, and at last what ends their ranges, as
// DropGroup does.
func (db *DB) DropSource(source uint32) error {
	for _, s := range sourceSpaces {
		p := sourcePrefix(s, source)
		if err := db.dropRange(p, nil); err != nil {
			return err
		}
		if err := db.dropRange(append(prefix(spacePiece), p...), nil); err != nil {
			return err
		}
	}
	o := ops{limits: db.limits}
	for _, s := range sourceSpaces {
		o.delete(sentinel(sourcePrefix(s, source)))
	}
	_, err := db.write(kindDrop, &o)
	return err
}

// DropRows deletes the row store of a source, as DropGroup does its groups.
func (db *DB) DropRows(source uint32) error {
	p := sourcePrefix(spaceRow, source)
	if err := db.dropRange(p, nil); err != nil {
		return err
	}
	return db.dropRange(append(prefix(spacePiece), p...), nil)
}

// TrimPublications deletes what was published for a source before the 100 ms that contain the wall clock's time before.
func (db *DB) TrimPublications(source uint32, before int64) error {
	return db.dropRange(sourcePrefix(spacePublish, source), publishKey(source, before))
}

// dropRange deletes the keys that begin with p, before the key to where that is not nil, but for the sentinel.
func (db *DB) dropRange(p, to []byte) error {
	last := string(sentinel(p))
	return db.drop(p, func(k []byte) (bool, error) {
		if to != nil && string(k) >= string(to) {
			return false, ErrStop
		}
		return string(k) != last, nil
	})
}

func (db *DB) dropMatching(spaces []space, match func(k []byte) (bool, error)) error {
	for _, s := range spaces {
		last := string(sentinel(prefix(s)))
		err := db.drop(prefix(s), func(k []byte) (bool, error) {
			if string(k) == last {
				return false, nil
			}
			return match(k)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// drop deletes the keys with the prefix p that match. Each step reads from where the one before ended, in a view of its own, so that
// neither a large transaction nor an old snapshot is held.
func (db *DB) drop(p []byte, match func(k []byte) (bool, error)) error {
	from := p
	for from != nil {
		o := ops{limits: db.limits}
		next, err := db.dropStep(p, from, &o, match)
		if err != nil {
			return err
		}
		if len(o.list) > 0 {
			if _, err := db.write(kindDrop, &o); err != nil {
				return err
			}
		}
		from = next
	}
	return nil
}

// dropStep gathers the deletions of one step and returns the key at which the next one goes on, nil after the last.
func (db *DB) dropStep(p, from []byte, o *ops, match func(k []byte) (bool, error)) (next []byte, err error) {
	v := db.View()
	defer v.Close()
	if v.snap == nil {
		return nil, ErrClosed
	}
	it := v.snap.txn.NewIterator(badger.IteratorOptions{Prefix: p})
	defer it.Close()
	for it.Seek(from); it.Valid(); it.Next() {
		k := it.Item().Key()
		if len(o.list) == dropStep || o.size+len(k)+entryOverhead > o.limits.bytes || o.count == o.limits.entries {
			return append([]byte{}, k...), nil
		}
		switch ok, err := match(k); {
		case errors.Is(err, ErrStop):
			return nil, nil
		case err != nil:
			return nil, err
		case ok:
			o.delete(append([]byte{}, k...))
		}
	}
	return nil, nil
}
