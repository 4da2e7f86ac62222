package syntax

import (
	"strconv"
	"strings"
)

// rewriter holds what the text for sqlparser refers to by number. Shells are nodes whose operands are missing: the bridge
// fills them in from sqlparser's tree.
type rewriter struct {
	shells []Expr
	tables []TableExpr
	joins  []*Join
	// unit is the query whose body is being read.
	unit *unit
}

// unit is a query that was read and not yet handed to sqlparser: ORDER BY and LIMIT may still come, behind a parenthesis even.
type unit struct {
	sel *Select
	// The clauses' texts; items is empty for VALUES and set operations, which MySQL has not.
	items                       []string
	from, where, having         string
	groupBy, orderBy            []string
	limit, offset               string
	hasOrder, hasLimit, hasSkip bool
	// hoisted are texts of operands that stand as `hN` in other texts. They ride along at the end of the select list.
	hoisted []string
	// fills say where those hoisted operands go that no clause of MySQL can hold: the moment of an AS OF, the cells of VALUES.
	fills []fill
}

// fill is a place in the nodes that a hoisted operand is for.
type fill struct {
	to      *Expr
	hoisted int
}

// operand is a piece of an expression: the text for sqlparser is an atom in MySQL's grammar, whatever surrounds it.
type operand struct {
	text string
	// Span is the piece's place, with the parentheses around it.
	Span
	nesting int // of parentheses in text
	height  int // of the expression
}

// ref is the name of the n-th thing of a sort.
func ref(sort byte, n int) string {
	var buf [24]byte
	b := append(buf[:0], '`', sort)
	b = strconv.AppendInt(b, int64(n), 10)
	return string(append(b, '`'))
}

// leaf is the operand that is the token at index i: a name or a literal.
func (p *parser) leaf(i int) operand {
	t := &p.toks[i]
	if t.isName() && !isConstant(t) {
		return operand{text: ref('i', i), Span: t.Span, height: 1}
	}
	return operand{text: ":v" + strconv.Itoa(i), Span: t.Span, height: 1}
}

// isConstant reports whether t is one of the words that are literals.
func isConstant(t *token) bool { return t.is("null") || t.is("true") || t.is("false") }

// wrap is the operand that is the node shell, whose operands are parts; text is the operator with their texts, for
// sqlparser to read. Every part has been through fit.
func (p *parser) wrap(shell Expr, text string, parts ...operand) (operand, error) {
	o := operand{text: ref('n', len(p.shells)) + "(" + text + ")", Span: shell.Place()}
	for i := range parts {
		o.nesting = max(o.nesting, parts[i].nesting)
		o.height = max(o.height, parts[i].height)
	}
	o.nesting += 2
	if o.height++; o.height > maxHeight {
		return o, tooDeep("the expression has too many operators in a row", o.Span)
	}
	p.shells = append(p.shells, shell)
	return o, nil
}

// fit returns o, or a name for it where its text is too deep or too long to stand inside another.
func (p *parser) fit(o operand) operand {
	if o.nesting < maxNesting && len(o.text) <= maxText {
		return o
	}
	o.text, o.nesting = ref('h', p.hoist(o)), 0
	return o
}

// hoist moves an operand's text to the end of the select list and returns its number there.
func (p *parser) hoist(o operand) int {
	p.unit.hoisted = append(p.unit.hoisted, o.text)
	return len(p.unit.hoisted) - 1
}

// carry notes that o belongs at to, which no clause of MySQL can express.
func (p *parser) carry(o operand, to *Expr) {
	p.unit.fills = append(p.unit.fills, fill{to, p.hoist(o)})
}

// list fits operands and joins their texts by commas.
func (p *parser) list(ops []operand) string {
	var b strings.Builder
	for i := range ops {
		if i > 0 {
			b.WriteByte(',')
		}
		ops[i] = p.fit(ops[i])
		b.WriteString(ops[i].text)
	}
	return b.String()
}

// sql is the unit's canonical text.
func (u *unit) sql() string {
	var b strings.Builder
	b.WriteString("select ")
	if u.sel.Distinct {
		b.WriteString("distinct ")
	}
	items := u.items
	if len(items) == 0 {
		items = []string{"1"}
	}
	commas(&b, "", items)
	for _, h := range u.hoisted {
		b.WriteByte(',')
		b.WriteString(h)
	}
	clause(&b, " from ", u.from)
	clause(&b, " where ", u.where)
	commas(&b, " group by ", u.groupBy)
	clause(&b, " having ", u.having)
	commas(&b, " order by ", u.orderBy)
	if u.offset != "" && u.limit == "" {
		b.WriteString(" limit null")
	}
	clause(&b, " limit ", u.limit)
	clause(&b, " offset ", u.offset)
	return b.String()
}

func clause(b *strings.Builder, word, text string) {
	if text != "" {
		b.WriteString(word)
		b.WriteString(text)
	}
}

func commas(b *strings.Builder, word string, list []string) {
	for i, s := range list {
		if i > 0 {
			word = ","
		}
		b.WriteString(word)
		b.WriteString(s)
	}
}
