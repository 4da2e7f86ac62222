package syntax

import "github.com/asofdb/asof/sql/types"

// PostgreSQL's precedences, loosest first. Comparisons and what stands on the level of IN do not associate: a = b = c is an error.
const (
	precOr = iota + 1
	precAnd
	precNot
	precIs
	precCompare
	precIn // BETWEEN, IN, LIKE, ILIKE
	precOp // ||, ->, ->> and whatever has no level of its own
	precAdd
	precMul
	precPow
	precAt // AT TIME ZONE
	precCollate
	precSign
	precIndex
	precCast
)

// expr reads an expression.
func (p *parser) expr() (operand, error) {
	o, err := p.climbFrom(precOr, false)
	return p.fit(o), err
}

// exprs reads x, y, ….
func (p *parser) exprs() ([]operand, error) {
	var list []operand
	for {
		x, err := p.expr()
		if err != nil {
			return nil, err
		}
		list = append(list, x)
		if !p.accept(",") {
			return list, nil
		}
	}
}

// climbFrom reads an expression of operators that bind at least as tight as min. Bare leaves AND, OR, NOT, IN, LIKE, BETWEEN, IS NULL and AT TIME ZONE to
// whoever surrounds the expression, as PostgreSQL does in BETWEEN's first bound and in POSITION.
func (p *parser) climbFrom(min int, bare bool) (operand, error) {
	if err := p.enter(); err != nil {
		return operand{}, err
	}
	defer p.leave()
	left, err := p.prefix(bare)
	if err != nil {
		return operand{}, err
	}
	return p.climb(left, min, bare)
}

// climb reads the operators behind left that bind at least as tight as min.
func (p *parser) climb(left operand, min int, bare bool) (operand, error) {
	for single := 0; ; {
		op, prec := p.infix(bare)
		switch {
		case prec == 0 || prec < min:
			return left, nil
		case prec == single:
			return left, p.unexpected()
		}
		var err error
		if left, single, err = p.operator(p.fit(left), op, prec, bare); err != nil {
			return operand{}, err
		}
	}
}

// binary are the operators that have nothing special about them.
var binary = map[string]int{
	"or": precOr, "and": precAnd,
	"=": precCompare, "<>": precCompare, "<": precCompare, "<=": precCompare, ">": precCompare, ">=": precCompare,
	"||": precOp, "->": precOp, "->>": precOp, "~": precOp, "~*": precOp, "!~": precOp, "!~*": precOp, "&": precOp,
	"+": precAdd, "-": precAdd, "*": precMul, "/": precMul, "%": precMul, "^": precPow,
}

// foreign are the operators that MySQL has not, or means something else by.
var foreign = map[string]bool{"->": true, "->>": true, "~": true, "~*": true, "!~": true, "!~*": true, "&": true}

// infix is the operator that stands here, with its precedence; 0 where an expression ends.
func (p *parser) infix(bare bool) (string, int) {
	t := p.tok()
	if t.kind != tokOp && t.kind != tokWord {
		return "", 0
	}
	op, prec := t.text, binary[t.text]
	switch {
	case prec > 0:
	case op == "[":
		prec = precIndex
	case op == "::":
		prec = precCast
	case t.kind == tokOp && isOpChar(op[0]) && op != "=>":
		prec = precOp
	case op == "is" && bare && !p.at("is distinct") && !p.at("is not distinct"):
		// IS NULL is the surrounding expression's.
	case op == "is", op == "isnull", op == "notnull":
		prec = precIs
	case op == "between", op == "in", op == "like", op == "ilike", op == "similar":
		prec = precIn
	case op == "not":
		// NOT before another operator ends the expression.
		if n := p.peek(1); n.is("between") || n.is("in") || n.is("like") || n.is("ilike") || n.is("similar") {
			op, prec = n.text, precIn
		}
	case p.at("at time zone"):
		prec = precAt
	case op == "collate":
		prec = precCollate
	case p.at("operator ("):
		prec = precOp
	}
	if bare && (prec <= precAnd || prec == precIn || prec == precAt || prec == precCollate || op == "isnull" || op == "notnull") {
		return "", 0
	}
	return op, prec
}

