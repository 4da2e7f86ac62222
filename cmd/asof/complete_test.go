package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/asofdb/asof/connectors"
	"github.com/asofdb/asof/engine"
)

// newCompleter returns a completer over a catalog of two sources and a feature.
func newCompleter(t *testing.T) *completer {
	t.Helper()
	dir := t.TempDir()
	db, err := engine.Open(filepath.Join(dir, "data"), engine.Options{Connectors: connectors.Default()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	empty := filepath.Join(dir, "empty.ndjson")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	script := ordersSource(empty, "false") + `
		CREATE SOURCE "Labels" ("Label" TEXT PRIMARY KEY, ts TIMESTAMPTZ) WITH (connector = 'file', path = '` + empty + `') FORMAT DEBEZIUM ENCODE JSON;
		CREATE FEATURE order_count AS SELECT customer_id, COUNT(*) AS n FROM orders GROUP BY customer_id;`
	session := db.NewSession()
	if err := session.Exec(context.Background(), script); err != nil {
		t.Fatal(err)
	}
	return &completer{&shell{session: embedded{session}}}
}

func TestCompletion(t *testing.T) {
	c := newCompleter(t)
	for text, want := range map[string]string{ // the cursor is at |, what is completed in «»; candidates are joined by commas
		"«sel|»":                                      "select ",
		"«SE|»":                                       "SELECT ,SET ",
		"SELECT 1; «sh|»":                             "show ",
		"-- note\n«DESC|»":                            "DESCRIBE ",
		"create «|»":                                  "FEATURE ,OR REPLACE FEATURE ,SOURCE ,TEMP TABLE ,TEMP VIEW ",
		"SHOW «so|»":                                  "sources ",
		"show create «F|»":                            "FEATURE ",
		"SHOW CREATE SOURCE «o|»":                     "orders ",
		"DROP FEATURE «|»":                            "order_count ",
		"SET «as_|»":                                  "as_of ,as_of_wait ",
		"SELECT * FROM «o|»":                          "order_count ,order_count_history ,orders ",
		"SELECT * FROM «O|»":                          "order_count ,order_count_history ,orders ",
		"select * from orders, «\"|»":                 `"Labels" `,
		"SELECT * FROM orders WHERE «cu|»":            "customer_id",
		"SELECT «cr|» FROM orders":                    "created_at,cross ",
		"SELECT «|» FROM order_count":                 "as_of,customer_id,feature_version,freshness,n,reconstructed,updated_at",
		"SELECT x.«|» FROM orders o, \"Labels\" AS x": `"Label",as_of,ts`,
		"SELECT o.«m|» FROM \"Labels\" x JOIN orders AS OF x.ts o ON true": "merchant_id",
		"SELECT orders.«st|» FROM orders":                                  "status",
		"SELECT nobody.«|» FROM orders":                                    "",
		"SELECT «date_|»":                                                  "date_bin(,date_part(,date_trunc(",
		"SELECT 'sel|":                                                     "",
		"SELECT \"Lab":                                                     `"Labels"`,
		"CREATE SOURCE «|»":                                                "",
		"«\\d|»":                                                           `\d ,\df ,\dt ,\dv `,
		"\\d «ord|»":                                                       "order_count ,order_count_history ,orders ",
		"\\dv «o|»":                                                        "order_count ",
		"\\x «o|»":                                                         "off ,on ",
		"\\pset «f|»":                                                      "format ",
		"SELECT 1;\n\\timing «of|»":                                        "off ",
		"SELECT 1; \\dt «ord|»":                                            "orders ",
	} {
		from := strings.Index(text, "«")
		plain := strings.NewReplacer("«", "", "»", "").Replace(text)
		cursor := strings.Index(plain, "|")
		if cursor < 0 {
			cursor = len(plain)
		}
		plain = strings.Replace(plain, "|", "", 1)
		gotFrom, got := c.complete(plain, cursor)
		if from >= 0 && gotFrom != from || strings.Join(got, ",") != want {
			t.Errorf("%s: from %d %q, want %q", text, gotFrom, got, want)
		}
	}
}

func TestCompletionOfFiles(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, name := range []string{"labels.csv", "lab notes.sql", ".hidden", "folder/x.csv"} {
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c := newCompleter(t)
	for text, want := range map[string]string{
		"SELECT * FROM 'la":      "lab notes.sql',labels.csv'",
		"SELECT * FROM 'fo":      "folder/",
		"SELECT * FROM 'folder/": "folder/x.csv'",
		"\\i labels":             "labels.csv ",
		"\\o .h":                 ".hidden ",
		"SELECT * FROM 'none/x":  "",
	} {
		if _, got := c.complete(text, len(text)); strings.Join(got, ",") != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}

// FuzzScanWords holds that whatever was written can be completed: what is replaced is the end of the text.
func FuzzScanWords(f *testing.F) {
	for _, s := range []string{"SELECT a.b, \"C\"\"d\" FROM 'x''y' /* c", "'open", "\"open", "-- c", "$$a;b$$ x", "\\d x", "é.日本", "a b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s := scanWords(text)
		if s.at < 0 || s.at > len(text) {
			t.Fatalf("%q: the last word begins at %d", text, s.at)
		}
		if !s.inString && strings.ContainsAny(text[s.at:], " ;(") && text[s.at] != '"' {
			t.Fatalf("%q: the last word is %q", text, text[s.at:])
		}
		relationOf(s.words, end(s.words, 1))
		relationsIn(s.words)
		ended(text)
	})
}
