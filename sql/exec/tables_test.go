package exec

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
)

// content is a table that both sides have: its columns, and its rows as texts, "" for NULL.
type content struct {
	relationShape
	key  bool // the first column is the primary key
	rows [][]string
}

// baseTables are those that statements written by hand speak of.
var baseTables = []relationShape{
	{"r", []shape{{"", "k", "int4"}, {"", "g", "int2"}, {"", "n", "numeric"}, {"", "s", "text"}, {"", "b", "bool"}, {"", "d", "date"}}},
	{"t", []shape{{"", "k", "int4"}, {"", "g", "int8"}, {"", "s", "varchar"}, {"", "z", "timestamptz"}, {"", "f", "float8"}, {"", "u", "uuid"}}},
	{"w", []shape{{"", "k", "int8"}, {"", "n", "numeric"}, {"", "s", "text"}, {"", "c", "char"}, {"", "i", "interval"}, {"", "y", "bytea"}, {"", "a", "ints"}}},
	{"e", []shape{{"", "k", "int4"}, {"", "s", "text"}, {"", "m", "time"}, {"", "z", "timestamp"}}},
}

var sqlTypes = map[string]string{
	"int2": "SMALLINT", "int4": "INTEGER", "int8": "BIGINT", "numeric": "NUMERIC(8,2)", "float4": "REAL", "float8": "DOUBLE PRECISION", "text": "TEXT", "varchar": "VARCHAR(3)",
	"char": "CHAR(2)", "bool": "BOOLEAN", "date": "DATE", "time": "TIME", "timestamp": "TIMESTAMP", "timestamptz": "TIMESTAMPTZ", "interval": "INTERVAL",
	"uuid": "UUID", "bytea": "BYTEA", "ints": "INTEGER[]",
}

// fillTables fills baseTables on both sides.
func (g *queryMaker) fillTables(t *testing.T, conn *pgconn.PgConn, db *database) {
	g.tables = nil
	for _, rel := range baseTables {
		g.tables = append(g.tables, g.content(rel, false))
	}
	for _, c := range g.tables {
		if err := c.make(conn, db); err != nil {
			t.Fatal(err)
		}
	}
}

// randomTables makes new tables: of columns k, a whole number that may be the primary key, and s, a text, and some of any kind.
func (g *queryMaker) randomTables() {
	g.tables = nil
	for _, name := range []string{"r", "t", "w", "e"} {
		rel := relationShape{name, []shape{{"", "k", g.pick("int2", "int4", "int4", "int8")}, {"", "s", g.pick("text", "text", "varchar")}}}
		for i := range 2 + g.IntN(5) {
			rel.columns = append(rel.columns, shape{"", string(rune('a' + i)), kinds[g.IntN(len(kinds))]})
		}
		g.tables = append(g.tables, g.content(rel, g.chance(3)))
	}
}

// content makes the rows of a table.
func (g *queryMaker) content(rel relationShape, key bool) *content {
	c := &content{relationShape: rel, key: key}
	n := 3 + g.IntN(8)
	if rel.name == "e" && g.chance(2) {
		n = 0
	}
	for k := range n {
		var row []string
		for i, column := range rel.columns {
			v := ""
			switch {
			case key && i == 0:
				v = fmt.Sprint(k - 1)
			case !g.chance(5):
				v = g.text(column.kind)
			}
			row = append(row, v)
		}
		c.rows = append(c.rows, row)
	}
	return c
}

// make makes the table on both sides, in place of the one that there is.
func (c *content) make(conn *pgconn.PgConn, db *database) error {
	if _, err := conn.Exec(context.Background(), "DROP TABLE IF EXISTS "+c.name+"; "+c.String()).ReadAll(); err != nil {
		return fmt.Errorf("%s: %w", c, err)
	}
	if err := db.create("CREATE SOURCE " + c.name + " (" + c.declared("") + ") WITH (connector = 'file', path = 'x') FORMAT DEBEZIUM ENCODE JSON"); err != nil {
		return err
	}
	delete(db.rows, c.name)
	for _, row := range c.rows {
		if err := db.insert(c.name, row); err != nil {
			return err
		}
	}
	return nil
}

// declared are the table's columns, text with a collation.
func (c *content) declared(collate string) string {
	var out []string
	for i, column := range c.columns {
		text := column.name + " " + sqlTypes[column.kind]
		if column.kind == "text" || column.kind == "varchar" || column.kind == "char" {
			text += collate
		}
		if c.key && i == 0 {
			text += " PRIMARY KEY"
		}
		out = append(out, text)
	}
	return strings.Join(out, ", ")
}

// String is the table as statements for PostgreSQL.
func (c *content) String() string {
	text := "CREATE TEMP TABLE " + c.name + " (" + c.declared(` COLLATE "C"`) + ");"
	var rows []string
	for _, row := range c.rows {
		quoted := make([]string, len(row))
		for i, v := range row {
			if quoted[i] = "'" + v + "'"; v == "" {
				quoted[i] = "NULL"
			}
		}
		rows = append(rows, "("+strings.Join(quoted, ", ")+")")
	}
	if len(rows) > 0 {
		text += " INSERT INTO " + c.name + " VALUES " + strings.Join(rows, ", ") + ";"
	}
	return text
}

// shrinkTables leaves away what rows, columns and values it can while bad holds, which makes the tables anew from what they hold.
func shrinkTables(tables []*content, bad func() bool) {
	for _, c := range tables {
		for i := len(c.rows) - 1; i >= 0; i-- {
			before := c.rows
			c.rows = slices.Delete(slices.Clone(before), i, i+1)
			if !bad() {
				c.rows = before
			}
		}
		for j := len(c.columns) - 1; j >= 0 && len(c.columns) > 1; j-- {
			if before := *c; !c.key || j > 0 {
				if c.leaveAway(j); !bad() {
					*c = before
				}
			}
		}
		for _, row := range c.rows {
			for j, v := range row {
				if v == "" || c.key && j == 0 {
					continue
				}
				if row[j] = ""; !bad() {
					row[j] = v
				}
			}
		}
	}
}

// leaveAway leaves away a column, in copies of columns and rows.
func (c *content) leaveAway(j int) {
	c.columns = slices.Delete(slices.Clone(c.columns), j, j+1)
	c.rows = slices.Clone(c.rows)
	for i, row := range c.rows {
		c.rows[i] = slices.Delete(slices.Clone(row), j, j+1)
	}
}

// TestShrunkTables: what is left is what the fault needs.
func TestShrunkTables(t *testing.T) {
	c := &content{relationShape: relationShape{"r", []shape{{"", "k", "int4"}, {"", "s", "text"}, {"", "a", "date"}}}, key: true}
	c.rows = [][]string{{"1", "a", "2025-01-01"}, {"2", "b", "2025-01-02"}, {"3", "", "2025-01-03"}}
	shrinkTables([]*content{c}, func() bool {
		return len(c.columns) > 1 && c.columns[1].name == "s" && slices.ContainsFunc(c.rows, func(row []string) bool { return row[1] == "b" })
	})
	if got, want := c.String(), `CREATE TEMP TABLE r (k INTEGER PRIMARY KEY, s TEXT COLLATE "C"); INSERT INTO r VALUES ('2', 'b');`; got != want {
		t.Errorf("left is %s", got)
	}
}
