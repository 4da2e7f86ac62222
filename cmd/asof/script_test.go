package main

import (
	"slices"
	"strings"
	"testing"
)

func statements(s *source) []string {
	var all []string
	st, pos := s.next(0, false)
	for st != nil {
		all = append(all, strings.TrimSpace(st.text))
		st, pos = s.next(pos, false)
	}
	return all
}

func TestStatementsOfAScript(t *testing.T) {
	for text, want := range map[string][]string{
		"":                             nil,
		" ;; -- nothing\n/* ; */ ; ":   nil,
		"SELECT 1":                     {"SELECT 1"},
		"SELECT 1; SELECT ';' ;":       {"SELECT 1;", "SELECT ';' ;"},
		"SELECT 1; -- the end; really": {"SELECT 1;"},
		"-- first\nSELECT 1;\n/* a /* b; */ c; */ SELECT \";\"; SELECT $$;$$": {
			"-- first\nSELECT 1;", "/* a /* b; */ c; */ SELECT \";\";", "SELECT $$;$$",
		},
		"SELECT 'not closed; SELECT 2;":         {"SELECT 'not closed; SELECT 2;"},
		"\\x on; off\nSELECT 1; -- c\n \\d a;b": {`\x on; off`, "SELECT 1;", `\d a;b`},
		"SELECT '\n\\d'; /*\n\\d */\\q":         {"SELECT '\n\\d';", `\q`},
		"SELECT 1 \\x\n; \\":                    {"SELECT 1 \\x\n;", `\`},
	} {
		if got := statements(&source{text: text, line: 1}); !slices.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func TestAnOpenStatementWaits(t *testing.T) {
	s := &source{text: "SELECT 1; SELECT", line: 1}
	st, pos := s.next(0, true)
	if st == nil || st.text != "SELECT 1;" {
		t.Fatalf("first: %v", st)
	}
	if st, pos = s.next(pos, true); st != nil {
		t.Fatalf("second: %q", st.text)
	}
	s.text += "\n 2;"
	if st, pos = s.next(pos, true); st == nil || strings.TrimSpace(st.text) != "SELECT\n 2;" {
		t.Fatalf("completed: %v", st)
	}
	if pos = s.forget(pos); s.text[:pos] != " 2;" || s.line != 2 {
		t.Errorf("kept %q from line %d", s.text[:pos], s.line)
	}
}

func TestBlankPrefix(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "  \n\t x": "x", "-- c": "", "-- c\nx": "x", "/* a */x": "x", "/* a /* b */ */ y": "y", "/* open": "/* open", "-x": "-x", "/x": "/x",
	} {
		if got := text[blankPrefix(text):]; got != want {
			t.Errorf("%q: left %q, want %q", text, got, want)
		}
	}
}