// operator reads one operator and what stands to its right. single is its precedence if another of the same may not follow.
func (p *parser) operator(left operand, op string, prec int, bare bool) (o operand, single int, err error) {
	switch op {
	case "is", "isnull", "notnull":
		return p.is(left, bare)
	case "in":
		o, err = p.in(left)
	case "between":
		o, err = p.between(left)
		single = prec
	case "like", "ilike":
		o, err = p.like(left)
		single = prec
	case "::":
		o, err = p.castTo(left)
	case "[":
		o, err = p.index(left)
	case "at":
		o, err = p.atTimeZone(left)
	case "collate":
		o, err = p.collate(left)
	case "operator":
		return p.spelledOperator(left, bare)
	case "similar":
		err = notYet(upper(op), p.tok().Span)
	default:
		return p.binaryOp(left, op, prec, bare)
	}
	return o, single, err
}

// collate passes COLLATE and a collation that orders by bytes, which is how text is ordered anyway.
func (p *parser) collate(left operand) (operand, error) {
	word := p.advance().Span
	name, err := p.label()
	if err == nil && name.is("pg_catalog") && p.accept(".") {
		name, err = p.label()
	}
	if err != nil {
		return operand{}, err
	}
	switch name.text {
	case "default", "C", "POSIX", "ucs_basic":
		left.End = p.end()
		return left, nil
	}
	return operand{}, notYet("COLLATE", word).WithHint(`Text is ordered by its bytes: COLLATE "C".`)
}

// spelledOperator reads OPERATOR(schema.op) and what stands to its right. Whatever the operator, it binds as those without a level of their own do.
func (p *parser) spelledOperator(left operand, bare bool) (operand, int, error) {
	p.i += 2
	if p.tok().isName() && p.peek(1).is(".") {
		if t := p.tok(); !t.is("pg_catalog") {
			return operand{}, 0, types.Errorf("3F000", "schema %q does not exist", t.text).At(int(t.Pos), int(t.End-t.Pos))
		}
		p.i += 2
	}
	op := p.tok().text
	if p.tok().kind != tokOp || binary[op] == 0 {
		return operand{}, 0, p.unknownOperator()
	}
	p.i++
	if err := p.expect(")"); err != nil {
		return operand{}, 0, err
	}
	right, err := p.climbFrom(precOp+1, bare)
	if err != nil {
		return operand{}, 0, err
	}
	o, err := p.two(left, op, right)
	return o, 0, err
}

// binaryOp reads an operator with two operands, or a comparison with ANY or ALL.
func (p *parser) binaryOp(left operand, op string, prec int, bare bool) (operand, int, error) {
	if binary[op] == 0 {
		return operand{}, 0, p.unknownOperator()
	}
	p.i++
	single := 0
	if prec == precCompare {
		single = prec
		if (p.at("any") || p.at("some") || p.at("all")) && p.peek(1).is("(") {
			o, err := p.quantified(left, op)
			return o, 0, err
		}
	}
	right, err := p.climbFrom(prec+1, bare)
	if err != nil {
		return operand{}, 0, err
	}
	o, err := p.two(left, op, right)
	return o, single, err
}

// two is l op r. The operators that MySQL has are written as they are, || as |; the others as a call.
func (p *parser) two(left operand, op string, right operand) (operand, error) {
	left, right = p.fit(left), p.fit(right)
	b := &Binary{Span: Span{left.Pos, right.End}, Op: op}
	text := left.text + " " + op + " " + right.text
	switch op {
	case "and", "or":
		b.Op = upper(op)
	case "||":
		text = left.text + " | " + right.text
	}
	if foreign[op] {
		text = left.text + "," + right.text
	}
	return p.wrap(b, text, left, right)
}

// unknownOperator refuses an operator that the language has not.
func (p *parser) unknownOperator() error {
	t := p.tok()
	switch t.text {
	case "`":
		return syntaxError(t.text, t.Span).WithHint(`Names are quoted with double quotes: "name".`)
	case "==":
		return syntaxError(t.text, t.Span).WithHint("Write = to compare.")
	case "&&":
		return syntaxError(t.text, t.Span).WithHint("Write AND.")
	case "?":
		return syntaxError(t.text, t.Span).WithHint("Parameters are written $1, $2, ….")
	case "<=>":
		return syntaxError(t.text, t.Span).WithHint("Write IS NOT DISTINCT FROM.")
	}
	return notYet("the operator "+t.text, t.Span)
}

// prefix reads an operand with the signs and NOTs before it.
func (p *parser) prefix(bare bool) (operand, error) {
	t := p.tok()
	op, prec := "", precSign
	switch {
	case t.kind == tokOp && (t.text == "-" || t.text == "+"):
		op = t.text
	case !bare && t.is("not"):
		op, prec = "NOT", precNot
	case t.kind == tokOp && isOpChar(t.text[0]) && (binary[t.text] == 0 || foreign[t.text]) && t.text != "=>":
		return operand{}, p.unknownOperator()
	default:
		return p.primary()
	}
	p.i++
	x, err := p.climbFrom(prec, bare)
	if err != nil {
		return operand{}, err
	}
	x = p.fit(x)
	return p.wrap(&Unary{Span: Span{t.Pos, x.End}, Op: op}, op+" "+x.text, x)
}

