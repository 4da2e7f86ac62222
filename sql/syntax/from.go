package syntax

import (
	"strings"

	"github.com/asofdb/asof/sql/types"
)

// fromClause reads FROM and the relations behind it.
func (p *parser) fromClause() error {
	if !p.accept("from") {
		return nil
	}
	var b strings.Builder
	for {
		r, err := p.tableRef()
		if err != nil {
			return err
		}
		b.WriteString(r.text)
		if !p.accept(",") {
			p.unit.from = b.String()
			return nil
		}
		b.WriteByte(',')
	}
}

// relation is the text of a relation or of joins for sqlparser.
type relation struct {
	text    string
	nesting int // of parentheses in text
}

// tableRef reads a relation with the joins behind it.
func (p *parser) tableRef() (relation, error) {
	if err := p.enter(); err != nil {
		return relation{}, err
	}
	defer p.leave()
	start := p.tok().Pos
	left, err := p.tablePrimary()
	if err != nil {
		return relation{}, err
	}
	return p.joinsBehind(left, start)
}

// joinKind says how a JOIN is written: for us, and for sqlparser.
type joinKind struct {
	kind, text   string
	asOf, noCond bool
}

// joinsBehind reads the joins that follow a relation. They group to the left, in MySQL as in PostgreSQL, so no parentheses are needed.
func (p *parser) joinsBehind(left relation, start Pos) (relation, error) {
	var b strings.Builder
	b.WriteString(left.text)
	nesting := left.nesting
	for n := 0; ; n++ {
		k, ok, err := p.joinKind()
		if err != nil || !ok {
			return relation{b.String(), nesting}, err
		}
		if n == maxDepth {
			return relation{}, tooDeep("too many JOINs", p.tok().Span)
		}
		right, on, err := p.joined(k, start)
		if err != nil {
			return relation{}, err
		}
		b.WriteString(k.text + right.text + on)
		nesting = max(nesting, right.nesting)
	}
}

// joined reads the right side of a join and its condition; on is the condition's text.
func (p *parser) joined(k joinKind, start Pos) (right relation, on string, err error) {
	rightStart := p.tok().Pos
	if right, err = p.tablePrimary(); err != nil {
		return right, "", err
	}
	last := p.lastTable(right.text)
	if !k.noCond && p.atJoin() {
		// a JOIN b JOIN c ON … ON …: the right side is a join itself.
		if err := p.enter(); err != nil {
			return right, "", err
		}
		defer p.leave()
		if right, err = p.joinsBehind(right, rightStart); err != nil {
			return right, "", err
		}
		if right, err = p.paren(right); err != nil {
			return right, "", err
		}
		last = nil
	}
	join := &Join{Kind: k.kind}
	cond, err := p.condition(join, k)
	if err != nil {
		return right, "", err
	}
	if k.asOf {
		if err := p.asOfJoin(last, p.from(rightStart)); err != nil {
			return right, "", err
		}
	}
	join.Span = p.from(start)
	p.joins = append(p.joins, join)
	return right, " on " + ref('j', len(p.joins)-1) + "(" + cond + ")", nil
}

// paren puts a join in parentheses.
func (p *parser) paren(r relation) (relation, error) {
	if r.nesting++; r.nesting > maxNesting {
		return r, tooDeep("joins nest too deep", p.tok().Span)
	}
	r.text = "(" + r.text + ")"
	return r, nil
}

// atJoin reports whether a join follows, or a slip of one.
func (p *parser) atJoin() bool {
	for _, w := range []string{"join", "inner join", "cross join", "natural"} {
		if p.at(w) {
			return true
		}
	}
	return p.at("left") || p.at("right") || p.at("full") || p.atAsOfJoin()
}

func (p *parser) atAsOfJoin() bool { return p.at("asof") && p.joinWord(1) }

