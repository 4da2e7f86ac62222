package syntax

import "github.com/asofdb/asof/sql/types"

// copy reads COPY table [(columns)] FROM 'file'|STDIN or COPY table|(query) TO 'file'|STDOUT, with [WITH] (options).
func (p *parser) copy(start Pos) (Statement, error) {
	c := &Copy{}
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
	p.accept("with")
	if p.at("(") {
		if err := p.copyOptions(c); err != nil {
			return nil, err
		}
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
		if !p.at(",") && !p.at(")") {
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
