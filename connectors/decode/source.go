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

var sourceMembers = []string{
	"ts_ns", "ts_us", "ts_ms", "snapshot", "db", "schema", "table", "txId", "lsn", "sequence", "gtid", "file", "pos", "row",
}

// source is where and when a change happened.
type source struct {
	tsNs, tsUs, tsMs         int64 // 0 where missing
	snapshot, sequence, gtid token
	db, schema, table        []byte
	file                     []byte
	txID, lsn, pos, row      int64
	hasTx, hasLSN, hasPos    bool
}

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
		t, ok := s.value(maxDepth)
		if !ok {
			return false
		}
		switch t.kind {
		case numberToken:
			src.setNumber(member, t)
		case stringToken:
			src.setString(member, t)
		case trueToken:
			if member == sourceSnapshot {
				src.snapshot = token{kind: stringToken, raw: t.raw}
			}
		}
	}
}

func (src *source) setNumber(member int, t token) {
	n, ok := parseInt(t.raw)
	if !ok {
		return
	}
	switch member {
	case sourceTsNs:
		src.tsNs = n
	case sourceTsUs:
		src.tsUs = n
	case sourceTsMs:
		src.tsMs = n
	case sourceTxID:
		src.txID, src.hasTx = n, true
	case sourceLSN:
		src.lsn, src.hasLSN = n, true
	case sourcePos:
		src.pos, src.hasPos = n, true
	case sourceRow:
		src.row = n
	}
}

func (src *source) setString(member int, t token) {
	switch member {
	case sourceSnapshot:
		src.snapshot = t
	case sourceDB:
		src.db = t.raw
	case sourceSchema:
		src.schema = t.raw
	case sourceTable:
		src.table = t.raw
	case sourceSequence:
		src.sequence = t
	case sourceGTID:
		src.gtid = t
	case sourceFile:
		src.file = t.raw
	}
}

// commit returns the commit time in µs. Where only milliseconds are known it is their end: a reader must not see
// what was committed after the moment it asks for. Zero is what Debezium writes where it does not know.
func (src *source) commit() (us int64, ok bool) {
	switch {
	case src.tsNs > 0:
		return src.tsNs / 1000, true
	case src.tsUs > 0:
		return src.tsUs, true
	case src.tsMs > 0 && src.tsMs <= math.MaxInt64/1000-1:
		return src.tsMs*1000 + 999, true
	}
	return engine.NoTime, false
}

// identify fills in what tells one change from another.
func (src *source) identify(m *message, ev *engine.Event) {
	switch string(src.snapshot.raw) {
	case "", "false":
	case "last":
		ev.Snapshot = engine.LastSnapshot
	case "incremental":
		ev.Snapshot = engine.IncrementalSnapshot
	default:
		ev.Snapshot = engine.InSnapshot
	}
	switch {
	case m.txID.kind == stringToken && len(m.txID.raw) > 0:
		ev.Tx, ev.HasID = transactionNumber(m.txID.raw), true
	case src.hasTx:
		ev.Tx, ev.HasID = src.txID, true
	case src.gtid.kind == stringToken && len(src.gtid.raw) > 0:
		ev.Tx, ev.HasID = transactionNumber(src.gtid.raw), true
	}
	switch {
	case src.hasLSN:
		ev.LSN, ev.HasID = src.lsn, true
		ev.Seq, ev.HasSeq = parseSequence(src.sequence.raw)
	case src.hasPos && len(src.file) > 0:
		ev.LSN, ev.HasID = binlogPosition(src.file, src.pos, src.row), true
	}
	ev.Order = m.order
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
func (m *message) boundary(ev *engine.Event) error {
	if m.id.kind != stringToken || len(m.id.raw) == 0 {
		return types.Errorf(types.CodeInvalidSource, "the transaction record has no id")
	}
	ev.Tx, ev.HasID = transactionNumber(m.id.raw), true
	switch string(m.status.raw) {
	case "BEGIN":
		ev.Kind = engine.BeginEvent
		return nil
	case "END":
	default:
		return types.Errorf(types.CodeInvalidSource, "unknown status %s of a transaction record: it is BEGIN or END", m.status.show())
	}
	ev.Kind = engine.EndEvent
	count, ok := parseInt(m.count.raw)
	if m.count.kind != numberToken || !ok || count < 0 {
		return types.Errorf(types.CodeInvalidSource, "the transaction's END has no event_count")
	}
	ev.Count = count
	if ms, ok := parseInt(m.tsMs.raw); ok && m.tsMs.kind == numberToken && ms > 0 && ms < math.MaxInt64/1000 {
		ev.Commit = ms * 1000
	}
	return nil
}