// joinWord reports whether the token n places on begins [LEFT|INNER|…] JOIN.
func (p *parser) joinWord(n int) bool {
	switch p.peek(n).text {
	case "join", "left", "right", "full", "inner", "cross":
		return p.peek(n).kind == tokWord
	}
	return false
}

// joinKind reads [ASOF] [INNER|LEFT|RIGHT|FULL|CROSS] [OUTER] JOIN; ok is false where there is none.
func (p *parser) joinKind() (k joinKind, ok bool, err error) {
	if !p.atJoin() {
		return k, false, nil
	}
	start := p.tok().Span
	if p.at("natural") {
		return k, false, refused("NATURAL JOIN is not supported", start, "Name the columns: JOIN … USING (a, b).")
	}
	k = joinKind{kind: "INNER", text: " join "}
	k.asOf = p.accept("asof")
	switch {
	case p.accept("inner"):
	case p.accept("cross"):
		k.kind, k.noCond = "CROSS", true
	case p.accept("left"):
		k.kind, k.text = "LEFT", " left join "
		p.accept("outer")
	case p.accept("right"):
		k.kind, k.text = "RIGHT", " right join "
		p.accept("outer")
	case p.accept("full"):
		// MySQL has none; the join's shell knows better.
		k.kind, k.text = "FULL", " left join "
		p.accept("outer")
	}
	if k.asOf && k.kind != "INNER" && k.kind != "LEFT" {
		return k, false, refused("ASOF "+k.kind+" JOIN is not supported", p.from(start.Pos), "Write ASOF JOIN or ASOF LEFT JOIN.")
	}
	return k, true, p.expect("join")
}

// condition reads ON x or USING (columns), and returns the text of x.
func (p *parser) condition(join *Join, k joinKind) (string, error) {
	switch {
	case k.noCond:
		return "", nil
	case p.accept("using"):
		var err error
		join.Using, err = p.names()
		return "", err
	}
	if err := p.expect("on"); err != nil {
		return "", err
	}
	x, err := p.expr()
	return x.text, err
}

// lastTable is the relation that was just read, or nil where it was a join in parentheses.
func (p *parser) lastTable(text string) TableExpr {
	if n := len(p.tables) - 1; n >= 0 && text == ref('t', n) {
		return p.tables[n]
	}
	return nil
}

// asOfJoin gives the right side of an ASOF JOIN its moment, which may stand behind the condition.
func (p *parser) asOfJoin(right TableExpr, at Span) error {
	var asOf **AsOf
	switch t := right.(type) {
	case *Table:
		asOf = &t.AsOf
	case *Derived:
		asOf = &t.AsOf
	default:
		return refused("the right side of ASOF JOIN must be one relation", at, "Join the others with joins of their own.")
	}
	if *asOf == nil && p.atAsOf() {
		var err error
		*asOf, err = p.asOf()
		return err
	}
	if *asOf == nil {
		return types.Errorf(types.CodeSyntax, "ASOF JOIN needs AS OF").At(int(at.Pos), int(at.End-at.Pos)).
			WithHint("Say at which moment: ASOF LEFT JOIN f ON … AS OF l.ts.")
	}
	return nil
}

// tablePrimary reads one relation, file, subquery or join in parentheses, with its alias and moment.
func (p *parser) tablePrimary() (relation, error) {
	t := p.tok()
	switch {
	case p.at("("):
		return p.tableParen()
	case p.at("lateral"):
		return p.lateral()
	case p.at("only"), p.at("rows from"):
		return relation{}, notYet(upper(t.text)+" in FROM", t.Span)
	case t.kind == tokString:
		p.i++
		return p.tableTail(&Table{Span: t.Span, Name: t.text, NamePos: t.Span, File: true})
	case p.at("features ("):
		return relation{}, notYet("FEATURES (…) in FROM", t.Span)
	case p.at("request ("):
		return relation{}, notYet("FROM REQUEST", t.Span)
	}
	schema, name, err := p.schemaRelation()
	if err != nil {
		return relation{}, err
	}
	if p.at("(") {
		return p.tableFunc(name, t.Pos)
	}
	return p.tableTail(&Table{Span: p.from(t.Pos), Schema: schema, Name: name.text, NamePos: p.from(t.Pos)})
}

