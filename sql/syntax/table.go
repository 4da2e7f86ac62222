package syntax

// createTable reads TEMP TABLE [IF NOT EXISTS] name (columns) or name [(names)] AS query behind CREATE.
func (p *parser) createTable(start Pos) (Statement, error) {
	p.i++
	if err := p.expect("table"); err != nil {
		return nil, err
	}
	c := &CreateTable{IfNotExists: p.accept("if not exists")}
	t, err := p.relation()
	if err != nil {
		return nil, err
	}
	c.Name, c.NamePos = t.text, t.Span
	if p.namesInParens() {
		from := p.tok().Pos
		if c.Names, err = p.names(); err != nil {
			return nil, err
		}
		c.NamesPos = p.from(from)
	}
	if c.Names != nil || p.at("as") {
		return p.tableOf(c, start)
	}
	if !p.at("(") {
		return nil, p.unexpected()
	}
	list := columnList{p: p, index: map[string]int{}, statement: "CREATE TEMP TABLE"}
	if err := list.read(); err != nil {
		return nil, err
	}
	c.Columns, c.Key = list.list, list.key
	if p.at("on commit") || p.at("with (") || p.at("inherits") || p.at("partition by") || p.at("tablespace") {
		return nil, notYet("CREATE TEMP TABLE … "+upper(p.tok().text), p.tok().Span)
	}
	c.Span = p.from(start)
	return c, nil
}

// tableOf reads AS query [WITH [NO] DATA].
func (p *parser) tableOf(c *CreateTable, start Pos) (Statement, error) {
	if err := p.expect("as"); err != nil {
		return nil, err
	}
	if p.at("execute") {
		return nil, notYet("CREATE TEMP TABLE … AS EXECUTE", p.tok().Span)
	}
	var err error
	if c.Query, err = p.query(); err != nil {
		return nil, err
	}
	if c.NoData = p.accept("with no data"); !c.NoData {
		p.accept("with data")
	}
	c.Span = p.from(start)
	return c, nil
}

// namesInParens reports whether names stand here in parentheses, and no columns with their types.
func (p *parser) namesInParens() bool {
	return p.at("(") && (p.peek(2).is(",") || p.peek(2).is(")"))
}

// insert reads INSERT INTO name [(columns)] VALUES …|SELECT ….
func (p *parser) insert(start Pos) (Statement, error) {
	if err := p.expect("into"); err != nil {
		return nil, err
	}
	t, err := p.relation()
	if err != nil {
		return nil, err
	}
	s := &Insert{Table: t.text, TablePos: t.Span}
	if p.at("as") {
		return nil, notYet("an alias in INSERT", p.tok().Span)
	}
	if p.at("(") && !p.queryInParens() {
		from := p.tok().Pos
		if s.Columns, err = p.names(); err != nil {
			return nil, err
		}
		s.ColumnsPos = p.from(from)
	}
	switch {
	case p.at("default values"):
		return nil, notYet("INSERT … DEFAULT VALUES", Span{p.tok().Pos, p.peek(1).End})
	case p.at("overriding"):
		return nil, notYet("INSERT … OVERRIDING", p.tok().Span)
	}
	p.defaults = p.at("values")
	if s.Select, err = p.query(); err != nil {
		return nil, err
	}
	switch {
	case p.at("on conflict"):
		return nil, notYet("INSERT … ON CONFLICT", Span{p.tok().Pos, p.peek(1).End})
	case p.at("returning"):
		return nil, notYet("INSERT … RETURNING", p.tok().Span)
	}
	s.Span = p.from(start)
	return s, nil
}

// queryInParens reports whether the parentheses that stand here hold a query and no names.
func (p *parser) queryInParens() bool {
	n := 1
	for p.peek(n).is("(") {
		n++
	}
	t := p.peek(n)
	return t.is("select") || t.is("values") || t.is("with")
}
