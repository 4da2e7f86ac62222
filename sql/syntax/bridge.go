package syntax

import (
	"strconv"

	"github.com/asofdb/asof/sql/types"
	"github.com/xwb1989/sqlparser"
)

// bridge turns sqlparser's tree of one query body into our nodes: it follows the tree's structure and takes names, literals, places and what MySQL
// cannot say from the parser, by the numbers in the tree. Every shape is checked against what was written; one that differs is a
// bug of ours and ends in an internal error, never in a query that means something else.
type bridge struct {
	p       *parser
	u       *unit
	hoisted []Expr
	err     *types.Error
}

// finish hands a unit's text to sqlparser and completes its Select.
func (p *parser) finish(u *unit) (*Select, error) {
	text := u.sql()
	stmt, err := sqlparser.Parse(text)
	b := bridge{p: p, u: u}
	if err != nil {
		b.fail("%v in %s", err, text)
		return nil, b.err
	}
	body, ok := stmt.(*sqlparser.Select)
	if !ok {
		b.fail("a body became %T", stmt)
		return nil, b.err
	}
	b.body(body)
	if b.err != nil {
		return nil, b.err
	}
	return u.sel, nil
}

// fail notes the first thing that should not be.
func (b *bridge) fail(format string, args ...any) {
	if b.err == nil {
		at := b.u.sel.Span
		b.err = types.Errorf(types.CodeInternal, "the query was misread: "+format, args...).At(int(at.Pos), int(at.End-at.Pos))
	}
}

func (b *bridge) check(ok bool, what string) {
	if !ok {
		b.fail("%s differs from what was written", what)
	}
}

func (b *bridge) body(s *sqlparser.Select) {
	u := b.u
	exprs := s.SelectExprs
	n := max(1, len(u.items))
	if len(exprs) != n+len(u.hoisted) {
		b.fail("%d columns became %d", n+len(u.hoisted), len(exprs))
		return
	}
	// A hoisted operand refers only to those before it.
	for _, x := range exprs[n:] {
		b.hoisted = append(b.hoisted, b.aliased(x))
	}
	for i := range u.sel.Items {
		u.sel.Items[i].X = b.item(exprs[i], u.sel.Items[i].Span)
	}
	for _, f := range u.fills {
		*f.to = b.hoisted[f.hoisted]
	}
	b.check((s.Distinct != "") == u.sel.Distinct, "DISTINCT")
	if u.from != "" {
		u.sel.From = b.from(s.From)
	}
	u.sel.Where = b.where(s.Where, u.where)
	u.sel.Having = b.where(s.Having, u.having)
	b.check(len(s.GroupBy) == len(u.groupBy), "GROUP BY")
	for _, x := range s.GroupBy {
		u.sel.GroupBy = append(u.sel.GroupBy, b.expr(x))
	}
	b.orderBy(s.OrderBy)
	b.limit(s.Limit)
}

func (b *bridge) where(w *sqlparser.Where, text string) Expr {
	if b.check((w != nil) == (text != ""), "a condition"); w == nil {
		return nil
	}
	return b.expr(w.Expr)
}

func (b *bridge) orderBy(list sqlparser.OrderBy) {
	items := b.u.sel.OrderBy
	if b.check(len(list) == len(items), "ORDER BY"); b.err != nil {
		return
	}
	for i, o := range list {
		items[i].X = b.expr(o.Expr)
		b.check((o.Direction == sqlparser.DescScr) == items[i].Desc, "ORDER BY")
	}
}

func (b *bridge) limit(l *sqlparser.Limit) {
	u := b.u
	if b.check((l != nil) == (u.limit+u.offset != ""), "LIMIT"); l == nil {
		return
	}
	if u.limit != "" {
		if u.sel.Limit = b.expr(l.Rowcount); isNull(u.sel.Limit) {
			u.sel.Limit = nil // LIMIT NULL is no limit
		}
	}
	if u.offset != "" {
		u.sel.Offset = b.expr(l.Offset)
	}
}

// item is an entry of the select list.
func (b *bridge) item(x sqlparser.SelectExpr, at Span) Expr {
	star, ok := x.(*sqlparser.StarExpr)
	if !ok {
		return b.aliased(x)
	}
	s := &Star{Span: at}
	if table := star.TableName.Name.String(); table != "" {
		s.Table = b.name(table)
	}
	return s
}

// aliased is an entry of a list that is an expression. The aliases are ours, not sqlparser's.
func (b *bridge) aliased(x sqlparser.SelectExpr) Expr {
	a, ok := x.(*sqlparser.AliasedExpr)
	if !ok || !a.As.IsEmpty() {
		b.fail("an expression became %T", x)
		return nil
	}
	return b.expr(a.Expr)
}

// number is N of the name xN, where x is the sort.
func (b *bridge) number(name string, sort byte, limit int) int {
	if name == "" || name[0] != sort {
		b.fail("%s is not of the sort %c", name, sort)
		return -1
	}
	n, err := strconv.Atoi(name[1:])
	if err != nil || n < 0 || n >= limit {
		b.fail("%s is not known", name)
		return -1
	}
	return n
}

// token is the token that a name or a bind variable stands for.
func (b *bridge) token(name string, sort byte) *token {
	if n := b.number(name, sort, len(b.p.toks)); n >= 0 {
		return &b.p.toks[n]
	}
	return &token{}
}

// name is the identifier that iN stands for.
func (b *bridge) name(ref string) string { return b.token(ref, 'i').text }

