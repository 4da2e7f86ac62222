package main

import (
	"cmp"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/asofdb/asof/sql/syntax"
)

// completer finds what a word at the prompt may become: keywords, what the catalog has, settings, files, meta commands.
// It asks the session, which has nothing else to do while its user writes.
type completer struct{ sh *shell }

// The words that may follow others. What PostgreSQL's grammar allows beside them can be written, but need not be offered.
var (
	statementWords = strings.Fields("SELECT WITH CREATE SHOW DESCRIBE EXPLAIN VERIFY BACKUP SET RESET DROP ALTER COPY INSERT")
	clauseWords    = strings.Fields(`FROM WHERE GROUP ORDER BY HAVING LIMIT OFFSET JOIN LEFT RIGHT FULL INNER CROSS ASOF ON USING AS OF BEFORE AND OR
		NOT IN IS NULL LIKE ILIKE BETWEEN CASE WHEN THEN ELSE END DISTINCT UNION ALL INTERSECT EXCEPT EXISTS ANY FILTER INTERVAL TIMESTAMPTZ TIMESTAMP DATE
		ASC DESC NULLS FIRST LAST VALUES ENTITY WITH FORMAT ENCODE PRIMARY KEY DEFAULT TRUE FALSE FOR SYSTEM_TIME SERVED AT TIME ZONE`)
	functionWords = strings.Fields(`count sum avg min max bool_and bool_or stddev variance now abs ceil floor round trunc mod power sqrt exp ln log sign div
		greatest least coalesce nullif upper lower length substr substring position trim replace concat concat_ws left right lpad rpad reverse split_part
		initcap repeat date_trunc date_bin date_part extract age make_interval to_timestamp`)
	// wordsAfter are the only words that follow one.
	wordsAfter = map[string][]string{
		"create": {"SOURCE", "FEATURE", "OR REPLACE FEATURE", "TEMP TABLE", "TEMP VIEW"}, "replace": {"FEATURE"}, "drop": {"FEATURE", "SOURCE", "TABLE", "VIEW"},
		"alter": {"SOURCE"}, "verify": {"FEATURE"}, "explain": {"SELECT", "ANALYZE", "VALUE"}, "group": {"BY"}, "order": {"BY"}, "insert": {"INTO"},
		"asof": {"JOIN", "LEFT JOIN"}, "show create": {"FEATURE", "SOURCE"},
	}
	showWords = strings.Fields("TABLES SOURCES FEATURES REJECTS STORAGE CREATE ALL")
)

// complete is what the editor's Tab asks: what the text from byte `from` to the cursor may become.
func (c *completer) complete(text string, cursor int) (from int, candidates []string) {
	src := &source{text: text[:cursor], line: 1}
	st, begin := src.next(0, true)
	for st != nil && (!st.meta || begin < cursor) {
		st, begin = src.next(begin, true)
	}
	if st != nil {
		return c.metaWords(text[:cursor], st.pos)
	}
	before := scanWords(text[begin:cursor])
	if before.inString {
		from = begin + before.at
		if !relationFollows(before.words) {
			return from, nil
		}
		return from, fileNames(text[from:cursor], "'")
	}
	from = begin + before.at
	word := text[from:cursor]
	whole := scanWords(text[begin:] + " ") // also the last word has ended
	return from, startingWith(word, c.sqlWords(before.words, whole.words, word))
}

