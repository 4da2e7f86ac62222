package syntax

import (
	"github.com/asofdb/asof/sql/types"
)

// query reads a whole query: [WITH …] SELECT … [UNION …] [ORDER BY …] [LIMIT …] [AS OF …].
func (p *parser) query() (*Select, error) {
	u, err := p.openQuery()
	if err != nil {
		return nil, err
	}
	return p.finish(u)
}

// openQuery reads a query that is not yet handed to sqlparser, because it may turn out to stand inside parentheses with an ORDER BY behind them.
func (p *parser) openQuery() (*unit, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave()
	start := p.tok().Pos
	with, err := p.with()
	if err != nil {
		return nil, err
	}
	u, err := p.term()
	if err != nil {
		return nil, err
	}
	if u, err = p.continued(u, 1, start); err != nil {
		return nil, err
	}
	if with != nil {
		if u.sel.With != nil {
			return nil, types.Errorf(types.CodeSyntax, "multiple WITH clauses not allowed").At(int(start), 4)
		}
		u.sel.With, u.sel.Span = with, p.from(start)
	}
	return u, nil
}

// continued reads what may follow a query's first operand, at the end of the query too.
func (p *parser) continued(u *unit, prec int, start Pos) (*unit, error) {
	u, err := p.sets(u, prec, start)
	if err != nil {
		return nil, err
	}
	return u, p.tail(u)
}

// with reads WITH [RECURSIVE] name [(columns)] AS (query), ….
func (p *parser) with() ([]CTE, error) {
	if !p.accept("with") {
		return nil, nil
	}
	recursive := p.accept("recursive")
	var list []CTE
	seen := map[string]bool{}
	for {
		t, err := p.name()
		if err != nil {
			return nil, err
		}
		if seen[t.text] {
			return nil, types.Errorf(types.CodeDuplicateAlias, "WITH query name %q specified more than once", t.text).At(int(t.Pos), int(t.End-t.Pos))
		}
		seen[t.text] = true
		c := CTE{Name: t.text, NamePos: t.Span, Recursive: recursive}
		if p.at("(") {
			if c.Columns, err = p.names(); err != nil {
				return nil, err
			}
		}
		if err := p.expect("as"); err != nil {
			return nil, err
		}
		if !p.accept("materialized") {
			p.accept("not materialized")
		}
		if err := p.expect("("); err != nil {
			return nil, err
		}
		if c.Select, err = p.query(); err != nil {
			return nil, err
		}
		if err := p.expect(")"); err != nil {
			return nil, err
		}
		list = append(list, c)
		if !p.accept(",") {
			return list, nil
		}
	}
}

// sets reads UNION, EXCEPT (precedence 1) and INTERSECT (2) behind a query. They group to the left.
func (p *parser) sets(left *unit, min int, start Pos) (*unit, error) {
	for n := 0; ; n++ {
		op, prec := p.setOp()
		if prec < min {
			return left, nil
		}
		if n == maxDepth {
			return nil, tooDeep("too many "+op+"s", p.tok().Span)
		}
		set := &SetOp{Op: op, OpPos: p.advance().Span}
		if set.All = p.accept("all"); !set.All {
			p.accept("distinct")
		}
		rightStart := p.tok().Pos
		right, err := p.term()
		if err != nil {
			return nil, err
		}
		if right, err = p.sets(right, prec+1, rightStart); err != nil {
			return nil, err
		}
		if set.L, err = p.finish(left); err != nil {
			return nil, err
		}
		if set.R, err = p.finish(right); err != nil {
			return nil, err
		}
		left = &unit{sel: &Select{Span: p.from(start), Set: set}}
	}
}

// setOp is the set operator that stands here, with its precedence; 0 if there is none.
func (p *parser) setOp() (string, int) {
	switch {
	case p.at("union"), p.at("except"):
		return upper(p.tok().text), 1
	case p.at("intersect"):
		return "INTERSECT", 2
	}
	return "", 0
}

