package main

import (
	"slices"
	"strings"
	"testing"
)

func TestMetaArguments(t *testing.T) {
	for line, want := range map[string][]string{
		`\d`:                         {"d"},
		`\d orders;`:                 {"d", "orders"},
		`\d orders ;`:                {"d", "orders"},
		`\d+ "Odd "" name" b`:        {"d+", `"Odd "" name"`, "b"},
		`\d"Odd"`:                    {"d", `"Odd"`},
		`\i 'it''s a file.sql'`:      {"i", "it's a file.sql"},
		`\o a' 'b`:                   {"o", "a b"},
		"\\x\ton \r":                 {"x", "on"},
		`\?x`:                        {"?", "x"},
		`\`:                          {""},
		`\ d`:                        {"d"},
		`\i ''`:                      {"i", ""},
		`\pset format csv; -- habit`: {"pset", "format", "csv;", "--", "habit"},
	} {
		name, rest := cutMeta(line)
		args, err := metaArguments(rest)
		if got := append([]string{name}, args...); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %q, %v, want %q", line, got, err, want)
		}
	}
	for _, rest := range []string{"'open", `"open`, "a'b''"} {
		if args, err := metaArguments(rest); err == nil {
			t.Errorf("%s: %q and no error", rest, args)
		}
	}
}

func TestPatterns(t *testing.T) {
	for _, c := range []struct {
		arg, name string
		matches   bool
	}{
		{"orders", "orders", true},
		{"Orders", "orders", true},
		{`"Orders"`, "orders", false},
		{`"Orders"`, "Orders", true},
		{`"a""b"`, `a"b`, true},
		{"ord*", "orders", true},
		{"ord*", "order_items/x", false},
		{"o?ders", "orders", true},
		{`"o*"`, "orders", false},
		{`"o*"`, "o*", true},
		{"a[b]", "a[b]", true},
		{`a\b`, `a\b`, true},
	} {
		p := newPattern(c.arg)
		if got := p.matches(c.name); got != c.matches {
			t.Errorf("%s matches %s: %v", c.arg, c.name, got)
		}
		if name, one := p.name(); one && c.matches && name != c.name {
			t.Errorf("%s is the name %s, want %s", c.arg, name, c.name)
		}
	}
}

// FuzzMeta holds that no line of a meta command makes the shell stumble before it knows what is meant.
func FuzzMeta(f *testing.F) {
	for _, s := range []string{`\d "a" b`, `\i 'x''y'`, `\`, `\\`, `\pset 'open`, "\\é ü", `\d+;`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, line string) {
		line, _, _ = strings.Cut(line, "\n")
		src := &source{text: `\` + line, line: 1}
		st, _ := src.next(0, true)
		if st == nil || !st.meta || st.text != src.text {
			t.Fatalf("%q is read as %v", line, st)
		}
		name, rest := cutMeta(st.text)
		args, err := metaArguments(rest)
		if err != nil {
			return
		}
		nearestMeta(name)
		statementsWith(topic("statements"), append(args, name))
		for _, a := range args {
			newPattern(a).matches(a)
		}
	})
}
