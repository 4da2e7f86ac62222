package syntax

import (
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/asofdb/asof/sql/types"
)

// TestShuffled puts the words of the stories together in ways that nobody would: some of it parses, and then it means the same when printed; the rest is refused
// with a place. Fuzzing by bytes rarely gets that far.
func TestShuffled(t *testing.T) {
	n := 15_000
	if testing.Short() {
		n = 1000
	}
	corpus := sentences(t)
	parsed := 0
	for seed := range uint64(n) {
		r := rand.New(rand.NewPCG(seed, 1))
		text := shuffled(r, corpus)
		stmts, err := Parse(text)
		var e *types.Error
		if err != nil && (!errors.As(err, &e) || e.Pos < 1 || e.Pos-1+e.Len > len(text) || e.Code == types.CodeInternal) {
			t.Fatalf("seed %d: %s\n%v", seed, text, err)
		}
		for _, s := range stmts {
			parsed++
			if err := fixedPoint(s); err != nil {
				t.Fatalf("seed %d: %s\n%v", seed, text, err)
			}
		}
	}
	if parsed < n/20 {
		t.Errorf("only %d of %d parsed", parsed, n)
	}
}

// sentences are the stories' statements as lists of tokens.
func sentences(t *testing.T) [][]string {
	files, err := filepath.Glob("testdata/story/*")
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, block := range strings.Split(string(text), "\n\n") {
			if _, input, ok := strings.Cut(block, "\n"); ok {
				input, _, _ = strings.Cut(input, "\n----\n")
				texts = append(texts, strings.Split(input, "; ")...)
			}
		}
	}
	var corpus [][]string
	for _, text := range append(texts, grammar...) {
		if toks, err := (&lexer{text: text}).statement(); err == nil && len(toks) > 1 && len(toks) < 80 {
			var words []string
			for _, tok := range toks[:len(toks)-1] {
				words = append(words, text[tok.Pos:tok.End])
			}
			corpus = append(corpus, words)
		}
	}
	return corpus
}

// shuffled is a sentence in which a few pieces were replaced by pieces of others.
func shuffled(r *rand.Rand, corpus [][]string) string {
	words := corpus[r.IntN(len(corpus))]
	for range 1 + r.IntN(3) {
		other := corpus[r.IntN(len(corpus))]
		from := r.IntN(len(other))
		to := min(len(other), from+r.IntN(4))
		at := r.IntN(len(words) + 1)
		end := min(len(words), at+r.IntN(3))
		mixed := append([]string{}, words[:at]...)
		mixed = append(mixed, other[from:to]...)
		words = append(mixed, words[end:]...)
	}
	return strings.Join(words, " ")
}
