package expr

import "testing"

func TestFunctionsOfCatalogReadersEqualPostgres(t *testing.T) {
	t.Parallel()
	var exprs []string
	for _, f := range []string{
		"array_lower(%, 1)", "array_upper(%, 1)", "array_upper(%, 2)", "array_to_string(%, ',')", "array_to_string(%, ', ', '*')", "array_to_string(%, NULL)",
	} {
		exprs = append(exprs, ofEach(f, "ai", "at", "i4", "'{}'::int[]", "NULL::int[]", "ARRAY[NULL, 1]", "ARRAY[tz]", "ARRAY[n2]")...)
	}
	for _, f := range []string{
		"quote_ident(%)", "quote_literal(%)", "string_to_array(%, 'b')", "string_to_array(%, ',')", "string_to_array(%, '')", "string_to_array(%, NULL)",
		"string_to_array(%, ',', 'a')", "% ~ '^a'", "% !~ 'b.*'", "% ~* 'ABC'", "% !~* '(B|c)$'", "% ~ v", "% ~ NULL", `% ~ '^\s*$'`,
		"% OPERATOR(pg_catalog.~) '^(abc)$' COLLATE pg_catalog.default",
	} {
		exprs = append(exprs, ofEach(f, "t", "v", "'a,b'", "'select'", "'no one'", "'a''b\\c'", "NULL")...)
	}
	exprs = append(exprs, "quote_ident('values')", "quote_ident('left')", "quote_ident('name')", "quote_ident('1a')", "quote_ident('a1_')", "quote_ident('A')", "quote_ident('')",
		"parse_ident('a.b')", `parse_ident('"A b" . c.D')`, "parse_ident('a b')", "parse_ident('')", "parse_ident('1a')", `parse_ident('a."x""y"')`, "(parse_ident('s.t'))[2]",
		"6 & 3", "array_remove(ai, 2)", "array_remove(ai, NULL)", "array_remove(NULL, 1)", "array_remove(at, 'a')", "array_remove('{a,b}'::text[], 'a')", "6::smallint & 3::smallint", "i8 & 255", "i4 & i4", "t ~ '('", "'abc' ~ '[[:alpha:]]+'", "i4 ~ 'x'", "array_to_string(string_to_array('a b', ' '), '-')")
	newOracle(t, "UTC").compare(t, exprs, 0)
}
