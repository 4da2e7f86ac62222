package syntax

// declare reads what follows DECLARE: name [BINARY] [ASENSITIVE|INSENSITIVE] [[NO] SCROLL] CURSOR [WITH|WITHOUT HOLD] FOR query.
func (p *parser) declare(start Pos) (Statement, error) {
	name, err := p.name()
	if err != nil {
		return nil, err
	}
	d := &DeclareCursor{Name: name.text, NamePos: name.Span}
	for !p.accept("cursor") {
		switch {
		case p.accept("binary"):
			d.Binary = true
		case p.accept("insensitive"), p.accept("asensitive"):
		case p.accept("no scroll"):
			d.NoScroll = true
		case p.accept("scroll"):
			d.Scroll = true
		default:
			return nil, p.unexpected()
		}
	}
	if d.Hold = p.accept("with hold"); !d.Hold {
		p.accept("without hold")
	}
	if err := p.expect("for"); err != nil {
		return nil, err
	}
	if d.Query, err = p.query(); err != nil {
		return nil, err
	}
	d.Span = p.from(start)
	return d, nil
}

// fetchCursor reads what follows FETCH or MOVE: [direction [FROM|IN]] name.
func (p *parser) fetchCursor(start Pos, move bool) (Statement, error) {
	f := &Fetch{Move: move, How: "FORWARD", Count: 1}
	if err := p.direction(f); err != nil {
		return nil, err
	}
	if !p.accept("from") {
		p.accept("in")
	}
	name, err := p.name()
	if err != nil {
		return nil, err
	}
	f.Name, f.NamePos = name.text, name.Span
	f.Span = p.from(start)
	return f, nil
}

// direction reads where a cursor goes. A word of a direction that stands alone is the cursor's name.
func (p *parser) direction(f *Fetch) (err error) {
	t := p.tok()
	if t.kind == tokQuoted || t.kind == tokWord && p.peek(1).kind == tokEOF {
		return nil
	}
	switch {
	case p.accept("next"):
	case p.accept("prior"):
		f.How = "BACKWARD"
	case p.accept("first"):
		f.How = "ABSOLUTE"
	case p.accept("last"):
		f.How, f.Count = "ABSOLUTE", -1
	case p.accept("absolute"):
		f.How = "ABSOLUTE"
		f.Count, err = p.wholeNumber()
	case p.accept("relative"):
		f.How = "RELATIVE"
		f.Count, err = p.wholeNumber()
	case p.accept("all"):
		f.Count = FetchAll
	case p.accept("forward"):
		err = p.count(f)
	case p.accept("backward"):
		f.How = "BACKWARD"
		err = p.count(f)
	case t.kind == tokNumber, p.at("-"), p.at("+"):
		f.Count, err = p.wholeNumber()
	}
	return err
}

// count reads how many rows FORWARD or BACKWARD goes: a number, ALL, or 1 where nothing is said.
func (p *parser) count(f *Fetch) (err error) {
	switch t := p.tok(); {
	case p.accept("all"):
		f.Count = FetchAll
	case t.kind == tokNumber, p.at("-"), p.at("+"):
		f.Count, err = p.wholeNumber()
	}
	return err
}

// closeCursor reads what follows CLOSE: name|ALL.
func (p *parser) closeCursor(start Pos) (Statement, error) {
	c := &CloseCursor{}
	if !p.accept("all") {
		name, err := p.name()
		if err != nil {
			return nil, err
		}
		c.Name, c.NamePos = name.text, name.Span
	}
	c.Span = p.from(start)
	return c, nil
}
