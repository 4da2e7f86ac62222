package syntax

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/asofdb/asof/sql/types"
)

// PrintExpr prints an expression as canonical text: keywords in capitals, names quoted where they must be, parentheses only where precedence asks
// for them. Parse reads it back as the same nodes.
func PrintExpr(x Expr) string {
	var p printer
	p.expr(x, precOr)
	return p.String()
}

// PrintSelect prints a query as canonical text, in one line.
func PrintSelect(s *Select) string {
	var p printer
	p.query(s)
	return p.String()
}

// printer builds canonical text.
type printer struct {
	strings.Builder
	// full puts every operator in parentheses, needed or not.
	full bool
	// bare is set where AT TIME ZONE may not stand: it is printed as a call.
	bare bool
}

// precOf is how tight the outermost operator of x binds; an operand that stands alone binds tightest.
func precOf(x Expr) int {
	switch x := x.(type) {
	case *Unary:
		if x.Op == "NOT" {
			return precNot
		}
		return precSign
	case *Binary:
		return binary[strings.ToLower(x.Op)]
	case *Is, *IsDistinct:
		return precIs
	case *Quantified:
		return precCompare
	case *In, *Between, *Like:
		return precIn
	case *Call:
		if isAtTimeZone(x) {
			return precAt // also where it is printed as a call: parentheses too many do no harm
		}
	case *Index, *Field:
		return precIndex
	}
	return precCast + 1
}

// isAtTimeZone reports whether x is printed as x AT TIME ZONE z.
func isAtTimeZone(x *Call) bool {
	return x.Name == "timezone" && isPlainCall(x)
}

// expr prints x, in parentheses if it binds looser than min.
func (p *printer) expr(x Expr, min int) {
	prec := precOf(x)
	if prec < min || p.full && prec <= precIndex {
		p.WriteByte('(')
		defer p.WriteByte(')')
	}
	switch x := x.(type) {
	case *Null:
		p.WriteString("NULL")
	case *Default:
		p.WriteString("DEFAULT")
	case *Bool:
		p.WriteString(strings.ToUpper(strconv.FormatBool(x.V)))
	case *Number:
		p.WriteString(x.Text)
	case *String:
		p.WriteString(QuoteString(x.V))
	case *TypedLit:
		p.typedLit(x)
	case *ColumnRef:
		p.column(x)
	case *Star:
		p.star(x)
	case *Param:
		p.WriteString("$" + strconv.Itoa(x.N))
	case *Unary:
		p.unary(x, prec)
	case *Binary:
		p.binary(x, prec)
	case *Call:
		p.call(x)
	case *Cast:
		p.cast(x)
	case *Case:
		p.caseWhen(x)
	case *In:
		p.in(x)
	case *Between:
		p.expr(x.X, precIn+1)
		p.WriteString(not(x.Not) + " BETWEEN ")
		p.bareExpr(x.Lo)
		p.WriteString(" AND ")
		p.expr(x.Hi, precIn+1)
	case *Like:
		p.like(x)
	case *Is:
		p.expr(x.X, precIs+1)
		p.WriteString(" IS" + not(x.Not) + " " + x.What)
	case *IsDistinct:
		p.expr(x.L, precIs+1)
		p.WriteString(" IS" + not(x.Not) + " DISTINCT FROM ")
		p.expr(x.R, precIs+1)
	case *Quantified:
		p.quantified(x)
	case *ArrayLit:
		p.WriteString("ARRAY[")
		p.list(x.Elems)
		p.WriteByte(']')
	case *Row:
		p.WriteString("ROW(")
		p.list(x.Elems)
		p.WriteByte(')')
	case *Index:
		p.index(x)
	case *Field:
		p.WriteByte('(')
		p.expr(x.X, precOr)
		p.WriteString(").")
		p.WriteString(QuoteIdent(x.Name))
	case *Subquery:
		if x.Array {
			p.WriteString("ARRAY")
		}
		p.sub(x.Select)
	case *Exists:
		p.WriteString("EXISTS ")
		p.sub(x.Select)
	default:
		panic(fmt.Sprintf("syntax: no way to print %T", x))
	}
}

// bareExpr prints what BETWEEN's first bound and POSITION take: nothing that binds looser than a plain operator.
func (p *printer) bareExpr(x Expr) {
	was := p.bare
	p.bare = true
	p.expr(x, precOp)
	p.bare = was
}

