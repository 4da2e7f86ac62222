package syntax

import (
	"github.com/asofdb/asof/sql/types"
)

// columnList collects the columns of a CREATE SOURCE or CREATE TEMP TABLE and the key.
type columnList struct {
	p         *parser
	statement string         // for errors
	index     map[string]int // column name to its place in the list
	list      []ColumnDef
	key       []string
	keyPos    Span
}

// columns reads the columns of a source.
func (p *parser) columns(s *CreateSource) error {
	c := columnList{p: p, index: map[string]int{}, statement: "CREATE SOURCE"}
	if err := c.read(); err != nil {
		return err
	}
	s.Columns, s.Key = c.list, c.key
	return nil
}

// read reads (name type [NOT NULL] [PRIMARY KEY], …, [PRIMARY KEY (…)]). The key's columns are NOT NULL, said or not.
func (c *columnList) read() error {
	p := c.p
	p.i++
	for {
		var err error
		if p.at("constraint") || p.at("primary key") || p.at("unique") || p.at("check") || p.at("foreign key") || p.at("like") || p.at("exclude using") {
			err = c.tableConstraint()
		} else {
			err = c.column()
		}
		if err != nil {
			return err
		}
		if !p.accept(",") {
			break
		}
	}
	if err := p.expect(")"); err != nil {
		return err
	}
	for _, name := range c.key {
		i, ok := c.index[name]
		if !ok {
			return types.Errorf(types.CodeUndefinedColumn, "column %q named in key does not exist", name).
				At(int(c.keyPos.Pos), int(c.keyPos.End-c.keyPos.Pos))
		}
		c.list[i].NotNull = true
	}
	return nil
}

// tableConstraint reads [CONSTRAINT name] PRIMARY KEY (…) and refuses all others.
func (c *columnList) tableConstraint() error {
	p := c.p
	if p.accept("constraint") {
		if _, err := p.name(); err != nil {
			return err
		}
	}
	start := p.tok().Pos
	if !p.accept("primary key") {
		return c.refuseConstraint()
	}
	list, err := p.names()
	if err != nil {
		return err
	}
	return c.setKey(list, p.from(start))
}

func (c *columnList) setKey(names []string, at Span) error {
	if c.key != nil {
		return types.Errorf(types.CodeInvalidTableDef, "multiple primary keys for one table are not allowed").
			At(int(at.Pos), int(at.End-at.Pos)).WithHint("A key of several columns is written behind them: PRIMARY KEY (a, b).")
	}
	c.key, c.keyPos = names, at
	return nil
}

func (c *columnList) column() error {
	p := c.p
	name, err := p.name()
	if err != nil {
		return err
	}
	if _, double := c.index[name.text]; double {
		return types.Errorf(types.CodeDuplicateColumn, "column %q specified more than once", name.text).At(int(name.Pos), int(name.End-name.Pos))
	}
	def := ColumnDef{Name: name.text}
	start := p.tok().Pos
	if def.Type, err = p.typeName(); err != nil {
		return err
	}
	if a := def.Type.Alias; a != types.NoAlias {
		at := p.from(start)
		return types.Errorf(types.CodeNotSupported, "type %s is not supported", def.Type).At(int(at.Pos), int(at.End-at.Pos)).
			WithHint("Declare the column as %s.", a.Kind())
	}
	for !p.at(",") && !p.at(")") {
		start := p.tok().Pos
		switch {
		case p.accept("not null"):
			def.NotNull = true
		case p.at("null"):
			p.i++
		case p.accept("primary key"):
			def.PrimaryKey = true
			if err := c.setKey([]string{def.Name}, p.from(start)); err != nil {
				return err
			}
		default:
			return c.refuseConstraint()
		}
	}
	def.Span = p.from(name.Pos)
	c.index[def.Name] = len(c.list)
	c.list = append(c.list, def)
	return nil
}

// refuseConstraint refuses what a table of PostgreSQL's may have and a source or temporary table has not.
func (c *columnList) refuseConstraint() error {
	t := c.p.tok()
	switch t.text {
	case "default", "unique", "check", "references", "foreign", "generated", "collate", "exclude", "like", "constraint":
		hint := "Leave it out: NOT NULL and PRIMARY KEY are all that is said here."
		if c.statement == "CREATE SOURCE" {
			hint = "Leave it out: the rows are the connector's, and the database they come from has checked them. NOT NULL and PRIMARY KEY are all that is said here."
		}
		return refused(upper(t.text)+" is not part of "+c.statement, t.Span, hint)
	}
	return c.p.unexpected()
}
