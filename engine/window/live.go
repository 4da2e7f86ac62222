package window

import (
	"encoding/binary"
	"slices"

	"github.com/asofdb/asof/engine/history"
	"github.com/asofdb/asof/sql/types"
)

// liveRow is what is left of the entries with one event time and one set of columns.
type liveRow struct {
	entry history.Entry // Cols are its own, strings the log's
	n     int64
}

// foldLive is the fold over the row versions that are live at t and no others. It is slower than fold, and looks no further than it must:
// an error that it returns is one that PostgreSQL would have raised.
func (ev *Evaluator) foldLive(log *Log, t int64) (count int64, err error) {
	live, err := ev.liveRows(log, t)
	if err != nil {
		return 0, err
	}
	for _, l := range live {
		for range max(l.n, -l.n) {
			counted, err := ev.take(&l.entry)
			if err != nil {
				return 0, err
			}
			if counted {
				count += int64(l.entry.Sign)
			}
		}
	}
	return count, nil
}

// liveRows returns what is left of the log at t, in the order of its first entries: the entries that WHERE's bounds admit,
// each with how often it appeared less how often it ceased.
func (ev *Evaluator) liveRows(log *Log, t int64) ([]liveRow, error) {
	w, any := ev.scanWindow(t)
	if !any {
		return nil, nil
	}
	first := log.firstPos(t)
	places := map[string]int{}
	var rows []liveRow
	var id []byte
	ev.cursor.Open(log.Root, log.More, w, log.Fetch, log.Pending...)
	for e := ev.cursor.Next(); e != nil; e = ev.cursor.Next() {
		if e.Pos < first || !ev.where.admits(e) {
			continue
		}
		id = ev.rows.appendIdentity(id[:0], e)
		i, ok := places[string(id)]
		if !ok {
			i = len(rows)
			places[string(id)] = i
			rows = append(rows, liveRow{entry: *e})
			rows[i].entry.Cols = slices.Clone(e.Cols)
		}
		rows[i].n += int64(e.Sign)
	}
	rows = slices.DeleteFunc(rows, func(l liveRow) bool { return l.n == 0 })
	for i := range rows {
		rows[i].entry.Sign = 1
		if rows[i].n < 0 {
			rows[i].entry.Sign = -1
		}
	}
	return rows, ev.cursor.Err()
}

// appendIdentity appends bytes that are equal for entries of the same row version: event time and the columns that are read.
func (r *rows) appendIdentity(dst []byte, e *history.Entry) []byte {
	if e.HasE {
		dst = binary.LittleEndian.AppendUint64(append(dst, 1), uint64(e.E))
	} else {
		dst = append(dst, 0)
	}
	for _, p := range r.fill {
		dst = types.AppendValue(dst, r.types[p.from], e.Cols[p.from])
	}
	return dst
}
