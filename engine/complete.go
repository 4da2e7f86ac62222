package engine

import (
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/asofdb/asof/engine/record"
	"github.com/asofdb/asof/sql/types"
	"github.com/asofdb/asof/storage"
)

// completer turns events into completed changes: full images of the declared columns before and after. It sees the rows as the changes
// before it left them, those of the batch that is being gathered included.
type completer struct {
	src *source
	// pending are the row versions of the batch that is being gathered.
	pending *images
	// sealed are those of the batches before it that may not be in the row store yet, oldest first.
	sealed []*images
	// truncated is the position of the last TRUNCATE: older rows on disk are dead.
	truncated int64
	key       []byte
	// gone are the rows that were deleted last, newest last, for a change of a row's key is a delete and a create, and the create may leave out what only the old row has.
	gone      []goneRow
	goneBytes int
}

type goneRow struct {
	key             string
	commit, tx, lsn int64
	row             []types.Value
}

// same reports whether the row went by the change that ch is the other half of: both have one transaction and one place in the source's log.
func (g *goneRow) same(key []byte, ch *record.Change) bool {
	return g.commit == ch.Commit && g.tx == ch.Tx && g.lsn == ch.LSN && g.key == string(key)
}

// goneLimit bounds the rows that are remembered, in bytes.
const goneLimit = 32 << 20

// images are the newest versions of the rows that a batch changes, by primary key; nil: deleted. The gathering goroutine alone writes them, until the batch is sealed.
type images struct {
	rows map[string]*version
	// stored is set once the row store has them.
	stored atomic.Bool
}

// version is a row version, with the time and the position it became visible at.
type version struct {
	c, pos int64
	row    []types.Value
}

func newImages() *images { return &images{rows: map[string]*version{}} }

// seal ends a batch and returns its row versions, which the completer goes on seeing until they are stored.
func (k *completer) seal() *images {
	done := k.pending
	k.pending = newImages()
	k.sealed = append(slices.DeleteFunc(k.sealed, func(b *images) bool { return b.stored.Load() }), done)
	return done
}

// badRecord is a record that cannot be a change, with what the user should know.
type badRecord struct{ reason string }

func (b *badRecord) Error() string { return b.reason }

func badf(format string, args ...any) error { return &badRecord{fmt.Sprintf(format, args...)} }

// complete fills ch (whose Pos, C and identity the caller has set) from ev, and may return a second change for a row that changed its key. known
// is false for an update or delete of a row that nobody has seen. A change that does nothing has Op 0.
func (k *completer) complete(ev *Event, ch *record.Change) (second *record.Change, known bool, err error) {
	switch {
	case ev.Kind == TruncateEvent:
		ch.Op, known = record.Truncate, true
	case k.src.regime == appendOnly:
		if ev.Op == UpdateOp || ev.Op == DeleteOp {
			return nil, true, badf("%s in an append-only source: only inserts can come; create the source without append_only, with its PRIMARY KEY", opName(ev.Op))
		}
		ch.Op, ch.New, known = record.Insert, ev.After, true
	case k.src.regime == believed:
		known = true
		second, err = k.believe(ev, ch)
	default:
		second, known, err = k.lookUp(ev, ch)
	}
	if err == nil && second == nil && ch.Op == record.Update && identicalRows(ch.Old, ch.New) {
		ch.Op, ch.Old = record.Noop, nil
	}
	return second, known, err
}

func opName(op ChangeOp) string {
	return [...]string{CreateOp: "a create", UpdateOp: "an update", DeleteOp: "a delete", ReadOp: "a snapshot row"}[op]
}

// believe completes a change from its own before image.
func (k *completer) believe(ev *Event, ch *record.Change) (*record.Change, error) {
	switch ev.Op {
	case CreateOp, ReadOp:
		if err := firstUnavailable(k.src, ev.After, nil); err != nil {
			return nil, err
		}
		ch.Op, ch.New = record.Insert, ev.After
		return nil, nil
	}
	if ev.Before == nil {
		hint := "set REPLICA IDENTITY FULL on the table"
		if k.src.rec.Key != nil {
			hint += ", or create the source with missing_before = 'lookup'"
		}
		return nil, badf("%s without a before image: %s", opName(ev.Op), hint)
	}
	if ev.Op == DeleteOp {
		ch.Op, ch.Old = record.Delete, ev.Before
		return nil, nil
	}
	if err := firstUnavailable(k.src, ev.After, ev.Before); err != nil {
		return nil, err
	}
	return k.update(ch, ev.Before, NoTime, ev.After), nil
}

