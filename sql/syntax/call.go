package syntax

// call reads the parentheses behind a function's name and what may follow them. start is where the name, with its schema, begins.
func (p *parser) call(name *token, start Pos) (operand, error) {
	c := &Call{Name: name.text, NamePos: name.Span}
	p.i++
	text, parts, err := p.arguments(c)
	if err != nil {
		return operand{}, err
	}
	if err := p.expect(")"); err != nil {
		return operand{}, err
	}
	if p.at("within group") {
		return operand{}, notYet("WITHIN GROUP", Span{p.tok().Pos, p.peek(1).End})
	}
	if p.at("filter (") {
		x, err := p.filter()
		if err != nil {
			return operand{}, err
		}
		parts = append(parts, x)
		text += separator(text) + "`filter`(" + x.text + ")"
	}
	if p.at("over") && (p.peek(1).is("(") || p.peek(1).isName()) {
		if c.Over, err = p.over(); err != nil {
			return operand{}, err
		}
	}
	if p.at("by") && p.peek(1).isName() && !p.peek(1).is("from") {
		return operand{}, notYet("an aggregate BY category", p.tok().Span)
	}
	c.Span = p.from(start)
	return p.wrap(c, text, parts...)
}

// separator is the comma between what is in text and what comes.
func separator(text string) string {
	if text == "" {
		return ""
	}
	return ","
}

// arguments reads *, or [DISTINCT|ALL] x, … [ORDER BY …], up to the parenthesis.
func (p *parser) arguments(c *Call) (text string, parts []operand, err error) {
	switch {
	case p.at(")"):
		return "", nil, nil
	case p.at("*"):
		star := &Star{Span: p.advance().Span}
		o, err := p.wrap(star, "")
		return o.text, []operand{o}, err
	case p.at("variadic"):
		return "", nil, notYet("VARIADIC", p.tok().Span)
	}
	if c.Distinct = p.accept("distinct"); !c.Distinct {
		p.accept("all")
	}
	for {
		if p.tok().isName() && (p.peek(1).is("=>") || p.peek(1).is(":=")) {
			return "", nil, notYet("arguments by name", p.from(p.tok().Pos))
		}
		x, err := p.expr()
		if err != nil {
			return "", nil, err
		}
		parts = append(parts, x)
		if !p.accept(",") {
			break
		}
	}
	text = p.list(parts)
	if p.at("order") {
		items, ops, err := p.orderBy()
		if err != nil {
			return "", nil, err
		}
		c.OrderBy = items
		for _, o := range ops {
			text += ",`order`(" + o.text + ")"
		}
		parts = append(parts, ops...)
	}
	if c.Distinct {
		text = "distinct " + text
	}
	return text, parts, nil
}

// filter reads FILTER (WHERE x).
func (p *parser) filter() (operand, error) {
	p.i += 2
	if !p.accept("where") {
		return operand{}, p.unexpected().WithHint("Write FILTER (WHERE condition).")
	}
	x, err := p.expr()
	if err != nil {
		return operand{}, err
	}
	return x, p.expect(")")
}

// over passes OVER name or OVER (…). Whoever binds the call refuses it; here only the extent matters.
func (p *parser) over() (*Span, error) {
	start := p.advance().Pos
	depth := 0
	for {
		t := p.tok()
		if t.kind == tokEOF {
			return nil, p.unexpected()
		}
		p.i++
		if t.is("(") {
			depth++
		} else if t.is(")") {
			depth--
		}
		if depth == 0 {
			at := p.from(start)
			return &at, nil
		}
	}
}

// special is a call of a function that PostgreSQL's grammar names, with arguments in its order.
func (p *parser) special(name *token, function string, args ...operand) (operand, error) {
	c := &Call{Span: p.from(name.Pos), Name: function, NamePos: name.Span}
	return p.wrap(c, p.list(args), args...)
}

