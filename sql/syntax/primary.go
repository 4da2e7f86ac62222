package syntax

import (
	"strings"

	"github.com/asofdb/asof/sql/types"
)

// specialNames are the functions that are called without parentheses.
var specialNames = words(`current_catalog current_date current_role current_schema current_time current_timestamp current_user
	localtime localtimestamp session_user user`)

// primary reads an operand without operators: a literal, a name, a call, CASE, something in parentheses.
func (p *parser) primary() (operand, error) {
	t := p.tok()
	switch t.kind {
	case tokNumber, tokString:
		p.i++
		return p.leaf(p.i - 1), nil
	case tokParam:
		if t.param() == 0 {
			return operand{}, types.Errorf("42P02", "there is no parameter $%s", t.text).At(int(t.Pos), int(t.End-t.Pos))
		}
		p.i++
		return p.leaf(p.i - 1), nil
	case tokQuoted:
		return p.named()
	case tokWord:
		return p.word()
	}
	if p.at("(") {
		return p.paren1()
	}
	return operand{}, p.unexpected()
}

// paren1 reads (x), (x).name, (x, y) and (SELECT …).
func (p *parser) paren1() (operand, error) {
	start := p.tok().Pos
	u, list, err := p.parens()
	if err != nil {
		return operand{}, err
	}
	return p.groupedField(u, list, start)
}

// groupedField is what was read between parentheses, or the field of it that is named behind them.
func (p *parser) groupedField(u *unit, list []operand, start Pos) (operand, error) {
	x, err := p.grouped(u, list, start)
	if err != nil || !p.at(".") {
		return x, err
	}
	if p.at(". *") {
		return operand{}, notYet("all fields of a row", p.from(start))
	}
	p.i++
	name, err := p.label()
	if err != nil {
		return operand{}, err
	}
	x = p.fit(x)
	return p.wrap(&Field{Span: p.from(start), Name: name.text, NamePos: name.Span}, x.text, x)
}

// word reads an operand that begins with an unquoted word.
func (p *parser) word() (operand, error) {
	t := p.tok()
	if read := keywordForms[t.text]; read != nil && (reserved[t.text] || p.peek(1).is("(")) {
		return read(p)
	}
	switch {
	case isConstant(t):
		p.i++
		return p.leaf(p.i - 1), nil
	case specialNames[t.text] && (reserved[t.text] || !p.peek(1).is("(")):
		return p.namedValue()
	case t.text == "interval" && (p.peek(1).kind == tokString || p.peek(1).kind == tokNumber || p.peek(1).is("(")):
		return p.interval()
	case p.atTypedLiteral():
		return p.typedLiteral()
	case reserved[t.text]:
		return operand{}, p.unexpected()
	}
	return p.named()
}

// keywordForms are the operands with a syntax of their own. Those that are not reserved are names unless ( follows.
var keywordForms map[string]func(*parser) (operand, error)

func init() {
	keywordForms = map[string]func(*parser) (operand, error){
		"case": (*parser).caseWhen, "cast": (*parser).cast, "exists": (*parser).exists, "row": (*parser).row, "array": (*parser).array,
		"extract": (*parser).extract, "position": (*parser).position, "substring": (*parser).substring, "trim": (*parser).trim,
		"overlay": (*parser).overlay, "grouping": (*parser).notYetForm, "normalize": (*parser).notYetForm, "treat": (*parser).notYetForm,
		"xmlconcat": (*parser).notYetForm, "xmlelement": (*parser).notYetForm, "xmlforest": (*parser).notYetForm, "xmlparse": (*parser).notYetForm,
		"xmlpi": (*parser).notYetForm, "xmlroot": (*parser).notYetForm, "xmlserialize": (*parser).notYetForm, "xmlexists": (*parser).notYetForm,
	}
}

func (p *parser) notYetForm() (operand, error) {
	return operand{}, notYet(upper(p.tok().text), p.tok().Span)
}

// namedValue reads CURRENT_TIMESTAMP and the like, a call without parentheses.
func (p *parser) namedValue() (operand, error) {
	t := p.advance()
	c := &Call{Span: t.Span, Name: t.text, NamePos: t.Span}
	if !timeWords[t.text] || !p.accept("(") {
		return p.wrap(c, "")
	}
	if p.tok().kind != tokNumber {
		return operand{}, p.unexpected()
	}
	digits := p.leaf(p.i)
	p.i++
	if err := p.expect(")"); err != nil {
		return operand{}, err
	}
	c.Span = p.from(t.Pos)
	return p.wrap(c, digits.text, digits)
}

// timeWords are those of specialNames that may have a precision behind them.
var timeWords = words("current_time current_timestamp localtime localtimestamp")

