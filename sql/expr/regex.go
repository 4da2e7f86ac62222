package expr

import (
	"regexp"
	"strings"
	"sync"

	"github.com/asofdb/asof/sql/types"
)

// regexOperators match PostgreSQL's regular expressions, as far as Go's have the same: no back references and no looking around.
var regexOperators = []function{
	{name: "~", args: sig(text, text), result: boolean, two: matches(false, false)},
	{name: "~*", args: sig(text, text), result: boolean, two: matches(true, false)},
	{name: "!~", args: sig(text, text), result: boolean, two: matches(false, true)},
	{name: "!~*", args: sig(text, text), result: boolean, two: matches(true, true)},
}

func matches(fold, not bool) func(*Env, types.Value, types.Value) (types.Value, error) {
	return func(_ *Env, a, pattern types.Value) (types.Value, error) {
		re, err := regexes.compile(pattern.S, fold)
		if err != nil {
			return types.Value{}, err
		}
		return types.NewBool(re.MatchString(a.S) != not), nil
	}
}

// regexCache keeps compiled patterns, because a statement matches one against many rows.
type regexCache struct {
	mu       sync.Mutex // guards compiled
	compiled map[string]*regexp.Regexp
}

var regexes = regexCache{compiled: map[string]*regexp.Regexp{}}

// maxRegexes is how many patterns are kept: more than any statement of a client has.
const maxRegexes = 256

func (c *regexCache) compile(pattern string, fold bool) (*regexp.Regexp, error) {
	text := "(?s)"
	if fold {
		text = "(?si)"
	}
	text += postgresEscapes.Replace(pattern)
	c.mu.Lock()
	defer c.mu.Unlock()
	if re := c.compiled[text]; re != nil {
		return re, nil
	}
	re, err := regexp.Compile(text)
	if err != nil {
		return nil, types.Errorf("2201B", "invalid regular expression: %s", err)
	}
	if len(c.compiled) >= maxRegexes {
		clear(c.compiled)
	}
	c.compiled[text] = re
	return re, nil
}

// postgresEscapes are the escapes that PostgreSQL spells differently. A backslash before a backslash is passed over.
var postgresEscapes = strings.NewReplacer(`\\`, `\\`, `\y`, `\b`, `\Y`, `\B`, `\m`, `\b`, `\M`, `\b`, `\Z`, `\z`)
