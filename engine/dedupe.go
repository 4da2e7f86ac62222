package engine

import (
	"hash/maphash"

	"github.com/asofdb/asof/engine/record"
	"github.com/asofdb/asof/sql/types"
	"github.com/asofdb/asof/storage"
)

// rememberedChanges is how many of the last changes are recognised when they are sent again.
const rememberedChanges = 1_000_000

// seen recognises changes that were read before, by what identifies them at their source and not by where they stood in the
// input: a restarted connector sends them again at new places.
//
// One log position may carry several changes (the two halves of a key change, the rows of one COPY), so the identity is (transaction, LSN, operation, primary key). Rows of a table
// without a key are told apart by their order in the transaction where the record has it, else by their number among
// consecutive records of that position. The set is in memory; it is made again from the log when a source is opened.
type seen struct {
	seed maphash.Seed
	// now and before are the two halves of the memory: when now is full, it becomes before.
	now, before map[uint64]struct{}
	lastTx      int64
	lastLSN     int64
	nth         int64
}

func newSeen() *seen {
	return &seen{seed: maphash.MakeSeed(), now: map[uint64]struct{}{}, before: map[uint64]struct{}{}}
}

// identity is what one change is recognised by.
type identity struct {
	tx, lsn, nth int64
	op           byte
	key          string
}

// addNew remembers a change; it reports false if it was there.
func (s *seen) addNew(tx, lsn int64, op byte, key []byte, order int64) bool {
	id := identity{tx: tx, lsn: lsn, op: op, key: string(key)}
	if len(key) == 0 {
		if tx != s.lastTx || lsn != s.lastLSN {
			s.nth = 0
		}
		s.nth++
		id.nth = s.nth
		if order != 0 {
			id.nth = -order
		}
	}
	s.lastTx, s.lastLSN = tx, lsn
	h := maphash.Comparable(s.seed, id)
	if _, ok := s.now[h]; ok {
		return false
	}
	if _, ok := s.before[h]; ok {
		return false
	}
	if len(s.now) >= rememberedChanges {
		s.before, s.now = s.now, make(map[uint64]struct{}, rememberedChanges)
	}
	s.now[h] = struct{}{}
	return true
}

// Operations as they enter an identity. A key change is a delete and a create at one LSN; a repeated snapshot row is not the create that follows it.
const (
	seenCreate   = 'c'
	seenUpdate   = 'u'
	seenDelete   = 'd'
	seenRead     = 'r'
	seenTruncate = 't'
)

// loadSeen reads the identities of the last changes from the log.
func (s *source) loadSeen(v *storage.View) (*seen, error) {
	seen := newSeen()
	from := max(s.state.NextPos-rememberedChanges, 1)
	mark := flushMark{Pos: from - 1, C: s.state.placeBefore(from)}
	var key []byte
	want := append([]int{}, s.rec.Key...)
	err := s.replay(v, mark, want, func(changes []record.Change) error {
		for i := range changes {
			ch := &changes[i]
			if ch.Tx == 0 && ch.LSN == 0 {
				continue
			}
			row := ch.New
			if row == nil {
				row = ch.Old
			}
			key = key[:0]
			if row != nil {
				key = s.appendKey(key, row)
			}
			seen.addNew(ch.Tx, ch.LSN, ch.SentAs, key, ch.Order)
		}
		return nil
	})
	return seen, err
}

// seenOp is the letter under which an event's operation is remembered.
func seenOp(ev *Event) byte {
	if ev.Kind == TruncateEvent {
		return seenTruncate
	}
	switch ev.Op {
	case UpdateOp:
		return seenUpdate
	case DeleteOp:
		return seenDelete
	case ReadOp:
		return seenRead
	default:
		return seenCreate
	}
}

// imageKey is the primary key by which an event is remembered.
func (s *source) imageKey(dst []byte, ev *Event) []byte {
	switch {
	case s.rec.Key == nil || ev.Kind == TruncateEvent:
		return dst
	case ev.After != nil:
		return s.appendKey(dst, ev.After)
	case ev.Before != nil:
		return s.appendKey(dst, ev.Before)
	case ev.KeyOnly != nil:
		for _, v := range ev.KeyOnly {
			dst = types.AppendKey(dst, v)
		}
	}
	return dst
}