func not(is bool) string {
	if is {
		return " NOT"
	}
	return ""
}

func (p *printer) sub(s *Select) {
	p.WriteByte('(')
	p.query(s)
	p.WriteByte(')')
}

func (p *printer) list(xs []Expr) {
	for i, x := range xs {
		p.comma(i)
		p.expr(x, precOr)
	}
}

// comma goes before the i-th of a list.
func (p *printer) comma(i int) {
	if i > 0 {
		p.WriteString(", ")
	}
}

func (p *printer) names(list []string) {
	p.WriteByte('(')
	for i, name := range list {
		p.comma(i)
		p.WriteString(QuoteIdent(name))
	}
	p.WriteByte(')')
}

func (p *printer) typedLit(x *TypedLit) {
	p.WriteString(typeName(x.Type) + " " + QuoteString(x.Text))
}

func (p *printer) column(x *ColumnRef) {
	if x.Table != "" {
		p.WriteString(QuoteIdent(x.Table) + ".")
	}
	p.WriteString(QuoteIdent(x.Name))
}

func (p *printer) star(x *Star) {
	if x.Table != "" {
		p.WriteString(QuoteIdent(x.Table) + ".")
	}
	p.WriteByte('*')
}

func (p *printer) unary(x *Unary, prec int) {
	p.WriteString(x.Op)
	if inner, ok := x.X.(*Unary); x.Op == "NOT" || ok && inner.Op != "NOT" {
		p.WriteByte(' ') // -- would begin a comment
	}
	p.expr(x.X, prec)
}

func (p *printer) binary(x *Binary, prec int) {
	left := prec
	if prec == precCompare {
		left++
	}
	p.expr(x.L, left)
	p.WriteString(" " + x.Op + " ")
	p.expr(x.R, prec+1)
}

// cast prints CAST(x AS t) where x is no plain operand: x::t otherwise.
func (p *printer) cast(x *Cast) {
	if precOf(x.X) < precCast {
		p.WriteString("CAST(")
		p.expr(x.X, precOr)
		p.WriteString(" AS " + typeName(x.Type) + ")")
		return
	}
	p.expr(x.X, precCast)
	p.WriteString("::" + typeName(x.Type))
}

func (p *printer) caseWhen(x *Case) {
	p.WriteString("CASE")
	if x.Operand != nil {
		p.WriteByte(' ')
		p.expr(x.Operand, precOr)
	}
	for _, w := range x.Whens {
		p.WriteString(" WHEN ")
		p.expr(w.Cond, precOr)
		p.WriteString(" THEN ")
		p.expr(w.Then, precOr)
	}
	if x.Else != nil {
		p.WriteString(" ELSE ")
		p.expr(x.Else, precOr)
	}
	p.WriteString(" END")
}

func (p *printer) in(x *In) {
	p.expr(x.X, precIn+1)
	p.WriteString(not(x.Not) + " IN ")
	if x.Sub != nil {
		p.sub(x.Sub)
		return
	}
	p.WriteByte('(')
	p.list(x.List)
	p.WriteByte(')')
}

func (p *printer) like(x *Like) {
	p.expr(x.X, precIn+1)
	p.WriteString(not(x.Not))
	if x.Fold {
		p.WriteString(" ILIKE ")
	} else {
		p.WriteString(" LIKE ")
	}
	p.expr(x.Pattern, precIn+1)
	if x.Escape != nil {
		p.WriteString(" ESCAPE ")
		p.expr(x.Escape, precIn+1)
	}
}

func (p *printer) quantified(x *Quantified) {
	p.expr(x.L, precCompare+1)
	p.WriteString(" " + x.Op)
	if x.All {
		p.WriteString(" ALL ")
	} else {
		p.WriteString(" ANY ")
	}
	if sub, ok := x.R.(*Subquery); ok && !sub.Array {
		p.sub(sub.Select)
		return
	}
	p.WriteByte('(')
	p.expr(x.R, precOr)
	p.WriteByte(')')
}

