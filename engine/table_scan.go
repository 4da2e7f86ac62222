package engine

import (
	"cmp"
	"errors"
	"hash/maphash"
	"math"
	"slices"

	"github.com/asofdb/asof/engine/record"
	"github.com/asofdb/asof/engine/window"
	"github.com/asofdb/asof/sql/exec"
	"github.com/asofdb/asof/sql/plan"
	"github.com/asofdb/asof/sql/types"
	"github.com/asofdb/asof/storage"
)

// A source is read as a table, now and at any past moment, from its log: every inserted row where only inserts come, the last image of each key where rows
// have one, and where they do not, what is left after each removal took one equal row.

// openSource starts a scan of a source's rows at a moment.
func (st *statement) openSource(s *source, scan *plan.Scan, keys [][]types.Value, m scanMoment) (exec.Rows, error) {
	t := m.t
	if s.relation.PlainTable {
		t = math.MaxInt64
	}
	view := s.eng.db.View()
	if st.eng.catalog.Load().sources[s.rec.Name] != s {
		view.Close()
		return nil, types.Errorf(types.CodeNotReady, "source %q was dropped while the statement ran", s.rec.Name)
	}
	r := &sourceScan{s: s, view: view, t: t, out: m.t, columns: scan.Columns, limit: st.limit, row: []types.Value{}}
	r.want = r.wanted()
	return pull(view, func(yield func([]types.Value, error) bool) {
		r.yield = yield
		var err error
		switch {
		case keys != nil && s.rows != nil:
			err = r.byKey(keys)
		case s.rec.Key == nil && s.regime == believed:
			err = r.multiset()
		case s.regime == appendOnly:
			err = r.inserted()
		default:
			err = r.keyed()
		}
		if err != nil && !errors.Is(err, storage.ErrStop) {
			yield(nil, err)
		}
	}), nil
}

// sourceScan is one scan. Columns beyond the source's own are the system column as_of.
type sourceScan struct {
	s       *source
	view    *storage.View
	t       int64 // rows visible at t
	out     int64 // what as_of shows
	columns []int
	want    []int // columns to decode
	limit   int64
	yield   func([]types.Value, error) bool
	row     []types.Value
	decoded []types.Value
	key     []byte
}

func (r *sourceScan) wanted() []int {
	want := slices.Clone(r.s.rec.Key)
	if r.s.rec.Key == nil && r.s.regime == believed {
		for i := range r.s.types {
			want = append(want, i) // a row is known by all its columns
		}
	}
	for _, c := range r.columns {
		if c < len(r.s.types) {
			want = append(want, c)
		}
	}
	slices.Sort(want)
	want = slices.Compact(want)
	if want == nil {
		want = []int{}
	}
	return want
}

// emit hands out a row of the source's columns.
func (r *sourceScan) emit(row []types.Value) error {
	r.row = r.row[:0]
	for _, c := range r.columns {
		if c == len(row) {
			r.row = append(r.row, types.NewTimestamptz(r.out))
		} else {
			r.row = append(r.row, row[c])
		}
	}
	if !r.yield(r.row, nil) {
		return storage.ErrStop
	}
	return nil
}

