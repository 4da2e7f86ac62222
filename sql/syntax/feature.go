package syntax

// createFeature reads CREATE [OR REPLACE] FEATURE … from the name on.
func (p *parser) createFeature(start Pos, replace bool) (Statement, error) {
	if p.at("set") && p.peek(1).isName() && !p.peek(1).is("as") && !p.peek(1).is("entity") && !p.peek(1).is("with") {
		return nil, notYet("CREATE FEATURE SET", p.tok().Span)
	}
	f := &CreateFeature{OrReplace: replace, IfNotExists: p.accept("if not exists")}
	if replace && f.IfNotExists {
		return nil, refused("OR REPLACE and IF NOT EXISTS contradict each other", p.from(start), "Write one of them.")
	}
	t, err := p.relation()
	if err != nil {
		return nil, err
	}
	f.Name, f.NamePos = t.text, t.Span
	if p.at("windows (") || p.at("shadow of") {
		return nil, notYet("CREATE FEATURE … "+upper(p.tok().text), p.tok().Span)
	}
	if p.at("entity") {
		if err := p.entity(f); err != nil {
			return nil, err
		}
	}
	if p.accept("with") {
		if f.Options, err = p.options(); err != nil {
			return nil, err
		}
	}
	if err := p.expect("as"); err != nil {
		return nil, err
	}
	if f.Select, err = p.query(); err != nil {
		return nil, err
	}
	if set := f.Select.Set; set != nil {
		return nil, notYet(set.Op+" in a feature", set.OpPos)
	}
	f.Span = p.from(start)
	f.Text = p.text[f.Pos:f.End]
	return f, nil
}

// entity reads ENTITY name (columns).
func (p *parser) entity(f *CreateFeature) error {
	start := p.advance().Pos
	t, err := p.name()
	if err != nil {
		return err
	}
	f.Entity = t.text
	if f.EntityKeys, err = p.names(); err != nil {
		return err
	}
	f.EntityPos = p.from(start)
	return nil
}
