package engine

import (
	"github.com/asofdb/asof/sql/types"
)

// maxRowBytes bounds a row. Up to three images of rows, of a key change onto a row that lives, go into one transaction of the store with a batch before them.
const maxRowBytes = 2 << 20

// smallRow is a size below which no key can be too long: a zero byte takes two in a key.
const smallRow = maxEntityKey / 2

// checkSize refuses a change that cannot be stored: a row that is too large, a key that is too long.
func (s *source) checkSize(ev *Event) error {
	for _, row := range [][]types.Value{ev.Before, ev.After, ev.KeyOnly} {
		n := rowBytes(row)
		if n <= smallRow {
			continue
		}
		if n > maxRowBytes {
			return badf("the row takes %d bytes, at most %d can be stored: declare fewer of its columns", n, maxRowBytes)
		}
		if len(row) == len(s.types) {
			if err := s.checkKeys(row); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkKeys refuses a row whose primary key, or whose key in a feature, is too long.
func (s *source) checkKeys(row []types.Value) error {
	if n := len(s.appendKey(nil, row)); n > maxEntityKey {
		return badf("the primary key is %d bytes long, at most %d can be stored", n, maxEntityKey)
	}
	s.apply.Lock()
	defer s.apply.Unlock()
	for _, g := range s.generations {
		if n := len(g.shape.AppendKey(nil, row)); n > maxEntityKey {
			return badf("the entity key (%s) of the features over the source is %d bytes long, at most %d can be stored", g.keyNames(), n, maxEntityKey)
		}
	}
	return nil
}