// changes calls fn for each change visible at t, in order of the log.
func (r *sourceScan) changes(fn func(*record.Change) error) error {
	dead := truncatedBefore(*r.s.truncations.Load(), r.t)
	return r.view.ScanLog(r.s.rec.ID, NoTime, func(_ int64, _ uint64, block []byte) error {
		h, err := record.ReadHeader(block)
		if err != nil {
			return r.s.blockError(err)
		}
		if h.CMin > r.t {
			return storage.ErrStop
		}
		if h.FirstPos+int64(h.Count)-1 < dead {
			return nil
		}
		changes, err := record.ReadBlock(block, r.s.types, r.want)
		if err != nil {
			return r.s.blockError(err)
		}
		for i := range changes {
			if ch := &changes[i]; ch.C <= r.t && ch.Pos >= dead && ch.Op != record.Noop {
				if err := fn(ch); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// truncatedBefore is the position below which rows are gone at t.
func truncatedBefore(list []window.Truncation, t int64) int64 {
	pos := int64(0)
	for _, tr := range list {
		if tr.C <= t {
			pos = max(pos, tr.Pos)
		}
	}
	return pos
}

// inserted reads a source to which only inserts come.
func (r *sourceScan) inserted() error {
	return r.changes(func(ch *record.Change) error {
		if ch.New == nil {
			return nil
		}
		return r.emit(ch.New)
	})
}

// errOverflow says that a part of the table did not fit the memory limit.
var errOverflow = errors.New("part too large")

// part is the rows whose key's hash is rest modulo parts.
type part struct{ parts, rest uint64 }

// maxParts bounds how often the log is read for one scan.
const maxParts = 1 << 10

// keyed reads the last image of each key. A table larger than the memory limit is read in parts, each by a pass over the log of its own.
func (r *sourceScan) keyed() error {
	seed := maphash.MakeSeed()
	todo := []part{{1, 0}}
	for len(todo) > 0 {
		p := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		rows, err := r.gather(seed, p)
		if errors.Is(err, errOverflow) && p.parts < maxParts {
			todo = append(todo, part{p.parts * 2, p.rest + p.parts}, part{p.parts * 2, p.rest})
			continue
		}
		if errors.Is(err, errOverflow) {
			return types.Errorf(types.CodeOutOfMemory, "reading source %q needs more than memory_limit allows", r.s.rec.Name).WithHint("SET memory_limit to more than %d", r.limit)
		}
		if err != nil {
			return err
		}
		if err := r.emitStored(rows); err != nil {
			return err
		}
	}
	return nil
}

// stored is a row that a part keeps: encoded, with the position that orders the output.
type stored struct {
	pos   int64
	bytes []byte
}

func (r *sourceScan) gather(seed maphash.Seed, p part) (map[string]stored, error) {
	rows := map[string]stored{}
	size := int64(0)
	err := r.changes(func(ch *record.Change) error {
		if ch.Old != nil {
			r.key = r.s.appendKey(r.key[:0], ch.Old)
			if r.in(seed, p) {
				if old, ok := rows[string(r.key)]; ok {
					size -= int64(len(old.bytes))
					if ch.New == nil {
						delete(rows, string(r.key))
					}
				}
			}
		}
		if ch.New == nil {
			return nil
		}
		r.key = r.s.appendKey(r.key[:0], ch.New)
		if !r.in(seed, p) {
			return nil
		}
		before, known := rows[string(r.key)]
		if !known {
			before.pos = ch.Pos
			size += int64(len(r.key)) + 96
		}
		b := r.encode(ch.New)
		size += int64(len(b))
		rows[string(r.key)] = stored{before.pos, b}
		if size > r.limit {
			return errOverflow
		}
		return nil
	})
	return rows, err
}

func (r *sourceScan) in(seed maphash.Seed, p part) bool {
	return p.parts == 1 || maphash.Bytes(seed, r.key)%p.parts == p.rest
}

func (r *sourceScan) encode(row []types.Value) []byte {
	var b []byte
	for _, c := range r.want {
		b = types.AppendValue(b, r.s.types[c], row[c])
	}
	return b
}

func (r *sourceScan) emitStored(rows map[string]stored) error {
	sorted := make([]stored, 0, len(rows))
	for _, s := range rows {
		sorted = append(sorted, s)
	}
	slices.SortFunc(sorted, func(a, b stored) int { return cmp.Compare(a.pos, b.pos) })
	for _, s := range sorted {
		if err := r.emitEncoded(s.bytes); err != nil {
			return err
		}
	}
	return nil
}

// emitEncoded hands out a row that encode made.
func (r *sourceScan) emitEncoded(src []byte) error {
	if r.decoded == nil {
		r.decoded = make([]types.Value, len(r.s.types))
	}
	for _, c := range r.want {
		var err error
		if r.decoded[c], src, err = types.ReadValue(src, r.s.types[c]); err != nil {
			return err
		}
	}
	return r.emit(r.decoded)
}

// multiset reads a table without a key.
func (r *sourceScan) multiset() error {
	counts := map[string]int{}
	size := int64(0)
	err := r.changes(func(ch *record.Change) error {
		if ch.Old != nil {
			counts[string(r.encode(ch.Old))]--
		}
		if ch.New != nil {
			b := r.encode(ch.New)
			if _, ok := counts[string(b)]; !ok {
				size += int64(len(b)) + 64
			}
			counts[string(b)]++
		}
		if size > r.limit {
			return types.Errorf(types.CodeOutOfMemory, "reading source %q needs more than memory_limit allows", r.s.rec.Name).WithHint("SET memory_limit to more than %d", r.limit)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, k := range sortedKeys(counts) {
		for range counts[k] {
			if err := r.emitEncoded([]byte(k)); err != nil {
				return err
			}
		}
	}
	return nil
}

// byKey reads rows by primary key: the row store has the newest version; what it was at t follows from the first later change of the key,
// if there is one, because a change holds the image before it.
func (r *sourceScan) byKey(keys [][]types.Value) error {
	type slot struct {
		row   []types.Value
		known bool // a later change has said what the row was
	}
	slots := make(map[string]*slot, len(keys))
	order := make([]string, 0, len(keys))
	for _, k := range keys {
		r.key = r.key[:0]
		for _, v := range k {
			r.key = types.AppendKey(r.key, v)
		}
		id := string(r.key)
		if slots[id] != nil {
			continue
		}
		order = append(order, id)
		row, err := r.current(r.key)
		if err != nil {
			return err
		}
		slots[id] = &slot{row: row}
	}
	truncated := false
	view := r.s.eng.db.View() // after the row store was asked: every change it has is in this view's log
	defer view.Close()
	err := view.ScanLog(r.s.rec.ID, r.later(), func(_ int64, _ uint64, block []byte) error {
		changes, err := record.ReadBlock(block, r.s.types, nil)
		if err != nil {
			return r.s.blockError(err)
		}
		for i := range changes {
			ch := &changes[i]
			if ch.C <= r.t || ch.Op == record.Noop {
				continue
			}
			if ch.Op == record.Truncate {
				truncated = true
				return storage.ErrStop
			}
			row := ch.Old
			if row == nil {
				row = ch.New
			}
			r.key = r.s.appendKey(r.key[:0], row)
			if sl := slots[string(r.key)]; sl != nil && !sl.known {
				sl.known, sl.row = true, ch.Old
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if truncated {
		return r.keyedAmong(func(k string) bool { return slots[k] != nil })
	}
	for _, id := range order {
		if row := slots[id].row; row != nil {
			if err := r.emit(row); err != nil {
				return err
			}
		}
	}
	return nil
}

// later is a c from which a scan meets every block with a change after t.
func (r *sourceScan) later() int64 {
	if r.t == math.MaxInt64 {
		return r.t
	}
	return r.t + 1
}

// current is the row store's version of a key.
func (r *sourceScan) current(key []byte) ([]types.Value, error) {
	b, err := r.s.rows.get(key)
	if err != nil || b == nil {
		return nil, err
	}
	row := make([]types.Value, len(r.s.types))
	_, pos, err := readRow(b, r.s.types, row)
	if err != nil || pos < lastTruncation(*r.s.truncations.Load()) {
		return nil, err
	}
	return row, nil
}

// keyedAmong reads the last image of each key that is wanted, from the log alone.
func (r *sourceScan) keyedAmong(wanted func(string) bool) error {
	rows := map[string]stored{}
	err := r.changes(func(ch *record.Change) error {
		if ch.Old != nil {
			delete(rows, string(r.s.appendKey(r.key[:0], ch.Old)))
		}
		if ch.New != nil {
			if k := string(r.s.appendKey(r.key[:0], ch.New)); wanted(k) {
				rows[k] = stored{ch.Pos, r.encode(ch.New)}
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return r.emitStored(rows)
}

var _ exec.Rows = (*pulled)(nil)