// extract reads EXTRACT(field FROM x): extract('field', x).
func (p *parser) extract() (operand, error) {
	name := p.advance()
	p.i++
	t := p.tok()
	if t.kind != tokString && (!t.isName() || t.kind == tokWord && reserved[t.text]) {
		return operand{}, p.unexpected()
	}
	p.i++
	field, err := p.wrap(&String{t.Span, t.text}, "")
	if err != nil {
		return operand{}, err
	}
	if err := p.expect("from"); err != nil {
		return operand{}, err
	}
	x, err := p.expr()
	if err != nil {
		return operand{}, err
	}
	if err := p.expect(")"); err != nil {
		return operand{}, err
	}
	return p.special(name, "extract", field, x)
}

// position reads POSITION(part IN x): position(x, part), as PostgreSQL calls it.
func (p *parser) position() (operand, error) {
	name := p.advance()
	p.i++
	part, err := p.climbFrom(precOr, true)
	if err != nil {
		return operand{}, err
	}
	part = p.fit(part)
	if err := p.expect("in"); err != nil {
		return operand{}, err
	}
	x, err := p.climbFrom(precOr, true)
	if err != nil {
		return operand{}, err
	}
	if err := p.expect(")"); err != nil {
		return operand{}, err
	}
	return p.special(name, "position", x, part)
}

// substring reads SUBSTRING(x FROM a [FOR b]), SUBSTRING(x FOR b) and the plain call.
func (p *parser) substring() (operand, error) {
	name := p.advance()
	p.i++
	args, err := p.exprs()
	if err != nil {
		return operand{}, err
	}
	if len(args) == 1 {
		switch {
		case p.accept("from"):
			err = p.more(&args)
			if err == nil && p.accept("for") {
				err = p.more(&args)
			}
		case p.at("for"):
			one, werr := p.wrap(&Number{p.tok().Span, "1"}, "")
			args, err = append(args, one), werr
			p.i++
			if err == nil {
				err = p.more(&args)
			}
		case p.at("similar"):
			err = notYet("SUBSTRING … SIMILAR", p.tok().Span)
		}
	}
	if err != nil {
		return operand{}, err
	}
	if err := p.expect(")"); err != nil {
		return operand{}, err
	}
	return p.special(name, "substring", args...)
}

// more reads another argument.
func (p *parser) more(args *[]operand) error {
	x, err := p.expr()
	*args = append(*args, x)
	return err
}

// trim reads TRIM([BOTH|LEADING|TRAILING] [characters] FROM x), which PostgreSQL calls btrim, ltrim and rtrim (x, characters).
func (p *parser) trim() (operand, error) {
	name := p.advance()
	p.i++
	function := "btrim"
	switch {
	case p.accept("both"):
	case p.accept("leading"):
		function = "ltrim"
	case p.accept("trailing"):
		function = "rtrim"
	}
	var args []operand
	var err error
	if !p.at("from") {
		if args, err = p.exprs(); err != nil {
			return operand{}, err
		}
	}
	if p.accept("from") {
		rest, err := p.exprs()
		if err != nil {
			return operand{}, err
		}
		args = append(rest, args...)
	}
	if err := p.expect(")"); err != nil {
		return operand{}, err
	}
	return p.special(name, function, args...)
}

// overlay reads OVERLAY(x PLACING y FROM a [FOR b]) and the plain call.
func (p *parser) overlay() (operand, error) {
	name := p.advance()
	p.i++
	args, err := p.exprs()
	if err != nil {
		return operand{}, err
	}
	if len(args) == 1 {
		for _, word := range []string{"placing", "from"} {
			if err := p.expect(word); err != nil {
				return operand{}, err
			}
			if err := p.more(&args); err != nil {
				return operand{}, err
			}
		}
		if p.accept("for") {
			if err := p.more(&args); err != nil {
				return operand{}, err
			}
		}
	}
	if err := p.expect(")"); err != nil {
		return operand{}, err
	}
	return p.special(name, "overlay", args...)
}
