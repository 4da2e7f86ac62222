package syntax

import (
	"github.com/xwb1989/sqlparser"
)

// native fills a shell whose operator MySQL has too from sqlparser's node of it. It reports whether the node is that operator's.
func (b *bridge) native(shell Expr, e sqlparser.Expr) bool {
	switch s := shell.(type) {
	case *Unary:
		return b.unary(s, e)
	case *Binary:
		return b.binary(s, e)
	case *Is:
		return b.is(s, e)
	case *Between:
		return b.between(s, e)
	case *Like:
		return b.like(s, e)
	case *In:
		return b.in(s, e)
	case *Case:
		return b.caseWhen(s, e)
	case *Exists:
		_, ok := e.(*sqlparser.ExistsExpr)
		return ok
	case *Subquery:
		_, ok := e.(*sqlparser.Subquery)
		return ok
	}
	return false
}

func (b *bridge) unary(s *Unary, e sqlparser.Expr) bool {
	switch e := e.(type) {
	case *sqlparser.NotExpr:
		s.X = b.expr(e.Expr)
		return s.Op == "NOT"
	case *sqlparser.UnaryExpr:
		s.X = b.expr(e.Expr)
		return s.Op == e.Operator
	}
	return false
}

func (b *bridge) binary(s *Binary, e sqlparser.Expr) bool {
	var l, r sqlparser.Expr
	var op string
	switch e := e.(type) {
	case *sqlparser.AndExpr:
		l, r, op = e.Left, e.Right, "AND"
	case *sqlparser.OrExpr:
		l, r, op = e.Left, e.Right, "OR"
	case *sqlparser.ComparisonExpr:
		l, r, op = e.Left, e.Right, e.Operator
		if op == sqlparser.NotEqualStr {
			op = "<>"
		}
	case *sqlparser.BinaryExpr:
		l, r, op = e.Left, e.Right, e.Operator
		if op == sqlparser.BitOrStr {
			op = "||"
		}
	default:
		return false
	}
	s.L, s.R = b.expr(l), b.expr(r)
	return op == s.Op
}

func (b *bridge) is(s *Is, e sqlparser.Expr) bool {
	is, ok := e.(*sqlparser.IsExpr)
	if !ok {
		return false
	}
	s.X = b.expr(is.Expr)
	return is.Operator == isOperators[isKey{s.What, s.Not}]
}

type isKey struct {
	what string
	not  bool
}

// isOperators are sqlparser's names of IS …. It has no UNKNOWN, which goes as NULL.
var isOperators = map[isKey]string{
	{"NULL", false}: sqlparser.IsNullStr, {"NULL", true}: sqlparser.IsNotNullStr,
	{"UNKNOWN", false}: sqlparser.IsNullStr, {"UNKNOWN", true}: sqlparser.IsNotNullStr,
	{"TRUE", false}: sqlparser.IsTrueStr, {"TRUE", true}: sqlparser.IsNotTrueStr,
	{"FALSE", false}: sqlparser.IsFalseStr, {"FALSE", true}: sqlparser.IsNotFalseStr,
}

func (b *bridge) between(s *Between, e sqlparser.Expr) bool {
	r, ok := e.(*sqlparser.RangeCond)
	if !ok {
		return false
	}
	s.X, s.Lo, s.Hi = b.expr(r.Left), b.expr(r.From), b.expr(r.To)
	return (r.Operator == sqlparser.NotBetweenStr) == s.Not
}

func (b *bridge) like(s *Like, e sqlparser.Expr) bool {
	c, ok := e.(*sqlparser.ComparisonExpr)
	if !ok {
		return false
	}
	s.X, s.Pattern = b.expr(c.Left), b.expr(c.Right)
	if c.Escape != nil {
		s.Escape = b.expr(c.Escape)
	}
	if s.Not {
		return c.Operator == sqlparser.NotLikeStr
	}
	return c.Operator == sqlparser.LikeStr
}

func (b *bridge) in(s *In, e sqlparser.Expr) bool {
	c, ok := e.(*sqlparser.ComparisonExpr)
	if !ok || (c.Operator == sqlparser.NotInStr) != s.Not {
		return false
	}
	s.X = b.expr(c.Left)
	switch r := c.Right.(type) {
	case *sqlparser.Subquery:
		return s.Sub != nil
	case sqlparser.ValTuple:
		for _, x := range r {
			s.List = append(s.List, b.expr(x))
		}
		return s.Sub == nil
	}
	return false
}

func (b *bridge) caseWhen(s *Case, e sqlparser.Expr) bool {
	c, ok := e.(*sqlparser.CaseExpr)
	if !ok {
		return false
	}
	if c.Expr != nil {
		s.Operand = b.expr(c.Expr)
	}
	for _, w := range c.Whens {
		s.Whens = append(s.Whens, When{b.expr(w.Cond), b.expr(w.Val)})
	}
	if c.Else != nil {
		s.Else = b.expr(c.Else)
	}
	return true
}

// from is the FROM clause: relations between commas are CROSS joins.
func (b *bridge) from(list sqlparser.TableExprs) TableExpr {
	var all TableExpr
	for _, e := range list {
		t := b.table(e)
		if all == nil {
			all = t
		} else if t != nil {
			all = &Join{Span: Span{all.Place().Pos, t.Place().End}, Kind: "CROSS", L: all, R: t}
		}
	}
	return all
}

func (b *bridge) table(e sqlparser.TableExpr) TableExpr {
	switch e := e.(type) {
	case *sqlparser.ParenTableExpr:
		return b.from(e.Exprs)
	case *sqlparser.AliasedTableExpr:
		if name, ok := e.Expr.(sqlparser.TableName); ok {
			if n := b.number(name.Name.String(), 't', len(b.p.tables)); n >= 0 {
				return b.p.tables[n]
			}
		}
	case *sqlparser.JoinTableExpr:
		return b.join(e)
	}
	b.fail("a relation became %T", e)
	return nil
}

// join completes the join whose number its condition bears.
func (b *bridge) join(e *sqlparser.JoinTableExpr) TableExpr {
	f, ok := e.Condition.On.(*sqlparser.FuncExpr)
	if !ok {
		b.fail("a condition became %T", e.Condition.On)
		return nil
	}
	n := b.number(f.Name.String(), 'j', len(b.p.joins))
	if n < 0 {
		return nil
	}
	j := b.p.joins[n]
	j.L, j.R = b.table(e.LeftExpr), b.table(e.RightExpr)
	if len(f.Exprs) > 0 {
		b.into(f.Exprs, &j.On)
	}
	want := map[string]string{"LEFT": sqlparser.LeftJoinStr, "FULL": sqlparser.LeftJoinStr, "RIGHT": sqlparser.RightJoinStr}[j.Kind]
	if want == "" {
		want = sqlparser.JoinStr
	}
	b.check(e.Join == want, "JOIN")
	return j
}