// schemaRelation reads the name of a relation or function of FROM and the schema before it, "" where none is written.
func (p *parser) schemaRelation() (schema string, name *token, err error) {
	t := p.tok()
	if schemas[t.text] && t.isName() && p.peek(1).is(".") && p.peek(2).isName() && !p.peek(3).is(".") {
		p.i += 3
		if schema = t.text; schema == "public" {
			schema = "" // it is where names without a schema are found
		}
		return schema, &p.toks[p.i-1], nil
	}
	if t.kind == tokWord && functionNames[t.text] && p.peek(1).is("(") {
		return "", p.advance(), nil
	}
	name, err = p.relation()
	return "", name, err
}

// tableFunc reads the parentheses behind a function's name in FROM and what may follow them.
func (p *parser) tableFunc(name *token, start Pos) (relation, error) {
	call, err := p.call(name, start)
	if err != nil {
		return relation{}, err
	}
	f := &TableFunc{Span: p.from(start)}
	p.carry(call, &f.Call)
	f.Ordinality = p.accept("with ordinality")
	return p.tableTail(f)
}

// lateral reads LATERAL (SELECT …) alias.
func (p *parser) lateral() (relation, error) {
	start := p.tok().Pos
	p.i++
	if !p.at("(") {
		return relation{}, notYet("a function in FROM", p.from(start))
	}
	u, _, err := p.tableParens()
	if err != nil {
		return relation{}, err
	}
	if u == nil {
		at := p.from(start)
		return relation{}, types.Errorf(types.CodeSyntax, "LATERAL stands before a query").At(int(at.Pos), int(at.End-at.Pos)).
			WithHint("Write LATERAL before the query that reads columns of the relations to its left.")
	}
	sel, err := p.finish(u)
	if err != nil {
		return relation{}, err
	}
	return p.tableTail(&Derived{Span: p.from(start), Lateral: true, Select: sel})
}

// tableParen reads (SELECT …) alias or (a JOIN b …).
func (p *parser) tableParen() (relation, error) {
	start := p.tok().Pos
	u, joins, err := p.tableParens()
	if err != nil {
		return relation{}, err
	}
	if u != nil {
		return p.derived(u, start)
	}
	if p.at("as") || p.atName() && !p.atAsOfJoin() || p.atAsOf() {
		return relation{}, notYet("an alias or AS OF for a join in parentheses", p.tok().Span).WithHint("Write it behind each relation.")
	}
	return joins, nil
}

// tableParens reads what stands between parentheses in FROM: a query, then u is set, or joins.
func (p *parser) tableParens() (u *unit, joins relation, err error) {
	if err := p.enter(); err != nil {
		return nil, joins, err
	}
	defer p.leave()
	p.i++
	start := p.tok().Pos
	switch {
	case p.atQuery():
		u, err = p.openQuery()
	case p.at("("):
		u, joins, err = p.tableParens()
		switch {
		case err != nil:
		case u != nil && p.atQueryRest():
			u, err = p.continued(u, 1, start)
		case u != nil && !p.at(")"):
			if joins, err = p.derived(u, start); err == nil {
				u = nil
				joins, err = p.joinsBehind(joins, start)
			}
		case u == nil:
			joins, err = p.joinsBehind(joins, start)
		}
	default:
		joins, err = p.tableRef()
	}
	if err != nil {
		return nil, joins, err
	}
	if u == nil {
		if joins, err = p.paren(joins); err != nil {
			return nil, joins, err
		}
	}
	return u, joins, p.expect(")")
}

// derived reads the alias behind a query in parentheses.
func (p *parser) derived(u *unit, start Pos) (relation, error) {
	sel, err := p.finish(u)
	if err != nil {
		return relation{}, err
	}
	return p.tableTail(&Derived{Span: p.from(start), Select: sel})
}

