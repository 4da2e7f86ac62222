package pgwire

import (
	"context"
	"strings"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/asofdb/asof/engine"
	"github.com/asofdb/asof/sql/types"
)

// Bounds of what a client can have kept for it.
const (
	maxStatements     = 10_000
	maxStatementBytes = 64 << 20
	maxPortals        = 1000
)

// portal is a statement with its parameters, ready to run or in the middle of it.
type portal struct {
	prepared *engine.Prepared // nil: an empty statement
	values   []types.Value
	formats  []int16
	rows     *engine.Rows // nil until it has run
	ctx      context.Context
	cancel   context.CancelCauseFunc
	ended    bool
}

func (p *portal) close() {
	if p.rows != nil {
		_ = p.rows.Close()
		p.rows = nil
	}
	if p.cancel != nil {
		p.cancel(nil)
	}
	p.ended = true
}

// extended answers a message of the extended protocol. It has told of the error it returns, unless the message is malformed.
func (c *conn) extended(kind byte, body []byte) (err error) {
	var script text
	switch kind {
	case 'P':
		var m pgproto3.Parse
		if err := m.Decode(body); err != nil {
			return malformed(err)
		}
		script.script = m.Query
		err = c.parse(&m)
	case 'B':
		var m pgproto3.Bind
		if err := m.Decode(body); err != nil {
			return malformed(err)
		}
		err = c.bind(&m)
	case 'D':
		var m pgproto3.Describe
		if err := m.Decode(body); err != nil {
			return malformed(err)
		}
		err = c.describeNamed(m.ObjectType, m.Name)
	case 'E':
		var m pgproto3.Execute
		if err := m.Decode(body); err != nil {
			return malformed(err)
		}
		script, err = c.execute(&m)
	case 'C':
		var m pgproto3.Close
		if err := m.Decode(body); err != nil {
			return malformed(err)
		}
		err = c.closeNamed(m.ObjectType, m.Name)
	}
	if err != nil {
		c.fail(err, script)
	}
	return err
}

// parse answers a Parse message.
func (c *conn) parse(m *pgproto3.Parse) error {
	if m.Name == "" {
		c.forget("")
	}
	if err := validUTF8(m.Query); err != nil {
		return err
	}
	declared := make([]types.Type, len(m.ParameterOIDs))
	for i, oid := range m.ParameterOIDs {
		var err error
		if declared[i], err = typeOf(oid); err != nil {
			return err
		}
	}
	statements, err := c.session.Split(m.Query)
	switch {
	case err != nil:
		return err
	case len(statements) > 1:
		return types.Errorf(types.CodeSyntax, "cannot insert multiple commands into a prepared statement")
	case len(statements) == 0:
		if c.empty[m.Name] && m.Name != "" {
			return types.Errorf("42P05", "prepared statement \"%s\" already exists", m.Name)
		}
		c.empty[m.Name] = true
	default:
		if err := c.prepare(m.Name, statements[0], declared); err != nil {
			return err
		}
	}
	c.out.send(&pgproto3.ParseComplete{})
	return nil
}

// prepare prepares a statement under a name.
func (c *conn) prepare(name string, st engine.Statement, declared []types.Type) (err error) {
	if len(c.held) >= maxStatements || c.heldBytes+len(st.Text) > maxStatementBytes {
		return types.Errorf(codeConfigExceeded, "too many prepared statements").WithHint("DEALLOCATE those that are no longer needed; a connection may have %d, of %d MB together", maxStatements, maxStatementBytes>>20)
	}
	ctx, cancel := context.WithCancelCause(c.ctx)
	defer cancel(nil)
	var p *engine.Prepared
	c.during(cancel, true, func() {
		defer c.rescue(&err)
		p, err = c.session.Prepare(ctx, st, declared)
	})
	if err != nil {
		return err
	}
	if err := c.session.SavePrepared(name, p); err != nil {
		return err
	}
	c.heldBytes += len(st.Text) - c.held[name]
	c.held[name] = len(st.Text)
	return nil
}

