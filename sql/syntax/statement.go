package syntax

import "github.com/asofdb/asof/sql/types"

// whole reads the one statement that the tokens are.
func (p *parser) whole() (Statement, error) {
	stmt, err := p.statement()
	if err != nil {
		return nil, err
	}
	if p.tok().kind != tokEOF {
		return nil, p.unexpected()
	}
	return stmt, nil
}

func (p *parser) statement() (Statement, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave()
	start := p.tok().Pos
	switch {
	case p.at("select"), p.at("with"), p.at("values"), p.at("("):
		sel, err := p.query()
		if err != nil {
			return nil, err
		}
		return &Query{p.from(start), sel, p.outline()}, nil
	case p.accept("create"):
		return p.create(start)
	case p.accept("insert"):
		return p.insert(start)
	case p.accept("copy"):
		return p.copy(start)
	case p.accept("drop"):
		return p.drop(start)
	case p.accept("alter"):
		return p.alter(start)
	case p.accept("show"):
		return p.show(start)
	case p.accept("describe"), p.accept("desc"):
		return p.describe(start)
	case p.accept("set"):
		return p.set(start)
	case p.accept("reset"):
		return p.reset(start)
	case p.accept("explain"):
		return p.explain(start)
	case p.accept("grant"):
		return p.grant(start, false)
	case p.accept("revoke"):
		return p.grant(start, true)
	case p.accept("verify"):
		return p.verify(start)
	case p.accept("backup"):
		return p.backup(start)
	}
	if do := p.sessionStatement(); do != nil {
		return do(start)
	}
	return nil, p.unknownStatement()
}

// sessionStatement passes the first word of a statement that is about the session, its transaction or its cursors, and returns what reads the rest; nil where
// there is none.
func (p *parser) sessionStatement() func(start Pos) (Statement, error) {
	with := func(read func(Pos, string) (Statement, error), do string) func(Pos) (Statement, error) {
		return func(start Pos) (Statement, error) { return read(start, do) }
	}
	switch {
	case p.accept("begin"):
		return with(p.begin, "BEGIN")
	case p.accept("start transaction"):
		return with(p.begin, "START TRANSACTION")
	case p.accept("commit"), p.accept("end"):
		return with(p.endTransaction, "COMMIT")
	case !p.at("rollback feature") && p.accept("rollback"), p.accept("abort"):
		return with(p.endTransaction, "ROLLBACK")
	case p.accept("savepoint"):
		return func(start Pos) (Statement, error) { return p.savepoint(start, &Transaction{Do: "SAVEPOINT"}) }
	case p.accept("release"):
		if p.at("savepoint") && p.peek(1).isName() {
			p.i++
		}
		return func(start Pos) (Statement, error) { return p.savepoint(start, &Transaction{Do: "RELEASE"}) }
	case p.accept("prepare"):
		return p.prepare
	case p.accept("execute"):
		return p.execute
	case p.accept("deallocate"):
		return p.deallocate
	case p.accept("declare"):
		return p.declare
	case p.accept("fetch"):
		return func(start Pos) (Statement, error) { return p.fetchCursor(start, false) }
	case p.accept("move"):
		return func(start Pos) (Statement, error) { return p.fetchCursor(start, true) }
	case p.accept("close"):
		return p.closeCursor
	case p.accept("discard"):
		return p.discard
	case p.accept("listen"):
		return with(p.notify, "LISTEN")
	case p.accept("unlisten"):
		return with(p.notify, "UNLISTEN")
	case p.accept("notify"):
		return with(p.notify, "NOTIFY")
	}
	return nil
}

// explain reads EXPLAIN [ANALYZE] statement, or EXPLAIN VALUE.
func (p *parser) explain(start Pos) (Statement, error) {
	if p.accept("value") {
		return p.explainValue(start)
	}
	if p.accept("( analyze )") {
		return p.explained(start, true)
	}
	if p.at("(") && p.peek(1).kind == tokWord && !p.peek(1).is("select") && !p.peek(1).is("with") && !p.peek(1).is("values") {
		return nil, notYet("EXPLAIN's option "+p.written(p.peek(1)), p.peek(1).Span).WithHint("Write EXPLAIN or EXPLAIN ANALYZE.")
	}
	return p.explained(start, p.accept("analyze"))
}

func (p *parser) explained(start Pos, analyze bool) (Statement, error) {
	stmt, err := p.statement()
	if err != nil {
		return nil, err
	}
	switch stmt.(type) {
	case *Query, *CreateFeature:
		return &Explain{p.from(start), analyze, stmt}, nil
	}
	at := stmt.Place()
	return nil, refused("there is nothing to explain in this statement", at, "EXPLAIN takes a SELECT or a CREATE FEATURE.")
}