// update is an update of old, or, where the primary key differs, a delete and an insert with the same c.
func (k *completer) update(ch *record.Change, old []types.Value, prevC int64, new []types.Value) *record.Change {
	ch.PrevC = prevC
	if !k.sameKey(old, new) {
		second := *ch
		ch.Op, ch.Old, ch.New = record.Delete, old, nil
		second.Op, second.Old, second.New, second.PrevC = record.Insert, nil, new, record.NoPrevC
		return &second
	}
	ch.Op, ch.Old, ch.New = record.Update, old, new
	return nil
}

func (k *completer) sameKey(a, b []types.Value) bool {
	for _, c := range k.src.rec.Key {
		if !types.Equal(a[c], b[c]) {
			return false
		}
	}
	return true
}

// lookUp completes a change from the row store, which alone is believed: a connector invents before images for NOT NULL columns.
func (k *completer) lookUp(ev *Event, ch *record.Change) (second *record.Change, known bool, err error) {
	if ev.Op == DeleteOp {
		k.key = k.src.imageKey(k.key[:0], ev)
		old, err := k.current(k.key)
		if err != nil || old == nil {
			return nil, false, err
		}
		ch.Op, ch.Old, ch.PrevC = record.Delete, old.row, old.c
		k.pending.rows[string(k.key)] = nil
		k.remember(goneRow{string(k.key), ch.Commit, ch.Tx, ch.LSN, old.row})
		return nil, true, nil
	}
	k.key = k.src.appendKey(k.key[:0], ev.After)
	if ev.Op == UpdateOp && ev.Before != nil && keyKnown(k.src, ev.Before) && !k.sameKey(ev.Before, ev.After) {
		return k.moveKey(ev, ch)
	}
	old, err := k.current(k.key)
	if err != nil {
		return nil, false, err
	}
	var before []types.Value
	if old != nil {
		before = old.row
	} else {
		before = ev.Before
	}
	if before == nil && ev.OldKey != nil {
		if before, err = k.underOldKey(ev.OldKey, ch); err != nil {
			return nil, false, err
		}
	}
	if err := firstUnavailable(k.src, ev.After, before); err != nil {
		return nil, false, err
	}
	if old == nil {
		k.pending.rows[string(k.key)] = &version{ch.C, ch.Pos, ev.After}
		ch.Op, ch.New = record.Insert, ev.After
		return nil, ev.Op != UpdateOp, nil
	}
	ch.Op, ch.Old, ch.New, ch.PrevC = record.Update, old.row, ev.After, old.c
	if !identicalRows(old.row, ev.After) { // else the version that lives on is the old one
		k.pending.rows[string(k.key)] = &version{ch.C, ch.Pos, ev.After}
	}
	return nil, true, nil
}

// remember keeps a row that is being deleted.
func (k *completer) remember(g goneRow) {
	k.gone = append(k.gone, g)
	k.goneBytes += rowBytes(g.row)
	drop := 0
	for drop < len(k.gone)-1 && (k.goneBytes > goneLimit || k.gone[drop].commit < g.commit) {
		k.goneBytes -= rowBytes(k.gone[drop].row)
		drop++
	}
	k.gone = k.gone[drop:]
}

// underOldKey is the row that had another key before ch: it is still there, or was deleted by ch's other half, as memory or the log says. nil where it is not known.
func (k *completer) underOldKey(values []types.Value, ch *record.Change) ([]types.Value, error) {
	var key []byte
	for _, v := range values {
		key = types.AppendKey(key, v)
	}
	if v, err := k.current(key); err != nil || v != nil {
		if err != nil {
			return nil, err
		}
		return v.row, nil
	}
	for _, g := range slices.Backward(k.gone) {
		if g.same(key, ch) {
			return g.row, nil
		}
	}
	return k.src.deletedWith(key, ch)
}

