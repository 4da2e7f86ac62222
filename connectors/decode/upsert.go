package decode

import (
	"bytes"
	"unicode/utf8"

	"github.com/asofdb/asof/engine"
	"github.com/asofdb/asof/sql/types"
)

// UpsertJSON reads FORMAT UPSERT ENCODE JSON: a record is the row of its key from then on, and one without a value is the row's end. Its commit time is the record's own.
//
// The value is an object whose members are columns, read as FORMAT PLAIN reads them; in the envelope {"schema", "payload"} of Kafka Connect's converter values are read as their schema says. The key is such an object too,
// or, for a primary key of one column, a bare value: any text that is no JSON is one. Key columns that the value leaves out are the key's.
func UpsertJSON() engine.FormatConnector {
	return engine.FormatConnector{Options: []string{"unavailable_value_placeholder"}, New: newUpsert}
}

type upsert struct {
	columns []column
	keys    []int
	values  values
	schemas schemas
	rows    *shape // of the columns
	wrapper *shape // of a message with its schema
	arena   arena
	key     []types.Value // scratch
}

func newUpsert(s engine.SourceSpec) (engine.Decoder, error) {
	o, err := readOptions(s.Options)
	if err != nil {
		return nil, err
	}
	o.decimals = decimalText
	d := &upsert{
		columns: columnsOf(s.Columns, s.Key), keys: s.Key, values: newValues(o), schemas: schemas{columns: s.Columns},
		wrapper: newShape("schema", "payload"), key: make([]types.Value, len(s.Columns)),
	}
	names := make([]string, len(d.columns))
	for i := range d.columns {
		names[i] = d.columns[i].name
	}
	d.rows = newShape(names...)
	return d, nil
}

// Decode implements engine.Decoder.
func (d *upsert) Decode(rec engine.Record, ev *engine.Event) error {
	*ev = engine.Event{Commit: engine.NoTime}
	value, schema, err := d.unwrap(rec.Value)
	if err != nil {
		return err
	}
	keyed, err := d.readKey(rec.Key)
	if err != nil {
		return err
	}
	switch s := (scanner{b: value}); s.peek() {
	case 0, 'n':
		return d.deleted(keyed, ev)
	case '{':
		return d.written(&s, schema, keyed, ev)
	default:
		t, _ := s.value(maxDepth)
		return types.Errorf(types.CodeInvalidSource, "the record's value is not a JSON object: %s", t.show())
	}
}

// unwrap checks that a message is JSON and takes it out of its envelope, if it has one: an object of just a schema and a payload. An empty message is null.
func (d *upsert) unwrap(message []byte) (inner []byte, schema *messageSchema, err error) {
	if len(bytes.TrimSpace(message)) == 0 {
		return nil, nil, nil
	}
	s := scanner{b: message}
	t, ok := s.value(maxDepth)
	if !ok || !s.end() {
		return nil, nil, s.err()
	}
	if t.kind != objectToken {
		return message, nil, nil
	}
	s, inner = scanner{b: message}, message
	s.peek()
	members, wrapped := 0, 0
	s.open(d.wrapper)
	for {
		member := s.next(d.wrapper)
		if member == noMember || member == badMember {
			break
		}
		members++
		switch member {
		case 0:
			if s.peek() != '{' && s.peek() != 'n' {
				_ = s.skip()
				continue
			}
			wrapped++
			if schema, err = d.schemas.read(&s); err != nil {
				return nil, nil, err
			}
		case 1:
			wrapped++
			from := s.i
			s.peek()
			_ = s.skip()
			inner = s.b[from:s.i]
		default:
			_ = s.skip()
		}
	}
	if members != 2 || wrapped != 2 {
		return message, nil, s.err()
	}
	return inner, schema, s.err()
}

// readKey fills d.key with what the record's key says of the key columns, and reports whether it says anything.
func (d *upsert) readKey(key []byte) (bool, error) {
	clear(d.key)
	if len(bytes.TrimSpace(key)) == 0 {
		return false, nil
	}
	inner, schema, err := d.unwrap(key)
	if err != nil {
		inner, schema = nil, nil // no JSON: a bare text
	}
	s := scanner{b: inner}
	switch first := s.peek(); {
	case first == '{':
		return true, d.readRow(&s, schema, d.key)
	case first == 'n' && err == nil:
		return false, nil
	case len(d.keys) != 1:
		return false, types.Errorf(types.CodeInvalidSource, "the record's key is no object, and the primary key has %d columns", len(d.keys)).WithHint("let the key be a JSON object with the key columns as members")
	}
	c := &d.columns[d.keys[0]]
	t := token{kind: stringToken, raw: key}
	if err == nil {
		t, _ = s.value(maxDepth)
	}
	var v types.Value
	switch {
	case err != nil && !utf8.Valid(key):
		return false, types.Errorf(types.CodeBadUTF8, "the record's key is not valid UTF-8")
	case err != nil:
		v, err = c.parse(t, text(t.raw))
	default:
		v, err = c.jsonValue(&d.values, t)
	}
	d.key[d.keys[0]] = v
	return true, err
}

// readRow reads the members of the object that comes next, which is valid.
func (d *upsert) readRow(s *scanner, schema *messageSchema, row []types.Value) (first error) {
	s.open(d.rows)
	for member := s.next(d.rows); member != noMember && member != badMember; member = s.next(d.rows) {
		t, _ := s.value(maxDepth)
		if member == otherMember {
			continue
		}
		c := &d.columns[member]
		var v types.Value
		var err error
		switch {
		case t.kind == nullToken:
		case d.values.placeholder.is(t):
			v = types.Value{Kind: types.Unavailable}
		case schema != nil:
			v, err = d.values.value(c, c.typ, schema.row[member], t)
		default:
			v, err = c.jsonValue(&d.values, t)
		}
		if err != nil && first == nil {
			first = err
		}
		row[member] = v
	}
	return first
}

func (d *upsert) written(s *scanner, schema *messageSchema, keyed bool, ev *engine.Event) error {
	row := d.arena.row(len(d.columns))
	clear(row)
	if err := d.readRow(s, schema, row); err != nil {
		return err
	}
	for _, i := range d.keys {
		c := &d.columns[i]
		switch inKey, inValue := d.key[i], row[i]; {
		case !keyed || inKey.IsNull():
		case inValue.IsNull():
			row[i] = inKey.Clone()
		case !types.Equal(inKey, inValue):
			return types.Errorf(types.CodeInvalidSource, "column %q is %s in the record's key, and %s in its value", c.name, inKey, inValue)
		}
	}
	for i := range d.columns {
		if c := &d.columns[i]; (c.notNull || c.key) && (row[i].IsNull() || c.key && row[i].Kind == types.Unavailable) {
			return types.Errorf(types.CodeNotNull, "column %q is NULL or missing, but is %s", c.name, c.whyNotNull())
		}
	}
	ev.Kind, ev.Op, ev.After = engine.ChangeEvent, engine.CreateOp, row
	return nil
}

func (d *upsert) deleted(keyed bool, ev *engine.Event) error {
	ev.KeyOnly = make([]types.Value, len(d.keys))
	for k, i := range d.keys {
		if ev.KeyOnly[k] = d.key[i]; !keyed || d.key[i].IsNull() {
			return types.Errorf(types.CodeNotNull, "a record without a value ends the row of its key, but its key has no %q", d.columns[i].name)
		}
	}
	ev.Kind, ev.Op = engine.ChangeEvent, engine.DeleteOp
	return nil
}
