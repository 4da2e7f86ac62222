package syntax

// createView reads TEMP VIEW name [(names)] AS query behind CREATE or CREATE OR REPLACE.
func (p *parser) createView(start Pos, replace bool) (Statement, error) {
	p.i++
	if err := p.expect("view"); err != nil {
		return nil, err
	}
	t, err := p.relation()
	if err != nil {
		return nil, err
	}
	v := &CreateView{Replace: replace, Name: t.text, NamePos: t.Span}
	if p.at("(") {
		from := p.tok().Pos
		if v.Names, err = p.names(); err != nil {
			return nil, err
		}
		v.NamesPos = p.from(from)
	}
	if p.at("with (") {
		return nil, notYet("CREATE TEMP VIEW … WITH", p.tok().Span)
	}
	if err := p.expect("as"); err != nil {
		return nil, err
	}
	if v.Query, err = p.query(); err != nil {
		return nil, err
	}
	if p.at("with") {
		return nil, notYet("CREATE TEMP VIEW … WITH CHECK OPTION", p.tok().Span)
	}
	v.Span = p.from(start)
	return v, nil
}
