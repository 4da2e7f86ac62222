package syntax

import (
	"github.com/asofdb/asof/sql/types"
)

// options reads (name = value, …). A name may stand once.
func (p *parser) options() ([]Option, error) {
	if err := p.expect("("); err != nil {
		return nil, err
	}
	var list []Option
	seen := map[string]bool{}
	for {
		o, err := p.option()
		if err != nil {
			return nil, err
		}
		if seen[o.Name] {
			return nil, types.Errorf(types.CodeSyntax, "option %q specified more than once", o.Name).At(int(o.Pos), len(o.Name))
		}
		seen[o.Name] = true
		list = append(list, o)
		if !p.accept(",") {
			return list, p.expect(")")
		}
	}
}

func (p *parser) option() (Option, error) {
	name, err := p.label()
	if err != nil {
		return Option{}, err
	}
	if err := p.expect("="); err != nil {
		return Option{}, err
	}
	o := Option{Name: name.text}
	if p.at("secret") && p.peek(1).isName() {
		p.i++
		o.Secret = true
		o.Value = p.advance().text
	} else {
		o.Quoted = p.tok().kind == tokString
		if o.Value, err = p.value(); err != nil {
			return Option{}, err
		}
	}
	o.Span = p.from(name.Pos)
	return o, nil
}

// value reads the value of an option or a setting: a string, a number, which may be negative, or a word.
func (p *parser) value() (string, error) {
	sign := ""
	if (p.at("-") || p.at("+")) && p.peek(1).kind == tokNumber {
		if p.advance().text == "-" {
			sign = "-"
		}
	}
	switch t := p.tok(); t.kind {
	case tokString, tokNumber, tokWord, tokQuoted:
		p.i++
		return sign + t.text, nil
	}
	return "", p.unexpected()
}
