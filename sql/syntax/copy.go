package syntax

import "github.com/asofdb/asof/sql/types"

// copy reads COPY table [(columns)] FROM 'file'|STDIN or COPY table|(query) TO 'file'|STDOUT, with [WITH] (options).
func (p *parser) copy(start Pos) (Statement, error) {
	c := &Copy{}
	if t := p.tok(); t.is("binary") && p.peek(1).isName() {
		p.i++
		c.Options = append(c.Options, Option{Span: t.Span, Name: "format", Value: "binary"})
	}
	if err := p.copied(c); err != nil {
		return nil, err
	}
	to := p.tok()
	switch {
	case p.accept("from"):
		c.From = true
		if c.Query != nil {
			return nil, refused("COPY FROM fills a table, not a query", to.Span, "Name a temporary table: COPY labels FROM 'labels.csv'.")
		}
	case p.accept("to"):
	default:
		return nil, p.unexpected()
	}
	if err := p.copyFile(c); err != nil {
		return nil, err
	}
	with := p.accept("with")
	var err error
	if p.at("(") {
		err = p.copyOptions(c)
	} else {
		err = p.oldCopyOptions(c, with)
	}
	if err != nil {
		return nil, err
	}
	if c.From && p.at("where") {
		return nil, notYet("COPY FROM … WHERE", p.tok().Span)
	}
	c.Span = p.from(start)
	return c, nil
}

// copied reads what is copied: a table, its columns, or a query.
func (p *parser) copied(c *Copy) error {
	var err error
	if p.at("(") {
		p.i++
		if p.at("subscribe") {
			return notYet("COPY of SUBSCRIBE", p.tok().Span)
		}
		if c.Query, err = p.query(); err != nil {
			return err
		}
		return p.expect(")")
	}
	t, err := p.relation()
	if err != nil {
		return err
	}
	c.Table, c.TablePos = t.text, t.Span
	if p.at("(") {
		from := p.tok().Pos
		if c.Columns, err = p.names(); err != nil {
			return err
		}
		c.ColumnsPos = p.from(from)
	}
	return nil
}

// copyFile reads the name of the file, STDIN or STDOUT.
func (p *parser) copyFile(c *Copy) error {
	t := p.tok()
	c.PathPos = t.Span
	switch {
	case t.kind == tokString:
		p.i++
		c.Path = t.text
		return nil
	case c.From && p.accept("stdin"), !c.From && p.accept("stdout"):
		c.Std = true
		return nil
	case p.at("program"):
		return refused("COPY … PROGRAM is not part of asof's language", t.Span, "Write to a file, or to STDOUT and pipe it.")
	}
	return p.unexpected()
}

// copyOptions reads (name [value], …).
func (p *parser) copyOptions(c *Copy) error {
	p.i++
	seen := map[string]bool{}
	for {
		name, err := p.label()
		if err != nil {
			return err
		}
		if seen[name.text] {
			return types.Errorf(types.CodeSyntax, "option %q specified more than once", name.text).At(int(name.Pos), int(name.End-name.Pos))
		}
		seen[name.text] = true
		o := Option{Name: name.text}
		switch {
		case p.at(","), p.at(")"):
		case p.accept("*"):
			o.Value, o.List = "*", []string{"*"}
		case p.at("("):
			from := p.tok().Pos
			if o.List, err = p.names(); err != nil {
				return err
			}
			o.Value = p.written(&token{Span: p.from(from)})
		default:
			o.Quoted = p.tok().kind == tokString
			if o.Value, err = p.value(); err != nil {
				return err
			}
		}
		o.Span = p.from(name.Pos)
		c.Options = append(c.Options, o)
		if !p.accept(",") {
			return p.expect(")")
		}
	}
}

// oldCopyOptions reads the options as they were written before PostgreSQL 9: [WITH] BINARY, CSV HEADER QUOTE '"', DELIMITER AS ',', NULL AS ”.
func (p *parser) oldCopyOptions(c *Copy, with bool) error {
	seen := map[string]bool{}
	for n := 0; ; n++ {
		start := p.tok().Pos
		o := Option{}
		var err error
		text := func() {
			p.accept("as")
			if t := p.tok(); t.kind != tokString {
				err = p.unexpected()
			} else {
				o.Value, o.Quoted = p.advance().text, true
			}
		}
		list := func(name string) {
			o.Name = name
			if p.accept("*") {
				o.Value, o.List = "*", []string{"*"}
				return
			}
			for {
				t, nameErr := p.name()
				if nameErr != nil {
					err = nameErr
					return
				}
				o.List = append(o.List, t.text)
				if !p.accept(",") {
					return
				}
			}
		}
		switch {
		case p.accept("binary"), p.accept("csv"):
			o.Name, o.Value = "format", p.toks[p.i-1].text
		case p.accept("delimiter"), p.accept("delimiters"):
			o.Name = "delimiter"
			text()
		case p.accept("using delimiters"):
			o.Name = "delimiter"
			text()
		case p.accept("null"):
			o.Name = "null"
			text()
		case p.accept("header"):
			o.Name, o.Value = "header", "true"
		case p.accept("freeze"):
			o.Name, o.Value = "freeze", "true"
		case p.accept("quote"):
			o.Name = "quote"
			text()
		case p.accept("escape"):
			o.Name = "escape"
			text()
		case p.accept("encoding"):
			o.Name = "encoding"
			text()
		case p.accept("force quote"):
			list("force_quote")
		case p.accept("force not null"):
			list("force_not_null")
		case p.accept("force null"):
			list("force_null")
		case with && n == 0:
			return p.unexpected()
		default:
			return nil
		}
		if err != nil {
			return err
		}
		o.Span = p.from(start)
		if seen[o.Name] {
			return types.Errorf(types.CodeSyntax, "conflicting or redundant options").At(int(o.Pos), int(o.End-o.Pos))
		}
		seen[o.Name] = true
		c.Options = append(c.Options, o)
	}
}