// sqlWords are the words that may stand behind others in a statement, of which all are known too.
func (c *completer) sqlWords(before, whole []string, word string) []string {
	last, last2 := end(before, 1), end(before, 2)
	switch {
	case last == "":
		return spaced(cased(word, statementWords))
	case last == ".":
		return c.columnsOf(relationOf(whole, last2))
	case last == "create" && last2 == "show":
		return spaced(cased(word, wordsAfter["show create"]))
	case wordsAfter[last] != nil:
		return spaced(cased(word, wordsAfter[last]))
	case last == "show":
		return spaced(append(cased(word, showWords), c.settings()...))
	case last == "set", last == "reset":
		return spaced(c.settings())
	case last == "feature" && slices.Contains([]string{"drop", "create", "verify"}, last2) && before[0] != "create":
		return spaced(c.names("SHOW FEATURES"))
	case last == "source" && before[0] != "create":
		return spaced(c.names("SHOW SOURCES"))
	case relationFollows(before):
		return spaced(c.relationNames(true))
	case before[0] == "create" && last == "source":
		return nil
	}
	var found []string
	for _, r := range relationsIn(whole) {
		found = append(found, c.columnsOf(r)...)
	}
	if word != "" {
		found = append(found, spaced(cased(word, clauseWords))...)
		for _, f := range cased(word, functionWords) {
			found = append(found, strings.ToLower(f)+"(")
		}
		found = append(found, c.relationNames(false)...)
	}
	return found
}

