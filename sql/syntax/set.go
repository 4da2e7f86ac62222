package syntax

import "strings"

// setting reads a setting's name, which may have dots, or TIME ZONE; in lower case.
func (p *parser) setting() (string, error) {
	if p.accept("time zone") {
		return "timezone", nil
	}
	t, err := p.name()
	if err != nil {
		return "", err
	}
	name := t.text
	for p.accept(".") {
		if t, err = p.label(); err != nil {
			return "", err
		}
		name += "." + t.text
	}
	return strings.ToLower(name), nil
}

// set reads what follows SET: [SESSION|LOCAL] name {=|TO} value, TIME ZONE value, NAMES value.
func (p *parser) set(start Pos) (Statement, error) {
	if p.at("transaction") || p.at("session characteristics") || p.at("session authorization") || p.at("role") || p.at("constraints") {
		return nil, notYet("SET "+upper(p.tok().text), p.tok().Span)
	}
	s := &Set{}
	if next := p.peek(1); next.isName() && !next.is("to") {
		s.Local = p.accept("local")
		if !s.Local {
			p.accept("session")
		}
	}
	var err error
	switch {
	case p.accept("time zone"):
		s.Name = "timezone"
		if s.Default = p.accept("local"); s.Default {
			break
		}
		err = p.settingValue(s)
	case p.at("names") && !p.peek(1).is("=") && !p.peek(1).is("to"):
		p.i++
		s.Name = "client_encoding"
		err = p.settingValue(s)
	default:
		if s.Name, err = p.setting(); err != nil {
			return nil, err
		}
		if !p.accept("=") && !p.accept("to") {
			return nil, p.unexpected()
		}
		err = p.settingValue(s)
	}
	if err != nil {
		return nil, err
	}
	s.Span = p.from(start)
	return s, nil
}

// settingValue reads DEFAULT or a list of values, which are joined by commas as PostgreSQL does.
func (p *parser) settingValue(s *Set) error {
	if s.Default = p.accept("default"); s.Default {
		return nil
	}
	var list []string
	for {
		v, err := p.value()
		if err != nil {
			return err
		}
		list = append(list, v)
		if !p.accept(",") {
			s.Value = strings.Join(list, ", ")
			return nil
		}
	}
}

// reset reads the setting's name after RESET.
func (p *parser) reset(start Pos) (Statement, error) {
	if p.accept("all") {
		return &Set{Span: p.from(start), Name: "all", Default: true}, nil
	}
	name, err := p.setting()
	if err != nil {
		return nil, err
	}
	return &Set{Span: p.from(start), Name: name, Default: true}, nil
}
