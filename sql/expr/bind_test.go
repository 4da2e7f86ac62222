package expr

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/asofdb/asof/sql/types"
)

func mustBind(t testing.TB, text string) Expr {
	t.Helper()
	x, err := parseExpr(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	e, err := Bind(x, &edgeScope{schema: edgeSchema(t), params: map[int]types.Type{}})
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return e
}

func TestCanonicalText(t *testing.T) {
	tests := []struct{ text, want string }{
		{"i4 > 3 and t = 'it''s'", "((i4 > 3) AND (t = 'it''s'::text))"},
		{"i8 = 3", "(i8 = 3)"},
		{"n2 > 100", "(n2 > '100'::numeric)"},
		{"n2 > 100.50", "(n2 > 100.50)"},
		{"v = 'x'", "(v = 'x'::text)"},
		{"i4 > -1", "(i4 > '-1'::integer)"},
		{"i4 > 5000000000", "(i4 > '5000000000'::bigint)"},
		{"f8 > 1.5", "(f8 > '1.5'::double precision)"},
		{"i4 + n", "((i4)::numeric + n)"},
		{"- i4", "(- i4)"},
		{"tz > NOW() - INTERVAL '30 days'", "(tz > (now() - '30 days'::interval))"},
		{"current_timestamp", "now()"},
		{"CURRENT_DATE - d", "((now())::date - d)"},
		{"tz >= date_trunc('month', now())", "(tz >= date_trunc('month'::text, now()))"},
		{"EXTRACT(YEAR FROM tz)", "EXTRACT(year FROM tz)"},
		{"tz AT TIME ZONE 'Europe/Berlin'", "timezone('Europe/Berlin'::text, tz)"},
		{"case i4 when 1 then 'a' else t end", "CASE WHEN (i4 = 1) THEN 'a'::text ELSE t END"},
		{"i4 between 1 and 2", "((i4 >= 1) AND (i4 <= 2))"},
		{"i4 not between 1 and 2", "((i4 < 1) OR (i4 > 2))"},
		{"i4 in (1, 2)", "(i4 IN (1, 2))"},
		{"i4 in (1)", "(i4 = 1)"},
		{"i4 = any (array[1, 2])", "(i4 = ANY ('{1,2}'::integer[]))"},
		{"(i4, t) < (1, 'x')", "((i4 < 1) OR ((i4 = 1) AND (t < 'x'::text)))"},
		{"b is not true", "(b IS NOT TRUE)"},
		{"i4 is null", "(i4 IS NULL)"},
		{"i4 is distinct from i8", "(i4 IS DISTINCT FROM i8)"},
		{"t not like 'a%'", "(t NOT LIKE 'a%'::text)"},
		{"t ilike 'a' escape '#'", "(t ILIKE 'a'::text ESCAPE '#'::text)"},
		{"coalesce(i4, null, 1)", "COALESCE(i4, 1)"},
		{"nullif(i4, 0)", "NULLIF(i4, 0)"},
		{"greatest(i4, 1)", "GREATEST(i4, 1)"},
		{"pow(f8, 2)", "power(f8, '2'::double precision)"},
		{"position('a' in t)", "strpos(t, 'a'::text)"},
		{"(ai)[1]", "(ai)[1]"},
		{"array[i4, null]", "ARRAY[i4, NULL::integer]::integer[]"},
		{"t || 1", "(t || '1'::text)"},
		{"not (not b)", "b"},
		{"b and true", "b"},
		{"b and false", "false"},
		{"b or (i4 = 1 or i8 = 2)", "(b OR (i4 = 1) OR (i8 = 2))"},
		{"1 + 2 * 3", "7"},
		{"case when false then 1 when b then 2 when true then 3 else 4 end", "CASE WHEN b THEN 2 ELSE 3 END"},
		{"null", "NULL::text"},
		{"'x'", "'x'::text"},
		{"i4 + $1", "(i4 + $1)"},
		{"1 / 0", "(1 / 0)"}, // fails when it is evaluated, if it is
		{"tz::date", "(tz)::date"},
		{"TIMESTAMPTZ '2025-05-20 14:30+02'", "'2025-05-20 12:30:00+00'::timestamp with time zone"},
		{"TIMESTAMP '2025-05-20 12:00'::timestamptz", "('2025-05-20 12:00:00'::timestamp without time zone)::timestamp with time zone"}, // the session's zone decides later
	}
	for _, tt := range tests {
		if got := mustBind(t, tt.text).String(); got != tt.want {
			t.Errorf("%s prints as %s, want %s", tt.text, got, tt.want)
		}
	}
}

// What an expression prints binds to what prints the same: the text is a fixed point.
func TestCanonicalTextIsAFixedPoint(t *testing.T) {
	for _, text := range []string{
		"i4 > 3 AND t = 'x' OR NOT b", "CASE WHEN b THEN n2 ELSE i4 END", "tz > NOW() - INTERVAL '30 days'", "i4 IN (1, 2, NULL)", "t LIKE 'a#%' ESCAPE '#'", "(ai)[i4]",
		"EXTRACT(epoch FROM tz - ts)", "COALESCE(v, c, 'x')", "GREATEST(i4, n2, 0)", "(i4, t) <= (i8, 'x')", "i4 = ANY (ai)", "tz AT TIME ZONE 'UTC'", "substring(t FROM 2 FOR 1)", "c || t", "n2::numeric(6,1)", "f8 ^ 2", "- i4", "overlay(t PLACING 'x' FROM 1)",
	} {
		once := mustBind(t, text).String()
		if twice := mustBind(t, once).String(); twice != once {
			t.Errorf("%s prints as %s, and that as %s", text, once, twice)
		}
	}
}

func TestErrorsPointAndHelp(t *testing.T) {
	tests := []struct{ text, code, at, message, hint string }{
		{"i4 + lowr(t)", "42883", "lowr", "function lowr(text) does not exist", "Perhaps you meant lower."},
		{"to_char(tz, 'x')", "0A000", "to_char", "function to_char(timestamp with time zone, unknown) is not yet supported", ""},
		{"random() > 1", "0A000", "random", "function random() is not supported", "An answer must be repeatable: take the random number from a column."},
		{"clock_timestamp()", "0A000", "clock_timestamp", "function clock_timestamp() is not supported", "NOW() is the one source of time."},
		{"b AND t + 1 > 2", "42883", "t + 1", "operator does not exist: text + integer", "No operator matches the given name and argument types. You might need to add explicit type casts."},
		{"i4 = 'abc'", "22P02", "'abc'", `invalid input syntax for type integer: "abc"`, ""},
		{"b AND i4", "42804", "i4", "argument of AND must be type boolean, not type integer", ""},
		{"CASE WHEN b THEN 1 WHEN b THEN t END", "42804", "t", "CASE types integer and text cannot be matched", ""},
		{"d::boolean", "42846", "d::boolean", "cannot cast type date to boolean", ""},
		{"upper(DISTINCT t)", "42809", "upper(DISTINCT t)", "DISTINCT specified, but upper is not an aggregate function", ""},
		{"(i4, 1) = (1, 2, 3)", "42601", "(i4, 1) = (1, 2, 3)", "unequal number of entries in row expressions", ""},
		{"'a' + 'b'", "42725", "'a' + 'b'", "operator is not unique: unknown + unknown", "Could not choose a best candidate operator. You might need to add explicit type casts."},
	}
	for _, tt := range tests {
		x, err := parseExpr(tt.text)
		if err != nil {
			t.Errorf("%s: %v", tt.text, err)
			continue
		}
		_, err = Bind(x, &edgeScope{schema: edgeSchema(t)})
		var e *types.Error
		if !errors.As(err, &e) {
			t.Errorf("%s: error %v, want a *types.Error", tt.text, err)
			continue
		}
		whole := "SELECT " + tt.text
		at := ""
		if e.Pos > 0 {
			at = whole[e.Pos-1 : e.Pos-1+e.Len]
		}
		if e.Code != tt.code || at != tt.at || e.Message != tt.message || e.Hint != tt.hint {
			t.Errorf("%s:\n got %s at %q: %s (%s)\nwant %s at %q: %s (%s)", tt.text, e.Code, at, e.Message, e.Hint, tt.code, tt.at, tt.message, tt.hint)
		}
	}
}

func TestParametersTakeTheTypeBesideThem(t *testing.T) {
	tests := []struct {
		text string
		want types.Type
	}{
		{"i4 = $1", int4},
		{"$1 = i8", int8},
		{"n2 > $1", numeric},
		{"v = $1", text},
		{"t = ANY ($1)", textArray},
		{"i8 = ANY ($1)", types.ArrayOf(int8)},
		{"tz > $1", timestamptz},
		{"tz > NOW() + $1", interval},
		{"$1::int", int4},
		{"i4 IN (1, $1)", int4},
		{"COALESCE($1, n)", numeric},
		{"upper($1)", text},
		{"CASE WHEN b THEN $1 ELSE d END", date},
		{"b AND $1", boolean},
		{"$1", text},
		{"$1 IS NULL", text},
		{"t LIKE $1", text},
		{"i4 BETWEEN 0 AND $1", int4},
	}
	for _, tt := range tests {
		x, err := parseExpr(tt.text)
		if err != nil {
			t.Fatal(err)
		}
		s := &edgeScope{schema: edgeSchema(t), params: map[int]types.Type{}}
		if _, err := Bind(x, s); err != nil {
			t.Errorf("%s: %v", tt.text, err)
		}
		if s.params[1] != tt.want {
			t.Errorf("%s: $1 is %v, want %v", tt.text, s.params[1], tt.want)
		}
	}
}

func TestBindAsConvertsAsAnAssignmentDoes(t *testing.T) {
	bind := func(text string, to types.Type) (types.Value, error) {
		x, err := parseExpr(text)
		if err != nil {
			t.Fatal(err)
		}
		e, err := BindAs(x, &edgeScope{schema: edgeSchema(t)}, to, "column \"a\"")
		if err != nil {
			return types.Value{}, err
		}
		return e.Eval(&Env{})
	}
	if v, err := bind("2.5", int4); err != nil || v != types.NewInt(types.Int4, 3) {
		t.Errorf("2.5 assigned to integer: %v, %v; want 3", v, err)
	}
	var e *types.Error
	if _, err := bind("'12345'::text", types.Type{Kind: types.Varchar, Len: 3}); !errors.As(err, &e) || e.Code != types.CodeStringTooLong {
		t.Errorf("a long text assigned to varchar(3): %v, want %s", err, types.CodeStringTooLong)
	}
	_, err := bind("TRUE", int4)
	if !errors.As(err, &e) || e.Message != `column "a" is of type integer but expression is of type boolean` {
		t.Errorf("a boolean assigned to integer: %v", err)
	}
}

func TestLiteralsAreReadInTheScopesZone(t *testing.T) {
	zone, err := time.LoadLocation("Asia/Tokyo")
	if err != nil {
		t.Fatal(err)
	}
	x, err := parseExpr("tz > '2025-05-20 09:00'")
	if err != nil {
		t.Fatal(err)
	}
	e, err := Bind(x, &edgeScope{schema: edgeSchema(t), zone: zone})
	if err != nil {
		t.Fatal(err)
	}
	if want := "(tz > '2025-05-20 00:00:00+00'::timestamp with time zone)"; e.String() != want {
		t.Errorf("got %s, want %s", e, want)
	}
}

// Rebuild with the identity gives the same expression, and Children and Walk see every node once.
func TestRebuildKeepsEveryNode(t *testing.T) {
	for _, text := range []string{
		"CASE WHEN b THEN i4 + 1 WHEN i4 IN (1, i8) THEN (ai)[2] ELSE NULLIF(i4, 2) END", "COALESCE(t, v) LIKE c || '%'", "t LIKE v ESCAPE c", "GREATEST(- i4, i8::int) IS NOT NULL", "i4 = ANY (ARRAY[i4, i8]) AND (NOT b OR b IS TRUE)",
		"EXTRACT(year FROM tz) IS DISTINCT FROM n", "i4 IN (1, 2, 3) AND NOW() > tz",
	} {
		x := mustBind(t, text)
		same := Rebuild(x, func(c Expr) Expr { return Rebuild(c, func(c Expr) Expr { return c }) })
		if same.String() != x.String() || same.Type() != x.Type() {
			t.Errorf("%s rebuilt is %s", x, same)
		}
		nodes, columns := 0, 0
		Walk(x, func(n Expr) bool {
			nodes++
			if _, ok := n.(*Column); ok {
				columns++
			}
			return true
		})
		if named := strings.Count(x.String(), "i4"); nodes <= columns || columns < named {
			t.Errorf("%s: Walk saw %d columns of %d nodes", x, columns, nodes)
		}
	}
}

func TestRebuildFoldsWhatBecomesConstant(t *testing.T) {
	x := mustBind(t, "tz > NOW() - INTERVAL '1 day' AND i4 = 3")
	var replace func(Expr) Expr
	replace = func(x Expr) Expr {
		if c, ok := x.(*Column); ok && c.Name == "i4" {
			return &Const{V: types.NewInt(types.Int4, 3), T: int4}
		}
		return Rebuild(x, replace)
	}
	if got, want := replace(x).String(), "(tz > (now() - '1 day'::interval))"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestConjuncts(t *testing.T) {
	var got []string
	for _, c := range Conjuncts(mustBind(t, "b AND (i4 = 1 AND (i8 = 2 OR b)) AND i4 BETWEEN 0 AND 9")) {
		got = append(got, c.String())
	}
	if want := "b; (i4 = 1); ((i8 = 2) OR b); (i4 >= 0); (i4 <= 9)"; strings.Join(got, "; ") != want {
		t.Errorf("got %s, want %s", strings.Join(got, "; "), want)
	}
}

// What runs per log entry allocates nothing.
func TestConditionsDoNotAllocate(t *testing.T) {
	row := edgeValues(t, edgeSchema(t))[0]
	env := &Env{Row: row, Now: 1747751400000000}
	for _, text := range []string{
		"i4 >= 3", "t = 'abc'", "v <> 'abc'", "n2 > 100.50", "tz > NOW() - INTERVAL '30 days'", "b AND NOT (i4 = 3 OR i8 = 5)", "i4 + i8 > 10", "n2 + n2 > 1.00", "i4 IN (1,2,3,4,5,6,7,8,9,10)", "t IN ('a','b')",
		"t LIKE 'a%'", "t LIKE '%b_'", "i4 IS NULL", "CASE WHEN i4 > 1 THEN i4 ELSE 2 END > 1", "i4 IS DISTINCT FROM 3", "d >= '2025-01-01'", "f8 < 1.5", "COALESCE(i4, 0) = 0", "u = '00000000-0000-0000-0000-000000000000'",
	} {
		x := mustBind(t, text)
		allocs := testing.AllocsPerRun(100, func() {
			if _, err := True(x, env); err != nil {
				t.Fatal(err)
			}
		})
		if allocs > 0 {
			t.Errorf("%s allocates %v times", text, allocs)
		}
	}
}

func BenchmarkConditions(b *testing.B) {
	row := edgeValues(b, edgeSchema(b))[0]
	env := &Env{Row: row, Now: 1747751400000000}
	for _, text := range []string{"t = 'abc'", "i4 >= 3", "n2 > 100.50", "tz > NOW() - INTERVAL '30 days'", "b AND t = 'abc' AND i4 > 3", "i4 + i8 > 10"} {
		x := mustBind(b, text)
		b.Run(text, func(b *testing.B) {
			for b.Loop() {
				if _, err := True(x, env); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func TestNodesBuiltAsLiteralsEvaluate(t *testing.T) {
	c := &Compare{Op: "<", L: &Column{Index: 0, Name: "a", T: int4}, R: &Const{V: types.NewInt8(3), T: int8}}
	ok, err := True(c, &Env{Row: []types.Value{types.NewInt(types.Int4, 2)}})
	if err != nil || !ok {
		t.Errorf("2 < 3 is %v, %v", ok, err)
	}
}

var _ Zoned = (*edgeScope)(nil)

var _ Scope = (*edgeScope)(nil)
