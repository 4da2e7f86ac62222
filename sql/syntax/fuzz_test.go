package syntax

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/asofdb/asof/sql/types"
)

// seed adds the statements of the stories to a corpus, and those of the comparison with PostgreSQL.
func seed(f *testing.F) {
	files, err := filepath.Glob("testdata/story/*")
	if err != nil || len(files) == 0 {
		f.Fatal("no stories", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for _, block := range strings.Split(string(text), "\n\n") {
			if _, input, ok := strings.Cut(block, "\n"); ok {
				input, _, _ = strings.Cut(input, "\n----\n")
				f.Add(input)
			}
		}
	}
	for _, query := range grammar {
		f.Add(query)
	}
}

// FuzzLexer checks that tokens lie one behind the other with nothing but blanks and comments between them, and that each is read alone as it was read among others.
func FuzzLexer(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, text string) {
		l := lexer{text: text}
		end := 0
		for {
			before := l.pos
			tok, err := l.next()
			if err != nil {
				if l.pos <= before {
					t.Fatalf("no progress at %d behind %v", before, err)
				}
				if e := (*types.Error)(nil); !errors.As(err, &e) || e.Pos == 0 || e.Pos-1+e.Len > len(text) {
					t.Fatalf("an error without a place in the text: %v", err)
				}
				end = l.pos
				continue
			}
			checkBlank(t, text[end:tok.Pos])
			end = int(tok.End)
			if tok.kind == tokEOF {
				break
			}
			again, err := (&lexer{text: text[tok.Pos:tok.End]}).next()
			if err != nil || again.kind != tok.kind || again.text != tok.text || again.End-again.Pos != tok.End-tok.Pos {
				t.Fatalf("%q is read as %v among others and as %v, %v alone", text[tok.Pos:tok.End], tok, again, err)
			}
		}
	})
}

func checkBlank(t *testing.T, between string) {
	l := lexer{text: between}
	if err := l.skipBlank(); err != nil || l.pos != len(between) {
		t.Fatalf("%q was passed as blank", between)
	}
}

// FuzzParse checks that whatever is written is refused with a place or means the same after it was printed.
func FuzzParse(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, text string) {
		stmts, err := Parse(text)
		if err != nil {
			var e *types.Error
			if !errors.As(err, &e) || e.Pos < 1 || e.Pos-1+e.Len > len(text) {
				t.Fatalf("an error without a place in the text: %#v", err)
			}
			if e.Code == types.CodeInternal {
				t.Fatal(err)
			}
		}
		for _, s := range stmts {
			if at := s.Place(); at.Pos < 0 || at.Pos >= at.End || int(at.End) > len(text) {
				t.Fatalf("a statement at %v", at)
			}
			checkFixedPoint(t, s)
		}
	})
}

// FuzzSplit checks that a script falls into pieces that are the script, and that together they mean what it means.
func FuzzSplit(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, text string) {
		whole, err := Parse(text)
		var pieces int
		rest := text
		for {
			stmt, next, complete := SplitStatement(rest)
			if stmt+next != rest {
				t.Fatalf("%q became %q and %q", rest, stmt, next)
			}
			if err == nil {
				stmts, err := Parse(stmt)
				if err != nil || len(stmts) > 1 {
					t.Fatalf("the piece %q became %d statements, %v", stmt, len(stmts), err)
				}
				pieces += len(stmts)
			}
			if rest = next; !complete {
				break
			}
		}
		if err == nil && pieces != len(whole) {
			t.Fatalf("%d statements in pieces, %d as a whole", pieces, len(whole))
		}
	})
}

// FuzzQuoteIdent checks that a name is read back from its quoted form wherever a name can stand.
func FuzzQuoteIdent(f *testing.F) {
	for _, name := range []string{"a", "A", "a b", `a"b`, "select", "left", "values", "of", "ä", "Ä", "1a", "a$", "", "served"} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if checkText(name) != nil || name == "" {
			return
		}
		q := QuoteIdent(name)
		stmts, err := Parse("SELECT " + q + ", " + q + "." + q + " AS " + q + " FROM " + q + " AS " + q + " AS OF " + q)
		if err != nil {
			t.Fatalf("%s: %v", q, err)
		}
		sel := stmts[0].(*Query).Select
		c, table := sel.Items[1].X.(*ColumnRef), sel.From.(*Table)
		if c.Name != name || c.Table != name || sel.Items[1].Alias != name || table.Name != name || table.Alias != name || table.AsOf.X.(*ColumnRef).Name != name {
			t.Fatalf("%q is read back as something else from %s", name, q)
		}
	})
}
