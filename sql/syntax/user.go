package syntax

type (
	// CreateUser is CREATE USER [IF NOT EXISTS] name [WITH] options.
	CreateUser struct {
		Span
		IfNotExists bool
		Name        string
		NamePos     Span
		UserOptions
	}
	// AlterUser is ALTER USER name [WITH] options.
	AlterUser struct {
		Span
		Name    string
		NamePos Span
		UserOptions
	}
	// DropUser is DROP USER [IF EXISTS] name.
	DropUser struct {
		Span
		IfExists bool
		Name     string
		NamePos  Span
	}
	// UserOptions are [ENCRYPTED] PASSWORD 'text' and [NO]SUPERUSER. Password is nil, and Admin too, where it was not written.
	UserOptions struct {
		Password *string
		Admin    *bool
	}
	// Grant is GRANT SELECT ON relations TO users, GRANT SELECT ON ALL kind IN SCHEMA public TO users, GRANT CREATE ON SCHEMA public TO users, or
	// REVOKE … FROM users.
	Grant struct {
		Span
		Revoke    bool
		Create    bool    // the right to define; else SELECT
		All       string  // SOURCES, FEATURES or TABLES (both): of everything that there is now
		Relations []Named // else of these
		Users     []Named
	}
	// Named is a name and its place.
	Named struct {
		Span
		Name string
	}
)

// createUser reads what follows CREATE USER.
func (p *parser) createUser(start Pos) (Statement, error) {
	s := &CreateUser{IfNotExists: p.accept("if not exists")}
	t, err := p.name()
	if err != nil {
		return nil, err
	}
	s.Name, s.NamePos = t.text, t.Span
	if s.UserOptions, err = p.userOptions(); err != nil {
		return nil, err
	}
	if s.Password == nil {
		return nil, refused("a user needs a password", t.Span, "CREATE USER "+QuoteIdent(t.text)+" PASSWORD '…'")
	}
	s.Span = p.from(start)
	return s, nil
}

// alterUser reads what follows ALTER USER.
func (p *parser) alterUser(start Pos) (Statement, error) {
	t, err := p.name()
	if err != nil {
		return nil, err
	}
	s := &AlterUser{Name: t.text, NamePos: t.Span}
	if s.UserOptions, err = p.userOptions(); err != nil {
		return nil, err
	}
	if s.UserOptions == (UserOptions{}) {
		return nil, p.unexpected()
	}
	s.Span = p.from(start)
	return s, nil
}

// dropUser reads what follows DROP USER.
func (p *parser) dropUser(start Pos) (Statement, error) {
	s := &DropUser{IfExists: p.accept("if exists")}
	t, err := p.name()
	if err != nil {
		return nil, err
	}
	s.Name, s.NamePos = t.text, t.Span
	s.Span = p.from(start)
	return s, nil
}

func (p *parser) userOptions() (o UserOptions, err error) {
	p.accept("with")
	for {
		switch {
		case p.accept("encrypted password"), p.accept("password"):
			t := p.tok()
			if t.kind != tokString {
				return o, p.unexpected()
			}
			o.Password = &p.advance().text
		case p.accept("superuser"):
			yes := true
			o.Admin = &yes
		case p.accept("nosuperuser"):
			no := false
			o.Admin = &no
		case p.accept("login"): // every user may
		case p.at("createdb"), p.at("createrole"), p.at("valid until"), p.at("connection limit"), p.at("in role"), p.at("inherit"), p.at("nologin"), p.at("replication"):
			return o, notYet("the user option "+upper(p.tok().text), p.tok().Span)
		default:
			return o, nil
		}
	}
}

// grant reads what follows GRANT or REVOKE.
func (p *parser) grant(start Pos, revoke bool) (Statement, error) {
	s := &Grant{Revoke: revoke}
	switch {
	case p.accept("select"), p.accept("all privileges"), p.accept("all"):
	case p.accept("create"):
		s.Create = true
	case p.at("insert"), p.at("update"), p.at("delete"), p.at("truncate"), p.at("references"), p.at("trigger"), p.at("usage"), p.at("execute"), p.at("connect"):
		return nil, refused(upper(p.tok().text)+" is no right that asof has", p.tok().Span, "Rights are SELECT ON a feature or source, and CREATE ON SCHEMA public.")
	default:
		return nil, p.unexpected()
	}
	if err := p.expect("on"); err != nil {
		return nil, err
	}
	if err := p.granted(s); err != nil {
		return nil, err
	}
	to := "to"
	if revoke {
		to = "from"
	}
	if err := p.expect(to); err != nil {
		return nil, err
	}
	for {
		if p.at("public") {
			return nil, notYet("rights of PUBLIC", p.tok().Span).WithHint("Name the users.")
		}
		t, err := p.name()
		if err != nil {
			return nil, err
		}
		s.Users = append(s.Users, Named{t.Span, t.text})
		if !p.accept(",") {
			break
		}
	}
	if p.at("with grant option") {
		return nil, notYet("WITH GRANT OPTION", p.tok().Span).WithHint("Only admins grant.")
	}
	s.Span = p.from(start)
	return s, nil
}

// granted reads what a right is on.
func (p *parser) granted(s *Grant) error {
	if s.Create {
		if p.accept("database") {
			_, err := p.name()
			return err
		}
		return p.expect("schema public")
	}
	if p.accept("all") {
		for _, kind := range []string{"sources", "features", "tables"} {
			if p.accept(kind) {
				s.All = upper(kind)
				return p.expect("in schema public")
			}
		}
		return p.unexpected()
	}
	if (p.at("table") || p.at("feature") || p.at("source")) && p.peek(1).isName() {
		p.i++
	}
	for {
		t, err := p.relation()
		if err != nil {
			return err
		}
		s.Relations = append(s.Relations, Named{t.Span, t.text})
		if !p.accept(",") {
			return nil
		}
	}
}
