package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/asofdb/asof/cmd/shop"
)

// ordersSource declares the shop's orders in a file that is followed or not.
func ordersSource(path, follow string) string {
	return fmt.Sprintf("CREATE SOURCE orders (%s) WITH (connector = 'file', path = '%s', follow = '%s') FORMAT DEBEZIUM ENCODE JSON;",
		demoColumns["orders"], path, follow)
}

// writeOrders writes the orders of n transactions of a shop.
func writeOrders(t *testing.T, path string, n int) {
	t.Helper()
	var lines bytes.Buffer
	s := shop.New(1)
	for i := range n {
		for _, l := range s.Step(time.Date(2026, 1, 1, 0, 0, i, 0, time.UTC)).Lines {
			if l.Table == "orders" {
				lines.Write(append(l.JSON, '\n'))
			}
		}
	}
	if err := os.WriteFile(path, lines.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestOneProcessPerDataDirectory holds that a second process is refused by name and pid, and that the first one is not disturbed.
func TestOneProcessPerDataDirectory(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	first := exec.Command("asof", "sql", "--data-dir", dir)
	stdin, err := first.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := first.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := first.Start(); err != nil {
		t.Fatal(err)
	}
	answers := bufio.NewReader(stdout)
	for range 2 {
		// The answer to a complete statement comes while standard input is still open.
		if _, err := io.WriteString(stdin, "SELECT 1 AS n;\n"); err != nil {
			t.Fatal(err)
		}
		head, _ := answers.ReadString('\n')
		row, err := answers.ReadString('\n')
		if err != nil || head+row != "n\n1\n" {
			t.Fatalf("answer %q, %v", head+row, err)
		}
		second := outcomeOf(exec.Command("asof", "sql", "--data-dir", dir, "-c", "SELECT 1"))
		if second.code != exitUnreachable || second.stdout != "" || !strings.Contains(second.stderr, "ERROR 55006") ||
			!strings.Contains(second.stderr, fmt.Sprint(first.Process.Pid)) || !strings.Contains(second.stderr, dir) {
			t.Errorf("second process beside %d: %s", first.Process.Pid, second)
		}
	}
	_ = stdin.Close()
	if err := first.Wait(); err != nil {
		t.Error(err)
	}
	if again := outcomeOf(exec.Command("asof", "sql", "--data-dir", dir, "-c", "SELECT 1")); again.code != 0 {
		t.Errorf("after the first has ended: %s", again)
	}
}

// TestClosedPipe holds that asof ends quietly when nobody reads its output any more.
func TestClosedPipe(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	writeOrders(t, filepath.Join(dir, "orders.ndjson"), 6000)
	cmd := exec.Command("asof", "sql", "--data-dir", filepath.Join(dir, "data"), "--format", "csv",
		"-c", ordersSource(filepath.Join(dir, "orders.ndjson"), "false"), "-c", "SELECT * FROM orders", "-c", "SELECT * FROM orders")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReaderSize(stdout, 16).ReadString('\n'); err != nil || !strings.HasPrefix(line, "order_id,") {
		t.Fatalf("first line %q, %v", line, err)
	}
	_ = stdout.Close()
	if err := cmd.Wait(); exitCode(err) != 0 || stderr.Len() > 0 {
		t.Errorf("%v, stderr %q", err, stderr.String())
	}
}

// TestInterrupt holds that Ctrl-C cancels a statement, that the next one is not run, and that the exit status says so.
func TestInterrupt(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	writeOrders(t, filepath.Join(dir, "orders.ndjson"), 300)
	cmd := exec.Command("asof", "sql", "--data-dir", filepath.Join(dir, "data"), "--format", "csv",
		"-c", ordersSource(filepath.Join(dir, "orders.ndjson"), "true"), "-c", "SET as_of_wait = '60s'; SELECT 1 AS ready",
		"-c", "SELECT COUNT(*) FROM orders AS OF '2027-01-01 00:00+00'", "-c", "SELECT 2 AS never")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	out := bufio.NewReader(stdout)
	if line, err := out.ReadString('\n'); err != nil || line != "ready\n" {
		t.Fatalf("%q, %v: %s", line, err, stderr.String())
	}
	time.Sleep(300 * time.Millisecond) // another process cannot be asked whether it waits yet; if it does not, Ctrl-C comes between statements
	begun := time.Now()
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	rest, _ := io.ReadAll(out)
	err = cmd.Wait()
	if exitCode(err) != 130 || !strings.Contains(stderr.String(), "ERROR 57014") || strings.Contains(string(rest), "never") {
		t.Errorf("%v, stdout %q, stderr %q", err, rest, stderr.String())
	}
	if took := time.Since(begun); took > 30*time.Second {
		t.Errorf("it took %s", took)
	}
}

// TestDemoInterrupted holds that Ctrl-C ends the demo cleanly: status 0, nothing left behind.
func TestDemoInterrupted(t *testing.T) {
	t.Parallel()
	tmp := t.TempDir()
	cmd := exec.Command("asof", "demo")
	cmd.Env = append(os.Environ(), "TMPDIR="+tmp)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(stdout)
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "# The shop is open") {
			if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
				t.Fatal(err)
			}
			break
		}
	}
	_, _ = io.Copy(io.Discard, stdout)
	if err := cmd.Wait(); err != nil || stderr.Len() > 0 {
		t.Errorf("%v, stderr %q", err, stderr.String())
	}
	left, err := os.ReadDir(tmp)
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// TestDemoInvitation holds that the lines that the demo prints for a second terminal work as they are.
func TestDemoInvitation(t *testing.T) {
	t.Parallel()
	python := installed(t, "ASOF_TEST_PYTHON")
	installed(t, "ASOF_TEST_POSTGRES") // which brought psql along
	installed(t, "ASOF_TEST_REDIS")    // and redis-cli
	cmd := exec.Command("asof", "demo", "--rate", "50")
	cmd.Env = append(os.Environ(), "TMPDIR="+t.TempDir())
	stdout, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = cmd.Process.Signal(syscall.SIGINT)
		_, _ = io.Copy(io.Discard, stdout)
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
	}()
	var script []string
	invited := false
	for lines := bufio.NewScanner(stdout); lines.Scan() && !strings.HasPrefix(lines.Text(), "# The shop is open"); {
		if invited {
			script = append(script, lines.Text())
		}
		invited = invited || strings.HasPrefix(lines.Text(), "# Ask it yourself")
	}
	bash := exec.Command("bash", "-euc", strings.ReplaceAll(strings.Join(script, "\n"), "go run ./cmd/asof", "asof"))
	bash.Env = append(os.Environ(), "PATH="+filepath.Dir(python)+":"+os.Getenv("PATH"))
	out, err := bash.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s\n%s", err, strings.Join(script, "\n"), out)
	}
	for _, says := range []string{demoCustomer, "last_10s", "spent_30d", "updated_at", "m_0", "Decimal(", "customer_orders", "freshness"} {
		if !bytes.Contains(out, []byte(says)) {
			t.Errorf("the answers do not have %q:\n%s", says, out)
		}
	}
}