// metaWords completes a meta command that begins at byte begin of text.
func (c *completer) metaWords(text string, begin int) (from int, candidates []string) {
	name, rest := cutMeta(text[begin:])
	if rest == "" {
		var names []string
		for _, m := range metaCommands() {
			names = append(names, `\`+m.name+" ")
		}
		return begin, startingWith(text[begin:], names)
	}
	from = strings.LastIndexAny(text, " \t") + 1
	word := text[from:]
	switch strings.TrimSuffix(name, "+") {
	case "d":
		return from, startingWith(word, spaced(c.relationNames(true)))
	case "dt":
		return from, startingWith(word, spaced(c.names("SHOW SOURCES")))
	case "dv", "df":
		return from, startingWith(word, spaced(c.names("SHOW FEATURES")))
	case "i", "o":
		return from, fileNames(word, " ")
	case "x":
		return from, startingWith(word, []string{"on ", "off ", "auto "})
	case "timing":
		return from, startingWith(word, []string{"on ", "off "})
	case "pset":
		return from, startingWith(word, []string{"expanded ", "format ", "pager ", "timing "})
	case "h", "help":
		return from, startingWith(word, spaced(cased(word, statementWords)))
	}
	return from, nil
}

// names is the first column of what a SHOW statement lists, as SQL writes it. Without a catalog there is nothing to offer, and the user did not ask why.
func (c *completer) names(sql string) []string {
	a, err := c.sh.ask(context.Background(), sql)
	if err != nil {
		return nil
	}
	return quoted(a.texts("name"))
}

func quoted(names []string) []string {
	for i := range names {
		names[i] = syntax.QuoteIdent(names[i])
	}
	return names
}

func (c *completer) settings() []string { return c.names("SHOW ALL") }

// relationNames are all names that can be read from, with the features' histories where those are wanted.
func (c *completer) relationNames(histories bool) []string {
	all, err := c.sh.relations(context.Background())
	switch {
	case err != nil:
		return nil
	case !histories:
		all = all.withoutHistories()
	}
	return quoted(all.texts("name"))
}

// columnsOf are the columns of a relation, nil where it is none.
func (c *completer) columnsOf(relation string) []string {
	if relation == "" {
		return nil
	}
	a, err := c.sh.ask(context.Background(), "DESCRIBE "+relation)
	if err != nil || a.column("column") < 0 {
		return nil
	}
	return quoted(a.texts("column"))
}

// relationFollows reports whether the name of a relation comes next: behind FROM and the like, and behind a comma in a FROM.
func relationFollows(words []string) bool {
	last := end(words, 1)
	if slices.Contains([]string{"from", "join", "into", "describe", "copy"}, last) {
		return true
	}
	for i := len(words) - 1; last == "," && i >= 0; i-- {
		switch words[i] {
		case "from":
			return true
		case "select", "where", "on", "using", "by", "having", "(", ")":
			return false
		}
	}
	return false
}

// relationsIn are the relations that a statement names.
func relationsIn(words []string) []string {
	var found []string
	for i := range words {
		if i > 0 && relationFollows(words[:i]) && isName(words[i]) && !slices.Contains(found, words[i]) {
			found = append(found, words[i])
		}
	}
	return found
}

// relationOf is the relation that a statement calls alias, or the relation of that name.
func relationOf(words []string, alias string) string {
	for i := range words {
		if i == 0 || !relationFollows(words[:i]) || !isName(words[i]) {
			continue
		}
		for _, w := range words[i+1:] {
			if w == alias {
				return words[i]
			}
			if w == "join" || w == "on" || w == "using" || w == "where" || w == "," {
				break
			}
		}
	}
	return alias
}

func isName(word string) bool {
	return word != "" && (word[0] == '"' || word[0] == '_' || 'a' <= word[0] && word[0] <= 'z' || word[0] >= 0x80)
}

// end is the n-th word from the end, "" where there are fewer.
func end(words []string, n int) string {
	if n > len(words) {
		return ""
	}
	return words[len(words)-n]
}

// scanned is a text cut into words: names and keywords in small letters, quoted names with their quotes, single characters.
type scanned struct {
	words []string // those that have ended
	// at is where the last word begins that has not: a name, or the inside of a string.
	at       int
	inString bool
}

// scanWords reads a text as far as it goes; comments and finished strings are left out, but a string's place is kept as '.
func scanWords(text string) scanned {
	s := scanned{}
	for i := 0; i < len(text); {
		i += blankPrefix(text[i:])
		if i == len(text) {
			break
		}
		begin := i
		switch c := text[i]; {
		case c == '\'' || c == '"':
			n := closingQuote(text[i:], c)
			if n < 0 {
				s.at, s.inString = i+1, c == '\''
				if c == '"' {
					s.at = i
				}
				return s
			}
			i += n
			if c == '\'' {
				s.words = append(s.words, "'")
			} else {
				s.words = append(s.words, text[begin:i])
			}
		case wordByte(c):
			for i < len(text) && wordByte(text[i]) {
				i++
			}
			if i == len(text) {
				s.at = begin
				return s
			}
			s.words = append(s.words, strings.ToLower(text[begin:i]))
		default:
			i++
			s.words = append(s.words, string(c))
		}
	}
	s.at = len(text)
	return s
}

// closingQuote is the length of the quoted text that s begins with, -1 where it has no end.
func closingQuote(s string, quote byte) int {
	for i := 1; i < len(s); i++ {
		if s[i] != quote {
			continue
		}
		if i+1 == len(s) || s[i+1] != quote {
			return i + 1
		}
		i++
	}
	return -1
}

func wordByte(c byte) bool {
	return c == '_' || c == '$' || c >= 0x80 || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// cased are keywords as the user writes them: small after a small letter.
func cased(word string, keywords []string) []string {
	if word == "" || word != strings.ToLower(word) {
		return keywords
	}
	small := make([]string, len(keywords))
	for i, k := range keywords {
		small[i] = strings.ToLower(k)
	}
	return small
}

// spaced are words with the blank that follows them.
func spaced(words []string) []string {
	all := make([]string, len(words))
	for i, w := range words {
		all[i] = w + " "
	}
	return all
}

// startingWith are the words that begin as the given one, in any case of letters, sorted and once each.
func startingWith(word string, words []string) []string {
	var found []string
	for _, w := range words {
		if len(w) >= len(word) && strings.EqualFold(w[:len(word)], word) {
			found = append(found, w)
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// fileNames are the files that a name may become; end follows a whole one, a slash a folder.
func fileNames(word, end string) []string {
	folder, base := filepath.Split(word)
	entries, err := os.ReadDir(cmp.Or(folder, "."))
	if err != nil {
		return nil
	}
	var found []string
	for _, e := range entries {
		name := e.Name()
		if !strings.HasPrefix(name, base) || strings.HasPrefix(name, ".") && base == "" || strings.ContainsAny(name, "'\n\t\x1b") {
			continue
		}
		if info, err := os.Stat(filepath.Join(folder, name)); err == nil && info.IsDir() {
			found = append(found, folder+name+"/")
		} else {
			found = append(found, folder+name+end)
		}
	}
	return found
}