// interval reads INTERVAL '30 days' and INTERVAL '30' DAY.
func (p *parser) interval() (operand, error) {
	start := p.tok()
	if n := p.peek(1); n.kind == tokNumber {
		unit := "days"
		if u := p.peek(2); u.kind == tokWord {
			unit = u.text
		}
		return operand{}, syntaxError(p.written(n), n.Span).WithHint("Write INTERVAL '%s %s'.", n.text, unit)
	}
	typ, err := p.typeName()
	if err != nil {
		return operand{}, err
	}
	if p.tok().kind != tokString {
		return operand{}, p.unexpected()
	}
	lit := p.i
	text := p.advance().text
	switch t := p.tok(); {
	case t.is("year"), t.is("month"), t.is("day"), t.is("hour"), t.is("minute"), t.is("second"):
		if p.peek(1).is("to") || !isInteger(text) {
			return operand{}, notYet("a field behind an interval", t.Span).WithHint("Write the units into the string: INTERVAL '1 day 02:00'.")
		}
		text += " " + p.advance().text
	}
	return p.wrap(&TypedLit{Span: p.from(start.Pos), Type: typ, Text: text}, p.leaf(lit).text)
}

// isInteger reports whether s is digits with an optional sign.
func isInteger(s string) bool {
	if s != "" && (s[0] == '-' || s[0] == '+') {
		s = s[1:]
	}
	for i := range len(s) {
		if !isDigit(s[i]) {
			return false
		}
	}
	return s != ""
}

// atTypedLiteral reports whether a type's name with a string behind it stands here: DATE '…', double precision '1', int2 '2'.
func (p *parser) atTypedLiteral() bool {
	t := p.tok()
	if reserved[t.text] && t.kind == tokWord {
		return false
	}
	n := 1
	switch {
	case t.is("double"), t.is("character"), t.is("char"), t.is("national"), t.is("pg_catalog"):
		for p.peek(n).is("precision") || p.peek(n).is("varying") || p.peek(n).is("character") || p.peek(n).is("char") {
			n++
		}
		if t.is("pg_catalog") && p.peek(1).is(".") {
			n = 3
		}
	}
	if p.peek(n).is("(") && p.peek(n+1).kind == tokNumber {
		n += 2
		if p.peek(n).is(",") && p.peek(n+1).kind == tokNumber {
			n += 2
		}
		if !p.peek(n).is(")") {
			return false
		}
		n++
	}
	if (t.is("time") || t.is("timestamp")) && (p.peek(n).is("with") || p.peek(n).is("without")) && p.peek(n+1).is("time") && p.peek(n+2).is("zone") {
		n += 3
	}
	return p.peek(n).kind == tokString
}

func (p *parser) typedLiteral() (operand, error) {
	start := p.tok().Pos
	typ, err := p.typeName()
	if err != nil {
		return operand{}, err
	}
	if p.tok().kind != tokString {
		return operand{}, p.unexpected()
	}
	p.i++
	lit := p.i - 1
	return p.wrap(&TypedLit{Span: p.from(start), Type: typ, Text: p.toks[lit].text}, p.leaf(lit).text)
}

// named reads a column or a call: name, table.name, name(…), pg_catalog.name(…).
func (p *parser) named() (operand, error) {
	if p.atTypedLiteral() {
		return p.typedLiteral()
	}
	first := p.i
	t := p.advance()
	isFunction := t.kind == tokWord && functionNames[t.text]
	if p.at("(") {
		if t.kind == tokWord && columnNames[t.text] {
			if !plainCalls[t.text] {
				return operand{}, p.unexpected()
			}
			if p.at("( )") {
				p.i++
				return operand{}, p.unexpected()
			}
		}
		return p.call(t, t.Pos)
	}
	if isFunction {
		p.i = first
		return operand{}, p.unexpected()
	}
	parts := []int{first}
	for p.at(".") && len(parts) < 3 {
		p.i++
		if p.at("*") {
			return operand{}, refused(p.written(t)+".* stands only in a select list", Span{t.Pos, p.tok().End}, "Name the columns.")
		}
		if _, err := p.label(); err != nil {
			return operand{}, err
		}
		parts = append(parts, p.i-1)
	}
	if p.at("(") {
		return p.qualifiedCall(t, parts)
	}
	return p.column(t, parts)
}

// plainCalls are the words with a syntax of their own in PostgreSQL's grammar whose syntax is that of any call.
var plainCalls = words("coalesce greatest least nullif")

// expandArray is the one function of information_schema that is called by others.
const expandArray = "_pg_expandarray"

// qualifiedCall reads pg_catalog.name(…).
func (p *parser) qualifiedCall(first *token, parts []int) (operand, error) {
	if len(parts) == 2 && first.text == "information_schema" && p.toks[parts[1]].text != expandArray {
		return operand{}, notYet("a function of information_schema", p.from(first.Pos))
	}
	if len(parts) != 2 || first.text != "pg_catalog" && first.text != "public" && first.text != "information_schema" {
		return operand{}, types.Errorf("3F000", "schema %q does not exist", first.text).At(int(first.Pos), int(first.End-first.Pos))
	}
	return p.call(&p.toks[parts[1]], first.Pos)
}

