package decode

import (
	"slices"

	"github.com/asofdb/asof/engine"
	"github.com/asofdb/asof/sql/types"
)

// image reads the rows of one member: before, after, or a record's key.
type image struct {
	shape     *shape
	unknown   []*encoding // without a schema
	encodings []*encoding // of the message being read
	// strict: every value must be readable. Where it is not set, one that is not becomes Unavailable, unless it is a key's.
	strict bool
}

// readImage reads a row or null. The first value that cannot be read goes to firstErr, for a record of another
// table may hold anything; only what is not JSON ends the reading.
func (d *debezium) readImage(s *scanner, im *image, firstErr *error) (row []types.Value, bad, ok bool) {
	if s.peek() != '{' {
		t, ok := s.value(maxDepth)
		return nil, t.kind != nullToken, ok
	}
	row = d.values.arena.row(len(d.columns))
	s.open(im.shape)
	for {
		i := s.next(im.shape)
		switch i {
		case noMember:
			return row, false, true
		case badMember:
			return nil, false, false
		}
		t, ok := s.value(maxDepth)
		switch {
		case !ok:
			return nil, false, false
		case i == otherMember:
			continue
		case t.kind == nullToken:
			row[i] = types.Value{}
			continue
		}
		row[i] = d.columnValue(im, i, t, firstErr)
	}
}

// columnValue reads the value of a column that is not null.
func (d *debezium) columnValue(im *image, i int, t token, firstErr *error) types.Value {
	c := &d.columns[i]
	v, err := d.values.value(c, c.typ, im.encodings[i], t)
	if err == nil {
		return v
	}
	if (im.strict || c.key) && *firstErr == nil {
		*firstErr = err
	}
	return types.Value{Kind: types.Unavailable}
}

// written checks and fills in the event of a c, u or r.
func (d *debezium) written(op byte, rec engine.Record, ev *engine.Event) error {
	m := &d.msg
	switch {
	case m.badAfter:
		return types.Errorf(types.CodeInvalidSource, "after is neither an object nor null")
	case m.badBefore:
		return types.Errorf(types.CodeInvalidSource, "before is neither an object nor null")
	case m.after == nil:
		return types.Errorf(types.CodeInvalidSource, "op %c without after", op)
	case m.afterErr != nil:
		return m.afterErr
	case m.beforeErr != nil:
		return m.beforeErr
	}
	for i := range d.columns {
		c := &d.columns[i]
		if !c.notNull && !c.key {
			continue
		}
		switch {
		case m.after[i].IsNull():
			return types.Errorf(types.CodeNotNull, "column %q is NULL or missing in after, but is %s", c.name, c.whyNotNull())
		case c.key && m.after[i].Kind == types.Unavailable:
			return types.Errorf(types.CodeNotNull, "key column %q is left out of after", c.name)
		case c.key && m.before != nil && !present(m.before[i]):
			return types.Errorf(types.CodeNotNull, "key column %q is NULL or missing in before", c.name)
		}
	}
	ev.Before, ev.After = m.before, m.after
	if op != 'c' || len(rec.OldKey) == 0 || !slices.ContainsFunc(m.after, func(v types.Value) bool { return v.Kind == types.Unavailable }) {
		return nil
	}
	old, err := d.readKey(rec.OldKey)
	if err != nil || d.missingKey(old) != nil {
		return err // without it the row is as unknown as any
	}
	ev.OldKey = d.keyOf(old)
	return nil
}

func present(v types.Value) bool { return !v.IsNull() && v.Kind != types.Unavailable }

func (c *column) whyNotNull() string {
	if c.key {
		return "part of the primary key"
	}
	return "NOT NULL"
}

// deleted checks and fills in the event of a d. Its key is taken from before, and where that has none from the record's key.
func (d *debezium) deleted(rec engine.Record, ev *engine.Event) error {
	m := &d.msg
	switch {
	case m.badBefore:
		return types.Errorf(types.CodeInvalidSource, "before is neither an object nor null")
	case m.beforeErr != nil:
		return m.beforeErr
	}
	ev.Before = m.before
	missing := d.missingKey(m.before)
	if missing == nil {
		return nil
	}
	row, err := d.readKey(rec.Key)
	if err != nil {
		return err
	}
	if d.missingKey(row) != nil {
		return types.Errorf(types.CodeNotNull, "op d without key column %q, neither in before nor in the record's key", missing.name)
	}
	ev.KeyOnly = d.keyOf(row)
	return nil
}

// keyOf returns the values of the key columns.
func (d *debezium) keyOf(row []types.Value) []types.Value {
	key := make([]types.Value, len(d.keys))
	for i, column := range d.keys {
		key[i] = row[column]
	}
	return key
}

// missingKey returns the first key column that row lacks.
func (d *debezium) missingKey(row []types.Value) *column {
	for _, i := range d.keys {
		if row == nil || !present(row[i]) {
			return &d.columns[i]
		}
	}
	return nil
}

// readKey reads a record's key, an object with or without a schema around it; nil where there is none.
func (d *debezium) readKey(key []byte) ([]types.Value, error) {
	s := scanner{b: key}
	if s.peek() != '{' {
		return nil, nil
	}
	d.key.encodings = d.key.unknown
	wrapped := newShape("schema", "payload")
	s.open(wrapped)
	var payload token
	for ok := true; ok; {
		switch member := s.next(wrapped); member {
		case noMember, badMember:
			ok = false
		case 0:
			known, err := d.schemas.read(&s)
			if err != nil {
				return nil, err
			}
			if known != nil {
				d.key.encodings = known.row
			}
			ok = s.problem == ""
		default:
			t, good := s.value(maxDepth)
			if member == 1 && t.kind == objectToken {
				payload = t
			}
			ok = good
		}
	}
	s.end()
	if err := s.err(); err != nil {
		return nil, err
	}
	if payload.kind != objectToken {
		payload.raw = key
	}
	inner := scanner{b: payload.raw}
	inner.peek()
	var firstErr error
	row, _, _ := d.readImage(&inner, &d.key, &firstErr)
	return row, firstErr
}
