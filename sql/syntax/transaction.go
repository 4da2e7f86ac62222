package syntax

import "github.com/asofdb/asof/sql/types"

// begin reads what follows BEGIN or START TRANSACTION: modes, and the AS OF of all that is read in the block.
func (p *parser) begin(start Pos, do string) (Statement, error) {
	if do == "BEGIN" {
		p.transactionWord()
	}
	t := &Transaction{Do: do}
	if err := p.modes(&t.Modes, true); err != nil {
		return nil, err
	}
	t.Span = p.from(start)
	return t, nil
}

// transactionWord passes the word that may follow BEGIN, COMMIT and the like and says nothing.
func (p *parser) transactionWord() {
	if !p.accept("work") {
		p.accept("transaction")
	}
}

// modes reads transaction modes, with or without commas between them; asOf says that AS OF may be one.
func (p *parser) modes(m *Modes, asOf bool) error {
	for n := 0; ; n++ {
		comma := n > 0 && p.accept(",")
		switch {
		case p.accept("isolation level"):
			level, err := p.isolation()
			if err != nil {
				return err
			}
			m.Isolation = level
		case p.accept("read only"):
			m.ReadOnly = "on"
		case p.accept("read write"):
			m.ReadOnly = "off"
		case p.accept("not deferrable"):
			m.Deferrable = "off"
		case p.accept("deferrable"):
			m.Deferrable = "on"
		case asOf && p.atAsOf():
			q, err := p.moment()
			if err != nil {
				return err
			}
			m.AsOf = q
		case comma:
			return p.unexpected()
		default:
			return nil
		}
	}
}

// moment reads an AS OF that stands in no query. The result is a query of one row that holds it.
func (p *parser) moment() (*Select, error) {
	u := &unit{sel: &Select{Span: p.tok().Span}}
	defer p.open(u)()
	if err := p.queryAsOf(u); err != nil {
		return nil, err
	}
	at := u.sel.AsOf.Span
	u.sel.Values = [][]Expr{{&Number{at, "1"}}}
	u.sel.Span = at
	return p.finish(u)
}

// isolation reads a level's name.
func (p *parser) isolation() (string, error) {
	for _, level := range []string{"serializable", "repeatable read", "read committed", "read uncommitted"} {
		if p.accept(level) {
			return level, nil
		}
	}
	return "", p.unexpected()
}

// endTransaction reads what follows COMMIT, END, ROLLBACK and ABORT.
func (p *parser) endTransaction(start Pos, do string) (Statement, error) {
	if p.at("prepared") {
		return nil, refused("two-phase commit is not part of asof's language", p.tok().Span, "A transaction changes only the session's own tables.")
	}
	t := &Transaction{Do: do}
	p.transactionWord()
	if do == "ROLLBACK" && p.accept("to") {
		p.accept("savepoint")
		t.Do = "ROLLBACK TO"
		return p.savepoint(start, t)
	}
	switch {
	case p.accept("and chain"):
		t.Chain = true
	default:
		p.accept("and no chain")
	}
	t.Span = p.from(start)
	return t, nil
}

// savepoint reads the name of a savepoint.
func (p *parser) savepoint(start Pos, t *Transaction) (Statement, error) {
	name, err := p.name()
	if err != nil {
		return nil, err
	}
	t.Name, t.NamePos = name.text, name.Span
	t.Span = p.from(start)
	return t, nil
}

// setTransaction reads what follows SET [LOCAL] TRANSACTION, or SET SESSION CHARACTERISTICS AS TRANSACTION.
func (p *parser) setTransaction(start Pos, session bool) (Statement, error) {
	if p.at("snapshot") {
		return nil, notYet("SET TRANSACTION SNAPSHOT", p.tok().Span).WithHint("BEGIN AS OF a moment reads what another session read at it.")
	}
	s := &SetTransaction{Session: session}
	from := p.i
	if err := p.modes(&s.Modes, !session); err != nil {
		return nil, err
	}
	if p.i == from {
		return nil, p.unexpected()
	}
	s.Span = p.from(start)
	return s, nil
}