// deletedWith looks in the log for the row that was deleted by the other half of a change, which is at the log's end.
func (s *source) deletedWith(key []byte, half *record.Change) (row []types.Value, err error) {
	v := s.eng.db.View()
	defer v.Close()
	var own []byte
	err = v.ScanLogBack(s.rec.ID, func(newest int64, _ uint64, block []byte) error {
		if newest < half.Commit {
			return storage.ErrStop
		}
		changes, err := record.ReadBlock(block, s.types, nil)
		if err != nil {
			return s.blockError(err)
		}
		for i := range slices.Backward(changes) {
			ch := &changes[i]
			if ch.Op != record.Delete {
				continue
			}
			own = s.appendKey(own[:0], ch.Old)
			if g := (goneRow{string(own), ch.Commit, ch.Tx, ch.LSN, nil}); g.same(key, half) {
				for _, v := range ch.Old {
					row = append(row, v.Clone()) // the block is the view's
				}
				return storage.ErrStop
			}
		}
		return nil
	})
	return row, err
}

// moveKey handles an update that names another key in its before image than in its after image.
func (k *completer) moveKey(ev *Event, ch *record.Change) (*record.Change, bool, error) {
	from := k.src.appendKey(nil, ev.Before)
	old, err := k.current(from)
	if err != nil {
		return nil, false, err
	}
	before := ev.Before
	if old != nil {
		before = old.row
	}
	if err := firstUnavailable(k.src, ev.After, before); err != nil {
		return nil, false, err
	}
	target, err := k.current(k.key)
	if err != nil {
		return nil, false, err
	}
	k.pending.rows[string(from)] = nil
	moved := &version{ch.C, ch.Pos, ev.After}
	k.pending.rows[string(k.key)] = moved
	insert := *ch
	insert.Op, insert.New, insert.PrevC = record.Insert, ev.After, record.NoPrevC
	if target != nil {
		insert.Op, insert.Old, insert.PrevC = record.Update, target.row, target.c
	}
	if old == nil {
		if target != nil && identicalRows(target.row, ev.After) {
			k.pending.rows[string(k.key)] = target // the version that lives on is the old one
		}
		*ch = insert
		return nil, false, nil
	}
	ch.Op, ch.Old, ch.PrevC = record.Delete, old.row, old.c
	moved.pos++ // the insert comes after the delete
	return &insert, true, nil
}

// current returns the newest version of a row, nil if there is none.
func (k *completer) current(key []byte) (*version, error) {
	if v, ok := k.pending.rows[string(key)]; ok {
		return v, nil
	}
	for _, b := range slices.Backward(k.sealed) {
		if v, ok := b.rows[string(key)]; ok {
			return v, nil
		}
	}
	stored, err := k.src.rows.get(key)
	if err != nil || stored == nil {
		return nil, err
	}
	v := &version{row: make([]types.Value, len(k.src.types))}
	c, pos, err := readRow(stored, k.src.types, v.row)
	if err != nil {
		return nil, damaged(fmt.Sprintf("the rows of source %q", k.src.rec.Name), err)
	}
	if pos < k.truncated {
		return nil, nil
	}
	v.c, v.pos = c, pos
	return v, nil
}

// truncate forgets every row.
func (k *completer) truncate(pos int64) {
	k.truncated = pos
	k.pending, k.sealed = newImages(), nil
}

// firstUnavailable fills the values that a record left out from before, or says which cannot be had.
func firstUnavailable(s *source, after, before []types.Value) error {
	for i := range after {
		if after[i].Kind != types.Unavailable {
			continue
		}
		if before == nil || before[i].Kind == types.Unavailable {
			return badf("column %q was left out (an unchanged TOAST value) and the row is not known: set REPLICA IDENTITY FULL on the table, or start from a snapshot", s.rec.Columns[i].Name)
		}
		after[i] = before[i]
	}
	return nil
}

func keyKnown(s *source, row []types.Value) bool {
	for _, c := range s.rec.Key {
		if row[c].IsNull() {
			return false
		}
	}
	return true
}

func identicalRows(a, b []types.Value) bool {
	for i := range a {
		if !types.Identical(a[i], b[i]) {
			return false
		}
	}
	return true
}
