package pgwire

import (
	"context"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/asofdb/asof/engine"
)

// simple answers a Query message: a script, of which nothing runs where some of it cannot be parsed.
func (c *conn) simple(script string) {
	c.dropUnnamed()
	whole := text{script: script}
	if err := validUTF8(script); err != nil {
		c.fail(err, whole)
		return
	}
	statements, err := c.session.Split(script)
	if err != nil {
		c.fail(err, whole)
		return
	}
	if len(statements) == 0 {
		c.out.send(&pgproto3.EmptyQueryResponse{})
		return
	}
	for _, st := range statements {
		if err := c.run(st); err != nil {
			c.fail(err, whole)
			return
		}
		if c.out.err != nil {
			return
		}
	}
}

// run runs one statement of a script, with all it has to say.
func (c *conn) run(st engine.Statement) (err error) {
	ctx, cancel := context.WithCancelCause(c.ctx)
	defer cancel(nil)
	var rows *engine.Rows
	before := c.session.TxStatus()
	c.during(cancel, true, func() {
		defer c.rescue(&err)
		rows, err = c.session.Run(ctx, st)
	})
	if err != nil {
		return err
	}
	defer rows.Close()
	if rows.Copy() != nil {
		return c.copy(ctx, cancel, rows)
	}
	columns, formats := rows.Columns(), formatsOf(rows)
	if columns != nil {
		c.describe(columns, formats)
	}
	c.during(cancel, true, func() {
		defer c.rescue(&err)
		_, err = c.deliver(rows, columns, formats, 0)
	})
	if err != nil {
		return err
	}
	c.complete(rows.Tag(), before)
	return nil
}

// complete tells that a statement has ended. One that ended a transaction has ended its portals.
func (c *conn) complete(tag string, before byte) {
	c.sayNotices()
	c.out.send(&pgproto3.CommandComplete{CommandTag: []byte(tag)})
	if before != 'I' && c.session.TxStatus() == 'I' {
		c.closePortals()
	}
}

// dropUnnamed ends the unnamed statement and portal, as the simple protocol does.
func (c *conn) dropUnnamed() {
	c.forget("")
	c.closePortal("")
}
