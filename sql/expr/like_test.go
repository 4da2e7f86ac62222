package expr

import (
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

// likeModel is LIKE by way of a regular expression: what the matcher is compared with.
func likeModel(s, p string) (matched, endsWithEscape bool) {
	var b strings.Builder
	b.WriteString(`(?s)\A`)
	escaped := false
	for _, r := range p {
		switch {
		case escaped:
			b.WriteString(regexp.QuoteMeta(string(r)))
			escaped = false
		case r == '\\':
			escaped = true
		case r == '%':
			b.WriteString(`.*`)
		case r == '_':
			b.WriteString(`.`)
		default:
			b.WriteString(regexp.QuoteMeta(string(r)))
		}
	}
	b.WriteString(`\z`)
	return regexp.MustCompile(b.String()).MatchString(s), escaped
}

func FuzzLike(f *testing.F) {
	for _, seed := range [][2]string{
		{"", ""},
		{"abc", "a%"},
		{"abc", "%b%"},
		{"abc", "_b_"},
		{"a%b", `a\%b`},
		{"aaaaaaaaaaaaaaaaaaaab", "%a%a%a%a%a%a%a%c"},
		{"日本語", "_本%"},
		{"ab", `ab\`},
		{"x", `%\`},
		{"abab", "%ab"},
		{"a\nb", "a_b"},
		{"", "%%"},
		{"", "_"},
		{"aXbX", "%X"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, s, p string) {
		if !utf8.ValidString(s) || !utf8.ValidString(p) || len(p) > 200 {
			t.Skip("text is valid UTF-8")
		}
		want, unfinished := likeModel(s, p)
		got, err := like(s, p, false)
		if unfinished { // an error, but only where the matcher comes that far
			if err == nil && got {
				t.Errorf("%q LIKE %q is true of a pattern that ends with its escape character", s, p)
			}
			return
		}
		if err != nil || got != want {
			t.Errorf("%q LIKE %q = %v, %v; want %v", s, p, got, err, want)
		}
		if m := compilePattern(p); m.kind != 0 && m.matches(s) != want {
			t.Errorf("%q LIKE %q as the simple pattern %v: not %v", s, p, m, want)
		}
	})
}
