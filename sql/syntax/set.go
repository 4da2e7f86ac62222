package syntax

import "strings"

// setting reads a setting's name, which may have dots, or TIME ZONE; in lower case.
func (p *parser) setting() (string, error) {
	switch {
	case p.accept("time zone"):
		return "timezone", nil
	case p.accept("transaction isolation level"):
		return "transaction_isolation", nil
	case p.accept("session authorization"):
		return "session_authorization", nil
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
	if p.accept("session characteristics as transaction") {
		return p.setTransaction(start, true)
	}
	s := &Set{}
	if next := p.peek(1); next.isName() && !next.is("to") && !p.at("session authorization") {
		s.Local = p.accept("local")
		if !s.Local {
			p.accept("session")
		}
	}
	if next := p.peek(1); !next.is("=") && !next.is("to") && p.accept("transaction") {
		return p.setTransaction(start, false)
	}
	if p.at("constraints") && p.peek(1).isName() {
		return p.setConstraints(start)
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
	case p.accept("session authorization"):
		s.Name = "session_authorization"
		err = p.settingValue(s)
	case p.at("role") && !p.peek(1).is("=") && !p.peek(1).is("to"):
		p.i++
		s.Name = "role"
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

// setConstraints reads SET CONSTRAINTS ALL|names DEFERRED|IMMEDIATE: no constraint here can be deferred, so it changes nothing.
func (p *parser) setConstraints(start Pos) (Statement, error) {
	p.i++
	for {
		if !p.accept("all") {
			if _, err := p.relation(); err != nil {
				return nil, err
			}
		}
		if !p.accept(",") {
			break
		}
	}
	if _, err := p.oneOf("deferred", "immediate"); err != nil {
		return nil, err
	}
	return &Notify{p.from(start), "SET CONSTRAINTS"}, nil
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
			s.List, s.Value = list, strings.Join(list, ", ")
			return nil
		}
	}
}

// reset reads the setting's name after RESET.
func (p *parser) reset(start Pos) (Statement, error) {
	if p.accept("all") {
		return &Set{Span: p.from(start), Name: "all", Default: true, Reset: true}, nil
	}
	name, err := p.setting()
	if err != nil {
		return nil, err
	}
	return &Set{Span: p.from(start), Name: name, Default: true, Reset: true}, nil
}