// is reads IS [NOT] NULL|TRUE|FALSE|UNKNOWN, ISNULL, NOTNULL and IS [NOT] DISTINCT FROM.
func (p *parser) is(left operand, bare bool) (o operand, single int, err error) {
	word := p.advance().text
	not := word == "notnull" || word == "is" && p.accept("not")
	what := "NULL"
	if word == "is" {
		switch t := p.tok(); {
		case p.accept("distinct"):
			o, err = p.isDistinct(left, not, bare)
			return o, precIs, err
		case p.accept("null"), p.accept("true"), p.accept("false"), p.accept("unknown"):
			what = upper(t.text)
		case t.is("document"), t.is("normalized"), t.is("json"), t.is("of"), t.is("nfc"), t.is("nfd"), t.is("nfkc"), t.is("nfkd"):
			return o, 0, notYet("IS "+upper(t.text), t.Span)
		default:
			return o, 0, p.unexpected()
		}
	}
	text := what
	if what == "UNKNOWN" {
		text = "NULL"
	}
	if not {
		text = "NOT " + text
	}
	o, err = p.wrap(&Is{Span: p.from(left.Pos), What: what, Not: not}, left.text+" IS "+text, left)
	return o, 0, err
}

func (p *parser) isDistinct(left operand, not, bare bool) (operand, error) {
	if err := p.expect("from"); err != nil {
		return operand{}, err
	}
	right, err := p.climbFrom(precIs+1, bare)
	if err != nil {
		return operand{}, err
	}
	right = p.fit(right)
	return p.wrap(&IsDistinct{Span: Span{left.Pos, right.End}, Not: not}, left.text+","+right.text, left, right)
}

// in reads [NOT] IN (list) and [NOT] IN (subquery).
func (p *parser) in(left operand) (operand, error) {
	not, text := p.accept("not"), " in ("
	if not {
		text = " not in ("
	}
	p.i++
	if !p.at("(") {
		return operand{}, p.unexpected().WithHint("A list stands in parentheses: IN (1, 2).")
	}
	in := &In{Not: not}
	u, list, err := p.parens()
	if err != nil {
		return operand{}, err
	}
	parts := []operand{left}
	if u != nil {
		if in.Sub, err = p.finish(u); err != nil {
			return operand{}, err
		}
		text += "select 1)"
	} else {
		text += p.list(list) + ")"
		parts = append(parts, list...)
	}
	in.Span = p.from(left.Pos)
	return p.wrap(in, left.text+text, parts...)
}

// between reads [NOT] BETWEEN lo AND hi.
func (p *parser) between(left operand) (operand, error) {
	not, word := p.accept("not"), " between "
	if not {
		word = " not between "
	}
	p.i++
	if p.at("symmetric") {
		return operand{}, notYet("BETWEEN SYMMETRIC", p.tok().Span)
	}
	p.accept("asymmetric")
	lo, err := p.climbFrom(precOr, true)
	if err != nil {
		return operand{}, err
	}
	if err := p.expect("and"); err != nil {
		return operand{}, err
	}
	hi, err := p.climbFrom(precIn+1, false)
	if err != nil {
		return operand{}, err
	}
	lo, hi = p.fit(lo), p.fit(hi)
	return p.wrap(&Between{Span: Span{left.Pos, hi.End}, Not: not}, left.text+word+lo.text+" and "+hi.text, left, lo, hi)
}

// like reads [NOT] LIKE|ILIKE pattern [ESCAPE x].
func (p *parser) like(left operand) (operand, error) {
	not, word := p.accept("not"), " like "
	if not {
		word = " not like "
	}
	fold := p.advance().text == "ilike"
	if t := p.tok(); (t.is("any") || t.is("some") || t.is("all")) && p.peek(1).is("(") {
		return operand{}, notYet("LIKE "+upper(t.text), t.Span)
	}
	pattern, err := p.climbFrom(precIn+1, false)
	if err != nil {
		return operand{}, err
	}
	pattern = p.fit(pattern)
	parts := []operand{left, pattern}
	text := left.text + word + pattern.text
	if p.accept("escape") {
		escape, err := p.climbFrom(precIn+1, false)
		if err != nil {
			return operand{}, err
		}
		escape = p.fit(escape)
		parts = append(parts, escape)
		text += " escape " + escape.text
	}
	return p.wrap(&Like{Span: p.from(left.Pos), Not: not, Fold: fold}, text, parts...)
}

