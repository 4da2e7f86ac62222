package syntax

import (
	"fmt"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
)

// TestStories runs the statements of testdata. Commands:
//
//	parse          queries as canonical text, other statements as their fields
//	tree           every statement as its nodes
//	places         the same, each node with the text it stands for
//	split          the pieces that SplitStatement makes
//
// An error is printed with its caret after the statements before it.
func TestStories(t *testing.T) {
	datadriven.Walk(t, "testdata/story", func(t *testing.T, path string) {
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			if d.Cmd == "split" {
				return split(d.Input)
			}
			stmts, err := Parse(d.Input)
			var b strings.Builder
			for _, s := range stmts {
				checkFixedPoint(t, s)
				b.WriteString(show(s, d.Cmd, d.Input))
			}
			if err != nil {
				b.WriteString(caret(d.Input, err))
			}
			return b.String()
		})
	})
}

func show(s Statement, cmd, text string) string {
	switch cmd {
	case "parse":
		if q, ok := s.(*Query); ok {
			return PrintSelect(q.Select) + "\n"
		}
		if f, ok := s.(*CreateFeature); ok {
			head := *f
			head.Select, head.Text = nil, ""
			return dump(&head, "") + "  AS " + PrintSelect(f.Select) + "\n"
		}
		if c, ok := s.(*CreateSource); ok {
			c.Text = ""
		}
		return dump(s, "")
	case "tree":
		return dump(s, "")
	case "places":
		return dump(s, text)
	}
	return "unknown command " + cmd
}

func split(text string) string {
	var b strings.Builder
	for {
		stmt, rest, complete := SplitStatement(text)
		if !complete {
			b.WriteString("incomplete: " + stmt + "\n")
			return b.String()
		}
		b.WriteString("complete: " + strings.TrimLeft(stmt, " \n") + "\n")
		text = rest
	}
}

// selectOf is the query in a statement, or nil.
func selectOf(s Statement) *Select {
	switch s := s.(type) {
	case *Query:
		return s.Select
	case *CreateFeature:
		return s.Select
	case *Explain:
		return selectOf(s.Stmt)
	case *ExplainValue:
		return s.Select
	}
	return nil
}

// checkFixedPoint checks invariant 6 of the package on the query in a statement.
func checkFixedPoint(t *testing.T, s Statement) {
	t.Helper()
	if err := fixedPoint(s); err != nil {
		t.Fatal(err)
	}
}

func fixedPoint(s Statement) error {
	sel := selectOf(s)
	if sel == nil {
		return nil
	}
	full := printer{full: true}
	full.query(sel)
	canonical := PrintSelect(sel)
	was := dump(sel, "")
	for _, printed := range []string{canonical, full.String()} {
		again, err := Parse(printed)
		if err != nil {
			return fmt.Errorf("what was printed is not read back: %w\n%s", err, caret(printed, err))
		}
		read := again[0].(*Query).Select
		if is := dump(read, ""); was != is {
			return fmt.Errorf("%s\nis read back as\n%s\nnot as\n%s", printed, is, was)
		}
		if twice := PrintSelect(read); twice != canonical {
			return fmt.Errorf("%s\nprints again as\n%s", canonical, twice)
		}
	}
	return nil
}
