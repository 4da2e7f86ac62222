package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestHistoryIsKept(t *testing.T) {
	name := filepath.Join(t.TempDir(), "state", "asof", "history")
	first, err := openHistory(name)
	if err != nil {
		t.Fatal(err)
	}
	second, err := openHistory(name) // another shell, at the same time
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"SELECT\n\t'é\\n\"' ;\n", "  ", "", "SELECT 1;", "SELECT 1;", " SELECT 'not to be kept';"} {
		if err := first.add(text); err != nil {
			t.Fatal(err)
		}
	}
	if err := second.add("SELECT 2;"); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(name)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if info, err := os.Stat(filepath.Dir(name)); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("folder's mode %v, %v", info.Mode(), err)
	}
	again, err := openHistory(name)
	if want := []string{"SELECT\n\t'é\\n\"' ;", "SELECT 1;", "SELECT 2;"}; err != nil || !slices.Equal(again.entries, want) {
		t.Errorf("read %q, %v, want %q", again.entries, err, want)
	}
}

// TestHistoryKeepsNoSecrets holds it both for the file and for this run: whoever looks over a shoulder sees neither.
func TestHistoryKeepsNoSecrets(t *testing.T) {
	name := filepath.Join(t.TempDir(), "history")
	h, err := openHistory(name)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{
		"CREATE USER ana PASSWORD 'x'", "alter user ana with encrypted password\n $$x$$", "CREATE USER ana PASSWORD U&'x'", "CREATE USER ana PASSWORD E'x'",
		"CREATE SECRET shop_dsn AS 'x';", "create  or replace\nsecret s as 'x'", "ALTER SECRET s AS 'x';",
		"CREATE SOURCE s WITH (connector = 'kafka', sasl_password = 'x')", "CREATE SOURCE s WITH (sasl_password='x')", "WITH (api_key = $$x$$)", `WITH (access_token = E'x')`,
		"WITH (dsn = 'postgres://user:x@host/db')", "WITH (dsn = 'host=db password=x')",
	} {
		if err := h.add(text); err != nil {
			t.Fatal(err)
		}
	}
	if text, err := os.ReadFile(name); len(h.entries) > 0 || len(text) > 0 {
		t.Errorf("kept %q, %q, %v", h.entries, text, err)
	}
	for _, text := range []string{
		"CREATE SOURCE s WITH (dsn = SECRET shop_dsn)", "SELECT secret FROM t", "SELECT * FROM tokens WHERE token_id = 5",
		"WITH (dsn = 'postgres://user@host:5432/db')", "SHOW SOURCES; -- password", "WITH (sasl_password = SECRET kafka)",
	} {
		if err := h.add(text); err != nil {
			t.Fatal(err)
		}
		if end(h.entries, 1) != text {
			t.Errorf("not kept: %s", text)
		}
	}
}

func TestHistoryIsBounded(t *testing.T) {
	name := filepath.Join(t.TempDir(), "history")
	var all strings.Builder
	for i := range 2*historyLimit + 5 {
		fmt.Fprintf(&all, "\"SELECT %d;\"\n", i)
	}
	if err := os.WriteFile(name, []byte("no entry\n"+all.String()+"\"cut"), 0o644); err != nil {
		t.Fatal(err)
	}
	h, err := openHistory(name)
	if err != nil || len(h.entries) != historyLimit || h.entries[0] != fmt.Sprintf("SELECT %d;", historyLimit+5) {
		t.Fatalf("%d entries, %v", len(h.entries), err)
	}
	again, err := openHistory(name)
	if info, statErr := os.Stat(name); err != nil || statErr != nil || info.Mode().Perm() != 0o600 || !slices.Equal(again.entries, h.entries) {
		t.Errorf("%d entries in a file of mode %v, %v, %v", len(again.entries), info.Mode(), err, statErr)
	}
}

func TestHistoryFile(t *testing.T) {
	t.Setenv("HOME", "/home/ann")
	t.Setenv("XDG_STATE_HOME", "")
	for _, c := range []struct{ variable, value, want string }{
		{"XDG_STATE_HOME", "relative", "/home/ann/.local/state/asof/history"},
		{"XDG_STATE_HOME", "/state", "/state/asof/history"},
		{"ASOF_HISTORY", "/my/history", "/my/history"},
		{"ASOF_HISTORY", "", ""},
	} {
		t.Setenv(c.variable, c.value)
		if got := historyFile(); got != c.want {
			t.Errorf("%s=%q: %q, want %q", c.variable, c.value, got, c.want)
		}
	}
}

// TestHistoryThatCannotBeKept holds that a shell goes on without a file, and complains once.
func TestHistoryThatCannotBeKept(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	h, err := openHistory(filepath.Join(file, "history"))
	if err == nil {
		t.Fatal("no error")
	}
	if err := h.add("SELECT 1;"); err != nil || len(h.entries) != 1 {
		t.Errorf("%q, %v", h.entries, err)
	}
}