// quantified reads ANY (r), SOME (r) or ALL (r) behind a comparison.
func (p *parser) quantified(left operand, op string) (operand, error) {
	q := &Quantified{Op: op, All: p.advance().text == "all"}
	right, err := p.single()
	if err != nil {
		return operand{}, err
	}
	right = p.fit(right)
	q.Span = p.from(left.Pos)
	return p.wrap(q, left.text+","+right.text, left, right)
}

// castTo reads ::type.
func (p *parser) castTo(left operand) (operand, error) {
	p.i++
	t, err := p.typeName()
	if err != nil {
		return operand{}, err
	}
	return p.wrap(&Cast{Span: p.from(left.Pos), Type: t}, left.text, left)
}

// index reads [i].
func (p *parser) index(left operand) (operand, error) {
	p.i++
	if p.at(":") {
		return operand{}, notYet("array slices", p.tok().Span)
	}
	i, err := p.expr()
	if err != nil {
		return operand{}, err
	}
	if p.at(":") {
		return operand{}, notYet("array slices", p.tok().Span)
	}
	if err := p.expect("]"); err != nil {
		return operand{}, err
	}
	return p.wrap(&Index{Span: p.from(left.Pos)}, left.text+","+i.text, left, i)
}

// atTimeZone reads x AT TIME ZONE z, which is timezone(z, x).
func (p *parser) atTimeZone(left operand) (operand, error) {
	at := Span{p.tok().Pos, p.peek(2).End}
	p.i += 3
	zone, err := p.climbFrom(precAt+1, false)
	if err != nil {
		return operand{}, err
	}
	zone = p.fit(zone)
	c := &Call{Span: Span{left.Pos, zone.End}, Name: "timezone", NamePos: at}
	return p.wrap(c, zone.text+","+left.text, zone, left)
}

// parens reads (query) or (x, y, …); u is set for a query.
func (p *parser) parens() (u *unit, list []operand, err error) {
	if err := p.enter(); err != nil {
		return nil, nil, err
	}
	defer p.leave()
	if err := p.expect("("); err != nil {
		return nil, nil, err
	}
	start := p.tok().Pos
	switch {
	case p.atQuery():
		u, err = p.openQuery()
	case p.at("("):
		// Whether (( begins a query in parentheses or an expression shows only behind the inner one.
		if u, list, err = p.parens(); err != nil {
			break
		}
		if u != nil && p.atQueryRest() {
			u, err = p.continued(u, 1, start)
		} else if u == nil || !p.at(")") {
			var left operand
			if left, err = p.groupedField(u, list, start); err == nil {
				u = nil
				list, err = p.exprsFrom(left)
			}
		}
	default:
		list, err = p.exprs()
	}
	if err != nil {
		return nil, nil, err
	}
	return u, list, p.expect(")")
}

// exprsFrom reads x, y, … where the first operand of x was read already.
func (p *parser) exprsFrom(left operand) ([]operand, error) {
	x, err := p.climb(left, precOr, false)
	if err != nil {
		return nil, err
	}
	list := []operand{p.fit(x)}
	if p.accept(",") {
		rest, err := p.exprs()
		return append(list, rest...), err
	}
	return list, nil
}

// grouped is what was read between parentheses as one operand: a subquery, a row, or the expression itself.
func (p *parser) grouped(u *unit, list []operand, start Pos) (operand, error) {
	at := p.from(start)
	switch {
	case u != nil:
		sel, err := p.finish(u)
		if err != nil {
			return operand{}, err
		}
		return p.wrap(&Subquery{Span: at, Select: sel}, "(select 1)")
	case len(list) == 1:
		o := list[0]
		o.Span = at
		return o, nil
	}
	return p.wrap(&Row{Span: at}, p.list(list), list...)
}

// single reads one operand in parentheses.
func (p *parser) single() (operand, error) {
	start := p.tok().Pos
	u, list, err := p.parens()
	if err != nil {
		return operand{}, err
	}
	if len(list) > 1 {
		return operand{}, types.Errorf(types.CodeSyntax, "one array or subquery is expected, not a list").
			At(int(start), int(p.end()-start)).WithHint("Write ANY (ARRAY[1, 2]), or IN (1, 2).")
	}
	return p.grouped(u, list, start)
}
