package syntax

type (
	// CreateSecret is CREATE SECRET [IF NOT EXISTS] name AS 'value', or ALTER SECRET name AS 'value'.
	CreateSecret struct {
		Span
		Alter       bool
		IfNotExists bool
		Name        string
		NamePos     Span
		Value       string
	}
	// DropSecret is DROP SECRET [IF EXISTS] name.
	DropSecret struct {
		Span
		IfExists bool
		Name     string
		NamePos  Span
	}
)

// createSecret reads what follows CREATE SECRET or ALTER SECRET.
func (p *parser) createSecret(start Pos, alter bool) (Statement, error) {
	s := &CreateSecret{Alter: alter, IfNotExists: !alter && p.accept("if not exists")}
	t, err := p.name()
	if err != nil {
		return nil, err
	}
	s.Name, s.NamePos = t.text, t.Span
	if err := p.expect("as"); err != nil {
		return nil, err
	}
	if p.tok().kind != tokString {
		return nil, p.unexpected()
	}
	s.Value = p.advance().text
	s.Span = p.from(start)
	return s, nil
}

// dropSecret reads what follows DROP SECRET.
func (p *parser) dropSecret(start Pos) (Statement, error) {
	s := &DropSecret{IfExists: p.accept("if exists")}
	t, err := p.name()
	if err != nil {
		return nil, err
	}
	s.Name, s.NamePos = t.text, t.Span
	s.Span = p.from(start)
	return s, nil
}