// term reads one operand of a set operation: SELECT …, VALUES …, or a query in parentheses.
func (p *parser) term() (*unit, error) {
	switch {
	case p.at("select"):
		return p.body()
	case p.at("values"):
		return p.values()
	case p.accept("("):
		u, err := p.openQuery()
		if err != nil {
			return nil, err
		}
		return u, p.expect(")")
	case p.at("table") && p.peek(1).isName():
		return nil, notYet("TABLE as a query", p.tok().Span).WithHint("Write SELECT * FROM %s.", p.written(p.peek(1)))
	}
	return nil, p.unexpected()
}

// atQuery reports whether a query begins here, not counting parentheses.
func (p *parser) atQuery() bool { return p.at("select") || p.at("with") || p.at("values (") }

// atQueryRest reports whether what stands here continues a query in parentheses.
func (p *parser) atQueryRest() bool {
	_, prec := p.setOp()
	return prec > 0 || p.at("order") || p.at("limit") || p.at("offset") || p.at("fetch")
}

// open makes u the query being read and returns how to go back to the one around it.
func (p *parser) open(u *unit) (closeUnit func()) {
	outer := p.unit
	p.unit = u
	return func() { p.unit = outer }
}

// values reads VALUES (…), (…).
func (p *parser) values() (*unit, error) {
	start := p.advance().Pos
	u := &unit{sel: &Select{}}
	defer p.open(u)()
	defaults := p.defaults
	p.defaults = false // not in what stands in the cells
	for {
		at := p.tok().Pos
		if err := p.expect("("); err != nil {
			return nil, err
		}
		cells, err := p.cells(defaults)
		if err != nil {
			return nil, err
		}
		if err := p.expect(")"); err != nil {
			return nil, err
		}
		if v := u.sel.Values; v != nil && len(v[0]) != len(cells) {
			return nil, types.Errorf(types.CodeSyntax, "VALUES lists must all be the same length").At(int(at), int(p.end()-at))
		}
		u.sel.Values = append(u.sel.Values, cells)
		if !p.accept(",") {
			u.sel.Span = p.from(start)
			return u, nil
		}
	}
}

// cells reads a row of VALUES; with defaults a cell may be DEFAULT.
func (p *parser) cells(defaults bool) ([]Expr, error) {
	var row []operand
	var marks []*Default // nil for a cell that is an expression
	for {
		var x operand
		var mark *Default
		var err error
		if t := p.tok(); defaults && p.accept("default") {
			mark = &Default{t.Span}
		} else if x, err = p.expr(); err != nil {
			return nil, err
		}
		row, marks = append(row, x), append(marks, mark)
		if !p.accept(",") {
			break
		}
	}
	cells := make([]Expr, len(row))
	for i := range row {
		if marks[i] != nil {
			cells[i] = marks[i]
		} else {
			p.carry(row[i], &cells[i])
		}
	}
	return cells, nil
}

// body reads SELECT … up to HAVING.
func (p *parser) body() (*unit, error) {
	start := p.advance().Pos
	u := &unit{sel: &Select{}}
	defer p.open(u)()
	if p.at("distinct on") {
		return nil, refused("DISTINCT ON is not supported", Span{p.tok().Pos, p.peek(1).End},
			"For the last row of each entity write a feature, or LAST(…) with GROUP BY.")
	}
	if u.sel.Distinct = p.accept("distinct"); !u.sel.Distinct {
		p.accept("all")
	}
	if err := p.items(); err != nil {
		return nil, err
	}
	if p.at("into") {
		return nil, refused("SELECT INTO is not supported", p.tok().Span, "Write CREATE FEATURE name AS SELECT ….")
	}
	for _, read := range []func() error{p.fromClause, p.whereClause, p.groupClause, p.havingClause} {
		if err := read(); err != nil {
			return nil, err
		}
	}
	if p.at("window") {
		return nil, refused("WINDOW is not supported", p.tok().Span, windowHint)
	}
	u.sel.Span = p.from(start)
	return u, nil
}

