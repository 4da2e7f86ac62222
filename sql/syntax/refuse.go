package syntax

import (
	"strings"

	"github.com/asofdb/asof/sql/types"
)

func upper(s string) string { return strings.ToUpper(s) }

// later are the statements that the language will have, by their first words.
var later = []string{
	"subscribe", "rollback feature", "compare feature", "promote feature", "table", "checkpoint",
}

// never are the statements that it will not have, and what to do instead.
var never = map[string]string{
	"update":   "A source's rows come from its connector: change them where they are kept.",
	"delete":   "A source's rows come from its connector: change them where they are kept.",
	"merge":    "A source's rows come from its connector: change them where they are kept.",
	"truncate": "A source's rows come from its connector: change them where they are kept.",
	"use":      "There is one database per data directory: open another directory.",
	"vacuum":   "Storage cleans up after itself; SHOW STORAGE tells how much it holds.",
	"analyze":  "There are no statistics to gather; EXPLAIN ANALYZE runs a query and tells what it cost.",
	"refresh":  "Features are always fresh; SHOW FRESHNESS tells how fresh.",
	"lock":     "Reads never block writes here: leave it out.",
}

// unknownStatement is the error of a statement whose first word begins none.
func (p *parser) unknownStatement() *types.Error {
	t := p.tok()
	for _, words := range later {
		if p.at(words) {
			n := strings.Count(words, " ")
			return notYet(upper(words), Span{t.Pos, p.peek(n).End})
		}
	}
	if hint := never[t.text]; t.kind == tokWord && hint != "" {
		return refused(upper(t.text)+" is not part of asof's language", t.Span, hint)
	}
	return p.unexpected()
}

// objects are what CREATE, DROP and ALTER take in other databases, and what stands for it here. An empty hint: not yet.
var objects = map[string]string{
	"temp": "", "temporary": "", "role": "Write USER: CREATE USER name PASSWORD '…'.",
	"table":        "Rows come from a source: CREATE SOURCE name (columns) WITH (connector = …); a table of the session's own is CREATE TEMP TABLE name (columns).",
	"view":         "Write CREATE FEATURE name AS SELECT …: a feature is a view that is kept up to date and can be read AS OF; a name of the session's own for a query is CREATE TEMP VIEW name AS SELECT ….",
	"materialized": "Write CREATE FEATURE name AS SELECT …: a feature is a view that is kept up to date and can be read AS OF.",
	"stream":       "Write CREATE SOURCE name (columns) WITH (connector = …).",
	"sink":         "Sources and features are read with SELECT.",
	"index":        "Features are kept by their entity and need no index.",
	"database":     "There is one database per data directory.",
	"schema":       "There is one schema, public.",
	"sequence":     "Keys come with the records of a source.",
	"type":         "The types are PostgreSQL's built-in ones.",
	"function":     "The functions are PostgreSQL's built-in ones.",
	"trigger":      "A feature is what reacts to changes: CREATE FEATURE name AS SELECT ….",
	"extension":    "There are no extensions.",
	"domain":       "The types are PostgreSQL's built-in ones.",
}

// refuseObject refuses to create, drop or alter what asof has not.
func (p *parser) refuseObject(verb string) error {
	t := p.tok()
	if t.kind != tokWord {
		return nil
	}
	hint, known := objects[t.text]
	switch {
	case !known:
		return nil
	case hint == "":
		return notYet(verb+" "+upper(t.text), t.Span)
	}
	return refused(verb+" "+upper(t.text)+" is not part of asof's language", t.Span, hint)
}
