package syntax

import (
	"strconv"

	"github.com/asofdb/asof/sql/types"
)

// explainValue reads what follows EXPLAIN VALUE: column OF feature [AS OF t] [WHERE condition] [AS OF t].
func (p *parser) explainValue(start Pos) (Statement, error) {
	u := &unit{sel: &Select{}}
	defer p.open(u)()
	column, err := p.name()
	if err != nil {
		return nil, err
	}
	u.items, u.sel.Items = []string{ref('i', p.i-1)}, []Item{{Span: column.Span}}
	if err := p.expect("of"); err != nil {
		return nil, err
	}
	from := p.tok().Pos
	r, err := p.tablePrimary()
	if err != nil {
		return nil, err
	}
	u.from = r.text
	if err := p.whereClause(); err != nil {
		return nil, err
	}
	for p.atAsOf() {
		if err := p.queryAsOf(u); err != nil {
			return nil, err
		}
	}
	u.sel.Span = p.from(column.Pos)
	sel, err := p.finish(u)
	if err != nil {
		return nil, err
	}
	t, ok := sel.From.(*Table)
	if !ok || t.File {
		return nil, refused("EXPLAIN VALUE is of a feature", Span{from, sel.From.Place().End}, "Write EXPLAIN VALUE column OF feature WHERE key = ….")
	}
	return &ExplainValue{p.from(start), sel}, nil
}

// verify reads what follows VERIFY: FEATURE name [SAMPLE n].
func (p *parser) verify(start Pos) (Statement, error) {
	if err := p.expect("feature"); err != nil {
		return nil, err
	}
	t, err := p.relation()
	if err != nil {
		return nil, err
	}
	v := &VerifyFeature{Name: t.text, NamePos: t.Span}
	if p.accept("sample") {
		n := p.tok()
		if v.Sample, err = strconv.ParseInt(n.text, 10, 64); n.kind != tokNumber || err != nil || v.Sample < 1 {
			if n.kind != tokNumber {
				return nil, p.unexpected().WithHint("SAMPLE takes a number of entities: VERIFY FEATURE %s SAMPLE 1000.", QuoteIdent(v.Name))
			}
			return nil, types.Errorf(types.CodeInvalidParameter, "a sample of %s entities cannot be taken", n.text).At(int(n.Pos), int(n.End-n.Pos)).
				WithHint("SAMPLE takes a whole number of entities, at least 1; without it all are verified.")
		}
		p.i++
	}
	v.Span = p.from(start)
	return v, nil
}
