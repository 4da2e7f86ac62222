package syntax

// query prints a query with what stands before and behind its body.
func (p *printer) query(s *Select) {
	for i, c := range s.With {
		if i == 0 {
			p.WriteString("WITH ")
			if c.Recursive {
				p.WriteString("RECURSIVE ")
			}
		}
		p.comma(i)
		p.WriteString(QuoteIdent(c.Name))
		if c.Columns != nil {
			p.WriteByte(' ')
			p.names(c.Columns)
		}
		p.WriteString(" AS ")
		p.sub(c.Select)
	}
	if s.With != nil {
		p.WriteByte(' ')
	}
	if endsInRelation(s) {
		// Behind the last relation AS OF would be that one's.
		p.WriteByte('(')
		p.body(s)
		p.WriteByte(')')
	} else {
		p.body(s)
	}
	p.orderBy(s.OrderBy)
	p.clause(" LIMIT ", s.Limit)
	p.clause(" OFFSET ", s.Offset)
	p.asOf(s.AsOf)
}

// endsInRelation reports whether the AS OF of a whole query would follow a relation.
func endsInRelation(s *Select) bool {
	return s.AsOf != nil && s.OrderBy == nil && s.Limit == nil && s.Offset == nil && (s.Set != nil || s.From != nil && s.Where == nil && s.GroupBy == nil && s.Having == nil)
}

func (p *printer) clause(words string, x Expr) {
	if x != nil {
		p.WriteString(words)
		p.expr(x, precOr)
	}
}

// asOf prints a moment with a space before it, or nothing.
func (p *printer) asOf(a *AsOf) {
	switch {
	case a == nil:
		return
	case a.Before:
		p.WriteString(" BEFORE ")
	case a.Served:
		p.WriteString(" AS OF SERVED ")
	default:
		p.WriteString(" AS OF ")
	}
	p.expr(a.X, precOp)
}

func (p *printer) body(s *Select) {
	switch {
	case s.Set != nil:
		p.set(s.Set)
	case s.Values != nil:
		p.values(s.Values)
	default:
		p.core(s)
	}
}

func (p *printer) values(rows [][]Expr) {
	p.WriteString("VALUES ")
	for i, row := range rows {
		p.comma(i)
		p.WriteByte('(')
		p.list(row)
		p.WriteByte(')')
	}
}

func (p *printer) set(s *SetOp) {
	prec := setPrec(s.Op)
	p.setOperand(s.L, prec)
	p.WriteString(" " + s.Op)
	if s.All {
		p.WriteString(" ALL")
	}
	p.WriteByte(' ')
	p.setOperand(s.R, prec+1)
}

func setPrec(op string) int {
	if op == "INTERSECT" {
		return 2
	}
	return 1
}

// setOperand prints an operand of a set operation, in parentheses where it has clauses of its own or binds looser than min.
func (p *printer) setOperand(s *Select, min int) {
	bare := s.With == nil && s.OrderBy == nil && s.Limit == nil && s.Offset == nil && s.AsOf == nil
	if bare && (s.Set == nil || setPrec(s.Set.Op) >= min) {
		p.body(s)
		return
	}
	p.sub(s)
}

func (p *printer) core(s *Select) {
	p.WriteString("SELECT ")
	if s.Distinct {
		p.WriteString("DISTINCT ")
	}
	for i, item := range s.Items {
		p.comma(i)
		p.expr(item.X, precOr)
		if item.Alias != "" {
			p.WriteString(" AS " + QuoteIdent(item.Alias))
		}
	}
	if s.From != nil {
		p.WriteString(" FROM ")
		p.table(s.From)
	}
	p.clause(" WHERE ", s.Where)
	for i, x := range s.GroupBy {
		if i == 0 {
			p.WriteString(" GROUP BY ")
		}
		p.comma(i)
		p.expr(x, precOr)
	}
	p.clause(" HAVING ", s.Having)
}

func (p *printer) table(t TableExpr) {
	switch t := t.(type) {
	case *Table:
		if t.File {
			p.WriteString(QuoteString(t.Name))
		} else {
			if t.Schema != "" {
				p.WriteString(QuoteIdent(t.Schema) + ".")
			}
			p.WriteString(QuoteIdent(t.Name))
		}
		p.tableTail(t.Alias, t.Columns, t.AsOf)
	case *Derived:
		if t.Lateral {
			p.WriteString("LATERAL ")
		}
		p.sub(t.Select)
		p.tableTail(t.Alias, t.Columns, t.AsOf)
	case *TableFunc:
		p.expr(t.Call, precOr)
		if t.Ordinality {
			p.WriteString(" WITH ORDINALITY")
		}
		p.tableTail(t.Alias, t.Columns, nil)
	case *Join:
		p.join(t)
	}
}

func (p *printer) tableTail(alias string, columns []string, asOf *AsOf) {
	if alias != "" {
		p.WriteString(" AS " + QuoteIdent(alias))
	}
	if columns != nil {
		p.WriteByte(' ')
		p.names(columns)
	}
	p.asOf(asOf)
}

func (p *printer) join(j *Join) {
	p.table(j.L)
	if j.Kind == "INNER" {
		p.WriteString(" JOIN ")
	} else {
		p.WriteString(" " + j.Kind + " JOIN ")
	}
	if _, nested := j.R.(*Join); nested {
		p.WriteByte('(')
		p.table(j.R)
		p.WriteByte(')')
	} else {
		p.table(j.R)
	}
	if j.Using != nil {
		p.WriteString(" USING ")
		p.names(j.Using)
	}
	p.clause(" ON ", j.On)
}