// describe reads DESCRIBE [FEATURE|SOURCE] name.
func (p *parser) describe(start Pos) (Statement, error) {
	if (p.at("feature") || p.at("source")) && p.peek(1).isName() {
		p.i++
	}
	t, err := p.relation()
	if err != nil {
		return nil, err
	}
	return &Describe{p.from(start), t.text, t.Span}, nil
}

// drop reads DROP SOURCE|FEATURE|TABLE|VIEW [IF EXISTS] name [CASCADE|RESTRICT].
func (p *parser) drop(start Pos) (Statement, error) {
	if p.accept("user") {
		return p.dropUser(start)
	}
	if p.accept("secret") {
		return p.dropSecret(start)
	}
	if !p.at("table") && !p.at("view") {
		if err := p.refuseObject("DROP"); err != nil {
			return nil, err
		}
	}
	d := &Drop{}
	switch {
	case p.accept("table"):
		d.Object = "TABLE"
	case p.accept("view"):
		d.Object = "VIEW"
	case p.at("feature set") && p.peek(2).isName() && !p.peek(2).is("cascade") && !p.peek(2).is("restrict"):
		return nil, notYet("DROP FEATURE SET", Span{p.tok().Pos, p.peek(1).End})
	case p.accept("source"):
		d.Object = "SOURCE"
	case p.accept("feature"):
		d.Object = "FEATURE"
	default:
		return nil, p.unexpected()
	}
	d.IfExists = p.accept("if exists")
	t, err := p.relation()
	if err != nil {
		return nil, err
	}
	d.Name, d.NamePos = t.text, t.Span
	if p.at(",") {
		return nil, notYet("several names in one DROP", p.tok().Span)
	}
	if d.Cascade = p.accept("cascade"); !d.Cascade {
		p.accept("restrict")
	}
	d.Span = p.from(start)
	return d, nil
}

// alter reads ALTER SOURCE name PAUSE|RESUME|SET (…).
func (p *parser) alter(start Pos) (Statement, error) {
	if p.at("feature") || p.at("system") {
		return nil, notYet("ALTER "+upper(p.tok().text), p.tok().Span)
	}
	if p.accept("user") {
		return p.alterUser(start)
	}
	if p.accept("secret") {
		return p.createSecret(start, true)
	}
	if err := p.refuseObject("ALTER"); err != nil {
		return nil, err
	}
	if err := p.expect("source"); err != nil {
		return nil, err
	}
	t, err := p.relation()
	if err != nil {
		return nil, err
	}
	a := &AlterSource{Name: t.text, NamePos: t.Span}
	switch {
	case p.accept("pause"):
		a.Action = "PAUSE"
	case p.accept("resume"):
		a.Action = "RESUME"
	case p.accept("accept"):
		a.Action = "ACCEPT GAP"
		if err := p.expect("gap"); err != nil {
			return nil, err
		}
	case p.accept("set"):
		a.Action = "SET"
		if a.Options, err = p.options(); err != nil {
			return nil, err
		}
	case p.at("rename"), p.at("add"), p.at("drop"), p.at("alter"), p.at("owner"), p.at("reset"):
		return nil, notYet("ALTER SOURCE … "+upper(p.tok().text), p.tok().Span)
	default:
		return nil, p.unexpected()
	}
	a.Span = p.from(start)
	return a, nil
}

// relation reads the name of a source or feature, which may have the schema public before it: there is no other.
func (p *parser) relation() (*token, error) {
	t, err := p.name()
	if err != nil {
		return nil, err
	}
	return p.qualified(t)
}

// qualified reads the rest of a relation's name that begins with t.
func (p *parser) qualified(t *token) (*token, error) {
	for p.accept(".") {
		rel, err := p.label()
		if err != nil {
			return nil, err
		}
		if t.text != "public" || p.at(".") {
			at := Span{t.Pos, rel.End}
			if t.text == "pg_catalog" || t.text == "information_schema" {
				return nil, notYet("the schema "+t.text, at)
			}
			return nil, types.Errorf(types.CodeUndefinedTable, "relation \"%s.%s\" does not exist", t.text, rel.text).
				At(int(at.Pos), int(at.End-at.Pos)).WithHint("Sources and features are all in the schema public; leave the %s out.", near(t.text))
		}
		t = rel
	}
	return t, nil
}
