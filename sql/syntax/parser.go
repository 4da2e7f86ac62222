package syntax

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/asofdb/asof/sql/types"
)

// parser reads the tokens of one statement. Its methods leave it behind what they read.
type parser struct {
	text string
	toks []token // of the statement, with tokEOF at the end
	i    int
	// depth is how deep the parser is nested; see limits.go.
	depth int
	// wanted are the keywords that were looked for at token wantedAt and not found: what an error's hint chooses from.
	wanted   []string
	wantedAt int
	// defaults is set where VALUES is the next word and its cells may be DEFAULT.
	defaults bool

	rewriter
}

// Parse parses a script of statements separated by semicolons; offsets are into text. An error is a *types.Error with a place;
// the statements before the faulty one are returned with it, so that a script runs up to its first error.
func Parse(text string) ([]Statement, error) {
	if err := checkText(text); err != nil {
		return nil, err
	}
	var stmts []Statement
	for l := (lexer{text: text}); ; {
		toks, err := l.statement()
		if err != nil {
			return stmts, err
		}
		if len(toks) > 1 {
			p := &parser{text: text, toks: toks}
			stmt, err := p.whole()
			if err != nil {
				if o := p.outlined(err); o != nil {
					stmt, err = o, nil
				}
			}
			if err != nil {
				return stmts, err
			}
			stmts = append(stmts, stmt)
		}
		if l.pos == len(text) {
			return stmts, nil
		}
	}
}

// checkText refuses bytes that are in no text of PostgreSQL's.
func checkText(text string) error {
	if n := strings.IndexByte(text, 0); n >= 0 {
		return types.Errorf(types.CodeBadUTF8, "invalid byte sequence for encoding \"UTF8\": 0x00").At(n, 1)
	}
	if utf8.ValidString(text) {
		return nil
	}
	for i, r := range text {
		if r == utf8.RuneError && !strings.HasPrefix(text[i:], "\uFFFD") {
			return types.Errorf(types.CodeBadUTF8, "invalid byte sequence for encoding \"UTF8\": 0x%02x", text[i]).At(i, 1)
		}
	}
	return nil
}

// statement returns the tokens up to the next semicolon or the end, passes the semicolon, and puts tokEOF in its place.
func (l *lexer) statement() ([]token, error) {
	var toks []token
	for {
		t, err := l.next()
		if err != nil {
			return nil, err
		}
		if t.is(";") {
			t = token{Span: t.Span}
		}
		toks = append(toks, t)
		if t.kind == tokEOF {
			return toks, nil
		}
	}
}

// SplitStatement returns the first complete statement of text (through its semicolon) and the rest; complete is false where text ends inside
// a statement, a string, a quoted name or a comment. Shells use it to know when to run.
func SplitStatement(text string) (stmt, rest string, complete bool) {
	l := lexer{text: text}
	for {
		t, err := l.next()
		switch {
		case l.open:
			return text, "", false
		case err != nil:
			// A faulty token is Parse's to report; the statement still ends at its semicolon.
		case t.is(";"):
			return text[:l.pos], text[l.pos:], true
		case t.kind == tokEOF:
			return text, "", false
		}
	}
}

// tok is the current token, peek the one n behind it.
func (p *parser) tok() *token { return &p.toks[p.i] }

func (p *parser) peek(n int) *token { return &p.toks[min(p.i+n, len(p.toks)-1)] }

// advance passes the current token and returns it; the end is never passed.
func (p *parser) advance() *token {
	t := p.tok()
	if t.kind != tokEOF {
		p.i++
	}
	return t
}

// end is where the last token read ends.
func (p *parser) end() Pos {
	if p.i == 0 {
		return p.toks[0].Pos
	}
	return p.toks[p.i-1].End
}

// from is the stretch from pos to the last token read.
func (p *parser) from(pos Pos) Span { return Span{pos, p.end()} }

// at reports whether the words or marks stand here, in lower case and separated by spaces.
func (p *parser) at(words string) bool {
	n := 0
	for rest := words; rest != ""; n++ {
		var w string
		w, rest, _ = strings.Cut(rest, " ")
		if !p.peek(n).is(w) {
			if n == 0 {
				p.want(w)
			}
			return false
		}
	}
	return true
}

