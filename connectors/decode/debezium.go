package decode

import (
	"math"

	"github.com/asofdb/asof/engine"
	"github.com/asofdb/asof/sql/types"
)

// Debezium reads FORMAT DEBEZIUM ENCODE JSON: change envelopes with or without their schema, tombstones, heartbeats, and the
// records of the transaction and schema-change topics.
//
// What the events carry beyond the contract in engine:
//   - Table is set in every event of a table, as "schema.table" ("db.table" where the source has no schemas).
//   - Tx of a row equals Tx of its BEGIN and END. A SkipEvent of a logical message has Tx and Order, because END counts it.
//   - Commit of an EndEvent is the commit time's millisecond, rounded down: evidence for a frontier, not a place for
//     rows, which carry the exact time. BEGIN has none: MariaDB writes the previous event's into it.
//   - In After a column that the image lacks is NULL, as one that was added later, and a reject if it is NOT NULL.
//   - In Before a value that cannot be read is Unavailable: connectors invent such values (an empty text for a UUID). With the
//     option missing_before = 'error' before images are complete, and it is a reject.
func Debezium() engine.FormatConnector {
	return engine.FormatConnector{Options: debeziumOptions, New: newDebezium}
}

type debezium struct {
	columns []column
	keys    []int // the key columns
	values  values
	tables  tables
	schemas schemas

	// The shapes of the objects of a message.
	outer, envelope, source, transaction *shape
	before, after, key                   image
	flat                                 flattened

	msg message
}

func newDebezium(s engine.SourceSpec) (engine.Decoder, error) {
	o, err := readOptions(s.Options)
	if err != nil {
		return nil, err
	}
	columns := columnsOf(s.Columns, s.Key)
	names := make([]string, len(columns))
	unknown := make([]*encoding, len(columns))
	for i := range columns {
		names[i], unknown[i] = columns[i].name, anyEncoding
	}
	strict := s.Options["missing_before"] == "error"
	newImage := func(strict bool) image {
		return image{shape: newShape(names...), unknown: unknown, encodings: unknown, strict: strict}
	}
	return &debezium{
		columns:     columns,
		keys:        s.Key,
		values:      newValues(o),
		tables:      newTables(s.Table, s.Begun, s.Options["topic"]),
		schemas:     schemas{columns: s.Columns},
		outer:       newShape(envelopeMembers...),
		envelope:    newShape(envelopeMembers...),
		source:      newShape(sourceMembers[:]...),
		transaction: newShape("id", "total_order"),
		before:      newImage(strict),
		after:       newImage(true),
		key:         newImage(true),
		flat:        newFlattened(names, unknown),
	}, nil
}

// The members of a message, by number. An envelope has the first ones; the others tell other kinds of records.
const (
	inBefore = iota
	inAfter
	inSource
	inTransaction
	inOp
	inTsMs
	inTsUs
	inTsNs
	inSchema
	inPayload
	inStatus
	inID
	inEventCount
	inDataCollections
	inDDL
	inTableChanges
	inFlattenedOp
	inFlattenedDeleted
	inOther // any member that is not named here
)

var envelopeMembers = []string{
	"before", "after", "source", "transaction", "op", "ts_ms", "ts_us", "ts_ns", "schema", "payload",
	"status", "id", "event_count", "data_collections", "ddl", "tableChanges", "__op", "__deleted",
}

// message is what one record says, before it is known what the record is.
type message struct {
	seen                  uint32 // a bit for each member
	op, tsMs              span
	status, id, count     span
	collections           span // END's events by table
	txID, order           span // of the transaction block
	source                source
	before, after         []types.Value
	beforeErr, afterErr   error // the first value that could not be read
	badBefore, badAfter   bool  // neither an object nor null
	schemaErr             error
	payload               int // where a payload begins that came before its schema
	flat                  int // where an object begins that has members of a flattened row
	outerFlat             bool
	hasPayload, tombstone bool
}

func (m *message) has(member int) bool { return m.seen&(1<<member) != 0 }

