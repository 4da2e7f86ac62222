package expr

import (
	"strings"

	"github.com/asofdb/asof/sql/syntax"
	"github.com/asofdb/asof/sql/types"
)

// quotingFunctions write and read names and literals as statements have them.
var quotingFunctions = []function{
	{name: "quote_ident", args: sig(text), result: text, one: mapText(quoteIdent)},
	{name: "quote_literal", args: sig(text), result: text, one: mapText(quoteLiteral)},
	{name: "parse_ident", args: sig(text), result: textArray, one: parseIdent},
}

// quoteIdent quotes what PostgreSQL would not read back as the same name: what is no plain lower-case word, or a keyword that is not unreserved.
func quoteIdent(s string) string {
	plain := s != "" && !syntax.IsKeyword(s)
	for i := range len(s) {
		c := s[i]
		plain = plain && (c >= 'a' && c <= 'z' || c == '_' || i > 0 && c >= '0' && c <= '9')
	}
	if plain {
		return s
	}
	return `"` + strings.ReplaceAll(s, `"`, `""`) + `"`
}

func quoteLiteral(s string) string {
	quoted := "'" + strings.NewReplacer("'", "''", `\`, `\\`).Replace(s) + "'"
	if strings.Contains(s, `\`) {
		return "E" + quoted
	}
	return quoted
}

// parseIdent reads a.b."C" as the array {a,b,C}.
func parseIdent(_ *Env, a types.Value) (types.Value, error) {
	parts, err := ParseName(a.S)
	if err != nil {
		return types.Value{}, err
	}
	elems := make([]types.Value, len(parts))
	for i, p := range parts {
		elems[i] = types.NewText(p)
	}
	return types.NewArray(elems), nil
}

// ParseName reads a name with what stands before it: a.b."C" is a, b, C.
func ParseName(s string) ([]string, error) {
	invalid := types.Errorf(types.CodeInvalidParameter, "string is not a valid identifier: \"%s\"", s)
	var parts []string
	rest := strings.TrimSpace(s)
	for {
		var part string
		if strings.HasPrefix(rest, `"`) {
			end := 1
			for end < len(rest) {
				if rest[end] == '"' {
					if !strings.HasPrefix(rest[end:], `""`) {
						break
					}
					end++
				}
				end++
			}
			if end >= len(rest) || end == 1 {
				return nil, invalid
			}
			part, rest = strings.ReplaceAll(rest[1:end], `""`, `"`), rest[end+1:]
		} else {
			end := 0
			for end < len(rest) && identByte(rest[end], end) {
				end++
			}
			if end == 0 {
				return nil, invalid
			}
			part, rest = strings.ToLower(rest[:end]), rest[end:]
		}
		parts = append(parts, part)
		rest = strings.TrimSpace(rest)
		if rest == "" {
			return parts, nil
		}
		if rest[0] != '.' {
			return nil, invalid
		}
		rest = strings.TrimSpace(rest[1:])
	}
}

// identByte reports whether c can be byte i of a name without quotes.
func identByte(c byte, i int) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c >= 0x80 || i > 0 && (c >= '0' && c <= '9' || c == '$')
}
