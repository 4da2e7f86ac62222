package main

import (
	"go/parser"
	"go/token"
	"path/filepath"
	"testing"
)

// TestMutantsFitTheCode keeps the mutants up to the code: each must still be an edit, to Go that can be parsed, and name a killer.
func TestMutantsFitTheCode(t *testing.T) {
	t.Chdir(filepath.Join("..", ".."))
	names := map[string]bool{}
	for _, m := range choose("", "", 0, 0) {
		t.Run(m.Name, func(t *testing.T) {
			if names[m.Name] {
				t.Error("there are two of this name")
			}
			names[m.Name] = true
			if killers[m.Killer] == nil {
				t.Errorf("nothing is called %q", m.Killer)
			}
			sources, err := m.apply()
			if err != nil {
				t.Fatal(err)
			}
			for file, source := range sources {
				if _, err := parser.ParseFile(token.NewFileSet(), file, source, parser.SkipObjectResolution); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for part, least := range map[string]int{"ingest": 20, "training": 25} {
		if n := len(parts[part]); n < least {
			t.Errorf("%d mutants of %s are fewer than %d", n, part, least)
		}
	}
}
