package syntax

import (
	"errors"
	"strings"

	"github.com/asofdb/asof/sql/types"
)

// Outline is what the words alone tell of a query that reads nothing but the system's catalogs: the names of its columns. Clients ask such questions in forms that the
// language does not have, and want an answer.
type Outline struct {
	Columns []string
	Params  int // the largest N of $N
}

// Outlined is a query of which only the outline is known, because Err refuses a part of it.
type Outlined struct {
	Span
	Outline *Outline
	Err     error
}

// outlined is the statement in place of one that was refused with err, nil where the error stands.
func (p *parser) outlined(err error) Statement {
	var e *types.Error
	if !errors.As(err, &e) || e.Code != types.CodeNotSupported {
		return nil
	}
	o := p.outline()
	if o == nil {
		return nil
	}
	return &Outlined{Span{p.toks[0].Pos, p.toks[len(p.toks)-2].End}, o, err}
}

// outline returns nil where the tokens are no query, or one that reads something else than catalogs.
func (p *parser) outline() *Outline {
	toks := p.toks[:len(p.toks)-1]
	if len(toks) == 0 || !(toks[0].is("select") || toks[0].is("with") || toks[0].is("(")) || !readsCatalogs(toks) {
		return nil
	}
	depth := 0
	for i := range toks {
		switch t := &toks[i]; {
		case t.is("("):
			depth++
		case t.is(")"):
			depth--
		case depth == 0 && t.is("select"):
			return &Outline{columnsOutlined(toks[i+1:]), paramsOutlined(toks)}
		}
	}
	return nil
}

func paramsOutlined(toks []token) int {
	n := 0
	for i := range toks {
		if toks[i].kind == tokParam {
			n = max(n, toks[i].param())
		}
	}
	return n
}

// readsCatalogs reports whether relations of pg_catalog and information_schema are read, and none of another schema. What WITH names is none.
func readsCatalogs(toks []token) bool {
	ctes := map[string]bool{}
	for i := range toks {
		if toks[i].is("as") && i > 0 && i+1 < len(toks) && toks[i+1].is("(") {
			j := i - 1
			if toks[j].is(")") { // name (columns) AS (
				for j > 0 && !toks[j].is("(") {
					j--
				}
				j--
			}
			if j >= 0 {
				ctes[toks[j].text] = true
			}
		}
	}
	found := false
	lists := []bool{false} // for each parenthesis that is open: whether a relation may follow a comma
	for i := range toks {
		t := &toks[i]
		last := &lists[len(lists)-1]
		starts := false
		switch {
		case t.is("("):
			lists = append(lists, *last && (toks[max(i-1, 0)].is("from") || toks[max(i-1, 0)].is("join") || toks[max(i-1, 0)].is(",")))
			continue
		case t.is(")"):
			if len(lists) > 1 {
				lists = lists[:len(lists)-1]
			}
			continue
		case t.is("from") && i > 0 && !toks[i-1].is("distinct"), t.is("join"):
			*last, starts = true, true
		case t.is(",") && *last:
			starts = true
		case t.is("where"), t.is("on"), t.is("group"), t.is("order"), t.is("limit"), t.is("union"), t.is("select"), t.is("using"):
			*last = false
		}
		if !starts || i+1 >= len(toks) || !toks[i+1].isName() || toks[i+1].is("select") || toks[i+1].is("lateral") {
			continue
		}
		name, schema := &toks[i+1], ""
		after := i + 2
		if after+1 < len(toks) && toks[after].is(".") {
			schema, name, after = name.text, &toks[after+1], after+2
		}
		switch {
		case after < len(toks) && toks[after].is("("): // a function
			found = found || schema == "pg_catalog"
		case schema == "pg_catalog", schema == "information_schema", schema == "" && strings.HasPrefix(name.text, "pg_") && !ctes[name.text]:
			found = true
		case schema == "" && ctes[name.text]:
		default:
			return false
		}
	}
	return found
}

// columnsOutlined names the entries of a select list: by the alias, or the last name in it.
func columnsOutlined(toks []token) []string {
	var columns []string
	depth, name := 0, "?column?"
	for i := range toks {
		t := &toks[i]
		switch {
		case t.is("("), t.is("["):
			depth++
		case t.is(")"), t.is("]"):
			depth--
		case depth == 0 && (t.is("from") || t.is("where") || t.is("union") || t.is("order") || t.is("limit")):
			return append(columns, name)
		case depth == 0 && t.is(","):
			columns, name = append(columns, name), "?column?"
		case depth == 0 && t.isName() && !t.is("as") && !t.is("distinct") && !t.is("all") && !t.is("over") && !t.is("filter"):
			name = t.text
			if t.is("end") {
				name = "case"
			}
		}
	}
	return append(columns, name)
}
