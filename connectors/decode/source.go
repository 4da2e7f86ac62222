package decode

import (
	"bytes"
	"hash/fnv"
	"math"

	"github.com/asofdb/asof/engine"
	"github.com/asofdb/asof/sql/types"
)

// The members of a change's source block, by number.
const (
	sourceTsNs = iota
	sourceTsUs
	sourceTsMs
	sourceSnapshot
	sourceDB
	sourceSchema
	sourceTable
	sourceTxID
	sourceLSN
	sourceSequence
	sourceGTID
	sourceFile
	sourcePos
	sourceRow
)

var sourceMembers = [...]string{
	"ts_ns", "ts_us", "ts_ms", "snapshot", "db", "schema", "table", "txId", "lsn", "sequence", "gtid", "file", "pos", "row",
}

// source is where and when a change happened: the members of its source block.
type source [len(sourceMembers)]span

func (src *source) read(s *scanner, sh *shape) bool {
	if s.peek() != '{' {
		return s.skip()
	}
	s.open(sh)
	for {
		member := s.next(sh)
		switch member {
		case noMember:
			return true
		case badMember:
			return false
		}
		p, ok := s.span(maxDepth)
		if !ok {
			return false
		}
		if member != otherMember {
			src[member] = p
		}
	}
}

// integer returns the number at p; false where there is none, or no integer of 64 bits.
func (s *scanner) integer(p span) (int64, bool) {
	if p.kind != numberToken {
		return 0, false
	}
	return parseInt(s.b[p.from:p.to])
}

// text returns the string at p as it is written, empty where there is none.
func (s *scanner) text(p span) []byte {
	if p.kind != stringToken {
		return nil
	}
	return s.b[p.from:p.to]
}

// commit returns the commit time in µs. Where only milliseconds are known it is their end: a reader must not see
// what was committed after the moment it asks for. Zero is what Debezium writes where it does not know.
func (src *source) commit(s *scanner) (us int64, ok bool) {
	if ns, ok := s.integer(src[sourceTsNs]); ok && ns > 0 {
		return ns / 1000, true
	}
	if us, ok := s.integer(src[sourceTsUs]); ok && us > 0 {
		return us, true
	}
	if ms, ok := s.integer(src[sourceTsMs]); ok && ms > 0 && ms <= math.MaxInt64/1000-1 {
		return ms*1000 + 999, true
	}
	return engine.NoTime, false
}

// snapshot returns the mark, which older versions write as a boolean.
func (src *source) snapshot(s *scanner) engine.SnapshotMark {
	p := src[sourceSnapshot]
	if p.kind == trueToken {
		return engine.InSnapshot
	}
	switch string(s.text(p)) {
	case "", "false":
		return engine.NoSnapshot
	case "last":
		return engine.LastSnapshot
	case "last_in_data_collection":
		return engine.LastOfTable
	case "first":
		return engine.FirstSnapshot
	case "first_in_data_collection":
		return engine.FirstOfTable
	case "incremental":
		return engine.IncrementalSnapshot
	}
	return engine.InSnapshot
}

// identify fills in what tells one change from another.
func (m *message) identify(s *scanner, ev *engine.Event) {
	src := &m.source
	ev.Snapshot = src.snapshot(s)
	ev.Order, _ = s.integer(m.order)
	if id := s.text(m.txID); len(id) > 0 {
		ev.Tx, ev.HasID = transactionNumber(id), true
	} else if tx, ok := s.integer(src[sourceTxID]); ok {
		ev.Tx, ev.HasID = tx, true
	} else if id := s.text(src[sourceGTID]); len(id) > 0 {
		ev.Tx, ev.HasID = transactionNumber(id), true
	}
	if lsn, ok := s.integer(src[sourceLSN]); ok {
		ev.LSN, ev.HasID = lsn, true
		ev.Seq, ev.HasSeq = parseSequence(s.text(src[sourceSequence]))
		return
	}
	pos, ok := s.integer(src[sourcePos])
	if file := s.text(src[sourceFile]); ok && len(file) > 0 {
		row, _ := s.integer(src[sourceRow])
		ev.LSN, ev.HasID = binlogPosition(file, pos, row), true
	}
}

// transactionNumber returns what the ids of one transaction have in common: PostgreSQL's is the number before the colon, behind
// which stands the position of the single event; any other text, such as a GTID, is hashed.
func transactionNumber(id []byte) int64 {
	before, _, _ := bytes.Cut(id, []byte{':'})
	if n, ok := parseInt(before); ok {
		return n
	}
	h := fnv.New64a()
	h.Write(id)
	return int64(h.Sum64() &^ (1 << 63))
}

// binlogPosition joins a MySQL or MariaDB position into one number that grows along the log: the number of the file, then the
// event's offset in it and the row in the event. Every row takes at least one byte of its event, so offset + row are
// unique within 40 bits. The delete and the insert of one key change share their position, as they share an LSN in PostgreSQL.
func binlogPosition(file []byte, pos, row int64) int64 {
	number, ok := parseInt(file[bytes.LastIndexByte(file, '.')+1:])
	if !ok || number < 0 || number >= 1<<23 || pos < 0 || row < 0 || pos+row >= 1<<40 {
		h := fnv.New64a()
		h.Write(file)
		number = int64(h.Sum64() >> 41)
	}
	return number<<40 | (pos+row)&(1<<40-1)
}

// parseSequence reads source.sequence, a JSON text of the last commit's position and the event's own: ["24023119","24023128"], in
// which either may be null. raw may still have its quotes escaped.
func parseSequence(raw []byte) (seq [2]int64, ok bool) {
	n := 0
	for len(raw) > 0 {
		c := raw[0]
		if c-'0' > 9 {
			raw = raw[1:]
			continue
		}
		end := digits(raw, 0)
		if n == len(seq) {
			return [2]int64{}, false
		}
		if seq[n], ok = parseInt(raw[:end]); !ok {
			return [2]int64{}, false
		}
		n, raw = n+1, raw[end:]
	}
	if n < len(seq) {
		return [2]int64{}, false
	}
	return seq, true
}

// boundary makes the event of a record of the transaction topic.
func (d *debezium) boundary(s *scanner, ev *engine.Event) error {
	m := &d.msg
	id := s.text(m.id)
	if len(id) == 0 {
		return types.Errorf(types.CodeInvalidSource, "the transaction record has no id")
	}
	ev.Tx, ev.HasID = transactionNumber(id), true
	switch string(s.text(m.status)) {
	case "BEGIN":
		ev.Kind = engine.BeginEvent
		return nil
	case "END":
	default:
		return types.Errorf(types.CodeInvalidSource, "unknown status %s of a transaction record: it is BEGIN or END", s.token(m.status).show())
	}
	count, ok := s.integer(m.count)
	if !ok || count < 0 {
		return types.Errorf(types.CodeInvalidSource, "the transaction's END has no event_count")
	}
	ev.Kind, ev.Count, ev.Own = engine.EndEvent, count, d.tables.own(s.token(m.collections).raw, count)
	if ms, ok := s.integer(m.tsMs); ok && ms > 0 && ms < math.MaxInt64/1000 {
		ev.Commit = ms * 1000
	}
	return nil
}