// schemas are those that relations are in.
var schemas = words("public pg_catalog information_schema")

// column is a reference to a column whose name has one, two or, with a schema, three parts.
func (p *parser) column(first *token, parts []int) (operand, error) {
	if len(parts) == 3 {
		if !schemas[first.text] || p.at(".") {
			at := p.from(first.Pos)
			return operand{}, notYet("a name of this many parts", at).WithHint("Write relation.column; fields of a column's value are read with ->.")
		}
		parts = parts[1:]
	}
	o := p.leaf(parts[0])
	o.text = ref('i', parts[0])
	if len(parts) == 2 {
		o.text += "." + ref('i', parts[1])
	}
	o.Span = p.from(first.Pos)
	return o, nil
}

// caseWhen reads CASE [x] WHEN … THEN … [ELSE …] END.
func (p *parser) caseWhen() (operand, error) {
	start := p.advance().Pos
	var text strings.Builder
	text.WriteString("case")
	var parts []operand
	clause := func(word string) error {
		x, err := p.expr()
		parts = append(parts, x)
		text.WriteString(word + x.text)
		return err
	}
	if !p.at("when") {
		if err := clause(" "); err != nil {
			return operand{}, err
		}
	}
	if !p.at("when") {
		return operand{}, p.unexpected()
	}
	for p.accept("when") {
		if err := clause(" when "); err != nil {
			return operand{}, err
		}
		if err := p.expect("then"); err != nil {
			return operand{}, err
		}
		if err := clause(" then "); err != nil {
			return operand{}, err
		}
	}
	if p.accept("else") {
		if err := clause(" else "); err != nil {
			return operand{}, err
		}
	}
	if err := p.expect("end"); err != nil {
		return operand{}, err
	}
	return p.wrap(&Case{Span: p.from(start)}, text.String()+" end", parts...)
}

// cast reads CAST(x AS type).
func (p *parser) cast() (operand, error) {
	start := p.advance().Pos
	if err := p.expect("("); err != nil {
		return operand{}, err
	}
	x, err := p.expr()
	if err != nil {
		return operand{}, err
	}
	if err := p.expect("as"); err != nil {
		return operand{}, err
	}
	t, err := p.typeName()
	if err != nil {
		return operand{}, err
	}
	if err := p.expect(")"); err != nil {
		return operand{}, err
	}
	return p.wrap(&Cast{Span: p.from(start), Type: t}, x.text, x)
}

// exists reads EXISTS (SELECT …).
func (p *parser) exists() (operand, error) {
	start := p.advance().Pos
	u, _, err := p.parens()
	if err != nil {
		return operand{}, err
	}
	if u == nil {
		return operand{}, refused("EXISTS takes a subquery", p.from(start), "Write EXISTS (SELECT …), or x IS NOT NULL.")
	}
	sel, err := p.finish(u)
	if err != nil {
		return operand{}, err
	}
	return p.wrap(&Exists{p.from(start), sel}, "exists (select 1)")
}

// row reads ROW(x, …).
func (p *parser) row() (operand, error) {
	start := p.advance().Pos
	if p.accept("( )") {
		return p.wrap(&Row{Span: p.from(start)}, "")
	}
	p.i++
	list, err := p.exprs()
	if err != nil {
		return operand{}, err
	}
	if err := p.expect(")"); err != nil {
		return operand{}, err
	}
	return p.wrap(&Row{Span: p.from(start)}, p.list(list), list...)
}

// arrayOfRows reads the query of ARRAY(SELECT …).
func (p *parser) arrayOfRows(start Pos) (operand, error) {
	u, _, err := p.parens()
	if err != nil {
		return operand{}, err
	}
	if u == nil {
		return operand{}, refused("ARRAY(…) takes a subquery", p.from(start), "Write ARRAY[x, y], or ARRAY(SELECT …).")
	}
	sel, err := p.finish(u)
	if err != nil {
		return operand{}, err
	}
	return p.wrap(&Subquery{Span: p.from(start), Select: sel, Array: true}, "(select 1)")
}

// array reads ARRAY[x, …], and [x, …] within it.
func (p *parser) array() (operand, error) {
	if err := p.enter(); err != nil {
		return operand{}, err
	}
	defer p.leave()
	start := p.tok().Pos
	if p.accept("array") && p.at("(") {
		return p.arrayOfRows(start)
	}
	if err := p.expect("["); err != nil {
		return operand{}, err
	}
	var list []operand
	for !p.at("]") {
		read := p.expr
		if p.at("[") {
			read = p.array
		}
		x, err := read()
		if err != nil {
			return operand{}, err
		}
		list = append(list, x)
		if !p.accept(",") {
			break
		}
		if p.at("]") {
			return operand{}, p.unexpected()
		}
	}
	if err := p.expect("]"); err != nil {
		return operand{}, err
	}
	return p.wrap(&ArrayLit{Span: p.from(start)}, p.list(list), list...)
}