// TestDemoKept holds that what the demo showed last is what its directory still answers: after a restart, from another process.
func TestDemoKept(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "it's kept")
	got := outcomeOf(exec.Command("asof", "demo", "--dir", dir, "--for", "4s", "--seed", "2", "--rate", "50"))
	if got.code != 0 || got.stderr != "" {
		t.Fatal(got)
	}
	var shown []string // the fields of the last line that was watched
	for line := range strings.Lines(got.stdout) {
		if fields := strings.Fields(line); len(fields) == 7 && strings.HasPrefix(fields[1], "+") {
			shown = fields
		}
	}
	moment := regexp.MustCompile(`AS OF '(.*)'`).FindAllStringSubmatch(got.stdout, -1)
	quoted := "asof sql --data-dir '" + strings.ReplaceAll(dir, "'", `'\''`) + "/data' "
	if len(shown) == 0 || !strings.Contains(got.stdout, quoted) {
		t.Fatalf("no %q, or nothing watched: %s", quoted, got)
	}
	sql := fmt.Sprintf("SELECT last_1s, orders_1h, orders_7d, spent_30d FROM customer_orders AS OF '%s' WHERE customer_id = '%s'",
		moment[len(moment)-1][1], demoCustomer)
	again := outcomeOf(exec.Command("asof", "sql", "--data-dir", filepath.Join(dir, "data"), "--format", "csv", "-c", sql))
	want := "last_1s,orders_1h,orders_7d,spent_30d\n" + strings.Join(shown[2:6], ",") + "\n"
	if again.code != 0 || again.stdout != want {
		t.Errorf("%s\ngot %s\nwant\n%s", sql, again, want)
	}
	if full := outcomeOf(exec.Command("asof", "demo", "--dir", dir)); full.code != 1 || !strings.Contains(full.stderr, "not empty") {
		t.Errorf("a second demo in the same directory: %s", full)
	}
}
