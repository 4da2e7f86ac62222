package engine_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/asofdb/asof/connectors"
	"github.com/asofdb/asof/engine"
)

// A verifier that PostgreSQL 15 made of "pencil Ⅸ", which SASLprep reads as "pencil IX".
const postgresVerifier = "SCRAM-SHA-256$4096:W3uuc2e1Z2aiY+iFzoIDdg==$d+LEqj0QqYPksK413Z5h2mmekcJzTrrwDL8pCQWvW9w=:P37LVkJrADmqVjPVd1cgYN2qODVcyC9xxlMmO+V1JsU="

func TestPasswordsAreCheckedAsPostgresDoes(t *testing.T) {
	e, err := engine.Open(t.TempDir(), engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	if e.HasUsers() || e.CheckPassword("ana", "") {
		t.Error("there is a user before the first one")
	}
	for _, sql := range []string{"CREATE USER ana PASSWORD 'secret'", "CREATE USER bo PASSWORD '" + postgresVerifier + "'"} {
		if err := e.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		user, password string
		want           bool
	}{
		{"ana", "secret", true},
		{"ana", "Secret", false},
		{"ana", "", false},
		{"bo", "pencil Ⅸ", true},
		{"bo", "pencil IX", true},
		{"bo", postgresVerifier, false},
		{"eve", "secret", false},
	} {
		if got := e.CheckPassword(c.user, c.password); got != c.want {
			t.Errorf("%s with %q: %v", c.user, c.password, got)
		}
	}
	if got := e.Verifier("bo").String(); got != postgresVerifier {
		t.Errorf("got %s", got)
	}
	if a, b := e.Verifier("eve").String(), e.Verifier("eve").String(); a != b || a == e.Verifier("eva").String() {
		t.Error("the salt of a user that does not exist gives it away")
	}
	if err := e.Exec(t.Context(), "CREATE USER c PASSWORD 'SCRAM-SHA-256$4096:x'"); err == nil {
		t.Error("a broken verifier was taken")
	}
}

// An admin who comes through a door names files below FilesDir, and none outside it, however they are spelt.
func TestFilesOfAdminsLieBelowTheFilesDir(t *testing.T) {
	root := t.TempDir()
	files := filepath.Join(root, "files")
	for _, dir := range []string{files, filepath.Join(root, "other")} {
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "labels.csv"), []byte("k\na\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for link, to := range map[string]string{"out": filepath.Join(root, "other"), "out.csv": filepath.Join(root, "other", "labels.csv"), "in.csv": "labels.csv"} {
		if err := os.Symlink(to, filepath.Join(files, link)); err != nil {
			t.Fatal(err)
		}
	}
	e, err := engine.Open(filepath.Join(root, "data"), engine.Options{Connectors: connectors.Default(), FilesDir: files})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	if err := e.Exec(t.Context(), "CREATE USER ana PASSWORD 'secret'"); err != nil {
		t.Fatal(err)
	}
	s := e.NewSessionWith(engine.SessionOptions{User: "ana", Door: "a test"})
	defer s.Close()
	for path, allowed := range map[string]bool{
		"labels.csv": true, "./labels.csv": true, "x/../labels.csv": true, "in.csv": true, filepath.Join(files, "labels.csv"): true,
		"../other/labels.csv": false, "x/../../other/labels.csv": false, "out/labels.csv": false, "out.csv": false,
		filepath.Join(root, "other", "labels.csv"): false, "/etc/passwd.csv": false, "/proc/self/environ.csv": false,
	} {
		if err := s.Exec(t.Context(), "SELECT * FROM '"+path+"'"); (err == nil) != allowed {
			t.Errorf("reading %s: %v", path, err)
		}
	}
	for path, allowed := range map[string]bool{"new.csv": true, "out/new.csv": false, "../new.csv": false, "../files/new.csv": false} {
		if err := s.Exec(t.Context(), "COPY (SELECT 1 AS one) TO '"+path+"'"); (err == nil) != allowed {
			t.Errorf("writing %s: %v", path, err)
		}
	}
}