// Decode implements engine.Decoder.
func (d *debezium) Decode(rec engine.Record, ev *engine.Event) error {
	*ev = engine.Event{Commit: engine.NoTime}
	if len(rec.Value) > math.MaxInt32 {
		return types.Errorf(types.CodeInvalidSource, "the record has %d bytes, more than 2 GiB", len(rec.Value))
	}
	s := scanner{b: rec.Value}
	if s.peek() == 0 && s.i == len(s.b) {
		return nil // an empty line
	}
	d.msg = message{}
	d.useSchema(nil)
	ok := d.readMessage(&s, d.outer, true) && s.end()
	if err := s.err(); err != nil || !ok {
		return err
	}
	if d.msg.has(inFlattenedOp) || d.msg.has(inFlattenedDeleted) { // members that only the transform adds, whatever the columns are called
		return d.flattenedRow(rec, &s, ev)
	}
	if d.msg.schemaErr != nil {
		return d.msg.schemaErr
	}
	return d.event(rec, &s, ev)
}

// readMessage reads a message: outer is true for the record itself, false for its payload.
func (d *debezium) readMessage(s *scanner, sh *shape, outer bool) bool {
	m := &d.msg
	switch s.peek() {
	case 'n':
		m.tombstone = true
		return s.literal("null")
	case '{':
	default:
		m.seen |= 1 << inOther
		return s.skip()
	}
	start := s.i
	s.open(sh)
	for {
		member := s.next(sh)
		if member == noMember {
			return !outer || d.readLatePayload(s)
		}
		ok := true
		switch member {
		case inBefore:
			m.before, m.badBefore, ok = d.readImage(s, &d.before, &m.beforeErr)
		case inAfter:
			m.after, m.badAfter, ok = d.readImage(s, &d.after, &m.afterErr)
		case inSource:
			ok = m.source.read(s, d.source)
		case inTransaction:
			ok = d.readTransaction(s)
		case inOp:
			m.op, ok = s.span(maxDepth)
		case inTsMs:
			m.tsMs, ok = s.span(maxDepth)
		case inStatus:
			m.status, ok = s.span(maxDepth)
		case inID:
			m.id, ok = s.span(maxDepth)
		case inEventCount:
			m.count, ok = s.span(maxDepth)
		case inDataCollections:
			m.collections, ok = s.span(maxDepth)
		case badMember:
			return false
		case inFlattenedOp, inFlattenedDeleted:
			if outer || !m.outerFlat {
				m.flat, m.outerFlat = start, outer
			}
			ok = s.skip()
		case inSchema:
			if outer {
				ok = d.readSchema(s)
			} else {
				ok = s.skip()
			}
		case inPayload:
			ok = d.readPayload(s, outer)
		case otherMember:
			member = inOther
			ok = s.skip()
		default:
			ok = s.skip()
		}
		if !ok {
			return false
		}
		m.seen |= 1 << member
	}
}

// readSchema reads the schema part of a message.
func (d *debezium) readSchema(s *scanner) bool {
	known, err := d.schemas.read(s)
	if err != nil {
		d.msg.schemaErr = err
	}
	d.useSchema(known)
	return s.problem == ""
}

// useSchema lets the images be read as known says; nil means that there is no schema.
func (d *debezium) useSchema(known *messageSchema) {
	d.before.encodings, d.after.encodings, d.flat.encodings = d.before.unknown, d.after.unknown, d.flat.unknown
	if known == nil {
		return
	}
	d.flat.encodings = known.row
	if known.before != nil {
		d.before.encodings = known.before
	}
	if known.after != nil {
		d.after.encodings = known.after
	}
}

// readPayload reads the payload where its schema is known, and else only remembers where it is.
func (d *debezium) readPayload(s *scanner, outer bool) bool {
	switch {
	case !outer:
		return s.skip()
	case d.msg.has(inSchema):
		return d.readMessage(s, d.envelope, false)
	}
	s.peek()
	d.msg.payload, d.msg.hasPayload = s.i, true
	return s.skip()
}

