package engine_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/asofdb/asof/connectors"
	"github.com/asofdb/asof/engine"
	"github.com/asofdb/asof/sql/types"
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

// Who may define sources neither sends a secret to a server of his choice, nor names files of the server, nor takes tables of an origin that he was not granted, nor drops what is another's.
func TestWhoMayDefineIsKeptFromSecretsFilesAndOrigins(t *testing.T) {
	root := t.TempDir()
	ca, rows := filepath.Join(root, "ca.pem"), filepath.Join(root, "rows.csv")
	for _, path := range []string{ca, rows} {
		if err := os.WriteFile(path, []byte("id\n1\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	files := filepath.Join(root, "files")
	if err := os.Mkdir(files, 0o755); err != nil {
		t.Fatal(err)
	}
	b := newBroker(t, map[string]int{"shop.public.orders": 1})
	e, err := engine.Open(filepath.Join(root, "data"), engine.Options{Connectors: connectors.Default(), FilesDir: files})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	kafka := func(options string) string {
		return " WITH (connector = 'kafka', brokers = '" + b.address + "', " + options + ") FORMAT DEBEZIUM ENCODE JSON"
	}
	const table = "CREATE SOURCE orders (id BIGINT PRIMARY KEY) FROM shop TABLE public.orders WITH (history = 'from_empty')"
	for _, c := range []struct{ user, sql, code string }{
		{"", "CREATE USER ana PASSWORD 'secret'; CREATE USER bob PASSWORD 'secret'; CREATE USER eve PASSWORD 'secret'; CREATE SECRET pw AS 'secret'; GRANT CREATE ON SCHEMA public TO bob", ""},
		{"ana", "CREATE SOURCE shop" + kafka("topics = 'shop.public.*'"), ""},
		{"eve", "CREATE SOURCE mine" + kafka("topics = 'shop.public.*'"), types.CodePrivilege},
		{"bob", "CREATE SOURCE mine" + kafka("topics = 'shop.public.*', sasl_mechanism = 'PLAIN', sasl_username = 'asof', sasl_password = SECRET pw"), types.CodePrivilege},
		{"bob", "CREATE SOURCE mine" + kafka("topics = 'shop.public.*', tls_ca = '"+ca+"'"), types.CodePrivilege},
		{"ana", "CREATE SOURCE mine" + kafka("topics = 'shop.public.*', tls_ca = '"+ca+"'"), types.CodePrivilege},
		{"ana", "CREATE SOURCE mine (id BIGINT) WITH (connector = 'file', path = '" + rows + "') FORMAT PLAIN ENCODE CSV", types.CodePrivilege},
		{"bob", table, types.CodePrivilege},
		{"bob", "DROP SOURCE shop", types.CodePrivilege},
		{"eve", "DROP SOURCE shop", types.CodePrivilege},
		{"bob", "ALTER SOURCE shop PAUSE", types.CodePrivilege},
		{"bob", "CREATE SOURCE mine" + kafka("topics = 'shop.public.*'"), ""},
		{"bob", "ALTER SOURCE mine PAUSE", ""},
		{"bob", "DROP SOURCE mine", ""},
		{"ana", "GRANT SELECT ON shop TO bob", ""},
		{"bob", table, ""},
		{"eve", "SELECT * FROM orders", types.CodePrivilege},
		{"bob", "SELECT * FROM orders", ""},
		{"bob", "DROP SOURCE shop", types.CodePrivilege},
		{"bob", "DROP SOURCE orders", ""},
		{"ana", "DROP SOURCE shop; CREATE SOURCE shop" + kafka("topics = 'shop.public.*'"), ""},
		{"bob", table, types.CodePrivilege}, // another of the name is another origin
	} {
		s := e.NewSessionWith(engine.SessionOptions{User: c.user, Door: "a test"})
		if c.user == "" {
			s = e.NewSession()
		}
		err := s.Exec(t.Context(), c.sql)
		code := ""
		if te := (*types.Error)(nil); errors.As(err, &te) {
			code = te.Code
		}
		if code != c.code || (err == nil) != (code == "") {
			t.Errorf("%s: %s: %v", c.user, c.sql, err)
		}
		s.Close()
		if c.sql == table && err == nil {
			awaitSource(t, e, "orders", func(row sourceRow) bool { return !row["frontier"].IsNull() })
		}
	}
}