// tableTail reads the alias and the moment of a relation, which may stand in either order.
func (p *parser) tableTail(t TableExpr) (relation, error) {
	var alias *string
	var columns *[]string
	var asOf **AsOf
	var span *Span
	switch t := t.(type) {
	case *Table:
		alias, columns, asOf, span = &t.Alias, &t.Columns, &t.AsOf, &t.Span
	case *Derived:
		alias, columns, asOf, span = &t.Alias, &t.Columns, &t.AsOf, &t.Span
	case *TableFunc:
		alias, columns, span = &t.Alias, &t.Columns, &t.Span
	}
	for {
		var err error
		switch {
		case asOf == nil && p.atAsOf():
			return relation{}, refused("a function has no past", p.tok().Span, "Leave AS OF away.")
		case asOf != nil && *asOf == nil && p.atAsOf():
			*asOf, err = p.asOf()
		case *alias == "" && (p.at("as") && !p.atAsOf() || p.atName() && !p.atAsOf() && !p.atAsOfJoin()):
			err = p.tableAlias(alias, columns)
		case p.at("tablesample"):
			err = notYet("TABLESAMPLE", p.tok().Span)
		default:
			p.tables = append(p.tables, t)
			return relation{text: ref('t', len(p.tables)-1)}, nil
		}
		if err != nil {
			return relation{}, err
		}
		span.End = p.end()
	}
}

// tableAlias reads [AS] name [(columns)].
func (p *parser) tableAlias(alias *string, columns *[]string) error {
	p.accept("as")
	t, err := p.name()
	if err != nil {
		return err
	}
	*alias = t.text
	if p.at("(") {
		*columns, err = p.names()
	}
	return err
}

// atAsOf reports whether AS OF x, FOR SYSTEM_TIME AS OF x or BEFORE x stands here, and not an alias called of or before.
func (p *parser) atAsOf() bool {
	switch {
	case p.at("as of"):
		return p.startsExpr(2)
	case p.at("for system_time as of"), p.at("for system_time before"):
		return true
	case p.at("before"):
		return p.startsExpr(1)
	}
	return false
}

// startsExpr reports whether the token n places on can begin the expression of a moment.
func (p *parser) startsExpr(n int) bool {
	t := p.peek(n)
	switch t.kind {
	case tokString, tokNumber, tokParam, tokQuoted:
		return true
	case tokOp:
		return t.text == "(" || t.text == "-" || t.text == "+"
	case tokWord:
		switch {
		case t.text == "asof":
			return !p.joinWord(n + 1)
		case functionNames[t.text]:
			return p.peek(n + 1).is("(")
		case reserved[t.text]:
			return valueWords[t.text] || specialNames[t.text]
		}
		return true
	}
	return false
}

// valueWords are the other reserved words that an expression can begin with.
var valueWords = words("array case cast false not null true")

// atServed reports whether SERVED x stands here, and not an expression that begins with a column called served.
func (p *parser) atServed() bool {
	if !p.at("served") || !p.startsExpr(1) {
		return false
	}
	next := p.peek(1)
	return !next.is("+") && !next.is("-") && !(next.is("at") && p.peek(2).is("time"))
}

// asOf reads AS OF [SERVED] x, FOR SYSTEM_TIME AS OF [SERVED] x or BEFORE x. x reaches to the first operator that compares.
func (p *parser) asOf() (*AsOf, error) {
	start := p.tok().Pos
	p.accept("for system_time")
	a := &AsOf{}
	if a.Before = p.accept("before"); !a.Before {
		if err := p.expect("as of"); err != nil {
			return nil, err
		}
		if a.Served = p.atServed(); a.Served {
			p.i++
		}
	}
	x, err := p.climbFrom(precOp, false)
	if err != nil {
		return nil, err
	}
	p.carry(x, &a.X)
	a.Span = p.from(start)
	return a, nil
}
