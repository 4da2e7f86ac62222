package syntax

import (
	"strings"

	"github.com/asofdb/asof/sql/types"
)

// typeName reads a type: NUMERIC(12,2), DOUBLE PRECISION, TIMESTAMP(3) WITH TIME ZONE, text[], int ARRAY.
func (p *parser) typeName() (types.Type, error) {
	start := p.tok().Pos
	text, err := p.typeText()
	if err != nil {
		return types.Type{}, err
	}
	return p.typeOf(text, p.from(start))
}

// typeOf looks a type's name up.
func (p *parser) typeOf(text string, at Span) (types.Type, error) {
	t, err := types.ParseType(text)
	if err == nil {
		return t, nil
	}
	e, ok := err.(*types.Error)
	if !ok {
		e = types.Errorf(types.CodeUndefinedObject, "%s", err)
	}
	e.Pos, e.Len = 0, 0 // a place in the type's name is not one in the statement
	return types.Type{}, e.At(int(at.Pos), int(at.End-at.Pos))
}

// typeText reads a type's name with its modifiers and writes it in one spelling: words, then (…), then the rest, then [].
func (p *parser) typeText() (string, error) {
	var b strings.Builder
	t := p.tok()
	if t.isName() && t.text == "pg_catalog" && p.peek(1).is(".") {
		p.i += 2
		t = p.tok()
	}
	if t.is("setof") || !t.isName() || t.kind == tokWord && reserved[t.text] {
		return "", p.unexpected()
	}
	p.i++
	if t.kind == tokQuoted && t.text == "char" {
		return types.InternalChar.String() + p.typeBounds(), nil
	}
	b.WriteString(t.text)
	if t.kind == tokWord {
		p.typeWords(&b, t.text)
	}
	if p.at("(") {
		if err := p.typeModifiers(&b); err != nil {
			return "", err
		}
	}
	if t.is("time") || t.is("timestamp") {
		for _, zone := range []string{"with time zone", "without time zone"} {
			if p.accept(zone) {
				b.WriteString(" " + zone)
			}
		}
	}
	return b.String() + p.typeBounds(), nil
}

// typeWords reads the second word of the types that have one.
func (p *parser) typeWords(b *strings.Builder, first string) {
	second := ""
	switch first {
	case "double":
		second = "precision"
	case "character", "char", "national", "nchar", "bit":
		second = "varying"
	}
	if second != "" && p.accept(second) {
		b.WriteString(" " + second)
	}
}

// typeModifiers reads (12,2).
func (p *parser) typeModifiers(b *strings.Builder) error {
	p.i++
	b.WriteByte('(')
	for {
		if p.accept("-") {
			b.WriteByte('-')
		}
		if p.tok().kind != tokNumber {
			return p.unexpected()
		}
		b.WriteString(p.advance().text)
		if !p.accept(",") {
			break
		}
		b.WriteByte(',')
	}
	b.WriteByte(')')
	return p.expect(")")
}

// typeBounds reads [], [3], [][] and ARRAY, whose lengths mean nothing in PostgreSQL either.
func (p *parser) typeBounds() string {
	bounds := ""
	if p.accept("array") {
		bounds = "[]"
		p.bound()
		return bounds
	}
	for p.bound() {
		bounds += "[]"
	}
	return bounds
}

// bound passes [] or [3].
func (p *parser) bound() bool {
	switch {
	case p.at("[ ]"):
		p.i += 2
	case p.at("[") && p.peek(1).kind == tokNumber && p.peek(2).is("]"):
		p.i += 3
	default:
		return false
	}
	return true
}
