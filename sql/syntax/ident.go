package syntax

import "strings"

// QuoteIdent prints a name so that Parse reads it back: quoted only where it must be.
func QuoteIdent(name string) string {
	if isPlain(name) && !reserved[name] && !functionNames[name] && !columnNames[name] && !ambiguous[name] {
		return name
	}
	return `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
}

// ambiguous are words that are names, but where a moment, a grouping or a query may stand they are read as that.
var ambiguous = words("asof before of served rollup cube")

// isPlain reports whether an unquoted name is read back as it is.
func isPlain(name string) bool {
	if name == "" || !isIdentStart(name[0]) {
		return false
	}
	for i := range len(name) {
		if c := name[i]; !isIdentPart(c) || c >= 'A' && c <= 'Z' {
			return false
		}
	}
	return true
}

// QuoteString prints a string as a literal.
func QuoteString(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
