package syntax

// shown are the lists that SHOW prints.
var shown = []string{"tables", "sources", "features", "freshness", "storage", "rejects", "users", "secrets"}

// show reads what follows SHOW.
func (p *parser) show(start Pos) (Statement, error) {
	if p.at("feature sets") {
		return nil, notYet("SHOW FEATURE SETS", Span{p.tok().Pos, p.peek(1).End})
	}
	if p.accept("create") {
		return p.showCreate(start)
	}
	for _, what := range shown {
		if p.accept(what) {
			return p.showList(start, what)
		}
	}
	if t := p.tok(); (t.is("databases") || t.is("schemas") || t.is("views")) && p.peek(1).kind == tokEOF {
		return nil, refused("SHOW "+upper(t.text)+" is not part of asof's language", t.Span, "Write SHOW TABLES, SHOW SOURCES or SHOW FEATURES.")
	}
	if p.accept("all") {
		return &Show{p.from(start), "all", "all"}, nil
	}
	name, err := p.setting()
	if err != nil {
		return nil, err
	}
	return &Show{p.from(start), name, name}, nil
}

func (p *parser) showList(start Pos, what string) (Statement, error) {
	s := &Show{What: upper(what)}
	if what == "rejects" && p.accept("for") {
		t, err := p.relation()
		if err != nil {
			return nil, err
		}
		s.Name = t.text
	}
	s.Span = p.from(start)
	return s, nil
}

// showCreate reads FEATURE|SOURCE name [EXPANDED].
func (p *parser) showCreate(start Pos) (Statement, error) {
	s := &ShowCreate{}
	switch {
	case p.accept("feature"):
		s.Object = "FEATURE"
	case p.accept("source"):
		s.Object = "SOURCE"
	default:
		return nil, p.unexpected()
	}
	t, err := p.relation()
	if err != nil {
		return nil, err
	}
	s.Name, s.NamePos = t.text, t.Span
	s.Expanded = p.accept("expanded")
	s.Span = p.from(start)
	return s, nil
}
