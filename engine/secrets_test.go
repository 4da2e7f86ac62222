package engine_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/asofdb/asof/connectors"
	"github.com/asofdb/asof/engine"
	"github.com/asofdb/asof/sql/types"
)

// canary is a secret that must be found nowhere but where it is used.
const canary = "canary-58164"

// guarded are connectors of which one, of files, wants a password and tells what it was given.
func guarded(given *string) engine.Connectors {
	c := connectors.Default()
	file := c.Sources["file"]
	open := file.Open
	file.Options = append(file.Options, "password")
	file.Secrets = []string{"password"}
	file.Open = func(ctx context.Context, options map[string]string, from engine.Positions) (engine.Reader, error) {
		*given = options["password"]
		return open(ctx, options, from)
	}
	c.Sources["file"] = file
	return c
}

func TestSecretsReachTheirConnectorAndNobodyElse(t *testing.T) {
	dir := t.TempDir()
	data, rows := filepath.Join(dir, "data"), filepath.Join(dir, "rows.csv")
	if err := os.WriteFile(rows, []byte("id\n1\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	var given string
	options := engine.Options{Connectors: guarded(&given)}
	open := func() *engine.Engine {
		t.Helper()
		e, err := engine.Open(data, options)
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	source := "CREATE SOURCE s (id BIGINT) WITH (connector = 'file', path = '" + rows + "', follow = 'true', password = PASSWORD) FORMAT PLAIN ENCODE CSV"
	e := open()
	for _, c := range []struct{ sql, code string }{
		{strings.Replace(source, "PASSWORD", "'"+canary+"'", 1), types.CodeInvalidParameter},
		{strings.Replace(source, "PASSWORD", "SECRET pw", 1), types.CodeUndefinedObject},
		{"CREATE SECRET pw AS '" + canary + "'", ""},
		{strings.Replace(source, "PASSWORD", "SECRET pw", 1), ""},
		{"DROP SECRET pw", types.CodeDependents},
	} {
		err := e.Exec(t.Context(), c.sql)
		var te *types.Error
		if errors.As(err, &te); (te == nil) != (c.code == "") || te != nil && te.Code != c.code {
			t.Errorf("%s: %v", c.sql, err)
		}
		if err != nil && strings.Contains(err.Error(), canary) {
			t.Errorf("an error tells the secret: %v", err)
		}
	}
	if given != canary {
		t.Errorf("the connector was given %q", given)
	}
	var shown strings.Builder
	for _, sql := range []string{"SHOW SOURCES", "SHOW SECRETS", "SHOW CREATE SOURCE s", "DESCRIBE s"} {
		shown.WriteString(queryText(t, e.NewSession(), sql))
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(shown.String(), canary) || !strings.Contains(shown.String(), "SECRET pw") {
		t.Errorf("shown: %s", shown.String())
	}
	err := filepath.WalkDir(data, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		if bytes.Contains(content, []byte(canary)) {
			t.Errorf("%s holds the secret", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}

	given = ""
	if err := open().Close(); err != nil || given != canary {
		t.Errorf("after a restart the connector was given %q (%v)", given, err)
	}
	key := filepath.Join(data, "SECRET_KEY")
	for what, spoil := range map[string]func() error{
		"others can read it":     func() error { return os.Chmod(key, 0o644) },
		"bytes instead":          func() error { return errors.Join(os.Chmod(key, 0o600), os.Truncate(key, 5)) },
		"not kept under the key": func() error { return os.WriteFile(key, make([]byte, 32), 0o600) },
	} {
		content, err := os.ReadFile(key)
		if err != nil {
			t.Fatal(err)
		}
		if err := spoil(); err != nil {
			t.Fatal(err)
		}
		e := open()
		if got := queryText(t, e.NewSession(), "SHOW SOURCES"); !strings.Contains(got, what) {
			t.Errorf("%s: %s", what, got)
		}
		if err := errors.Join(e.Close(), os.WriteFile(key, content, 0o600), os.Chmod(key, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
}