// forget ends a prepared statement; there need be none.
func (c *conn) forget(name string) {
	delete(c.empty, name)
	c.session.ForgetPrepared(name)
	c.heldBytes -= c.held[name]
	delete(c.held, name)
}

// bind answers a Bind message.
func (c *conn) bind(m *pgproto3.Bind) error {
	p := &portal{}
	if !c.empty[m.PreparedStatement] {
		var err error
		if p.prepared, err = c.session.Prepared(m.PreparedStatement); err != nil {
			return err
		}
	}
	if m.DestinationPortal == "" {
		c.closePortal("")
	} else if c.portals[m.DestinationPortal] != nil {
		return types.Errorf(codeDuplicateName, "cursor \"%s\" already exists", m.DestinationPortal)
	}
	if len(c.portals) >= maxPortals {
		return types.Errorf(codeConfigExceeded, "too many portals").WithHint("Close those that are no longer needed; a connection may have %d", maxPortals)
	}
	var err error
	if p.values, err = c.parameters(m, p.prepared); err != nil {
		return err
	}
	if p.formats, err = resultFormats(m.ResultFormatCodes, p.prepared); err != nil {
		return err
	}
	c.portals[m.DestinationPortal] = p
	c.out.send(&pgproto3.BindComplete{})
	return nil
}

// parameters reads the values of a Bind message, which are copied out of it.
func (c *conn) parameters(m *pgproto3.Bind, p *engine.Prepared) ([]types.Value, error) {
	var want []types.Type
	if p != nil {
		want = p.Params()
	}
	switch n := len(m.ParameterFormatCodes); {
	case n > 1 && n != len(m.Parameters):
		return nil, types.Errorf(codeProtocol, "bind message has %d parameter formats but %d parameters", n, len(m.Parameters))
	case len(m.Parameters) != len(want):
		return nil, types.Errorf(codeProtocol, "bind message supplies %d parameters, but prepared statement \"%s\" requires %d", len(m.Parameters), m.PreparedStatement, len(want))
	}
	values := make([]types.Value, len(want))
	for i, raw := range m.Parameters {
		if raw == nil {
			continue
		}
		var err error
		switch f := formatOf(m.ParameterFormatCodes, i); f {
		case pgproto3.TextFormat:
			values[i], err = textParameter(raw)
		case pgproto3.BinaryFormat:
			values[i], err = readBinary(want[i], raw, i+1)
		default:
			err = unsupportedFormat(f)
		}
		if err != nil {
			return nil, err
		}
	}
	return values, nil
}

// resultFormats checks the formats that a client wants.
func resultFormats(formats []int16, p *engine.Prepared) ([]int16, error) {
	n := 0
	if p != nil {
		n = len(p.Columns())
	}
	if len(formats) > 1 && len(formats) != n {
		return nil, types.Errorf(codeProtocol, "bind message has %d result formats but query has %d columns", len(formats), n)
	}
	for _, f := range formats {
		if f != pgproto3.TextFormat && f != pgproto3.BinaryFormat {
			return nil, unsupportedFormat(f)
		}
	}
	return formats, nil
}

func unsupportedFormat(f int16) error {
	return types.Errorf(types.CodeInvalidParameter, "unsupported format code: %d", f)
}

// describeNamed answers a Describe message. A cursor that DECLARE made is a portal as well.
func (c *conn) describeNamed(object byte, name string) error {
	switch object {
	case 'S':
		if c.empty[name] {
			c.out.send(&pgproto3.ParameterDescription{})
			c.out.send(&pgproto3.NoData{})
			return nil
		}
		p, err := c.session.Prepared(name)
		if err != nil {
			return err
		}
		c.out.send(&pgproto3.ParameterDescription{ParameterOIDs: oidsOf(p.Params())})
		c.describeOrNot(p.Columns(), nil)
	case 'P':
		if p := c.portals[name]; p == nil {
			columns, ok := c.session.CursorColumns(name)
			if !ok {
				return noPortal(name)
			}
			c.describeOrNot(columns, nil)
		} else if p.prepared == nil {
			c.out.send(&pgproto3.NoData{})
		} else {
			c.describeOrNot(p.prepared.Columns(), p.formats)
		}
	default:
		return types.Errorf(codeProtocol, "invalid DESCRIBE message subtype %d", object)
	}
	return nil
}

