package syntax

// create reads what follows CREATE.
func (p *parser) create(start Pos) (Statement, error) {
	replace, verb := p.accept("or replace"), "CREATE"
	if replace {
		verb = "CREATE OR REPLACE"
	}
	if p.at("local temp") || p.at("local temporary") {
		p.i++
	}
	switch {
	case p.at("temp view"), p.at("temporary view"):
		return p.createView(start, replace)
	case p.at("source") && replace:
		return nil, refused("a source cannot be replaced", Span{start, p.tok().End}, "DROP SOURCE it first; CREATE SOURCE IF NOT EXISTS continues it.")
	case p.accept("source"):
		return p.createSource(start)
	case p.accept("feature"):
		return p.createFeature(start, replace)
	case replace: // nothing else can be
	case p.at("temp table"), p.at("temporary table"):
		return p.createTable(start)
	case p.accept("user"):
		return p.createUser(start)
	case p.accept("secret"):
		return p.createSecret(start, false)
	}
	if err := p.refuseObject(verb); err != nil {
		return nil, err
	}
	return nil, p.unexpected()
}

func (p *parser) createSource(start Pos) (Statement, error) {
	s := &CreateSource{IfNotExists: p.accept("if not exists")}
	t, err := p.relation()
	if err != nil {
		return nil, err
	}
	s.Name, s.NamePos = t.text, t.Span
	if p.at("(") {
		if err := p.columns(s); err != nil {
			return nil, err
		}
	}
	if p.accept("from") {
		if err := p.origin(s); err != nil {
			return nil, err
		}
	}
	if p.accept("with") {
		if s.Options, err = p.options(); err != nil {
			return nil, err
		}
	}
	if p.at("format") {
		if err := p.format(s); err != nil {
			return nil, err
		}
	}
	s.Span = p.from(start)
	s.Text = p.text[s.Pos:s.End]
	return s, nil
}

// origin reads the rest of FROM origin TABLE [schema.]table.
func (p *parser) origin(s *CreateSource) error {
	t, err := p.relation()
	if err != nil {
		return err
	}
	s.Origin = t.text
	if err := p.expect("table"); err != nil {
		return err
	}
	if p.tok().kind == tokString {
		s.Table = p.advance().text
		return nil
	}
	if t, err = p.name(); err != nil {
		return err
	}
	s.Table = t.text
	for p.accept(".") {
		if t, err = p.label(); err != nil {
			return err
		}
		s.Table += "." + t.text
	}
	return nil
}

// format reads FORMAT f ENCODE e [(options)].
func (p *parser) format(s *CreateSource) error {
	start := p.advance().Pos
	f, err := p.oneOf("debezium", "upsert", "plain")
	if err != nil {
		return err
	}
	if err := p.expect("encode"); err != nil {
		return err
	}
	e, err := p.oneOf("json", "avro", "csv", "parquet")
	if err != nil {
		return err
	}
	s.Format, s.Encode = upper(f), upper(e)
	if p.at("(") {
		if s.EncodeOption, err = p.options(); err != nil {
			return err
		}
	}
	s.FormatPos = p.from(start)
	return nil
}

// oneOf reads one of some words.
func (p *parser) oneOf(words ...string) (string, error) {
	for _, w := range words {
		if p.accept(w) {
			return w, nil
		}
	}
	return "", p.unexpected()
}