// accept passes the words if they stand here.
func (p *parser) accept(words string) bool {
	if !p.at(words) {
		return false
	}
	p.i += 1 + strings.Count(words, " ")
	return true
}

// expect passes the words, one after the other, or fails at the first that is not there.
func (p *parser) expect(words string) error {
	for w := range strings.SplitSeq(words, " ") {
		if !p.accept(w) {
			return p.unexpected()
		}
	}
	return nil
}

// want notes that the keyword w could stand here.
func (p *parser) want(w string) {
	if p.wantedAt != p.i {
		p.wanted, p.wantedAt = p.wanted[:0], p.i
	}
	if w[0] >= 'a' && w[0] <= 'z' {
		p.wanted = append(p.wanted, w)
	}
}

// written is a token as it stands in the text.
func (p *parser) written(t *token) string { return p.text[t.Pos:t.End] }

// unexpected is the error of a token that has no place here, with a hint where it looks like a slip.
func (p *parser) unexpected() *types.Error {
	t := p.tok()
	if t.kind == tokEOF && t.Pos == t.End {
		return p.guess(types.Errorf(types.CodeSyntax, "syntax error at end of input").At(int(p.end()), 0))
	}
	return p.guess(syntaxError(p.written(t), t.Span))
}

// guess adds a hint: the keyword that the faulty word, or a word before it that was taken for an alias, is a slip of.
func (p *parser) guess(e *types.Error) *types.Error {
	if t := p.tok(); t.kind == tokWord && p.wantedAt == p.i {
		if w := nearest(t.text, p.wanted); w != "" {
			return e.WithHint("Did you mean %s?", strings.ToUpper(w))
		}
	}
	if p.i == 0 {
		return e
	}
	if t := &p.toks[p.i-1]; t.kind == tokWord && !slices.Contains(clauseWords, t.text) {
		if w := nearest(t.text, clauseWords); w != "" && len(t.text) > 3 {
			return e.WithHint("Did you mean %s where %s stands?", strings.ToUpper(w), p.written(t))
		}
	}
	return e
}

// clauseWords begin a clause of a SELECT: misspelt, they are taken for an alias, and the error comes a word later.
var clauseWords = []string{"from", "where", "group", "having", "order", "limit", "offset", "union", "join", "left", "inner", "cross", "filter"}

// name reads the name of a relation, column or alias: quoted, or a word that is neither reserved nor a function's only.
func (p *parser) name() (*token, error) {
	if t := p.tok(); !p.atName() {
		e := p.unexpected()
		if t.kind == tokWord && e.Hint == "" {
			e = e.WithHint("%s is a reserved word; as a name it is written %s.", upper(t.text), QuoteIdent(t.text))
		}
		return nil, e
	}
	return p.advance(), nil
}

func (p *parser) atName() bool {
	t := p.tok()
	return t.kind == tokQuoted || t.kind == tokWord && !reserved[t.text] && !functionNames[t.text]
}

// label reads a name where nothing else can stand, after AS or a dot: any word will do.
func (p *parser) label() (*token, error) {
	if !p.tok().isName() {
		return nil, p.unexpected()
	}
	return p.advance(), nil
}

// names reads (a, b, …). An empty list or a repeated name is an error.
func (p *parser) names() ([]string, error) {
	if err := p.expect("("); err != nil {
		return nil, err
	}
	var list []string
	seen := map[string]bool{}
	for {
		t, err := p.name()
		if err != nil {
			return nil, err
		}
		if seen[t.text] {
			return nil, types.Errorf(types.CodeDuplicateColumn, "column %q specified more than once", t.text).At(int(t.Pos), int(t.End-t.Pos))
		}
		seen[t.text] = true
		list = append(list, t.text)
		if !p.accept(",") {
			return list, p.expect(")")
		}
	}
}

// TokenLength returns the length in bytes of the token with which text begins, 0 where none does.
func TokenLength(text string) int {
	l := lexer{text: text}
	t, err := l.next()
	if err != nil || t.kind == tokEOF || t.Pos != 0 {
		return 0
	}
	return int(t.End)
}
