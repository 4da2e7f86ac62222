package main

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/asofdb/asof/"

// The top folders in order of dependency: a package imports only what stands before it, and what its line allows.
var layout = []struct {
	folder string
	may    []string // folders of ours, beside its own
}{
	{"storage", nil},
	{"sql", nil},
	{"engine", []string{"storage", "sql"}},
	{"connectors", []string{"sql", "engine"}},
	{"cmd", []string{"storage", "sql", "engine", "connectors"}},
	{"bench", []string{"storage", "sql", "engine", "connectors", "cmd"}},
}

// Each of these libraries is known to one place.
var onlyIn = map[string][]string{
	"github.com/dgraph-io/badger/v4":       {"storage"},
	"github.com/xwb1989/sqlparser":         {"sql/syntax"},
	"github.com/apache/arrow/go/v17/arrow": {"sql/types", "sql/exec"},
	// Not its package pqarrow, which brings gRPC along and fixes what a column's type is.
	"github.com/apache/arrow/go/v17/parquet": {"connectors/sink", "connectors/files"},
	// What writes to a Kafka, to be read: the demo's shop, and the histories of tests.
	"github.com/twmb/franz-go":            {"connectors/source/kafka", "cmd/shop/kafka", "bench"},
	"github.com/jackc/pgx/v5/pgproto3":    {"connectors/serve/pgwire"},
	"github.com/jackc/pgx/v5/pgconn":      {"connectors/remote"},
	"github.com/xdg-go/scram":             {"connectors/serve/pgwire"},
	"github.com/prometheus/client_golang": {"connectors/serve/admin"},
}

// Pure packages take bytes and values and give values: no disk, no clock, no catalog.
var pure = []string{"engine/history", "engine/window", "engine/derive", "engine/record", "sql/agg", "sql/expr", "bench/exact/naive"}

var impure = []string{"os", "net", "net/http", "os/exec", module + "storage", module + "storage/key", module + "engine"}

func TestNothingPointsUp(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Imports ","}}`, module+"...").Output()
	if err != nil {
		t.Fatal(err)
	}
	packages := 0
	for line := range strings.Lines(string(out)) {
		path, imports, _ := strings.Cut(strings.TrimSpace(line), " ")
		name := strings.TrimPrefix(path, module)
		packages++
		for _, i := range strings.Split(imports, ",") {
			check(t, name, i)
		}
	}
	if packages < 10 {
		t.Fatalf("go list named %d packages only", packages)
	}
}

func check(t *testing.T, name, imported string) {
	folder, _, _ := strings.Cut(name, "/")
	at := slices.IndexFunc(layout, func(l struct {
		folder string
		may    []string
	},
	) bool {
		return l.folder == folder
	})
	if at < 0 {
		t.Errorf("%s: folder %q is not part of the layout", name, folder)
		return
	}
	if ours, ok := strings.CutPrefix(imported, module); ok {
		to, _, _ := strings.Cut(ours, "/")
		if to != folder && !slices.Contains(layout[at].may, to) {
			t.Errorf("%s imports %s: %s may import %v", name, ours, folder, layout[at].may)
		}
	}
	for library, homes := range onlyIn {
		if (imported == library || strings.HasPrefix(imported, library+"/")) && !slices.ContainsFunc(homes, func(h string) bool { return name == h || strings.HasPrefix(name, h+"/") }) {
			t.Errorf("%s imports %s, which only %v may", name, imported, homes)
		}
	}
	if slices.Contains(pure, name) && slices.Contains(impure, imported) {
		t.Errorf("%s imports %s, but is to stay pure", name, imported)
	}
}
