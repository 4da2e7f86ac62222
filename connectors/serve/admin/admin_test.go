package admin_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/asofdb/asof/connectors"
	"github.com/asofdb/asof/connectors/serve/admin"
	"github.com/asofdb/asof/engine"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// served is an engine with the source orders, of which two of the three records are good, and its admin door.
func served(t *testing.T) (*engine.Engine, string) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "orders.csv"), []byte("id\n1\n2\nx\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	m := admin.NewMetrics()
	e, err := engine.Open(filepath.Join(dir, "data"), engine.Options{Connectors: connectors.Default(), Observe: m.Observe})
	if err != nil {
		t.Fatal(err)
	}
	err = e.Exec(t.Context(), `CREATE SOURCE orders (id BIGINT) WITH (connector = 'file', path = '`+filepath.Join(dir, "orders.csv")+`', on_bad_record = 'reject') FORMAT PLAIN ENCODE CSV;
		SELECT COUNT(*) FROM orders`)
	if err != nil {
		t.Fatal(err)
	}
	if e.Exec(t.Context(), "SELECT nothing FROM orders") == nil {
		t.Fatal("a column that is not there was read")
	}
	m.Gauge("asof_connections", "Connections.", map[string]string{"door": "test"}, func() float64 { return 3 })
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := admin.New(admin.Options{Engine: e, Metrics: m})
	done := make(chan error, 1)
	go func() { done <- s.Serve(l) }()
	t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		if err := s.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return e, "http://" + l.Addr().String()
}

// get asks for a path; with a user where one is given, and under another name where one is given.
func get(t *testing.T, url, user, password, host string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if user != "" {
		r.SetBasicAuth(user, password)
	}
	r.Host = host
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

func TestMetricsTellWhatTheEngineDid(t *testing.T) {
	_, url := served(t)
	_, body := get(t, url+"/metrics", "", "", "")
	for _, want := range []string{
		`asof_changes_total\{source="orders"\} 2`,
		`asof_rejected_records_total\{source="orders"\} 1`,
		`asof_shifted_changes_total\{source="orders"\} 0`,
		`asof_source_up\{source="orders"\} 1`,
		`asof_query_seconds_count\{door="embedded",kind="select"\} 2`,
		`asof_query_seconds_count\{door="embedded",kind="define"\} 1`,
		`asof_query_errors_total\{code="42703",door="embedded"\} 1`,
		`asof_connections\{door="test"\} 3`,
		`asof_features 0`,
		`asof_disk_free_bytes [1-9]`,
		`go_goroutines [1-9]`,
	} {
		if !regexp.MustCompile(`(?m)^` + want).MatchString(body) {
			t.Errorf("no %s in\n%s", want, body)
		}
	}
}

// Every path there is, with and without users, and one that there is not.
func TestWhoMaySeeWhat(t *testing.T) {
	e, url := served(t)
	paths := map[string]bool{ // to the ones that are open to everybody
		"/livez": true, "/readyz": true, "/metrics": false, "/debug/pprof/": false, "/debug/pprof/heap": false, "/debug/pprof/cmdline": false, "/debug/pprof/symbol": false,
	}
	for path := range paths {
		if code, _ := get(t, url+path, "", "", ""); code != http.StatusOK {
			t.Errorf("%s without users: %d", path, code)
		}
		if code, _ := get(t, url+path, "", "", "evil.example:80"); code != http.StatusForbidden {
			t.Errorf("%s under another name: %d", path, code)
		}
	}
	if err := e.Exec(t.Context(), "CREATE USER ana PASSWORD 'secret'; CREATE USER bo PASSWORD 'other'"); err != nil {
		t.Fatal(err)
	}
	for path, open := range paths {
		for _, who := range []struct {
			user, password string
			admin          bool
		}{{"", "", false}, {"ana", "secret", true}, {"ana", "wrong", false}, {"bo", "other", false}, {"eve", "secret", false}} {
			want := http.StatusUnauthorized
			if open || who.admin {
				want = http.StatusOK
			}
			if code, _ := get(t, url+path, who.user, who.password, ""); code != want {
				t.Errorf("%s for %q with %q: %d instead of %d", path, who.user, who.password, code, want)
			}
		}
	}
	for _, path := range []string{"/", "/debug", "/metrics/", "/nothing"} {
		if code, _ := get(t, url+path, "ana", "secret", ""); code != http.StatusNotFound {
			t.Errorf("%s: %d", path, code)
		}
	}
}

func TestASourceThatStoppedIsNotReady(t *testing.T) {
	e, url := served(t)
	path := filepath.Join(t.TempDir(), "bad.csv")
	if err := os.WriteFile(path, []byte("id\nx\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if e.Exec(t.Context(), `CREATE SOURCE bad (id BIGINT) WITH (connector = 'file', path = '`+path+`') FORMAT PLAIN ENCODE CSV`) == nil {
		t.Fatal("a bad record was read")
	}
	code, body := get(t, url+"/readyz", "", "", "")
	if code != http.StatusServiceUnavailable || !strings.Contains(body, `"bad"`) || !strings.Contains(body, "RESUME") {
		t.Errorf("%d %s", code, body)
	}
	if err := e.Exec(t.Context(), "CREATE USER ana PASSWORD 'secret'"); err != nil {
		t.Fatal(err)
	}
	if code, body = get(t, url+"/readyz", "", "", ""); code != http.StatusServiceUnavailable || strings.Contains(body, "bad") {
		t.Errorf("a stranger learns %d %s", code, body)
	}
}
