package exec

import (
	"slices"
	"strings"
)

// tree is a generated text that knows its parts, so that a query that answers wrongly can be made smaller.
type tree struct {
	kind string // of what it can be exchanged for; "" for nothing
	// parts stand between the texts: texts[0] parts[0] texts[1] …
	texts []string
	parts []*tree
	// list is set where there are no texts, but sep between the parts, of which at least few are needed.
	list bool
	sep  string
	few  int
	// optional is set for a part that can be left away.
	optional bool
	// least is the smallest text of its kind, "" where there is none.
	least string
}

// text is a tree without parts.
func text(s string) *tree { return &tree{texts: []string{s}} }

// form puts parts into the places of a text that are marked by @.
func form(kind, format string, parts ...*tree) *tree {
	t := &tree{kind: kind, texts: strings.Split(format, "@"), parts: parts}
	if len(t.texts) != len(parts)+1 {
		panic("form: " + format)
	}
	return t
}

// list puts parts behind each other; all but a few of them, whichever, can be left away.
func list(sep string, few int, parts ...*tree) *tree {
	return &tree{list: true, sep: sep, few: few, parts: parts}
}

// option is a part that can be left away.
func option(format string, parts ...*tree) *tree {
	t := form("", format, parts...)
	t.optional = true
	return t
}

func (t *tree) String() string {
	var b strings.Builder
	t.print(&b)
	return b.String()
}

func (t *tree) print(b *strings.Builder) {
	if t.list {
		for i, p := range t.parts {
			if i > 0 {
				b.WriteString(t.sep)
			}
			p.print(b)
		}
		return
	}
	for i, s := range t.texts {
		b.WriteString(s)
		if i < len(t.parts) {
			t.parts[i].print(b)
		}
	}
}

// shrink makes the tree as small as it can be while bad holds.
func (t *tree) shrink(bad func() bool) {
	for again := true; again; {
		again = false
		for _, n := range t.nodes() {
			if n.reduce(bad) {
				again = true
				break
			}
		}
	}
}

// nodes are all trees in t, parents first.
func (t *tree) nodes() []*tree {
	out := []*tree{t}
	for _, p := range t.parts {
		out = append(out, p.nodes()...)
	}
	return out
}

// reduce makes one node smaller, if bad still holds then.
func (t *tree) reduce(bad func() bool) bool {
	before := *t
	size := len(t.String())
	try := func(n tree) bool {
		if len(n.String()) >= size {
			return false
		}
		*t = n
		t.optional = before.optional
		if bad() {
			return true
		}
		*t = before
		return false
	}
	if t.optional && size > 0 && try(*text("")) {
		return true
	}
	if t.least != "" && try(tree{kind: t.kind, least: t.least, texts: []string{t.least}}) {
		return true
	}
	for i := range before.parts {
		if t.list && len(before.parts) > t.few {
			n := before
			n.parts = slices.Delete(slices.Clone(before.parts), i, i+1)
			if try(n) {
				return true
			}
		}
	}
	for _, n := range before.nodes()[1:] {
		if n.kind != "" && n.kind == t.kind && try(*n) {
			return true
		}
	}
	return false
}
