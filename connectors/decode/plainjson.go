package decode

import (
	"github.com/asofdb/asof/engine"
	"github.com/asofdb/asof/sql/types"
)

// PlainJSON reads FORMAT PLAIN ENCODE JSON: one object a record, whose members are the columns. A column that is
// missing is NULL and a member that is no column is ignored. Values are read as PostgreSQL's json_populate_record does, from their text;
// but a number is no time, because it does not say in which unit it counts.
func PlainJSON() engine.FormatConnector {
	return engine.FormatConnector{Options: []string{"commit_time"}, New: newPlainJSON}
}

type plainJSON struct {
	plain
	shape  *shape
	values values // for what both JSON formats read in the same way
}

func newPlainJSON(s engine.SourceSpec) (engine.Decoder, error) {
	p, err := newPlain(s)
	if err != nil {
		return nil, err
	}
	names := make([]string, len(p.columns))
	for i := range p.columns {
		names[i] = p.columns[i].name
	}
	return &plainJSON{plain: p, shape: newShape(names...), values: newValues(options{decimals: decimalText})}, nil
}

// Decode implements engine.Decoder.
func (d *plainJSON) Decode(rec engine.Record, ev *engine.Event) error {
	*ev = engine.Event{Commit: engine.NoTime}
	s := scanner{b: trimMark(rec)}
	switch s.peek() {
	case 0:
		if s.i == len(s.b) {
			return nil // an empty line
		}
	case '{':
		return d.row(&s, ev)
	}
	t, ok := s.value(maxDepth)
	ok = ok && s.end()
	if err := s.err(); err != nil || !ok {
		return err
	}
	if t.kind == nullToken {
		return nil
	}
	return types.Errorf(types.CodeInvalidSource, "the record is not a JSON object: %s", t.show())
}

func (d *plainJSON) row(s *scanner, ev *engine.Event) error {
	row := d.arena.row(len(d.columns))
	var firstErr error
	s.open(d.shape)
	member := s.next(d.shape)
	for ; member != noMember && member != badMember; member = s.next(d.shape) {
		t, ok := s.value(maxDepth)
		switch {
		case !ok:
			return s.err()
		case member == otherMember:
			continue
		}
		v, err := d.columns[member].jsonValue(&d.values, t)
		if err != nil && firstErr == nil {
			firstErr = err
		}
		row[member] = v
	}
	ok := member == noMember && s.end()
	if err := s.err(); err != nil || !ok {
		return err
	}
	if firstErr != nil {
		return firstErr
	}
	return d.insert(row, ev)
}

// jsonValue reads a value of a plain object.
func (c *column) jsonValue(d *values, t token) (types.Value, error) {
	switch t.kind {
	case nullToken:
		return types.Value{}, nil
	case arrayToken, objectToken:
		return c.jsonDocument(d, t)
	case numberToken:
		switch c.typ.Kind {
		case types.Date, types.Time, types.Timestamp, types.Timestamptz, types.Interval:
			return types.Value{}, c.reject(types.CodeDatatypeMismatch, c.typ, t, "is a number, which does not say what it counts").
				WithHint("write times as text, as '2026-01-31T12:00:00Z', or declare the column BIGINT and use to_timestamp")
		case types.Int2, types.Int4, types.Int8:
			return d.integer(c, c.typ, anyEncoding, t)
		case types.Float4, types.Float8:
			return d.float(c, c.typ, anyEncoding, t)
		}
	case stringToken:
		s, err := d.string(c, c.typ, t)
		if err != nil {
			return types.Value{}, err
		}
		if c.typ.Kind == types.JSON || c.typ.Kind == types.JSONB {
			// The document is the string itself, as json_populate_record has it.
			return types.Value{Kind: c.typ.Kind, S: `"` + text(t.raw) + `"`}, nil
		}
		return c.parse(token{kind: stringToken, raw: bytesOf(s)}, s)
	}
	if c.typ.Kind == types.JSON || c.typ.Kind == types.JSONB {
		return d.json(c, c.typ, t)
	}
	return c.parse(t, text(t.raw))
}

// jsonDocument reads an array or object: an array into an array, anything into JSON or text.
func (c *column) jsonDocument(d *values, t token) (types.Value, error) {
	switch c.typ.Kind {
	case types.JSON, types.JSONB:
		return d.json(c, c.typ, t)
	case types.Text, types.Varchar, types.Char:
		return c.textValue(c.typ, t, d.compact(t.raw))
	case types.Array:
		if t.kind == arrayToken {
			return c.jsonArray(d, t)
		}
	}
	return types.Value{}, c.wrongType(c.typ, anyEncoding, t)
}

func (c *column) jsonArray(d *values, t token) (types.Value, error) {
	elem := *c
	elem.typ = c.typ.ElemType()
	tokens := elements(t)
	elems := make([]types.Value, len(tokens))
	for i := range tokens {
		var err error
		if elems[i], err = elem.jsonValue(d, tokens[i]); err != nil {
			return types.Value{}, err
		}
	}
	return types.Value{Kind: types.Array, X: elems}, nil
}
