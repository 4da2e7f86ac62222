package pgwire

import (
	wire "encoding/binary"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/asofdb/asof/engine"
	"github.com/asofdb/asof/sql/binary"
	"github.com/asofdb/asof/sql/types"
)

// formatsOf are the formats of rows that nobody asked a format for: text, or binary from a BINARY cursor.
func formatsOf(rows *engine.Rows) []int16 {
	if rows.Binary() {
		return allBinary
	}
	return nil
}

var allBinary = []int16{pgproto3.BinaryFormat}

// formatOf is the format of column i: formats are none for text, one for all columns, or one for each.
func formatOf(formats []int16, i int) int16 {
	switch len(formats) {
	case 0:
		return pgproto3.TextFormat
	case 1:
		return formats[0]
	}
	return formats[i]
}

// describe sends a RowDescription.
func (c *conn) describe(columns []types.Column, formats []int16) {
	m := pgproto3.RowDescription{Fields: make([]pgproto3.FieldDescription, len(columns))}
	for i, col := range columns {
		m.Fields[i] = pgproto3.FieldDescription{
			Name: []byte(clean(col.Name)), DataTypeOID: col.Type.OID(), DataTypeSize: binary.Size(col.Type), TypeModifier: col.Type.Modifier(), Format: formatOf(formats, i),
		}
	}
	c.out.send(&m)
}

// deliver sends rows: all of them, or at most limit; more is false where they have come to their end.
func (c *conn) deliver(rows *engine.Rows, columns []types.Column, formats []int16, limit uint32) (n uint32, err error) {
	zone := rows.Zone()
	for (limit == 0 || n < limit) && rows.Next() {
		if c.out.err != nil {
			return n, c.out.err
		}
		if err := c.row(rows.Values(), columns, formats, zone); err != nil {
			return n, err
		}
		n++
	}
	return n, rows.Err()
}

// row sends a DataRow. One that cannot be sent leaves nothing behind.
func (c *conn) row(values []types.Value, columns []types.Column, formats []int16, zone *time.Location) error {
	o := &c.out
	start := o.begin('D')
	o.buf = wire.BigEndian.AppendUint16(o.buf, uint16(len(values)))
	for i, v := range values {
		o.buf = append(o.buf, 0xff, 0xff, 0xff, 0xff)
		if v.IsNull() {
			continue
		}
		at := len(o.buf)
		if formatOf(formats, i) == pgproto3.TextFormat {
			o.buf = types.AppendTextIn(o.buf, v, zone)
		} else {
			o.buf = binary.Append(o.buf, columns[i].Type, v)
		}
		if len(o.buf)-start > maxRow {
			o.buf = o.buf[:start-1]
			return types.Errorf(types.CodeOutOfMemory, "a row is larger than %d MB", maxRow>>20)
		}
		wire.BigEndian.PutUint32(o.buf[at-4:], uint32(len(o.buf)-at))
	}
	o.end(start)
	return nil
}

// maxRow bounds one row; PostgreSQL's limit is 1 GB.
const maxRow = 256 << 20