// index prints x[i]. Only names and what has an index already stand before [ without parentheses, as in PostgreSQL.
func (p *printer) index(x *Index) {
	switch in := x.X.(type) {
	case *ColumnRef, *Param:
		p.expr(in, precIndex)
	case *Index:
		p.index(in) // (x[1])[2] would be an element's element to PostgreSQL, not one of two dimensions
	default:
		p.WriteByte('(')
		p.expr(x.X, precOr)
		p.WriteByte(')')
	}
	p.WriteByte('[')
	p.expr(x.I, precOr)
	p.WriteByte(']')
}

func (p *printer) call(x *Call) {
	switch {
	case isAtTimeZone(x) && !p.bare:
		p.expr(x.Args[1], precAt)
		p.WriteString(" AT TIME ZONE ")
		p.expr(x.Args[0], precAt+1)
		return
	case specialNames[x.Name] && len(x.Args) == 0:
		p.WriteString(strings.ToUpper(x.Name))
	case isPlainCall(x) && x.Name == "extract" && isField(x.Args[0]):
		p.WriteString("EXTRACT(" + x.Args[0].(*String).V + " FROM ")
		p.expr(x.Args[1], precOr)
		p.WriteByte(')')
		return
	case isPlainCall(x) && x.Name == "position":
		p.WriteString("POSITION(")
		p.bareExpr(x.Args[1])
		p.WriteString(" IN ")
		p.bareExpr(x.Args[0])
		p.WriteByte(')')
		return
	default:
		p.WriteString(functionName(x))
		p.arguments(x)
	}
	if x.Filter != nil {
		p.WriteString(" FILTER (WHERE ")
		p.expr(x.Filter, precOr)
		p.WriteByte(')')
	}
	if x.Over != nil {
		p.WriteString(" OVER ()") // what stood in it is not kept: it is always refused
	}
}

// isPlainCall reports whether x has two arguments or more and nothing else, as the calls have that are written with keywords.
func isPlainCall(x *Call) bool {
	return len(x.Args) >= 2 && (len(x.Args) == 2 || x.Name == "substring" || x.Name == "overlay") &&
		!x.Distinct && x.OrderBy == nil && x.Filter == nil && x.Over == nil
}

// isField reports whether x can stand as the field of EXTRACT.
func isField(x Expr) bool {
	s, ok := x.(*String)
	return ok && isPlain(s.V) && !reserved[s.V]
}

// functionName is x's name as it stands before the parenthesis; words that have a syntax of their own there are quoted.
func functionName(x *Call) string {
	if plainCalls[x.Name] && len(x.Args) > 0 || functionNames[x.Name] || hasPrecision(x) || isPlainCall(x) && (x.Name == "substring" || x.Name == "overlay") {
		return x.Name
	}
	return QuoteIdent(x.Name)
}

// hasPrecision reports whether x is CURRENT_TIMESTAMP(3) or the like.
func hasPrecision(x *Call) bool {
	if !timeWords[x.Name] || len(x.Args) != 1 || x.Distinct || x.OrderBy != nil || x.Filter != nil || x.Over != nil {
		return false
	}
	_, ok := x.Args[0].(*Number)
	return ok
}

func (p *printer) arguments(x *Call) {
	p.WriteByte('(')
	if x.Distinct {
		p.WriteString("DISTINCT ")
	}
	p.list(x.Args)
	p.orderBy(x.OrderBy)
	p.WriteByte(')')
}

// orderBy prints ORDER BY with a space before it, or nothing.
func (p *printer) orderBy(items []OrderItem) {
	for i, o := range items {
		if i == 0 {
			p.WriteString(" ORDER BY ")
		}
		p.comma(i)
		p.expr(o.X, precOr)
		if o.Desc {
			p.WriteString(" DESC")
		}
		if o.NullsFirst != nil {
			if *o.NullsFirst {
				p.WriteString(" NULLS FIRST")
			} else {
				p.WriteString(" NULLS LAST")
			}
		}
	}
}

// typeName prints a type; the types of time by their short names.
func typeName(t types.Type) string {
	if t.Alias == types.InternalChar {
		return t.String()
	}
	s := strings.ToUpper(t.String())
	if zoned, ok := strings.CutSuffix(s, " WITH TIME ZONE"); ok && t.Precision == 0 {
		return zoned + "TZ"
	}
	return strings.TrimSuffix(s, " WITHOUT TIME ZONE")
}