const windowHint = "A window over time is a condition: COUNT(*) FILTER (WHERE created_at > NOW() - INTERVAL '1 hour')."

func (p *parser) whereClause() error {
	if !p.accept("where") {
		return nil
	}
	x, err := p.expr()
	p.unit.where = x.text
	return err
}

func (p *parser) havingClause() error {
	if !p.accept("having") {
		return nil
	}
	x, err := p.expr()
	p.unit.having = x.text
	return err
}

func (p *parser) groupClause() error {
	if !p.accept("group") {
		return nil
	}
	if err := p.expect("by"); err != nil {
		return err
	}
	for {
		if p.at("rollup (") || p.at("cube (") || p.at("grouping sets") || p.at("( )") || p.at("all") || p.at("distinct") {
			return notYet("GROUP BY "+upper(p.tok().text), p.tok().Span)
		}
		x, err := p.expr()
		if err != nil {
			return err
		}
		p.unit.groupBy = append(p.unit.groupBy, x.text)
		if !p.accept(",") {
			return nil
		}
	}
}

// items reads the select list.
func (p *parser) items() error {
	u := p.unit
	for {
		start := p.tok().Pos
		text, err := p.itemText()
		if err != nil {
			return err
		}
		item := Item{}
		if item.Alias, err = p.alias(text); err != nil {
			return err
		}
		item.Span = p.from(start)
		u.items, u.sel.Items = append(u.items, text), append(u.sel.Items, item)
		if !p.accept(",") {
			return nil
		}
	}
}

// itemText reads *, t.* or an expression.
func (p *parser) itemText() (string, error) {
	if p.accept("*") {
		return "*", nil
	}
	if p.at("public .") && p.peek(2).isName() && p.peek(3).is(".") && p.peek(4).is("*") {
		p.i += 2
	}
	if p.tok().isName() && p.peek(1).is(".") && p.peek(2).is("*") {
		if !p.atName() {
			return "", p.unexpected()
		}
		p.i += 3
		return ref('i', p.i-3) + ".*", nil
	}
	x, err := p.expr()
	return x.text, err
}

// alias reads [AS] name behind an item, or nothing.
func (p *parser) alias(item string) (string, error) {
	if item == "*" || item[len(item)-1] == '*' || p.atAsOf() {
		return "", nil
	}
	if p.accept("as") {
		if p.tok().kind == tokString {
			return "", p.unexpected().WithHint(`Names are quoted with ": AS %s.`, QuoteIdent(p.tok().text))
		}
		t, err := p.label()
		if err != nil {
			return "", err
		}
		return t.text, nil
	}
	if t := p.tok(); t.kind == tokQuoted || t.kind == tokWord && !needAs[t.text] {
		return p.advance().text, nil
	}
	return "", nil
}

// tail reads ORDER BY, LIMIT, OFFSET and the AS OF of a whole query, which may stand before, between or behind them.
func (p *parser) tail(u *unit) error {
	defer p.open(u)()
	for limited := false; ; {
		start := p.tok().Pos
		var err error
		switch {
		case p.atAsOf():
			err = p.queryAsOf(u)
		case p.at("order") && limited:
			err = p.unexpected().WithHint("ORDER BY stands before LIMIT and OFFSET.")
		case p.at("order"):
			err = p.orderClause(u)
		case p.at("limit"), p.at("offset"), p.at("fetch"):
			limited = true
			err = p.limitClause(u)
		case p.at("for update"), p.at("for share"), p.at("for no"), p.at("for key"):
			return refused("locking rows is not supported", Span{start, p.peek(1).End}, "Leave it out: reads never block and see one moment.")
		default:
			return nil
		}
		if err != nil {
			return err
		}
		u.sel.End = p.end()
	}
}

