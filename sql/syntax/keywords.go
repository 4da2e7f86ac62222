package syntax

import "strings"

// The keywords that PostgreSQL 15 does not let stand as any name, by its four categories. All others, and all the words
// that only asof knows (FEATURE, SERVED, BEFORE, …), are names where a name is wanted.
var (
	// reserved words are no names at all, but after AS and after a dot.
	reserved = words(`all analyse analyze and any array as asc asymmetric both case cast check collate column constraint create
		current_catalog current_date current_role current_time current_timestamp current_user default deferrable desc distinct do else end
		except false fetch for foreign from grant group having in initially intersect into lateral leading limit localtime localtimestamp not
		null offset on only or order placing primary references returning select session_user some symmetric table then to trailing true
		union unique user using variadic when where window with`)
	// functionNames may name functions and types, not columns and relations.
	functionNames = words(`authorization binary collation concurrently cross current_schema freeze full ilike inner is isnull join left
		like natural notnull outer overlaps right similar tablesample verbose`)
	// columnNames may name columns and relations; called as a function they have a syntax of their own.
	columnNames = words(`between bigint bit boolean char character coalesce dec decimal exists extract float greatest grouping inout int
		integer interval least national nchar none normalize nullif numeric out overlay position precision real row setof smallint
		substring time timestamp treat trim values varchar xmlattributes xmlconcat xmlelement xmlexists xmlforest xmlnamespaces
		xmlparse xmlpi xmlroot xmlserialize xmltable`)
	// needAs may stand as a column's alias only after AS.
	needAs = words(`array as char character create day except fetch filter for from grant group having hour intersect into isnull limit
		minute month notnull offset on order over overlaps precision returning second to union varying where window with within without
		year`)
)

func words(list string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(list) {
		m[w] = true
	}
	return m
}

// IsKeyword reports whether PostgreSQL quotes the name because it is a keyword.
func IsKeyword(name string) bool { return reserved[name] || functionNames[name] || columnNames[name] }