// prepare reads what follows PREPARE: name [(types)] AS statement.
func (p *parser) prepare(start Pos) (Statement, error) {
	if p.at("transaction") && p.peek(1).kind == tokString {
		return nil, refused("two-phase commit is not part of asof's language", p.tok().Span, "A transaction changes only the session's own tables.")
	}
	name, err := p.name()
	if err != nil {
		return nil, err
	}
	s := &Prepare{Name: name.text, NamePos: name.Span}
	if p.accept("(") {
		for {
			t, err := p.typeName()
			if err != nil {
				return nil, err
			}
			s.Types = append(s.Types, t)
			if !p.accept(",") {
				break
			}
		}
		if err := p.expect(")"); err != nil {
			return nil, err
		}
	}
	if err := p.expect("as"); err != nil {
		return nil, err
	}
	from := p.tok().Pos
	if s.Stmt, err = p.statement(); err != nil {
		return nil, err
	}
	switch s.Stmt.(type) {
	case *Query, *Insert:
	default:
		at := p.from(from)
		return nil, syntaxError(p.text[at.Pos:at.End], at).WithHint("PREPARE takes a SELECT or an INSERT.")
	}
	s.Span = p.from(start)
	return s, nil
}

// execute reads what follows EXECUTE: name [(values)].
func (p *parser) execute(start Pos) (Statement, error) {
	name, err := p.name()
	if err != nil {
		return nil, err
	}
	s := &Execute{Name: name.text, NamePos: name.Span}
	if p.at("(") {
		u := &unit{sel: &Select{}}
		defer p.open(u)()
		from := p.advance().Pos
		cells, err := p.cells(false)
		if err != nil {
			return nil, err
		}
		if err := p.expect(")"); err != nil {
			return nil, err
		}
		u.sel.Values, u.sel.Span = [][]Expr{cells}, p.from(from)
		if s.Values, err = p.finish(u); err != nil {
			return nil, err
		}
	}
	s.Span = p.from(start)
	return s, nil
}

// deallocate reads what follows DEALLOCATE: [PREPARE] name|ALL.
func (p *parser) deallocate(start Pos) (Statement, error) {
	if p.at("prepare") && p.peek(1).kind != tokEOF {
		p.i++
	}
	s := &Deallocate{}
	if !p.accept("all") {
		name, err := p.name()
		if err != nil {
			return nil, err
		}
		s.Name, s.NamePos = name.text, name.Span
	}
	s.Span = p.from(start)
	return s, nil
}

// discard reads what follows DISCARD.
func (p *parser) discard(start Pos) (Statement, error) {
	what, err := p.oneOf("all", "plans", "sequences", "temp", "temporary")
	if err != nil {
		return nil, err
	}
	if what == "temporary" {
		what = "temp"
	}
	return &Discard{p.from(start), upper(what)}, nil
}

// notify reads what follows LISTEN, UNLISTEN and NOTIFY.
func (p *parser) notify(start Pos, do string) (Statement, error) {
	if do != "UNLISTEN" || !p.accept("*") {
		if _, err := p.name(); err != nil {
			return nil, err
		}
	}
	if do == "NOTIFY" && p.accept(",") {
		if t := p.tok(); t.kind != tokString {
			return nil, p.unexpected()
		}
		p.i++
	}
	return &Notify{p.from(start), do}, nil
}

// wholeNumber reads a whole number with its sign.
func (p *parser) wholeNumber() (int64, error) {
	at := p.tok().Span
	text, err := p.value()
	if err != nil {
		return 0, err
	}
	v, err := types.ParseIn(types.Type{Kind: types.Int4}, text, nil)
	if err != nil {
		return 0, syntaxError(p.text[at.Pos:at.End], at)
	}
	return v.I, nil
}