// readLatePayload reads a payload that stood before its schema, or had none.
func (d *debezium) readLatePayload(s *scanner) bool {
	if !d.msg.hasPayload {
		return true
	}
	again := scanner{b: s.b, i: d.msg.payload}
	return d.readMessage(&again, d.envelope, false)
}

// readTransaction reads the block {"id", "total_order", "data_collection_order"} or null.
func (d *debezium) readTransaction(s *scanner) bool {
	if s.peek() != '{' {
		return s.skip()
	}
	s.open(d.transaction)
	for {
		member := s.next(d.transaction)
		if member == noMember {
			return true
		}
		if member == badMember {
			return false
		}
		p, ok := s.span(maxDepth)
		switch {
		case !ok:
			return false
		case member == 0:
			d.msg.txID = p
		case member == 1:
			d.msg.order = p
		}
	}
}

// event makes the event of the message that has been read.
func (d *debezium) event(rec engine.Record, s *scanner, ev *engine.Event) error {
	m := &d.msg
	const wrapper = 1<<inSchema | 1<<inPayload
	switch {
	case m.has(inOp):
		return d.change(rec, s, ev)
	case m.tombstone:
		return nil
	case m.has(inStatus) && m.has(inID):
		return d.boundary(s, ev)
	case m.has(inDDL), m.has(inTableChanges):
		return nil
	case m.seen&^wrapper == 1<<inTsMs:
		return m.heartbeat(s, ev)
	}
	return types.Errorf(types.CodeInvalidSource, "not a Debezium record: it has no op").
		WithHint("plain objects are read with FORMAT PLAIN or UPSERT ENCODE JSON; a connector that flattens records (ExtractNewRecordState) needs %s", flattenedSettings)
}

func (m *message) heartbeat(s *scanner, ev *engine.Event) error {
	ms, ok := s.integer(m.tsMs)
	clock, _, fits := milli.micros(ms)
	if !ok || !fits {
		return types.Errorf(types.CodeInvalidSource, "the heartbeat's ts_ms is no time: %s", s.token(m.tsMs).show())
	}
	ev.Kind, ev.Clock = engine.HeartbeatEvent, clock
	return nil
}

// change makes the event of a record with an op.
func (d *debezium) change(rec engine.Record, s *scanner, ev *engine.Event) error {
	m := &d.msg
	op := byte(0)
	if m.op.kind == stringToken && m.op.to-m.op.from == 1 {
		op = s.b[m.op.from]
	}
	switch op {
	case 'c', 'u', 'd', 'r', 't', 'm':
	default:
		return types.Errorf(types.CodeInvalidSource, "unknown op %s: a Debezium record has c, u, d, r, t or m", s.token(m.op).show())
	}
	m.identify(s, ev)
	commit, ok := m.source.commit(s)
	if !ok && op != 'r' && op != 'm' {
		return types.Errorf(types.CodeInvalidSource, "the record has no usable commit time: source has no ts_ns, ts_us or ts_ms")
	}
	ev.Commit = commit
	if op == 'm' {
		return nil
	}
	ours, err := d.tables.selects(s, &m.source, ev)
	switch {
	case err != nil:
		return err
	case !ours:
		ev.Kind = engine.OtherTableEvent
		return nil
	case op == 't':
		ev.Kind = engine.TruncateEvent
		return nil
	}
	return d.rowChange(op, rec, ev)
}

// rowChange makes the event of a c, u, d or r, whose images have been read.
func (d *debezium) rowChange(op byte, rec engine.Record, ev *engine.Event) error {
	ev.Kind = engine.ChangeEvent
	switch op {
	case 'c':
		ev.Op = engine.CreateOp
	case 'u':
		ev.Op = engine.UpdateOp
	case 'd':
		ev.Op = engine.DeleteOp
		return d.deleted(rec, ev)
	case 'r':
		ev.Op = engine.ReadOp
	}
	return d.written(op, rec, ev)
}
