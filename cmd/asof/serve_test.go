package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

// server is an `asof serve` that is ready.
type server struct {
	*exec.Cmd
	urls map[string]string // by door
	log  *bytes.Buffer
}

// startServer starts `asof serve` in dir, with free ports where args name none, and returns when it is ready.
func startServer(t *testing.T, dir string, env []string, args ...string) *server {
	t.Helper()
	s := &server{Cmd: exec.Command("asof", append([]string{"serve"}, args...)...), urls: map[string]string{}, log: &bytes.Buffer{}}
	s.Dir, s.Stderr, s.Env = dir, s.log, append(os.Environ(), env...)
	out, err := s.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Process.Kill() })
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "ready") {
			go io.Copy(io.Discard, out)
			return s
		}
		if f := strings.Fields(lines.Text()); len(f) == 2 {
			s.urls[f[0]] = f[1]
		}
	}
	t.Fatalf("it never was ready: %v\n%s", s.Wait(), s.log)
	return nil
}

// stop sends a signal and returns the exit status.
func (s *server) stop(t *testing.T, sig os.Signal) int {
	t.Helper()
	if err := s.Process.Signal(sig); err != nil {
		t.Fatal(err)
	}
	if err := s.Wait(); err != nil && !errors.As(err, new(*exec.ExitError)) {
		t.Fatal(err)
	}
	return s.ProcessState.ExitCode()
}

func TestServeEndsInOrder(t *testing.T) {
	t.Parallel()
	for _, sig := range []os.Signal{syscall.SIGTERM, os.Interrupt} {
		s := startServer(t, t.TempDir(), nil, "--admin-addr", "127.0.0.1:0")
		resp, err := http.Get(strings.Replace(s.urls["admin"], "metrics", "readyz", 1))
		if err != nil || resp.StatusCode != http.StatusOK {
			t.Errorf("not ready: %v, %v", resp, err)
		}
		resp.Body.Close()
		if code := s.stop(t, sig); code != 0 {
			t.Errorf("status %d after %s\n%s", code, sig, s.log)
		}
	}
}

// The command line wins over the environment, that over the file, that over the default.
func TestServeSettings(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "asof.yaml"), []byte("data_dir: of-${WHO}\nadmin-addr: 127.0.0.1:0\nlog-format: json\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for i, c := range []struct {
		env, args []string
		made      string
	}{
		{env: []string{"WHO=file"}, made: "of-file"},
		{env: []string{"ASOF_DATA_DIR=of-env"}, made: "of-env"},
		{env: []string{"ASOF_DATA_DIR=of-env"}, args: []string{"--data-dir", "of-args"}, made: "of-args"},
	} {
		s := startServer(t, dir, c.env, c.args...)
		if s.urls["admin"] == "" {
			t.Errorf("%d: no door where the file names one: %v", i, s.urls)
		}
		if code := s.stop(t, syscall.SIGTERM); code != 0 {
			t.Errorf("%d: status %d\n%s", i, code, s.log)
		}
		if _, err := os.Stat(filepath.Join(dir, c.made)); err != nil {
			t.Errorf("%d: %v", i, err)
		}
	}
}

func TestServeRefusals(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "slip.yaml"), []byte("data-dir: d\nadmn-addr: x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "broken.yaml"), []byte("data-dir: [\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args string
		code int
		says string
	}{
		{"--admin-addr " + taken.Addr().String(), 1, `--admin-addr 127\.0\.0\.1:\d+: bind: address already in use`},
		{"--admin-addr 0.0.0.0:0", 1, `not a loopback address, and there are no users yet.*CREATE USER`},
		{"--admin-addr nonsense", 1, `--admin-addr nonsense: .*missing port`},
		{"--tls-cert cert.pem", 2, `--tls-cert and --tls-key go together`},
		{"--tls-cert cert.pem --tls-key key.pem", 1, `cert\.pem: no such file`},
		{"--log-level loud", 2, `--log-level is debug, info, warn or error, not "loud"`},
		{"--config slip.yaml", 2, `slip\.yaml: there is no setting "admn-addr"; there are data-dir, admin-addr`},
		{"--config broken.yaml", 2, `(?s)broken\.yaml: .*1 \| data-dir: \[`},
		{"--config missing.yaml", 2, `missing\.yaml: no such file`},
	} {
		cmd := exec.Command("asof", append([]string{"serve"}, strings.Fields(c.args)...)...)
		cmd.Dir = dir
		out, _ := cmd.CombinedOutput()
		if code := cmd.ProcessState.ExitCode(); code != c.code || !regexp.MustCompile(c.says).Match(out) {
			t.Errorf("%s: status %d\n%s", c.args, code, out)
		}
	}
}

