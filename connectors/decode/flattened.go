package decode

import (
	"github.com/asofdb/asof/engine"
	"github.com/asofdb/asof/sql/types"
)

// A flattened record is what the transform ExtractNewRecordState leaves of an envelope: the row alone, its columns beside members that the transform was told to add, whose names begin with "__". There is no before image: the
// row's primary key is what finds it. Without the operation, a commit time and the word whether it was deleted the row's history cannot be told, so such a record is refused with the settings that add them.
// TRUNCATE does not come through the transform at all.

// flattenedSettings are those of the connector that make its flattened records readable.
const flattenedSettings = "transforms.unwrap.add.fields=op,table,lsn,txId,source.ts_us,source.snapshot and transforms.unwrap.delete.tombstone.handling.mode=rewrite"

// The members of a flattened record that are no columns, by their number behind the columns'. What comes of the source block may have its name in front.
const (
	flatOp = iota
	flatDeleted
	flatTxID
	flatOrder
	flatSource // the first of the source block's, in the order of sourceMembers
)

// flattened reads a flattened record.
type flattened struct {
	image
	columns int
}

func newFlattened(names []string, unknown []*encoding) flattened {
	all := append(append([]string{}, names...), "__op", "__deleted", "__transaction_id", "__transaction_total_order")
	for _, m := range sourceMembers {
		all = append(all, "__source_"+m)
	}
	sh := newShape(all...)
	for i, m := range sourceMembers {
		if m != "ts_ns" && m != "ts_us" && m != "ts_ms" { // without source in front these are the connector's clock
			sh.ids["__"+m] = len(names) + flatSource + i
		}
	}
	return flattened{image{shape: sh, unknown: unknown, encodings: unknown, strict: true}, len(names)}
}

// flattenedRow makes the event of a flattened record.
func (d *debezium) flattenedRow(rec engine.Record, s *scanner, ev *engine.Event) error {
	at := d.msg.flat
	d.msg = message{}
	m := &d.msg
	in := scanner{b: s.b, i: at}
	var opAt, deleted span
	row := d.values.arena.row(len(d.columns))
	var firstErr error
	in.open(d.flat.shape)
	for {
		i := in.next(d.flat.shape)
		if i == noMember || i == badMember {
			break
		}
		if i >= d.flat.columns || i == otherMember {
			p, _ := in.span(maxDepth)
			switch i -= d.flat.columns; {
			case i < 0:
			case i == flatOp:
				opAt = p
			case i == flatDeleted:
				deleted = p
			case i == flatTxID:
				m.txID = p
			case i == flatOrder:
				m.order = p
			case p.kind != nullToken:
				m.source[i-flatSource] = p
			}
			continue
		}
		if t, ok := in.value(maxDepth); ok && t.kind != nullToken {
			row[i] = d.columnValue(&d.flat.image, i, t, &firstErr)
		} else {
			row[i] = types.Value{}
		}
	}
	m.identify(s, ev)
	commit, timed := m.source.commit(s)
	op := s.text(opAt)
	switch {
	case len(op) == 0:
		return types.Errorf(types.CodeInvalidSource, "the flattened record does not say what happened to its row: it has no __op").WithHint("the connector needs %s", flattenedSettings)
	case !timed:
		return types.Errorf(types.CodeInvalidSource, "the flattened record has no usable commit time: no __source_ts_us, __source_ts_ns or __source_ts_ms").WithHint("the connector needs %s", flattenedSettings)
	case deleted.kind == 0:
		return types.Errorf(types.CodeInvalidSource, "the flattened record has no __deleted: rows that are deleted come without a time, or not at all").WithHint("the connector needs %s", flattenedSettings)
	case len(op) != 1 || op[0] != 'c' && op[0] != 'u' && op[0] != 'd' && op[0] != 'r':
		return types.Errorf(types.CodeInvalidSource, "unknown __op %s: a flattened record has c, u, d or r", s.token(opAt).show())
	}
	ev.Commit = commit
	if op[0] == 'r' && ev.Snapshot == engine.NoSnapshot {
		ev.Snapshot = engine.InSnapshot
	}
	if ours, err := d.tables.selects(s, &m.source, ev); err != nil || !ours {
		ev.Kind = engine.OtherTableEvent
		return err
	}
	if op[0] == 'd' {
		m.before, m.beforeErr = row, d.keyError(row, firstErr)
	} else {
		m.after, m.afterErr = row, firstErr
	}
	return d.rowChange(op[0], rec, ev)
}

// keyError is the error of a deleted row: what is in its other columns is invented by the connector, and matters to nobody who has the key.
func (d *debezium) keyError(row []types.Value, err error) error {
	if d.keys != nil && d.missingKey(row) == nil {
		return nil
	}
	return err
}
