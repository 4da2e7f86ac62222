package syntax

import (
	"errors"
	"fmt"
	"testing"

	"github.com/asofdb/asof/sql/types"
)

// TestBadText refuses bytes that no text of PostgreSQL's has, at their place, before any statement runs.
func TestBadText(t *testing.T) {
	for text, pos := range map[string]int{
		"SELECT 'a\xff'":            10,
		"SELECT 1; SELECT \"\xc3\"": 19,
		"SELECT 'a\x00b'":           10,
		"-- \xe2\x82":               4,
	} {
		stmts, err := Parse(text)
		var e *types.Error
		if !errors.As(err, &e) || e.Code != types.CodeBadUTF8 || e.Pos != pos || len(stmts) != 0 {
			t.Errorf("%q: %d statements, %v at %d", text, len(stmts), err, e.Pos)
		}
	}
	if _, err := Parse("SELECT '\uFFFD'"); err != nil {
		t.Errorf("the replacement character is a character: %v", err)
	}
}

// TestPlacesInScript counts places from the beginning of the script, not of the statement.
func TestPlacesInScript(t *testing.T) {
	text := "SHOW SOURCES;\n\nSELECT a;\n"
	stmts, err := Parse(text)
	if err != nil || len(stmts) != 2 {
		t.Fatal(stmts, err)
	}
	x := stmts[1].(*Query).Select.Items[0].X.Place()
	if got := text[x.Pos:x.End]; got != "a" {
		t.Errorf("the place of a is %q", got)
	}
}

func ExampleParse() {
	stmts, err := Parse("SHOW SOURCES; SELECT n FROM f WHERE id = 'a' || 'b' AS OF '2025-05-20 14:30+00'")
	if err != nil {
		fmt.Println(err)
		return
	}
	q := stmts[1].(*Query).Select
	fmt.Println(PrintExpr(q.Where))
	fmt.Println(PrintExpr(q.AsOf.X))
	// Output:
	// id = 'a' || 'b'
	// '2025-05-20 14:30+00'
}

func ExampleSplitStatement() {
	stmt, rest, complete := SplitStatement("SELECT ';'; SELECT 'open")
	fmt.Printf("%q %q %v\n", stmt, rest, complete)
	// Output: "SELECT ';';" " SELECT 'open" true
}