// With users a door outside loopback needs TLS, or the word that it does not.
func TestServeOnTheNetworkNeedsTLS(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if out, err := exec.Command("asof", "sql", "--data-dir", filepath.Join(dir, "asof-data"), "-c", "CREATE USER ana PASSWORD 'secret'").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	cmd := exec.Command("asof", "serve", "--admin-addr", "0.0.0.0:0")
	cmd.Dir = dir
	if out, _ := cmd.CombinedOutput(); cmd.ProcessState.ExitCode() != 1 || !strings.Contains(string(out), "--tls-cert") {
		t.Errorf("status %d\n%s", cmd.ProcessState.ExitCode(), out)
	}
	s := startServer(t, dir, nil, "--admin-addr", "0.0.0.0:0", "--insecure")
	url := strings.Replace(s.urls["admin"], "[::]", "127.0.0.1", 1)
	for password, want := range map[string]int{"secret": http.StatusOK, "wrong": http.StatusUnauthorized} {
		r, err := http.NewRequest(http.MethodGet, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.SetBasicAuth("ana", password)
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != want {
			t.Error(fmt.Sprint(password, ": ", resp.Status))
		}
	}
	if code := s.stop(t, syscall.SIGTERM); code != 0 {
		t.Errorf("status %d\n%s", code, s.log)
	}
}

// A door whose usual address somebody else has stays shut, and says so; the others open.
func TestServeLeavesAUsualAddressAlone(t *testing.T) {
	if taken, err := net.Listen("tcp", "127.0.0.1:6543"); err == nil { // else somebody has it already
		defer taken.Close()
	}
	s := startServer(t, t.TempDir(), nil, "--resp-addr", "127.0.0.1:0")
	if s.urls["pg"] != "" || s.urls["resp"] == "" {
		t.Errorf("doors: %v", s.urls)
	}
	if code := s.stop(t, syscall.SIGTERM); code != 0 || !strings.Contains(s.log.String(), "a door stays shut") || !strings.Contains(s.log.String(), "127.0.0.1:6543") {
		t.Errorf("status %d\n%s", code, s.log)
	}
}

// One value is the same bytes through the shell's own engine, the Postgres door and Redis's.
func TestOneValueThroughEveryDoor(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	writeOrders(t, filepath.Join(dir, "orders.ndjson"), 300)
	script := ordersSource("orders.ndjson", "false") + "CREATE FEATURE spend ENTITY customer (customer_id) AS SELECT customer_id, SUM(amount) AS total, AVG(amount) AS mean FROM orders GROUP BY customer_id;"
	ask := "SELECT customer_id, total, mean FROM spend ORDER BY customer_id LIMIT 5"
	embedded := outcomeOf(inDir(dir, "sql", "-c", script, "-c", ask))
	if embedded.code != 0 || strings.Count(embedded.stdout, "\n") < 3 {
		t.Fatal(embedded)
	}
	s := startServer(t, dir, nil, "--pg-addr", "127.0.0.1:0", "--resp-addr", "127.0.0.1:0", "--admin-addr", "127.0.0.1:0")
	defer s.stop(t, syscall.SIGTERM)
	if connected := outcomeOf(inDir(dir, "sql", "--connect", s.urls["pg"]+"?sslmode=disable", "-c", ask)); connected != embedded {
		t.Errorf("connected: %s\nembedded: %s", connected, embedded)
	}
	c, err := net.Dial("tcp", strings.TrimPrefix(s.urls["resp"], "redis://"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	replies := bufio.NewReader(c)
	for row := range strings.Lines(embedded.stdout) {
		f := strings.Split(strings.TrimSuffix(row, "\n"), "\t")
		if f[0] == "customer_id" {
			continue
		}
		fmt.Fprintf(c, "HMGET features:customer:%s total mean\r\n", f[0])
		var got []string
		for range 5 { // *2, and a length and a value for each
			line, err := replies.ReadString('\n')
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, strings.TrimSuffix(line, "\r\n"))
		}
		if got[2] != f[1] || got[4] != f[2] {
			t.Errorf("%s is %q through Redis's door", row, got)
		}
	}
	resp, err := http.Get(s.urls["admin"])
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	metrics, err := io.ReadAll(resp.Body)
	for _, want := range []string{
		`asof_connections{door="redis"} 1`, `asof_connections{door="postgres"} 0`, `asof_query_seconds_count{door="redis",kind="hmget"} 5`, `asof_query_seconds_count{door="postgres",kind="select"} 1`,
		`asof_unsupported_catalog_queries_total 0`,
	} {
		if !strings.Contains(string(metrics), want) {
			t.Errorf("no %s (%v)", want, err)
		}
	}
}

// Passwords of users and values of secrets are nowhere to be found: not in answers or errors, the log, the metrics, or a file.
func TestNoSecretIsShownOrLogged(t *testing.T) {
	t.Parallel()
	const canary = "canary-58164"
	dir := t.TempDir()
	s := startServer(t, dir, nil, "--pg-addr", "127.0.0.1:0", "--resp-addr", "127.0.0.1:0", "--admin-addr", "127.0.0.1:0", "--log-level", "debug")
	declared := outcomeOf(inDir(dir, "sql", "--connect", s.urls["pg"]+"?sslmode=disable", "-c", "CREATE SECRET pw AS '"+canary+"'; CREATE USER ana PASSWORD '"+canary+"'"))
	if strings.Contains(declared.stdout+declared.stderr, canary) || declared.code != 0 {
		t.Errorf("declared: %s", declared)
	}
	url := strings.Replace(s.urls["pg"], "://", "://ana:"+canary+"@", 1) + "?sslmode=disable"
	kafka := "CREATE SOURCE s (id BIGINT PRIMARY KEY) WITH (connector = 'kafka', brokers = '127.0.0.1:1', topic = 't', sasl_mechanism = 'PLAIN', sasl_username = 'u', sasl_password = %s) FORMAT DEBEZIUM ENCODE JSON"
	for _, statement := range []string{
		fmt.Sprintf(kafka, "SECRET pw"), fmt.Sprintf(kafka, "'"+canary+"'"), "ALTER SECRET pw AS '" + canary + "' nonsense", "CREATE USER bob PASSWORD '" + canary + "' nonsense",
		"ALTER USER ana PASSWORD '" + canary + "'; SELECT 1 / 0", "SHOW USERS", "SHOW SECRETS", "SHOW SOURCES", "SHOW ALL", "EXPLAIN SELECT * FROM pg_stat_activity", "SELECT * FROM pg_stat_activity",
		"SELECT * FROM pg_roles", "SELECT * FROM pg_authid", "SELECT * FROM pg_settings", "SELECT * FROM pg_tables", "SELECT * FROM information_schema.tables", "SELECT * FROM pg_shadow", "SELECT * FROM pg_user_mappings",
	} {
		got := outcomeOf(inDir(dir, "sql", "--connect", url, "-c", statement))
		for line := range strings.Lines(got.stdout + got.stderr) {
			if strings.Contains(line, canary) && !strings.HasPrefix(line, "LINE 1: ") { // which quotes what was written to who wrote it
				t.Errorf("%s: %s", statement, line)
			}
		}
	}
	c, err := net.Dial("tcp", strings.TrimPrefix(s.urls["resp"], "redis://"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprintf(c, "AUTH ana %s\r\nAUTH ana %[1]sx\r\nAUTH %[1]s\r\nHELLO 3 AUTH ana %[1]s\r\nINFO\r\nCLIENT LIST\r\nQUIT\r\n", canary)
	if replies, err := io.ReadAll(c); err != nil || bytes.Contains(replies, []byte(canary)) || !bytes.HasPrefix(replies, []byte("+OK")) {
		t.Errorf("Redis's door: %s, %v", replies, err)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.urls["admin"], nil)
	if err != nil {
		t.Fatal(err)
	}
	request.SetBasicAuth("ana", canary)
	resp, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if metrics, err := io.ReadAll(resp.Body); err != nil || resp.StatusCode != http.StatusOK || bytes.Contains(metrics, []byte(canary)) {
		t.Errorf("metrics: %s, %v", resp.Status, err)
	}
	if code := s.stop(t, syscall.SIGTERM); code != 0 || strings.Contains(s.log.String(), canary) {
		t.Errorf("status %d\n%s", code, s.log)
	}
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
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
}

// inDir is a run of asof in a folder.
func inDir(dir string, args ...string) *exec.Cmd {
	cmd := exec.Command("asof", args...)
	cmd.Dir = dir
	return cmd
}