func (c *conn) describeOrNot(columns []types.Column, formats []int16) {
	if columns == nil {
		c.out.send(&pgproto3.NoData{})
		return
	}
	c.describe(columns, formats)
}

func noPortal(name string) error {
	return types.Errorf(codeNoPortal, "portal \"%s\" does not exist", name)
}

// execute answers an Execute message.
func (c *conn) execute(m *pgproto3.Execute) (script text, err error) {
	p := c.portals[m.Portal]
	switch {
	case p == nil:
		return script, noPortal(m.Portal)
	case p.prepared == nil:
		c.out.send(&pgproto3.EmptyQueryResponse{})
		return script, nil
	}
	script = textOf(p.prepared)
	before := c.session.TxStatus()
	columns := p.prepared.Columns()
	if p.ended {
		if columns == nil {
			return script, types.Errorf(types.CodeNotReady, "portal \"%s\" cannot be run", m.Portal)
		}
		c.complete(countTag("SELECT 0", 0), before)
		return script, nil
	}
	if p.rows == nil {
		if err := c.start(p); err != nil {
			p.close()
			return script, err
		}
		if p.rows.Copy() != nil {
			err := c.copyPortal(p)
			p.close()
			return script, err
		}
		if (columns == nil) != (p.rows.Columns() == nil) || columns != nil && !sameTypes(columns, p.rows.Columns()) {
			p.close()
			return script, types.Errorf(types.CodeNotSupported, "cached plan must not change result type").WithHint("prepare the statement again")
		}
	}
	n := uint32(0)
	c.during(p.cancel, true, func() {
		defer c.rescue(&err)
		n, err = c.deliver(p.rows, columns, p.formats, m.MaxRows)
	})
	switch {
	case err != nil:
		p.close()
		return script, err
	case m.MaxRows > 0 && n == m.MaxRows:
		c.sayNotices()
		c.out.send(&pgproto3.PortalSuspended{})
	default:
		tag := countTag(p.rows.Tag(), n)
		p.close()
		c.complete(tag, before)
	}
	return script, nil
}

// start runs a portal's statement for the first time.
func (c *conn) start(p *portal) (err error) {
	p.ctx, p.cancel = context.WithCancelCause(c.ctx)
	c.during(p.cancel, true, func() {
		defer c.rescue(&err)
		p.rows, err = p.prepared.Query(p.ctx, p.values)
	})
	return err
}

func (c *conn) copyPortal(p *portal) error {
	return c.copy(p.ctx, p.cancel, p.rows)
}

// countTag is the tag of a statement of which this Execute has sent n rows; PostgreSQL counts those, and not the ones before.
func countTag(tag string, n uint32) string {
	for _, verb := range []string{"SELECT ", "FETCH "} {
		if strings.HasPrefix(tag, verb) {
			return verb + itoa(int(n))
		}
	}
	return tag
}

func sameTypes(a, b []types.Column) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].Type.OID() != b[i].Type.OID() {
			return false
		}
	}
	return true
}

// closeNamed answers a Close message; there need be nothing of that name.
func (c *conn) closeNamed(object byte, name string) error {
	switch object {
	case 'S':
		c.forget(name)
	case 'P':
		c.closePortal(name)
	default:
		return types.Errorf(codeProtocol, "invalid CLOSE message subtype %d", object)
	}
	c.out.send(&pgproto3.CloseComplete{})
	return nil
}

func (c *conn) closePortal(name string) {
	if p := c.portals[name]; p != nil {
		p.close()
		delete(c.portals, name)
	}
}