func (p *parser) queryAsOf(u *unit) error {
	t := p.tok()
	if u.sel.AsOf != nil {
		return types.Errorf(types.CodeSyntax, "AS OF specified more than once").At(int(t.Pos), int(t.End-t.Pos))
	}
	var err error
	if u.sel.AsOf, err = p.asOf(); err != nil {
		return err
	}
	if _, prec := p.setOp(); prec > 0 {
		return p.unexpected().WithHint("AS OF holds for the whole query: write it at the end, or put the SELECT in parentheses.")
	}
	return nil
}

// again is the error of a clause that stands twice.
func (p *parser) again(what string) error {
	t := p.tok()
	return types.Errorf(types.CodeSyntax, "multiple %s clauses not allowed", what).At(int(t.Pos), int(t.End-t.Pos))
}

func (p *parser) orderClause(u *unit) error {
	if u.hasOrder {
		return p.again("ORDER BY")
	}
	items, ops, err := p.orderBy()
	if err != nil {
		return err
	}
	u.hasOrder, u.sel.OrderBy = true, items
	for i, o := range ops {
		dir := " asc"
		if items[i].Desc {
			dir = " desc"
		}
		u.orderBy = append(u.orderBy, o.text+dir)
	}
	return nil
}

// orderBy reads ORDER BY x [ASC|DESC] [NULLS FIRST|LAST], …. The items' expressions are missing.
func (p *parser) orderBy() ([]OrderItem, []operand, error) {
	if err := p.expect("order by"); err != nil {
		return nil, nil, err
	}
	var items []OrderItem
	var ops []operand
	for {
		x, err := p.expr()
		if err != nil {
			return nil, nil, err
		}
		item := OrderItem{}
		if p.at("using") {
			return nil, nil, refused("ORDER BY … USING is not supported", p.tok().Span, "Write ASC or DESC.")
		}
		if item.Desc = p.accept("desc"); !item.Desc {
			p.accept("asc")
		}
		if p.accept("nulls") {
			first := p.accept("first")
			if !first && !p.accept("last") {
				return nil, nil, p.unexpected()
			}
			item.NullsFirst = &first
		}
		items, ops = append(items, item), append(ops, x)
		if !p.accept(",") {
			return items, ops, nil
		}
	}
}

// limitClause reads LIMIT n|ALL, OFFSET n [ROWS] or FETCH FIRST [n] ROWS ONLY.
func (p *parser) limitClause(u *unit) error {
	skip := p.at("offset")
	if skip && u.hasSkip {
		return p.again("OFFSET")
	}
	if !skip && u.hasLimit {
		return p.again("LIMIT")
	}
	fetch := p.advance().text == "fetch"
	var x operand
	var err error
	switch {
	case fetch:
		x, err = p.fetch()
	case !skip && p.accept("all"):
	default:
		x, err = p.expr()
	}
	if err != nil {
		return err
	}
	if skip {
		u.hasSkip, u.offset = true, x.text
		if !p.accept("rows") {
			p.accept("row")
		}
		return nil
	}
	u.hasLimit, u.limit = true, x.text
	if p.at(",") {
		return p.unexpected().WithHint("LIMIT a, b is MySQL's: write LIMIT b OFFSET a.")
	}
	return nil
}

// fetch reads the rest of FETCH FIRST [n] ROWS ONLY.
func (p *parser) fetch() (operand, error) {
	word := p.tok()
	if _, err := p.oneOf("first", "next"); err != nil {
		return operand{}, err
	}
	x, err := p.wrap(&Number{word.Span, "1"}, "")
	if err == nil && !p.at("row") && !p.at("rows") {
		x, err = p.climbFrom(precCast, true)
	}
	if err != nil {
		return operand{}, err
	}
	if _, err := p.oneOf("row", "rows"); err != nil {
		return operand{}, err
	}
	if p.at("with ties") {
		return operand{}, notYet("FETCH … WITH TIES", p.tok().Span)
	}
	return x, p.expect("only")
}
