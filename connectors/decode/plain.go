package decode

import (
	"bytes"

	"github.com/asofdb/asof/engine"
	"github.com/asofdb/asof/sql/types"
)

// plain is what the plain formats share: every record is a row that is inserted, at the time that its column commit_time holds.
type plain struct {
	columns []column
	commit  int // the column of the option commit_time, -1 where it is not set
	arena   arena
}

func newPlain(s engine.SourceSpec) (plain, error) {
	p := plain{columns: columnsOf(s.Columns, s.Key), commit: -1}
	name, ok := s.Options["commit_time"]
	if !ok {
		return p, nil
	}
	if p.commit = s.Columns.Index(name); p.commit < 0 {
		return p, types.Errorf(types.CodeUndefinedColumn, "commit_time = '%s': the source has no column of that name", name)
	}
	switch typ := s.Columns[p.commit].Type; typ.Kind {
	case types.Timestamptz, types.Timestamp, types.Date:
		return p, nil
	default:
		return p, types.Errorf(types.CodeDatatypeMismatch, "commit_time = '%s': the column is of type %s", name, typ).
			WithHint("a commit time is a TIMESTAMPTZ, a TIMESTAMP or a DATE, in UTC")
	}
}

// insert makes row the event, once it has been checked.
func (p *plain) insert(row []types.Value, ev *engine.Event) error {
	for i := range p.columns {
		c := &p.columns[i]
		if (c.notNull || c.key) && row[i].IsNull() {
			return types.Errorf(types.CodeNotNull, "column %q is NULL or missing, but is %s", c.name, c.whyNotNull())
		}
	}
	if p.commit >= 0 {
		var err error
		if ev.Commit, err = p.columns[p.commit].commitTime(row[p.commit]); err != nil {
			return err
		}
	}
	ev.Kind, ev.Op, ev.After = engine.ChangeEvent, engine.CreateOp, row
	return nil
}

func (c *column) commitTime(v types.Value) (int64, error) {
	switch {
	case v.IsNull():
		return 0, types.Errorf(types.CodeNotNull, "column %q is NULL, but is the commit time", c.name)
	case v.Kind == types.Date && (v.I == types.InfinityDays || v.I == types.NegInfinityDays || v.I > maxTimestamp/day),
		v.Kind != types.Date && (v.I == types.Infinity || v.I == types.NegInfinity):
		return 0, types.Errorf(types.CodeDatetimeOverflow, "column %q is %s, which is no commit time", c.name, v)
	case v.Kind == types.Date:
		return v.I * day, nil
	}
	return v.I, nil
}

// parse reads PostgreSQL's text of a value. Numbers that have more digits than the column keeps are refused as
// everywhere, not rounded.
func (c *column) parse(t token, s string) (types.Value, error) {
	switch c.typ.Kind {
	case types.Text, types.Varchar, types.Char:
		if bytes.IndexByte(t.raw, 0) >= 0 {
			return types.Value{}, c.reject(types.CodeBadUTF8, c.typ, t, "has a NUL character, which no text holds")
		}
		return c.textValue(c.typ, t, s)
	case types.Int8:
		if n, ok := parseInt(t.raw); ok {
			return types.NewInt8(n), nil
		}
	case types.Numeric:
		v, ok := smallDecimal(bytesOf(s))
		if !ok {
			var err error
			if v, err = types.Parse(types.Type{Kind: types.Numeric}, s); err != nil {
				return v, c.unparsed(t, err)
			}
		}
		return c.fit(c.typ, t, v)
	}
	v, err := types.Parse(c.typ, s)
	if err != nil {
		return v, c.unparsed(t, err)
	}
	return v, nil
}

// unparsed is the reject of a text that types.Parse refused for a reason.
func (c *column) unparsed(t token, reason error) error {
	code := types.CodeInvalidText
	if e, ok := reason.(*types.Error); ok {
		code = e.Code
	}
	return c.reject(code, c.typ, t, "cannot be read: %s", reason)
}

// byteOrderMark is what some programs put before UTF-8 text.
const byteOrderMark = "\xef\xbb\xbf"

// trimMark drops a byte order mark from the first record.
func trimMark(rec engine.Record) []byte {
	if rec.Line > 1 {
		return rec.Value
	}
	return bytes.TrimPrefix(rec.Value, []byte(byteOrderMark))
}