// expr is an atom: a name, a literal, a hoisted operand or a shell.
func (b *bridge) expr(e sqlparser.Expr) Expr {
	switch e := e.(type) {
	case *sqlparser.ColName:
		return b.column(e)
	case *sqlparser.SQLVal:
		return b.literal(e)
	case *sqlparser.FuncExpr:
		if n := b.number(e.Name.String(), 'n', len(b.p.shells)); n >= 0 {
			return b.fill(b.p.shells[n], e)
		}
		return nil
	}
	b.fail("an operand became %T", e)
	return nil
}

func (b *bridge) column(e *sqlparser.ColName) Expr {
	name := e.Name.String()
	if name[0] == 'h' {
		if n := b.number(name, 'h', len(b.hoisted)); n >= 0 {
			return b.hoisted[n]
		}
		return nil
	}
	t := b.token(name, 'i')
	c := &ColumnRef{Span: t.Span, Name: t.text}
	if table := e.Qualifier.Name.String(); table != "" {
		q := b.token(table, 'i')
		c.Table, c.Pos = q.text, q.Pos
	}
	return c
}

func (b *bridge) literal(e *sqlparser.SQLVal) Expr {
	if e.Type != sqlparser.ValArg || len(e.Val) < 2 {
		b.fail("a literal became %s", e.Val)
		return nil
	}
	t := b.token(string(e.Val[1:]), 'v')
	switch {
	case t.kind == tokString:
		return &String{t.Span, t.text}
	case t.kind == tokNumber:
		return &Number{t.Span, t.text}
	case t.kind == tokParam:
		return &Param{t.Span, t.param()}
	case t.is("null"):
		return &Null{t.Span}
	case t.is("true"), t.is("false"):
		return &Bool{t.Span, t.text == "true"}
	}
	b.fail("%s is no literal", t.text)
	return nil
}

// fill gives a shell its operands.
func (b *bridge) fill(shell Expr, f *sqlparser.FuncExpr) Expr {
	switch s := shell.(type) {
	case *Binary:
		if foreign[s.Op] {
			b.into(f.Exprs, &s.L, &s.R)
		} else {
			b.operator(s, f.Exprs)
		}
	case *Unary, *Is, *Between, *Like, *In, *Case, *Exists, *Subquery:
		b.operator(s, f.Exprs)
	case *Call:
		b.check(f.Distinct == s.Distinct, "DISTINCT")
		b.call(s, f.Exprs)
	case *Cast:
		b.into(f.Exprs, &s.X)
	case *IsDistinct:
		b.into(f.Exprs, &s.L, &s.R)
	case *Quantified:
		b.into(f.Exprs, &s.L, &s.R)
	case *Index:
		b.into(f.Exprs, &s.X, &s.I)
	case *Field:
		b.into(f.Exprs, &s.X)
	case *ArrayLit:
		s.Elems = b.all(f.Exprs)
	case *Row:
		s.Elems = b.all(f.Exprs)
	case *Number, *String, *Star:
		b.into(f.Exprs)
	case *TypedLit:
		b.check(len(f.Exprs) == 1, "a typed literal")
	default:
		b.fail("%T has no operands", s)
	}
	return shell
}

// operator fills a shell whose operator stands alone between the parentheses.
func (b *bridge) operator(shell Expr, args sqlparser.SelectExprs) {
	if len(args) != 1 {
		b.fail("an operator became %d arguments", len(args))
		return
	}
	a, ok := args[0].(*sqlparser.AliasedExpr)
	if !ok {
		b.fail("an operator became %T", args[0])
		return
	}
	if !b.native(shell, a.Expr) {
		b.fail("%T became %T", shell, a.Expr)
	}
}

// into puts the arguments into as many places.
func (b *bridge) into(args sqlparser.SelectExprs, places ...*Expr) {
	if len(args) != len(places) {
		b.fail("%d operands became %d", len(places), len(args))
		return
	}
	for i := range places {
		*places[i] = b.aliased(args[i])
	}
}

func (b *bridge) all(args sqlparser.SelectExprs) []Expr {
	list := make([]Expr, len(args))
	for i := range args {
		list[i] = b.aliased(args[i])
	}
	return list
}

// call sorts a call's arguments: the keys of ORDER BY and the FILTER are marked by the name of a function around them.
func (b *bridge) call(c *Call, args sqlparser.SelectExprs) {
	keys := 0
	for _, arg := range args {
		marked, mark := b.marked(arg)
		switch {
		case mark == "filter" && c.Filter == nil:
			c.Filter = marked
		case mark == "order" && keys < len(c.OrderBy):
			c.OrderBy[keys].X = marked
			keys++
		case mark == "":
			c.Args = append(c.Args, b.aliased(arg))
		default:
			b.fail("%s stands too often", mark)
		}
	}
	b.check(keys == len(c.OrderBy), "ORDER BY")
}

func (b *bridge) marked(arg sqlparser.SelectExpr) (Expr, string) {
	a, ok := arg.(*sqlparser.AliasedExpr)
	if !ok {
		return nil, ""
	}
	f, ok := a.Expr.(*sqlparser.FuncExpr)
	if !ok {
		return nil, ""
	}
	mark := f.Name.String()
	if mark != "filter" && mark != "order" {
		return nil, ""
	}
	var x Expr
	b.into(f.Exprs, &x)
	return x, mark
}

func isNull(x Expr) bool {
	_, ok := x.(*Null)
	return ok
}
